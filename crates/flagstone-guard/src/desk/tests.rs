#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use flagstone_rollout::guard::{Terms, Watch};
use flagstone_rollout::{Calendar, Freeze, Ladder, Report, ReportId, State, Timetable};

const NOW_MS: i64 = 1_800_000_000_000;
const DIGEST: &str = "99aa06d3014798d86001c324468d497f";

fn plan() -> Planned {
    let timetable = Timetable {
        dwells_ms: vec![60_000, 60_000],
        straight: false,
        calendar: Calendar::default(),
    };
    Planned {
        flag: "checkout".to_owned(),
        plan: "1".to_owned(),
        variant: "treatment".to_owned(),
        ladder: Ladder::new(&[0.05, 0.5]).unwrap(),
        timetable,
        goals: Vec::new(),
    }
}

fn document(sequence: u64, stage: u8, state: &str) -> Document {
    let text = format!(
        r#"{{"version":1,"revision":1,"sequence":{sequence},"snapshot":"{DIGEST}","rollouts":{{"checkout":
            {{"plan":"1","attempt":1,"stage":{stage},"state":"{state}","since":{NOW_MS},"held":{NOW_MS}}}}}}}"#
    );
    Document::read(text.as_bytes()).unwrap()
}

fn desk() -> Desk {
    let judgement = Judgement {
        terms: Terms::DEFAULT,
        watch: Watch::DEFAULT,
        adopt: false,
    };
    Desk::new(judgement, NOW_MS)
}

fn begun(stored: Option<&[u8]>) -> Desk {
    let mut desk = desk();
    let state = |_| Ok(stored.map(<[u8]>::to_vec));
    desk.follow(&document(1, 0, "running").control, &[plan()], state, NOW_MS)
        .unwrap();
    desk
}

fn line(sequence: u32, attempt: u32, failures: u64) -> String {
    let mut report = Report {
        rollout: rollout_id("checkout", "1", attempt),
        interval: flagstone_rollout::interval(NOW_MS),
        ..Report::default()
    };
    report.arms.control.fetches = 95;
    report.arms.canary.fetches = 5 + failures;
    report.arms.canary.hard_requests = failures;
    report.arms.canary.hard = failures;
    let line = Line {
        id: ReportId {
            instance: 7,
            sequence,
        },
        report,
        flag: "checkout".to_owned(),
        unit: None,
    };
    line.write() + "\n"
}

#[test]
fn lines_are_told_by_what_came_of_them() {
    let mut desk = begun(None);
    let batch = line(0, 1, 0) + &line(1, 1, 0) + &line(0, 1, 0) + &line(2, 2, 0);
    let batch = batch + "\nsomething else\n{\"flagstone\":\"report\"}\n";
    let expected = Taken {
        counted: 2,
        repeats: 1,
        other: 1,
        broken: 1,
        passed: 1,
    };
    assert_eq!(desk.take(&batch, NOW_MS), expected);
    assert_eq!(desk.lines, expected);
    // The same once more, and by a desk that has it from the store.
    let again = Taken {
        counted: 0,
        repeats: 3,
        ..expected
    };
    assert_eq!(desk.take(&batch, NOW_MS), again);
    let changes = desk.changes();
    let state = &changes.rollouts.first().unwrap().1;
    assert_eq!(begun(Some(state)).take(&batch, NOW_MS), again);
}

#[test]
fn what_is_stored_is_given_once() {
    let mut desk = begun(None);
    let changes = desk.changes();
    assert_eq!(changes.rollouts.len(), 1);
    desk.saved(changes);
    assert_eq!(desk.changes(), Changes::default());
    desk.take(&line(0, 1, 0), NOW_MS);
    let changes = desk.changes();
    assert_eq!(changes.rollouts.len(), 1);
    // Nobody has stored them: they are given again.
    assert_eq!(desk.changes().rollouts, changes.rollouts);
}

#[test]
fn it_is_ready_while_it_knows_what_is_under_way() {
    let mut desk = desk();
    assert!(!desk.is_ready());
    let control = document(1, 0, "running").control;
    let broken = |_| Err("no store".to_owned());
    let followed = desk.follow(&control, &[plan()], broken, NOW_MS);
    assert_eq!(
        (followed, desk.is_ready()),
        (Err("no store".to_owned()), false)
    );
    desk.follow(&control, &[plan()], |_| Ok(None), NOW_MS)
        .unwrap();
    assert_eq!((desk.is_ready(), desk.is_leading()), (true, true));
    desk.forget();
    assert_eq!((desk.is_ready(), desk.is_leading()), (false, false));
}

#[test]
fn a_step_is_put_over_what_it_was_decided_by_alone() {
    let mut desk = begun(None);
    desk.take(&line(0, 1, 20), NOW_MS);
    let publications = desk.lead(NOW_MS);
    let [step] = publications.as_slice() else {
        unreachable!("one step, not {publications:?}")
    };
    assert_eq!(step.course.state, State::RolledBack);
    let next = step
        .put(&document(1, 0, "running"), NOW_MS, "mark")
        .unwrap();
    assert_eq!(next.control.sequence, 2);
    assert_eq!(next.rollout("checkout").unwrap().course, step.course);
    assert_eq!(next.mark(), Some("mark"));
    for other in [document(2, 1, "running"), document(2, 0, "paused")] {
        assert!(step.put(&other, NOW_MS, "mark").is_none());
    }
    // Until it has been written it is decided again.
    assert_eq!(desk.lead(NOW_MS), publications);
    assert!(!desk.is_leading());
}

#[test]
fn desks_that_take_over_each_others_states_end_where_one_does() {
    let mut alone = begun(None);
    let mut pair = [begun(None), begun(None)];
    let (mut states, mut decisions) = (BTreeMap::new(), [Vec::new(), Vec::new()]);
    for turn in 0..40u32 {
        let now_ms = NOW_MS + i64::from(turn) * 3_000;
        // Each batch comes twice, to one and later to the other.
        let batch = line(turn / 2, 1, u64::from(turn > 30));
        alone.take(&batch, now_ms);
        alone.lead(now_ms);
        let changes = alone.changes();
        decisions[0].extend(changes.decisions.clone());
        alone.saved(changes);

        let [desk, _] = &mut pair;
        for (id, state) in &states {
            desk.renew(*id, Vec::clone(state)).unwrap();
        }
        desk.take(&batch, now_ms);
        desk.lead(now_ms);
        let changes = desk.changes();
        decisions[1].extend(changes.decisions.clone());
        states.extend(changes.rollouts.iter().cloned());
        desk.saved(changes);
        pair.reverse();
    }
    let id = rollout_id("checkout", "1", 1);
    let state = alone.rollout(id).map(Rollout::to_bytes);
    assert_eq!(state.as_ref(), states.get(&id));
    let [expected, decisions] = decisions;
    assert_eq!(decisions, expected);
    let last = expected.last().unwrap();
    assert!(last.contains("dev.flagstone.rollout.rolledback"), "{last}");
}

#[test]
fn a_state_that_cannot_be_read_is_not_taken_over() {
    let mut desk = begun(None);
    let id = rollout_id("checkout", "1", 1);
    let error = desk.renew(id, vec![7]).unwrap_err();
    assert!(error.starts_with("the state of `checkout`: "), "{error}");
    assert_eq!(desk.renew(id + 1, vec![7]), Ok(()));
}

fn led(desk: &mut Desk, sequence: u64, stage: u8, plan: Planned, now_ms: i64) -> Vec<Publication> {
    let control = document(sequence, stage, "running").control;
    desk.follow(&control, &[plan], |_| Ok(None), now_ms)
        .unwrap();
    desk.lead(now_ms)
}

#[test]
fn a_freeze_that_a_new_snapshot_brings_counts_at_once() {
    let (mut desk, mut frozen) = (begun(None), plan());
    frozen.timetable.calendar.freezes.push(Freeze {
        from_ms: NOW_MS,
        to_ms: NOW_MS + 3_600_000,
        why: "the sale".to_owned(),
    });
    for turn in 0..12 {
        let now_ms = NOW_MS + i64::from(turn) * 10_000;
        let many = line(turn, 1, 0)
            .replace("95", "95000")
            .replace("5}", "5000}");
        desk.take(&many, now_ms);
        let steps = led(&mut desk, 1, 0, frozen.clone(), now_ms);
        assert_eq!(steps, [], "after {turn} turns");
    }
    let statuses = desk.statuses(NOW_MS);
    let reasons: Vec<_> = statuses.iter().map(|of| of.reason.as_deref()).collect();
    assert_eq!(reasons, [Some("closed")]);
}

#[test]
fn by_other_shares_nothing_is_known() {
    let mut desk = begun(None);
    desk.take(&line(0, 1, 0), NOW_MS);
    let later_ms = NOW_MS + 300_000;
    let mut other = plan();
    other.ladder = Ladder::new(&[0.05, 0.1, 0.5]).unwrap();
    led(&mut desk, 1, 1, other.clone(), later_ms);
    let [status] = &desk.statuses(later_ms)[..] else {
        unreachable!("one rollout is led")
    };
    assert_eq!((status.shares.len(), status.stage), (3, 1));
    // What is stored goes on so, in another process too.
    let state = desk.changes().rollouts.remove(0).1;
    let read = Rollout::from_bytes(&state).unwrap();
    assert_eq!(read.guard().plan().ladder, other.ladder);
    for turn in 0..12u32 {
        let now_ms = later_ms + i64::from(turn) * 10_000;
        let many = line(turn, 1, 0)
            .replace("95", "95000")
            .replace("5}", "5000}");
        desk.take(&many.replace(r#""stage":0"#, r#""stage":1"#), now_ms);
        let steps = led(&mut desk, 1, 1, other.clone(), now_ms);
        assert_eq!(steps, []);
    }
    let reason = desk.statuses(NOW_MS).remove(0).reason;
    assert_eq!(reason.as_deref(), Some("lost"));
}

#[test]
fn what_its_owner_says_counts_for_what_is_under_way_too() {
    let later_ms = NOW_MS + 300_000;
    let many = |turn| {
        let many = line(turn, 1, 0).replace("95", "95000");
        let many = many.replace("5}", "5000}");
        many.replace(r#""stage":0"#, r#""stage":1"#)
    };
    let mut before = desk();
    for turn in 0..12 {
        let now_ms = later_ms + i64::from(turn) * 10_000;
        led(&mut before, 1, 1, plan(), now_ms);
        before.take(&many(turn), now_ms);
    }
    let status = before.statuses(later_ms).remove(0);
    assert_eq!(status.reason.as_deref(), Some("lost"));
    let state = before.changes().rollouts.remove(0).1;
    for (adopt, budget, reason, phase) in [
        (false, 100.0, Some("lost"), "held"),
        (false, 7.0, Some("lost"), "held"),
        (true, 7.0, None, "complete"),
    ] {
        let mut desk = desk();
        desk.judgement.adopt = adopt;
        desk.judgement.terms.budget = budget;
        let control = document(1, 1, "running").control;
        let now_ms = later_ms + 120_000;
        desk.follow(&control, &[plan()], |_| Ok(Some(state.clone())), now_ms)
            .unwrap();
        desk.take(&many(12), now_ms);
        desk.lead(now_ms);
        let found = desk.statuses(now_ms).remove(0);
        assert_eq!(
            (found.reason.as_deref(), found.phase.as_str()),
            (reason, phase)
        );
        assert_eq!(found.budget, budget);
        // What was counted stays, and is stored with it.
        assert!(found.fetches.canary > status.fetches.canary);
        let kept = Rollout::from_bytes(&desk.changes().rollouts.remove(0).1).unwrap();
        assert_eq!(kept.terms().budget, budget);
    }
}

#[test]
fn who_does_not_lead_begins_nothing_anew() {
    let mut other = plan();
    other.ladder = Ladder::new(&[0.05, 0.1, 0.5]).unwrap();
    let mut ahead = desk();
    led(&mut ahead, 2, 0, other.clone(), NOW_MS);
    ahead.take(&line(0, 1, 1), NOW_MS);
    let (id, state) = ahead.changes().rollouts.remove(0);
    // By the document of before, which has the shares of before.
    let mut behind = begun(None);
    behind.renew(id, state).unwrap();
    let control = document(1, 0, "running").control;
    behind
        .follow(&control, &[plan()], |_| Ok(None), NOW_MS)
        .unwrap();
    assert_eq!(behind.take(&line(1, 1, 1), NOW_MS).counted, 1);
    let state = behind.changes().rollouts.remove(0).1;
    let read = Rollout::from_bytes(&state).unwrap();
    assert_eq!(read.guard().plan().ladder, other.ladder);
    assert_eq!(read.figures().counts.failures.canary, 2.0);
}

#[test]
fn an_entry_of_a_stage_that_there_is_not_costs_that_entry_alone() {
    let mut desk = desk();
    for turn in 0..3 {
        assert_eq!(led(&mut desk, 1, 9, plan(), NOW_MS + turn * 10_000), []);
    }
    assert!(desk.changes() == Changes::default());
    assert_eq!(desk.statuses(NOW_MS), []);
}

#[test]
fn a_stage_that_there_is_not_is_told_once() {
    let unfit = vec![("checkout".to_owned(), Unfit::Stage(2))];
    for (state, expected) in [
        ("running", unfit.clone()),
        ("paused", unfit),
        ("complete", Vec::new()),
        ("rolled-back", Vec::new()),
    ] {
        let mut desk = desk();
        let mut follow = |stage| {
            let control = document(1, stage, state).control;
            desk.follow(&control, &[plan()], |_| Ok(None), NOW_MS)
        };
        assert_eq!(follow(1), Ok(Vec::new()), "{state}");
        // A plan that had the stage for a while is another piece of news.
        for stage in [2, 1, 2] {
            let told = if stage == 2 {
                expected.clone()
            } else {
                Vec::new()
            };
            assert_eq!(follow(stage), Ok(told), "{state}, {stage}");
            assert_eq!(follow(stage), Ok(Vec::new()), "{state}, {stage}");
        }
    }
    let text = Unfit::Stage(2).to_string();
    assert_eq!(text, "its plan has no stage 3");
}

#[test]
fn a_rollout_of_another_plan_is_not_led() {
    let of = |flag: &str, plan: &str| Planned {
        flag: flag.to_owned(),
        plan: plan.to_owned(),
        ..self::plan()
    };
    for (planned, count) in [
        (of("checkout", "1"), 1),
        (of("checkout", "2"), 0),
        (of("search", "1"), 0),
    ] {
        let mut desk = desk();
        let control = document(1, 0, "running").control;
        desk.follow(&control, &[planned], |_| Ok(None), NOW_MS)
            .unwrap();
        assert_eq!(desk.statuses(NOW_MS).len(), count);
    }
}

#[test]
fn what_had_ended_before_it_began_is_no_news() {
    for (state, phase) in [("complete", "complete"), ("rolled-back", "stopped")] {
        let mut desk = desk();
        let control = document(1, 1, state).control;
        let later_ms = NOW_MS + 30 * 86_400_000;
        desk.follow(&control, &[plan()], |_| Ok(None), later_ms)
            .unwrap();
        assert_eq!(desk.lead(later_ms), []);
        assert_eq!(desk.changes().decisions, Vec::<String>::new(), "{state}");
        assert_eq!(desk.statuses(later_ms).remove(0).phase, phase);
    }
}

#[test]
fn what_people_do_is_told_as_what_it_is() {
    for (stage, state, kind, text) in [
        (1, "running", "advanced", "checkout: now 50 %. 0 of 5"),
        (1, "paused", "advanced", "checkout: now 50 %. 0 of 5"),
        (0, "complete", "completed", "checkout: complete"),
        (
            0,
            "rolled-back",
            "stopped",
            "checkout: stopped by hand at 5 %.",
        ),
    ] {
        let mut desk = begun(None);
        desk.take(&line(0, 1, 0), NOW_MS);
        let control = document(2, stage, state).control;
        desk.follow(&control, &[plan()], |_| Ok(None), NOW_MS)
            .unwrap();
        desk.lead(NOW_MS);
        let decisions = desk.changes().decisions;
        let event: serde_json::Value = serde_json::from_str(&decisions[0]).unwrap();
        let expected = format!("dev.flagstone.rollout.{kind}");
        assert_eq!(event["type"], expected, "{stage} {state}");
        let found = event["data"]["text"].as_str().unwrap();
        assert!(found.starts_with(text), "{stage} {state}: {found}");
    }
}

#[test]
fn a_gauge_has_the_share_that_visitors_get() {
    for (stage, state, failures, share) in [
        (0, "running", 0, "0.05"),
        (1, "paused", 0, "0.5"),
        (0, "running", 20, "0"),
        (1, "rolled-back", 0, "0"),
        (1, "complete", 0, "1"),
    ] {
        let mut desk = begun(None);
        desk.take(&line(0, 1, failures), NOW_MS);
        let control = document(2, stage, state).control;
        desk.follow(&control, &[plan()], |_| Ok(None), NOW_MS)
            .unwrap();
        desk.lead(NOW_MS);
        let metrics = crate::metrics(&desk.lines, None, None, &desk.statuses(NOW_MS));
        let expected = format!("flagstone_rollout_share{{flag=\"checkout\"}} {share}");
        let is_there = metrics.lines().any(|line| line == expected);
        assert!(is_there, "{stage} {state}: {metrics}");
    }
}

#[test]
fn a_pause_does_not_make_a_rollout_old() {
    // It was paused as soon as it had begun, and has been in its stage for no time since.
    let later_ms = NOW_MS + 3_600_000;
    for (state, expected) in [("paused", "manual"), ("running", "lost")] {
        let mut desk = desk();
        let control = document(1, 0, state).control;
        for turn in 0..12 {
            let now_ms = later_ms + i64::from(turn) * 10_000;
            desk.follow(&control, &[plan()], |_| Ok(None), now_ms)
                .unwrap();
            let many = line(turn, 1, 0)
                .replace("95", "95000")
                .replace("5}", "5000}");
            desk.take(&many, now_ms);
            desk.lead(now_ms);
        }
        let reason = desk.statuses(later_ms).remove(0).reason;
        assert_eq!(reason.as_deref(), Some(expected), "{state}");
    }
}

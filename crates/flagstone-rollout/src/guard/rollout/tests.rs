#![allow(clippy::panic, reason = "tests")]

use super::*;
use crate::calendar::{Calendar, Freeze};
use crate::guard::Watch;
use crate::{
    Arm, BreakerOptions, Circumstances, Counts, Failover, Fetch, Ladder, Node, Order, Outcome,
    PerArm, Serve, UnitHash, interval,
};

const RATE: u64 = 10_000;

fn begin() -> Rollout {
    let watch = Watch {
        latency: false,
        ..Watch::DEFAULT
    };
    let plan = Plan::new(Ladder::DEFAULT, watch);
    Rollout::begin(7, plan, Terms::DEFAULT, Baseline::EMPTY, 0)
}

/// The report of an interval at the present stage's share, with failures in each arm of 10,000 fetches.
fn tell(rollout: &mut Rollout, step: i64, control: u64, canary: u64) {
    tell_of(rollout, rollout.guard().stage(), step, control, canary);
}

fn tell_of(rollout: &mut Rollout, stage: u8, step: i64, control: u64, canary: u64) {
    let ladder = rollout.guard().plan().ladder;
    let share = ladder
        .share(stage.into())
        .map_or(0.5, |share| share.as_f64());
    let counts = |fetches, failures_in_10_000| Counts {
        fetches,
        hard_requests: fetches * failures_in_10_000 / RATE,
        hard: fetches * failures_in_10_000 / RATE,
        first_exposures: fetches / 10,
        ..Counts::default()
    };
    let fetches = (RATE as f64 * share).round() as u64;
    let report = Report {
        rollout: 7,
        stage,
        interval: interval(step * 10_000),
        arms: PerArm {
            control: counts(RATE - fetches, control),
            canary: counts(fetches, canary),
        },
        ..Report::default()
    };
    let id = ReportId {
        instance: 1,
        sequence: step as u32,
    };
    assert_eq!(rollout.merge(id, &report, step * 10_000), Merged::Counted);
}

#[test]
fn a_good_one_ends_and_a_bad_one_is_rolled_back() {
    let mut good = begin();
    let steps: Vec<_> = (0..60)
        .filter_map(|step| {
            tell(&mut good, step, 10, 10);
            good.look(step * 10_000)
        })
        .filter(|decision| decision.step != Step::Stay)
        .map(|decision| decision.step)
        .collect();
    let all = [1, 2, 3, 4].map(Step::Enter);
    assert_eq!(steps, [&all[..], &[Step::Complete]].concat());
    assert!(good.is_over() && good.look(i64::MAX).is_none());

    let mut bad = begin();
    let steps: Vec<_> = (0..60)
        .filter_map(|step| {
            tell(&mut bad, step, 10, 1_000);
            bad.look(step * 10_000)
        })
        .map(|decision| decision.step)
        .collect();
    assert_eq!(steps, [Step::RollBack]);
}

/// What the node reported of the first failures was lost, so that the guard has nothing but its probes.
#[test]
fn a_canary_that_is_out_of_service_everywhere_is_rolled_back() {
    const BEGIN: u32 = 2_100;
    let mut rollout = begin();
    // It stays where it is.
    rollout.terms.budget = 0.0;
    let Some(share) = rollout.guard().plan().ladder.share(0) else {
        panic!("there is a first stage");
    };
    let mut node = Node::new(7, 1, 0, share, 0, 0);
    let mut steps = Vec::new();
    for number in 0..60_000_u32 {
        let now_ms = i64::from(number) * 10;
        let unit = UnitHash(number.wrapping_mul(0x9e37_79b9).rotate_left(7));
        let is_canary = f64::from(number * 377 % 1_000) < share.as_f64() * 1_000.0;
        let arm = if is_canary { Arm::Canary } else { Arm::Control };
        if !is_canary || node.serve(Order::Run, unit, now_ms) != Serve::Control {
            let fetch = Fetch {
                stage: 0,
                arm,
                circumstances: Circumstances::DRAWN,
                outcome: Outcome::Status(if is_canary && number > 20_000 {
                    500
                } else {
                    200
                }),
                failover: Failover::None,
                unit: Some(unit),
                latency_ms: 20,
                first_exposure: false,
            };
            node.tell(&fetch, now_ms, 32_768, &BreakerOptions::DEFAULT);
        }
        let has_tripped = node.breaker().trips() > 0;
        while node.is_due(now_ms)
            && let Some((id, report)) = node.take_report(now_ms)
        {
            let is_first_trip = report.tripped > 0 && node.breaker().trips() == 1;
            if number <= BEGIN || has_tripped && !is_first_trip {
                rollout.merge(id, &report, now_ms);
            }
        }
        match rollout.look(now_ms).map(|decision| decision.step) {
            None | Some(Step::Stay) => {}
            Some(step) => {
                steps.push(step);
                break;
            }
        }
    }
    assert!(node.breaker().trips() > 1, "it has probed");
    assert_eq!(steps, [Step::RollBack], "{:?}", rollout.figures());
}

#[test]
fn a_pause_holds_and_does_not_protect_harm() {
    let mut rollout = begin();
    rollout.paused = true;
    for step in 0..20 {
        tell(&mut rollout, step, 10, 10);
        if let Some(decision) = rollout.look(step * 10_000) {
            assert_eq!(decision.step, Step::Stay);
        }
    }
    assert_eq!(rollout.hold(), Some(Hold::Manual));
    assert_eq!(rollout.guard().stage(), 0);
    tell(&mut rollout, 20, 10, 5_000);
    let decision = rollout.look(200_000);
    assert_eq!(decision.map(|decision| decision.step), Some(Step::RollBack));
}

#[test]
fn a_hold_of_a_day_is_told_once() {
    let mut rollout = begin();
    let changes: Vec<_> = (0..9_000)
        .filter_map(|step| rollout.look(step * 10_000))
        .map(|decision| (decision.at_ms, decision.after))
        .collect();
    let stale = Phase::Held {
        stage: 0,
        reason: Hold::Stale,
    };
    assert_eq!(changes, [(30_000, stale), (86_430_000, stale)]);
}

#[test]
fn a_ceiling_holds() {
    let mut rollout = begin();
    rollout.terms.ceiling = 0.02;
    for step in 0..10 {
        tell(&mut rollout, step, 300, 300);
        rollout.look(step * 10_000);
    }
    assert_eq!(rollout.hold(), Some(Hold::Ceiling));
}

#[test]
fn half_of_the_nodes_gone_is_stale() {
    let mut rollout = begin();
    rollout.paused = true;
    for step in 0..40 {
        tell(&mut rollout, step, 10, 10);
    }
    assert_eq!(rollout.guard().coverage(), 1.0);
    for step in 43..50 {
        tell(&mut rollout, step, 10, 10);
    }
    assert!(rollout.guard().coverage() > 0.9);
    for step in 54..56 {
        tell(&mut rollout, step, 10, 10);
    }
    assert!(rollout.guard().coverage() < 0.5);
    rollout.look(550_000);
    assert_eq!(rollout.hold(), Some(Hold::Stale));
}

#[test]
fn without_reports_it_holds_though_its_clock_was_ahead() {
    let mut rollout = begin();
    rollout.paused = true;
    for step in (0..12).chain([8_640]) {
        tell(&mut rollout, step, 10, 10);
        rollout.look(step * 10_000);
    }
    for step in 12..60 {
        // Until half a minute has passed it may be that reports are on their way.
        rollout.paused = step < 15;
        rollout.look(step * 10_000);
        let expected = if step < 15 { Hold::Manual } else { Hold::Stale };
        assert_eq!(rollout.hold(), Some(expected), "{step}");
    }
}

/// The control document as the guard and people change it.
struct Document {
    course: Course,
    timetable: Timetable,
    steps: Vec<Step>,
}

impl Document {
    fn new(freezes: Vec<Freeze>) -> Self {
        let timetable = Timetable {
            dwells_ms: vec![60_000; Ladder::DEFAULT.len()],
            straight: false,
            calendar: Calendar {
                freezes,
                ..Calendar::default()
            },
        };
        let course = Course::begin(None, true, &timetable, 0);
        Self {
            course: course.unwrap_or_else(|refusal| panic!("{refusal:?}")),
            timetable,
            steps: Vec::new(),
        }
    }

    fn lead(&mut self, rollout: &mut Rollout, now_ms: i64, written: bool) {
        let led = rollout.lead(&self.course, &self.timetable, now_ms);
        self.steps
            .extend(led.decisions.iter().map(|decision| decision.step));
        if let Some(course) = led.publish.filter(|_| written) {
            self.course = course;
        }
    }
}

#[test]
fn steps_wait_until_they_are_published() {
    let (mut rollout, mut document) = (begin(), Document::new(vec![]));
    for step in 0..60 {
        tell(&mut rollout, step, 10, 10);
        // Two writes of three fail.
        document.lead(&mut rollout, step * 10_000, step % 3 == 0);
    }
    let ends = [1, 2, 3, 4].map(Step::Enter);
    document.steps.retain(|step| *step != Step::Stay);
    assert_eq!(document.steps, [&ends[..], &[Step::Complete]].concat());
    assert_eq!(document.course.state, course::State::Complete);
    // A minute in each of five stages, as the plan wants.
    assert!(document.course.since_ms >= 300_000);
}

#[test]
fn a_freeze_holds_and_a_rollback_does_not_wait_for_its_end() {
    let freeze = Freeze {
        from_ms: 30_000,
        to_ms: 400_000,
        why: String::new(),
    };
    let (mut rollout, mut document) = (begin(), Document::new(vec![freeze]));
    for step in 0..30 {
        tell(&mut rollout, step, 10, 10);
        document.lead(&mut rollout, step * 10_000, true);
    }
    assert_eq!(
        (rollout.hold(), document.course.stage),
        (Some(Hold::Closed), 0)
    );
    tell(&mut rollout, 30, 10, 5_000);
    document.lead(&mut rollout, 300_000, false);
    document.lead(&mut rollout, 301_000, true);
    assert_eq!(document.course.state, course::State::RolledBack);
    assert_eq!(document.steps.last(), Some(&Step::RollBack));
    assert_eq!(rollout.state().phase(), Phase::RolledBack);
}

#[test]
fn people_come_first() {
    let (mut rollout, mut document) = (begin(), Document::new(vec![]));
    document.course.stage = 2;
    document.lead(&mut rollout, 10_000, true);
    assert_eq!((rollout.guard().stage(), document.course.stage), (2, 2));
    document.course.state = course::State::Paused;
    for step in 2..20 {
        tell(&mut rollout, step, 10, 10);
        document.lead(&mut rollout, step * 10_000, true);
    }
    assert_eq!(
        (rollout.hold(), document.course.stage),
        (Some(Hold::Manual), 2)
    );
    document.course.state = course::State::RolledBack;
    document.steps.clear();
    document.lead(&mut rollout, 210_000, true);
    document.lead(&mut rollout, 220_000, true);
    assert_eq!(rollout.state().phase(), Phase::Stopped);
    assert_eq!(document.steps, [Step::Stay]);
}

#[test]
fn it_survives_as_bytes() {
    let mut rollout = begin();
    for step in 0..12 {
        tell(&mut rollout, step, 10, 30);
        rollout.look(step * 10_000);
        let bytes = rollout.to_bytes();
        assert_eq!(Rollout::from_bytes(&bytes), Ok(rollout.clone()));
    }
    assert!(rollout.reach().len() > 1);
    let bytes = rollout.to_bytes();
    for length in (0..bytes.len()).step_by(7) {
        let cut = bytes.get(..length).unwrap_or_default();
        assert!(Rollout::from_bytes(cut).is_err(), "{length} bytes");
    }
}

#[test]
fn a_step_that_could_not_be_published_waits_while_there_is_evidence() {
    let (mut rollout, mut document) = (begin(), Document::new(vec![]));
    let mut step = 0;
    while rollout.guard().stage() == 0 {
        tell(&mut rollout, step, 10, 10);
        document.lead(&mut rollout, step * 10_000, false);
        step += 1;
    }
    assert_eq!((rollout.guard().stage(), document.course.stage), (1, 0));
    // By what nodes report of the stage that they are in, there is harm now.
    let mut report = Report {
        rollout: 7,
        interval: interval(step * 10_000),
        ..Report::default()
    };
    report.arms.control.fetches = 9_900;
    report.arms.control.hard_requests = 20;
    report.arms.control.hard = 20;
    report.arms.canary.fetches = 100;
    report.arms.canary.hard_requests = 6;
    report.arms.canary.hard = 6;
    let id = ReportId {
        instance: 2,
        sequence: 0,
    };
    rollout.merge(id, &report, step * 10_000);
    document.lead(&mut rollout, step * 10_000, true);
    assert_eq!(
        (rollout.hold(), document.course.stage),
        (Some(Hold::Evidence), 0)
    );
}

#[test]
fn a_step_that_could_not_be_published_waits_for_the_end_of_an_outage() {
    // By how often control and canary fail as ever, and then, in 10,000.
    for (ever, then, expected) in [(10, 10, 1), (600, 600, 1), (10, 5_000, 0)] {
        let (mut rollout, mut document) = (begin(), Document::new(vec![]));
        let mut step = 0;
        while rollout.guard().stage() == 0 {
            tell(&mut rollout, step, ever, ever);
            document.lead(&mut rollout, step * 10_000, false);
            step += 1;
        }
        for _ in 0..3 {
            tell_of(&mut rollout, document.course.stage, step, then, then);
            document.lead(&mut rollout, step * 10_000, false);
            step += 1;
        }
        document.lead(&mut rollout, step * 10_000, true);
        let name = format!("{ever} and then {then}: {:?}", rollout.hold());
        assert_eq!(document.course.stage, expected, "{name}");
        for _ in 0..4 {
            tell_of(&mut rollout, document.course.stage, step, ever, ever);
            document.lead(&mut rollout, step * 10_000, true);
            step += 1;
        }
        assert_eq!(document.course.stage, 1, "{name}");
    }
}

#[test]
fn the_end_is_the_documents_to_say() {
    let (mut rollout, mut document) = (begin(), Document::new(vec![]));
    let mut step = 0;
    while !rollout.is_over() {
        tell(&mut rollout, step, 10, 10);
        let is_last = document.course.stage == 4;
        document.lead(&mut rollout, step * 10_000, !is_last);
        step += 1;
    }
    assert_eq!(document.steps.last(), Some(&Step::Complete));
    // It could not be written: somebody was faster, and has paused it.
    document.course = document
        .course
        .pause(step * 10_000)
        .unwrap_or_else(|refusal| panic!("{refusal:?}"));
    document.lead(&mut rollout, step * 10_000, true);
    assert_eq!(rollout.hold(), Some(Hold::Manual));
    tell(&mut rollout, step, 10, 5_000);
    document.lead(&mut rollout, step * 10_000, true);
    assert_eq!(document.steps.last(), Some(&Step::RollBack));
    assert_eq!(document.course.state, course::State::RolledBack);
}

#[test]
fn a_stage_that_there_is_not_is_none() {
    let mut document = Document::new(vec![]);
    document.course.stage = 9;
    let joined = Rollout::join(7, *begin().guard().plan(), Terms::DEFAULT, 9, 0);
    for mut rollout in [begin(), joined] {
        for step in 0..3 {
            document.lead(&mut rollout, step * 10_000, true);
        }
        assert_eq!(document.steps, []);
        assert_eq!(Rollout::from_bytes(&rollout.to_bytes()), Ok(rollout));
    }
}

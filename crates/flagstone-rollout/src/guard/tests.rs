#![allow(clippy::panic, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::{Counts, Histogram, UnitHash};

const MINUTE_MS: i64 = 60_000;

fn plan(watch: Watch) -> Plan {
    Plan::new(Ladder::DEFAULT, watch)
}

fn guard() -> Guard {
    Guard::new(7, plan(Watch::DEFAULT), Baseline::EMPTY, 0)
}

fn id(sequence: u32) -> ReportId {
    ReportId {
        instance: 1,
        sequence,
    }
}

fn counts(fetches: u64, hard: u64) -> Counts {
    Counts {
        fetches,
        hard_requests: hard,
        hard,
        ..Counts::default()
    }
}

/// Hard failures and fetches of control and of the canary.
fn report(
    stage: u8,
    now_ms: i64,
    [control_hard, control, canary_hard, canary]: [u64; 4],
) -> Report {
    Report {
        rollout: 7,
        stage,
        interval: interval(now_ms),
        arms: PerArm {
            control: counts(control, control_hard),
            canary: counts(canary, canary_hard),
        },
        ..Report::default()
    }
}

#[test]
fn the_order_of_reports_does_not_matter() {
    let reports = [
        (id(0), report(0, 5_000, [1, 990, 0, 10])),
        (id(1), report(0, 15_000, [0, 990, 1, 10])),
        (id(2), report(0, 15_000, [2, 800, 0, 7])),
        (id(3), report(0, 25_000, [0, 990, 2, 10])),
    ];
    let merged = |order: [usize; 4]| {
        let mut guard = guard();
        for index in order {
            let (id, report) = &reports[index];
            assert_eq!(guard.merge(*id, report, 30_000), Merged::Counted);
            assert_eq!(guard.merge(*id, report, 30_000), Merged::Repeat);
        }
        guard
    };
    for order in [[3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
        assert_eq!(merged(order), merged([0, 1, 2, 3]));
    }
}

#[test]
fn foreign_reports_are_dropped() {
    let mut guard = guard();
    let mut other = report(0, 0, [0, 1, 0, 0]);
    other.rollout = 8;
    assert_eq!(guard.merge(id(0), &other, 0), Merged::OtherRollout);
    let ahead = report(1, 0, [0, 1, 0, 0]);
    assert_eq!(guard.merge(id(0), &ahead, 0), Merged::OtherStage);
    assert_eq!(guard.last_report_ms(), None);
}

#[test]
fn late_reports_count_in_the_present_interval() {
    let mut guard = guard();
    guard.merge(id(0), &report(0, 5_000, [0, 990, 0, 10]), 6_000);
    guard.merge(id(1), &report(0, 5_000, [0, 990, 0, 10]), 59_000);
    assert_eq!(guard.open.len(), 1, "still open");
    guard.merge(id(2), &report(0, 5_000, [0, 990, 0, 10]), 60_000);
    let [late] = guard.open.as_slice() else {
        panic!("{:?}", guard.open);
    };
    assert_eq!((late.interval, late.arms.canary.fetches), (6, 10));
    // And so do reports from a clock that is ahead.
    guard.merge(id(3), &report(0, 500_000, [0, 990, 0, 10]), 60_000);
    assert_eq!(guard.open.len(), 1);
    assert_eq!(guard.stage_counts().fetches.canary, 40.0);
}

#[test]
fn closing_changes_nothing_about_the_evidence() {
    let mut guard = guard();
    for (sequence, now_ms) in (0..).zip((0..120_000).step_by(10_000)) {
        guard.merge(id(sequence), &report(0, now_ms, [1, 990, 1, 10]), now_ms);
    }
    let before = guard.assess();
    guard.close(10 * MINUTE_MS);
    assert!(guard.open.is_empty());
    assert_eq!(guard.assess(), before);
}

#[test]
fn strata_of_many_stages_stay_bounded() {
    let mut guard = guard();
    for stage in 0..5 {
        guard.enter_stage(stage, 0);
        for interval in 0..6 {
            let sequence = u32::from(stage) * 6 + interval;
            let report = report(stage, i64::from(interval) * 10_000, [0, 95, 0, 5]);
            guard.merge(id(sequence), &report, 50_000);
            assert!(guard.open.len() <= OPEN_STRATA);
        }
    }
}

#[test]
fn stages_only_go_up() {
    let mut guard = guard();
    guard.enter_stage(2, 1_000);
    guard.enter_stage(1, 2_000);
    guard.enter_stage(5, 3_000);
    assert_eq!(guard.stage(), 2);
}

/// Latencies in which the canary takes twice as long.
fn slow(now_ms: i64, units: u64) -> Report {
    let mut report = report(0, now_ms, [0, 9_900, 0, 100]);
    for milliseconds in 20..220 {
        report.arms.control.latency.record(milliseconds);
        if milliseconds % 2 == 0 {
            report.arms.canary.latency.record(2 * milliseconds);
        }
    }
    report.arms.canary.first_exposures = units;
    report.arms.control.first_exposures = 99 * units;
    report
}

#[test]
fn latencies_are_silent_at_first_and_hold_before_they_roll_back() {
    let mut guard = guard();
    let mut verdicts = Vec::new();
    for (sequence, now_ms) in (0..).zip((0..200_000).step_by(10_000)) {
        guard.merge(id(sequence), &slow(now_ms, 10), now_ms);
        verdicts.push(guard.assess().verdict);
    }
    // Five strata of 200 samples make a baseline.
    assert_eq!(verdicts[..5], [Verdict::Run; 5]);
    // 20 strata of ten units make the 200 that may roll back.
    assert!(verdicts.contains(&Verdict::Hold));
    let first = verdicts
        .iter()
        .position(|verdict| *verdict == Verdict::RollBack);
    assert_eq!(first, Some(19));
}

/// Where the site names its visitors nobody is new; who they were is known all the same.
#[test]
fn latencies_roll_back_where_no_unit_is_new() {
    for (units, expected) in [(150, Verdict::Hold), (400, Verdict::RollBack)] {
        let mut guard = guard();
        for (sequence, now_ms) in (0..).zip((0..400_000).step_by(10_000)) {
            let mut slow = slow(now_ms, 0);
            // All of them come again and again.
            for unit in 0..units {
                slow.units.insert(UnitHash::of("flag", &format!("{unit}")));
            }
            guard.merge(id(sequence), &slow, now_ms);
        }
        assert_eq!(guard.assess().verdict, expected, "{units} units");
        assert_eq!(Guard::from_bytes(&guard.to_bytes()), Ok(guard));
    }
}

#[test]
fn a_stage_begins_without_latencies() {
    let mut known = Histogram::new();
    for milliseconds in 20..220 {
        known.add(crate::latency::bucket(milliseconds), 10);
    }
    let baseline = Baseline::new(&known);
    assert!(baseline.is_ready());
    let mut guard = Guard::new(7, plan(Watch::DEFAULT), baseline, 5_000);
    for (sequence, now_ms) in [(0, 5_000), (1, 15_000), (2, 25_000)] {
        guard.merge(id(sequence), &slow(now_ms, 100), now_ms);
        assert_eq!(guard.assess().verdict, Verdict::Run, "{now_ms}");
    }
    guard.merge(id(3), &slow(35_000, 100), 35_000);
    assert_ne!(guard.assess().verdict, Verdict::Run);
}

#[test]
fn an_outage_is_controls() {
    let mut guard = guard();
    for (sequence, now_ms) in (0..).zip((0..60_000).step_by(10_000)) {
        guard.merge(id(sequence), &report(0, now_ms, [10, 990, 0, 10]), now_ms);
        assert!(!guard.is_outage(), "{now_ms}");
    }
    for (sequence, now_ms) in (6..).zip((60_000..90_000).step_by(10_000)) {
        guard.merge(id(sequence), &report(0, now_ms, [400, 990, 4, 10]), now_ms);
    }
    assert!(guard.is_outage());
    assert_eq!(
        guard.assess().verdict,
        Verdict::Run,
        "both fail: no harm of the canary"
    );
    let mut new = self::guard();
    new.merge(id(0), &report(0, 0, [400, 990, 4, 10]), 0);
    assert!(new.is_outage(), "without a stage before it, 5 % is much");
}

/// What depends on both variants may fail as it always has: that is no outage, and is not in a stage that has just begun.
#[test]
fn a_new_stage_is_held_against_the_stages_before() {
    let mut guard = guard();
    let mut sequence = 0;
    let mut tell = |guard: &mut Guard, stage, tens: i64, failures| {
        let now_ms = tens * 10_000;
        guard.merge(
            id(sequence),
            &report(stage, now_ms, [failures, 990, 1, 10]),
            now_ms,
        );
        sequence += 1;
        guard.is_outage()
    };
    for (tens, is_outage) in [true, true, true, false, false, false]
        .into_iter()
        .enumerate()
    {
        assert_eq!(tell(&mut guard, 0, tens as i64, 60), is_outage, "{tens}");
    }
    guard.enter_stage(1, 60_000);
    assert!(!guard.is_outage(), "nobody is in it yet");
    // Those who have not heard of it are in the stage before.
    assert!(!tell(&mut guard, 0, 6, 60));
    for tens in 7..12 {
        assert!(!tell(&mut guard, 1, tens, 60), "{tens}");
    }
    guard.enter_stage(2, 120_000);
    for (tens, failures, is_outage) in [(12, 600, false), (13, 600, true), (14, 600, true)] {
        assert_eq!(tell(&mut guard, 2, tens, failures), is_outage, "{tens}");
    }
}

#[test]
fn a_mismatch_of_units_is_noticed() {
    let mut guard = guard();
    let mut skewed = report(0, 0, [0, 0, 0, 0]);
    skewed.arms.control.first_exposures = 9_000;
    skewed.arms.canary.first_exposures = 300;
    guard.merge(id(0), &skewed, 0);
    assert!(ratio::is_mismatch(guard.sample_ratio()));
}

#[test]
fn rates_and_visible_failures() {
    let mut guard = guard();
    assert_eq!((guard.rate(), guard.visible()), (0.0, 1.0));
    let mut first = report(0, 0, [0, 990, 10, 10]);
    first.failover_saved = 9;
    guard.merge(id(0), &first, 0);
    assert_eq!(guard.rate(), 100.0);
    assert!((guard.visible() - 0.1).abs() < 1e-12);
    guard.close(9 * MINUTE_MS + 59_999);
    assert!((guard.rate() - 1000.0 / 600.0).abs() < 1e-9);
    guard.close(10 * MINUTE_MS);
    assert_eq!(guard.rate(), 0.0);
    guard.close(i64::MAX);
    assert_eq!(guard.rate(), 0.0);
    assert_eq!(guard.instances(), 0);
}

#[test]
fn time_without_a_guard_is_no_time_without_traffic() {
    let mut guard = guard();
    let fetches = |now_ms| report(0, now_ms, [0, 990, 0, 10]);
    for (sequence, now_ms) in (0..).zip((0..600_000).step_by(10_000)) {
        guard.merge(id(sequence), &fetches(now_ms), now_ms);
    }
    assert_eq!(guard.rate(), 100.0);
    let day_ms = 24 * 60 * MINUTE_MS;
    guard.merge(id(60), &fetches(day_ms), day_ms);
    assert_eq!(guard.rate(), 100.0);
}

/// A clock that was wrong for a moment, by whatever it was, hides no silence afterwards.
#[test]
fn a_clock_that_was_ahead_is_forgotten() {
    for ahead_ms in [5_000, 40_000, MINUTE_MS, 24 * 60 * MINUTE_MS] {
        let mut guard = guard();
        let mut sequence = 0;
        let mut tell = |guard: &mut Guard, from_ms: i64, to_ms: i64| {
            for now_ms in (from_ms..to_ms).step_by(10_000) {
                guard.merge(id(sequence), &report(0, now_ms, [1, 990, 1, 10]), now_ms);
                sequence += 1;
            }
        };
        tell(&mut guard, 0, 600_000);
        tell(&mut guard, 600_000 + ahead_ms, 600_001 + ahead_ms);
        let before = guard.assess();
        guard.close(600_000);
        assert_eq!(guard.last_report_ms(), Some(600_000), "{ahead_ms}");
        let evidence = guard.assess();
        assert!((before.total - evidence.total).abs() < 1e-12, "{ahead_ms}");
        tell(&mut guard, 600_000, 1_200_000);
        assert_eq!(guard.instances(), 1);
        assert!(
            (guard.rate() - 100.0).abs() < 5.0,
            "{ahead_ms}: {}",
            guard.rate()
        );
        assert!(
            (guard.coverage() - 1.0).abs() < 0.1,
            "{ahead_ms}: {}",
            guard.coverage()
        );
        assert_eq!(guard.open.len(), OPEN_INTERVALS as usize, "{ahead_ms}");
        // Half of the nodes are gone.
        guard.close(1_240_000);
        assert!(guard.coverage() < 0.5, "{ahead_ms}: {}", guard.coverage());
    }
}

#[test]
fn a_guard_survives_its_process() {
    let mut guard = guard();
    for (sequence, now_ms) in (0..).zip((0..150_000).step_by(10_000)) {
        guard.merge(id(sequence), &slow(now_ms, 10), now_ms);
    }
    guard.enter_stage(1, 160_000);
    let bytes = guard.to_bytes();
    assert!(bytes.len() < 6_000, "{} bytes", bytes.len());
    assert_eq!(Guard::from_bytes(&bytes).as_ref(), Ok(&guard));
    assert_eq!(
        Guard::from_bytes(&self::guard().to_bytes()),
        Ok(self::guard())
    );
    for length in 0..bytes.len() {
        assert!(Guard::from_bytes(&bytes[..length]).is_err());
    }
    // The version before had no units.
    let mut older = bytes[..bytes.len() - 128].to_vec();
    older[0] = 1;
    assert_eq!(Guard::from_bytes(&older), Ok(guard));
    // Damaged bytes: an error or some guard, and never a panic.
    for index in 0..bytes.len() {
        for value in [0, 0x7f, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[index] = value;
            if let Ok(mut guard) = Guard::from_bytes(&damaged) {
                guard.assess();
                guard.merge(id(999), &slow(170_000, 1), 170_000);
                guard.close(i64::MAX);
                guard.rate();
                guard.is_outage();
                guard.sample_ratio();
            }
        }
    }
}

#[test]
fn weights_are_one_together() {
    for (watch, hard) in [
        (Watch::DEFAULT, 0.35 / 0.7),
        (
            Watch {
                goals: 4,
                ..Watch::DEFAULT
            },
            0.35,
        ),
        (
            Watch {
                goals: 200,
                ..Watch::DEFAULT
            },
            0.35,
        ),
        (
            Watch {
                goals: 1,
                latency: false,
                soft: false,
                hard: true,
            },
            0.35 / 0.55,
        ),
    ] {
        let weights = watch.weights();
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((weights[0] - hard).abs() < 1e-12, "{watch:?}");
    }
    let nothing = Watch {
        hard: false,
        soft: false,
        latency: false,
        goals: 0,
    };
    assert_eq!(nothing.weights(), [0.0; METRICS]);
    let mut guard = Guard::new(7, plan(nothing), Baseline::EMPTY, 0);
    guard.merge(id(0), &report(0, 0, [0, 100, 100, 100]), 0);
    assert_eq!(guard.assess().verdict, Verdict::Run);
}

#[test]
fn a_stratum_without_control_says_nothing() {
    let mut guard = guard();
    guard.merge(id(0), &report(0, 0, [0, 0, 500, 500]), 0);
    assert_eq!(guard.assess().verdict, Verdict::Run);
}

mod state {
    use super::*;

    const GOOD: Facts = Facts {
        verdict: Verdict::Run,
        last_report_ms: Some(i64::MAX),
        coverage: 1.0,
        outage: false,
        ceiling: false,
        mismatch: false,
        may_advance: true,
        lost: false,
        manual: false,
        growth: Growth::Allowed,
    };

    fn running() -> State {
        let mut state = State::new();
        assert_eq!(state.start(0), Step::Enter(0));
        assert_eq!(state.start(0), Step::Stay);
        state
    }

    #[track_caller]
    fn check(facts: Facts, expected: Hold) {
        let mut state = running();
        assert_eq!(state.step(&facts, &Ladder::DEFAULT, 30_000), Step::Stay);
        let held = Phase::Held {
            stage: 0,
            reason: expected,
        };
        assert_eq!(state.phase(), held);
        assert!(!state.wants_attention(30_000 + PATIENCE_MS - 1));
        assert!(state.wants_attention(30_000 + PATIENCE_MS));
        // A hold ends with its reason.
        let next = state.step(&GOOD, &Ladder::DEFAULT, 40_000);
        assert_eq!(next, Step::Enter(1));
        assert_eq!(state.held_since_ms(), None);
    }

    #[test]
    fn reasons_to_hold() {
        let all = Facts {
            verdict: Verdict::Hold,
            last_report_ms: Some(0),
            coverage: 0.4,
            outage: true,
            ceiling: true,
            mismatch: true,
            may_advance: false,
            lost: true,
            manual: true,
            growth: Growth::Closed,
        };
        let fresh = Facts {
            last_report_ms: Some(30_000),
            ..all
        };
        check(all, Hold::Stale);
        check(fresh, Hold::Stale);
        let fresh = Facts {
            coverage: 1.0,
            ..fresh
        };
        check(fresh, Hold::Outage);
        let fresh = Facts {
            outage: false,
            ..fresh
        };
        check(fresh, Hold::Ceiling);
        let fresh = Facts {
            ceiling: false,
            ..fresh
        };
        check(fresh, Hold::Mismatch);
        let fresh = Facts {
            mismatch: false,
            ..fresh
        };
        check(fresh, Hold::Evidence);
        let fresh = Facts {
            verdict: Verdict::Run,
            ..fresh
        };
        check(fresh, Hold::Insufficient);
        let fresh = Facts {
            may_advance: true,
            ..fresh
        };
        check(fresh, Hold::Lost);
        let fresh = Facts {
            lost: false,
            ..fresh
        };
        check(fresh, Hold::Manual);
        let fresh = Facts {
            manual: false,
            ..fresh
        };
        check(fresh, Hold::Closed);
        check(
            Facts {
                last_report_ms: None,
                ..GOOD
            },
            Hold::Stale,
        );
    }

    #[test]
    fn a_stage_that_lasts_longer_is_no_hold() {
        let mut state = running();
        let early = Facts {
            growth: Growth::Early,
            ..GOOD
        };
        assert_eq!(state.step(&early, &Ladder::DEFAULT, 90_000), Step::Stay);
        assert_eq!(state.phase(), Phase::Running { stage: 0 });
    }

    #[test]
    fn all_the_way() {
        let mut state = running();
        let ladder = Ladder::DEFAULT;
        let mut now_ms = 0;
        for stage in 1..5 {
            assert_eq!(state.step(&GOOD, &ladder, now_ms + 29_999), Step::Stay);
            now_ms += 30_000;
            assert_eq!(state.step(&GOOD, &ladder, now_ms), Step::Enter(stage));
        }
        let bake = Facts {
            may_advance: false,
            ..GOOD
        };
        assert_eq!(state.step(&bake, &ladder, now_ms + 29_999), Step::Stay);
        assert_eq!(state.step(&bake, &ladder, now_ms + 30_000), Step::Complete);
        assert_eq!(state.phase(), Phase::Complete);
    }

    #[test]
    fn the_end_is_final() {
        let harm = Facts {
            verdict: Verdict::RollBack,
            last_report_ms: None,
            ..GOOD
        };
        let mut state = running();
        assert_eq!(state.step(&harm, &Ladder::DEFAULT, 5), Step::RollBack);
        assert_eq!(state.step(&GOOD, &Ladder::DEFAULT, 60_000), Step::Stay);
        assert_eq!(state.phase(), Phase::RolledBack);
        assert_eq!(state.start(70_000), Step::Stay);
        let mut pending = State::default();
        assert_eq!(pending.step(&harm, &Ladder::DEFAULT, 5), Step::Stay);
    }
}

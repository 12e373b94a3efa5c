use super::*;
use crate::guard::slowness::Baseline;
use crate::guard::{Plan, Terms, Watch};
use crate::{Ladder, interval};

const NOW_MS: i64 = 25_000;

fn begin() -> Rollout {
    let plan = Plan::new(Ladder::DEFAULT, Watch::DEFAULT);
    Rollout::begin(7, plan, Terms::DEFAULT, Baseline::EMPTY, 0)
}

/// A node's report, or a single fetch of a unit; the canary's, failing.
fn line(instance: u64, sequence: u32, unit: Option<u32>) -> Line {
    let mut report = Report {
        rollout: 7,
        interval: interval(NOW_MS - i64::from(sequence % 3) * 10_000),
        ..Report::default()
    };
    let canary = &mut report.arms.canary;
    (canary.fetches, canary.hard_requests, canary.hard) = (1, 1, 1);
    report.arms.control.fetches = 1 + instance % 5;
    Line {
        id: ReportId { instance, sequence },
        report,
        flag: "checkout".to_owned(),
        unit: unit.map(UnitHash),
    }
}

/// Batches of nodes' reports and of single fetches; units fail twice each.
fn batches() -> Vec<Vec<Line>> {
    (0..12)
        .map(|batch: u64| {
            (0..20)
                .map(|index: u64| match batch % 2 {
                    0 => line(index, batch as u32, None),
                    _ => line(100 + batch * 20 + index, 0, Some((index as u32 / 2) << 20)),
                })
                .collect()
        })
        .collect()
}

#[test]
fn batches_count_once_in_any_order() {
    let batches = batches();
    let merged = |order: &[usize]| {
        let mut rollout = begin();
        for index in order {
            let lines = batches.get(*index).into_iter().flatten();
            rollout.merge_lines(1_000 + *index as u64, lines, NOW_MS);
        }
        let totals = rollout.guard().stage_counts();
        let open: Vec<_> = rollout.guard().open().copied().collect();
        (totals, open)
    };
    let in_order: Vec<usize> = (0..12).collect();
    let expected = merged(&in_order);
    assert_eq!(expected.0.fetches.canary, 240.0);
    // Every order from a simple generator, and each batch up to three times.
    let mut seed = 1u64;
    for _ in 0..200 {
        let mut order: Vec<usize> = in_order.iter().chain(&in_order).copied().collect();
        for index in (1..order.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            order.swap(index, (seed >> 33) as usize % (index + 1));
        }
        assert_eq!(merged(&order).0, expected.0);
        let fetches = |open: &[Report]| -> Vec<_> {
            let arms = open.iter().map(|report| (report.interval, report.arms));
            arms.map(|(interval, arms)| (interval, arms.control.fetches, arms.canary.hard_requests))
                .collect()
        };
        assert_eq!(fetches(&merged(&order).1), fetches(&expected.1));
    }
}

#[test]
fn a_unit_that_fails_again_is_one_event() {
    let soft = |mut line: Line| {
        let canary = &mut line.report.arms.canary;
        (canary.hard_requests, canary.hard, canary.soft) = (0, 0, 1);
        line
    };
    let events = |rollout: &Rollout| {
        let canaries = rollout.guard().open().map(|open| open.arms.canary);
        canaries.fold((0, 0), |(hard, soft), canary| {
            (hard + canary.hard, soft + canary.soft)
        })
    };
    let mut rollout = begin();
    let lines = [
        line(1, 0, Some(5)),
        line(2, 0, Some(5)),
        line(3, 0, Some(6)),
        // A unit's first failure of the other kind is an event of its own.
        soft(line(4, 0, Some(5))),
        soft(line(5, 0, Some(5))),
    ];
    let took = rollout.merge_lines(9, &lines, NOW_MS);
    assert_eq!((took.counted, took.repeats), (5, 0));
    let took = rollout.merge_lines(9, &lines, NOW_MS);
    assert_eq!((took.counted, took.repeats), (0, 5));
    assert_eq!(events(&rollout), (2, 1));
    // Also after it was stored.
    let restored = Rollout::from_bytes(&rollout.to_bytes());
    assert_eq!(restored.as_ref(), Ok(&rollout));
    let mut restored = restored.unwrap_or(rollout);
    let again = [line(6, 0, Some(5)), soft(line(7, 0, Some(5)))];
    restored.merge_lines(10, &again, NOW_MS);
    assert_eq!(events(&restored), (2, 1));
}

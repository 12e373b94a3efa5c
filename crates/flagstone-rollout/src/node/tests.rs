#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

const OPTIONS: BreakerOptions = BreakerOptions::DEFAULT;

fn node(share: f64) -> Node {
    Node::new(1, 42, 0, Share::new(share).unwrap(), 0, 0)
}

fn unit(number: u32) -> Option<UnitHash> {
    Some(UnitHash::of("flag", &number.to_string()))
}

/// A control request that succeeds.
const FETCH: Fetch = Fetch {
    stage: 0,
    arm: Arm::Control,
    circumstances: Circumstances::DRAWN,
    outcome: Outcome::Status(200),
    failover: Failover::None,
    unit: None,
    latency_ms: 50,
    first_exposure: false,
};

fn tell(node: &mut Node, fetch: Fetch) -> Told {
    node.tell(&fetch, 1_000, 32_768, &OPTIONS)
}

/// What one fetch counts for: fetches, hard failures, hard events, soft events, samples of latency.
#[track_caller]
fn check(fetch: Fetch, told: Told, expected: [u64; 5]) {
    let mut node = node(0.5);
    assert_eq!(tell(&mut node, fetch), told, "{fetch:?}");
    let counts = node.report.arms.of(fetch.arm);
    let actual = [
        counts.fetches,
        counts.hard_requests,
        counts.hard,
        counts.soft,
        counts.latency.total(),
    ];
    assert_eq!(actual, expected, "{fetch:?}");
}

#[test]
fn what_a_fetch_counts_for() {
    let canary = Fetch {
        arm: Arm::Canary,
        ..FETCH
    };
    let status = |fetch: Fetch, status| Fetch {
        outcome: Outcome::Status(status),
        ..fetch
    };
    check(FETCH, Told::Counted, [1, 0, 0, 0, 1]);
    check(canary, Told::Counted, [1, 0, 0, 0, 1]);
    check(status(canary, 404), Told::Counted, [1, 0, 0, 1, 1]);
    check(status(canary, 500), Told::Counted, [1, 1, 1, 0, 0]);
    for outcome in [Outcome::Connection, Outcome::Tls, Outcome::Timeout] {
        check(Fetch { outcome, ..FETCH }, Told::Counted, [1, 1, 1, 0, 0]);
    }
    for (failover, events) in [(Failover::Saved, 1), (Failover::Failed, 0)] {
        check(
            Fetch {
                failover,
                ..status(canary, 500)
            },
            Told::Counted,
            [1, 1, events, 0, 0],
        );
    }
    let hit = Circumstances {
        cache_hit: true,
        ..Circumstances::DRAWN
    };
    check(
        Fetch {
            circumstances: hit,
            ..status(canary, 500)
        },
        Told::LeftOut(LeftOut::CacheHit),
        [0; 5],
    );
    check(Fetch { stage: 1, ..FETCH }, Told::OtherStage, [0; 5]);
}

/// A shared cache answers most of control's visitors and few of the canary's, which is new to it.
#[test]
fn a_new_unit_counts_whatever_answers() {
    let cached = Circumstances {
        cache_hit: true,
        ..Circumstances::DRAWN
    };
    let out_of_service = Circumstances {
        moved: true,
        ..Circumstances::DRAWN
    };
    let moved = Circumstances {
        washout: true,
        ..cached
    };
    let cases = [
        (Circumstances::DRAWN, 0, 1),
        (cached, 0, 1),
        (cached, 1, 0),
        (out_of_service, 0, 1),
        (moved, 0, 0),
    ];
    for (circumstances, stage, expected) in cases {
        let mut node = node(0.5);
        let fetch = Fetch {
            circumstances,
            stage,
            first_exposure: true,
            ..FETCH
        };
        tell(&mut node, fetch);
        let found = node.report.arms.control.first_exposures;
        assert_eq!(found, expected, "{fetch:?}");
        assert_eq!(node.report.is_empty(), expected == 0, "{fetch:?}");
    }
}

/// Each of the canary's once, and no more than a guard needs.
#[test]
fn units_of_the_canary_are_reported_until_there_are_enough() {
    let mut node = node(0.5);
    let mut guard = Units::new();
    for round in 0..6 {
        let before = guard.len();
        for number in 0..100 * (round / 2 + 1) {
            for arm in [Arm::Control, Arm::Canary] {
                let fetch = Fetch {
                    arm,
                    unit: unit(number),
                    outcome: Outcome::Status(if number % 7 == 0 { 404 } else { 200 }),
                    ..FETCH
                };
                tell(&mut node, fetch);
            }
        }
        let (_, report) = node.take_report(10_000).unwrap();
        guard.merge(&report.units);
        assert_eq!(report.units.len(), guard.len() - before, "round {round}");
        assert_eq!(report.units.is_empty(), round % 2 == 1, "round {round}");
    }
    assert_eq!(guard.len(), 200);
}

#[test]
fn a_unit_that_fails_again_is_one_event() {
    let mut node = node(0.5);
    let failing = Fetch {
        outcome: Outcome::Timeout,
        unit: unit(1),
        ..FETCH
    };
    for _ in 0..5 {
        tell(&mut node, failing);
    }
    // Another class of failures has its own filter.
    tell(
        &mut node,
        Fetch {
            outcome: Outcome::Status(404),
            ..failing
        },
    );
    let counts = node.report.arms.control;
    assert_eq!((counts.hard_requests, counts.hard, counts.soft), (5, 1, 1));
}

#[test]
fn a_trip_is_reported_at_once_and_ends_the_counting() {
    let mut node = node(0.5);
    for number in 0..1000 {
        tell(
            &mut node,
            Fetch {
                unit: unit(number),
                ..FETCH
            },
        );
        tell(
            &mut node,
            Fetch {
                arm: Arm::Canary,
                unit: unit(number),
                ..FETCH
            },
        );
    }
    let failing = Fetch {
        arm: Arm::Canary,
        outcome: Outcome::Status(500),
        ..FETCH
    };
    let failures = (1..)
        .find(|_| tell(&mut node, failing) == Told::Tripped)
        .unwrap();
    assert_eq!(failures, 11);
    assert!(node.is_due(1_000));
    assert_eq!(tell(&mut node, failing), Told::NotClosed);
    let (_, report) = node.take_report(1_000).unwrap();
    assert_eq!((report.tripped, report.arms.canary.hard), (1, 11));
    assert!(node.take_report(1_000).is_none());
    assert!(!node.is_due(10_999) && node.is_due(11_000));
}

/// A bad canary whose every node has tripped is still known to the guard: probes are compared, with control's like.
#[test]
fn while_half_open_the_same_sixteenth_of_either_arm_counts() {
    let (probing, other) = (Some(UnitHash(0x10)), Some(UnitHash(0x11)));
    let canary = Fetch {
        arm: Arm::Canary,
        ..FETCH
    };
    let failing = Fetch {
        outcome: Outcome::Status(500),
        ..canary
    };
    let mut node = node(0.5);
    for _ in 0..1_000 {
        tell(&mut node, FETCH);
        tell(&mut node, canary);
    }
    let trips = (0..20).any(|_| tell(&mut node, failing) == Told::Tripped);
    assert!(trips);
    node.take_report(1_000).unwrap();
    assert_eq!(tell(&mut node, FETCH), Told::NotClosed);

    let now_ms = 31_000;
    let served = node.serve(Order::Run, UnitHash(0x10), now_ms);
    assert_eq!(served, Serve::Probe);
    let mut tell = |unit, fetch| {
        let fetch = Fetch { unit, ..fetch };
        node.tell(&fetch, now_ms, 32_768, &OPTIONS)
    };
    for fetch in [FETCH, canary] {
        assert_eq!(tell(probing, fetch), Told::Counted);
        assert_eq!(tell(other, fetch), Told::NotClosed);
        assert_eq!(tell(None, fetch), Told::NotClosed);
    }
    assert_eq!(tell(probing, failing), Told::Tripped);
    assert_eq!(tell(probing, FETCH), Told::NotClosed, "open again");
    let (_, report) = node.take_report(now_ms).unwrap();
    let PerArm { control, canary } = report.arms;
    assert_eq!((control.fetches, control.hard), (1, 0));
    assert_eq!((canary.fetches, canary.hard, report.tripped), (2, 1, 1));
}

#[test]
fn a_probe_that_fails_ends_the_probing_whoever_makes_it() {
    let failing = Fetch {
        arm: Arm::Canary,
        outcome: Outcome::Status(500),
        unit: Some(UnitHash(0x10)),
        ..FETCH
    };
    let mut node = node(0.5);
    // This visitor has failed before the canary went out of service.
    assert_eq!(tell(&mut node, failing), Told::Counted);
    let others = Fetch {
        unit: None,
        ..failing
    };
    for fetch in [FETCH, others].repeat(20) {
        tell(&mut node, fetch);
    }
    assert!(matches!(node.breaker().phase(), Phase::Open { .. }));
    let now_ms = 31_000;
    let served = node.serve(Order::Run, UnitHash(0x10), now_ms);
    assert_eq!(served, Serve::Probe);
    let told = node.tell(&failing, now_ms, 32_768, &OPTIONS);
    assert_eq!((told, node.breaker().trips()), (Told::Tripped, 2));
    // For the guard a visitor fails once.
    let (_, report) = node.take_report(now_ms).unwrap();
    let counts = report.arms.canary;
    assert_eq!(counts.hard_requests - counts.hard, 1);
}

#[test]
fn failovers_have_a_budget() {
    let mut node = node(0.5);
    let failed = Fetch {
        arm: Arm::Canary,
        outcome: Outcome::Status(500),
        failover: Failover::Failed,
        ..FETCH
    };
    for _ in 0..3 {
        assert!(node.may_fail_over(1_000));
        tell(&mut node, failed);
    }
    assert!(!node.may_fail_over(1_000), "shared outage");
    assert!(node.may_fail_over(11_000));
}

#[test]
fn only_an_answer_of_the_canary_pays_for_failovers() {
    let canary = Fetch {
        arm: Arm::Canary,
        ..FETCH
    };
    let status = |status| Fetch {
        outcome: Outcome::Status(status),
        ..canary
    };
    let circumstances = |circumstances| Fetch {
        circumstances,
        ..canary
    };
    let drawn = Circumstances::DRAWN;
    for (fetch, pays) in [
        (canary, true),
        (status(404), true),
        (status(500), false),
        (FETCH, false),
        (
            circumstances(Circumstances {
                cache_hit: true,
                ..drawn
            }),
            false,
        ),
        (
            circumstances(Circumstances {
                aborted: true,
                ..drawn
            }),
            false,
        ),
        (
            circumstances(Circumstances {
                moved: true,
                ..drawn
            }),
            false,
        ),
    ] {
        let mut node = node(0.5);
        while node.may_fail_over(1_000) {}
        for _ in 0..10 {
            tell(&mut node, fetch);
        }
        assert_eq!(node.may_fail_over(1_000), pays, "{fetch:?}");
    }
}

#[test]
fn reports_are_due_where_there_is_something_to_report() {
    let mut node = node(0.5);
    assert_eq!(node.due_ms(), None);
    tell(&mut node, FETCH);
    assert!(node.due_ms().is_some());
    while node.take_report(1_000).is_some() {}
    assert_eq!(node.due_ms(), None);
    tell(&mut node, FETCH);
    assert_eq!(node.due_ms(), Some(1_000 + i64::from(INTERVAL_MS)));
}

#[test]
fn a_stage_ends_with_its_report() {
    let mut node = node(0.05);
    tell(&mut node, FETCH);
    let share = Share::new(0.25).unwrap();
    let (id, report) = node.enter_stage(1, share).unwrap();
    assert_eq!(
        (id.sequence, report.stage, report.arms.control.fetches),
        (0, 0, 1)
    );
    assert!(node.enter_stage(1, share).is_none());
    assert_eq!(tell(&mut node, FETCH), Told::OtherStage, "in flight");
    assert_eq!(tell(&mut node, Fetch { stage: 1, ..FETCH }), Told::Counted);
    let (id, report) = node.take_report(20_000).unwrap();
    assert_eq!(
        (id.sequence, report.stage, report.arms.control.fetches),
        (1, 1, 1)
    );
}

#[test]
fn goals_count_for_the_stage_of_the_exposure() {
    let mut node = node(0.05);
    node.goal_exposed(Arm::Canary, 0, 10_000);
    node.goal_exposed(Arm::Control, 2, 10_000);
    node.enter_stage(1, Share::new(0.25).unwrap());
    node.goal_hit(Arm::Canary, 0, 0, 20_000);
    node.goal_hit(Arm::Control, 1, 3, 20_000);
    node.goal_hit(Arm::Control, 1, 4, 20_000);
    node.goal_hit(Arm::Control, 200, 0, 20_000);
    let (_, now) = node.take_report(20_000).unwrap();
    assert_eq!((now.stage, now.arms.control.goal_hits), (1, [0, 0, 0, 1]));
    let (_, earlier) = node.take_report(20_000).unwrap();
    assert_eq!(
        (
            earlier.stage,
            earlier.interval,
            earlier.arms.canary.goal_hits
        ),
        (0, 2, [1, 0, 0, 0])
    );
    let (_, later) = node.take_report(20_000).unwrap();
    assert_eq!((later.stage, later.arms.control.goal_exposed), (2, 1));
    assert!(node.take_report(20_000).is_none());
}

#[test]
fn reports_are_spread_over_the_interval() {
    let due = |phase| Node::new(1, 1, 0, Share::new(0.5).unwrap(), 0, phase).due_ms;
    assert_eq!((due(0), due(32_768), due(u16::MAX)), (0, 5_000, 9_999));
}

/// Most fetches take a short way, of which nothing may be seen.
#[test]
fn the_short_way_counts_as_the_long_one() {
    let mut random = 7u64;
    let mut below = move |limit: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) % limit
    };
    let (mut short, mut long) = (node(0.3), node(0.3));
    let mut told = Vec::new();
    for number in 0..20_000 {
        let now_ms = 1_000 + 40 * number;
        // Long stretches without failures, and others in which a breaker trips and comes back.
        let is_canary = below(3) == 0;
        let fails = is_canary && number % 4_000 > 3_600;
        let fetch = Fetch {
            stage: u8::from(below(50) == 0),
            arm: if is_canary { Arm::Canary } else { Arm::Control },
            circumstances: Circumstances {
                cache_hit: below(40) == 0,
                ..Circumstances::DRAWN
            },
            outcome: Outcome::Status(if fails { 500 } else { 200 }),
            failover: if fails && below(2) == 0 {
                Failover::Saved
            } else {
                Failover::None
            },
            unit: unit(below(5_000) as u32),
            latency_ms: below(3_000) as u32,
            first_exposure: below(4) == 0,
        };
        let expected = long.judge(&fetch, now_ms, 32_768, &OPTIONS);
        assert_eq!(
            short.tell(&fetch, now_ms, 32_768, &OPTIONS),
            expected,
            "{fetch:?}"
        );
        told.push(expected);
        if number % 100 == 0 {
            for node in [&mut short, &mut long] {
                node.serve(Order::Run, UnitHash::of("flag", "1"), now_ms);
            }
        }
        assert_eq!(format!("{short:?}"), format!("{long:?}"), "{fetch:?}");
    }
    assert!(told.contains(&Told::Tripped) && told.contains(&Told::NotClosed));
}

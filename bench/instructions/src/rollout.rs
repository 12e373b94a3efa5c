//! What a rollout costs a node for each fetch, and its guard for each stratum.

use flagstone_rollout::guard::slowness::Baseline;
use flagstone_rollout::guard::{Evidence, Plan, Stratum, Watch};
use flagstone_rollout::{
    Arm, BreakerOptions, Circumstances, Counts, Failover, Fetch, Histogram, Ladder, Node, Outcome,
    PerArm, Share, UnitHash,
};
use std::hint::black_box;

/// A fetch that succeeded.
pub const FETCH: Fetch = Fetch {
    stage: 0,
    arm: Arm::Control,
    circumstances: Circumstances::DRAWN,
    outcome: Outcome::Status(200),
    failover: Failover::None,
    unit: Some(UnitHash(0x9e37_79b9)),
    latency_ms: 120,
    first_exposure: false,
};

/// Tells a node of fetches, the i-th of which is `fetch(i)`.
fn tell(repetitions: u64, fetch: impl Fn(u64) -> Fetch) {
    let Some(share) = Share::new(0.05) else {
        return;
    };
    let mut node = Node::new(1, 1, 0, share, 0, 0);
    for index in 0..repetitions {
        let fetch = fetch(index);
        let now_ms = index as i64;
        black_box(node.tell(black_box(&fetch), now_ms, 0, &BreakerOptions::DEFAULT));
    }
}

pub fn successes(repetitions: u64) {
    tell(repetitions, |_| FETCH);
}

/// Failures of control, which never trip.
pub fn events(repetitions: u64) {
    tell(repetitions, |index| Fetch {
        outcome: Outcome::Status(503),
        unit: Some(UnitHash((index as u32).wrapping_mul(0x9e37_79b9))),
        ..FETCH
    });
}

pub fn strata(repetitions: u64) {
    let watch = Watch {
        goals: 1,
        ..Watch::DEFAULT
    };
    let plan = Plan::new(Ladder::DEFAULT, watch);
    let mut evidence = Evidence::new(&plan);
    let counts = |fetches: u64| {
        let mut latency = Histogram::new();
        for index in 0..fetches {
            latency.record(50 + (index * 7919 % 400) as u32);
        }
        Counts {
            fetches,
            hard_requests: fetches / 100,
            hard: fetches / 100,
            soft: fetches / 50,
            goal_exposed: fetches / 10,
            goal_hits: [fetches / 300, 0, 0, 0],
            first_exposures: fetches / 10,
            latency,
        }
    };
    let arms = PerArm {
        control: counts(9_500),
        canary: counts(500),
    };
    let baseline = Baseline::new(&arms.control.latency);
    for _ in 0..repetitions {
        let stratum = Stratum {
            stage: 1,
            arms: black_box(&arms),
            baseline: Some(&baseline),
        };
        black_box(evidence.add(&plan, &stratum));
    }
}

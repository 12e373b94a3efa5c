//! Small simulations with fixed seeds: false alarms stay within their budgets, and harm is found as soon as it should.
//!
//! Each takes about a second without optimisation. They use the production code, request by request or stratum by
//! stratum.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use flagstone_rollout::advance::{Rule, Traffic};
use flagstone_rollout::guard::slowness::Baseline;
use flagstone_rollout::guard::{Facts, Guard, Phase, Plan, State, Step, Verdict, Watch};
use flagstone_rollout::ratio;
use flagstone_rollout::{
    Arm, Breaker, BreakerOptions, Counts, Ladder, PerArm, Report, ReportId, Seen, Share, interval,
};

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn chance(&mut self, probability: f64) -> bool {
        ((self.next() >> 11) as f64) * (0.5f64).powi(53) < probability
    }

    /// Of `trials`, how many succeed; from distances between successes.
    fn binomial(&mut self, trials: u64, probability: f64) -> u64 {
        let (mut at, mut successes) = (0.0, 0);
        loop {
            let uniform = ((self.next() >> 11) as f64 + 0.5) * (0.5f64).powi(53);
            at += (uniform.ln() / (-probability).ln_1p()).floor() + 1.0;
            if at > trials as f64 {
                return successes;
            }
            successes += 1;
        }
    }
}

/// Whether a breaker trips within some requests, 20 ms apart, and after how many canary requests.
fn trips(random: &mut Random, share: f64, base: f64, times: f64, requests: u32) -> Option<u32> {
    let (options, planned) = (BreakerOptions::DEFAULT, Share::new(share).unwrap());
    let mut breaker = Breaker::new(0);
    let mut canary = 0;
    for request in 0..requests {
        let arm = if random.chance(share) {
            canary += 1;
            Arm::Canary
        } else {
            Arm::Control
        };
        let probability = match arm {
            Arm::Canary => base * times,
            Arm::Control => base,
        };
        let seen = if random.chance(probability) {
            Seen::Event
        } else {
            Seen::Success
        };
        if breaker.observe(arm, seen, planned, i64::from(request) * 20, 0, &options) {
            return Some(canary);
        }
    }
    None
}

#[test]
fn a_healthy_node_hardly_ever_trips() {
    let mut random = Random(1);
    for (share, base) in [(0.01, 0.01), (0.05, 0.01), (0.5, 0.05)] {
        let false_trips = (0..500)
            .filter(|_| trips(&mut random, share, base, 1.0, 10_000).is_some())
            .count();
        // The bound is 1.06 in a thousand; five of 500 have a probability of 1 in 4,000 then.
        assert!(false_trips < 5, "{false_trips} at {share}, {base}");
    }
}

#[test]
fn a_node_finds_harm_soon() {
    let mut random = Random(2);
    for (times, most) in [(5.0, 2_500), (10.0, 800), (51.0, 90)] {
        let mut found: Vec<_> = (0..101)
            .map(|_| trips(&mut random, 0.05, 0.001, times, 200_000).unwrap_or(u32::MAX))
            .collect();
        found.sort_unstable();
        assert!(found[50] <= most, "median {} at × {times}", found[50]);
    }
}

/// What came of a rollout at a rate of requests a second.
struct End {
    phase: Phase,
    seconds: i64,
    /// Canary failures above those of control's probability.
    excess: f64,
}

fn roll_out(random: &mut Random, rate: u64, base: f64, times: f64) -> End {
    let ladder = Ladder::DEFAULT;
    let watch = Watch {
        latency: false,
        ..Watch::DEFAULT
    };
    let mut guard = Guard::new(1, Plan::new(ladder, watch), Baseline::EMPTY, 0);
    let mut state = State::new();
    state.start(0);
    let traffic = Traffic {
        rate: rate as f64,
        ..Traffic::DEFAULT
    };
    let mut excess = 0.0;
    for step in 0..1_000i64 {
        let now_ms = step * 10_000;
        let stage = guard.stage();
        let share = ladder.share(stage.into()).unwrap().as_f64();
        let canary = random.binomial(rate * 10, share);
        let mut counts = |fetches, probability| {
            let hard = random.binomial(fetches, probability);
            Counts {
                fetches,
                hard_requests: hard,
                hard,
                first_exposures: fetches / 10,
                ..Counts::default()
            }
        };
        let arms = PerArm {
            control: counts(rate * 10 - canary, base),
            canary: counts(canary, base * times),
        };
        excess += canary as f64 * base * (times - 1.0);
        let report = Report {
            rollout: 1,
            stage,
            interval: interval(now_ms),
            arms,
            ..Report::default()
        };
        let id = ReportId {
            instance: 1,
            sequence: step as u32,
        };
        let end_ms = now_ms + 9_999;
        guard.merge(id, &report, end_ms);
        let next = ladder.share(usize::from(stage) + 1);
        let facts = Facts {
            verdict: guard.assess().verdict,
            last_report_ms: guard.last_report_ms(),
            coverage: 1.0,
            outage: guard.is_outage(),
            ceiling: false,
            mismatch: ratio::is_mismatch(guard.sample_ratio()),
            may_advance: next.is_some_and(|next| {
                let counts = guard.stage_counts();
                Rule::DEFAULT.judge(&traffic, &counts, next).advance
            }),
            manual: false,
        };
        match state.step(&facts, &ladder, end_ms) {
            Step::Stay => {}
            Step::Enter(stage) => guard.enter_stage(stage, end_ms),
            Step::Complete | Step::RollBack => {
                return End {
                    phase: state.phase(),
                    seconds: end_ms / 1000,
                    excess,
                };
            }
        }
        assert_ne!(facts.verdict, Verdict::RollBack);
    }
    End {
        phase: state.phase(),
        seconds: i64::MAX,
        excess,
    }
}

#[test]
fn a_healthy_rollout_ends_soon() {
    let mut random = Random(3);
    let mut ends: Vec<_> = (0..40)
        .map(|_| roll_out(&mut random, 1_000, 0.001, 1.0))
        .collect();
    assert!(ends.iter().all(|end| end.phase == Phase::Complete));
    ends.sort_by_key(|end| end.seconds);
    let (median, ninth) = (ends[20].seconds, ends[36].seconds);
    assert!(median <= 300 && ninth <= 400, "{median} s, {ninth} s");
}

#[test]
fn harm_is_rolled_back_within_the_risk_budget() {
    let mut random = Random(4);
    for times in [3.0, 10.0, 100.0] {
        let ends: Vec<_> = (0..20)
            .map(|_| roll_out(&mut random, 100, 0.001, times))
            .collect();
        assert!(ends.iter().all(|end| end.phase == Phase::RolledBack));
        let mean = ends.iter().map(|end| end.excess).sum::<f64>() / 20.0;
        assert!(mean <= 100.0, "{mean} excess failures at × {times}");
    }
}

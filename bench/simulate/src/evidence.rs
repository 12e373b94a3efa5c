//! The guard's evidence: false alarms, and how much it takes to find harm.

use crate::random::Random;
use crate::rollout::{FAILURES, SIX};
use crate::table::Bound::{AtLeast, AtMost, Within};
use crate::table::Row;
use crate::world::{Behaviour, FIRST, Shape, Traffic, id};
use flagstone_rollout::advance::Rule;
use flagstone_rollout::guard::slowness::Baseline;
use flagstone_rollout::guard::{Guard, Plan, Verdict, Watch};
use flagstone_rollout::{Ladder, PerArm, Report, ratio};

fn both<T: Clone>(of: T) -> PerArm<T> {
    PerArm {
        control: of.clone(),
        canary: of,
    }
}

/// T8: five stages of an hour each, looked at 1,800 times.
pub fn long_healthy(runs: usize) -> Vec<Row> {
    const STRATA: u32 = 360;
    let shape = Shape::new(1.0, 0.0);
    let mut random = Random::new(8);
    let hits = (0..runs).filter(|_| {
        let ladder = Ladder::DEFAULT;
        let mut guard = Guard::new(1, Plan::new(ladder, SIX), Baseline::EMPTY, 0);
        (0..ladder.len() as u32 * STRATA).any(|step| {
            let stage = (step / STRATA) as u8;
            let begin_ms = i64::from(step) * 10_000;
            // Reports come late, so that each stratum is gone through once.
            let now_ms = begin_ms + 50_000;
            if step % STRATA == 0 {
                guard.enter_stage(stage, begin_ms);
            }
            let traffic = Traffic {
                stage,
                requests: 1_000,
                share: ladder
                    .share(stage.into())
                    .map_or(1.0, |share| share.as_f64()),
                behaviours: both(Behaviour::healthy(0.001)),
                shapes: Some(both(&shape)),
            };
            let report = traffic.report(&mut random, begin_ms);
            guard.merge(id(step), &report, now_ms);
            guard.assess().verdict == Verdict::RollBack
        })
    });
    let hits = hits.count();
    let what =
        "guard, healthy, five stages of an hour, 1,800 looks, six metrics, 100/s: rolled back";
    vec![Row::part("T8", what, hits, runs, AtMost(0.007))]
}

/// Canary requests until the guard would roll back by hard failures alone: from harm at the start of a stage, after a healthy
/// minute in each one before, with a look after every canary failure.
fn requests_until_found(random: &mut Random, stage: u8, base: f64, failing: f64) -> f64 {
    const HARD: Watch = Watch {
        soft: false,
        ..FAILURES
    };
    let ladder = Ladder::DEFAULT;
    let mut guard = Guard::new(1, Plan::new(ladder, HARD), Baseline::EMPTY, 0);
    let (mut now_ms, mut sequence) = (0, 0);
    let behaviour = |hard| Behaviour {
        hard,
        soft: 0.0,
        goal: 0.0,
    };
    let mut traffic = |guard: &mut Guard, stage: u8, canary: f64, pace_ms| {
        let share = ladder.share(stage.into());
        let share = share.map_or(1.0, |share| share.as_f64());
        let traffic = Traffic {
            stage,
            // Less than one failure of the canary.
            requests: ((0.3 / (share * canary)) as u64).max(1),
            share,
            behaviours: PerArm {
                control: behaviour(base),
                canary: behaviour(canary),
            },
            shapes: None,
        };
        let report = traffic.report(random, now_ms);
        guard.merge(id(sequence), &report, now_ms);
        now_ms += pace_ms;
        sequence += 1;
        report.arms.canary
    };
    for earlier in 0..stage {
        guard.enter_stage(earlier, 0);
        for _ in 0..6 {
            traffic(&mut guard, earlier, base, 10_000);
        }
    }
    guard.enter_stage(stage, 0);
    let mut requests = 0;
    loop {
        let canary = traffic(&mut guard, stage, failing, 100);
        requests += canary.fetches;
        if canary.hard > 0 && guard.assess().verdict == Verdict::RollBack {
            return requests as f64;
        }
    }
}

/// T9 and T10: how many visitors fail until harm is found, and the formula for it.
pub fn harm(runs: usize) -> Vec<Row> {
    let (mut found, mut formula) = (Vec::new(), Vec::new());
    for base in [0.001, 0.01] {
        for (stage, share, two, ten, all) in [
            (0, 0.01, (16.0, 23.0), (5.0, 7.0), 4.0),
            (1, 0.05, (16.0, 23.0), (5.0, 7.0), 5.0),
            (2, 0.25, (24.0, 31.0), (8.0, 10.0), 8.0),
            (3, 0.5, (37.0, 48.0), (14.0, 17.0), 13.0),
        ] {
            for (name, failing, bound) in [
                ("× 2", 2.0 * base, Within(two.0, two.1)),
                ("× 10", 10.0 * base, Within(ten.0, ten.1)),
                ("100 %", 1.0, AtMost(all)),
            ] {
                let mut random = Random::new(9);
                let harm = failing - base;
                let excess: Vec<f64> = (0..runs)
                    .map(|_| harm * requests_until_found(&mut random, stage, base, failing))
                    .collect();
                let what = format!(
                    "guard, {name}, failures {} %, share {} %",
                    100.0 * base,
                    100.0 * share
                );
                let mean = format!("{what}: excess failures until found, mean");
                found.push(Row::mean("T9", mean, &excess, "", bound));
                if name != "100 %" {
                    let expected = Rule::DEFAULT.excess_failures(base, harm, share);
                    let ratios: Vec<f64> = excess.iter().map(|excess| excess / expected).collect();
                    let mean = format!("{what}: mean, over the formula's {expected:.1}");
                    formula.push(Row::mean("T10", mean, &ratios, "", Within(0.75, 1.25)));
                }
            }
        }
    }
    found.extend(formula);
    found
}

/// T11: failures become more while the share grows, in both arms alike.
pub fn drift(runs: usize) -> Vec<Row> {
    const STRATA: u32 = 120;
    let ladder = Ladder::new(&[0.01, 0.05, 0.5]).expect("a ladder");
    let mut random = Random::new(11);
    let (mut rolled_back, mut pooled) = (0, 0);
    for _ in 0..runs {
        let mut guard = Guard::new(1, Plan::new(ladder, FAILURES), Baseline::EMPTY, 0);
        let mut sum = Report::default();
        let mut is_rolled_back = false;
        for step in 0..3 * STRATA {
            let stage = (step / STRATA) as u8;
            let begin_ms = i64::from(step) * 10_000;
            if step % STRATA == 0 {
                guard.enter_stage(stage, begin_ms);
            }
            let hard = 0.001 + 0.002 * f64::from(step) / f64::from(3 * STRATA);
            let traffic = Traffic {
                stage,
                requests: 10_000,
                share: ladder
                    .share(stage.into())
                    .map_or(1.0, |share| share.as_f64()),
                behaviours: both(Behaviour::healthy(hard)),
                shapes: None,
            };
            let report = traffic.report(&mut random, begin_ms);
            sum.merge(&report);
            guard.merge(id(step), &report, begin_ms + 50_000);
            is_rolled_back |= guard.assess().verdict == Verdict::RollBack;
        }
        rolled_back += usize::from(is_rolled_back);
        pooled += usize::from(crate::others::z(&sum.arms) > 2.326);
    }
    let what =
        "guard, 1, 5, 50 % while failures of both drift from 0.1 to 0.3 %, 1,000/s: rolled back";
    vec![
        Row::part("T11", what, rolled_back, runs, AtMost(0.015)),
        Row::part(
            "T11",
            "the same, by a z-test at 1 % over all stages together",
            pooled,
            runs,
            AtLeast(0.95),
        ),
    ]
}

const LATENCY: Watch = Watch {
    hard: false,
    soft: false,
    latency: true,
    goals: 0,
};

/// T16: answers of both arms are slow at times.
pub fn healthy_latency(runs: usize) -> Vec<Row> {
    // From -1 to 1, by 0.05: the logarithm of a factor.
    let shapes: Vec<Shape> = (-20..=20)
        .map(|i| Shape::new((f64::from(i) * 0.05).exp(), 0.0))
        .collect();
    let mut rows = Vec::new();
    for (name, swing) in [("steady", 0.0), ("both swinging together", 0.1)] {
        let mut random = Random::new(16);
        let hits = (0..runs).filter(|_| {
            let plan = Plan::new(Ladder::DEFAULT, LATENCY);
            let mut guard = Guard::new(1, plan, Baseline::EMPTY, 0);
            guard.enter_stage(1, 0);
            let mut log: f64 = 0.0;
            (0..360u32).any(|step| {
                log = 0.9 * log + swing * random.normal();
                let place = (20.0 + 20.0 * log.clamp(-1.0, 1.0)).round() as usize;
                let begin_ms = i64::from(step) * 10_000;
                let traffic = Traffic {
                    stage: 1,
                    requests: 2_000,
                    share: 0.05,
                    behaviours: both(Behaviour::healthy(0.001)),
                    shapes: shapes.get(place).map(both),
                };
                let report = traffic.report(&mut random, begin_ms);
                guard.merge(id(step), &report, begin_ms + 50_000);
                guard.assess().verdict == Verdict::RollBack
            })
        });
        let hits = hits.count();
        let what = format!("guard, latencies alone, an hour at 200/s and 5 %, {name}: rolled back");
        rows.push(Row::part("T16", what, hits, runs, AtMost(0.01)));
    }
    rows
}

/// T17: the canary is slower, after a healthy minute.
pub fn slow(runs: usize) -> Vec<Row> {
    let healthy = Shape::new(1.0, 0.0);
    let cases = [
        ("× 1.5", Shape::new(1.5, 0.0), 350.0),
        ("× 2", Shape::new(2.0, 0.0), 150.0),
        ("10 % of requests 2 s later", Shape::new(1.0, 0.1), 350.0),
    ];
    let mut rows = Vec::new();
    for (name, shape, most) in &cases {
        let mut random = Random::new(17);
        let mut requests: Vec<f64> = (0..runs)
            .map(|_| canary_requests(&mut random, &healthy, shape))
            .collect();
        let what = format!("guard, latency {name}, share 5 %: canary requests until found, median");
        rows.push(Row::quantile(
            "T17",
            what,
            &mut requests,
            0.5,
            "",
            AtMost(*most),
        ));
    }
    rows
}

/// Canary requests from slowness to its detection, at 1,000 requests a second and five looks a second.
fn canary_requests(random: &mut Random, healthy: &Shape, slow: &Shape) -> f64 {
    const SLOW_MS: i64 = 60_000;
    let plan = Plan::new(Ladder::DEFAULT, Watch::DEFAULT);
    let mut guard = Guard::new(1, plan, Baseline::EMPTY, 0);
    guard.enter_stage(1, 0);
    let (mut canary, mut now_ms, mut sequence) = (0, 0, 0);
    loop {
        let is_slow = now_ms >= SLOW_MS;
        let pace_ms = if is_slow { 200 } else { 10_000 };
        let traffic = Traffic {
            stage: 1,
            requests: pace_ms as u64,
            share: 0.05,
            behaviours: both(Behaviour::healthy(0.001)),
            shapes: Some(PerArm {
                control: healthy,
                canary: if is_slow { slow } else { healthy },
            }),
        };
        let report = traffic.report(random, now_ms);
        guard.merge(id(sequence), &report, now_ms);
        if is_slow {
            canary += report.arms.canary.fetches;
            if guard.assess().verdict == Verdict::RollBack {
                return canary as f64;
            }
        }
        now_ms += pace_ms;
        sequence += 1;
    }
}

/// T18: half as many units reach the goal.
pub fn lost_goal(runs: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for (stage, share, most) in [(1u8, 0.05, 2_200.0), (3, 0.5, 3_800.0)] {
        let mut random = Random::new(18);
        let mut exposures: Vec<f64> = (0..runs)
            .map(|_| {
                let mut guard = Guard::new(1, Plan::new(Ladder::DEFAULT, SIX), Baseline::EMPTY, 0);
                guard.enter_stage(stage, 0);
                let mut exposed = 0;
                for step in 0u32.. {
                    let now_ms = i64::from(step) * 1_000;
                    let behaviour = |goal| Behaviour {
                        goal,
                        ..Behaviour::healthy(0.0)
                    };
                    let traffic = Traffic {
                        stage,
                        // 40 canary units a second.
                        requests: (40.0 / FIRST / share) as u64,
                        share,
                        behaviours: PerArm {
                            control: behaviour(0.03),
                            canary: behaviour(0.015),
                        },
                        shapes: None,
                    };
                    let report = traffic.report(&mut random, now_ms);
                    exposed += report.arms.canary.goal_exposed;
                    guard.merge(id(step), &report, now_ms);
                    if guard.assess().verdict == Verdict::RollBack {
                        break;
                    }
                }
                exposed as f64
            })
            .collect();
        let what = format!(
            "guard, goal of 3 % halved, share {} %: canary exposures until found, median",
            100.0 * share
        );
        rows.push(Row::quantile(
            "T18",
            what,
            &mut exposures,
            0.5,
            "",
            AtMost(most),
        ));
    }
    rows
}

/// T19: units that do not arrive as planned, looked at after every ten.
pub fn sample_ratio(runs: usize) -> Vec<Row> {
    const LONGEST: u64 = 20_000;
    let found = |random: &mut Random, part| {
        let mut canary = 0;
        for units in (10..=LONGEST).step_by(10) {
            canary += random.binomial(10, part);
            let arms = [(canary, 0.5), (units - canary, 0.5)];
            if ratio::is_mismatch(ratio::log_evidence(&arms)) {
                return units as f64;
            }
        }
        f64::INFINITY
    };
    let mut random = Random::new(19);
    let mut units: Vec<f64> = (0..runs).map(|_| found(&mut random, 0.55)).collect();
    let hits = (0..runs)
        .filter(|_| found(&mut random, 0.5).is_finite())
        .count();
    let what = "sample ratio 55 to 45 instead of even: units until found, median";
    vec![
        Row::quantile("T19", what, &mut units, 0.5, "", AtMost(2_600.0)),
        Row::part(
            "T19",
            "sample ratio as planned, 20,000 units: mismatch",
            hits,
            runs,
            AtMost(0.002),
        ),
    ]
}

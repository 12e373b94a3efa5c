//! Whole rollouts, stage by stage, as the guard leads them.

use crate::random::Random;
use crate::table::Bound::{AtLeast, AtMost, Within};
use crate::table::Row;
use crate::world::{Behaviour, Shape, Traffic, id};
use flagstone_rollout::advance::{self, Rule};
use flagstone_rollout::advise::{Arrivals, Outlook, TENTH};
use flagstone_rollout::guard::slowness::Baseline;
use flagstone_rollout::guard::{Phase, Plan, Rollout, Terms, Watch};
use flagstone_rollout::{Ladder, PerArm};

/// Failures, latencies and a goal: six metrics.
pub const SIX: Watch = Watch {
    goals: 1,
    ..Watch::DEFAULT
};
/// Failures alone.
pub const FAILURES: Watch = Watch {
    latency: false,
    ..Watch::DEFAULT
};

/// How a rollout ended.
struct End {
    phase: Phase,
    seconds: f64,
    /// Canary requests above control's probability of failure, in failures.
    excess: f64,
}

/// A rollout at so many requests a second.
struct Course<'a> {
    rate: u64,
    behaviours: PerArm<Behaviour>,
    watch: Watch,
    shape: Option<&'a Shape>,
}

impl Course<'_> {
    /// Longer than this none may take, in intervals.
    const LONGEST: u32 = 20_000;
    /// From the decision until all nodes follow, in seconds: with an interval the 15 s of the plan.
    const PUSH_S: f64 = 5.0;

    fn run(&self, random: &mut Random) -> End {
        let ladder = Ladder::DEFAULT;
        let plan = Plan::new(ladder, self.watch);
        let mut rollout = Rollout::begin(1, plan, Terms::DEFAULT, Baseline::EMPTY, 0);
        let harm = self.behaviours.canary.hard - self.behaviours.control.hard;
        let mut excess = 0.0;
        let mut step = 0;
        while !rollout.is_over() && step < Self::LONGEST {
            let begin_ms = i64::from(step) * 10_000;
            let stage = rollout.guard().stage();
            let share = ladder
                .share(stage.into())
                .map_or(1.0, |share| share.as_f64());
            let traffic = Traffic {
                stage,
                requests: self.rate * 10,
                share,
                behaviours: self.behaviours,
                shapes: self.shape.map(|shape| PerArm {
                    control: shape,
                    canary: shape,
                }),
            };
            let report = traffic.report(random, begin_ms);
            excess += report.arms.canary.fetches as f64 * harm;
            rollout.merge(id(step), &report, begin_ms + 9_999);
            rollout.look(begin_ms + 9_999);
            step += 1;
            if rollout.is_over() {
                excess += Self::PUSH_S * self.rate as f64 * share * harm;
            }
        }
        End {
            phase: rollout.state().phase(),
            seconds: f64::from(step) * 10.0,
            excess,
        }
    }
}

/// T7, T12, T13: healthy rollouts under six metrics.
pub fn healthy(runs: usize) -> Vec<Row> {
    let shape = Shape::new(1.0, 0.0);
    let mut rows = Vec::new();
    for (rate, name) in [(100, "100/s"), (1_000, "1,000/s")] {
        let mut random = Random::new(7);
        let course = Course {
            rate,
            behaviours: PerArm {
                control: Behaviour::healthy(0.001),
                canary: Behaviour::healthy(0.001),
            },
            watch: SIX,
            shape: Some(&shape),
        };
        let ends: Vec<End> = (0..runs).map(|_| course.run(&mut random)).collect();
        let false_ones = ends.iter().filter(|end| end.phase == Phase::RolledBack);
        let what =
            format!("guard, healthy rollout by the advance rule, six metrics, {name}: rolled back");
        rows.push(Row::part(
            "T7",
            what,
            false_ones.count(),
            runs,
            AtMost(0.005),
        ));
        let complete = ends.iter().filter(|end| end.phase == Phase::Complete);
        let mut seconds: Vec<f64> = complete.map(|end| end.seconds).collect();
        let what = format!("time to 100 %, failures 0.1 %, {name}");
        let mut quantile = |target, p, part, most| {
            let what = format!("{what}: {part}");
            rows.push(Row::quantile(
                target,
                what,
                &mut seconds,
                p,
                "s",
                AtMost(most),
            ));
        };
        if rate == 1_000 {
            quantile("T12", 0.5, "median", 300.0);
            quantile("T12", 0.9, "90th percentile", 400.0);
        } else {
            quantile("T13", 0.5, "median", 1_800.0);
        }
    }
    rows
}

/// T14: harm at or above what is accepted, from the start.
pub fn harm(runs: usize) -> Vec<Row> {
    let sizes = [
        ("× 2", 0.002),
        ("× 3", 0.003),
        ("× 5", 0.005),
        ("× 10", 0.01),
        ("+ 5 pp", 0.051),
        ("100 %", 1.0),
    ];
    let mut rows = Vec::new();
    for (name, canary) in sizes {
        let mut random = Random::new(14);
        let course = Course {
            rate: 100,
            behaviours: PerArm {
                control: Behaviour::healthy(0.001),
                canary: Behaviour::healthy(canary),
            },
            watch: FAILURES,
            shape: None,
        };
        let ends: Vec<End> = (0..runs).map(|_| course.run(&mut random)).collect();
        let stopped = ends.iter().filter(|end| end.phase == Phase::RolledBack);
        let what = format!("harm from the start, {name} of 0.1 %, 100/s: rolled back");
        rows.push(Row::part("T14", what, stopped.count(), runs, AtLeast(1.0)));
        let excess: Vec<f64> = ends.iter().map(|end| end.excess).collect();
        let what = format!("the same: excess failures, of a budget of 100, mean; {name}");
        rows.push(Row::mean("T14", what, &excess, "", AtMost(100.0)));
    }
    rows
}

/// T15: what the advisor says beforehand, and what happens.
pub fn forecast(runs: usize) -> Vec<Row> {
    let cases = [(100, 0.001), (1_000, 0.001), (1_000, 0.01), (10_000, 0.001)];
    let mut rows = Vec::new();
    for (rate, base) in cases {
        let mut random = Random::new(15);
        let course = Course {
            rate,
            behaviours: PerArm {
                control: Behaviour::healthy(base),
                canary: Behaviour::healthy(base),
            },
            watch: FAILURES,
            shape: None,
        };
        let ends: Vec<End> = (0..runs).map(|_| course.run(&mut random)).collect();
        let complete = ends.iter().filter(|end| end.phase == Phase::Complete);
        let mut seconds: Vec<f64> = complete.map(|end| end.seconds).collect();
        let total = |luck| {
            let outlook = Outlook {
                arrivals: Arrivals::Steady(rate as f64),
                traffic: advance::Traffic::DEFAULT,
                base,
                luck,
            };
            let plan = outlook.plan(&Rule::PLAN, &Ladder::DEFAULT);
            plan.total_s().unwrap_or(f64::INFINITY)
        };
        let (low, middle, high) = (total(-TENTH), total(0.0), total(TENTH));
        let inside = seconds.iter().filter(|s| (low..=high).contains(*s)).count();
        let what = format!("forecast, {rate}/s, failures {} %", 100.0 * base);
        let all = seconds.len();
        let bound = Within(0.85 * middle, 1.15 * middle);
        let median = format!("{what}: median time, forecast {middle} s");
        rows.push(Row::quantile("T15", median, &mut seconds, 0.5, "s", bound));
        let inside_what = format!("{what}: inside of the 80 % interval, {low} to {high} s");
        rows.push(Row::part("T15", inside_what, inside, all, AtLeast(0.7)));
    }
    rows
}

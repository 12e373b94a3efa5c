//! The guard beside the rules that other tools stop a canary by, on the same streams.

use crate::random::Random;
use crate::rollout::FAILURES;
use crate::table::Bound::Within;
use crate::table::{Row, digits};
use crate::world::{Behaviour, Traffic, id};
use flagstone_rollout::guard::slowness::Baseline;
use flagstone_rollout::guard::{Guard, Plan, Verdict};
use flagstone_rollout::{Counts, Ladder, PerArm, Report};
use std::fmt::Write as _;

/// Ten-second intervals of an hour, and of a minute.
const HOUR: usize = 360;
const MINUTE: usize = 6;
const SHARE: f64 = 0.05;
const RATE: u64 = 100;

/// By how many standard errors canary requests fail more often than control's.
pub fn z(arms: &PerArm<Counts>) -> f64 {
    let (control, canary) = (&arms.control, &arms.canary);
    let (n, m) = (control.fetches as f64, canary.fetches as f64);
    let (f, g) = (control.hard_requests as f64, canary.hard_requests as f64);
    let pooled = (f + g) / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    if error > 0.0 {
        (g / m - f / n) / error
    } else {
        0.0
    }
}

/// The z of the Mann-Whitney test that one sample is larger than another, corrected for ties.
fn mann_whitney(control: &[f64], canary: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = control.iter().map(|x| (*x, false)).collect();
    all.extend(canary.iter().map(|x| (*x, true)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut rank, mut sum, mut ties) = (0.0, 0.0, 0.0);
    for same in all.chunk_by(|a, b| a.0 == b.0) {
        let count = same.len() as f64;
        let of_canary = same.iter().filter(|(_, is_canary)| *is_canary).count() as f64;
        sum += of_canary * (rank + (count + 1.0) / 2.0);
        ties += count * count * count - count;
        rank += count;
    }
    let (n, m) = (control.len() as f64, canary.len() as f64);
    let all = n + m;
    let u = sum - m * (m + 1.0) / 2.0;
    let variance = n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    if variance > 0.0 {
        (u - n * m / 2.0) / variance.sqrt()
    } else {
        0.0
    }
}

/// A way to stop a canary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// This project's.
    Guard,
    /// A success rate below this in more than so many minutes, counted in all.
    Threshold(f64, usize),
    /// A Mann-Whitney test of the failure rates of minutes at 98 %, every ten minutes.
    MannWhitney,
    /// A z-test at 5 %, every ten seconds.
    Peeking,
}

impl Method {
    /// All, and how they are called.
    pub const ALL: [(Self, &str); 5] = [
        (Self::Guard, "Flagstone"),
        (Self::Threshold(0.99, 4), "threshold 99 %"),
        (Self::Threshold(0.95, 3), "threshold 95 %"),
        (Self::MannWhitney, "Mann-Whitney"),
        (Self::Peeking, "z-test, peeking"),
    ];

    /// The interval after which it stops the canary, if it does.
    fn stops(self, strata: &[Report]) -> Option<usize> {
        match self {
            Self::Guard => guard(strata),
            Self::Threshold(least, most) => {
                let mut failing = 0;
                minutes(strata)
                    .position(|minute| {
                        failing += usize::from(1.0 - rate(&minute.canary) < least);
                        failing > most
                    })
                    .map(|minute| (minute + 1) * MINUTE - 1)
            }
            Self::MannWhitney => {
                let (control, canary): (Vec<f64>, Vec<f64>) = minutes(strata)
                    .map(|minute| (rate(&minute.control), rate(&minute.canary)))
                    .unzip();
                (10..=control.len())
                    .step_by(10)
                    .find(|so_far| {
                        let control = control.get(..*so_far).unwrap_or_default();
                        let canary = canary.get(..*so_far).unwrap_or_default();
                        mann_whitney(control, canary) > 2.326
                    })
                    .map(|minutes| minutes * MINUTE - 1)
            }
            Self::Peeking => {
                let mut sum = Report::default();
                strata.iter().position(|stratum| {
                    sum.merge(stratum);
                    z(&sum.arms) > 1.645
                })
            }
        }
    }
}

fn guard(strata: &[Report]) -> Option<usize> {
    let ladder = Ladder::new(&[SHARE]).expect("a ladder");
    let mut guard = Guard::new(1, Plan::new(ladder, FAILURES), Baseline::EMPTY, 0);
    strata.iter().zip(0u32..).position(|(stratum, step)| {
        guard.merge(id(step), stratum, i64::from(step) * 10_000 + 50_000);
        guard.assess().verdict == Verdict::RollBack
    })
}

fn minutes(strata: &[Report]) -> impl Iterator<Item = PerArm<Counts>> {
    strata.chunks(MINUTE).map(|minute| {
        let mut sum = Report::default();
        minute.iter().for_each(|stratum| sum.merge(stratum));
        sum.arms
    })
}

fn rate(counts: &Counts) -> f64 {
    counts.hard_requests as f64 / counts.fetches.max(1) as f64
}

/// What an hour brings.
struct Scenario {
    name: &'static str,
    base: f64,
    canary: f64,
    /// For two minutes in every twenty one request in five fails, in both arms.
    incidents: bool,
}

const SCENARIOS: [Scenario; 7] = [
    Scenario {
        name: "healthy",
        base: 0.005,
        canary: 0.005,
        incidents: false,
    },
    Scenario {
        name: "healthy, both fail at times",
        base: 0.005,
        canary: 0.005,
        incidents: true,
    },
    Scenario {
        name: "healthy, a service that fails 1.5 %",
        base: 0.015,
        canary: 0.015,
        incidents: false,
    },
    Scenario {
        name: "failures × 1.6",
        base: 0.005,
        canary: 0.008,
        incidents: false,
    },
    Scenario {
        name: "failures × 3",
        base: 0.005,
        canary: 0.015,
        incidents: false,
    },
    Scenario {
        name: "failures × 10",
        base: 0.005,
        canary: 0.05,
        incidents: false,
    },
    Scenario {
        name: "all fail",
        base: 0.005,
        canary: 1.0,
        incidents: false,
    },
];

impl Scenario {
    fn hour(&self, random: &mut Random) -> Vec<Report> {
        let stratum = |step: usize| {
            let is_incident = self.incidents && step % (20 * MINUTE) >= 18 * MINUTE;
            let behaviour = |hard: f64| Behaviour::healthy(if is_incident { 0.2 } else { hard });
            let traffic = Traffic {
                stage: 0,
                requests: RATE * 10,
                share: SHARE,
                behaviours: PerArm {
                    control: behaviour(self.base),
                    canary: behaviour(self.canary),
                },
                shapes: None,
            };
            traffic.report(random, step as i64 * 10_000)
        };
        (0..HOUR).map(stratum).collect()
    }
}

/// What each method did in each scenario.
pub struct Comparison {
    /// By scenario and method: after which intervals it stopped the canary.
    stops: Vec<Vec<Vec<usize>>>,
    runs: usize,
}

impl Comparison {
    /// Simulates.
    pub fn new(runs: usize) -> Self {
        let mut random = Random::new(22);
        let of_scenario = |scenario: &Scenario| {
            let mut stops = vec![Vec::new(); Method::ALL.len()];
            for _ in 0..runs {
                let hour = scenario.hour(&mut random);
                for ((method, _), stops) in Method::ALL.iter().zip(&mut stops) {
                    stops.extend(method.stops(&hour));
                }
            }
            stops
        };
        Self {
            stops: SCENARIOS.iter().map(of_scenario).collect(),
            runs,
        }
    }

    /// T22: a z-test that is looked at again and again stops healthy canaries.
    pub fn rows(&self) -> Vec<Row> {
        let peeking = self.stops.first().and_then(|methods| methods.last());
        let hits = peeking.map_or(0, Vec::len);
        let what = "z-test at 5 %, healthy, looked at every ten seconds for an hour: stops it";
        vec![Row::part("T22", what, hits, self.runs, Within(0.25, 0.5))]
    }

    /// The canary requests of an interval.
    const CANARY: f64 = (RATE * 10) as f64 * SHARE;

    /// A Markdown table: how often each stops the canary, and how many fail until then.
    pub fn markdown(&self) -> String {
        let mut out = String::from("| an hour at 100/s, 5 % |");
        for (_, name) in Method::ALL {
            let _ = write!(out, " {name} |");
        }
        out += "\n|---|";
        out += &"--:|".repeat(Method::ALL.len());
        out.push('\n');
        for (scenario, methods) in SCENARIOS.iter().zip(&self.stops) {
            let _ = write!(out, "| {} |", scenario.name);
            for stops in methods {
                let part = 100.0 * stops.len() as f64 / self.runs as f64;
                let excess = self.excess(scenario, stops);
                let cost = if scenario.canary > scenario.base {
                    format!(", {} fail", digits(excess))
                } else {
                    String::new()
                };
                let _ = write!(out, " {} %{cost} |", digits(part));
            }
            out.push('\n');
        }
        out
    }

    /// Excess failures until it was stopped, or in the hour, on average.
    fn excess(&self, scenario: &Scenario, stops: &[usize]) -> f64 {
        let intervals: usize = stops.iter().map(|stop| stop + 1).sum();
        let all = intervals + (self.runs - stops.len()) * HOUR;
        all as f64 / self.runs as f64 * Self::CANARY * (scenario.canary - scenario.base)
    }

    /// The part of healthy canaries that each method has stopped, minute by minute, in per cent.
    pub fn false_alarms(&self, scenario: usize) -> Vec<(&'static str, Vec<(f64, f64)>)> {
        let methods = self.stops.get(scenario).into_iter().flatten();
        let of_method = |((_, name), stops): (&(Method, &'static str), &Vec<usize>)| {
            let points = (0..=60).map(|minute| {
                let so_far = stops.iter().filter(|stop| **stop < minute * MINUTE).count();
                (minute as f64, 100.0 * so_far as f64 / self.runs as f64)
            });
            (*name, points.collect())
        };
        Method::ALL.iter().zip(methods).map(of_method).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_with_ties() {
        // By R: wilcox.test(c(3, 4, 4, 5), c(1, 2, 3, 3), correct = FALSE, exact = FALSE): p = 0.0409, z = 2.0449.
        let z = mann_whitney(&[1.0, 2.0, 3.0, 3.0], &[3.0, 4.0, 4.0, 5.0]);
        assert!((z - 2.05).abs() < 0.05, "{z}");
        assert_eq!(mann_whitney(&[1.0, 1.0], &[1.0, 1.0]), 0.0);
    }

    #[test]
    fn standard_errors() {
        let arm = |fetches, hard_requests| Counts {
            fetches,
            hard_requests,
            ..Counts::default()
        };
        let arms = PerArm {
            control: arm(1_000, 10),
            canary: arm(1_000, 20),
        };
        assert!((z(&arms) - 1.84).abs() < 0.01);
    }
}

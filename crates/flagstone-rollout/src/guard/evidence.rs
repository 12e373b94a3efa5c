//! The evidence of a whole rollout: one sum over strata, ratios and metrics, with one error budget.
//!
//! Each stratum multiplies the evidence of each ratio by a likelihood ratio, and a little restart mass is put in before,
//! so that harm that begins late is found as soon as harm from the start. All mass ever put in is 1 at most, and each
//! likelihood ratio has a mean of 1 at most where the canary is no worse; so the weighted sum reaches 1/α with a
//! probability of at most α, ever (Ville's inequality), however many looks, stages and metrics there are.

use super::label::{self, Point};
use super::plan::{METRICS, Metric, Plan};
use super::slowness::{self, Baseline};
use crate::bytes::{ReadError, Reader, write_f64};
use crate::number::{exp, ln, log_add_exp};
use crate::{Counts, Ladder, PerArm, Share};

/// Ratios in the longest grid.
const RATIOS: usize = 6;
/// Beyond this logarithm evidence is as good as infinite.
const LARGEST: f64 = 600.0;

/// The share in which an arm's counts came lately.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Realised {
    canary: f64,
    all: f64,
}

impl Realised {
    const DECAY: f64 = 0.9;
    /// In standard deviations.
    const FAR: f64 = 3.0;

    fn add(&mut self, canary: f64, control: f64) {
        self.canary = Self::DECAY * self.canary + canary;
        self.all = Self::DECAY * self.all + canary + control;
    }

    /// By how much more than three standard deviations the canary's part is above the planned one; below, with the
    /// opposite sign of `side`.
    fn is_far(&self, share: f64, side: f64) -> bool {
        let difference = side * (self.canary - share * self.all);
        difference > Self::FAR * (self.all * share * (1.0 - share)).sqrt()
    }

    /// The share with which an excess of the canary's events is judged.
    fn at_least(&self, share: f64) -> f64 {
        if self.is_far(share, 1.0) {
            share.max(self.canary / self.all)
        } else {
            share
        }
    }

    /// The share with which a lack of the canary's events is judged.
    fn at_most(&self, share: f64) -> f64 {
        if self.is_far(share, -1.0) {
            share.min(self.canary / self.all)
        } else {
            share
        }
    }
}

/// What a stratum was judged with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// The canary's share for failures: the planned one, or the realised one where that is far above it.
    pub share: f64,
    /// The restart mass put in.
    pub mass: f64,
}

/// A stratum: the counts of one stage in one interval.
#[derive(Clone, Copy, Debug)]
pub struct Stratum<'a> {
    /// The stage, from 0.
    pub stage: usize,
    /// The counts.
    pub arms: &'a PerArm<Counts>,
    /// Latencies to compare with; `None` says nothing about latencies, as in the first 20 seconds of a stage.
    pub baseline: Option<&'a Baseline>,
}

/// The evidence against a canary. Fixed size, about 1 KiB.
///
/// ```
/// use flagstone_rollout::guard::{Evidence, Plan, Stratum, Watch};
/// use flagstone_rollout::{Counts, Ladder, PerArm};
///
/// let plan = Plan::new(Ladder::DEFAULT, Watch { latency: false, ..Watch::DEFAULT });
/// let mut evidence = Evidence::new(&plan);
/// let arms = PerArm {
///     control: Counts { fetches: 9_900, hard: 10, ..Counts::default() },
///     canary: Counts { fetches: 100, hard: 9, ..Counts::default() },
/// };
/// evidence.add(&plan, &Stratum { stage: 0, arms: &arms, baseline: None });
/// assert!(evidence.total(&plan) > 100.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Logarithms, by metric and ratio.
    logs: [[f64; RATIOS]; METRICS],
    /// Restart mass that is left for strata.
    left: f64,
    /// A bit for each stage that has begun.
    begun: u16,
    fetches: [Realised; Ladder::MAX],
    exposed: [Realised; Ladder::MAX],
}

impl Evidence {
    /// None yet.
    pub const fn new(plan: &Plan) -> Self {
        Self {
            logs: [[f64::NEG_INFINITY; RATIOS]; METRICS],
            left: 1.0 - plan.stage_mass,
            begun: 0,
            fetches: [Realised {
                canary: 0.0,
                all: 0.0,
            }; Ladder::MAX],
            exposed: [Realised {
                canary: 0.0,
                all: 0.0,
            }; Ladder::MAX],
        }
    }

    /// Takes a stratum in; strata are taken in order of time. `None` and no change for a stage that there is not. Cost:
    /// some hundred logarithms and exponentials.
    pub fn add(&mut self, plan: &Plan, stratum: &Stratum<'_>) -> Option<Judged> {
        let share = plan.ladder.share(stratum.stage).map(Share::as_f64)?;
        let (control, canary) = (&stratum.arms.control, &stratum.arms.canary);
        let fetches = self.fetches.get_mut(stratum.stage)?;
        fetches.add(canary.fetches as f64, control.fetches as f64);
        let exposed = self.exposed.get_mut(stratum.stage)?;
        exposed.add(canary.goal_exposed as f64, control.goal_exposed as f64);
        let (more, less) = (fetches.at_least(share), exposed.at_most(share));
        let mass = self.mass(plan, stratum.stage);
        let has_both = canary.fetches > 0 && control.fetches > 0;
        let watched = Metric::ALL.into_iter().zip(plan.weights);
        for ((metric, weight), logs) in watched.zip(&mut self.logs) {
            if weight <= 0.0 {
                continue;
            }
            match metric {
                Metric::Hard | Metric::Soft => {
                    let events = match metric {
                        Metric::Hard => [control.hard, canary.hard],
                        _ => [control.soft, canary.soft],
                    };
                    let [control, canary] = events.map(|count| count as f64);
                    let events = PerArm { control, canary };
                    let part = if has_both {
                        1.0 / plan.overdispersion.max(1.0)
                    } else {
                        0.0
                    };
                    multiply(logs, metric, mass, |point| {
                        part * label::log_ratio(events, more, point)
                    });
                }
                Metric::Latency(quantile) => {
                    let p = slowness::QUANTILES.get(usize::from(quantile)).copied();
                    let baseline = stratum.baseline.filter(|baseline| baseline.is_ready());
                    let exceedance = baseline.zip(p).and_then(|(baseline, p)| {
                        let latencies = PerArm {
                            control: &control.latency,
                            canary: &canary.latency,
                        };
                        has_both.then(|| baseline.compare(p, latencies))?
                    });
                    multiply(logs, metric, mass, |point| match exceedance {
                        Some(found) => found.log_ratio(point.ratio) / slowness::OVERDISPERSION,
                        None => 0.0,
                    });
                }
                Metric::Goal(goal) => {
                    let hits = |counts: &Counts| {
                        let hits = counts.goal_hits.get(usize::from(goal)).copied();
                        hits.unwrap_or(0) as f64
                    };
                    let events = PerArm {
                        control: hits(control),
                        canary: hits(canary),
                    };
                    multiply(logs, metric, mass, |point| {
                        label::log_ratio(events, less, point)
                    });
                }
            }
        }
        Some(Judged { share: more, mass })
    }

    /// The restart mass of a stratum, which is taken from what is left.
    fn mass(&mut self, plan: &Plan, stage: usize) -> f64 {
        let spread = self.left / plan.strata.max(1.0);
        self.left -= spread;
        let bit = 1 << stage;
        if self.begun & bit == 0 {
            self.begun |= bit;
            spread + plan.stage_mass / plan.ladder.len() as f64
        } else {
            spread
        }
    }

    /// The logarithms of a metric's evidence, by ratio of its [grid](Metric::grid).
    pub fn logs(&self, metric: Metric) -> impl Iterator<Item = f64> {
        let row = Metric::ALL.iter().position(|other| *other == metric);
        let logs = row.and_then(|row| self.logs.get(row)).into_iter().flatten();
        logs.copied().zip(metric.grid()).map(|(log, _)| log)
    }

    /// The evidence of one metric: the weighted sum over its ratios.
    pub fn of(&self, metric: Metric) -> f64 {
        self.logs(metric)
            .zip(metric.grid())
            .map(|(log, point)| point.weight * exp(log.min(LARGEST)))
            .sum()
    }

    /// The evidence of all metrics, each with its part of the error budget.
    pub fn total(&self, plan: &Plan) -> f64 {
        self.sum(plan, |_, evidence| evidence)
    }

    /// As [`total`](Self::total), with at most 1 from each latency: as long as few units have been seen, latencies can
    /// hold a rollout but not roll it back.
    pub fn total_without_latency(&self, plan: &Plan) -> f64 {
        self.sum(plan, |metric, evidence| match metric {
            Metric::Latency(_) => evidence.min(1.0),
            _ => evidence,
        })
    }

    fn sum(&self, plan: &Plan, value: impl Fn(Metric, f64) -> f64) -> f64 {
        Metric::ALL
            .into_iter()
            .zip(plan.weights)
            .filter(|(_, weight)| *weight > 0.0)
            .map(|(metric, weight)| weight * value(metric, self.of(metric)))
            .sum()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let logs = self.logs.iter().flatten();
        let realised = self.fetches.iter().chain(&self.exposed);
        let realised = realised.flat_map(|realised| [&realised.canary, &realised.all]);
        for number in logs.chain([&self.left]).chain(realised) {
            write_f64(out, *number);
        }
        out.extend(self.begun.to_le_bytes());
    }

    pub(super) fn read(reader: &mut Reader<'_>, plan: &Plan) -> Result<Self, ReadError> {
        let mut evidence = Self::new(plan);
        for log in evidence.logs.iter_mut().flatten() {
            *log = reader.f64()?;
            if log.is_nan() || *log == f64::INFINITY {
                return Err(ReadError::Range);
            }
        }
        let realised = evidence.fetches.iter_mut().chain(&mut evidence.exposed);
        let realised = realised.flat_map(|realised| [&mut realised.canary, &mut realised.all]);
        for number in [&mut evidence.left].into_iter().chain(realised) {
            *number = reader.f64()?;
            if !(*number >= 0.0 && number.is_finite()) {
                return Err(ReadError::Range);
            }
        }
        evidence.begun = u16::from_le_bytes([reader.byte()?, reader.byte()?]);
        Ok(evidence)
    }
}

/// Puts mass into the evidence of each ratio and multiplies it with a likelihood ratio, all in logarithms.
fn multiply(
    logs: &mut [f64; RATIOS],
    metric: Metric,
    mass: f64,
    log_ratio: impl Fn(&Point) -> f64,
) {
    let mass = ln(mass);
    for (log, point) in logs.iter_mut().zip(metric.grid()) {
        *log = log_add_exp(*log, mass) + log_ratio(point);
    }
}

//! Bounds that hold at all times together, however often one looks.
//!
//! A bound of level β is wrong at any time at all with a probability of at most β: a confidence sequence, as in Robbins
//! (1970) and Howard, Ramdas, McAuliffe and Sekhon (2021).

use crate::Histogram;
use crate::PerArm;
use crate::latency::{BUCKETS, lower_edge};
use crate::number::{LN_PI, ln, ln_1p, ln_gamma};

/// The interval in which a number lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The evidence of `failures` in `trials` against a probability, as a sequence of independent trials: its logarithm.
///
/// The mixture of all probabilities with the weight of Krichevsky and Trofimov (1981), Beta(½, ½), over the likelihood
/// of `p`. The counts need not be whole. NaN if they are negative or NaN.
pub fn bernoulli_evidence(failures: f64, trials: f64, p: f64) -> f64 {
    Bernoulli::new(failures, trials).evidence(p)
}

/// Bounds on a probability after `failures` in `trials`, at level `level` (0.025, say). Without trials, and for what
/// cannot be counts, 0 to 1.
///
/// Cost: 120 evaluations of two logarithms each.
///
/// ```
/// use flagstone_rollout::bounds::bernoulli;
///
/// let bounds = bernoulli(5.0, 1000.0, 0.025);
/// assert!(bounds.low < 0.0005 && 0.0189 < bounds.high && bounds.high < 0.019);
/// ```
pub fn bernoulli(failures: f64, trials: f64, level: f64) -> Interval {
    Interval {
        low: bernoulli_low(failures, trials, level),
        high: bernoulli_high(failures, trials, level),
    }
}

/// The lower of the [`bernoulli`] bounds.
pub(crate) fn bernoulli_low(failures: f64, trials: f64, level: f64) -> f64 {
    match Bernoulli::valid(failures, trials) {
        Some(counts) if failures > 0.0 => counts.boundary(0.0, level),
        _ => 0.0,
    }
}

/// The upper of the [`bernoulli`] bounds.
pub(crate) fn bernoulli_high(failures: f64, trials: f64, level: f64) -> f64 {
    match Bernoulli::valid(failures, trials) {
        Some(counts) if failures < trials => counts.boundary(1.0, level),
        _ => 1.0,
    }
}

/// Counts, and what of the evidence does not depend on the probability.
struct Bernoulli {
    failures: f64,
    successes: f64,
    mixture: f64,
}

impl Bernoulli {
    fn new(failures: f64, trials: f64) -> Self {
        let successes = trials - failures;
        Self {
            failures,
            successes,
            mixture: ln_gamma(failures + 0.5) + ln_gamma(successes + 0.5)
                - ln_gamma(trials + 1.0)
                - LN_PI,
        }
    }

    fn valid(failures: f64, trials: f64) -> Option<Self> {
        (trials > 0.0 && trials.is_finite() && 0.0 <= failures && failures <= trials)
            .then(|| Self::new(failures, trials))
    }

    fn evidence(&self, p: f64) -> f64 {
        let times = |count: f64, log: f64| if count == 0.0 { 0.0 } else { count * log };
        self.mixture - times(self.failures, ln(p)) - times(self.successes, ln_1p(-p))
    }

    /// Where between an end, 0 or 1, and the observed frequency the evidence begins to exclude.
    fn boundary(&self, end: f64, level: f64) -> f64 {
        let limit = -ln(level);
        let (mut outside, mut inside) = (end, self.failures / (self.failures + self.successes));
        for _ in 0..60 {
            let middle = 0.5 * (outside + inside);
            if self.evidence(middle) >= limit {
                outside = middle;
            } else {
                inside = middle;
            }
        }
        0.5 * (outside + inside)
    }
}

/// The buckets in which a quantile of the latency lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantileBounds {
    /// The first bucket that is not excluded.
    pub low_bucket: usize,
    /// The last one.
    pub high_bucket: usize,
}

impl QuantileBounds {
    /// The least latency that is possible, in milliseconds.
    pub const fn low_ms(&self) -> u32 {
        lower_edge(self.low_bucket)
    }

    /// The latency below which the quantile lies, in milliseconds; `None` where there is no bound.
    pub const fn high_ms(&self) -> Option<u32> {
        if self.high_bucket + 1 < BUCKETS {
            Some(lower_edge(self.high_bucket + 1))
        } else {
            None
        }
    }
}

/// Bounds on the quantile `p` of a latency: whether a sample is below an edge is a [`bernoulli`] trial. Without samples
/// all buckets are possible. `level` for each side.
///
/// ```
/// use flagstone_rollout::{Histogram, bounds::quantile};
///
/// let mut histogram = Histogram::new();
/// histogram.add(39, 500);
/// histogram.add(62, 5);
/// let bounds = quantile(&histogram, 0.5, 0.05);
/// assert_eq!((bounds.low_ms(), bounds.high_ms()), (120, Some(128)));
/// ```
pub fn quantile(histogram: &Histogram, p: f64, level: f64) -> QuantileBounds {
    let total = histogram.total() as f64;
    let limit = -ln(level);
    let excludes = |cumulated: f64| bernoulli_evidence(cumulated, total, p) >= limit;
    let mut bounds = QuantileBounds {
        low_bucket: 0,
        high_bucket: BUCKETS - 1,
    };
    let mut below = 0.0;
    for (bucket, count) in histogram.counts().iter().enumerate() {
        let cumulated = below + f64::from(*count);
        if cumulated < p * total && excludes(cumulated) {
            bounds.low_bucket = (bucket + 1).min(BUCKETS - 1);
        }
        if below > p * total && excludes(below) {
            bounds.high_bucket = (bucket - 1).max(bounds.low_bucket);
            break;
        }
        below = cumulated;
    }
    bounds
}

/// Sums of one arm's values, such as a revenue.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// How many values.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// The sum of their squares.
    pub squares: f64,
}

impl Sums {
    fn mean(&self) -> f64 {
        self.sum / self.count
    }

    /// The variance of the mean.
    fn variance(&self) -> f64 {
        let mean = self.mean();
        (self.squares / self.count - mean * mean).max(0.0) / self.count
    }
}

/// How much the canary's mean is above control's, with bounds; for display, never for a rollback, since it holds for
/// large counts only. `None` where an arm has no values.
///
/// The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2021), tightest near 5,000
/// values in all. The half-width is exact to the last digits of `f64::sqrt` and the like.
///
/// ```
/// use flagstone_rollout::{PerArm, bounds::{Sums, mean_difference}};
///
/// let sums = PerArm {
///     control: Sums { count: 9000.0, sum: 45_000.0, squares: 330_000.0 },
///     canary: Sums { count: 1000.0, sum: 5_200.0, squares: 40_000.0 },
/// };
/// let (difference, half_width) = mean_difference(&sums, 0.05).unwrap();
/// assert!((difference - 0.2).abs() < 1e-9 && (half_width - 0.3655).abs() < 1e-4);
/// ```
pub fn mean_difference(sums: &PerArm<Sums>, level: f64) -> Option<(f64, f64)> {
    const TIGHTEST_AT: f64 = 5000.0;
    let (control, canary) = (sums.control, sums.canary);
    if !(control.count > 0.0 && canary.count > 0.0) {
        return None;
    }
    let n = control.count + canary.count;
    let variance = n * (canary.variance() + control.variance());
    let log = -2.0 * ln(level);
    let rho = (log + ln(log + 1.0)) / TIGHTEST_AT;
    let m = n * rho + 1.0;
    let half_width = (variance * 2.0 * m / (n * n * rho) * (0.5 * ln(m) - ln(level))).sqrt();
    Some((canary.mean() - control.mean(), half_width))
}

#[cfg(test)]
mod tests;

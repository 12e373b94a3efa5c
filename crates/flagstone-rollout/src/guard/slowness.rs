//! Whether the canary is slower: how many of each arm's latencies are above a threshold that earlier traffic of control
//! has set.

use crate::bytes::{ReadError, Reader, write_f64, write_varint};
use crate::latency::{BUCKETS, quantile};
use crate::number::ln;
use crate::{Histogram, PerArm};

use super::label::Point;

/// The quantiles that are watched.
pub const QUANTILES: [f64; 3] = [0.5, 0.9, 0.99];

/// Ratios of the odds of being above the threshold.
pub const RATIOS: [Point; 3] = [
    Point {
        ratio: 1.3,
        log: ln(1.3),
        weight: 0.4,
    },
    Point {
        ratio: 2.0,
        log: ln(2.0),
        weight: 0.3,
    },
    Point {
        ratio: 4.0,
        log: ln(4.0),
        weight: 0.3,
    },
];

/// By how many buckets the canary may be slower: 9 to 12 %.
const MARGIN: usize = 1;
/// What a stratum leaves of the latencies before it.
const DECAY: f64 = 0.95;
/// How many samples it takes to begin.
const SAMPLES: u64 = 1000;
/// Several requests of one unit are alike: the evidence counts half.
pub(super) const OVERDISPERSION: f64 = 2.0;

/// Control's latencies of late, older ones weighing less.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    counts: [f64; BUCKETS],
    /// Seen so far.
    samples: u64,
}

impl Baseline {
    /// Nothing known.
    pub const EMPTY: Self = Self {
        counts: [0.0; BUCKETS],
        samples: 0,
    };

    /// Latencies of control from before the rollout.
    pub fn new(control: &Histogram) -> Self {
        let mut baseline = Self::EMPTY;
        baseline.add(control);
        baseline
    }

    /// Takes control's latencies of a stratum in, after the stratum has been judged.
    pub fn add(&mut self, control: &Histogram) {
        for (mine, count) in self.counts.iter_mut().zip(control.counts()) {
            *mine = DECAY * *mine + f64::from(*count);
        }
        self.samples = self.samples.saturating_add(control.total());
    }

    /// Whether 1,000 samples have been seen; before that, nothing is said about latencies.
    pub const fn is_ready(&self) -> bool {
        self.samples >= SAMPLES
    }

    /// How the latencies of a stratum lie to the quantile `p` of those before it; `None` if the threshold would be
    /// beyond the last bucket, or nothing is known.
    pub fn compare(&self, p: f64, latencies: PerArm<&Histogram>) -> Option<Exceedance> {
        let total = self.counts.iter().sum::<f64>();
        let threshold = quantile(&self.counts, total, p)?;
        if threshold + 1 + MARGIN >= BUCKETS {
            return None;
        }
        let below: f64 = self.counts.iter().take(threshold + 1).sum();
        let expected = ((total - below + 0.5) / (total + 1.0)).clamp(1e-6, 1.0 - 1e-6);
        Some(Exceedance {
            threshold,
            expected,
            above: PerArm {
                control: latencies.control.above(threshold) as f64,
                canary: latencies.canary.above(threshold + MARGIN) as f64,
            },
            samples: PerArm {
                control: latencies.control.total() as f64,
                canary: latencies.canary.total() as f64,
            },
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for count in self.counts {
            write_f64(out, count);
        }
        write_varint(out, self.samples);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let mut baseline = Self::EMPTY;
        for count in &mut baseline.counts {
            *count = reader.f64()?;
            if !(*count >= 0.0 && count.is_finite()) {
                return Err(ReadError::Range);
            }
        }
        baseline.samples = reader.varint()?;
        Ok(baseline)
    }
}

/// How many latencies are above a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exceedance {
    /// The bucket above which control's are counted; the canary's are from the bucket after the next on.
    pub threshold: usize,
    /// The part of control's that is expected above it, above 0 and below 1.
    pub expected: f64,
    /// Those above it.
    pub above: PerArm<f64>,
    /// All.
    pub samples: PerArm<f64>,
}

impl Exceedance {
    /// The logarithm of an e-value: that the canary's odds of being above the threshold are `ratio` times the expected
    /// ones, against both arms having the same probability.
    ///
    /// The two-sample test of Turner, Ly and Grünwald (2021), exact for independent samples of any distribution.
    pub fn log_ratio(&self, ratio: f64) -> f64 {
        let (above, samples, control) = (self.above, self.samples, self.expected);
        let all = samples.canary + samples.control;
        if all.is_nan() || all <= 0.0 {
            return 0.0;
        }
        let canary = ratio * control / (1.0 + (ratio - 1.0) * control);
        let same = (samples.canary * canary + samples.control * control) / all;
        above.canary * ln(canary / same)
            + above.control * ln(control / same)
            + (samples.canary - above.canary) * ln((1.0 - canary) / (1.0 - same))
            + (samples.control - above.control) * ln((1.0 - control) / (1.0 - same))
    }
}

//! Latencies in 113 buckets.

/// The buckets of a [`Histogram`].
pub const BUCKETS: usize = 113;
const LAST: usize = BUCKETS - 1;

/// The bucket of a latency in milliseconds: 0 to 112. Exact below 16 ms, at most 12.5 % wide above; the last holds all from
/// 65,536 ms.
///
/// Eight buckets an octave, as in the log-linear histograms of HdrHistogram.
///
/// ```
/// use flagstone_rollout::latency::{bucket, lower_edge};
///
/// assert_eq!(bucket(120), 39);
/// assert_eq!((lower_edge(39), lower_edge(40)), (120, 128));
/// ```
#[inline]
pub const fn bucket(milliseconds: u32) -> usize {
    // What is left are the leading bit and the three behind it, 8 to 15; of a latency below 8 ms, itself.
    let dropped = (milliseconds | 8).ilog2() - 3;
    let bucket = (8 * dropped + (milliseconds >> dropped)) as usize;
    if bucket < LAST { bucket } else { LAST }
}

/// The least latency of a bucket, in milliseconds; of a bucket that there is not, the last one's.
#[inline]
pub const fn lower_edge(bucket: usize) -> u32 {
    let bucket = if bucket < LAST { bucket } else { LAST } as u32;
    if bucket < 8 {
        bucket
    } else {
        (8 + bucket % 8) << (bucket / 8 - 1)
    }
}

/// Counts of latencies: from the origin fetch to the response head, in milliseconds. Adding two histograms adds counts, so
/// their order does not matter. Counts stop at 4,294,967,295.
///
/// Hard failures and failovers are not samples: a timeout is a failure, not a latency.
///
/// ```
/// use flagstone_rollout::Histogram;
///
/// let mut histogram = Histogram::new();
/// histogram.record(120);
/// histogram.record(40);
/// assert_eq!((histogram.total(), histogram.quantile(0.5)), (2, Some(26)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Histogram {
    counts: [u32; BUCKETS],
}

impl Histogram {
    /// Without samples.
    pub const fn new() -> Self {
        Self {
            counts: [0; BUCKETS],
        }
    }

    /// Counts a latency in milliseconds.
    #[inline]
    pub fn record(&mut self, milliseconds: u32) {
        self.add(bucket(milliseconds), 1);
    }

    /// Counts `count` samples in a bucket; there is no bucket from 113 on, and nothing happens.
    #[inline]
    pub fn add(&mut self, bucket: usize, count: u32) {
        if let Some(slot) = self.counts.get_mut(bucket) {
            *slot = slot.saturating_add(count);
        }
    }

    /// Adds another's samples.
    pub fn merge(&mut self, other: &Self) {
        for (slot, count) in self.counts.iter_mut().zip(other.counts) {
            *slot = slot.saturating_add(count);
        }
    }

    /// How many samples there are.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// How many samples are above a bucket.
    pub fn above(&self, bucket: usize) -> u64 {
        let above = self
            .counts
            .get(bucket.saturating_add(1)..)
            .unwrap_or_default();
        above.iter().map(|count| u64::from(*count)).sum()
    }

    /// The counts, by bucket.
    pub const fn counts(&self) -> &[u32; BUCKETS] {
        &self.counts
    }

    /// The bucket in which a quantile lies, 0 to 112; `p` is from 0 to 1. `None` without samples.
    pub fn quantile(&self, p: f64) -> Option<usize> {
        let counts = self.counts.map(f64::from);
        quantile(&counts, self.total() as f64, p)
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

/// The first bucket up to which the counts are `p` of the total; `None` without a total.
pub(crate) fn quantile(counts: &[f64; BUCKETS], total: f64, p: f64) -> Option<usize> {
    let wanted = p * total;
    let mut sum = 0.0;
    let found = counts.iter().position(|count| {
        sum += count;
        sum >= wanted
    });
    // Rounding may leave the sum below the whole for a `p` of 1.
    (total > 0.0).then_some(found.unwrap_or(LAST))
}

#[cfg(test)]
mod tests;

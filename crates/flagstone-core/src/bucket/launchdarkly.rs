//! LaunchDarkly's bucketing.

use crate::hash::Sha1;

/// The position of a unit: the first 60 bits of the SHA-1 of the salt, a point and `unit`. `kept` is what a split has of the salt and
/// the point, which are so many bytes.
///
/// The SDKs divide it by 2 to the power of 60 and compare it with sums of weights, both as 64-bit floats; the compiler
/// turns such a sum into the least position that is not below it. The salt is the seed in decimal, or the flag's key, a
/// point and its salt. Source: `bucketContext` of LaunchDarkly's server-side SDKs.
pub(super) fn position(len: u16, kept: &[u8], unit: &str) -> u64 {
    let mut hash = Sha1::new();
    hash.resume(len, kept.as_chunks().0);
    hash.update(unit.as_bytes());
    hash.finish() >> 4
}

//! LaunchDarkly's bucketing.

use crate::hash::Sha1;

/// The position of a unit: the first 60 bits of the SHA-1 of `prefix`, a point and `unit`.
///
/// The SDKs divide it by 2 to the power of 60 and compare it with sums of weights, both as 64-bit floats; the compiler
/// turns such a sum into the least position that is not below it. `prefix` is the seed in decimal, or the flag's key, a
/// point and its salt. Source: `bucketContext` of LaunchDarkly's server-side SDKs.
#[inline]
pub fn position(prefix: &[u8], unit: &str) -> u64 {
    let mut hash = Sha1::new();
    hash.update(prefix);
    hash.update(b".");
    hash.update(unit.as_bytes());
    hash.finish() >> 4
}

//! The native bucketing: which part of a rollout a unit falls on.

use crate::Weight;
use crate::hash::{Murmur3, reduce};

/// Which of `total` equal parts a unit falls on, from 0.
///
/// Murmur3 x86 32-bit with seed 0 over the bytes of `salt` and then of `unit`, then (hash × total) >> 32 in 64-bit
/// integers. Equal arguments give equal results on every platform and in every release. A `total` of 0 gives 0.
/// Source: OpenFeature flagd's `fractional`, integer form (`@fractional-v2` of its testbed); there the salt is the
/// flag's key and the unit the targeting key.
///
/// ```
/// use flagstone_core::bucket;
///
/// assert_eq!(bucket("headerColor", "jon@company.com", 1000), 501);
/// ```
#[inline]
pub fn bucket(salt: &str, unit: &str, total: u32) -> u32 {
    of_bytes(salt.as_bytes(), unit.as_bytes(), total)
}

/// The bucket of a split: 0 to 999,999.
#[inline]
pub(crate) fn split_bucket(salt: &[u8], unit: &str) -> u32 {
    of_bytes(salt, unit.as_bytes(), Weight::TOTAL.0)
}

#[inline]
fn of_bytes(salt: &[u8], unit: &[u8], total: u32) -> u32 {
    let mut hash = Murmur3::new(0);
    hash.update(salt);
    hash.update(unit);
    reduce(hash.finish(), total)
}

#[cfg(test)]
mod tests;

//! Split's bucketing.

use crate::hash::Murmur3;

/// The bucket of a key, 1 to 100: Murmur3 x86 32-bit of its UTF-8 bytes. Source: `bucket` of Split's SDKs.
#[inline]
pub(crate) fn position(seed: u32, key: &str) -> u64 {
    let mut hash = Murmur3::new(seed);
    hash.update(key.as_bytes());
    u64::from(hash.finish() % 100 + 1)
}

/// The bucket by the legacy hash, that of Java's `String.hashCode`: over UTF-16 code units, in signed 32 bits, with a
/// remainder that is cut off towards zero. Source: `LegacyHasher` of Split's Java SDK.
#[inline]
pub(crate) fn legacy_position(seed: u32, key: &str) -> u64 {
    let hash = key.encode_utf16().fold(0i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    });
    u64::from((hash ^ seed as i32).wrapping_rem(100).unsigned_abs() + 1)
}

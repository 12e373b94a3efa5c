//! Unleash's bucketing.

use crate::hash::Murmur3;

/// The position of an id in a group, 1 to `modulus`: Murmur3 x86 32-bit of the group, a colon and the id.
///
/// Seed 0 and 100 parts decide whether a strategy is on, seed 86028157 and the sum of the weights choose a variant. The
/// Node SDK hashes the low byte of each UTF-16 code unit (`low_bytes`), all other SDKs the bytes of UTF-8; for ASCII this
/// is the same. Source: `normalizedValue` of Unleash's SDKs.
#[inline]
pub(crate) fn position(group: &str, id: &str, seed: u32, modulus: u32, low_bytes: bool) -> u64 {
    let mut hash = Murmur3::new(seed);
    for text in [group, ":", id] {
        if low_bytes {
            text.encode_utf16()
                .for_each(|unit| hash.update(&[unit as u8]));
        } else {
            hash.update(text.as_bytes());
        }
    }
    u64::from(hash.finish().checked_rem(modulus).unwrap_or(0)) + 1
}

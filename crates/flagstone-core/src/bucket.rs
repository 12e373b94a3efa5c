//! Which part of a rollout a unit falls on: the native bucketing, and those of flag services, each in a file of its own.
//!
//! A position is a whole number in the units of its algorithm, so that a rollout is a list of ranges of whole numbers
//! whatever the algorithm; where a service compares floats, the compiler has turned its bounds into positions.

mod flagd;
mod growthbook;
mod launchdarkly;
mod split;
mod unleash;

use crate::Weight;
use crate::context::AttributeValue;
use crate::eval::SERVICES;
use crate::hash::{Murmur3, reduce};
use crate::js;
use crate::layout::{Algorithm, SplitRecord};
use crate::scratch::Scratch;
use crate::snapshot::Snapshot;
use crate::text;

/// Bytes that the text of a value may have where it is made for hashing; text that is an attribute as it is may be longer.
const LONGEST_UNIT: usize = 512;

/// The position of a unit by a split's algorithm. `None` if the bytes make no sense; inside, `None` if the value cannot be
/// bucketed by.
pub(crate) fn position(
    snapshot: &Snapshot<'_>,
    split: &SplitRecord,
    value: AttributeValue<'_>,
) -> Option<Option<u64>> {
    let algorithm = Algorithm::from_code(split.algorithm)?;
    if !SERVICES && algorithm != Algorithm::Native {
        return None;
    }
    let salt = snapshot.data(split.salt_offset, split.salt_bytes())?;
    if let Algorithm::GrowthBookV1 | Algorithm::GrowthBookV2 = algorithm {
        return growthbook::position(algorithm, core::str::from_utf8(salt).ok()?, value);
    }
    if let Algorithm::Flagd | Algorithm::FlagdText = algorithm {
        return Some(flagd::position(algorithm, salt, split.modulus, value));
    }
    foreign(algorithm, salt, split, value)
}

/// The same for units that text is made of first.
fn foreign(
    algorithm: Algorithm,
    salt: &[u8],
    split: &SplitRecord,
    value: AttributeValue<'_>,
) -> Option<Option<u64>> {
    let mut scratch = Scratch::<LONGEST_UNIT>::new();
    let unit = match (unit_rule(algorithm), value) {
        (_, AttributeValue::Text(text)) => text,
        (UnitRule::WholeNumbers { limit }, AttributeValue::Number(number))
            if number.abs() <= limit && is_whole(number) =>
        {
            scratch.push(text::number(number).text())?;
            scratch.text()
        }
        (rule @ (UnitRule::Everything | UnitRule::Truthy), value) => {
            let is_missing = matches!(value, AttributeValue::Missing | AttributeValue::Null);
            if is_missing || matches!(rule, UnitRule::Truthy) && !js::is_truthy(value) {
                return Some(None);
            }
            text::value(value, &mut scratch)?;
            scratch.text()
        }
        _ => return Some(None),
    };
    // To JavaScript, a list is true also where its text is empty.
    let is_true = algorithm == Algorithm::UnleashTruthy && js::is_truthy(value);
    // To Split a key is never empty.
    if unit.is_empty() && algorithm != Algorithm::LaunchDarkly && !is_true {
        return Some(None);
    }
    let group = || core::str::from_utf8(salt).ok();
    let SplitRecord {
        seed,
        modulus,
        salt_len,
        ..
    } = *split;
    Some(Some(match algorithm {
        Algorithm::Native => native(seed, modulus, salt_len, unit),
        Algorithm::LaunchDarkly => launchdarkly::position(salt_len, salt, unit),
        Algorithm::Split => split::position(seed, unit),
        Algorithm::SplitLegacy => split::legacy_position(seed, unit),
        Algorithm::Unleash | Algorithm::UnleashText | Algorithm::UnleashTruthy => {
            unleash::position(group()?, unit, seed, modulus, true)
        }
        Algorithm::UnleashUtf8 => unleash::position(group()?, unit, seed, modulus, false),
        // Decided by then.
        Algorithm::GrowthBookV1
        | Algorithm::GrowthBookV2
        | Algorithm::Flagd
        | Algorithm::FlagdText => return None,
    }))
}

/// Whether a number has no fraction.
fn is_whole(number: f64) -> bool {
    number.is_finite()
        && (number.abs() >= 9_007_199_254_740_992.0 || number == number as i64 as f64)
}

/// Which values are a unit, besides text.
enum UnitRule {
    /// None.
    TextOnly,
    /// Numbers without a fraction up to a limit.
    WholeNumbers { limit: f64 },
    /// All but what is missing or null.
    Everything,
    /// All that JavaScript takes for true.
    Truthy,
}

fn unit_rule(algorithm: Algorithm) -> UnitRule {
    match algorithm {
        // Beyond this, whole numbers are not all different.
        Algorithm::Native => UnitRule::WholeNumbers {
            limit: 9_007_199_254_740_992.0,
        },
        Algorithm::LaunchDarkly => UnitRule::WholeNumbers { limit: f64::MAX },
        Algorithm::Split | Algorithm::SplitLegacy | Algorithm::UnleashText => UnitRule::TextOnly,
        Algorithm::Unleash | Algorithm::UnleashUtf8 => UnitRule::Everything,
        Algorithm::UnleashTruthy => UnitRule::Truthy,
        Algorithm::GrowthBookV1
        | Algorithm::GrowthBookV2
        | Algorithm::Flagd
        | Algorithm::FlagdText => UnitRule::TextOnly,
    }
}

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
    let mut hash = Murmur3::new(0);
    hash.update(salt.as_bytes());
    hash.update(unit.as_bytes());
    reduce(hash.finish(), total)
}

/// The same of a split, whose record says what hashing the salt has come to: 0 to 999,999.
fn native(state: u32, tail: u32, salt_len: u16, unit: &str) -> u64 {
    let mut hash = Murmur3::resume(state, tail, salt_len.into());
    hash.update(unit.as_bytes());
    reduce(hash.finish(), Weight::TOTAL.0).into()
}

#[cfg(test)]
mod tests;

//! Versions as Split's SDKs read and compare them.

use super::is_number;
use crate::text::{halves, split};
use core::cmp::Ordering;

/// A version as Split reads it: three numbers of any length, which may begin with zeros; a pre-release of any characters,
/// in parts that are not empty; build metadata that is not empty.
///
/// Source: `Semver` of `@splitsoftware/splitio-commons` 2.12.1.
///
/// ```
/// use flagstone_core::SplitVersion;
///
/// let version = SplitVersion::parse("01.2.3-rc").unwrap();
/// assert!(version.is_same(&SplitVersion::parse("1.2.3-rc").unwrap()));
/// assert!(SplitVersion::parse("1.2").is_none());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SplitVersion<'a> {
    numbers: [&'a str; 3],
    pre: Option<&'a str>,
    build: Option<&'a str>,
}

impl<'a> SplitVersion<'a> {
    /// Reads a version; `None` if it is none.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (version, build) = halves(text, b'+');
        let (numbers, pre) = halves(version, b'-');
        let (major, rest) = halves(numbers, b'.');
        let (minor, patch) = halves(rest?, b'.');
        let numbers = [major, minor, patch?];
        let well_formed = numbers.into_iter().all(is_number)
            && build.is_none_or(|build| !build.is_empty())
            && pre.is_none_or(|pre| split(pre, b'.').all(|part| !part.is_empty()));
        well_formed.then_some(Self {
            numbers: numbers.map(without_zeros),
            pre,
            build,
        })
    }

    /// Whether the normal forms of both are the same text, build metadata included.
    pub fn is_same(&self, other: &Self) -> bool {
        self.numbers == other.numbers
            && self.build == other.build
            && self.pre.is_some() == other.pre.is_some()
            && self.parts().eq(other.parts())
    }

    /// How two versions stand to each other; build metadata has no part in it. This is an order of any two, but not of more:
    /// numbers in pre-releases are compared with each other as numbers, and with words as text.
    pub fn compare(&self, other: &Self) -> Ordering {
        let numbers = self.numbers.into_iter().zip(other.numbers);
        numbers
            .map(|(one, another)| compare(one, another))
            .find(|order| order.is_ne())
            // A version with a pre-release comes before the one without.
            .unwrap_or_else(|| self.pre.is_none().cmp(&other.pre.is_none()))
            .then_with(|| self.compare_parts(other))
    }

    fn compare_parts(&self, other: &Self) -> Ordering {
        let mut others = other.parts();
        for part in self.parts() {
            let Some(other) = others.next() else {
                return Ordering::Greater;
            };
            let order = compare(part, other);
            if order.is_ne() {
                return order;
            }
        }
        if others.next().is_some() {
            Ordering::Less
        } else {
            Ordering::Equal
        }
    }

    /// The parts of the pre-release, in their normal form.
    fn parts(&self) -> impl Iterator<Item = &'a str> {
        let parts = self.pre.into_iter().flat_map(|pre| split(pre, b'.'));
        parts.map(|part| {
            if is_number(part) {
                without_zeros(part)
            } else {
                part
            }
        })
    }
}

/// A number without the zeros that it begins with, but for the last digit.
fn without_zeros(digits: &str) -> &str {
    let rest = digits.trim_start_matches('0');
    let last = digits.len().saturating_sub(1);
    if rest.is_empty() {
        digits.get(last..).unwrap_or(digits)
    } else {
        rest
    }
}

/// Two numbers by their value, anything else as JavaScript compares text: by UTF-16 code units.
fn compare(one: &str, another: &str) -> Ordering {
    if is_number(one) && is_number(another) && one.len() != another.len() {
        return one.len().cmp(&another.len());
    }
    one.encode_utf16().cmp(another.encode_utf16())
}

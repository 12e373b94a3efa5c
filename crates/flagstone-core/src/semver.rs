//! Semantic versions, read and compared without a copy.

mod flagd;
mod npm;
mod split;

pub use split::SplitVersion;

use crate::text::{halves, split};
use core::cmp::Ordering;

/// A version as SemVer 2.0.0 defines it. Build metadata is checked and then forgotten: it has no part in precedence.
///
/// ```
/// use flagstone_core::SemVer;
///
/// let beta = SemVer::parse("2.3.0-beta.2").unwrap();
/// assert!(beta < SemVer::parse("2.3.0-beta.11").unwrap());
/// assert!(beta < SemVer::parse("2.3.0+build.7").unwrap());
/// assert_eq!(SemVer::parse("2.3"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SemVer<'a> {
    /// Major version.
    pub major: u64,
    /// Minor version.
    pub minor: u64,
    /// Patch version.
    pub patch: u64,
    /// Dot-separated pre-release identifiers; empty for a release.
    pub pre: &'a str,
}

impl<'a> SemVer<'a> {
    /// Reads a version; `None` if it is not exactly of the standard's form, or if a number exceeds 64 bits.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut numbers = [0u64; 3];
        let mut rest = text.as_bytes();
        for (place, number) in numbers.iter_mut().enumerate() {
            if place > 0 {
                rest = rest.strip_prefix(b".")?;
            }
            (*number, rest) = leading_number(rest)?;
        }
        let [major, minor, patch] = numbers;
        let version = Self {
            major,
            minor,
            patch,
            pre: "",
        };
        if rest.is_empty() {
            return Some(version);
        }
        let (rest, build) = halves(text.get(text.len() - rest.len()..)?, b'+');
        let pre = match rest {
            "" => None,
            _ => Some(rest.strip_prefix('-')?),
        };
        let well_formed = pre.is_none_or(|pre| split(pre, b'.').all(is_pre_release))
            && build.is_none_or(|build| split(build, b'.').all(is_identifier));
        well_formed.then_some(Self {
            pre: pre.unwrap_or_default(),
            ..version
        })
    }
}

/// Bits of a number in a rank. The greatest number that they hold stands for all that are as great.
const RANK_BITS: u32 = 20;
const RANK_MAX: u64 = (1 << RANK_BITS) - 1;

impl SemVer<'_> {
    /// The version as a number of 61 bits, in the order of precedence among those of [ranked](Self::is_ranked) releases.
    ///
    /// From the highest bit on: major, minor and patch version in 20 bits each, and 1 for a release, 0 for a pre-release. A
    /// number of 1,048,575 or more is that, and so is each behind it.
    ///
    /// ```
    /// use flagstone_core::SemVer;
    ///
    /// let rank = |version| SemVer::parse(version).unwrap().rank();
    /// assert!(rank("2.3.0-rc.1") < rank("2.3.0") && rank("2.3.0") < rank("2.3.1-rc.1"));
    /// assert!(rank("2.20261128.0") > rank("2.999999.9"));
    /// ```
    pub fn rank(&self) -> u64 {
        let mut rank = 0;
        let mut is_beyond = false;
        for number in [self.major, self.minor, self.patch] {
            is_beyond |= number >= RANK_MAX;
            rank = rank << RANK_BITS | if is_beyond { RANK_MAX } else { number };
        }
        rank << 1 | u64::from(self.pre.is_empty())
    }

    /// Whether it is a release of which no other version has the [rank](Self::rank).
    pub fn is_ranked(&self) -> bool {
        let numbers = [self.major, self.minor, self.patch];
        self.pre.is_empty() && numbers.iter().all(|number| *number < RANK_MAX)
    }

    /// The release of a rank.
    pub(crate) fn ranked(rank: u64) -> Self {
        let number = |place: u32| rank >> (1 + place * RANK_BITS) & RANK_MAX;
        Self {
            major: number(2),
            minor: number(1),
            patch: number(0),
            pre: "",
        }
    }
}

impl Ord for SemVer<'_> {
    /// Precedence, section 11 of the standard.
    fn cmp(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| match (self.pre, other.pre) {
                ("", "") => Ordering::Equal,
                ("", _) => Ordering::Greater,
                (_, "") => Ordering::Less,
                (a, b) => split(a, b'.')
                    .map(Identifier)
                    .cmp(split(b, b'.').map(Identifier)),
            })
    }
}

impl PartialOrd for SemVer<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One identifier of a pre-release: numbers by value and below words, words by their bytes.
#[derive(PartialEq, Eq)]
struct Identifier<'a>(&'a str);

impl Ord for Identifier<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (is_number(self.0), is_number(other.0)) {
            // Numbers have no leading zeros, so the longer one is greater.
            (true, true) => self
                .0
                .len()
                .cmp(&other.0.len())
                .then_with(|| self.0.cmp(other.0)),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.0.cmp(other.0),
        }
    }
}

impl PartialOrd for Identifier<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn has_leading_zero(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0')
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_pre_release(text: &str) -> bool {
    is_identifier(text) && !(is_number(text) && has_leading_zero(text))
}

fn numeric(text: &str) -> Option<u64> {
    match leading_number(text.as_bytes())? {
        (number, []) => Some(number),
        _ => None,
    }
}

/// The number that bytes begin with, written without leading zeros, and what is behind it.
#[inline]
fn leading_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (first, mut rest) = bytes.split_first()?;
    let mut number = digit(*first)?;
    while let Some((next, behind)) = rest.split_first()
        && let Some(next) = digit(*next)
    {
        if number == 0 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(next)?;
        rest = behind;
    }
    Some((number, rest))
}

#[inline]
fn digit(byte: u8) -> Option<u64> {
    byte.is_ascii_digit().then(|| u64::from(byte - b'0'))
}

#[cfg(test)]
mod tests;

//! Versions as npm's package `semver` reads and compares them, in LaunchDarkly's way of calling it.

use super::{Identifier, SemVer, is_identifier, is_number, is_pre_release, numeric};
use crate::number;
use crate::text::{halves, is_blank, split};
use core::cmp::Ordering;

/// UTF-16 code units that a version may have.
pub(super) const LONGEST: usize = 256;
/// The largest number of a version, and the first that is not read as a number in a pre-release.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

impl<'a> SemVer<'a> {
    /// Reads a version as LaunchDarkly's Node SDK does: one or two numbers are completed by `.0`, blanks around do not count.
    ///
    /// `None` if it begins with `v`, has more than 256 UTF-16 code units or a number beyond 53 bits, or is none at all.
    /// Source: `parseSemver` of `@launchdarkly/js-server-sdk-common` 2.x, on top of `semver` 7.5.4.
    ///
    /// ```
    /// use flagstone_core::SemVer;
    ///
    /// assert_eq!(SemVer::parse_npm("2-rc"), SemVer::parse("2.0.0-rc"));
    /// assert_eq!(SemVer::parse_npm("v2.0.0"), None);
    /// ```
    pub fn parse_npm(text: &'a str) -> Option<Self> {
        if text.starts_with('v') {
            return None;
        }
        let units = text.encode_utf16().count();
        if units > LONGEST {
            return None;
        }
        // COMPAT(launchdarkly): the `v` that is refused above is let through behind blanks.
        Self::parse_npm_strict(text).or_else(|| Self::completed(text, units))
    }

    /// Reads a version as npm's `semver` does: blanks around it and a `v` before it do not count.
    ///
    /// `None` if it has more than 256 UTF-16 code units or a number beyond 53 bits, or is none at all.
    ///
    /// ```
    /// use flagstone_core::SemVer;
    ///
    /// assert_eq!(SemVer::parse_npm_strict(" v1.2.3"), SemVer::parse("1.2.3"));
    /// assert_eq!(SemVer::parse_npm_strict("2-rc"), None);
    /// ```
    pub fn parse_npm_strict(text: &'a str) -> Option<Self> {
        if text.encode_utf16().count() > LONGEST {
            return None;
        }
        let trimmed = text.trim_matches(is_blank);
        let plain = trimmed.strip_prefix('v').unwrap_or(trimmed);
        Self::parse(plain).filter(Self::is_safe)
    }

    /// One or two numbers from the first character on, as if `.0` had been written behind them.
    fn completed(text: &'a str, units: usize) -> Option<Self> {
        let (major, mut rest) = digits(text);
        let mut minor = "0";
        let mut missing = 2;
        if let Some(behind) = rest.strip_prefix('.')
            && let (digits, tail) = digits(behind)
            && !digits.is_empty()
        {
            (minor, rest, missing) = (digits, tail, 1);
        }
        // COMPAT(launchdarkly): what is completed may become too long.
        if units + 2 * missing > LONGEST {
            return None;
        }
        let tail = rest.trim_end_matches(is_blank);
        let (tail, build) = halves(tail, b'+');
        let pre = match tail.strip_prefix('-') {
            Some(pre) => Some(pre),
            None if tail.is_empty() => None,
            None => return None,
        };
        let version = Self {
            major: numeric(major)?,
            minor: numeric(minor)?,
            patch: 0,
            pre: pre.unwrap_or_default(),
        };
        let well_formed = version.is_safe()
            && pre.is_none_or(|pre| split(pre, b'.').all(is_pre_release))
            && build.is_none_or(|build| split(build, b'.').all(is_identifier));
        well_formed.then_some(version)
    }

    pub(super) fn is_safe(&self) -> bool {
        self.major.max(self.minor).max(self.patch) <= MAX_SAFE_INTEGER
    }

    /// Precedence as npm's package has it: that of the standard, but for numbers of a pre-release beyond 53 bits.
    pub fn cmp_npm(&self, other: &Self) -> Ordering {
        let numbers = (self.major, self.minor, self.patch);
        let pre = || match (self.pre, other.pre) {
            ("", "") => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            (a, b) => pre_releases(a, b),
        };
        let order = numbers.cmp(&(other.major, other.minor, other.patch));
        order.then_with(pre)
    }
}

fn pre_releases(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (split(a, b'.'), split(b, b'.'));
    loop {
        let (a, b) = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) if a == b => continue,
            (Some(a), Some(b)) => (a, b),
        };
        if is_number(a) && is_number(b) {
            // COMPAT(launchdarkly): as floats, and two that differ and are equal as floats end the comparison.
            let (a, b) = (number::parse(a), number::parse(b));
            return a.partial_cmp(&b).unwrap_or(Ordering::Equal);
        }
        return Identifier(a).cmp(&Identifier(b));
    }
}

/// The leading digits of a text, and the rest.
pub(super) fn digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit());
    text.split_at_checked(end.unwrap_or(text.len()))
        .unwrap_or((text, ""))
}

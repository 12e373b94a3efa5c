//! Versions as flagd's evaluator for JavaScript reads them.

use super::npm::{LONGEST, digits};
use super::{SemVer, numeric};
use crate::text::is_blank;

impl<'a> SemVer<'a> {
    /// Reads a version as flagd's `sem_ver` does: a leading `v` or `V` does not count, nor do blanks around, and one or two
    /// numbers are completed by zeros.
    ///
    /// Source: `normalizeVersion` of `@openfeature/flagd-core` 4.0.1, on top of npm's `semver` 7.8.6.
    pub(crate) fn parse_flagd(text: &'a str) -> Option<Self> {
        let plain = text.strip_prefix(['v', 'V']).unwrap_or(text);
        if plain.encode_utf16().count() <= LONGEST {
            let trimmed = plain.trim_matches(is_blank);
            // COMPAT(flagd): npm takes one more `v`.
            let trimmed = trimmed.strip_prefix('v').unwrap_or(trimmed);
            if let Some(version) = Self::parse(trimmed).filter(Self::is_safe) {
                return Some(version);
            }
        }
        Self::of_one_or_two(plain)
    }

    /// One or two numbers and nothing else. COMPAT(flagd): npm looks for numbers of at most 16 digits in there.
    fn of_one_or_two(plain: &'a str) -> Option<Self> {
        const DIGITS: usize = 16;
        let (first, rest) = digits(plain);
        let second = match rest.strip_prefix('.') {
            Some(behind) => {
                let (second, rest) = digits(behind);
                (!second.is_empty() && rest.is_empty()).then_some(Some(second))?
            }
            None => rest.is_empty().then_some(None)?,
        };
        let short = |digits: &&str| digits.len() <= DIGITS;
        let (major, minor) = match (Some(first).filter(short), second.filter(short)) {
            (Some(first), second) => (first, second.unwrap_or("0")),
            (None, Some(second)) => (second, "0"),
            (None, None) => return None,
        };
        let version = Self {
            major: numeric(major)?,
            minor: numeric(minor)?,
            patch: 0,
            pre: "",
        };
        Some(version).filter(Self::is_safe)
    }
}

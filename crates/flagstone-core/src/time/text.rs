//! Dates in text.

use super::days_since_epoch;
use crate::units::UnixMillis;

/// Reads an RFC 3339 date-time: `2026-12-01T08:00:00Z`, `2026-12-01T09:00:00.250+01:00`.
///
/// The letters may be small, a blank may stand for the `T`, digits behind the milliseconds are dropped, a leap second
/// counts as the second before it. Anything else, a date without time or zone too, is `None`.
///
/// ```
/// use flagstone_core::{UnixMillis, parse_rfc3339};
///
/// assert_eq!(parse_rfc3339("1970-01-02T00:00:00.5+01:00"), Some(UnixMillis(82_800_500)));
/// assert_eq!(parse_rfc3339("2026-02-30T00:00:00Z"), None);
/// ```
pub fn parse_rfc3339(text: &str) -> Option<UnixMillis> {
    let mut written = Written::of(text, b"Tt ", b"Zz+-", true)?;
    let is_day = written.day <= days_in_month(written.year, written.month);
    let is_time = written.hour <= 23 && written.second <= 60;
    written.second = written.second.min(59);
    (is_day && is_time).then(|| written.moment())
}

/// Reads a date with time and zone as V8's `Date.parse` does: `2026-12-01T09:00:00.250+01:00`, or `+0100` for the zone.
///
/// Days up to 31 are taken in every month, and `24:00:00` for the next midnight; digits behind the milliseconds are
/// dropped. `None` for anything else. That is what LaunchDarkly's Node SDK lets through to `Date.parse`, and what V8 makes
/// of it; there is no leap second, and the letters are capital.
///
/// ```
/// use flagstone_core::{parse_rfc3339, parse_v8};
///
/// assert_eq!(parse_v8("2021-02-30T00:00:00Z"), parse_rfc3339("2021-03-02T00:00:00Z"));
/// assert_eq!(parse_v8("2026-12-01T08:00:00+01"), None);
/// ```
pub fn parse_v8(text: &str) -> Option<UnixMillis> {
    let written = Written::of(text, b"T", b"Z+-", false)?;
    // COMPAT(launchdarkly): V8 sees a digit behind the milliseconds before it drops it.
    let is_midnight = written.minute == 0 && written.second == 0 && written.is_whole;
    let is_time = written.hour < 24 || (written.hour == 24 && is_midnight);
    (is_time && written.second <= 59).then(|| written.moment())
}

/// A date with time and zone, as it is written. Months are from 1 to 12, days from 1 to 31, minutes up to 59; hours and seconds have two
/// digits.
struct Written {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    millis: i64,
    /// Whether all digits behind the seconds are 0.
    is_whole: bool,
    /// Minutes east of Greenwich.
    offset: i64,
}

impl Written {
    /// One of `marks` stands before the time, one of `zones` behind it, and in an offset a colon, or at will.
    fn of(text: &str, marks: &[u8], zones: &[u8], has_colon: bool) -> Option<Self> {
        let rest = &mut text.as_bytes();
        let year = number(rest, 4)?;
        literal(rest, b"-")?;
        let month = number(rest, 2)?;
        literal(rest, b"-")?;
        let day = number(rest, 2)?;
        literal(rest, marks)?;
        let hour = number(rest, 2)?;
        literal(rest, b":")?;
        let minute = number(rest, 2)?;
        literal(rest, b":")?;
        let second = number(rest, 2)?;
        let (millis, is_whole) = match rest {
            [b'.', ..] => fraction(rest)?,
            _ => (0, true),
        };
        let offset = match literal(rest, zones)? {
            sign @ (b'+' | b'-') => {
                let hours = number(rest, 2)?;
                if has_colon || rest.first() == Some(&b':') {
                    literal(rest, b":")?;
                }
                let minutes = number(rest, 2)?;
                let is_offset = hours <= 23 && minutes <= 59;
                let offset = is_offset.then_some(hours * 60 + minutes)?;
                if sign == b'-' { -offset } else { offset }
            }
            _ => 0,
        };
        let is_date = (1..=12).contains(&month) && (1..=31).contains(&day);
        (is_date && minute <= 59 && rest.is_empty()).then_some(Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            millis,
            is_whole,
            offset,
        })
    }

    /// A day that its month does not have is one of the next.
    fn moment(&self) -> UnixMillis {
        let days = days_since_epoch(self.year, self.month, self.day);
        let minutes = (days * 24 + self.hour) * 60 + self.minute - self.offset;
        UnixMillis((minutes * 60 + self.second) * 1000 + self.millis)
    }
}

/// Takes `digits` decimal digits.
fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (head, tail) = rest.split_at_checked(digits)?;
    *rest = tail;
    head.iter().try_fold(0, |value, digit| {
        Some(value * 10 + i64::from(decimal(*digit)?))
    })
}

/// Takes a point and at least one digit; gives milliseconds, and whether all digits are 0.
fn fraction(rest: &mut &[u8]) -> Option<(i64, bool)> {
    literal(rest, b".")?;
    let (mut millis, mut is_whole, mut scale) = (0, true, 100);
    decimal(*rest.first()?)?;
    while let Some(digit) = rest.first().and_then(|byte| decimal(*byte)) {
        millis += i64::from(digit) * scale;
        is_whole &= digit == 0;
        scale /= 10;
        literal(rest, b"0123456789")?;
    }
    Some((millis, is_whole))
}

fn decimal(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

/// Takes one of some bytes.
fn literal(rest: &mut &[u8], allowed: &[u8]) -> Option<u8> {
    let (first, tail) = rest.split_first()?;
    *rest = tail;
    allowed.contains(first).then_some(*first)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

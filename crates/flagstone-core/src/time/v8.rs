//! Dates in text as V8 reads them.

use super::{days_since_epoch, decimal, literal, number};
use crate::units::UnixMillis;

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
    let mut rest = text.as_bytes();
    let year = number(&mut rest, 4)?;
    literal(&mut rest, b"-")?;
    let month = number(&mut rest, 2)?;
    literal(&mut rest, b"-")?;
    let day = number(&mut rest, 2)?;
    literal(&mut rest, b"T")?;
    let hour = number(&mut rest, 2)?;
    literal(&mut rest, b":")?;
    let minute = number(&mut rest, 2)?;
    literal(&mut rest, b":")?;
    let second = number(&mut rest, 2)?;
    let mut millis = 0;
    let mut is_midnight = minute == 0 && second == 0;
    if rest.first() == Some(&b'.') {
        literal(&mut rest, b".")?;
        let mut scale = 100;
        let mut digits = 0;
        while let Some(digit) = rest.first().and_then(|byte| decimal(*byte)) {
            millis += i64::from(digit) * scale;
            scale /= 10;
            digits += 1;
            // COMPAT(launchdarkly): V8 sees a digit behind the milliseconds before it drops it.
            is_midnight &= digit == 0;
            literal(&mut rest, b"0123456789")?;
        }
        if digits == 0 {
            return None;
        }
    }
    let is_time = hour < 24 || (hour == 24 && is_midnight);
    if !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
        || !is_time
        || minute > 59
        || second > 59
    {
        return None;
    }
    let sign = literal(&mut rest, b"Z+-")?;
    let mut offset = 0;
    if sign != b'Z' {
        let hours = number(&mut rest, 2)?;
        if rest.first() == Some(&b':') {
            literal(&mut rest, b":")?;
        }
        let minutes = number(&mut rest, 2)?;
        if hours > 23 || minutes > 59 {
            return None;
        }
        offset = hours * 60 + minutes;
        if sign == b'-' {
            offset = -offset;
        }
    }
    if !rest.is_empty() {
        return None;
    }
    // The first of the month, and so many days on.
    let days = days_since_epoch(year, month, 1) + day - 1;
    let minutes = (days * 24 + hour) * 60 + minute - offset;
    Some(UnixMillis((minutes * 60 + second) * 1000 + millis))
}

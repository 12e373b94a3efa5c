//! Moments: the current one, and how they are written.

use flagstone_core::{UnixMillis, parse_rfc3339};
use std::fmt;
use std::time::SystemTime;

/// The current time.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where the time comes in; everything else gets it as an argument"
)]
pub fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    UnixMillis(millis.try_into().unwrap_or(i64::MAX))
}

/// Reads a date-time that was given as an argument.
///
/// # Errors
/// If it is not an RFC 3339 date-time.
pub fn parse(text: &str) -> Result<UnixMillis, NotADate> {
    parse_rfc3339(text).ok_or(NotADate)
}

/// A text is no date-time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADate;

impl fmt::Display for NotADate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an RFC 3339 date-time such as 2026-12-01T08:00:00Z")
    }
}

impl std::error::Error for NotADate {}

/// A moment as RFC 3339 writes it, in UTC.
#[derive(Clone, Copy, Debug)]
pub struct Rfc3339(pub UnixMillis);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: i64 = 86_400_000;
        let Self(UnixMillis(millis)) = *self;
        // Days are counted from the first of March of a year that 400 divides; a cycle of 400 years has 146,097 days.
        let days = millis.div_euclid(DAY) + 719_468;
        let (cycle, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153; // 0 is March
        let day = day - (153 * month + 2) / 5 + 1;
        let (late, month) = if month < 10 {
            (0, month + 3)
        } else {
            (1, month - 9)
        };
        let year = cycle * 400 + year + late;
        let seconds = millis.rem_euclid(DAY) / 1000;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        match millis.rem_euclid(1000) {
            0 => f.write_str("Z"),
            millis => write!(f, ".{millis:03}Z"),
        }
    }
}

#[cfg(test)]
mod tests;

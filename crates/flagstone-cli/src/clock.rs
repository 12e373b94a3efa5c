//! Moments: the current one, and those that are given as arguments.

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

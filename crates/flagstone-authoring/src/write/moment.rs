//! Moments and days as text; `None` for years that RFC 3339 has no digits for.

use flagstone_core::{Day, UnixMillis};
use std::ops::Range;

/// The years from 0 to 9999, in milliseconds since 1970.
const YEARS: Range<i64> = -62_167_219_200_000..253_402_300_800_000;

/// As RFC 3339, in UTC.
pub(super) fn rfc3339(moment: UnixMillis) -> Option<String> {
    YEARS.contains(&moment.0).then(|| moment.to_string())
}

/// As a local date of TOML.
pub(super) fn date(day: Day) -> Option<String> {
    YEARS.contains(&day.start().0).then(|| day.to_string())
}

//! Dates, and shares that change with time.

mod text;

pub use text::{parse_rfc3339, parse_v8};

use crate::layout::PointRecord;
use crate::units::{Day, UnixMillis, Weight};
use core::fmt;

/// Days from 1970-01-01 in the proleptic Gregorian calendar; years from 0 to 9999.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    // The year begins in March here, so that the leap day is its last: (153 × m + 2) / 5 days lie before month m.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let year = year + 400; // keeps the divisions away from negative numbers
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    days - 719_468 - 146_097
}

/// Year, month and day of a number of days from 1970-01-01; the opposite of [`days_since_epoch`], for any number.
fn date_of(days: i64) -> (i64, i64, i64) {
    const DAYS_IN_400_YEARS: i64 = 146_097;
    let days = days + 719_468; // from March 1st of the year 0
    let (cycle, day) = (
        days.div_euclid(DAYS_IN_400_YEARS),
        days.rem_euclid(DAYS_IN_400_YEARS),
    );
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 {
        (year, month + 3)
    } else {
        (year + 1, month - 9)
    };
    (year + cycle * 400, month, day)
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date_of(self.0.into());
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, millis) = (self.0.div_euclid(86_400_000), self.0.rem_euclid(86_400_000));
        let (year, month, day) = date_of(days);
        let (seconds, millis) = (millis / 1000, millis % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        match millis {
            0 => f.write_str("Z"),
            millis => write!(f, ".{millis:03}Z"),
        }
    }
}

/// The share of a ramp at a moment: straight lines between the points, constant before the first and after the last,
/// rounded down; 0 for a ramp without points. `points` are in ascending order of time.
pub fn ramp_share(points: impl Iterator<Item = PointRecord>, now: UnixMillis) -> Weight {
    let mut before: Option<PointRecord> = None;
    for point in points {
        if now.0 < point.at {
            return Weight(before.map_or(point.share, |before| between(before, point, now)));
        }
        before = Some(point);
    }
    Weight(before.map_or(0, |point| point.share))
}

/// The share on the line between two points; `now` is not before the first and before the second.
fn between(first: PointRecord, second: PointRecord, now: UnixMillis) -> u32 {
    let mut elapsed = now.0.abs_diff(first.at);
    let mut duration = second.at.abs_diff(first.at);
    // The product below fits 64 bits for ramps of up to 278 years; longer ones lose milliseconds.
    let excess = (u64::BITS - duration.leading_zeros()).saturating_sub(43);
    elapsed >>= excess;
    duration >>= excess;
    let change = u64::from(first.share.abs_diff(second.share).min(Weight::TOTAL.0));
    let moved = (change * elapsed).checked_div(duration).unwrap_or(0) as u32;
    if second.share >= first.share {
        first.share.saturating_add(moved)
    } else {
        // A falling share is rounded down too.
        let exact = (change * elapsed).checked_rem(duration).unwrap_or(0) == 0;
        first
            .share
            .saturating_sub(moved)
            .saturating_sub(u32::from(!exact))
    }
}

#[cfg(test)]
mod tests;

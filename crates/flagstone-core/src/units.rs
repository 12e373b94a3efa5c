//! Numbers that carry their unit.

use crate::time::date_of;
use core::fmt;

/// A moment: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted. Displayed as RFC 3339 writes it, in UTC.
///
/// ```
/// use flagstone_core::UnixMillis;
///
/// assert_eq!(UnixMillis(1_795_376_100_250).to_string(), "2026-11-22T19:35:00.250Z");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub i64);

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

/// A share in parts per million, 0 to [`Weight::TOTAL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(pub u32);

impl Weight {
    /// All: a million parts, 100 %.
    pub const TOTAL: Self = Self(1_000_000);
}

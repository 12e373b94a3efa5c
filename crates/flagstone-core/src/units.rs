//! Numbers that carry their unit.

/// A moment: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted. Displayed as RFC 3339 writes it, in UTC.
///
/// ```
/// use flagstone_core::UnixMillis;
///
/// assert_eq!(UnixMillis(1_795_376_100_250).to_string(), "2026-11-22T19:35:00.250Z");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// The day that it lies in; the first or the last that there is, if that lies beyond.
    pub fn day(self) -> Day {
        let days = self.0.div_euclid(Day::MILLIS);
        Day(days.clamp(i32::MIN.into(), i32::MAX.into()) as i32)
    }
}

/// A day in UTC, counted from 1970-01-01. Displayed as RFC 3339 writes it.
///
/// ```
/// use flagstone_core::{Day, UnixMillis};
///
/// let day = UnixMillis(1_795_376_100_250).day();
/// assert_eq!((day, day.to_string().as_str()), (Day(20_779), "2026-11-22"));
/// assert_eq!(day.start().to_string(), "2026-11-22T00:00:00Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    const MILLIS: i64 = 86_400_000;

    /// Its first millisecond.
    pub const fn start(self) -> UnixMillis {
        UnixMillis(self.0 as i64 * Self::MILLIS)
    }
}

/// A share in parts per million, 0 to [`Weight::TOTAL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(pub u32);

impl Weight {
    /// All: a million parts, 100 %.
    pub const TOTAL: Self = Self(1_000_000);
}

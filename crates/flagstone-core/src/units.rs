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

/// A share in parts per million, 0 to [`Weight::TOTAL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(pub u32);

impl Weight {
    /// All: a million parts, 100 %.
    pub const TOTAL: Self = Self(1_000_000);
}

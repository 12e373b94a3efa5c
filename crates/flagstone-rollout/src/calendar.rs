//! When a rollout may grow: windows of the week in a zone, and freezes.

/// Minutes of a day.
const DAY: i64 = 24 * 60;
const MINUTE_MS: i64 = 60_000;
/// How far [`Calendar::opens`] looks beyond each freeze. A window comes round within a week, two if a clock change skips it.
const HORIZON: i64 = 15 * DAY;

/// A time of the week in which a rollout may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Bit 0 is Monday, bit 6 Sunday.
    pub days: u8,
    /// The first minute of the day, on the clocks of the zone.
    pub from: u16,
    /// The minute after the last; up to 1440.
    pub to: u16,
}

/// A stretch of time in which a rollout may not grow, in Unix milliseconds; `to` is not included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// Its beginning.
    pub from_ms: i64,
    /// Its end.
    pub to_ms: i64,
    /// Why; may be empty.
    pub why: String,
}

/// What a zone adds to UTC from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// From when on, in Unix milliseconds.
    pub at_ms: i64,
    /// Seconds.
    pub seconds: i32,
}

/// When a rollout may grow. Shrinking and pausing are allowed at any time.
///
/// Clocks of the zone are kept as the offsets that they have from when on, so that no database of zones is needed here.
///
/// ```
/// use flagstone_rollout::{Calendar, Gate, Offset, Window};
///
/// let office = Window { days: 0b001_1111, from: 9 * 60, to: 17 * 60 };
/// let calendar = Calendar {
///     offsets: vec![Offset { at_ms: 0, seconds: 3600 }],
///     known_until_ms: 2_000_000_000_000,
///     windows: vec![office],
///     freezes: vec![],
/// };
/// let monday_0759z = 1_795_420_740_000;
/// assert_eq!(calendar.gate(monday_0759z), Gate::Closed);
/// assert_eq!(calendar.opens(monday_0759z), Some(monday_0759z + 60_000));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// In ascending time; the first also holds before it. At least one if there are windows.
    pub offsets: Vec<Offset>,
    /// Until when they are known, in Unix milliseconds.
    pub known_until_ms: i64,
    /// At any time if there are none.
    pub windows: Vec<Window>,
    /// In any order; they may overlap.
    pub freezes: Vec<Freeze>,
}

/// Whether a rollout may grow at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It may.
    Open,
    /// It is outside of every window.
    Closed,
    /// This freeze is on.
    Frozen(Freeze),
    /// What the zone's clocks show then is not known.
    Unknown,
}

impl Calendar {
    /// Whether a rollout may grow at a moment. A freeze is said before a window.
    pub fn gate(&self, now_ms: i64) -> Gate {
        if let Some(freeze) = self.freeze_in(now_ms, now_ms) {
            return Gate::Frozen(freeze.clone());
        }
        if self.windows.is_empty() {
            return Gate::Open;
        }
        let Some(minute) = self.local_minute(now_ms) else {
            return Gate::Unknown;
        };
        let (day, minute) = (minute.div_euclid(DAY), minute.rem_euclid(DAY));
        // 1970-01-01 was a Thursday.
        let weekday = (day + 3).rem_euclid(7);
        let opens = |window: &Window| {
            window.days >> weekday & 1 == 1
                && (i64::from(window.from)..i64::from(window.to)).contains(&minute)
        };
        match self.windows.iter().any(opens) {
            true => Gate::Open,
            false => Gate::Closed,
        }
    }

    /// The first moment from `from_ms` on at which the gate is open, to the minute; `None` if there is none within two weeks
    /// after the freezes. Takes some ten thousand steps for each freeze at most.
    pub fn opens(&self, from_ms: i64) -> Option<i64> {
        let mut moment = from_ms;
        let mut steps = HORIZON;
        loop {
            match self.gate(moment) {
                Gate::Open => return Some(moment),
                Gate::Unknown => return None,
                Gate::Frozen(freeze) => {
                    moment = freeze.to_ms;
                    steps = HORIZON;
                }
                Gate::Closed => {
                    steps -= 1;
                    if steps < 0 {
                        return None;
                    }
                    moment = (moment.div_euclid(MINUTE_MS) + 1).saturating_mul(MINUTE_MS);
                }
            }
        }
    }

    /// The freeze that begins first of those that are on between two moments, both included.
    pub fn freeze_in(&self, from_ms: i64, to_ms: i64) -> Option<&Freeze> {
        let on = |freeze: &&Freeze| freeze.from_ms <= to_ms && from_ms < freeze.to_ms;
        let on = self.freezes.iter().filter(on);
        on.min_by_key(|freeze| freeze.from_ms)
    }

    /// What the zone's clocks show, in minutes since 1970.
    fn local_minute(&self, now_ms: i64) -> Option<i64> {
        if now_ms >= self.known_until_ms {
            return None;
        }
        let since = self.offsets.iter().rfind(|offset| offset.at_ms <= now_ms);
        let offset = since.or(self.offsets.first())?;
        let local = now_ms.saturating_add(i64::from(offset.seconds) * 1000);
        Some(local.div_euclid(MINUTE_MS))
    }
}

#[cfg(test)]
pub(crate) mod tests;

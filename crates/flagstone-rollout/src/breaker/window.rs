//! The breaker where memory does not last: from the rate counters that the requests of a point of presence share.
//!
//! The platform counts, by six buckets of ten seconds, events and origin fetches of each arm, and keeps flags that
//! tripped in a penalty box. The counters may miss some, in both arms alike.

use super::evidence::{RATIOS, WEIGHTS, effective_share};
use super::grown_pause;
use crate::number::{exp, ln, ln_1p};
use crate::{PerArm, Share};

/// A failing unit counts once in so many milliseconds.
pub const UNIT_MS: u32 = 60_000;
/// How far back the counts go, in milliseconds.
pub const WINDOW_MS: u32 = 60_000;
/// So many windows begin in an hour, each of which may trip falsely.
const STARTS_AN_HOUR: f64 = 360.0;
/// The penalty after the first trip, in milliseconds: the least that the platform keeps dependably.
const PENALTY_MS: u32 = 120_000;
const LONGEST_PENALTY_MS: u32 = 900_000;

/// The counts of the last 60 seconds.
///
/// ```
/// use flagstone_rollout::{PerArm, Share, breaker::window::Counts};
///
/// let share = Share::new(0.05).unwrap();
/// let mut counts = Counts {
///     events: PerArm { control: 0, canary: 4 },
///     fetches: PerArm { control: 950, canary: 50 },
/// };
/// assert!(!counts.trips(share, 0.001));
/// counts.events.canary = 5;
/// assert!(counts.trips(share, 0.001));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Failing units, each once in 60 seconds.
    pub events: PerArm<u64>,
    /// Origin fetches.
    pub fetches: PerArm<u64>,
}

impl Counts {
    /// The e-value of these counts.
    pub fn evidence(&self, share: Share) -> f64 {
        evidence(self.events, effective_share(share, self.fetches))
    }

    /// Whether the canary goes out of service; false with a probability of at most `alpha` an hour and point of
    /// presence. To be asked on events of the canary.
    pub fn trips(&self, share: Share, alpha: f64) -> bool {
        self.evidence(share) * alpha >= STARTS_AN_HOUR
    }
}

/// The e-value of events at an effective share, above 0 to 1.
pub fn evidence(events: PerArm<u64>, effective_share: f64) -> f64 {
    let canary = events.canary as f64;
    let all = canary + events.control as f64;
    RATIOS
        .iter()
        .zip(WEIGHTS)
        .map(|(ratio, weight)| {
            let log = canary * ln(*ratio) - all * ln_1p(effective_share * (ratio - 1.0));
            weight * exp(log.min(600.0))
        })
        .sum()
}

/// How long the flag stays in the penalty box, in milliseconds; `trips` counts from 1, `jitter` are 16 random bits.
pub const fn penalty(trips: u32, jitter: u16) -> u32 {
    grown_pause(PENALTY_MS, LONGEST_PENALTY_MS, trips, jitter)
}

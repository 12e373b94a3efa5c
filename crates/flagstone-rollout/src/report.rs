//! What nodes tell the guard: counts that add up in any order.

mod line;
mod seen;
mod wire;

use crate::{Histogram, PerArm, Units};

pub use line::{Line, LineError};
pub use seen::{Instances, Sequences};

/// How many goals a rollout can have.
pub const GOALS: usize = 4;

/// The length of a reporting interval, in milliseconds.
pub const INTERVAL_MS: u32 = 10_000;

/// The interval of a moment: whole intervals since 1970-01-01T00:00:00Z. `now_ms`: Unix time in milliseconds.
pub const fn interval(now_ms: i64) -> u64 {
    if now_ms < 0 {
        0
    } else {
        now_ms as u64 / INTERVAL_MS as u64
    }
}

/// What happened in one arm. Sums stop at the largest number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Origin fetches, whatever came of them.
    pub fetches: u64,
    /// All hard failures among them.
    pub hard_requests: u64,
    /// Hard events: failures that count, once a unit.
    pub hard: u64,
    /// Soft events.
    pub soft: u64,
    /// Units of which it was noted that they were exposed, so that they can reach a goal.
    pub goal_exposed: u64,
    /// Units that reached each goal in time.
    pub goal_hits: [u64; GOALS],
    /// Units exposed for the first time since the stage began, those that a cache answered included.
    pub first_exposures: u64,
    /// From the fetch to the response head.
    pub latency: Histogram,
}

impl Counts {
    /// Adds another's counts.
    pub fn merge(&mut self, other: &Self) {
        for (mine, others) in [
            (&mut self.fetches, other.fetches),
            (&mut self.hard_requests, other.hard_requests),
            (&mut self.hard, other.hard),
            (&mut self.soft, other.soft),
            (&mut self.goal_exposed, other.goal_exposed),
            (&mut self.first_exposures, other.first_exposures),
        ] {
            *mine = mine.saturating_add(others);
        }
        for (mine, others) in self.goal_hits.iter_mut().zip(other.goal_hits) {
            *mine = mine.saturating_add(others);
        }
        self.latency.merge(&other.latency);
    }

    /// Whether there are no more failures than fetches, nor more events than failures.
    pub(crate) const fn is_possible(&self) -> bool {
        self.fetches >= self.hard_requests
            && self.hard_requests >= self.hard
            && self.fetches >= self.soft
    }
}

/// Which report it is, so that it counts once however often it arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ReportId {
    /// A random number of the node's process.
    pub instance: u64,
    /// Counted from 0 by the process.
    pub sequence: u32,
}

/// Counts of one rollout, stage and interval. Reports of the same three add up to the same sum in any order; a lost one
/// is missing in both arms alike.
///
/// ```
/// use flagstone_rollout::{Report, ReportId};
///
/// let mut report = Report { rollout: 1, stage: 0, interval: 178_000_000, ..Report::default() };
/// report.arms.canary.fetches = 10;
/// report.arms.canary.latency.record(120);
/// let id = ReportId { instance: 7, sequence: 0 };
/// let bytes = report.to_bytes(id);
/// assert!(bytes.len() < 60);
/// assert_eq!(Report::from_bytes(&bytes), Ok((id, report)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Which rollout; a new attempt is another rollout.
    pub rollout: u64,
    /// The stage, from 0, that the requests were assigned in.
    pub stage: u8,
    /// See [`interval`].
    pub interval: u64,
    /// The counts.
    pub arms: PerArm<Counts>,
    /// Units of the canary that the node had not reported before, while it has noted fewer than [`Units::ENOUGH`].
    pub units: Units,
    /// Failed canary requests that control answered.
    pub failover_saved: u64,
    /// Failed canary requests that control failed too.
    pub failover_failed: u64,
    /// How often the node's breaker tripped.
    pub tripped: u64,
}

impl Report {
    /// Adds another's counts; what they are counts of is not compared.
    pub fn merge(&mut self, other: &Self) {
        self.arms.control.merge(&other.arms.control);
        self.arms.canary.merge(&other.arms.canary);
        self.units.merge(&other.units);
        for (mine, others) in [
            (&mut self.failover_saved, other.failover_saved),
            (&mut self.failover_failed, other.failover_failed),
            (&mut self.tripped, other.tripped),
        ] {
            *mine = mine.saturating_add(others);
        }
    }

    /// Whether nothing has been counted.
    pub fn is_empty(&self) -> bool {
        let (rollout, stage, interval) = (self.rollout, self.stage, self.interval);
        *self
            == Self {
                rollout,
                stage,
                interval,
                ..Self::default()
            }
    }
}

#[cfg(test)]
mod tests;

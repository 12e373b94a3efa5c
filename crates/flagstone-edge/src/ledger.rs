//! What is kept of rollouts from request to request: breakers, budgets of failovers, counts.
//!
//! Where memory lasts, an [`Isolate`] keeps it; where each request has a memory of its own, a [`Pop`] keeps it in what the
//! platform shares.

mod isolate;
mod pop;

pub use isolate::Isolate;
pub use pop::{Pop, Shared};

use crate::plan::{self, Compared};
use flagstone_rollout::tally::{Answer, Key};
use flagstone_rollout::{Arm, Fetch, Node, Serve, Share, UnitHash};

/// What is kept of rollouts. Times are Unix milliseconds.
pub trait Ledger {
    /// What to serve to a unit whose variant is the canary of a rollout.
    fn serve(&mut self, flag: &str, of: &Compared, unit: UnitHash, now_ms: i64) -> Serve;

    /// Whether the fallback may be asked for a request that failed on the canary; takes what it costs.
    fn may_fail_over(&mut self, flag: &str, of: &Compared, now_ms: i64) -> bool;

    /// Takes an origin's fetch into account.
    fn tell(&mut self, flag: &str, of: &Compared, fetch: &Fetch, now_ms: i64);

    /// Counts what came of a request.
    fn count(&mut self, key: &Key, answer: &Answer, now_ms: i64);

    /// What signs what visitors keep of rollouts; without it none of their progress is counted.
    fn key(&mut self) -> Option<plan::Key>;

    /// Counts a visitor's progress towards a rollout's goals.
    fn progress(&mut self, flag: &str, progress: &Progress, now_ms: i64);
}

/// A visitor was exposed to a rollout for the first time, or has reached a goal of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The rollout: flag, plan and attempt.
    pub rollout: u64,
    /// The present stage, from 0.
    pub stage: u8,
    /// The canary's part in it.
    pub share: Share,
    /// The visitor's arm.
    pub arm: Arm,
    /// The stage in which the visitor was exposed.
    pub exposed_in: u8,
    /// The goal, from 0 to 3; `None`: this is the exposure.
    pub goal: Option<usize>,
}

impl Progress {
    /// Tells a node of the rollout.
    fn tell(&self, node: &mut Node, now_ms: i64) {
        match self.goal {
            Some(goal) => node.goal_hit(self.arm, self.exposed_in, goal, now_ms),
            None => node.goal_exposed(self.arm, self.exposed_in, now_ms),
        }
    }
}

/// Keeps nothing: breakers are closed, failovers allowed.
impl Ledger for () {
    fn serve(&mut self, _: &str, _: &Compared, _: UnitHash, _: i64) -> Serve {
        Serve::Canary
    }

    fn may_fail_over(&mut self, _: &str, _: &Compared, _: i64) -> bool {
        true
    }

    fn tell(&mut self, _: &str, _: &Compared, _: &Fetch, _: i64) {}

    fn count(&mut self, _: &Key, _: &Answer, _: i64) {}

    fn key(&mut self) -> Option<plan::Key> {
        None
    }

    fn progress(&mut self, _: &str, _: &Progress, _: i64) {}
}

#[cfg(test)]
mod tests;

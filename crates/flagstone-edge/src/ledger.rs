//! What is kept of rollouts from request to request: breakers, budgets of failovers, counts.
//!
//! Where memory lasts, an [`Isolate`] keeps it; where each request has a memory of its own, a [`Pop`] keeps it in what the
//! platform shares.

mod isolate;
mod pop;

pub use isolate::Isolate;
pub use pop::{Pop, Shared};

use crate::plan::Compared;
use flagstone_rollout::tally::{Answer, Key};
use flagstone_rollout::{Fetch, Serve, UnitHash};

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
}

#[cfg(test)]
mod tests;

//! What the requests of a point of presence share: edge rate counters and a penalty box.
//!
//! Both must be created on the account. Where they are missing, the platform says nothing, and everything is 0 and open.

use std::time::Duration;

use fastly::erl::{CounterDuration, Penaltybox, RateCounter};
use flagstone_edge::ledger::Shared;

use crate::store;

/// The name of the rate counter, and of the penalty box.
pub const NAME: &str = "flagstone";
/// The item of the Secret Store that signs what visitors keep of rollouts.
const GOALS_KEY: &str = "goals-key";

/// The platform's counters.
pub struct Counters {
    counts: RateCounter,
    shut: Penaltybox,
}

impl Counters {
    pub fn open() -> Self {
        Self {
            counts: RateCounter::open(NAME),
            shut: Penaltybox::open(NAME),
        }
    }
}

impl Shared for Counters {
    fn increment(&self, counter: &str) {
        drop(self.counts.increment(counter, 1));
    }

    fn count(&self, counter: &str) -> u64 {
        let count = self
            .counts
            .lookup_count(counter, CounterDuration::SixtySecs);
        count.unwrap_or_default().into()
    }

    fn shut(&self, name: &str, millis: u32) {
        // In whole minutes, as the platform has it.
        let minutes = u64::from(millis).div_ceil(60_000);
        drop(self.shut.add(name, Duration::from_secs(60 * minutes)));
    }

    fn is_shut(&self, name: &str) -> bool {
        self.shut.has(name).unwrap_or_default()
    }

    fn secret(&self) -> Option<Vec<u8>> {
        store::secret(GOALS_KEY)
    }
}

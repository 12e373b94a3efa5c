//! How much the failures of a node speak against the canary.
//!
//! Of the units that fail, the canary's part is its share if the canary is no worse, and larger if it fails r times as
//! often. The likelihood ratio of the two, multiplied over the events, is an e-value: its mean is at most 1 without
//! harm. It is mixed over five ratios r, and restarted continuously, as in the Shiryaev–Roberts procedure, so that a
//! good past does not hide harm that begins late.

use crate::{Arm, PerArm, Share};

/// "Fails r times as often", for five r.
pub const RATIOS: [f64; 5] = [2.0, 5.0, 20.0, 100.0, 1000.0];
/// How much each ratio weighs; together 1.
pub const WEIGHTS: [f64; 5] = [0.10, 0.20, 0.20, 0.25, 0.25];

/// The evidence for each of [`RATIOS`].
///
/// ```
/// use flagstone_rollout::{Arm, breaker::evidence::Evidence};
///
/// let mut evidence = Evidence::START;
/// evidence.event(Arm::Canary, 0.05, 0.0);
/// evidence.event(Arm::Canary, 0.05, 0.0);
/// assert!(evidence.total() < 1000.0);
/// evidence.event(Arm::Canary, 0.05, 0.0);
/// assert!(evidence.total() > 1000.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    by_ratio: [f64; 5],
}

impl Evidence {
    /// Of a new process: one.
    pub const START: Self = Self { by_ratio: [1.0; 5] };
    /// After the canary has come back into service: none.
    pub const NONE: Self = Self { by_ratio: [0.0; 5] };

    /// Takes an event into account. `share` is the [`effective_share`], above 0 to 1; `mass` is the restart mass since
    /// the event before, 1 for the time in which one false trip in 1/α may happen.
    pub fn event(&mut self, arm: Arm, share: f64, mass: f64) {
        for (evidence, ratio) in self.by_ratio.iter_mut().zip(RATIOS) {
            let likelihood = match arm {
                Arm::Canary => ratio,
                Arm::Control => 1.0,
            };
            *evidence = (*evidence + mass) * (likelihood / (1.0 + share * (ratio - 1.0)));
        }
    }

    /// The weighted sum; the breaker trips where it reaches 1/α.
    pub fn total(&self) -> f64 {
        self.by_ratio
            .iter()
            .zip(WEIGHTS)
            .map(|(evidence, weight)| weight * evidence)
            .sum()
    }

    /// The evidence for each ratio.
    pub const fn by_ratio(&self) -> &[f64; 5] {
        &self.by_ratio
    }
}

/// The larger of the planned share and the realised one, to which one more canary fetch is added: above 0 to 1.
///
/// A node that has seen no control traffic gets 1, with which no event counts. A canary with a cold cache goes to the
/// origin more often than planned, and fails more often for that alone.
pub fn effective_share(share: Share, fetches: PerArm<u64>) -> f64 {
    let canary = fetches.canary as f64 + 1.0;
    share
        .as_f64()
        .max(canary / (canary + fetches.control as f64))
}

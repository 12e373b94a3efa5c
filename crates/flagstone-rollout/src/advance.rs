//! Whether a rollout may take its next step: what is still possible must not cost more than the risk budget.
//!
//! The counts of the present stage bound how much worse the canary can be. For each harm within that bound the expected
//! excess failures until the guard would have detected it, at the next share, are compared with the budget.

use crate::bounds::{bernoulli_high, bernoulli_low};
use crate::number::{ln, ln_1p};
use crate::{PerArm, Share};

/// The least part of failures that is taken to be visible, however well failover works.
pub const LEAST_VISIBLE: f64 = 0.02;

/// What a detection takes, and what harm is accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The logarithm of the evidence that a rollback takes from hard failures.
    pub evidence: f64,
    /// The level of the bound on each arm's failure probability.
    pub level: f64,
    /// Harm below this probability is accepted: the guard is not asked to prevent it.
    pub accepted: f64,
    /// So is harm below this part of control's failure probability.
    pub accepted_part: f64,
}

impl Rule {
    /// ln 100 for a false rollback in a hundred rollouts, ln (1 / 0.35) since hard failures have 0.35 of it, and ln 10
    /// since evidence is often below 1 when harm begins.
    pub const DEFAULT: Self = Self {
        evidence: ln(100.0) - ln(0.35) + ln(10.0),
        level: 0.025,
        accepted: 0.001,
        accepted_part: 0.5,
    };

    /// The evidence rounded up to 8: for plans.
    pub const PLAN: Self = Self {
        evidence: 8.0,
        ..Self::DEFAULT
    };

    /// The harm that is accepted, as a probability, where control fails with probability `base`.
    pub const fn accepted_harm(&self, base: f64) -> f64 {
        // At least something, so that doubling it ends.
        self.accepted.max(self.accepted_part * base).max(1e-9)
    }

    /// The expected excess failures until the guard detects that the canary's failure probability is `harm` above
    /// control's `base`, at a share. Infinite where nothing can be detected.
    ///
    /// The evidence wanted over the mean evidence of a failure; divided by `harm`, the canary requests it takes.
    ///
    /// ```
    /// use flagstone_rollout::advance::Rule;
    ///
    /// let doubled = Rule::DEFAULT.excess_failures(0.001, 0.001, 0.05);
    /// assert!((doubled - 22.0).abs() < 0.01);
    /// ```
    pub fn excess_failures(&self, base: f64, harm: f64, share: f64) -> f64 {
        let ratio = (base + harm) / base;
        let more = share * (ratio - 1.0);
        let information = ratio * ln(ratio) - (1.0 + more) * ln_1p(more) / share;
        if information > 0.0 {
            self.evidence * (ratio - 1.0) / information
        } else {
            f64::INFINITY
        }
    }

    /// What harm is expected to cost before it ends, in visible failures: [`excess_failures`](Self::excess_failures),
    /// and those of the time until the nodes have heard of the rollback.
    pub fn expected_cost(&self, traffic: &Traffic, base: f64, harm: f64, share: f64) -> f64 {
        let late = harm * share * traffic.rate * traffic.reaction_s;
        traffic.visible_part() * (self.excess_failures(base, harm, share) + late)
    }

    /// The largest [`expected_cost`](Self::expected_cost) of a harm between the accepted one and `most`, at steps of
    /// doubling; 0 if `most` is accepted.
    pub fn worst_cost(&self, traffic: &Traffic, base: f64, most: f64, share: f64) -> f64 {
        let mut harm = self.accepted_harm(base);
        if most.is_nan() || most <= harm {
            return 0.0;
        }
        let mut worst = self.expected_cost(traffic, base, most, share);
        while harm < most {
            worst = worst.max(self.expected_cost(traffic, base, harm, share));
            harm *= 2.0;
        }
        worst
    }

    /// Judges the next share by the counts of the present stage.
    ///
    /// ```
    /// use flagstone_rollout::{PerArm, Share, advance::{Rule, Stage, Traffic}};
    ///
    /// let stage = Stage {
    ///     fetches: PerArm { control: 29_700.0, canary: 300.0 },
    ///     failures: PerArm { control: 30.0, canary: 0.0 },
    /// };
    /// let traffic = Traffic { rate: 1000.0, ..Traffic::DEFAULT };
    /// let prospect = Rule::DEFAULT.judge(&traffic, &stage, Share::new(0.05).unwrap());
    /// assert!(prospect.advance && (prospect.worst_cost - 23.2).abs() < 0.1);
    /// ```
    pub fn judge(&self, traffic: &Traffic, stage: &Stage, next: Share) -> Prospect {
        let (fetches, failures) = (stage.fetches, stage.failures);
        let base = (failures.control + 0.5) / (fetches.control + 1.0);
        let high = bernoulli_high(failures.canary, fetches.canary, self.level);
        let low = bernoulli_low(failures.control, fetches.control, self.level);
        let most = (high - low).max(0.0);
        let accepted = self.accepted_harm(base);
        let worst_cost = self.worst_cost(traffic, base, most, next.as_f64());
        Prospect {
            base,
            accepted,
            most,
            worst_cost,
            advance: most <= accepted || worst_cost <= traffic.budget,
        }
    }
}

impl Default for Rule {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What the cost of harm depends on beside the rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traffic {
    /// Randomised requests a second, of both arms together.
    pub rate: f64,
    /// Seconds from a failure until all nodes have heard of the rollback it leads to.
    pub reaction_s: f64,
    /// The part of the canary's failures that a visitor sees, since failover does not repair them: 0.02 to 1.
    pub visible: f64,
    /// The risk budget: how many visitors may see a failure before harm ends.
    pub budget: f64,
}

impl Traffic {
    /// One request a second, 15 seconds, no failover, 100 visitors.
    pub const DEFAULT: Self = Self {
        rate: 1.0,
        reaction_s: 15.0,
        visible: 1.0,
        budget: 100.0,
    };

    /// An unknown fraction is all.
    const fn visible_part(&self) -> f64 {
        if self.visible.is_nan() {
            1.0
        } else {
            self.visible.clamp(LEAST_VISIBLE, 1.0)
        }
    }
}

/// The counts of the present stage. They are floats since a plan judges expected counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stage {
    /// Origin fetches.
    pub fetches: PerArm<f64>,
    /// All hard failures among them, not only the events.
    pub failures: PerArm<f64>,
}

/// What the next step may bring.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prospect {
    /// Control's failure probability, estimated so that it is never 0.
    pub base: f64,
    /// The harm that is accepted, as a probability.
    pub accepted: f64,
    /// The most by which the canary's failure probability can still be above control's.
    pub most: f64,
    /// The expected cost of the worst harm that is still possible, in visible failures; 0 where all of it is accepted.
    pub worst_cost: f64,
    /// Whether the step may be taken, as far as this rule goes.
    pub advance: bool,
}

//! What a guard watches, and the one error budget that all of it shares.

use super::label::{DOWN, Point, UP};
use super::slowness;
use crate::bytes::{ReadError, Reader, write_f64};
use crate::{GOALS, Ladder};

/// How many metrics there are.
pub const METRICS: usize = 5 + GOALS;

/// Something that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Hard failures.
    Hard,
    /// Soft failures.
    Soft,
    /// A quantile of the latency: the median, the ninth tenth, the last hundredth, by their place in
    /// [`QUANTILES`](slowness::QUANTILES).
    Latency(u8),
    /// A goal, from 0.
    Goal(u8),
}

impl Metric {
    /// All, in the order of everything that has a value for each.
    pub const ALL: [Self; METRICS] = [
        Self::Hard,
        Self::Soft,
        Self::Latency(0),
        Self::Latency(1),
        Self::Latency(2),
        Self::Goal(0),
        Self::Goal(1),
        Self::Goal(2),
        Self::Goal(3),
    ];

    /// What harm is looked for.
    pub const fn grid(self) -> &'static [Point] {
        match self {
            Self::Hard | Self::Soft => &UP,
            Self::Latency(_) => &slowness::RATIOS,
            Self::Goal(_) => &DOWN,
        }
    }
}

/// Which metrics a rollout watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Hard failures.
    pub hard: bool,
    /// Soft failures.
    pub soft: bool,
    /// The three quantiles of the latency.
    pub latency: bool,
    /// So many goals, 0 to 4; the first weighs more than the others together.
    pub goals: u8,
}

impl Watch {
    /// Failures and latencies.
    pub const DEFAULT: Self = Self {
        hard: true,
        soft: true,
        latency: true,
        goals: 0,
    };

    /// The part of the error budget that each metric has; together 1, or 0 if nothing is watched.
    pub fn weights(&self) -> [f64; METRICS] {
        let goals = self.goals.min(GOALS as u8);
        let weights = Metric::ALL.map(|metric| match metric {
            Metric::Hard if self.hard => 0.35,
            Metric::Soft if self.soft => 0.10,
            Metric::Latency(0) if self.latency => 0.05,
            Metric::Latency(_) if self.latency => 0.10,
            Metric::Goal(0) if goals > 0 => 0.20,
            Metric::Goal(goal) if goal > 0 && goal < goals => 0.10 / f64::from(goals - 1),
            _ => 0.0,
        });
        let sum: f64 = weights.iter().sum();
        weights.map(|weight| if sum > 0.0 { weight / sum } else { 0.0 })
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The plan of a rollout, which stays as it is from its start to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// The stages.
    pub ladder: Ladder,
    /// See [`Watch::weights`].
    pub weights: [f64; METRICS],
    /// The probability of a rollback without harm, in the whole rollout, at most.
    pub alpha: f64,
    /// Evidence from which on the rollout waits.
    pub hold: f64,
    /// Restart mass that is kept for the starts of stages; the rest is spread over the strata.
    pub stage_mass: f64,
    /// In so many strata about two thirds of the rest is spent.
    pub strata: f64,
    /// By what the evidence of failures is divided: 1 where units that fail again are filtered, else failures per
    /// distinct failing unit, or 3 if that is not known.
    pub overdispersion: f64,
}

impl Plan {
    /// A false rollback in a hundred rollouts; a hold from 10 on; half of the restart mass for stages, the rest over a day
    /// of ten-second strata.
    pub fn new(ladder: Ladder, watch: Watch) -> Self {
        Self {
            ladder,
            weights: watch.weights(),
            alpha: 0.01,
            hold: 10.0,
            stage_mass: 0.5,
            strata: 8640.0,
            overdispersion: 1.0,
        }
    }

    fn numbers(&mut self) -> impl Iterator<Item = &mut f64> {
        self.weights.iter_mut().chain([
            &mut self.alpha,
            &mut self.hold,
            &mut self.stage_mass,
            &mut self.strata,
            &mut self.overdispersion,
        ])
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.ladder.len() as u8);
        for share in self.ladder.shares() {
            write_f64(out, share.as_f64());
        }
        let mut plan = *self;
        for number in plan.numbers() {
            write_f64(out, *number);
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let shares = (0..reader.byte()?).map(|_| reader.f64());
        let shares = shares.collect::<Result<Vec<_>, _>>()?;
        let ladder = Ladder::new(&shares).map_err(|_| ReadError::Range)?;
        let mut plan = Self::new(ladder, Watch::DEFAULT);
        for number in plan.numbers() {
            *number = reader.f64()?;
            if !(*number >= 0.0 && number.is_finite()) {
                return Err(ReadError::Range);
            }
        }
        Ok(plan)
    }
}

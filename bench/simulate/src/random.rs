//! Random counts, the same in every run.

use rand::{RngExt, SeedableRng};
use rand_distr::{Binomial, Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A stream of random numbers.
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// From 0 to 1, without 1.
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.random()
    }

    /// True with a probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// From 0 to below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    /// Of `trials`, how many succeed.
    pub fn binomial(&mut self, trials: u64, probability: f64) -> u64 {
        if trials == 0 || probability <= 0.0 {
            return 0;
        }
        match Binomial::new(trials, probability.min(1.0)) {
            Ok(binomial) => binomial.sample(&mut self.0),
            Err(_) => 0,
        }
    }

    /// How many trials fail before the first success.
    pub fn gap(&mut self, probability: f64) -> u64 {
        ((1.0 - self.unit()).ln() / (-probability).ln_1p()) as u64
    }

    /// Of mean 0 and variance 1.
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// Waiting time for something that happens after `mean` on average.
    pub fn wait(&mut self, mean: f64) -> f64 {
        -(1.0 - self.unit()).ln() * mean
    }
}

//! Percentage rollouts as flag services define them: ranges of positions, by the service's own bucketing.

pub use flagstone_core::layout::{Absent, Algorithm};

/// A rollout whose ranges are given, not laid out by the compiler.
#[derive(Clone, Debug, PartialEq)]
pub struct Allocation {
    /// How a unit's position is found.
    pub bucketing: Bucketing,
    /// The first range that a position lies in decides.
    pub ranges: Vec<Range>,
    /// What is served outside of all ranges.
    pub rest: Rest,
    /// What is served to a unit that has no position.
    pub absent: Absent,
}

/// How the position of a unit is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bucketing {
    /// The service's algorithm.
    pub algorithm: Algorithm,
    /// Attributes by name, of which the first with a usable value is hashed. Not empty.
    pub by: Vec<String>,
    /// Text that is hashed with it; empty where the algorithm has none.
    pub salt: String,
    /// Seed of the hash; 0 where the algorithm has none.
    pub seed: u32,
    /// Number of positions; 0 where the algorithm gives it.
    pub modulus: u32,
}

/// Positions of one variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub from: u64,
    /// The one after the last.
    pub to: u64,
    /// Key of the variant.
    pub variant: String,
}

/// What is served outside of all ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rest {
    /// A variant, by key.
    Variant(String),
    /// The flag's default.
    Default,
    /// What the next rule says.
    Next,
    /// Nothing: the evaluation fails with reason `ERROR`.
    Fail,
}

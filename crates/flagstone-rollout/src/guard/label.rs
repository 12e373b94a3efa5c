//! Whether events carry the canary's label too often.
//!
//! Of the units that fail, the canary's part is its share q if the canary is no worse, and qr / (1 + q (r - 1)) if it
//! fails r times as often. When and where units fail does not matter, since the label was drawn by itself.

use crate::PerArm;
use crate::number::{ln, ln_1p};

/// A ratio, its logarithm and its weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// "Happens r times as often on the canary."
    pub ratio: f64,
    /// ln r.
    pub log: f64,
    /// The weights of a grid are 1 together.
    pub weight: f64,
}

impl Point {
    const fn new(ratio: f64, weight: f64) -> Self {
        Self {
            ratio,
            log: ln(ratio),
            weight,
        }
    }
}

/// Ratios for what should not become more: failures.
pub const UP: [Point; 6] = [
    Point::new(1.5, 0.2),
    Point::new(2.0, 0.2),
    Point::new(4.0, 0.2),
    Point::new(10.0, 0.15),
    Point::new(50.0, 0.15),
    Point::new(500.0, 0.1),
];

/// Ratios for what should not become less: goals.
pub const DOWN: [Point; 5] = [
    Point::new(0.1, 0.2),
    Point::new(0.5, 0.2),
    Point::new(0.75, 0.2),
    Point::new(0.9, 0.2),
    Point::new(0.95, 0.2),
];

/// The logarithm of the likelihood ratio of events by arm, where the canary's share is `share`, above 0 to 1. Its
/// exponential is an e-value.
///
/// ```
/// use flagstone_rollout::{PerArm, guard::label::{UP, log_ratio}};
///
/// let events = PerArm { control: 0.0, canary: 3.0 };
/// assert!((log_ratio(events, 0.01, &UP[5]) - 13.2735500589).abs() < 1e-9);
/// ```
pub fn log_ratio(events: PerArm<f64>, share: f64, point: &Point) -> f64 {
    events.canary * point.log
        - (events.canary + events.control) * ln_1p(share * (point.ratio - 1.0))
}

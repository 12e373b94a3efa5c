//! Shares as positions of GrowthBook's hashes.

use super::wire::{at, number};
use flagstone_compile::model::Algorithm;
use flagstone_json::Json;

/// The algorithm of a hash version, and its number of positions; `None` for versions that there are not.
pub(super) fn algorithm(version: &Json<'_>) -> Option<(Algorithm, u64)> {
    match version {
        Json::Number(1.0) => Some((Algorithm::GrowthBookV1, 1000)),
        Json::Number(2.0) => Some((Algorithm::GrowthBookV2, 10_000)),
        _ => None,
    }
}

/// How many of `total` positions a comparison with their share of the whole holds for, where it holds up to one of them.
fn count(total: u64, holds: impl Fn(f64) -> bool) -> u64 {
    let (mut low, mut high) = (0, total);
    while low < high {
        let middle = low + (high - low) / 2;
        // The SDK's own expression, so that the same floats are compared.
        if holds(middle as f64 / total as f64) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// The positions n of `total` with n ≤ `share`.
pub(super) fn at_most(share: f64, total: u64) -> (u64, u64) {
    (0, count(total, |n| n <= share))
}

/// The positions n of `total` with `start` ≤ n < `end`; empty where a bound is NaN.
pub(super) fn between(start: f64, end: f64, total: u64) -> (u64, u64) {
    if start.is_nan() || end.is_nan() {
        return (0, 0);
    }
    let from = count(total, |n| n < start);
    (from, count(total, |n| n < end).max(from))
}

/// The positions of a range, a list of its two bounds. `None` for null, where the SDK throws.
pub(super) fn range(json: &Json<'_>, total: u64) -> Option<(u64, u64)> {
    if json.is_null() {
        return None;
    }
    Some(between(number(at(json, 0)), number(at(json, 1)), total))
}

/// Positions from the first to the one after the last, and the place of the variation that they have.
pub(super) type Shares = Vec<(u64, u64, usize)>;

/// Which range each position belongs to, the first that it lies in: ranges that do not overlap, in ascending order, each
/// with its place in the list.
pub(super) fn first_of(ranges: &[(u64, u64)]) -> Shares {
    let bounds = || ranges.iter().flat_map(|(from, to)| [*from, *to]);
    let mut found = Shares::new();
    let mut next = bounds().min();
    while let Some(from) = next {
        // Between two bounds that follow each other, all positions lie in the same ranges.
        next = bounds().filter(|bound| *bound > from).min();
        let Some(to) = next else { break };
        let place = ranges
            .iter()
            .position(|(start, end)| *start <= from && from < *end);
        let Some(place) = place else { continue };
        match found.last_mut() {
            Some(last) if last.1 == from && last.2 == place => last.1 = to,
            _ => found.push((from, to, place)),
        }
    }
    found
}

/// The ranges that coverage and weights make. `None` where the SDK throws, or where it would join texts.
pub(super) fn by_weights(
    count: usize,
    coverage: Option<&Json<'_>>,
    weights: Option<&Json<'_>>,
    total: u64,
) -> Option<Vec<(u64, u64)>> {
    // NaN stays what it is.
    let coverage = coverage
        .map_or(1.0, |json| number(Some(json)))
        .clamp(0.0, 1.0);
    let equal = vec![1.0 / count as f64; count];
    let given = match weights {
        Some(Json::List(weights)) if weights.len() == count => Some(
            weights
                .iter()
                .map(|weight| match weight {
                    Json::Text(_) | Json::List(_) | Json::Object(_) => None,
                    number => Some(self::number(Some(number))),
                })
                .collect::<Option<Vec<f64>>>()?,
        ),
        Some(Json::Text(_)) => return None,
        _ => None,
    };
    let weights = given.unwrap_or_else(|| equal.clone());
    let sum = weights.iter().fold(0.0, |sum, weight| weight + sum);
    let weights = if (0.99..=1.01).contains(&sum) {
        weights
    } else {
        equal
    };
    let mut start = 0.0;
    let mut ranges = Vec::with_capacity(count);
    for weight in weights {
        ranges.push(between(start, start + coverage * weight, total));
        start += weight;
    }
    Some(ranges)
}

//! Percentage rollouts and experiments.

use super::document::{Names, index, is_truthy, list};
use super::flag::{MOST, variant_key};
use super::reference::{self, Reference, USER};
use crate::service::Sdk;
use flagstone_compile::model::{Absent, Algorithm, Allocation, Bucketing, Range, Rest};
use flagstone_core::JsNumber;
use flagstone_json::Node;

/// Number of positions, as the SDKs divide by it.
const POSITIONS: u64 = 1 << 60;

/// A rollout in the SDK's terms, as far as its result says more than the variation.
#[cfg_attr(
    not(feature = "answers"),
    allow(dead_code, reason = "only answers tell it")
)]
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Experiment {
    /// Of each entry the first position that is not its own any more, and whether it is tracked.
    pub entries: Vec<(u64, bool)>,
    /// The kind of context that must be there.
    pub kind: String,
}

impl Experiment {
    /// Whether somebody at a position is part of the experiment.
    #[cfg(feature = "answers")]
    pub fn has(&self, position: u64, has_context: bool) -> bool {
        let found = self.entries.iter().find(|(end, _)| position < *end);
        match found {
            Some((_, is_tracked)) => *is_tracked && has_context,
            // COMPAT(launchdarkly): the last entry, which takes what is left, does not ask for the context.
            None => self
                .entries
                .last()
                .is_some_and(|(_, is_tracked)| *is_tracked),
        }
    }
}

/// A rollout as an allocation; `None` if it is malformed.
#[inline(never)]
pub(super) fn lower(
    sdk: Sdk,
    names: Names<'_>,
    variants: &[String],
    rollout: Node<'_>,
) -> Option<(Allocation, Option<Experiment>)> {
    let entries = list(rollout, "variations");
    let last = entries.last().filter(|_| entries.len() <= MOST)?;
    let kind = rollout.some("contextKind");
    let is_experiment = rollout.get("kind").and_then(Node::text) == Some("experiment");
    let by = match rollout.some("bucketBy").and_then(Node::text) {
        // Experiments are bucketed by key, whatever they say.
        Some(by) if !is_experiment => by,
        _ => "",
    };
    let by = bucket_by(by, kind, sdk)?;
    let mut sum = 0.0;
    let mut start = 0;
    let mut has_gap = false;
    let mut ranges = Vec::with_capacity(entries.len());
    let mut ends = Vec::new();
    for entry in entries {
        sum += weight(entry);
        let end = position_of(sum).max(start);
        match index(entry.some("variation"), variants.len()) {
            Some(index) if end > start => ranges.push(Range {
                from: start,
                to: end,
                variant: variant_key(variants, index),
            }),
            Some(_) => {}
            None => has_gap |= end > start,
        }
        if is_experiment {
            ends.push((end, !is_truthy(entry.get("untracked"))));
        }
        start = end;
    }
    // What is left is the last entry's.
    let last = index(last.some("variation"), variants.len());
    let rest = match last {
        Some(last) if !has_gap => Rest::Variant(variant_key(variants, last)),
        Some(last) => {
            ranges.push(Range {
                from: start,
                to: u64::MAX,
                variant: variant_key(variants, last),
            });
            Rest::Fail
        }
        None => Rest::Fail,
    };
    let salt = seed(rollout, sdk).unwrap_or_else(|| names.joined());
    let allocation = Allocation {
        bucketing: bucketing(by, salt),
        ranges,
        rest,
        // Whoever has nothing to be bucketed by is at position 0.
        absent: Absent::First,
    };
    let experiment = is_experiment.then(|| Experiment {
        entries: ends,
        kind: kind
            .map_or(USER, |kind| kind.text().unwrap_or(""))
            .to_owned(),
    });
    Some((allocation, experiment))
}

/// The attribute to bucket by, the key if `text` is empty; `None` if it makes no sense.
pub(super) fn bucket_by(text: &str, kind: Option<Node<'_>>, sdk: Sdk) -> Option<String> {
    let nowhere = || "nowhere".to_owned();
    if text.is_empty() {
        return Some(reference::kind(kind).map_or_else(nowhere, reference::key_of));
    }
    match reference::read(text, kind, sdk) {
        Reference::Attribute(name) => Some(name),
        Reference::Nowhere => Some(nowhere()),
        Reference::Invalid => None,
    }
}

pub(super) fn bucketing(by: String, salt: String) -> Bucketing {
    Bucketing {
        algorithm: Algorithm::LaunchDarkly,
        by: vec![by],
        salt,
        seed: 0,
        modulus: 0,
    }
}

/// The seed as the SDK writes it into what is hashed.
fn seed(rollout: Node<'_>, sdk: Sdk) -> Option<String> {
    let seed = rollout.some("seed")?.number()?;
    // COMPAT(launchdarkly): to Node, 0 is no seed.
    (seed != 0.0 || sdk == Sdk::Other).then(|| JsNumber(seed).to_string())
}

/// The part of an entry or of a segment's rule; not a number if there is none.
pub(super) fn weight(json: Node<'_>) -> f64 {
    json.get("weight")
        .and_then(Node::number)
        .unwrap_or(f64::NAN)
        / 100_000.0
}

/// The least position that is not below a share, as the SDK compares them: as floats.
pub(super) fn position_of(share: f64) -> u64 {
    // What is divided is an integer of 60 bits and rounds to 53; so the bound is not simply the share times this, but near it:
    // no integer that rounds to a float is further from it than half of 2 to the power of 7.
    const NEAR: u64 = 1 << 7;
    let is_below = |position: u64| (position as f64) / (POSITIONS as f64) < share;
    let about = (share * POSITIONS as f64) as u64;
    let mut low = about.saturating_sub(NEAR).min(POSITIONS);
    let mut high = about.saturating_add(NEAR).min(POSITIONS);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_below(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests;

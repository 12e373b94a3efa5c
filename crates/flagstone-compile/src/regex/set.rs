//! Sets of units.

use crate::sort::sort;

/// Spans, from the first to the last unit of each: in ascending order and apart from each other once it is
/// [`normal`](Set::normal).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Set(Vec<(u32, u32)>);

impl Set {
    pub(super) fn of(spans: &[(u32, u32)]) -> Self {
        Self(spans.to_vec())
    }

    pub(super) fn one(unit: u32) -> Self {
        Self(vec![(unit, unit)])
    }

    pub(super) fn add(&mut self, from: u32, to: u32) {
        self.0.push((from, to));
    }

    pub(super) fn extend(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    pub(super) fn spans(&self) -> &[(u32, u32)] {
        &self.0
    }

    pub(super) fn normal(mut self) -> Self {
        sort(&mut self.0, |a, b| a < b);
        self.0.dedup_by(|next, kept| {
            let touches = next.0 <= kept.1.saturating_add(1);
            if touches {
                kept.1 = kept.1.max(next.1);
            }
            touches
        });
        self
    }

    /// What is not in it, up to `last`. It must be normal.
    pub(super) fn complement(&self, last: u32) -> Self {
        let mut free = 0;
        let mut spans = Vec::with_capacity(self.0.len() + 1);
        for (from, to) in &self.0 {
            if free < *from {
                spans.push((free, from - 1));
            }
            free = to + 1;
        }
        if free <= last {
            spans.push((free, last));
        }
        Self(spans)
    }

    /// Whether a unit is in it. It must be normal.
    pub(super) fn contains(&self, unit: u32) -> bool {
        let after = self.0.partition_point(|(from, _)| *from <= unit);
        after
            .checked_sub(1)
            .and_then(|place| self.0.get(place))
            .is_some_and(|(_, to)| unit <= *to)
    }
}

#[cfg(test)]
mod tests;

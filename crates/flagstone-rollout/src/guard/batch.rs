//! Lines of nodes that cannot add up by themselves, since they serve one request at a time: each tells of one fetch.

use super::{Merged, Rollout};
use crate::{Counts, Line, Report, ReportId, UnitFilter, UnitHash};

/// Remembers which units have failed lately, as a [`UnitFilter`] does on a node, for the traffic of many: 64 of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sieve {
    filters: [UnitFilter; Self::FILTERS],
}

impl Sieve {
    const FILTERS: usize = 64;

    pub(super) const EMPTY: Self = Self {
        filters: [UnitFilter::new(); Self::FILTERS],
    };

    /// Whether a unit's failure counts. The filter is chosen by other bits than those that it goes by.
    fn insert(&mut self, unit: UnitHash) -> bool {
        let filter = self.filters.get_mut(unit.0 as usize % Self::FILTERS);
        filter.is_none_or(|filter| filter.insert(unit))
    }

    pub(super) fn words(&self) -> impl Iterator<Item = u64> {
        self.filters.iter().flat_map(|filter| filter.to_words())
    }

    /// From so many words; fewer leave the rest empty.
    pub(super) fn from_words(words: impl IntoIterator<Item = u64>) -> Self {
        let mut sieve = Self::EMPTY;
        let mut words = words.into_iter();
        for filter in &mut sieve.filters {
            *filter = UnitFilter::from_words(std::array::from_fn(|_| words.next().unwrap_or(0)));
        }
        sieve
    }
}

/// What came of the lines of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Took {
    /// Lines that were counted.
    pub counted: u64,
    /// Lines that had been counted before.
    pub repeats: u64,
    /// Lines of a stage that the rollout has not entered.
    pub other: u64,
}

impl Took {
    fn add(&mut self, merged: Merged, lines: u64) {
        *match merged {
            Merged::Counted => &mut self.counted,
            Merged::Repeat => &mut self.repeats,
            Merged::OtherRollout | Merged::OtherStage => &mut self.other,
        } += lines;
    }
}

impl Rollout {
    /// Adds the lines of a batch that are of this rollout. A line counts once however often it comes; those of single fetches
    /// count once with their batch, which `digest` stands for, since their nodes live for one request only.
    pub fn merge_lines<'a>(
        &mut self,
        digest: u64,
        lines: impl IntoIterator<Item = &'a Line>,
        now_ms: i64,
    ) -> Took {
        let mut took = Took::default();
        let mut singles: Vec<(Report, u64)> = Vec::new();
        for line in lines {
            let Some(unit) = line.unit else {
                took.add(self.merge(line.id, &line.report, now_ms), 1);
                continue;
            };
            let mut report = line.report;
            for counts in [&mut report.arms.control, &mut report.arms.canary] {
                self.filter(counts, unit);
            }
            let same = |(sum, _): &&mut (Report, u64)| {
                (sum.rollout, sum.stage, sum.interval)
                    == (report.rollout, report.stage, report.interval)
            };
            match singles.iter_mut().rev().find(same) {
                Some((sum, lines)) => {
                    sum.merge(&report);
                    *lines += 1;
                }
                None => singles.push((report, 1)),
            }
        }
        for ((sum, lines), sequence) in singles.iter().zip(0..) {
            let id = ReportId {
                instance: digest,
                sequence,
            };
            took.add(self.merge(id, sum, now_ms), *lines);
        }
        took
    }

    /// Leaves events of units out that have failed before.
    fn filter(&mut self, counts: &mut Counts, unit: UnitHash) {
        if counts.hard > 0 && !self.hard.insert(unit) {
            counts.hard = 0;
        }
        if counts.soft > 0 && !self.soft.insert(unit) {
            counts.soft = 0;
        }
    }
}

#[cfg(test)]
mod tests;

//! Which routes a request is on, and which flags matter to it.

use crate::path::{self, Captures};
use flagstone_core::layout::{
    ActionRecord, EdgeRecord, IndexRecord, NONE, PairRecord, RouteRecord, Section,
};
use flagstone_core::{FlagIndex, Snapshot, VariantIndex};

/// The flag acts on a route that the request is on.
pub(crate) const ACTS: u8 = 1;
/// The flag is sent to the browser.
pub(crate) const TO_BROWSER: u8 = 2;
/// The flag is sent to the origin.
pub(crate) const TO_ORIGIN: u8 = 4;
/// A route that the request is on lists the flag.
const LISTED: u8 = 8;

/// A route that fits the request, and what its pattern took from the path.
pub(crate) struct Matched<'p> {
    record: RouteRecord,
    pub captures: Captures<'p>,
}

/// The routes that fit, in order of precedence.
pub(crate) fn matching<'p>(snapshot: &Snapshot<'p>, host: &str, path: &'p str) -> Vec<Matched<'p>> {
    let routes = snapshot.records::<RouteRecord>(Section::Routes, 0, NONE);
    let fitting = routes.filter_map(|record| {
        let host_pattern = snapshot.text(record.host_offset, record.host_len.into())?;
        if !path::is_host(host_pattern, host) {
            return None;
        }
        let pattern = snapshot.text(record.path_offset, record.path_len.into())?;
        let captures = path::captures(pattern, path)?;
        Some(Matched { record, captures })
    });
    fitting.collect()
}

impl Matched<'_> {
    /// The flag that acts.
    pub fn flag(&self) -> Option<FlagIndex> {
        (self.record.flag != NONE).then_some(FlagIndex(self.record.flag))
    }

    /// What a variant of that flag does.
    pub fn action(&self, snapshot: &Snapshot<'_>, variant: VariantIndex) -> Option<ActionRecord> {
        let index = self.record.actions.checked_add(variant.0.into())?;
        snapshot.record(Section::Actions, index)
    }

    fn narrows(&self) -> bool {
        self.record.flags_count != NONE
    }
}

/// The flags that a request depends on, in the order of their slots, each with what it is for.
///
/// Those that act on one of its routes, and the exposed ones: all of them, or, if one of the routes lists flags, those
/// that are listed or act.
pub(crate) fn relevant(
    snapshot: &Snapshot<'_>,
    edge: &EdgeRecord,
    routes: &[Matched<'_>],
) -> Vec<(FlagIndex, u8)> {
    let list = |first, count, role| {
        let indices = snapshot.records::<IndexRecord>(Section::Indices, first, count);
        indices.map(move |record| (FlagIndex(record.index), role))
    };
    let mut flags: Vec<(FlagIndex, u8)> = routes
        .iter()
        .filter_map(|route| Some((route.flag()?, ACTS)))
        .collect();
    let is_narrow = routes.iter().any(Matched::narrows);
    for route in routes.iter().filter(|route| route.narrows()) {
        flags.extend(list(route.record.flags, route.record.flags_count, LISTED));
    }
    if is_narrow && flags.is_empty() {
        return flags;
    }
    flags.extend(list(edge.browser, edge.browser_count, TO_BROWSER));
    flags.extend(list(edge.origin, edge.origin_count, TO_ORIGIN));
    flags.sort_unstable();
    flags.dedup_by(|next, kept| {
        let is_same = next.0 == kept.0;
        if is_same {
            kept.1 |= next.1;
        }
        is_same
    });
    flags.retain(|(_, roles)| {
        roles & ACTS != 0
            || roles & (TO_BROWSER | TO_ORIGIN) != 0 && (!is_narrow || roles & LISTED != 0)
    });
    flags
}

/// Names and values of headers or cookies.
pub(crate) fn pairs<'s>(
    snapshot: &Snapshot<'s>,
    first: u32,
    count: u16,
) -> impl Iterator<Item = (&'s str, &'s str)> {
    let snapshot = *snapshot;
    let records = snapshot.records::<PairRecord>(Section::Pairs, first, count.into());
    records.filter_map(move |pair| {
        let name = snapshot.text(pair.name_offset, pair.name_len.into())?;
        Some((
            name,
            snapshot.text(pair.value_offset, pair.value_len.into())?,
        ))
    })
}

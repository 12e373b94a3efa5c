//! Which routes a request is on, and which flags matter to it.

use crate::path::{self, Captures};
use crate::plan::Harm;
use flagstone_core::layout::{
    ActionRecord, EdgeRecord, IndexRecord, NONE, NONE16, PairRecord, RepeatKind, RouteRecord,
    Section,
};
use flagstone_core::{Flag, FlagIndex, Snapshot, VariantIndex};

/// The flag acts on a route that the request is on.
pub(crate) const ACTS: u8 = 1;
/// The flag is sent to the browser.
pub(crate) const TO_BROWSER: u8 = 2;
/// The flag is sent to the origin.
pub(crate) const TO_ORIGIN: u8 = 4;

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

    /// What the variants of that flag do.
    pub fn actions(&self, snapshot: &Snapshot<'_>) -> impl Iterator<Item = ActionRecord> {
        let flag = self.flag().and_then(|flag| snapshot.flag(flag));
        let count = flag.map_or(0, |flag| flag.variant_count());
        snapshot.records(Section::Actions, self.record.actions, count.into())
    }

    /// Which requests may be sent a second time.
    pub fn repeat(&self) -> RepeatKind {
        RepeatKind::from_code(self.record.repeat).unwrap_or(RepeatKind::Safe)
    }

    /// What counts as harm on it, if something does that is no failure everywhere.
    pub fn harm(&self, snapshot: &Snapshot<'_>) -> Option<Harm> {
        (self.record.harm != NONE16).then(|| Harm::read(snapshot, self.record.harm))?
    }

    /// Its pattern: host, if it has one, and path.
    pub fn pattern(&self, snapshot: &Snapshot<'_>) -> String {
        let text = |offset, len: u16| snapshot.text(offset, len.into()).unwrap_or_default();
        let host = text(self.record.host_offset, self.record.host_len);
        [host, text(self.record.path_offset, self.record.path_len)].concat()
    }

    fn narrows(&self) -> bool {
        self.record.flags_count != NONE
    }
}

/// Whether something else answers a variant's requests than those of others: another origin, or what has another path or goes by
/// headers.
pub(crate) fn diverts(action: &ActionRecord) -> bool {
    action.origin != NONE16 || action.rewrite_len > 0 || action.request_headers_count > 0
}

/// A flag that a request depends on.
pub(crate) struct Relevant<'s> {
    pub flag: Flag<'s>,
    pub key: &'s str,
    /// Bits: [`ACTS`], [`TO_BROWSER`], [`TO_ORIGIN`].
    pub roles: u8,
}

/// The flags that a request depends on, in ascending order of their keys.
///
/// Those that act on one of its routes, and the exposed ones: all of them, or, if one of the routes lists flags, those
/// that are listed or act.
pub(crate) fn relevant<'s>(
    snapshot: &Snapshot<'s>,
    edge: &EdgeRecord,
    routes: &[Matched<'_>],
) -> Vec<Relevant<'s>> {
    let listed = || {
        let narrowing = routes.iter().filter(|route| route.narrows());
        narrowing.flat_map(|route| list(snapshot, route.record.flags, route.record.flags_count))
    };
    let mut flags = Vec::with_capacity(8);
    for flag in routes.iter().filter_map(Matched::flag) {
        add(&mut flags, 0, snapshot.flag(flag), ACTS);
    }
    let is_narrow = routes.iter().any(Matched::narrows);
    if is_narrow && flags.is_empty() && listed().next().is_none() {
        return flags;
    }
    // Lists are written in the order of keys, so that each look-up begins where the last one ended.
    for (first, count, role) in exposed(edge) {
        let mut place = 0;
        for flag in list(snapshot, first, count) {
            place = add(&mut flags, place, snapshot.flag(flag), role);
        }
    }
    if is_narrow {
        flags.retain(|of| of.roles & ACTS != 0 || listed().any(|flag| flag == of.flag.index()));
    }
    flags
}

/// A flag that programs ask for by its key, with the roles that it has wherever they ask.
#[cfg(feature = "answers")]
pub(crate) fn named<'s>(
    snapshot: &Snapshot<'s>,
    edge: &EdgeRecord,
    key: &str,
) -> Option<Relevant<'s>> {
    let flag = snapshot.flag(snapshot.find(key)?)?;
    let is_in = |first, count| list(snapshot, first, count).any(|other| other == flag.index());
    let roles = exposed(edge)
        .into_iter()
        .filter_map(|(first, count, role)| is_in(first, count).then_some(role));
    Some(Relevant {
        flag,
        key: flag.key(),
        roles: roles.sum(),
    })
}

/// The lists of exposed flags, and what for.
fn exposed(edge: &EdgeRecord) -> [(u32, u32, u8); 2] {
    [
        (edge.origin, edge.origin_count, TO_ORIGIN),
        (edge.browser, edge.browser_count, TO_BROWSER),
    ]
}

/// A list of flags.
fn list(snapshot: &Snapshot<'_>, first: u32, count: u32) -> impl Iterator<Item = FlagIndex> {
    let indices = snapshot.records::<IndexRecord>(Section::Indices, first, count);
    indices.map(|record| FlagIndex(record.index))
}

/// Adds a role to a flag, which is not among those before `from`; gives the place behind it.
fn add<'s>(flags: &mut Vec<Relevant<'s>>, from: usize, flag: Option<Flag<'s>>, role: u8) -> usize {
    let Some(flag) = flag else { return from };
    // In lists of the same flags each is where the last one ended.
    if let Some(same) = flags.get_mut(from)
        && same.flag.index() == flag.index()
    {
        same.roles |= role;
        return from + 1;
    }
    let key = flag.key();
    let before = flags
        .iter()
        .skip(from)
        .take_while(|other| other.key < key)
        .count();
    let place = from + before;
    match flags.get_mut(place) {
        Some(same) if same.key == key => same.roles |= role,
        _ => flags.insert(
            place,
            Relevant {
                flag,
                key,
                roles: role,
            },
        ),
    }
    place + 1
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

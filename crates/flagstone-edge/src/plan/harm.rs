//! What counts as harm on a route, beside what is a failure everywhere.

use super::Ended;
use crate::append::Append;
use crate::digits::{hex, number, push_hex, push_number};
use flagstone_core::layout::{HarmRecord, Section, Statuses};
use flagstone_core::{Snapshot, text_split, text_split_once};
use flagstone_rollout::Outcome;

/// What counts as harm on a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Harm {
    pub statuses: Statuses,
    /// Milliseconds; 0 for no bound.
    pub slower_than_ms: u32,
    /// Names with blanks between them.
    pub events: String,
}

impl Harm {
    /// Reads a record; `None` if there is none.
    pub fn read(snapshot: &Snapshot<'_>, index: u16) -> Option<Self> {
        let record: HarmRecord = snapshot.record(Section::Harms, index.into())?;
        let events = snapshot.text(record.events_offset, record.events_len.into());
        Some(Self {
            statuses: Statuses {
                client: record.client_statuses,
                server: record.server_statuses,
            },
            slower_than_ms: record.slower_than,
            events: events.unwrap_or_default().to_owned(),
        })
    }

    /// Whether an origin's answer did harm; what a cache has kept does none.
    pub fn is_done(&self, ended: &Ended) -> bool {
        let Outcome::Status(status) = ended.outcome else {
            return false;
        };
        if ended.from_cache {
            return false;
        }
        let is_slow = self.slower_than_ms > 0 && ended.latency_ms > self.slower_than_ms;
        let is_named = |name: &str| text_split(&self.events, b' ').any(|event| event == name);
        self.statuses.has(status) || is_slow || names(&ended.events).any(is_named)
    }

    /// Adds it as text that [`parse`](Self::parse) reads: `200.0.1500.payment-failed cart-lost`.
    pub fn push(&self, text: &mut String) {
        let Statuses { client, server } = self.statuses;
        for bits in [client, server] {
            push_hex(text, bits.into(), 1);
            text.append(".");
        }
        push_number(text, self.slower_than_ms.into());
        text.append(".");
        text.append(&self.events);
    }

    /// Reads what [`push`](Self::push) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (client, rest) = text_split_once(text, ".")?;
        let (server, rest) = text_split_once(rest, ".")?;
        let (slower_than_ms, events) = text_split_once(rest, ".")?;
        let (client, server) = (hex(client)?, hex(server)?);
        Some(Self {
            statuses: Statuses { client, server },
            slower_than_ms: number(slower_than_ms)?,
            events: events.to_owned(),
        })
    }
}

/// The names in `Flagstone-Event`: between commas, each up to its parameters.
pub(super) fn names(header: &str) -> impl Iterator<Item = &str> {
    text_split(header, b',')
        .filter_map(|item| Some(text_split(item, b';').next()?.trim_ascii()))
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests;

//! Who the visitor is.

use crate::head::RequestHead;
use crate::parts::Parts;
use crate::status::{IdSource, Why};
use flagstone_core::Snapshot;
use flagstone_core::layout::{EdgeRecord, Section, SourceKind, SourceRecord};
use std::borrow::Cow;

/// Longest usable key, in bytes.
const MAX_KEY: usize = 256;
/// Bytes of an anonymous id.
const ANONYMOUS_LEN: usize = 32;

/// The targeting key and where it came from.
#[derive(Debug)]
pub(crate) struct Identity<'p> {
    pub key: Option<Cow<'p, str>>,
    pub source: IdSource,
    pub why: Option<Why>,
}

/// What the configuration says about the anonymous id.
#[derive(Clone, Copy)]
pub(crate) struct Anonymous<'s> {
    /// Name of the cookie.
    pub cookie: &'s str,
    /// Seconds for which the browser keeps it.
    pub max_age: u32,
    /// The cookie that shows consent, and the value it must have; empty: any that is not empty.
    consent: Option<(&'s str, &'s str)>,
}

impl<'s> Anonymous<'s> {
    /// `None` if no id is minted.
    pub fn read(snapshot: &Snapshot<'s>, edge: &EdgeRecord) -> Option<Self> {
        let text = |offset, len: u16| snapshot.text(offset, len.into());
        let cookie = text(edge.cookie_offset, edge.cookie_len).filter(|name| !name.is_empty())?;
        Some(Self {
            cookie,
            max_age: edge.max_age,
            consent: consent(snapshot, edge)?,
        })
    }

    /// `Set-Cookie` for an id.
    pub fn set_cookie(&self, id: &str) -> String {
        let attributes = "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=";
        [self.cookie, "=", id, attributes, &self.max_age.to_string()].concat()
    }
}

/// Asks the sources of identity in their order, then for the anonymous id, and mints one if there is none.
///
/// Not for bots, which are none of the visitors that variants are for. `entropy` is asked when an id is minted.
pub(crate) fn identify<'p, 'n>(
    parts: &'p Parts<'n, impl RequestHead>,
    snapshot: &Snapshot<'n>,
    edge: &EdgeRecord,
    entropy: impl FnOnce() -> Option<[u8; 16]>,
) -> Identity<'p> {
    let sources =
        snapshot.records::<SourceRecord>(Section::Sources, edge.sources, edge.sources_count.into());
    for source in sources {
        let Some(name) = snapshot.text(source.name_offset, source.name_len.into()) else {
            continue;
        };
        let (value, kind) = match SourceKind::from_code(source.kind) {
            Some(SourceKind::Header) => (parts.header_text(name), IdSource::Header),
            Some(SourceKind::Cookie) => (parts.cookie(name), IdSource::Cookie),
            _ => continue,
        };
        if let Some(key) = value.filter(|value| is_usable(value)) {
            return Identity {
                key: Some(Cow::Borrowed(key)),
                source: kind,
                why: None,
            };
        }
    }
    let none = |why| Identity {
        key: None,
        source: IdSource::None,
        why,
    };
    let Some(anonymous) = Anonymous::read(snapshot, edge) else {
        return none(None);
    };
    if parts.has_gpc() {
        return none(Some(Why::Gpc));
    }
    if !has_consent(parts, anonymous.consent) {
        return none(Some(Why::Consent));
    }
    if let Some(id) = parts
        .cookie(anonymous.cookie)
        .filter(|id| is_anonymous_id(id))
    {
        return Identity {
            key: Some(Cow::Borrowed(id)),
            source: IdSource::Anonymous,
            why: None,
        };
    }
    match entropy() {
        Some(bytes) => Identity {
            key: Some(Cow::Owned(anonymous_id(bytes))),
            source: IdSource::Minted,
            why: None,
        },
        None => none(None),
    }
}

/// Whether something may be stored at the visitor's that is not needed to answer the request.
pub(crate) fn may_store<'n>(
    parts: &Parts<'n, impl RequestHead>,
    snapshot: &Snapshot<'_>,
    edge: &EdgeRecord,
) -> bool {
    !parts.has_gpc() && consent(snapshot, edge).is_some_and(|consent| has_consent(parts, consent))
}

/// The cookie that shows consent, and its value, if consent is needed. `None` if the bytes make no sense.
fn consent<'s>(snapshot: &Snapshot<'s>, edge: &EdgeRecord) -> Option<Option<(&'s str, &'s str)>> {
    let name = snapshot.text(edge.consent_offset, edge.consent_len.into())?;
    let value = snapshot.text(edge.consent_value_offset, edge.consent_value_len.into())?;
    Some((!name.is_empty()).then_some((name, value)))
}

fn has_consent(parts: &Parts<'_, impl RequestHead>, consent: Option<(&str, &str)>) -> bool {
    consent.is_none_or(|(name, wanted)| {
        parts.cookie(name).is_some_and(|value| match wanted {
            "" => !value.is_empty(),
            _ => value == wanted,
        })
    })
}

/// A header or cookie must not make every visitor the same one, nor write into headers and logs.
fn is_usable(value: &str) -> bool {
    (1..=MAX_KEY).contains(&value.len()) && !value.chars().any(char::is_control)
}

fn is_anonymous_id(value: &str) -> bool {
    value.len() == ANONYMOUS_LEN
        && value
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn anonymous_id(bytes: [u8; 16]) -> String {
    let digit = |nibble: u8| {
        char::from(if nibble < 10 {
            b'0' + nibble
        } else {
            b'a' - 10 + nibble
        })
    };
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

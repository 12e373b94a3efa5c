//! Requests and responses from the other side.

use super::asks::Asks;
use super::texts::texts;
use crate::head::{GeoField, RequestHead, ResponseHead};
use crate::plan::Pending;
use flagstone_core::{text_find, text_split_once};
use std::borrow::Cow;
use std::net::IpAddr;

/// A request: those of its parts that were asked for.
pub(super) struct Head<'a> {
    method: &'a str,
    url: Url<'a>,
    asks: &'a Asks,
    parts: Vec<Option<&'a [u8]>>,
    /// Names of the headers that come behind what was asked for.
    others: &'static [&'static str],
}

impl<'a> Head<'a> {
    /// `None` if the bytes do not hold the texts.
    pub fn read(asks: &'a Asks, bytes: &'a [u8]) -> Option<Self> {
        let texts = texts(bytes, 2 + asks.count())?;
        Self::of(asks, texts, &[])
    }

    /// From texts, which go on behind what was asked for with these headers.
    pub fn of(
        asks: &'a Asks,
        texts: Vec<Option<&'a [u8]>>,
        others: &'static [&'static str],
    ) -> Option<Self> {
        let mut texts = texts.into_iter();
        let (method, url) = (texts.next()??, texts.next()??);
        Some(Self {
            method: str::from_utf8(method).ok()?,
            url: Url::split(str::from_utf8(url).ok()?),
            asks,
            parts: texts.collect(),
            others,
        })
    }
}

impl RequestHead for Head<'_> {
    fn method(&self) -> &str {
        self.method
    }

    fn scheme(&self) -> &str {
        self.url.scheme
    }

    fn host(&self) -> &str {
        self.url.host
    }

    fn path(&self) -> &str {
        self.url.path
    }

    fn query(&self) -> Option<&str> {
        self.url.query
    }

    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let asked = self.asks.headers.iter().position(|ask| ask == name);
        let other =
            || Some(self.asks.count() + self.others.iter().position(|other| *other == name)?);
        self.parts.get(asked.or_else(other)?)?.map(header_value)
    }

    fn geo(&self, field: GeoField) -> Option<Cow<'_, str>> {
        let place = self.asks.geo.iter().position(|ask| *ask == field)?;
        let value = (*self.parts.get(self.asks.headers.len() + place)?)?;
        let value = str::from_utf8(value).ok()?;
        (!value.is_empty()).then_some(Cow::Borrowed(value))
    }

    fn client_ip(&self) -> Option<IpAddr> {
        let place = self.asks.count().checked_sub(1)?;
        let address = (*self.parts.get(place)?).filter(|_| self.asks.client_ip)?;
        str::from_utf8(address).ok()?.parse().ok()
    }
}

/// A response: its status, and those of its headers that were asked for, in the order of [`Pending::ASKS`].
pub(super) struct Answered<'a> {
    status: u16,
    headers: Vec<Option<&'a [u8]>>,
}

impl<'a> Answered<'a> {
    pub fn new(status: u16, headers: Vec<Option<&'a [u8]>>) -> Self {
        Self { status, headers }
    }
}

impl ResponseHead for Answered<'_> {
    fn status(&self) -> u16 {
        self.status
    }

    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let place = Pending::ASKS.iter().position(|ask| *ask == name)?;
        self.headers.get(place)?.map(header_value)
    }
}

/// A header's value as it was sent.
///
/// Runtimes read headers as UTF-8 and put U+FFFD where they are not. It becomes a byte again that is not UTF-8, so that
/// such a value is taken for what it is.
fn header_value(value: &[u8]) -> Cow<'_, [u8]> {
    const REPLACEMENT: &str = "\u{fffd}";
    let other = (!value.is_ascii()).then(|| str::from_utf8(value));
    match other {
        Some(Ok(text)) if text_find(text, REPLACEMENT).is_some() => {
            let (mut bytes, mut rest) = (Vec::with_capacity(value.len()), text);
            while let Some((before, behind)) = text_split_once(rest, REPLACEMENT) {
                bytes.extend_from_slice(before.as_bytes());
                bytes.push(0xff);
                rest = behind;
            }
            bytes.extend_from_slice(rest.as_bytes());
            bytes.into()
        }
        _ => Cow::Borrowed(value),
    }
}

/// The parts of a URL that the runtime has written: absolute, with a path.
struct Url<'a> {
    scheme: &'a str,
    /// With the port, if it is not the scheme's own.
    host: &'a str,
    path: &'a str,
    /// Without `?`.
    query: Option<&'a str>,
}

impl<'a> Url<'a> {
    fn split(url: &'a str) -> Self {
        // Browsers send none, but what makes requests in JavaScript may leave one in.
        let url = text_split_once(url, "#").map_or(url, |(url, _)| url);
        let (scheme, rest) = text_split_once(url, "://").unwrap_or(("", url));
        let end = rest
            .bytes()
            .position(|byte| matches!(byte, b'/' | b'?'))
            .unwrap_or(rest.len());
        let (host, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let (path, query) = match text_split_once(rest, "?") {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        Self {
            scheme,
            host,
            path,
            query,
        }
    }
}

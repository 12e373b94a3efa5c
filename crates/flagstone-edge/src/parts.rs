//! The parts of one request, each asked for when it is needed and at most once.

use crate::bot::is_bot;
use crate::cookies::cookie;
use crate::head::RequestHead;
use crate::path::{host_name, resolve};
use std::borrow::Cow;
use std::cell::OnceCell;

/// A request's parts. `'n` is the lifetime of header names.
pub(crate) struct Parts<'n, H> {
    /// The request.
    pub head: &'n H,
    /// The host in lower case, without port.
    pub host: Cow<'n, str>,
    /// The path without dot segments, else as it was sent.
    pub path: Cow<'n, str>,
    headers: Headers<'n>,
    is_bot: OnceCell<bool>,
}

/// The headers asked for so far: a list that only grows, so that what was found stays where it is. Most requests need no
/// more than the first part.
#[derive(Default)]
struct Headers<'n> {
    first: [OnceCell<Header<'n>>; 8],
    others: OnceCell<Box<Headers<'n>>>,
}

struct Header<'n> {
    name: &'n str,
    value: Option<Cow<'n, [u8]>>,
}

impl<'n, H: RequestHead> Parts<'n, H> {
    pub fn new(head: &'n H) -> Self {
        Self {
            head,
            host: host_name(head.host()),
            path: resolve(head.path()),
            headers: Headers::default(),
            is_bot: OnceCell::new(),
        }
    }

    /// A header's value.
    pub fn header(&self, name: &'n str) -> Option<&[u8]> {
        let mut headers = &self.headers;
        loop {
            for place in &headers.first {
                let header = place.get_or_init(|| Header {
                    name,
                    value: self.head.header(name),
                });
                if header.name == name {
                    return header.value.as_deref();
                }
            }
            headers = headers.others.get_or_init(Box::default);
        }
    }

    /// A header's value, if it is UTF-8.
    pub fn header_text(&self, name: &'n str) -> Option<&str> {
        str::from_utf8(self.header(name)?).ok()
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        cookie(self.header("cookie")?, name)
    }

    /// Whether the visitor declares itself a bot.
    pub fn is_bot(&self) -> bool {
        *self
            .is_bot
            .get_or_init(|| self.header("user-agent").is_some_and(is_bot))
    }

    /// Whether the visitor sent the signal of Global Privacy Control.
    pub fn has_gpc(&self) -> bool {
        self.header("sec-gpc")
            .is_some_and(|value| value.trim_ascii() == b"1")
    }

    /// Whether it is for a page, and not for something that a page loads. Where the browser does not say, pages are asked
    /// for as HTML.
    pub fn is_page(&self) -> bool {
        // Not `Sec-Fetch-Dest`, which is `empty` once a service worker has passed the request on.
        if let Some(mode) = self.header("sec-fetch-mode") {
            return mode.trim_ascii() == b"navigate";
        }
        let html = b"text/html";
        let mut places = self
            .header("accept")
            .unwrap_or_default()
            .windows(html.len());
        places.any(|place| place.eq_ignore_ascii_case(html))
    }

    /// Whether it is for a page that the visitor goes to: not for one within another, nor one that is fetched ahead.
    pub fn starts_visit(&self) -> bool {
        const WITHIN: [&[u8]; 5] = [b"iframe", b"frame", b"fencedframe", b"embed", b"object"];
        let place = self.header("sec-fetch-dest").unwrap_or_default();
        self.is_page() && !self.is_prefetch() && !WITHIN.contains(&place.trim_ascii())
    }

    /// Whether the browser fetches ahead, for a page that nobody may ever see.
    pub fn is_prefetch(&self) -> bool {
        let is_prefetch = |item: &[u8]| {
            let token = item.split(|byte| *byte == b';').next().unwrap_or_default();
            token.trim_ascii().eq_ignore_ascii_case(b"prefetch")
        };
        let purpose = self.header("sec-purpose");
        purpose.is_some_and(|value| value.split(|byte| *byte == b',').any(is_prefetch))
    }
}

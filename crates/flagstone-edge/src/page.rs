//! Pages: which responses are some, and what they and what they load have to agree on.

use crate::append::Append;
use crate::cache::directives;
use crate::dictionary::push_encoded;
use crate::edit::Edit;
use crate::head::ResponseHead;
use flagstone_core::{Reason, text_split};

/// The cookie that tells requests which a page makes what the page got.
pub(crate) const PAGE: &str = "__Host-flagstone-page";
/// The cookie that says of which flags a visitor has got control in place of the canary.
pub(crate) const WASHOUT: &str = "__Host-flagstone-washout";
/// Behind its value: it lasts as long as the browser is open.
pub(crate) const KEPT: &str = "; Path=/; Secure; HttpOnly; SameSite=Lax";
/// Bytes of a list; browsers take 4,096 for a cookie's name and value.
const MOST_LISTED: usize = 4_000;
/// Request headers that would have an origin answer with less than the page, or with a page that cannot be written into: a tag, a
/// date, either, and a part.
pub(crate) const REQUEST: [&str; 4] = ["if-none-match", "if-modified-since", "if-range", "range"];
/// Response headers that are no longer true of a page that was written into.
const RESPONSE: [&str; 8] = [
    "content-length",
    "etag",
    "last-modified",
    "accept-ranges",
    "content-digest",
    "repr-digest",
    "digest",
    "content-md5",
];

/// Whether a response is a page that can be written into as it streams by: HTML that is not to be saved as a file, whole, not
/// compressed, in an encoding that writes ASCII as ASCII.
#[inline(never)]
pub(crate) fn is_page(response: &(impl ResponseHead + ?Sized)) -> bool {
    let header = |name| {
        response
            .header(name)
            .map(|value| value.to_ascii_lowercase())
    };
    let kind = header("content-type").unwrap_or_default();
    let mut parts = kind.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let is_html = parts.next() == Some(b"text/html");
    // One that begins so and goes on is no type, and means the same.
    let disposition = header("content-disposition").unwrap_or_default();
    let is_file = disposition.starts_with(b"attachment");
    let is_wide = |part: &[u8]| {
        let charset = part.strip_prefix(b"charset=").unwrap_or_default();
        let charset = charset.strip_prefix(b"\"").unwrap_or(charset);
        charset.starts_with(b"utf-16")
            || charset.starts_with(b"utf-32")
            || charset.starts_with(b"utf-7")
    };
    let encoding = header("content-encoding").unwrap_or_default();
    let rules = header("cache-control").unwrap_or_default();
    let is_fixed = str::from_utf8(&rules)
        .is_ok_and(|rules| directives(rules).any(|rule| rule == "no-transform"));
    response.status() == 200
        && is_html
        && !is_file
        && !parts.any(is_wide)
        && matches!(&*encoding, b"" | b"identity")
        && !is_fixed
}

/// Changes to the headers of a page that was written into.
pub(crate) fn edits() -> impl Iterator<Item = Edit> {
    RESPONSE.into_iter().map(|name| Edit::Remove(name.into()))
}

/// The value of [`PAGE`] with more keys: percent-encoded, of the flags whose default a page got, as many as a cookie holds. `None`
/// if it had them all. [`WASHOUT`] has flags in the same form.
#[inline(never)]
pub(crate) fn added<'k>(list: &str, keys: impl Iterator<Item = &'k str>) -> Option<String> {
    let mut text = list.to_owned();
    for key in keys {
        let name = encoded(key);
        if keeps(&text, key) || text.len() + 1 + name.len() > MOST_LISTED {
            continue;
        }
        if !text.is_empty() {
            text.append("&");
        }
        text.append(&name);
    }
    (text != list).then_some(text)
}

/// Whether what a page loads keeps the default of a flag, as the page got it: only who has just come into a growing rollout can
/// tell a difference.
pub(crate) fn holds_back(kept: &str, key: &str, reason: Reason) -> bool {
    reason == Reason::Split && keeps(kept, key)
}

/// Whether such a value has a key.
pub(crate) fn keeps(list: &str, key: &str) -> bool {
    !list.is_empty() && text_split(list, b'&').any(|name| name == encoded(key))
}

fn encoded(key: &str) -> String {
    let mut text = String::with_capacity(key.len());
    push_encoded(&mut text, key);
    text
}

#[cfg(test)]
mod tests;

//! What caches between the edge and the visitor are told.

use crate::append::Append;
use flagstone_core::text_split;

/// Directives that speak to shared caches only.
const SHARED: [&str; 3] = ["public", "s-maxage", "proxy-revalidate"];

/// `Vary` of the origin with the names added that it lacks, which are separated as in a header; `None` if it need not
/// change.
pub(crate) fn vary(origin: Option<&[u8]>, names: &str) -> Option<String> {
    let origin = text(origin);
    let listed = || list(origin);
    if listed().any(|name| name == "*") {
        return None;
    }
    let is_listed = |name: &&str| listed().any(|listed| listed.eq_ignore_ascii_case(name));
    let mut missing = list(names).filter(|name| !is_listed(name)).peekable();
    missing.peek()?;
    let mut text = String::with_capacity(origin.len() + names.len() + 2);
    listed()
        .chain(missing)
        .for_each(|name| push(&mut text, name));
    Some(text)
}

/// The elements of a header's list.
fn list(value: &str) -> impl Iterator<Item = &str> {
    text_split(value, b',')
        .map(str::trim_ascii)
        .filter(|name| !name.is_empty())
}

/// `Cache-Control` of the origin, changed so that no shared cache stores the response. What it says to the browser's
/// own cache stays.
#[inline(never)]
pub(crate) fn private(origin: Option<&[u8]>) -> String {
    let origin = text(origin);
    let mut text = String::with_capacity(origin.len() + 9);
    let (mut is_private, mut is_stored, mut is_understood) = (false, true, false);
    for directive in directives(origin) {
        let name = text_split(directive, b'=')
            .next()
            .unwrap_or_default()
            .trim_ascii();
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        // `private="name"` would let shared caches store all but that header.
        if SHARED.iter().any(|shared| is(shared)) || is("private") && directive.contains('=') {
            continue;
        }
        is_private |= is("private");
        is_stored &= !is("no-store");
        is_understood |= is("must-understand");
        push(&mut text, directive);
    }
    // Whoever knows `must-understand` does not look at `no-store` beside it.
    if !is_private && (is_stored || is_understood) {
        push(&mut text, "private");
    }
    text
}

/// A header's value; empty if it is not visible ASCII, as these headers always are.
fn text(value: Option<&[u8]>) -> &str {
    let is_visible = |value: &&[u8]| value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    let value = value.filter(is_visible);
    value
        .and_then(|value| str::from_utf8(value).ok())
        .unwrap_or_default()
}

fn push(text: &mut String, directive: &str) {
    if !text.is_empty() {
        text.append(", ");
    }
    text.append(directive);
}

/// Splits at commas that are not quoted.
pub(crate) fn directives(value: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    let is_end = move |character: char| {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = is_quoted,
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
        character == ',' && !is_quoted
    };
    value
        .split(is_end)
        .map(str::trim_ascii)
        .filter(|directive| !directive.is_empty())
}

#[cfg(test)]
mod tests;

//! Paths: dot segments, patterns, rewriting.

use crate::append::Append;
use crate::query::escape;
use flagstone_core::{text_split, text_split_once};
use std::borrow::Cow;

/// A path without `.` and `..` segments, escaped ones (`%2e`) included, as browsers and the platforms resolve them.
/// All else stays as it was sent.
pub(crate) fn resolve(path: &str) -> Cow<'_, str> {
    let Some(rest) = path.strip_prefix('/') else {
        return Cow::Borrowed(path);
    };
    // Most have neither, which is seen in a few instructions.
    let may_have = rest.bytes().any(|byte| matches!(byte, b'.' | b'%'));
    if !may_have || !text_split(rest, b'/').any(|segment| dots(segment).is_some()) {
        return Cow::Borrowed(path);
    }
    let mut segments: Vec<&str> = Vec::new();
    let mut is_open = false;
    for segment in text_split(rest, b'/') {
        is_open = match dots(segment) {
            Some(1) => true,
            Some(_) => {
                segments.pop();
                true
            }
            None => {
                segments.push(segment);
                false
            }
        };
    }
    if is_open {
        segments.push("");
    }
    Cow::Owned(segments.iter().flat_map(|segment| ["/", segment]).collect())
}

/// 1 for the segment `.`, 2 for `..`.
fn dots(segment: &str) -> Option<usize> {
    let mut rest = segment.as_bytes();
    let mut count = 0;
    while !rest.is_empty() && count < 3 {
        rest = match escape(rest) {
            Some((b'.', tail)) => tail,
            _ => rest.strip_prefix(b".")?,
        };
        count += 1;
    }
    (count == 1 || count == 2).then_some(count)
}

/// What the parts of a pattern stand for: `*` and names with their colon, in order.
pub(crate) type Captures<'a> = Vec<(&'a str, &'a str)>;

/// Compares a path, without dot segments, with a pattern. `*` as the last segment takes any rest, also none; `:name`
/// takes a segment that is not empty; all else must be equal.
///
/// An escape of a character that needs none is that character (`%63art` is `cart`), and so is one of a byte that is not
/// ASCII. Escapes of others are not: `%2F` is no slash and separates no segments.
pub(crate) fn captures<'a>(mut pattern: &'a str, mut path: &'a str) -> Option<Captures<'a>> {
    let mut captures = Captures::new();
    loop {
        let (literal, special) = pattern.split_at_checked(literal_len(pattern))?;
        path = strip(path, literal)?;
        match special.as_bytes().first() {
            None => return path.is_empty().then_some(captures),
            Some(b'*') => {
                captures.push(("*", path));
                return Some(captures);
            }
            Some(_) => {
                let (name, rest) = segment(special)?;
                let (value, path_rest) = segment(path)?;
                if value.is_empty() {
                    return None;
                }
                captures.push((name, value));
                (pattern, path) = (rest, path_rest);
            }
        }
    }
}

/// The new path and its query, if it has one. `*` and names stand for what the pattern took.
pub(crate) fn rewrite<'t>(
    template: &'t str,
    captures: &[(&str, &str)],
) -> (String, Option<&'t str>) {
    let (template, query) = match text_split_once(template, "?") {
        Some((template, query)) => (template, Some(query)),
        None => (template, None),
    };
    let mut path = String::with_capacity(template.len() + 64);
    for (index, segment) in text_split(template, b'/').enumerate() {
        if index > 0 {
            path.append("/");
        }
        let captured = captures.iter().find(|(name, _)| *name == segment);
        path.append(captured.map_or(segment, |(_, value)| value));
    }
    (path, query)
}

/// Whether a host, in lower case and without port, fits a pattern: itself, `*.example.com` for all below it, or empty
/// for all.
pub(crate) fn is_host(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        None => pattern.is_empty() || pattern == host,
    }
}

/// A host in lower case, without port and without the dot of the root.
pub(crate) fn host_name(host: &str) -> Cow<'_, str> {
    let is_port = |port: &str| port.bytes().skip(1).all(|byte| byte.is_ascii_digit());
    let colon = host.bytes().rposition(|byte| byte == b':');
    let name = match colon.and_then(|colon| host.split_at_checked(colon)) {
        Some((name, port)) if is_port(port) => name,
        _ => host,
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}

/// The host as the origin is told it: in lower case, without the scheme's own port. Some platforms give no other form.
pub(crate) fn forwarded_host(host: &str, scheme: &str) -> String {
    let port = match scheme {
        "http" => ":80",
        _ => ":443",
    };
    host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase()
}

/// Bytes of a pattern up to its next `:name` or its `*`.
fn literal_len(pattern: &str) -> usize {
    let bytes = pattern.as_bytes();
    let is_special = |at: &usize| match bytes.get(*at..) {
        Some([b'/', b':', ..]) => true,
        Some(rest) => rest == b"/*",
        None => false,
    };
    (0..bytes.len())
        .find(is_special)
        .map_or(bytes.len(), |slash| slash + 1)
}

/// The text up to the next slash, and what follows from the slash on.
fn segment(text: &str) -> Option<(&str, &str)> {
    text.split_at_checked(
        text.bytes()
            .position(|byte| byte == b'/')
            .unwrap_or(text.len()),
    )
}

/// The path behind a literal part of a pattern.
pub(crate) fn strip<'p>(path: &'p str, literal: &str) -> Option<&'p str> {
    let (mut rest, mut literal) = (path.as_bytes(), literal.as_bytes());
    while !literal.is_empty() {
        let (wanted, literal_rest) = unit(literal)?;
        let (found, path_rest) = unit(rest)?;
        if wanted != found {
            return None;
        }
        (rest, literal) = (path_rest, literal_rest);
    }
    path.get(path.len() - rest.len()..)
}

/// A byte of a path, and whether it is escaped and must not be taken for the bare one.
fn unit(text: &[u8]) -> Option<((u8, bool), &[u8])> {
    if let Some((byte, rest)) = escape(text) {
        let is_plain = byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"-._~".contains(&byte);
        return Some(((byte, !is_plain), rest));
    }
    text.split_first()
        .map(|(byte, rest)| ((*byte, false), rest))
}

#[cfg(test)]
mod tests;

//! The forms in which browsers get flags beside `Feature-Flags`: `docs/frontend.md` lays them down.

use crate::append::Append;
use crate::cache::directives;
use crate::dictionary::{self, About, Extent, Member, push_encoded, push_escape};
use crate::digits::{push_hex, push_number};
use flagstone_core::{Value, text_split, text_split_once};

/// The cookie that scripts can read.
pub(crate) const COOKIE: &str = "__Host-flagstone-flags";
/// Bytes that browsers take for a cookie's name and value.
const COOKIE_MAX: usize = 4_096;
/// The entry of `Server-Timing` that is about all flags.
const TIMING: &str = "flagstone";
/// What the names of flags' entries begin with.
const TIMING_FLAG: &str = "flag-";

/// Entries of `Server-Timing`.
pub(crate) fn server_timing(members: &[Member<'_>], about: About) -> String {
    let mut text = String::with_capacity(32 + 48 * members.len());
    text.append(TIMING);
    text.append(";desc=\"");
    push_number(&mut text, about.revision);
    if let Some(why) = about.why {
        text.append(";why=");
        text.append(why.code());
    }
    text.append("\"");
    for member in members {
        text.append(", ");
        text.append(TIMING_FLAG);
        push_encoded(&mut text, member.key);
        text.append(";desc=\"");
        push_encoded(&mut text, member.variant);
        text.append("\"");
    }
    text
}

/// `Server-Timing` of an origin without entries that are ours alone; `None` if it has none of those.
#[inline(never)]
pub(crate) fn foreign_timing(origin: &[u8]) -> Option<String> {
    let is_ours = |entry: &&str| {
        let name = text_split(entry, b';')
            .next()
            .unwrap_or_default()
            .trim_ascii();
        name == TIMING || name.starts_with(TIMING_FLAG)
    };
    let text = str::from_utf8(origin).ok()?;
    directives(text).any(|entry| is_ours(&entry)).then(|| {
        let kept: Vec<&str> = directives(text).filter(|entry| !is_ours(entry)).collect();
        kept.join(", ")
    })
}

/// The cookie's value; `None` if it would be longer than browsers take.
pub(crate) fn cookie(members: &[Member<'_>], about: About) -> Option<String> {
    let extents = [Extent::Everything, Extent::Values, Extent::Variants];
    let mut values = extents.into_iter().map(|extent| {
        let about = About {
            is_cut: extent != Extent::Everything,
            ..about
        };
        let text = dictionary::write(Some(about), members, extent);
        let mut value = String::with_capacity(text.len());
        for byte in text.bytes() {
            match byte {
                b'%' | b'"' | b',' | b';' | b'\\' | ..=b' ' | 0x7f.. => {
                    push_escape(&mut value, byte, b"0123456789ABCDEF");
                }
                _ => value.push(char::from(byte)),
            }
        }
        value
    });
    values.find(|value| COOKIE.len() + value.len() <= COOKIE_MAX)
}

/// The content of the script element: JSON in ASCII without `<`, on one line.
pub(crate) fn script(members: &[Member<'_>], about: About) -> String {
    let mut text = String::with_capacity(64 + 64 * members.len());
    text.append("{\"version\":1,\"revision\":");
    push_number(&mut text, about.revision);
    if let Some(why) = about.why {
        text.append(",\"why\":\"");
        text.append(why.code());
        text.append("\"");
    }
    text.append(",\"flags\":{");
    for (index, member) in members.iter().enumerate() {
        if index > 0 {
            text.append(",");
        }
        push_json(&mut text, member.key);
        text.append(":{\"variant\":");
        push_json(&mut text, member.variant);
        if let Some(value) = member.value {
            text.append(",\"value\":");
            push_value(&mut text, value);
        }
        if let Some(reason) = member.reason {
            text.append(",\"reason\":\"");
            text.append(reason.as_str());
            text.append("\"");
        }
        text.append("}");
    }
    text.append("}}");
    text
}

/// The element around such a content. A page whose own policy has a nonce gets it here too: no browser asks for it, since
/// this is no script, but people and programs that look at pages do.
#[inline(never)]
pub(crate) fn element(script: &str, policy: Option<&[u8]>) -> String {
    let nonce = policy.and_then(nonce);
    let (before, nonce, behind) = match nonce {
        Some(nonce) => (" nonce=\"", nonce, "\""),
        None => ("", "", ""),
    };
    [
        "<script id=\"flagstone\" type=\"application/json\"",
        before,
        nonce,
        behind,
        ">",
        script,
        "</script>",
    ]
    .concat()
}

/// The first nonce of a `Content-Security-Policy`.
fn nonce(policy: &[u8]) -> Option<&str> {
    let (_, rest) = text_split_once(str::from_utf8(policy).ok()?, "'nonce-")?;
    let (nonce, _) = text_split_once(rest, "'")?;
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte);
    (!nonce.is_empty() && nonce.bytes().all(is_legal)).then_some(nonce)
}

/// Writes a value as JSON.
pub(crate) fn push_value(out: &mut String, value: Value<'_>) {
    match value {
        Value::Boolean(is) => out.append(if is { "true" } else { "false" }),
        Value::String(text) => push_json(out, text),
        Value::Number { text, .. } | Value::Json(text) => push_ascii(out, text),
    }
}

/// Writes a text as JSON.
pub(crate) fn push_json(out: &mut String, text: &str) {
    out.append("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.append("\\");
                out.push(character);
            }
            ..' ' => push_unit(out, character as u16),
            _ => push_ascii_char(out, character),
        }
    }
    out.append("\"");
}

/// Writes JSON, with escapes for what is not ASCII and for `<`, which are in texts only. Line ends are between values.
fn push_ascii(out: &mut String, json: &str) {
    for character in json.chars() {
        match character {
            '\n' | '\r' => out.append(" "),
            _ => push_ascii_char(out, character),
        }
    }
}

fn push_ascii_char(out: &mut String, character: char) {
    match character {
        '<' | '\u{7f}'.. => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                push_unit(out, *unit);
            }
        }
        _ => out.push(character),
    }
}

fn push_unit(out: &mut String, unit: u16) {
    out.append("\\u");
    push_hex(out, unit.into(), 4);
}

#[cfg(test)]
mod tests;

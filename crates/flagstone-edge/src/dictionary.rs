//! Writing `Feature-Flags`: a Dictionary of RFC 9651.

use crate::append::Append;
use crate::character::{self, KEY, TOKEN, UNRESERVED};
use crate::digits::push_number;
use crate::status::Why;
use flagstone_core::{Reason, Value, text_split_once};

/// Room for the members of most configurations, in bytes.
const ROOM: usize = 256;

/// A flag as a member of the Dictionary.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    pub key: &'a str,
    pub variant: &'a str,
    /// Written as the parameter `v` or `j`.
    pub value: Option<Value<'a>>,
    /// Written as the parameter `r`.
    pub reason: Option<Reason>,
    /// Left out only after all others.
    pub acts: bool,
}

/// What the member `*` says of all others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    /// Of the configuration that decided.
    pub revision: u64,
    /// Why the visitor is not known.
    pub why: Option<Why>,
    /// Something was left out.
    pub is_cut: bool,
}

/// How much is written of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extent {
    Variants,
    Reasons,
    /// Those that are no JSON too.
    Values,
    Everything,
}

/// The header's value: members in the order given, at most `budget` bytes. A flag whose key is no key of a Dictionary is
/// left out. `None` if there is nothing to say.
///
/// Over the budget, the values that are JSON are left out first, then all values, then reasons, then flags that do not act
/// on the request, then the others, of each the last first; the member `*` says that something is missing.
pub(crate) fn header(members: &[Member<'_>], revision: u64, budget: usize) -> Option<String> {
    let text = write(None, members, Extent::Everything);
    if text.len() <= budget {
        return (!text.is_empty()).then_some(text);
    }
    let about = Some(About {
        revision,
        why: None,
        is_cut: true,
    });
    let mut excess = 0;
    for extent in [Extent::Values, Extent::Reasons, Extent::Variants] {
        let text = write(about, members, extent);
        excess = text.len().saturating_sub(budget);
        if excess == 0 {
            return Some(text);
        }
    }
    let mut kept: Vec<Member<'_>> = members.to_vec();
    kept.reverse();
    for acts in [false, true] {
        kept.retain(|member| {
            let is_left = excess == 0 || member.acts != acts;
            if !is_left {
                let len = write(None, std::slice::from_ref(member), Extent::Variants).len();
                let separator = if len == 0 { 0 } else { 2 };
                excess = excess.saturating_sub(len + separator);
            }
            is_left
        });
    }
    kept.reverse();
    Some(write(about, &kept, Extent::Variants))
}

/// Whether a header's value says all of the members that it was made of.
pub(crate) fn says_all(header: Option<&str>, members: &[Member<'_>]) -> bool {
    let is_cut = header.is_some_and(|text| text.starts_with("*="));
    !is_cut && members.iter().all(|member| is_key(member.key))
}

/// Writes members, behind what there is to say about all.
pub(crate) fn write(about: Option<About>, members: &[Member<'_>], extent: Extent) -> String {
    let mut text = String::new();
    if let Some(about) = about {
        text.append("*=");
        push_number(&mut text, about.revision);
        if let Some(why) = about.why {
            text.append(";why=");
            text.append(why.code());
        }
        if about.is_cut {
            text.append(";cut");
        }
    }
    for member in members.iter().filter(|member| is_key(member.key)) {
        if text.is_empty() {
            text.reserve(ROOM);
        } else {
            text.append(", ");
        }
        text.append(member.key);
        text.append("=");
        push_value(&mut text, member.variant);
        push_parameters(&mut text, member, extent);
    }
    text
}

/// All parameters of a member, each behind a `;`.
pub(crate) fn parameters(member: &Member<'_>) -> String {
    let mut text = String::new();
    push_parameters(&mut text, member, Extent::Everything);
    text
}

fn push_parameters(text: &mut String, member: &Member<'_>, extent: Extent) {
    if let Some(value) = member.value {
        push_parameter(text, value, extent);
    }
    if let Some(reason) = member.reason.filter(|_| extent >= Extent::Reasons) {
        text.append(";r=");
        text.append(&reason.as_str().to_ascii_lowercase());
    }
}

/// Writes a variant's value as a parameter, if it is to be written.
fn push_parameter(text: &mut String, value: Value<'_>, extent: Extent) {
    let json = match value {
        _ if extent < Extent::Values => return,
        Value::Boolean(is) => return text.append(if is { ";v=?1" } else { ";v=?0" }),
        Value::String(value) => {
            text.append(";v=");
            return push_string(text, value);
        }
        Value::Number { text: number, .. } if is_number(number) => {
            text.append(";v=");
            return text.append(number);
        }
        Value::Number { text, .. } | Value::Json(text) => text,
    };
    if extent == Extent::Everything {
        text.append(";j=");
        push_string(text, json);
    }
}

/// Whether a JSON number is an Integer or a Decimal as well.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = text_split_once(digits, ".").unwrap_or((digits, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let most = if fraction.is_empty() { 15 } else { 12 };
    is_digits(whole) && whole.len() <= most && is_digits(fraction) && fraction.len() <= 3
}

fn push_value(text: &mut String, value: &str) {
    if is_token(value) {
        text.append(value);
    } else {
        push_string(text, value);
    }
}

/// Writes a String, or a Display String where it is not ASCII.
fn push_string(text: &mut String, value: &str) {
    if value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        text.append("\"");
        for character in value.chars() {
            if matches!(character, '"' | '\\') {
                text.append("\\");
            }
            text.push(character);
        }
        text.append("\"");
    } else {
        text.append("%\"");
        for byte in value.bytes() {
            match byte {
                b'%' | b'"' | ..0x20 | 0x7f.. => push_escape(text, byte, b"0123456789abcdef"),
                _ => text.push(char::from(byte)),
            }
        }
        text.append("\"");
    }
}

/// Writes a byte as `%` and two of these digits.
pub(crate) fn push_escape(text: &mut String, byte: u8, digits: &[u8; 16]) {
    text.append("%");
    for nibble in [byte >> 4, byte & 15] {
        text.extend(
            digits
                .get(usize::from(nibble))
                .map(|digit| char::from(*digit)),
        );
    }
}

/// Writes text percent-encoded, all but the characters that never need it.
pub(crate) fn push_encoded(text: &mut String, part: &str) {
    if character::all(part, UNRESERVED) {
        text.append(part);
        return;
    }
    for byte in part.bytes() {
        if character::is(byte, UNRESERVED) {
            text.push(char::from(byte));
        } else {
            push_escape(text, byte, b"0123456789ABCDEF");
        }
    }
}

/// Whether a flag's key is one of a Dictionary; the key `*` stands for all flags together.
fn is_key(text: &str) -> bool {
    text != "*"
        && matches!(text.as_bytes().first(), Some(b'a'..=b'z' | b'*'))
        && character::all(text, KEY)
}

fn is_token(text: &str) -> bool {
    matches!(
        text.as_bytes().first(),
        Some(b'a'..=b'z' | b'A'..=b'Z' | b'*')
    ) && character::all(text, TOKEN)
}

#[cfg(test)]
mod tests;

//! Writing `Feature-Flags`: a Dictionary of RFC 9651.

use crate::character::{self, KEY, TOKEN};

/// Room for the members of most configurations, in bytes.
const ROOM: usize = 256;

/// Writes flags and variants, in the order given. A flag whose key is no key of a Dictionary is left out. The variant
/// is a Token where it can be, else a String, else (not ASCII) a Display String. `None` if nothing is left.
pub(crate) fn write<'a>(members: impl Iterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let mut text = String::new();
    for (flag, variant) in members.filter(|(flag, _)| is_key(flag)) {
        if text.is_empty() {
            text.reserve(ROOM);
        } else {
            text.push_str(", ");
        }
        text.push_str(flag);
        text.push('=');
        push_value(&mut text, variant);
    }
    (!text.is_empty()).then_some(text)
}

fn push_value(text: &mut String, value: &str) {
    if is_token(value) {
        text.push_str(value);
    } else if value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        text.push('"');
        for character in value.chars() {
            if matches!(character, '"' | '\\') {
                text.push('\\');
            }
            text.push(character);
        }
        text.push('"');
    } else {
        text.push_str("%\"");
        for byte in value.bytes() {
            match byte {
                b'%' | b'"' | ..0x20 | 0x7f.. => push_escape(text, byte, b"0123456789abcdef"),
                _ => text.push(char::from(byte)),
            }
        }
        text.push('"');
    }
}

/// Writes a byte as `%` and two of these digits.
pub(crate) fn push_escape(text: &mut String, byte: u8, digits: &[u8; 16]) {
    text.push('%');
    for nibble in [byte >> 4, byte & 15] {
        text.extend(
            digits
                .get(usize::from(nibble))
                .map(|digit| char::from(*digit)),
        );
    }
}

fn is_key(text: &str) -> bool {
    matches!(text.as_bytes().first(), Some(b'a'..=b'z' | b'*')) && character::all(text, KEY)
}

fn is_token(text: &str) -> bool {
    matches!(
        text.as_bytes().first(),
        Some(b'a'..=b'z' | b'A'..=b'Z' | b'*')
    ) && character::all(text, TOKEN)
}

#[cfg(test)]
mod tests;

//! Reading query parameters, as forms write them.

use flagstone_core::{text_split, text_split_once};
use std::borrow::Cow;

/// The value of the first parameter of this name, decoded: `+` is a blank, `%41` an A, and what is no escape stays as
/// it is. A parameter without `=` has an empty value. `None` also if the value is not UTF-8.
pub(crate) fn parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    text_split(query, b'&').find_map(|pair| {
        let (found, value) = text_split_once(pair, "=").unwrap_or((pair, ""));
        let is_wanted = !pair.is_empty() && decode(found).is_some_and(|found| found == name);
        is_wanted.then(|| decode(value))
    })?
}

/// A form's text, in which `+` is a blank.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    match text.contains('+') {
        true => decoded(&text.replace('+', " ")).map(|text| Cow::Owned(text.into_owned())),
        false => decoded(text),
    }
}

/// A text without escapes; `None` if what they stand for is not UTF-8.
pub fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let (byte, tail) = escape(rest).unwrap_or((*byte, tail));
        bytes.push(byte);
        rest = tail;
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// The byte that an escape at the start of a text stands for, and what follows.
pub(crate) fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let [b'%', high, low, rest @ ..] = text else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = digit(*high)? << 4 | digit(*low)?;
    Some((byte as u8, rest))
}

#[cfg(test)]
mod tests;

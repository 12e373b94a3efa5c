//! Reading and writing the `Cookie` header.

use crate::append::Append;
use flagstone_core::text_split;

/// The value of the first cookie of this name that is UTF-8. Whatever is no pair of name and value is passed over;
/// quotes are part of the value. Time in proportion to the length.
pub(crate) fn cookie<'a>(header: &'a [u8], name: &str) -> Option<&'a str> {
    header.split(|byte| *byte == b';').find_map(|pair| {
        let (found, value) = split(pair)?;
        if found != name.as_bytes() {
            return None;
        }
        str::from_utf8(value).ok()
    })
}

/// A `Cookie` header with a cookie in place of all others of its name, as the browser will send it once it has it.
/// `None` if the header is not visible ASCII: not every platform could write it back unchanged.
pub(crate) fn with_cookie(header: Option<&[u8]>, name: &str, value: &str) -> Option<String> {
    let header = header.unwrap_or_default();
    let is_visible = header.iter().all(|byte| matches!(byte, b' '..=b'~'));
    let header = str::from_utf8(header).ok().filter(|_| is_visible)?;
    let mut text = String::with_capacity(header.len() + name.len() + value.len() + 3);
    for pair in text_split(header, b';').map(str::trim_ascii) {
        let is_replaced = split(pair.as_bytes()).is_some_and(|(found, _)| found == name.as_bytes());
        if !pair.is_empty() && !is_replaced {
            text.append(pair);
            text.append("; ");
        }
    }
    text.append(name);
    text.append("=");
    text.append(value);
    Some(text)
}

/// Name and value of a pair.
fn split(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = pair.iter().position(|byte| *byte == b'=')?;
    let name = pair.get(..equals)?.trim_ascii();
    let value = pair.get(equals + 1..)?.trim_ascii();
    (!name.is_empty()).then_some((name, value))
}

#[cfg(test)]
mod tests;

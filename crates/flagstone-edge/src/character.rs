//! Which characters may stand where, by one look into a table.

/// Of a key of an RFC 9651 Dictionary.
pub(crate) const KEY: u8 = 1;
/// Of an RFC 9651 Token.
pub(crate) const TOKEN: u8 = 2;
/// Needs no escape in a URL.
pub(crate) const UNRESERVED: u8 = 4;
/// Of a word of `User-Agent`.
pub(crate) const WORD: u8 = 8;
/// Of a header's name: a token of RFC 9110.
pub(crate) const HEADER: u8 = 16;

/// The classes of each byte, as bits.
static CLASSES: [u8; 256] = classes();

#[expect(clippy::indexing_slicing, reason = "run by the compiler alone")]
const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < classes.len() {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => KEY | TOKEN | UNRESERVED | WORD | HEADER,
            b'A'..=b'Z' => TOKEN | UNRESERVED | WORD | HEADER,
            b'.' => KEY | TOKEN | UNRESERVED | HEADER,
            b'*' => KEY | TOKEN | HEADER,
            b'~' => TOKEN | UNRESERVED | HEADER,
            b'!' | b'#'..=b'\'' | b'+' | b'^' | b'`' | b'|' => TOKEN | HEADER,
            b'/' | b':' => TOKEN,
            _ => 0,
        };
        byte += 1;
    }
    classes
}

/// Whether a byte is of a class.
pub(crate) fn is(byte: u8, class: u8) -> bool {
    CLASSES
        .get(usize::from(byte))
        .is_some_and(|classes| classes & class != 0)
}

/// Whether all bytes of a text are.
pub(crate) fn all(text: &str, class: u8) -> bool {
    text.bytes().all(|byte| is(byte, class))
}

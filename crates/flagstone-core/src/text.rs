//! Values as text, as JavaScript writes them.
//!
//! Several services compare and hash the text of a value, and their rules are those of JavaScript's `String(value)`.

use crate::context::AttributeValue;
use crate::number::Shortest;
use crate::scratch::Scratch;
use core::fmt;

/// How deep lists may lie in lists to become text.
const DEPTH: u8 = 8;

/// A number as JavaScript writes it, and as `JSON.stringify` writes a finite one.
///
/// ```
/// use flagstone_core::JsNumber;
///
/// assert_eq!(JsNumber(33_333.0).to_string(), "33333");
/// assert_eq!(JsNumber(1e21).to_string(), "1e+21");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JsNumber(pub f64);

impl fmt::Display for JsNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(number(self.0).text())
    }
}

/// Whether JavaScript's `trim` takes a character away, and its `\s` matches it.
pub fn is_blank(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}

/// A number as JavaScript writes it: the fewest digits that mean this number, whole up to 21 digits, with an exponent beyond.
///
/// Source: `Number::toString` of ECMA-262, radix 10.
pub(crate) fn number(number: f64) -> Scratch<32> {
    let mut out = Scratch::new();
    // INVARIANT: it takes at most 25 bytes.
    let _ = write_number(number, &mut out);
    out
}

// Not inlined, so that the memory for its digits is not part of each step of a recursion.
#[inline(never)]
fn write_number(number: f64, out: &mut Scratch<32>) -> Option<()> {
    if number.is_nan() {
        return out.push("NaN");
    }
    if number == 0.0 {
        return out.push("0");
    }
    if number.is_infinite() {
        return out.push(if number < 0.0 {
            "-Infinity"
        } else {
            "Infinity"
        });
    }
    let shortest = Shortest::of(number.abs());
    let (point, digits) = (shortest.point, shortest.digits());
    let (first, rest) = digits.split_at_checked(1)?;
    let count = digits.len() as i32;
    let exponent = point - 1;
    let sign = if number < 0.0 { "-" } else { "" };
    out.push(sign)?;
    match point {
        1..=21 if count <= point => {
            out.push(first)?;
            out.push(rest)?;
            (count..point).try_for_each(|_| out.push("0"))
        }
        1..=21 => {
            let (whole, fraction) = rest.split_at_checked((point - 1) as usize)?;
            out.push(first)?;
            out.push(whole)?;
            out.push(".")?;
            out.push(fraction)
        }
        -5..=0 => {
            out.push("0.")?;
            (point..0).try_for_each(|_| out.push("0"))?;
            out.push(first)?;
            out.push(rest)
        }
        _ => {
            out.push(first)?;
            if !rest.is_empty() {
                out.push(".")?;
                out.push(rest)?;
            }
            out.push(if exponent < 0 { "e-" } else { "e+" })?;
            // An exponent has at most three digits.
            let exponent = exponent.unsigned_abs();
            let digits = [exponent / 100 % 10, exponent / 10 % 10, exponent % 10];
            let zeros = usize::from(exponent < 100) + usize::from(exponent < 10);
            for digit in digits.into_iter().skip(zeros) {
                out.push(char::from(b'0' + digit as u8).encode_utf8(&mut [0; 4]))?;
            }
            Some(())
        }
    }
}

/// Adds a value as JavaScript's `String(value)` writes it; nothing for a value that is missing. `None` if there is no
/// room, or if lists lie in lists too deep.
pub(crate) fn value<const N: usize>(value: AttributeValue<'_>, out: &mut Scratch<N>) -> Option<()> {
    match value {
        AttributeValue::Missing => Some(()),
        AttributeValue::Null => out.push("null"),
        other => inside(other, out, DEPTH),
    }
}

fn inside<const N: usize>(
    value: AttributeValue<'_>,
    out: &mut Scratch<N>,
    depth: u8,
) -> Option<()> {
    match value {
        // In a list, nothing stands for what is missing or null.
        AttributeValue::Missing | AttributeValue::Null => Some(()),
        AttributeValue::Boolean(value) => out.push(if value { "true" } else { "false" }),
        AttributeValue::Number(value) => out.push(number(value).text()),
        AttributeValue::Text(text) => out.push(text),
        AttributeValue::Object(_) => out.push("[object Object]"),
        AttributeValue::List(list) => {
            let depth = depth.checked_sub(1)?;
            for index in 0..list.len() {
                if index > 0 {
                    out.push(",")?;
                }
                inside(list.element(index), out, depth)?;
            }
            Some(())
        }
    }
}

/// The first two and the last two of the 64-bit words that 16 to 32 bytes are made of, which overlap where there are fewer than 32; of
/// 8 to 16 bytes the first and the last, twice. `None` for other lengths.
#[inline(always)]
pub(crate) fn words(bytes: &[u8]) -> Option<[u64; 4]> {
    let pair = |bytes: &[u8; 16]| Some((word(bytes.first_chunk()?), word(bytes.last_chunk()?)));
    if let (Some(first), Some(last), 16..=32) =
        (bytes.first_chunk(), bytes.last_chunk(), bytes.len())
    {
        let ((a, b), (c, d)) = (pair(first)?, pair(last)?);
        return Some([a, b, c, d]);
    }
    if let (Some(first), Some(last), 8..16) = (bytes.first_chunk(), bytes.last_chunk(), bytes.len())
    {
        let (a, b) = (word(first), word(last));
        return Some([a, b, a, b]);
    }
    None
}

#[inline(always)]
fn word(bytes: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*bytes)
}

/// Whether the words are equal, without a jump or a call.
#[inline(always)]
pub(crate) fn same_words(a: [u64; 4], b: [u64; 4]) -> bool {
    let differing = a.iter().zip(b).map(|(a, b)| a ^ b);
    differing.fold(0, |all, bits| all | bits) == 0
}

/// Whether bytes are the same. Most are short, and then this takes less than calling the platform's comparison.
#[inline]
pub(crate) fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if let (Some(a), Some(b)) = (words(a), words(b)) {
        return same_words(a, b);
    }
    if a.len() < 8 {
        return a.iter().zip(b).all(|(a, b)| a == b);
    }
    a == b
}

/// Where text begins in other text for the first time. What `str::find` has for this weighs 6 KB of wasm and keeps panics;
/// in return this takes time in proportion to both lengths where nearly everything repeats itself.
///
/// ```
/// use flagstone_core::text_find;
///
/// assert_eq!(text_find("https://shop.example", "://"), Some(5));
/// assert_eq!(text_find("shop.example", "://"), None);
/// assert_eq!(text_find("", ""), Some(0));
/// ```
pub fn find(text: &str, part: &str) -> Option<usize> {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let Some(first) = part.first() else {
        return Some(0);
    };
    let last = text.len().checked_sub(part.len())?;
    (0..=last).find(|at| {
        text.get(*at) == Some(first)
            && text
                .get(*at..at + part.len())
                .is_some_and(|there| equal(there, part))
    })
}

/// The parts of text between an ASCII character, as `str::split` gives them. In short text that takes twice as many instructions, and
/// with its search by words it weighs 2 KB of compressed wasm.
///
/// ```
/// use flagstone_core::text_split;
///
/// assert!(text_split("a,,b", b',').eq(["a", "", "b"]));
/// assert!(text_split("", b',').eq([""]));
/// ```
pub fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    Split {
        rest: Some(text),
        separator,
    }
}

struct Split<'t> {
    rest: Option<&'t str>,
    separator: u8,
}

impl<'t> Iterator for Split<'t> {
    type Item = &'t str;

    // Once for all, since it is asked for in many places.
    #[inline(never)]
    fn next(&mut self) -> Option<&'t str> {
        let (part, behind) = halves(self.rest?, self.separator);
        self.rest = behind;
        Some(part)
    }
}

/// What is before the first of an ASCII character, and what is behind it if there is one. What is split so is short: to look
/// at each byte takes less than to prepare a search.
#[inline]
pub(crate) fn halves(text: &str, at: u8) -> (&str, Option<&str>) {
    let place = text.bytes().position(|byte| byte == at);
    match place.and_then(|place| Some((text.get(..place)?, text.get(place + 1..)?))) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
}

/// What is before and behind text in other text, where it is there for the first time.
pub fn split_once<'t>(text: &'t str, part: &str) -> Option<(&'t str, &'t str)> {
    let at = find(text, part)?;
    Some((text.get(..at)?, text.get(at + part.len()..)?))
}

#[cfg(test)]
mod tests;

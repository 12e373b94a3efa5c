//! Values as text, as JavaScript writes them.
//!
//! Several services compare and hash the text of a value, and their rules are those of JavaScript's `String(value)`.

use crate::context::AttributeValue;
use crate::scratch::Scratch;
use core::fmt::{self, Write};

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
        let mut text = Scratch::<32>::new();
        number(self.0, &mut text).ok_or(fmt::Error)?;
        f.write_str(text.text())
    }
}

/// Whether JavaScript's `trim` takes a character away.
pub(crate) fn is_blank(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}

/// Adds a number as JavaScript writes it: the fewest digits that mean this number, whole up to 21 digits, with an
/// exponent beyond. `None` if there is no room.
///
/// Source: `Number::toString` of ECMA-262, radix 10.
pub(crate) fn number<const N: usize>(number: f64, out: &mut Scratch<N>) -> Option<()> {
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
    // `-d.ddde-x`, with the fewest digits.
    let mut shortest = Scratch::<32>::new();
    write!(shortest, "{number:e}").ok()?;
    let text = shortest.text();
    let (sign, text) = text
        .strip_prefix('-')
        .map_or(("", text), |rest| ("-", rest));
    let (digits, exponent) = text.split_once('e')?;
    let (first, rest) = digits.split_once('.').unwrap_or((digits, ""));
    // The point stands behind this many digits.
    let exponent: i32 = exponent.parse().ok()?;
    let point = exponent + 1;
    let count = 1 + rest.len() as i32;
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
            let sign = if exponent < 0 { '-' } else { '+' };
            write!(out, "e{sign}{}", exponent.unsigned_abs()).ok()
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
        AttributeValue::Number(value) => number(value, out),
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

#[cfg(test)]
mod tests;

//! Values as JavaScript converts them, without memory for what comes out.
//!
//! Text is handed on piece by piece, so that it may be of any length. What is missing counts as null.

mod letters;

pub use letters::{Lower, lower};
pub(crate) use letters::{lower_contains, lower_ends_with, lower_starts_with};

use crate::context::AttributeValue;
use crate::number::javascript;
use crate::scratch::Scratch;
use crate::text;
use core::fmt::Write;
use core::ops::ControlFlow::{self, Continue};

/// How deep lists and objects may lie in each other. What is deeper is left out; JSON is not read that deep.
const DEPTH: u8 = 128;

/// Takes text piece by piece, and breaks off when it has seen enough.
pub type Sink<'s> = dyn FnMut(&str) -> ControlFlow<()> + 's;

/// The text that `value + ""` is. Source: `ToString` of ECMA-262; lists join the text of their elements, nothing for null.
pub fn text(value: AttributeValue<'_>, out: &mut Sink<'_>) -> ControlFlow<()> {
    match value {
        AttributeValue::Missing | AttributeValue::Null => out("null"),
        other => text_inside(other, out, DEPTH),
    }
}

fn text_inside(value: AttributeValue<'_>, out: &mut Sink<'_>, depth: u8) -> ControlFlow<()> {
    match value {
        AttributeValue::Missing | AttributeValue::Null => Continue(()),
        AttributeValue::Boolean(value) => out(if value { "true" } else { "false" }),
        AttributeValue::Number(value) => number_text(value, out),
        AttributeValue::Text(text) => out(text),
        AttributeValue::Object(_) => out("[object Object]"),
        AttributeValue::List(list) => {
            let Some(depth) = depth.checked_sub(1) else {
                return Continue(());
            };
            for index in 0..list.len() {
                if index > 0 {
                    out(",")?;
                }
                text_inside(list.element(index), out, depth)?;
            }
            Continue(())
        }
    }
}

// Not inlined, so that the memory for digits is not part of each step of a recursion.
#[inline(never)]
fn number_text(number: f64, out: &mut Sink<'_>) -> ControlFlow<()> {
    out(text::number(number).text())
}

/// The number that `value * 1` is; NaN for what is none. Source: `ToNumber` of ECMA-262.
pub fn number(value: AttributeValue<'_>) -> f64 {
    let mut value = value;
    let mut is_inside = false;
    for _ in 0..DEPTH {
        value = match value {
            AttributeValue::Missing | AttributeValue::Null => return 0.0,
            // In a list it is the text `true` or `false`, and that is no number.
            AttributeValue::Boolean(_) if is_inside => return f64::NAN,
            AttributeValue::Boolean(value) => return f64::from(u8::from(value)),
            AttributeValue::Number(number) => return number,
            AttributeValue::Text(text) => return javascript(text),
            AttributeValue::Object(_) => return f64::NAN,
            // The text of no elements is empty, that of several has a comma.
            AttributeValue::List(list) => match list.len() {
                0 => return 0.0,
                1 => list.element(0),
                _ => return f64::NAN,
            },
        };
        is_inside = true;
    }
    f64::NAN
}

/// Whether JavaScript takes the value for true.
pub fn is_truthy(value: AttributeValue<'_>) -> bool {
    match value {
        AttributeValue::Missing | AttributeValue::Null => false,
        AttributeValue::Boolean(value) => value,
        AttributeValue::Number(number) => number != 0.0 && !number.is_nan(),
        AttributeValue::Text(text) => !text.is_empty(),
        AttributeValue::List(_) | AttributeValue::Object(_) => true,
    }
}

/// The text that `JSON.stringify(value)` is: members whose names are array indices come first, in ascending order.
pub fn json(value: AttributeValue<'_>, out: &mut Sink<'_>) -> ControlFlow<()> {
    json_inside(value, out, DEPTH)
}

fn json_inside(value: AttributeValue<'_>, out: &mut Sink<'_>, depth: u8) -> ControlFlow<()> {
    let Some(depth) = depth.checked_sub(1) else {
        return Continue(());
    };
    match value {
        AttributeValue::Missing | AttributeValue::Null => out("null"),
        AttributeValue::Boolean(value) => out(if value { "true" } else { "false" }),
        AttributeValue::Number(number) if !number.is_finite() => out("null"),
        AttributeValue::Number(number) => number_text(number, out),
        AttributeValue::Text(text) => json_text(text, out),
        AttributeValue::List(list) => {
            out("[")?;
            for index in 0..list.len() {
                if index > 0 {
                    out(",")?;
                }
                json_inside(list.element(index), out, depth)?;
            }
            out("]")
        }
        AttributeValue::Object(object) => {
            out("{")?;
            let names = || (0..object.len()).filter_map(|at| Some(object.member(at)?.0));
            let mut is_first = true;
            let mut member = |name: &str, out: &mut Sink<'_>| {
                if !core::mem::take(&mut is_first) {
                    out(",")?;
                }
                json_text(name, out)?;
                out(":")?;
                json_inside(object.get(name), out, depth)
            };
            let mut last = None;
            while let Some((index, name)) = names()
                .filter_map(|name| Some((array_index(name)?, name)))
                .filter(|(index, _)| last.is_none_or(|last| *index > last))
                .min_by_key(|(index, _)| *index)
            {
                member(name, out)?;
                last = Some(index);
            }
            for (at, name) in names().enumerate() {
                // A name that comes twice stands in its first place.
                if array_index(name).is_none() && !names().take(at).any(|before| before == name) {
                    member(name, out)?;
                }
            }
            out("}")
        }
    }
}

fn json_text(text: &str, out: &mut Sink<'_>) -> ControlFlow<()> {
    out("\"")?;
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
        let (plain, special) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out(plain)?;
        let mut special = special.chars();
        match special.next() {
            Some('"') => out("\\\"")?,
            Some('\\') => out("\\\\")?,
            Some('\n') => out("\\n")?,
            Some('\r') => out("\\r")?,
            Some('\t') => out("\\t")?,
            Some('\u{8}') => out("\\b")?,
            Some('\u{c}') => out("\\f")?,
            Some(control) => {
                let mut escape = Scratch::<8>::new();
                // INVARIANT: six bytes.
                let _ = write!(escape, "\\u{:04x}", u32::from(control));
                out(escape.text())?;
            }
            None => {}
        }
        rest = special.as_str();
    }
    out(rest)?;
    out("\"")
}

/// The number that a name is if it is an index of a list: digits without leading zeros, at most 2 to the power of 32 - 2.
pub(crate) fn array_index(name: &str) -> Option<u32> {
    let is_plain =
        name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    let index: u32 = is_plain.then(|| name.parse().ok()).flatten()?;
    (index != u32::MAX).then_some(index)
}

#[cfg(test)]
mod tests;

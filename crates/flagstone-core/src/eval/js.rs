//! Questions that are answered as JavaScript answers them. There is always an answer: what is missing counts as null.

use crate::context::AttributeValue;
use crate::js;
use crate::layout::{
    NumberRecord, Op, Section, TEST_ELEMENTS, TEST_IGNORES_CASE, TestRecord, TextRecord, kind,
    order,
};
use crate::number::javascript;
use crate::program;
use crate::scratch::Scratch;
use crate::snapshot::Snapshot;
use crate::text;
use core::cmp::Ordering;
use core::ops::ControlFlow::{self, Break, Continue};
use core::str::Chars;

/// The answer. `None` if the bytes make no sense. Not inlined, so that other tests do not pay for it.
#[inline(never)]
pub(super) fn answer(
    snapshot: &Snapshot<'_>,
    op: Op,
    test: TestRecord,
    value: AttributeValue<'_>,
) -> Option<bool> {
    if let (AttributeValue::List(list), true) = (value, test.flags & TEST_ELEMENTS != 0) {
        for index in 0..list.len() {
            if about_one(snapshot, op, test, list.element(index))? {
                return Some(true);
            }
        }
        return Some(false);
    }
    about_one(snapshot, op, test, value)
}

fn about_one(
    snapshot: &Snapshot<'_>,
    op: Op,
    test: TestRecord,
    value: AttributeValue<'_>,
) -> Option<bool> {
    let constant = || snapshot.text(test.a, test.b);
    let number = f64::from_bits(u64::from(test.a) | u64::from(test.b) << 32);
    let is_ordered = |outcome: Option<Ordering>| outcome.is_some_and(|is| test.b & bit(is) != 0);
    let record = || {
        let text = snapshot.record::<TextRecord>(Section::Texts, test.a)?;
        snapshot.text(text.offset, text.len)
    };
    Some(match op {
        Op::JsTextEqual => {
            let ignores_case = test.flags & TEST_IGNORES_CASE != 0;
            let mut held = Held::against(constant()?);
            let _ = js::text(value, &mut |piece| match ignores_case {
                true => held.take(js::lower(piece)),
                false => held.take(piece.chars()),
            });
            held.order().is_eq()
        }
        Op::JsNumberEqual => js::number(value) == number,
        Op::JsTruthy => js::is_truthy(value),
        Op::JsNumberOrder => {
            let number = snapshot.record::<NumberRecord>(Section::Numbers, test.a)?;
            is_ordered(js::number(value).partial_cmp(&f64::from_bits(number.bits)))
        }
        Op::JsTextOrder => match value {
            AttributeValue::Text(_) | AttributeValue::List(_) | AttributeValue::Object(_) => {
                let mut held = Held::against(record()?);
                let _ = js::text(value, &mut |piece| held.take(piece.chars()));
                is_ordered(Some(held.order()))
            }
            _ => is_ordered(js::number(value).partial_cmp(&javascript(record()?))),
        },
        Op::JsonEqual => {
            let mut held = Held::against(constant()?);
            let _ = js::json(value, &mut |piece| held.take(piece.chars()));
            held.order().is_eq()
        }
        Op::PaddedVersion => {
            let mut held = Held::against(record()?);
            padded_version(value, &mut held);
            is_ordered(Some(held.order()))
        }
        Op::LowerIn => match value {
            AttributeValue::Text(text) => lower_in(snapshot, test, text)?,
            _ => false,
        },
        Op::TypeIn => test.a & kind_of(value) != 0,
        Op::JsProgram => match value {
            AttributeValue::Text(text) => program::matches(snapshot, test.a, text)?,
            other => program_matches(snapshot, test.a, other)?,
        },
        _ => return None,
    })
}

/// Whether a program matches in the text of a value that is none. `None` too if the text is too long.
#[inline(never)]
fn program_matches(
    snapshot: &Snapshot<'_>,
    program: u32,
    value: AttributeValue<'_>,
) -> Option<bool> {
    const LONGEST: usize = 1024;
    let mut text = Scratch::<LONGEST>::new();
    let made = js::text(value, &mut |piece| match text.push(piece) {
        Some(()) => Continue(()),
        None => Break(()),
    });
    made.is_continue().then_some(())?;
    program::matches(snapshot, program, text.text())
}

/// The bit of [`order`] of an outcome.
fn bit(outcome: Ordering) -> u32 {
    match outcome {
        Ordering::Less => order::LESS,
        Ordering::Equal => order::EQUAL,
        Ordering::Greater => order::GREATER,
    }
}

/// The bit of [`kind`] of a value.
fn kind_of(value: AttributeValue<'_>) -> u32 {
    match value {
        AttributeValue::Missing | AttributeValue::Null => kind::NULL,
        AttributeValue::Boolean(_) => kind::BOOLEAN,
        AttributeValue::Number(_) => kind::NUMBER,
        AttributeValue::Text(_) => kind::TEXT,
        AttributeValue::List(_) => kind::LIST,
        AttributeValue::Object(_) => kind::OBJECT,
    }
}

/// Text that is held against a constant while it comes in.
struct Held<'t> {
    rest: Chars<'t>,
    /// How what came in stands to the constant, once it is known.
    outcome: Option<Ordering>,
}

impl<'t> Held<'t> {
    fn against(constant: &'t str) -> Self {
        Self {
            rest: constant.chars(),
            outcome: None,
        }
    }

    fn take(&mut self, piece: impl Iterator<Item = char>) -> ControlFlow<()> {
        for is in piece {
            let outcome = match self.rest.next() {
                Some(wanted) if is == wanted => continue,
                Some(wanted) => by_utf16(is, wanted),
                None => Ordering::Greater,
            };
            self.outcome = self.outcome.or(Some(outcome));
            return Break(());
        }
        Continue(())
    }

    /// How all that came in stands to the constant, by UTF-16 code units.
    fn order(&self) -> Ordering {
        match self.outcome {
            Some(outcome) => outcome,
            None if self.rest.as_str().is_empty() => Ordering::Equal,
            None => Ordering::Less,
        }
    }
}

/// The order of two characters by their UTF-16 code units: those beyond the first plane come before U+E000.
fn by_utf16(one: char, other: char) -> Ordering {
    let first_unit = |c: char| match u32::from(c).checked_sub(0x10000) {
        Some(beyond) => 0xd800 + (beyond >> 10),
        None => u32::from(c),
    };
    let order = first_unit(one).cmp(&first_unit(other));
    order.then(one.cmp(&other))
}

/// Looks for a text in small letters in a list, by halving.
fn lower_in(snapshot: &Snapshot<'_>, test: TestRecord, is: &str) -> Option<bool> {
    let (mut low, mut high) = (0, test.b);
    while low < high {
        let middle = low + (high - low) / 2;
        let text = snapshot.record::<TextRecord>(Section::Texts, test.a.checked_add(middle)?)?;
        // The order of characters is that of their bytes, in which the list is.
        let wanted = snapshot.text(text.offset, text.len)?.chars();
        match wanted.cmp(js::lower(is)) {
            Ordering::Equal => return Some(true),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    Some(false)
}

/// A version in the form in which versions are compared as text: parts that are numbers are five wide, so that they stand
/// in their order, and a version of three parts is followed by a sign behind all letters, so that it comes after its
/// pre-releases.
///
/// COMPAT(growthbook): parts of more than five digits are out of order, and what is no text is `0`. Source:
/// `paddedVersionString` of GrowthBook's SDK for JavaScript 1.8.0.
fn padded_version(value: AttributeValue<'_>, held: &mut Held<'_>) {
    let digits;
    let version = match value {
        AttributeValue::Text(text) if !text.is_empty() => text,
        AttributeValue::Number(number) => {
            digits = text::number(number);
            digits.text()
        }
        _ => "0",
    };
    let _ = padded(version, &mut |piece| held.take(piece.chars()));
}

/// Hands on a version in the form in which GrowthBook compares versions as text; see [`Op::PaddedVersion`].
pub fn padded(version: &str, out: &mut js::Sink<'_>) -> ControlFlow<()> {
    let mut version = version.strip_prefix('v').unwrap_or(version);
    // Build metadata: JavaScript's `\+.*$`, where the point matches no ends of lines.
    let last_line = version
        .rfind(['\n', '\r', '\u{2028}', '\u{2029}'])
        .unwrap_or(0);
    let build = version.get(last_line..).and_then(|line| line.find('+'));
    if let Some(build) = build {
        version = version.get(..last_line + build).unwrap_or(version);
    }
    let mut count = 0;
    for part in version.split(['-', '.']) {
        if count > 0 {
            out("-")?;
        }
        count += 1;
        if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            out("     ".get(part.len()..).unwrap_or_default())?;
        }
        out(part)?;
    }
    if count == 3 {
        out("-~")?;
    }
    Continue(())
}

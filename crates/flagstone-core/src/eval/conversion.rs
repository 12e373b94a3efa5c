//! What is done to a value before it is asked about.

use crate::context::AttributeValue;
use crate::layout::Conversion;
use crate::number::javascript;
use crate::scratch::Scratch;
use crate::text;

/// Bytes that text may have that is made of another value. Longer text cannot be asked about.
const LONGEST: usize = 1024;

/// Calls `ask` with a value as a conversion leaves it. `None` if text that was made is too long, or if `ask` says so.
///
/// Not inlined, so that only who converts has the memory for text on the stack.
#[inline(never)]
pub(super) fn converted<T>(
    value: AttributeValue<'_>,
    conversion: Conversion,
    ask: impl FnOnce(AttributeValue<'_>) -> Option<T>,
) -> Option<T> {
    use AttributeValue::{List, Missing, Null, Number, Object, Text};
    match (conversion, value) {
        (Conversion::None, value) => ask(value),
        (Conversion::JsText, Text(_) | Missing) => ask(value),
        (Conversion::JsText, _) => {
            let mut scratch = Scratch::<LONGEST>::new();
            text::value(value, &mut scratch)?;
            ask(Text(scratch.text()))
        }
        (Conversion::JsNumber, List(_) | Object(_)) => {
            let mut scratch = Scratch::<LONGEST>::new();
            text::value(value, &mut scratch)?;
            ask(number(javascript(scratch.text())))
        }
        (Conversion::JsNumber, Text(text)) => ask(number(javascript(text))),
        (Conversion::JsNumber, Null) => ask(Number(0.0)),
        (Conversion::JsNumber, AttributeValue::Boolean(value)) => {
            ask(Number(f64::from(u8::from(value))))
        }
        (Conversion::JsNumber, Missing | Number(_)) => ask(value),
        (Conversion::SplitText, Missing | Null | Text("")) => ask(Missing),
        (Conversion::SplitText, Text(_)) => ask(value),
        (Conversion::SplitText, _) => {
            let mut scratch = Scratch::<LONGEST>::new();
            split_text(value, &mut scratch)?;
            match scratch.text() {
                "" => ask(Missing),
                text => ask(Text(text)),
            }
        }
    }
}

/// Adds the text that Split makes of a value: of a list its texts, of an object its `matchingKey`, as if it were a key.
/// `None` if there is no room.
///
/// Source: `sanitizeString` and `toString` of `@splitsoftware/splitio-commons` 2.12.1.
fn split_text<const N: usize>(value: AttributeValue<'_>, out: &mut Scratch<N>) -> Option<()> {
    use AttributeValue::{Boolean, List, Missing, Null, Number, Object, Text};
    let value = match value {
        Object(object) => match object.get("matchingKey") {
            Boolean(false) => Missing,
            Number(key) if key == 0.0 || key.is_nan() => Missing,
            key => key,
        },
        other => other,
    };
    match value {
        Missing | Null => Some(()),
        Number(zero) if zero == 0.0 && zero.is_sign_negative() => out.push("-0"),
        List(list) => {
            for index in 0..list.len() {
                if index > 0 {
                    out.push(",")?;
                }
                if let Text(text) = list.element(index) {
                    out.push(text)?;
                }
            }
            Some(())
        }
        other => text::value(other, out),
    }
}

/// A number, or nothing for NaN.
fn number(number: f64) -> AttributeValue<'static> {
    if number.is_nan() {
        AttributeValue::Missing
    } else {
        AttributeValue::Number(number)
    }
}

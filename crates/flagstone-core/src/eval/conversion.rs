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
        (Conversion::JsText, Text(_)) => ask(value),
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

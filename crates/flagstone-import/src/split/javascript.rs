//! What JavaScript makes of values in a definition that are not of the type that they should be.

use flagstone_core::{JsNumber, js_number};
use flagstone_json::Json;

/// Whether a value counts as true; an absent one does not.
pub(super) fn truthy(value: Option<&Json<'_>>) -> bool {
    match value {
        None | Some(Json::Null) => false,
        Some(Json::Boolean(value)) => *value,
        Some(Json::Number(number)) => *number != 0.0 && !number.is_nan(),
        Some(Json::Text(text)) => !text.is_empty(),
        Some(Json::List(_) | Json::Object(_)) => true,
    }
}

/// `Number(value)`; NaN for what is absent.
pub(super) fn number(value: Option<&Json<'_>>) -> f64 {
    match value {
        None => f64::NAN,
        Some(Json::Null) => 0.0,
        Some(Json::Boolean(value)) => f64::from(u8::from(*value)),
        Some(Json::Number(number)) => *number,
        Some(Json::Text(text)) => js_number(text),
        Some(value) => js_number(&text(value)),
    }
}

/// `String(value)`.
pub(super) fn text(value: &Json<'_>) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Boolean(true) => "true".to_owned(),
        Json::Boolean(false) => "false".to_owned(),
        Json::Number(number) => JsNumber(*number).to_string(),
        Json::Text(text) => text.to_string(),
        Json::Object(_) => "[object Object]".to_owned(),
        Json::List(elements) => {
            let mut joined = String::new();
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    joined.push(',');
                }
                if !element.is_null() {
                    joined.push_str(&text(element));
                }
            }
            joined
        }
    }
}

/// `value >>> 0`: a whole number, modulo 2 to the power of 32.
pub(super) fn unsigned(value: Option<&Json<'_>>) -> u32 {
    const RANGE: f64 = 4_294_967_296.0;
    let number = number(value);
    if !number.is_finite() {
        return 0;
    }
    let whole = number.trunc() % RANGE;
    // INVARIANT: from 0 to 2 to the power of 32, which as a 64-bit number wraps to 32 bits.
    (if whole < 0.0 { whole + RANGE } else { whole }) as u64 as u32
}

/// Text without the blanks around it, as `String.prototype.trim` sees them.
#[cfg(feature = "answers")]
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}')
}

//! What JavaScript makes of values.

use flagstone_core::{JsNumber, is_js_blank, js_number};
use flagstone_json::Json;

/// Whether a value counts as true; one that is absent does not.
pub(super) fn is_truthy(value: Option<&Json<'_>>) -> bool {
    match value {
        None | Some(Json::Null) => false,
        Some(Json::Boolean(value)) => *value,
        Some(Json::Number(number)) => *number != 0.0,
        Some(Json::Text(text)) => !text.is_empty(),
        Some(Json::List(_) | Json::Object(_)) => true,
    }
}

/// The value, if it counts as true.
pub(super) fn truthy<'v, 'j>(value: Option<&'v Json<'j>>) -> Option<&'v Json<'j>> {
    value.filter(|value| is_truthy(Some(value)))
}

/// `String(value)`.
pub(super) fn text(value: Option<&Json<'_>>) -> String {
    match value {
        None => "undefined".to_owned(),
        Some(Json::Null) => "null".to_owned(),
        Some(Json::Boolean(value)) => value.to_string(),
        Some(Json::Number(number)) => JsNumber(*number).to_string(),
        Some(Json::Text(text)) => text.clone().into_owned(),
        Some(Json::Object(_)) => "[object Object]".to_owned(),
        Some(Json::List(elements)) => {
            let mut list = String::new();
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    list.push(',');
                }
                if !element.is_null() {
                    list.push_str(&text(Some(element)));
                }
            }
            list
        }
    }
}

/// `Number(value)`.
pub(super) fn number(value: Option<&Json<'_>>) -> f64 {
    match value {
        None => f64::NAN,
        Some(Json::Null) => 0.0,
        Some(Json::Boolean(value)) => f64::from(u8::from(*value)),
        Some(Json::Number(number)) => *number,
        Some(Json::Text(text)) => js_number(text),
        Some(list) => js_number(&text(Some(list))),
    }
}

/// `text.split(/\s*,\s*/)`: white space at the very start and end is kept.
pub(super) fn items(text: &str) -> impl Iterator<Item = &str> {
    let mut parts = text.split(',').peekable();
    let mut is_first = true;
    std::iter::from_fn(move || {
        let mut item = parts.next()?;
        if !std::mem::take(&mut is_first) {
            item = item.trim_start_matches(is_js_blank);
        }
        if parts.peek().is_some() {
            item = item.trim_end_matches(is_js_blank);
        }
        Some(item)
    })
}

/// Whether two keys of a `Map` are the same.
pub(super) fn same_id(a: Option<&Json<'_>>, b: Option<&Json<'_>>) -> bool {
    match (a, b) {
        (Some(Json::List(_) | Json::Object(_)), _) => false,
        (Some(a), Some(b)) => a == b,
        (None, None) => true,
        _ => false,
    }
}

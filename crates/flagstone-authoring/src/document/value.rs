//! From TOML values to those of the model.

use flagstone_compile::model::Value;
use flagstone_core::{Day, UnixMillis, parse_rfc3339};
use serde::{Serialize, Serializer};
use toml::de::{DeFloat, DeInteger, DeValue};
use toml::value::Datetime;

use super::Node;
use crate::code::BAD_VALUE;
use crate::finding::{Finding, Report};
use crate::path::Path;

/// Whole numbers up to 2^53 are exact as 64-bit floating point, the numbers of JavaScript and of the edge.
const LARGEST: i64 = 1 << 53;

/// The moment that a date-time with a zone stands for; `None` for one without.
pub(crate) fn instant(date_time: &Datetime) -> Option<UnixMillis> {
    let (date, time, offset) = (date_time.date?, date_time.time?, date_time.offset?);
    parse_rfc3339(&format!(
        "{date}T{:02}:{:02}:{:02}.{:09}{offset}",
        time.hour,
        time.minute,
        time.second.unwrap_or_default(),
        time.nanosecond.unwrap_or_default(),
    ))
}

/// The day that a date stands for, in UTC.
pub(crate) fn day(node: &Node<'_>) -> Option<Day> {
    let date = node.get_ref().as_datetime()?.date?;
    Some(parse_rfc3339(&format!("{date}T00:00:00Z"))?.day())
}

/// A variant's value. What JSON cannot hold is reported.
pub(crate) fn json_variant(node: &Node<'_>, path: Path<'_>, report: &mut Report) -> Option<Value> {
    if !is_json(node, path, report) {
        return None;
    }
    match node.get_ref() {
        DeValue::Boolean(value) => Some(Value::Boolean(*value)),
        DeValue::String(text) => Some(Value::String(text.clone().into_owned())),
        DeValue::Integer(_) | DeValue::Float(_) => constant(node.get_ref()).map(Value::Number),
        DeValue::Array(_) | DeValue::Table(_) => serde_json::to_string(&Json(node.get_ref()))
            .ok()
            .map(Value::Json),
        DeValue::Datetime(_) => None,
    }
}

/// A number, if it is one that 64-bit floating point holds.
pub(crate) fn constant(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(text) => integer(text).map(|value| value as f64),
        DeValue::Float(text) => float(text),
        _ => None,
    }
}

fn integer(text: &DeInteger<'_>) -> Option<i64> {
    let value = i64::from_str_radix(text.as_str(), text.radix()).ok()?;
    (-LARGEST..=LARGEST).contains(&value).then_some(value)
}

fn float(text: &DeFloat<'_>) -> Option<f64> {
    text.as_str()
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite())
}

/// Whether JSON can hold a value; if not, why is reported.
fn is_json(node: &Node<'_>, path: Path<'_>, report: &mut Report) -> bool {
    let message = match node.get_ref() {
        DeValue::Integer(text) if integer(text).is_none() => {
            "whole numbers beyond 2^53 are not exact in JavaScript"
        }
        DeValue::Float(text) if float(text).is_none() => "a variant's number must be finite",
        DeValue::Datetime(_) => "a variant cannot be a date",
        DeValue::Array(list) => {
            return list.iter().enumerate().fold(true, |good, (index, item)| {
                is_json(item, path.index(index), report) && good
            });
        }
        DeValue::Table(table) => {
            return table.iter().fold(true, |good, (key, item)| {
                is_json(item, path.key(key.get_ref()), report) && good
            });
        }
        _ => return true,
    };
    let help = match node.get_ref() {
        DeValue::Float(_) => None,
        _ => Some("write it as text, in quotes".to_owned()),
    };
    report.add(Finding::new(BAD_VALUE, path, node.span(), message).help(help));
    false
}

/// A value as JSON, tables in the order of the file.
struct Json<'a>(&'a DeValue<'a>);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            DeValue::String(text) => serializer.serialize_str(text),
            DeValue::Boolean(value) => serializer.serialize_bool(*value),
            DeValue::Integer(text) => serializer.serialize_some(&integer(text)),
            DeValue::Float(text) => serializer.serialize_some(&float(text)),
            DeValue::Datetime(date) => serializer.collect_str(date),
            DeValue::Array(list) => {
                serializer.collect_seq(list.iter().map(|item| Json(item.get_ref())))
            }
            DeValue::Table(table) => serializer.collect_map(
                table
                    .iter()
                    .map(|(key, item)| (&**key.get_ref(), Json(item.get_ref()))),
            ),
        }
    }
}

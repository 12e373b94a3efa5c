//! Pieces of TOML.

use std::fmt::Write;

use flagstone_compile::model::Value;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use toml::de::DeTable;

use crate::document::json_variant;
use crate::finding::Report;
use crate::path::{Path, is_bare};

/// A key, in quotes where it must have them.
pub(super) fn key(key: &str) -> String {
    match is_bare(key) {
        true => key.to_owned(),
        false => basic(key),
    }
}

/// Text on one line, without escapes where that is possible.
pub(crate) fn text(text: &str) -> String {
    let needs_escapes = text.contains(['\\', '"']) && !text.contains('\'');
    match needs_escapes && !text.contains(char::is_control) {
        true => format!("'{text}'"),
        false => basic(text),
    }
}

/// A condition: without escapes where that is possible.
pub(super) fn condition(cel: &str) -> String {
    if cel.contains(|letter: char| letter.is_control() && letter != '\n') {
        return basic(cel);
    }
    if cel.contains('\n') && !cel.contains("'''") {
        return format!("'''\n{cel}\n'''");
    }
    match cel {
        cel if !cel.contains(['\'', '\n']) => format!("'{cel}'"),
        // A quote at the end would be one of three too many.
        cel if !cel.contains("'''") && cel.ends_with('\'') => format!("'''{cel} '''"),
        cel if !cel.contains("'''") => format!("'''{cel}'''"),
        cel => basic(cel),
    }
}

fn basic(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            letter if letter.is_control() => {
                // Writing to a string does not fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// A list of what is TOML already.
pub(super) fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// A list of texts.
pub(super) fn texts<'t>(items: impl IntoIterator<Item = &'t String>) -> String {
    list(items.into_iter().map(|item| text(item)))
}

/// An inline table of what is TOML already.
pub(super) fn table(entries: impl IntoIterator<Item = (String, String)>) -> String {
    let entries = entries.into_iter();
    let entries: Vec<String> = entries
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    match entries.is_empty() {
        true => "{}".to_owned(),
        false => format!("{{ {} }}", entries.join(", ")),
    }
}

/// A variant's value; `None` if TOML has none that is read as just this one.
pub(super) fn value(value: &Value) -> Option<String> {
    let written = match value {
        Value::Boolean(value) => value.to_string(),
        Value::String(value) => text(value),
        Value::Number(value) => number(*value),
        Value::Json(json) => serde_json::Deserializer::from_str(json)
            .deserialize_any(Json)
            .ok()?,
    };
    let document = format!("x = {written}");
    let table = DeTable::parse(&document).ok()?;
    let read = json_variant(
        table.get_ref().get("x")?,
        Path::Root,
        &mut Report::default(),
    );
    let is_same = match (&read, value) {
        // Zero has two signs.
        (Some(Value::Number(read)), Value::Number(value)) => read.to_bits() == value.to_bits(),
        (read, value) => read.as_ref() == Some(value),
    };
    is_same.then_some(written)
}

/// A variant's value as a text of JSON, for `json_variants`.
pub(super) fn json(value: &Value) -> String {
    let json = match value {
        Value::Boolean(value) => value.to_string(),
        Value::String(value) => serde_json::Value::from(value.as_str()).to_string(),
        Value::Number(value) => format!("{value:?}"),
        Value::Json(json) => json.clone(),
    };
    text(&json)
}

fn number(number: f64) -> String {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    let is_whole = number == number.trunc() && number.abs() <= LARGEST;
    match is_whole && !(number == 0.0 && number.is_sign_negative()) {
        true => format!("{}", number as i64),
        false => format!("{number:?}"),
    }
}

/// JSON as TOML, members in their order. There is no TOML for null.
struct Json;

impl<'j> Visitor<'j> for Json {
    type Value = String;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value that TOML has")
    }

    fn visit_bool<E>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E>(self, value: f64) -> Result<String, E> {
        Ok(format!("{value:?}"))
    }

    fn visit_str<E>(self, value: &str) -> Result<String, E> {
        Ok(text(value))
    }

    fn visit_seq<S: SeqAccess<'j>>(self, mut seq: S) -> Result<String, S::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Json)? {
            items.push(item);
        }
        Ok(list(items.into_iter()))
    }

    fn visit_map<M: MapAccess<'j>>(self, mut map: M) -> Result<String, M::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            members.push((key(&name), map.next_value_seed(Json)?));
        }
        Ok(table(members))
    }
}

impl<'j> serde::de::DeserializeSeed<'j> for Json {
    type Value = String;

    fn deserialize<D: Deserializer<'j>>(self, json: D) -> Result<String, D::Error> {
        json.deserialize_any(self)
    }
}

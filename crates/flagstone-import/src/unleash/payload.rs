//! The variants of a feature as variants of a flag.

use super::{is_key, unique};
use flagstone_compile::model::{Value, Variant};
use flagstone_json::Json;

/// What a feature can come to, in the order of its flag's variants: off, on without a variant, and the variants.
pub(super) struct Outcomes<'v, 'j> {
    pub variants: Vec<Variant>,
    /// The definitions of the third variant and those behind it.
    pub definitions: Vec<&'v Json<'j>>,
}

impl<'v, 'j> Outcomes<'v, 'j> {
    /// Of some definitions those that differ in name or payload.
    pub fn new(definitions: impl Iterator<Item = &'v Json<'j>>) -> Self {
        let mut outcomes = Self {
            variants: Vec::new(),
            definitions: Vec::new(),
        };
        for definition in definitions {
            if outcomes.place(definition).is_none() {
                outcomes.definitions.push(definition);
            }
        }
        let [off, on] = if outcomes.definitions.is_empty() {
            ["off", "on"]
        } else {
            ["disabled", "enabled"]
        };
        outcomes.push(off, Value::Boolean(false));
        outcomes.push(on, Value::Boolean(true));
        for index in 0..outcomes.definitions.len() {
            if let Some(definition) = outcomes.definitions.get(index).copied() {
                let name = definition.get("name").and_then(Json::text);
                let name = name.filter(|name| is_key(name));
                outcomes.push(name.unwrap_or("variant"), value(definition));
            }
        }
        outcomes
    }

    fn push(&mut self, wanted: &str, value: Value) {
        let key = unique(wanted, |key| self.variants.iter().any(|of| of.key == key));
        self.variants.push(Variant { key, value });
    }

    fn place(&self, definition: &Json<'_>) -> Option<usize> {
        let is_same = |of: &&Json<'_>| {
            of.get("name") == definition.get("name")
                && of.get("payload") == definition.get("payload")
        };
        self.definitions.iter().position(is_same)
    }

    fn key(&self, index: usize) -> String {
        self.variants
            .get(index)
            .map_or_else(String::new, |variant| variant.key.clone())
    }

    /// Key of the variant for a feature that is off.
    pub fn off(&self) -> String {
        self.key(0)
    }

    /// Key of the variant for a feature that is on and gives none of its own.
    pub fn on(&self) -> String {
        self.key(1)
    }

    /// Key of the variant for a definition.
    pub fn of(&self, definition: &Json<'_>) -> String {
        self.place(definition)
            .map_or_else(|| self.on(), |place| self.key(place + 2))
    }

    /// Keys of all variants but the first.
    pub fn all_on(&self) -> Vec<String> {
        let keys = self.variants.iter().skip(1);
        keys.map(|variant| variant.key.clone()).collect()
    }

    /// Keys of the variants that the SDK gives one of some names.
    pub fn named(&self, names: &[Json<'_>]) -> Vec<String> {
        let is_wanted = |name: Option<&Json<'_>>| {
            let mut names = names.iter();
            name.is_some_and(|name| name.text().is_some() && names.any(|wanted| wanted == name))
        };
        // Without a variant it is called "disabled", on or off.
        let without = Json::Text("disabled".into());
        let on = is_wanted(Some(&without)).then(|| self.on());
        let definitions = self.definitions.iter();
        let named = definitions
            .filter(|definition| is_wanted(definition.get("name")))
            .map(|definition| self.of(definition));
        on.into_iter().chain(named).collect()
    }
}

/// The payload as its type says, or the name where there is none.
fn value(definition: &Json<'_>) -> Value {
    let payload = definition.get("payload");
    let of = payload.and_then(|payload| payload.get("value"));
    let kind = payload
        .and_then(|payload| payload.get("type"))
        .and_then(Json::text);
    match (of, kind) {
        (None, _) => Value::String(super::javascript::text(definition.get("name"))),
        (Some(Json::Text(text)), Some("number")) => match flagstone_core::js_number(text) {
            number if number.is_finite() && !text.is_empty() => Value::Number(number),
            _ => Value::String(text.clone().into_owned()),
        },
        (Some(Json::Text(text)), Some("json")) => match Json::read(text) {
            Ok(Json::Null | Json::List(_) | Json::Object(_)) => Value::Json(compact(text)),
            Ok(json) => typed(&json),
            Err(_) => Value::String(text.clone().into_owned()),
        },
        (Some(other), _) => typed(other),
    }
}

fn typed(json: &Json<'_>) -> Value {
    match json {
        Json::Boolean(value) => Value::Boolean(*value),
        Json::Number(number) if number.is_finite() => Value::Number(*number),
        Json::Text(text) => Value::String(text.clone().into_owned()),
        json => Value::Json(json.to_string()),
    }
}

/// JSON without the white space between its parts.
fn compact(json: &str) -> String {
    let (mut is_text, mut is_escaped) = (false, false);
    let is_kept = |letter: &char| {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = is_text,
            '"' => is_text = !is_text,
            _ => {}
        }
        is_text || !letter.is_ascii_whitespace()
    };
    json.chars().filter(is_kept).collect()
}

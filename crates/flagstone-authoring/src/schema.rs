//! The JSON Schema of the format, for editors.

use serde_json::{Map, Value, json};

use crate::grammar::{DOCUMENT, ENVIRONMENT, Key, Kind, Shape};

/// The JSON Schema of `flagstone.toml`.
///
/// It says which keys there are, what they mean and which types they take. It is written in the part that draft 4 and
/// draft 7 have in common, because that is what the TOML extensions of editors understand.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    let mut document = table(&DOCUMENT, true, &mut definitions);
    if let Value::Object(members) = &mut document {
        members.insert(
            "$schema".into(),
            json!("http://json-schema.org/draft-07/schema#"),
        );
        members.insert("title".into(), json!("flagstone.toml"));
        members.insert("definitions".into(), Value::Object(definitions));
    }
    document
}

/// A table; what is not whole is laid over another one, and may lack what it needs.
fn table(shape: &'static Shape, is_whole: bool, definitions: &mut Map<String, Value>) -> Value {
    let properties: Map<_, _> = shape
        .keys
        .iter()
        .map(|key| (key.name.to_owned(), property(key, is_whole, definitions)))
        .collect();
    let required: Vec<_> = shape
        .keys
        .iter()
        .filter(|key| key.required && is_whole)
        .map(|key| key.name)
        .collect();
    let mut schema = json!({
        "type": "object",
        "description": shape.about,
        "properties": properties,
        "additionalProperties": false,
    });
    if let (false, Value::Object(members)) = (required.is_empty(), &mut schema) {
        members.insert("required".into(), json!(required)); // draft 4 has no empty list here
    }
    schema
}

fn property(key: &'static Key, is_whole: bool, definitions: &mut Map<String, Value>) -> Value {
    let description = match key.default {
        "" => key.about.to_owned(),
        default => format!("{} Default: `{default}`", key.about),
    };
    match kind(&key.kind, is_whole, definitions) {
        // Members beside a `$ref` are ignored.
        Value::Object(members) if members.contains_key("$ref") => {
            json!({ "description": description, "allOf": [members] })
        }
        Value::Object(mut members) => {
            members.insert("description".into(), json!(description));
            Value::Object(members)
        }
        other => other,
    }
}

fn kind(of: &'static Kind, is_whole: bool, definitions: &mut Map<String, Value>) -> Value {
    match of {
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Text | Kind::Condition => json!({ "type": "string" }),
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::Instant => json!({ "type": "string", "format": "date-time" }),
        Kind::Integer(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::Percent => json!({ "type": "number", "minimum": 0, "maximum": 100 }),
        Kind::Value => json!({ "type": ["boolean", "number", "string", "array", "object"] }),
        Kind::List(item) => json!({ "type": "array", "items": kind(item, true, definitions) }),
        Kind::Map(item) => {
            json!({ "type": "object", "additionalProperties": kind(item, is_whole, definitions) })
        }
        Kind::Dotted(item) => json!({
            "type": "object",
            "additionalProperties": { "anyOf": [kind(item, is_whole, definitions), { "type": "object" }] },
        }),
        Kind::Table(shape) => {
            let is_whole = is_whole && !std::ptr::eq(*shape, &raw const ENVIRONMENT);
            let name = match is_whole || !needs(shape) {
                true => shape.name.to_owned(),
                false => format!("{}_in_environment", shape.name),
            };
            if !definitions.contains_key(&name) {
                definitions.insert(name.clone(), Value::Null); // ends the recursion
                let schema = table(shape, is_whole, definitions);
                definitions.insert(name.clone(), schema);
            }
            json!({ "$ref": format!("#/definitions/{name}") })
        }
        Kind::Either(kinds) => {
            let kinds: Vec<_> = kinds
                .iter()
                .map(|one| kind(one, is_whole, definitions))
                .collect();
            json!({ "anyOf": kinds })
        }
    }
}

/// Whether a table must have a key, or one below it that is not in a list.
fn needs(shape: &Shape) -> bool {
    let in_kind = |key: &Key| needs_below(&key.kind);
    shape.keys.iter().any(|key| key.required || in_kind(key))
}

fn needs_below(kind: &Kind) -> bool {
    match kind {
        Kind::Table(shape) => needs(shape),
        Kind::Map(kind) => needs_below(kind),
        Kind::Either(kinds) => kinds.iter().any(needs_below),
        _ => false,
    }
}

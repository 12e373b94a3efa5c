//! The JSON Schema of the format, for editors.

use serde_json::{Map, Value, json};

use crate::grammar::{DOCUMENT, Key, Kind, Shape};

/// The JSON Schema of `flagstone.toml`.
///
/// It says which keys there are, what they mean and which types they take. It is written in the part that draft 4 and
/// draft 7 have in common, because that is what the TOML extensions of editors understand.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    let mut document = table(&DOCUMENT, &mut definitions);
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

fn table(shape: &'static Shape, definitions: &mut Map<String, Value>) -> Value {
    let properties: Map<_, _> = shape
        .keys
        .iter()
        .map(|key| (key.name.to_owned(), property(key, definitions)))
        .collect();
    let required: Vec<_> = shape
        .keys
        .iter()
        .filter(|key| key.required)
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

fn property(key: &'static Key, definitions: &mut Map<String, Value>) -> Value {
    let description = match key.default {
        "" => key.about.to_owned(),
        default => format!("{} Default: `{default}`", key.about),
    };
    match kind(&key.kind, definitions) {
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

fn kind(of: &'static Kind, definitions: &mut Map<String, Value>) -> Value {
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
        Kind::List(item) => json!({ "type": "array", "items": kind(item, definitions) }),
        Kind::Map(item) => {
            json!({ "type": "object", "additionalProperties": kind(item, definitions) })
        }
        Kind::Dotted(item) => json!({
            "type": "object",
            "additionalProperties": { "anyOf": [kind(item, definitions), { "type": "object" }] },
        }),
        Kind::Table(shape) => {
            if !definitions.contains_key(shape.name) {
                definitions.insert(shape.name.to_owned(), Value::Null); // ends the recursion
                let schema = table(shape, definitions);
                definitions.insert(shape.name.to_owned(), schema);
            }
            json!({ "$ref": format!("#/definitions/{}", shape.name) })
        }
        Kind::Either(kinds) => {
            let kinds: Vec<_> = kinds.iter().map(|one| kind(one, definitions)).collect();
            json!({ "anyOf": kinds })
        }
    }
}

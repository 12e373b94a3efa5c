//! The JSON Schema in `docs` is the generated one, and says the same as the reader.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use serde_json::Value;

const COMMITTED: &str = include_str!("../../../docs/flagstone.schema.json");
const README: &str = include_str!("../../../README.md");
const REFERENCE: &str = include_str!("../../../docs/authoring.md");
const IMPORT: &str = include_str!("../../../docs/import.md");

#[test]
fn the_committed_schema_is_current() {
    let committed: Value = serde_json::from_str(COMMITTED).unwrap();
    assert!(
        committed == flagstone_authoring::schema(),
        "write it anew: cargo run -p flagstone-cli -- schema > docs/flagstone.schema.json"
    );
}

#[test]
fn the_reference_names_every_key_and_code() {
    let schema = flagstone_authoring::schema();
    let tables = schema["definitions"]
        .as_object()
        .unwrap()
        .values()
        .chain([&schema]);
    for key in tables.flat_map(|table| table["properties"].as_object().unwrap().keys()) {
        assert!(
            REFERENCE.contains(&format!("`{key}`")),
            "docs/authoring.md lacks the key `{key}`"
        );
    }
    for code in flagstone_authoring::CODES {
        let line = format!("| `{}` | {} |", code.name, code.about);
        assert!(
            REFERENCE.contains(&line),
            "docs/authoring.md lacks the line: {line}"
        );
    }
}

#[test]
fn the_examples_of_the_documents_are_right() {
    let blocks = |document: &'static str| -> Vec<&str> {
        let blocks = document.split("```toml\n").skip(1);
        blocks
            .map(|rest| rest.split("```").next().unwrap())
            .collect()
    };
    let (reference, readme) = (blocks(REFERENCE), blocks(README));
    assert!(reference.len() >= 10 && readme.len() == 1);
    for text in reference.into_iter().chain(readme).chain(blocks(IMPORT)) {
        let outcome = flagstone_authoring::read(text, None, &flagstone_authoring::no_files);
        assert_eq!(outcome.findings, [], "{text}");
        let compiled = flagstone_compile::compile(&outcome.model.unwrap());
        assert_eq!(compiled.findings, [], "{text}");
    }
}

#[test]
fn the_schema_tells_good_from_bad() {
    let check = |text: &str, expected: bool| {
        let document = json(toml::Value::Table(toml::from_str(text).unwrap()));
        let schema = flagstone_authoring::schema();
        assert_eq!(conforms(&document, &schema, &schema), expected, "{text}");
    };
    check(include_str!("../../../examples/shop/flagstone.toml"), true);
    check("", true);
    check("flags.a = { rollout = { on = 5 }, rules = [] }", true);
    check("flags.a = { enable = true }", false);
    check("flags.a = { enabled = 'true' }", false);
    check("flags.a = { rollout = { on = 101 } }", false);
    check("flags.a.rollout.on = [{ share = 5 }]", false);
    check("flags.a.prerequisites = { b = 'on', c = ['on'] }", true);
    check("routes = [{ flag = 'a' }]", false);
    check("identity.anonymous = true", true);
    check("identity.anonymous = { max_age_days = 401 }", false);
    check("context.user.email = 'cookie:email'", true);
    check("environments.production.flags.a.enabled = false", true);
    check("environments.production.flags.a.enable = false", false);
    check("environments.production.environments = {}", false);
    check("source.from = 'split'", false);
    check("environments.production.source.key = 'a'", true);
    check("environments.production.source.kee = 'a'", false);
    check("flags.a.plan.straight = true", false);
    check("environments.production.flags.a.plan.straight = true", true);
    check("environments.production.flags.a.plan.stages = [{}]", false);
    check("environments.production.routes = [{ flag = 'a' }]", false);
}

/// TOML as editors show it to a schema: dates are text.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(table) => table
            .into_iter()
            .map(|(key, value)| (key, json(value)))
            .collect(),
        other => serde_json::to_value(other).unwrap(),
    }
}

/// Whether a value conforms to a schema, for the keywords that ours has.
fn conforms(value: &Value, schema: &Value, root: &Value) -> bool {
    let is_type = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64(),
        other => unreachable!("type {other}"),
    };
    schema
        .as_object()
        .unwrap()
        .iter()
        .all(|(keyword, rule)| match keyword.as_str() {
            "$schema" | "title" | "description" | "definitions" | "format" => true,
            "$ref" => {
                let name = rule
                    .as_str()
                    .unwrap()
                    .strip_prefix("#/definitions/")
                    .unwrap();
                conforms(value, &root["definitions"][name], root)
            }
            "allOf" => rule
                .as_array()
                .unwrap()
                .iter()
                .all(|rule| conforms(value, rule, root)),
            "anyOf" => rule
                .as_array()
                .unwrap()
                .iter()
                .any(|rule| conforms(value, rule, root)),
            "type" => match rule {
                Value::Array(types) => types.iter().any(|name| is_type(name.as_str().unwrap())),
                _ => is_type(rule.as_str().unwrap()),
            },
            "minimum" => value
                .as_f64()
                .is_some_and(|value| value >= rule.as_f64().unwrap()),
            "maximum" => value
                .as_f64()
                .is_some_and(|value| value <= rule.as_f64().unwrap()),
            "items" => value
                .as_array()
                .is_some_and(|items| items.iter().all(|item| conforms(item, rule, root))),
            "required" => rule
                .as_array()
                .unwrap()
                .iter()
                .all(|key| value.get(key.as_str().unwrap()).is_some()),
            "properties" | "additionalProperties" => value.as_object().is_some_and(|members| {
                members
                    .iter()
                    .all(|(key, member)| match schema["properties"].get(key) {
                        Some(rule) => conforms(member, rule, root),
                        None => match &schema["additionalProperties"] {
                            Value::Bool(allowed) => *allowed,
                            rule => conforms(member, rule, root),
                        },
                    })
            }),
            other => unreachable!("keyword {other}"),
        })
}

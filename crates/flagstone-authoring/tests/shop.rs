//! The example is read without a finding, compiles, and is the same as its LaunchDarkly form.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::{fs, io};

use flagstone_authoring::read;
use flagstone_compile::model::{Model, Value};

const SHOP: &str = include_str!("../../../examples/shop/flagstone.toml");
const LAUNCHDARKLY: &str = include_str!("../../../examples/shop/launchdarkly.json");

fn read_file(path: &str) -> io::Result<String> {
    fs::read_to_string(format!(
        "{}/../../examples/shop/{path}",
        env!("CARGO_MANIFEST_DIR")
    ))
}

fn model(environment: Option<&str>) -> Model {
    let outcome = read(SHOP, environment, &read_file);
    assert_eq!(outcome.findings, []);
    assert_eq!(
        outcome.environments,
        ["development", "staging", "production"]
    );
    outcome.model.unwrap()
}

#[test]
fn every_environment_compiles() {
    for environment in [
        None,
        Some("development"),
        Some("staging"),
        Some("production"),
    ] {
        let compiled = flagstone_compile::compile(&model(environment));
        assert_eq!(compiled.findings, [], "{environment:?}");
        assert!(compiled.snapshot.is_some(), "{environment:?}");
    }
}

#[test]
fn it_is_large_enough_to_show_something() {
    let model = model(None);
    assert!(model.flags.len() >= 25);
    assert_eq!((model.segments.len(), model.edge.routes.len()), (4, 6));
    let beta = model
        .segments
        .iter()
        .find(|segment| segment.key == "beta")
        .unwrap();
    assert_eq!(beta.included.texts().len(), 42);
}

#[test]
fn launchdarkly_has_the_same_flags() {
    let model = model(Some("production"));
    let document: serde_json::Value = serde_json::from_str(LAUNCHDARKLY).unwrap();
    let keys = |part: &str| -> BTreeSet<String> {
        document[part]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    assert_eq!(
        keys("flags"),
        model.flags.iter().map(|flag| flag.key.clone()).collect()
    );
    assert_eq!(
        keys("segments"),
        model
            .segments
            .iter()
            .map(|segment| segment.key.clone())
            .collect()
    );
    for flag in &model.flags {
        let other = &document["flags"][&flag.key];
        assert_eq!(other["key"], *flag.key);
        assert_eq!(other["on"], flag.enabled, "{}", flag.key);
        let values: Vec<serde_json::Value> = flag
            .variants
            .iter()
            .map(|variant| json(&variant.value))
            .collect();
        assert_eq!(
            other["variations"],
            serde_json::Value::from(values),
            "{}",
            flag.key
        );
        let default = flag
            .variants
            .iter()
            .position(|variant| Some(&variant.key) == flag.default.as_ref());
        assert_eq!(
            other["offVariation"].as_u64().map(|index| index as usize),
            default,
            "{}",
            flag.key
        );
        assert_eq!(
            other["prerequisites"].as_array().unwrap().len(),
            flag.prerequisites.len(),
            "{}",
            flag.key
        );
    }
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Boolean(value) => (*value).into(),
        Value::String(text) => text.as_str().into(),
        Value::Number(number) if number.fract() == 0.0 => (*number as i64).into(),
        Value::Number(number) => (*number).into(),
        Value::Json(json) => serde_json::from_str(json).unwrap(),
    }
}

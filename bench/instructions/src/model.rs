//! What is decided.

use anyhow::{Context, Result};
use flagstone_compile::compile;
use flagstone_compile::model::{
    Condition, Flag, Matcher, Model, Order, Rule, Scalar, Serve, Share, Split, TARGETING_KEY, Test,
    Value, Variant,
};
use flagstone_core::Weight;

/// The key of a flag; all have the same length.
pub fn key(index: u32) -> String {
    format!("flag-{index:06}")
}

/// A snapshot of so many flags, each with a rule of three tests and a rollout.
pub fn bytes(flags: u32) -> Result<Vec<u8>> {
    let model = Model {
        flags: (0..flags).map(flag).collect(),
        ..Model::default()
    };
    let compiled = compile(&model);
    let findings = compiled.findings;
    compiled.snapshot.with_context(|| format!("{findings:?}"))
}

fn flag(index: u32) -> Flag {
    let variant = |key: &str, on| Variant {
        key: key.to_owned(),
        value: Value::Boolean(on),
    };
    let test = |name: &str, matcher| Condition::Test(Test::attribute(name, matcher));
    let countries = ["AT", "CH", "DE"].map(|country| Scalar::Text(country.to_owned()));
    let when = Condition::All(vec![
        test("geo.country", Matcher::OneOf(countries.into())),
        test("user.email", Matcher::EndsWith("@shop.example".to_owned())),
        test(
            "app.version",
            Matcher::SemVer(Order::GreaterOrEqual, "2.3.0".to_owned()),
        ),
    ]);
    let split = Split {
        by: TARGETING_KEY.to_owned(),
        shares: vec![("treatment".to_owned(), Share::Fixed(Weight(500_000)))],
        reserve: vec![],
    };
    Flag {
        key: key(index),
        variants: vec![variant("control", false), variant("treatment", true)],
        default: Some("control".to_owned()),
        enabled: true,
        prerequisites: vec![],
        rules: vec![Rule {
            name: "rollout".to_owned(),
            when,
            serve: Serve::Split(split),
        }],
    }
}

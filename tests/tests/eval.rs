//! The cases in `tests/cases/eval`: what the compiled form and the oracle must both answer.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "eval/notation.rs"]
mod notation;

use flagstone_compile::model::{Condition, Flag, Model, Rule, Serve, Test, Variant};
use flagstone_compile::{compile, model};
use flagstone_core::{Reason, Snapshot, UnixMillis};
use flagstone_tests::oracle::{self, Context, Kills, Truth};
use toml::{Table, Value};

/// A model that compiles, and its bytes.
struct Compiled {
    model: Model,
    bytes: Vec<u8>,
}

impl Compiled {
    fn new(name: &str, model: Model) -> Self {
        let compiled = compile(&model);
        let bytes = compiled
            .snapshot
            .unwrap_or_else(|| panic!("{name}: {:#?}", compiled.findings));
        Snapshot::open(&bytes).unwrap().verify().unwrap();
        Self { model, bytes }
    }

    /// What both evaluators answer; they must agree.
    fn decide(
        &self,
        name: &str,
        flag: &str,
        context: &Context,
        now: UnixMillis,
        kills: &Kills,
    ) -> Option<oracle::Outcome> {
        let snapshot = Snapshot::open(&self.bytes).unwrap();
        let compiled = oracle::compiled(snapshot, flag, context, now, kills);
        let plain = oracle::plain(&self.model, flag, context, now, kills);
        assert_eq!(compiled, plain, "{name}: compiled and oracle");
        compiled
    }
}

/// A condition and its opposite, each as the only rule of a flag.
struct Question(Compiled, Compiled);

impl Question {
    fn new(name: &str, condition: &Condition) -> Self {
        let flag = |when: Condition| {
            let variant = |key: &str| Variant {
                key: key.to_owned(),
                value: model::Value::Boolean(key == "yes"),
            };
            let flag = Flag {
                key: "f".to_owned(),
                variants: vec![variant("no"), variant("yes")],
                default: Some("no".to_owned()),
                enabled: true,
                expires: None,
                prerequisites: vec![],
                rules: vec![Rule {
                    name: String::new(),
                    when,
                    serve: Serve::Variant("yes".to_owned()),
                }],
            };
            let model = Model {
                flags: vec![flag],
                ..Model::default()
            };
            Compiled::new(name, model)
        };
        let opposite = Condition::Not(Box::new(condition.clone()));
        Self(flag(condition.clone()), flag(opposite))
    }

    fn check(&self, name: &str, context: &Context, now: UnixMillis, expected: Truth) {
        let holds = |compiled: &Compiled| {
            let outcome = compiled.decide(name, "f", context, now, &Kills::new());
            outcome.unwrap().reason == Reason::TargetingMatch
        };
        let truth = match (holds(&self.0), holds(&self.1)) {
            (true, false) => Truth::True,
            (false, true) => Truth::False,
            (false, false) => Truth::Unknown,
            (true, true) => panic!("{name}: both hold for {context:?}"),
        };
        assert_eq!(truth, expected, "{name}: {context:?}");
    }
}

#[test]
fn tests_of_one_attribute() {
    let cases = notation::cases("tests.toml", "test");
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let test = Test::attribute("x", notation::matcher(case["matcher"].as_table().unwrap()));
        let question = Question::new(name, &Condition::Test(test));
        let check = |value: Option<serde_json::Value>, expected| {
            let context = value.map(|value| ("x".to_owned(), value));
            let context = context.into_iter().collect();
            question.check(name, &context, UnixMillis(0), expected);
        };
        let answers = [
            ("yes", Truth::True),
            ("no", Truth::False),
            ("unknown", Truth::Unknown),
        ];
        for (answer, truth) in answers {
            for value in case
                .get(answer)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                check(Some(notation::json(value)), truth);
            }
        }
        let missing = match case.get("missing").and_then(Value::as_str) {
            Some("no") => Truth::False,
            None => Truth::Unknown,
            Some(other) => panic!("{name}: missing = {other}"),
        };
        check(None, missing);
        check(Some(serde_json::Value::Null), missing);
    }
}

#[test]
fn conditions() {
    for case in notation::cases("conditions.toml", "condition") {
        let name = case["name"].as_str().unwrap();
        let question = Question::new(name, &notation::condition(&case["when"]));
        let now = notation::moment(case.get("now"));
        let answers = [
            ("true", Truth::True),
            ("false", Truth::False),
            ("unknown", Truth::Unknown),
        ];
        for (answer, truth) in answers {
            for context in case
                .get(answer)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                question.check(name, &notation::context(Some(context)), now, truth);
            }
        }
    }
}

#[test]
fn flags() {
    for case in notation::cases("flags.toml", "case") {
        let name = case["name"].as_str().unwrap();
        let compiled = Compiled::new(name, notation::model(&case));
        for (index, expected) in case["expect"].as_array().unwrap().iter().enumerate() {
            let name = format!("{name}, {index}");
            check_flag(&name, &compiled, expected.as_table().unwrap());
        }
    }
}

fn check_flag(name: &str, compiled: &Compiled, expected: &Table) {
    let text = |field: &str| expected.get(field).and_then(Value::as_str);
    let kills = expected.get("kills").and_then(Value::as_table);
    let kills: Kills = kills
        .into_iter()
        .flatten()
        .map(|(flag, variant)| (flag.clone(), variant.as_str().unwrap().to_owned()))
        .collect();
    let outcome = compiled.decide(
        name,
        text("flag").unwrap_or("f"),
        &notation::context(expected.get("context")),
        notation::moment(expected.get("now")),
        &kills,
    );
    let Some(outcome) = outcome else {
        assert_eq!(Some("none"), text("reason"), "{name}");
        return;
    };
    let (variant, value) = outcome.variant.unwrap();
    let rule = expected.get("rule").and_then(Value::as_integer);
    assert_eq!(
        (
            Some(variant.as_str()),
            Some(outcome.reason.as_str()),
            outcome.rule.map(i64::from)
        ),
        (text("variant"), text("reason"), rule),
        "{name}"
    );
    if let Some(expected) = expected.get("value") {
        assert_eq!(value, notation::value(expected), "{name}");
    }
}

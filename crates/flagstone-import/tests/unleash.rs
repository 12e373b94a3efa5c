//! Unleash: the specification of its client SDKs, results recorded from its SDK for Node, and cases of ours.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod support;

use flagstone_compile::compile_imported;
use flagstone_compile::model::{Serve, Value as Typed};
use flagstone_core::{Reason, Snapshot, UnixMillis};
use flagstone_import::answer::{Request, Type};
use flagstone_import::{Fidelity, Options, Sdk, Service, import};
use flagstone_json::Json;
use serde_json::{Value, json};
use support::{Question, Subject, excluded, finish, own_cases, read, vectors};

const SERVICE: Service = Service::Unleash;
/// When all questions are asked: 2026-01-01.
const NOW: UnixMillis = UnixMillis(1_767_225_600_000);

fn subject(document: &Value) -> Subject {
    Subject::new(SERVICE, &document.to_string(), &Options::default())
}

fn features(features: &Value) -> Subject {
    subject(&json!({"version": 2, "features": features}))
}

fn question<'q>(flag: &'q str, context: &'q Value) -> Question<'q> {
    Question {
        flag,
        context,
        default: &Value::Null,
        wanted: None,
        now: NOW,
    }
}

/// What the SDK gives, from its short form: `"off"`, `"on"`, or a variant's name and payload.
fn expected(short: &Value) -> Value {
    let enabled = *short != json!("off");
    let mut variant = match short {
        Value::Object(variant) => variant.clone(),
        _ => json!({"name": "disabled"}).as_object().unwrap().clone(),
    };
    variant.insert("enabled".to_owned(), short.is_object().into());
    variant.insert("feature_enabled".to_owned(), enabled.into());
    json!({"enabled": enabled, "variant": variant})
}

/// Cases by flag, each a context and what the SDK gives in short.
#[test]
fn own() {
    let mut failures = Vec::new();
    for path in own_cases(SERVICE) {
        let file = read(&path);
        let subject = subject(&file["definitions"]);
        for (flag, cases) in file["cases"].as_object().unwrap() {
            for case in cases.as_array().unwrap() {
                let name = format!("{}: {flag}", path.display());
                let question = question(flag, &case[0]);
                failures.extend(subject.check(&name, question, &expected(&case[1])));
            }
        }
    }
    finish(&failures);
}

#[test]
fn specification() {
    let Some(folder) = vectors(SERVICE) else {
        return;
    };
    let folder = folder.join("specifications");
    let excluded = excluded(SERVICE);
    let mut failures = Vec::new();
    let mut count = 0;
    for file in read(&folder.join("index.json")).as_array().unwrap() {
        let suite = read(&folder.join(file.as_str().unwrap()));
        let subject = subject(&suite["state"]);
        for kind in ["tests", "variantTests"] {
            for case in suite[kind].as_array().into_iter().flatten() {
                let name = format!("{file}: {}", case["description"]);
                count += 1;
                if excluded.contains_key(&name) {
                    continue;
                }
                let question = question(case["toggleName"].as_str().unwrap(), &case["context"]);
                let answer = subject.ask(question);
                let got = match kind {
                    "tests" => &answer["enabled"],
                    _ => &answer["variant"],
                };
                let expected = &case["expectedResult"];
                if got != expected {
                    failures.push(format!("{name}\n  expected {expected}\n  got      {got}"));
                }
            }
        }
    }
    finish(&failures);
    assert_eq!(count, 279);
}

#[test]
fn recorded() {
    let Some(folder) = vectors(SERVICE) else {
        return;
    };
    let subject = subject(&read(&folder.join("oracle-definitions.json")));
    let recorded = read(&folder.join("oracle-cases.json"));
    let excluded = excluded(SERVICE);
    let mut failures = Vec::new();
    for (index, case) in recorded["cases"].as_array().unwrap().iter().enumerate() {
        let name = format!("oracle-cases.json: {index}");
        if excluded.contains_key(&name) {
            continue;
        }
        let question = question(case["toggle"].as_str().unwrap(), &case["context"]);
        failures.extend(subject.check(&name, question, &case["expect"]));
    }
    finish(&failures);
}

/// The delta API's events apply in their order.
#[test]
fn events() {
    let on = |name: &str, segment: i32| json!({"name": name, "enabled": true, "strategies": [{"name": "default", "segments": [segment]}]});
    let segment = |id: i32, operator: &str| json!({"id": id, "constraints": [{"contextName": "userId", "operator": operator, "values": ["u"]}]});
    let updated = |feature: Value| json!({"type": "feature-updated", "feature": feature});
    let subject = subject(&json!({"events": [
        updated(on("before", 1)),
        {"type": "hydration", "features": [on("a", 1), on("b", 1), on("c", 2), on("b", 3)],
         "segments": [segment(1, "IN"), segment(2, "IN"), segment(3, "IN")]},
        {"type": "feature-removed", "featureName": "a"},
        {"type": "segment-updated", "segment": segment(3, "NOT_IN")},
        {"type": "segment-removed", "segmentId": 2},
        updated(on("d", 3)),
        {"type": "of another day"},
    ]}));
    let flags = &subject.imported.model.flags;
    let keys: Vec<&str> = flags.iter().map(|flag| &*flag.key).collect();
    assert_eq!(keys, ["b", "c", "d"]);
    let context = json!({"userId": "x"});
    let enabled = |flag| subject.ask(question(flag, &context))["enabled"].clone();
    assert_eq!(["b", "c", "d"].map(enabled), [true, false, true]);
}

#[test]
fn documents() {
    let refused = |document| import(SERVICE, document, &Options::default()).is_err();
    assert!(["[]", "{}", "5", r#"{"features": {}}"#, "{"].map(refused) == [true; 5]);
    let anything = r#"{"features": [null, 5, {}, {"name": 5}, {"name": ""}, {"name": "ok", "strategies": [], "enabled": true}],
        "segments": [null, 5, {"id": []}, {"constraints": 5}]}"#;
    let subject = Subject::new(SERVICE, anything, &Options::default());
    assert_eq!(subject.imported.model.flags.len(), 1);
}

#[test]
fn variants() {
    let subject = features(&json!([
        {"name": "plain", "enabled": true, "strategies": []},
        {"name": "f", "enabled": true, "variants": [{"name": "feature's", "weight": 1}], "strategies": [
            {"name": "flexibleRollout", "parameters": {"rollout": "50", "groupId": "g"}, "variants": [
                {"name": "disabled", "weight": 1, "payload": {"type": "number", "value": "1.50"}},
                {"name": "json", "weight": 1, "payload": {"type": "json", "value": "{\"a \\\" b\": [1, null]\n}"}},
                {"name": "scalar", "weight": 1, "payload": {"type": "json", "value": "5"}},
                {"name": "csv", "weight": 1, "payload": {"type": "csv", "value": "a,b"}},
                {"name": "no number", "weight": 1, "payload": {"type": "number", "value": "five"}},
            ]},
            {"name": "default", "parameters": {}, "variants": [
                {"name": "csv", "weight": 1, "payload": {"type": "csv", "value": "a,b"}},
                {"name": "json", "weight": 1},
                {"name": "\n", "weight": 1},
            ]},
        ]},
    ]));
    let variants = |flag: usize| {
        let variants = &subject.imported.model.flags[flag].variants;
        let variants = variants
            .iter()
            .map(|variant| (&*variant.key, &variant.value));
        variants.collect::<Vec<_>>()
    };
    let text = |text: &str| Typed::String(text.to_owned());
    assert_eq!(
        variants(0),
        [
            ("off", &Typed::Boolean(false)),
            ("on", &Typed::Boolean(true))
        ]
    );
    assert_eq!(
        variants(1),
        [
            ("disabled", &Typed::Boolean(false)),
            ("enabled", &Typed::Boolean(true)),
            ("disabled 2", &Typed::Number(1.5)),
            ("json", &Typed::Json(r#"{"a \" b":[1,null]}"#.to_owned())),
            ("scalar", &Typed::Number(5.0)),
            ("csv", &text("a,b")),
            ("no number", &text("five")),
            ("json 2", &text("json")),
            ("variant", &text("\n")),
            ("feature's", &text("feature's")),
        ]
    );
}

/// What a visitor is asked for only where it matters.
#[test]
fn attributes() {
    let subject = features(&json!([
        {"name": "everybody", "enabled": true, "strategies": [
            {"name": "flexibleRollout", "parameters": {"rollout": "100", "stickiness": "default", "groupId": "g"},
             "segments": [1], "variants": [{"name": "a", "weight": 1000, "stickiness": "default"}]}]},
        {"name": "some", "enabled": true, "strategies": [
            {"name": "flexibleRollout", "parameters": {"rollout": "50", "stickiness": "default", "groupId": "g"}}]},
    ]));
    let flag = &subject.imported.model.flags[0];
    assert!(matches!(&flag.rules[..], [] | [_]), "{flag:?}");
    let everybody = features(&json!([
        {"name": "everybody", "enabled": true, "strategies": [
            {"name": "flexibleRollout", "parameters": {"rollout": "100", "stickiness": "default", "groupId": "g"},
             "variants": [{"name": "a", "weight": 1000, "stickiness": "default"}]}]},
    ]));
    let rule = &everybody.imported.model.flags[0].rules[0];
    assert_eq!(rule.serve, Serve::Variant("a".to_owned()));
    let names = |subject: &Subject| {
        let compiled = compile_imported(&subject.imported.model).snapshot.unwrap();
        let snapshot = Snapshot::open(&compiled).unwrap();
        let count = snapshot.attribute_count();
        let indices = (0..count).map(flagstone_core::AttributeIndex);
        let names = indices.map(|index| snapshot.attribute(index).unwrap().name.to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&everybody), ["user.key"]);
    assert_eq!(
        names(&subject),
        ["user.key", "user.sessionId", "request.random"]
    );
}

/// Reason, variant, value and rule, as OpenFeature has them.
#[test]
fn answers() {
    let document = json!({"features": [
        {"name": "off", "enabled": false, "strategies": []},
        {"name": "f", "enabled": true, "strategies": [
            {"name": "userWithId", "parameters": {"userIds": "u"}},
            {"name": "flexibleRollout", "parameters": {"rollout": "100", "stickiness": "tenant", "groupId": "g"},
             "variants": [{"name": "a", "weight": 1}, {"name": "b", "weight": 0},
                          {"name": "c", "weight": 1, "payload": {"type": "number", "value": "5"}}]}]},
        {"name": "broken", "enabled": true, "strategies": [{"name": "userWithId"}]},
    ]})
    .to_string();
    let imported = import(SERVICE, &document, &Options::default()).unwrap();
    let compiled = compile_imported(&imported.model).snapshot.unwrap();
    let snapshot = Snapshot::open(&compiled).unwrap();
    let default = Json::Text("mine".into());
    let ask = |flag: &str, context: Value, wanted| {
        let context = context.to_string();
        let request = Request {
            flag,
            context: &Json::read(&context).unwrap(),
            default: Some(&default),
            wanted,
            now: NOW,
        };
        let answer = imported.native.answer(snapshot, &request);
        let variant = answer.variant.unwrap_or_default();
        let rule = answer.rule.unwrap_or_default();
        (answer.value, variant, answer.reason, answer.error, rule)
    };
    let row = |value: &str, variant: &str, reason, error, rule: &str| {
        (
            value.to_owned(),
            variant.to_owned(),
            reason,
            error,
            rule.to_owned(),
        )
    };
    let mine = r#""mine""#;
    for (flag, context, wanted, expected) in [
        (
            "off",
            json!({}),
            None,
            row("false", "off", Reason::Disabled, None, ""),
        ),
        (
            "off",
            json!({}),
            Some(Type::String),
            row(mine, "", Reason::Disabled, None, ""),
        ),
        (
            "f",
            json!({}),
            None,
            row("false", "disabled", Reason::Default, None, ""),
        ),
        (
            "f",
            json!({"userId": "u"}),
            None,
            row(
                "true",
                "enabled",
                Reason::TargetingMatch,
                None,
                "userWithId 1",
            ),
        ),
        (
            "f",
            json!({"tenant": "0"}),
            Some(Type::Boolean),
            row("true", "a", Reason::Split, None, "flexibleRollout 2"),
        ),
        (
            "f",
            json!({"tenant": "0"}),
            Some(Type::String),
            row(r#""a""#, "a", Reason::Split, None, "flexibleRollout 2"),
        ),
        (
            "f",
            json!({"tenant": "1"}),
            None,
            row("5", "c", Reason::Split, None, "flexibleRollout 2"),
        ),
        (
            "f",
            json!({"tenant": "1"}),
            Some(Type::String),
            row(mine, "", Reason::Error, Some("TYPE_MISMATCH"), ""),
        ),
        (
            "broken",
            json!({}),
            None,
            row(mine, "", Reason::Error, Some("PARSE_ERROR"), ""),
        ),
        (
            "gone",
            json!({}),
            None,
            row(mine, "", Reason::Error, Some("FLAG_NOT_FOUND"), ""),
        ),
    ] {
        assert_eq!(
            ask(flag, context.clone(), wanted),
            expected,
            "{flag} {context} {wanted:?}"
        );
    }
}

#[test]
fn report() {
    let default = json!([{"name": "default"}]);
    let strategy = |constraint: Value| json!([{"name": "default", "constraints": [constraint]}]);
    let subject = features(&json!([
        {"name": "kept", "enabled": true, "strategies": default},
        {"name": "unknown strategy", "enabled": true, "strategies": [{"name": "mine"}]},
        {"name": "no segment", "enabled": true, "strategies": [{"name": "default", "segments": [5]}]},
        {"name": "no parent", "enabled": true, "strategies": default, "dependencies": [{"feature": "gone"}]},
        {"name": "local time", "enabled": true, "strategies": strategy(json!({"operator": "DATE_AFTER", "value": "2026-01-01T00:00:00"}))},
        {"name": "class", "enabled": true, "strategies": strategy(json!({"operator": "REGEX", "value": "\\p{L}"}))},
        {"name": "values", "enabled": true, "strategies": strategy(json!({"operator": "IN", "values": "x"}))},
        {"name": "inherited", "enabled": true, "strategies": strategy(json!({"operator": "IN", "contextName": "toString", "values": ["x"]}))},
        {"name": "weights", "enabled": true, "strategies": default, "variants": [{"name": "a", "weight": 0.5}]},
        {"name": "a\tb", "enabled": true, "strategies": default},
    ]));
    let entries = &subject.imported.report.entries;
    let found = entries.iter().map(|entry| (&*entry.flag, entry.fidelity));
    let expected = [
        ("kept", Fidelity::Kept),
        ("unknown strategy", Fidelity::Noted),
        ("no segment", Fidelity::Noted),
        ("no parent", Fidelity::Noted),
        ("local time", Fidelity::Noted),
        ("class", Fidelity::NotEvaluable),
        ("values", Fidelity::NotEvaluable),
        ("inherited", Fidelity::NotEvaluable),
        ("weights", Fidelity::NotEvaluable),
        ("a\tb", Fidelity::NotEvaluable),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    let silent = entries.iter().find(|entry| {
        let is_kept = entry.fidelity == Fidelity::Kept;
        is_kept != entry.notes.is_empty()
    });
    assert_eq!(silent, None);
}

/// SDKs for other languages hash UTF-8, and take the feature's name where there is no group. Vectors of Yggdrasil 0.21.7.
#[test]
fn other_sdks() {
    let share = |rollout: &str, group: Value| json!([{"name": "flexibleRollout", "parameters": {"rollout": rollout, "groupId": group}}]);
    let document = json!({"features": [
        {"name": "23", "enabled": true, "strategies": share("23", json!("flex50"))},
        {"name": "24", "enabled": true, "strategies": share("24", json!("flex50"))},
        {"name": "flex50", "enabled": true, "strategies": [{"name": "flexibleRollout", "parameters": {"rollout": "24"}}]},
    ]})
    .to_string();
    let other = Subject::new(SERVICE, &document, &Options { sdk: Sdk::Other });
    let node = Subject::new(SERVICE, &document, &Options { sdk: Sdk::Node });
    let context = json!({"userId": "ü1"});
    let enabled = |subject: &Subject| {
        ["23", "24", "flex50"].map(|flag| subject.ask(question(flag, &context))["enabled"] == true)
    };
    assert_eq!(enabled(&other), [false, true, true]);
    assert_eq!(enabled(&node)[..2], [false, false]);
    // What they take for malformed is off: all of a feature, or a strategy with a percentage that is not whole.
    let on = json!({"name": "default"});
    let constraint = |operator: &str, value: &str| json!({"name": "default", "constraints": [{"contextName": "userId", "operator": operator, "value": value, "inverted": true}]});
    let gradual = |percentage: &str| json!({"name": "gradualRolloutUserId", "parameters": {"percentage": percentage, "groupId": "g"}});
    for (strategies, of_other, of_node) in [
        (
            json!([{"name": "default", "segments": [99]}, on]),
            false,
            true,
        ),
        (
            json!([{"name": "default", "segments": [1]}, on]),
            false,
            true,
        ),
        (json!([constraint("NEW_OP", "a"), on]), false, true),
        (json!([constraint("SEMVER_EQ", "x"), on]), false, true),
        (json!([constraint("NUM_GT", "x"), on]), false, true),
        (json!([constraint("DATE_AFTER", "x"), on]), false, true),
        (json!([constraint("REGEX", "(")]), true, true),
        (json!([constraint("NUM_GT", "5")]), true, true),
        (json!([gradual("99.5"), gradual("1")]), false, true),
        (json!([gradual("99.5"), on]), true, true),
        (json!([gradual("99")]), true, true),
    ] {
        let document = json!({
            "features": [{"name": "f", "enabled": true, "strategies": strategies}],
            "segments": [{"id": 1, "constraints": [{"contextName": "userId", "operator": "NEW_OP"}]}],
        })
        .to_string();
        for (sdk, expected) in [(Sdk::Other, of_other), (Sdk::Node, of_node)] {
            let subject = Subject::new(SERVICE, &document, &Options { sdk });
            let got = subject.ask(question("f", &json!({"userId": "a"})))["enabled"] == true;
            assert_eq!(got, expected, "{sdk:?} {strategies}");
        }
    }
}

/// Who has no id is given one by chance, as often in as the share says.
#[test]
fn chance() {
    let subject = features(&json!([
        {"name": "default", "enabled": true, "strategies": [
            {"name": "flexibleRollout", "parameters": {"rollout": "30", "stickiness": "default", "groupId": "g"}}]},
        {"name": "random", "enabled": true, "strategies": [{"name": "gradualRolloutRandom", "parameters": {"percentage": "30"}}]},
        {"name": "variants", "enabled": true, "strategies": [], "variants": [{"name": "a", "weight": 300}, {"name": "b", "weight": 700}]},
    ]));
    let nobody = json!({});
    for (flag, pointer, wanted) in [
        ("default", "/enabled", json!(true)),
        ("random", "/enabled", json!(true)),
        ("variants", "/variant/name", json!("a")),
    ] {
        let is_in =
            |_: &u32| subject.ask(question(flag, &nobody)).pointer(pointer) == Some(&wanted);
        let share = (0..10_000).filter(is_in).count();
        assert!((2_700..3_300).contains(&share), "{flag}: {share}");
    }
}

/// A context may say which group it is that strategies without one have.
#[test]
fn toggle() {
    let subject = features(&json!([
        {"name": "f", "enabled": true, "strategies": [{"name": "flexibleRollout", "parameters": {"rollout": "85"}}]},
        {"name": "child", "enabled": true, "strategies": [], "dependencies": [{"feature": "f"}]},
        {"name": "grouped", "enabled": true, "strategies": [{"name": "flexibleRollout", "parameters": {"rollout": "84", "groupId": "flex50"}}]},
    ]));
    let enabled = |flag, context| subject.ask(question(flag, &context))["enabled"] == true;
    let context = json!({"userId": "user-1", "featureToggle": "flex50"});
    assert!(enabled("f", context.clone()) && enabled("child", context.clone()));
    assert!(!enabled("grouped", context));
}

//! LaunchDarkly: its own test data, results recorded from its SDK for Node, and cases of ours.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod support;

use flagstone_core::UnixMillis;
use flagstone_import::answer::Type;
use flagstone_import::{Fidelity, Options, Sdk, Service};
use serde_json::Value;
use support::{Question, Subject, excluded, finish, own_cases, read, vectors};

const SERVICE: Service = Service::LaunchDarkly;

fn subject(document: &Value, sdk: Sdk) -> Subject {
    Subject::new(SERVICE, &document.to_string(), &Options { sdk })
}

fn question<'q>(flag: &'q Value, context: &'q Value, default: &'q Value) -> Question<'q> {
    Question {
        flag: flag.as_str().unwrap(),
        context,
        default,
        wanted: None,
        now: UnixMillis(0),
    }
}

/// The type that a typed method asks for.
fn wanted(name: &Value) -> Option<Type> {
    match name.as_str() {
        Some("bool") => Some(Type::Boolean),
        Some("int" | "double") => Some(Type::Number),
        Some("string") => Some(Type::String),
        _ => None,
    }
}

#[test]
fn own() {
    let mut failures = Vec::new();
    for path in own_cases(SERVICE) {
        let file = read(&path);
        let sdk = match file["sdk"].as_str() {
            Some("other") => Sdk::Other,
            _ => Sdk::Node,
        };
        let subject = subject(&file["definitions"], sdk);
        for case in file["cases"].as_array().unwrap() {
            let name = format!("{}: {}", path.display(), case["name"]);
            let mut question = question(&case["flag"], &case["context"], &file["default"]);
            question.wanted = wanted(&case["type"]);
            failures.extend(subject.check(&name, question, &case["expect"]));
        }
    }
    finish(&failures);
}

#[test]
fn suites() {
    let Some(folder) = vectors(SERVICE) else {
        return;
    };
    let excluded = excluded(SERVICE);
    let mut failures = Vec::new();
    let (mut evaluations, mut left_out) = (0, 0);
    for suite in read(&folder.join("cases.json"))["suites"]
        .as_array()
        .unwrap()
    {
        let subject = subject(&suite["sdkData"], Sdk::Node);
        for evaluation in suite["evaluations"].as_array().unwrap() {
            let [file, name, evaluation_name] =
                [&suite["file"], &suite["name"], &evaluation["name"]]
                    .map(|text| text.as_str().unwrap());
            let name = format!("{file}: {name}: {evaluation_name}");
            evaluations += 1;
            if excluded.contains_key(&name) {
                left_out += 1;
                continue;
            }
            for context in ["context", "contextAsSingleKind"] {
                let Some(context) = evaluation.get(context) else {
                    continue;
                };
                let mut question =
                    question(&evaluation["flagKey"], context, &evaluation["default"]);
                question.wanted = wanted(&evaluation["valueType"]);
                failures.extend(subject.check(&name, question, &evaluation["expect"]));
            }
        }
    }
    eprintln!("{evaluations} evaluations, {left_out} left out");
    finish(&failures);
    assert_eq!(evaluations, 728);
}

#[test]
fn recorded() {
    let Some(folder) = vectors(SERVICE) else {
        return;
    };
    let subject = subject(&read(&folder.join("oracle-definitions.json")), Sdk::Node);
    let recorded = read(&folder.join("oracle-cases.json"));
    let excluded = excluded(SERVICE);
    let mut failures = Vec::new();
    for (index, case) in recorded["cases"].as_array().unwrap().iter().enumerate() {
        let name = format!("oracle-cases.json: {}", case["flag"].as_str().unwrap());
        if excluded.contains_key(&name) {
            continue;
        }
        let question = question(&case["flag"], &case["context"], &recorded["default"]);
        let name = format!("{name} ({index})");
        failures.extend(subject.check(&name, question, &case["expect"]));
    }
    finish(&failures);
}

/// A rollout with its only boundary just behind a known bucket, and one just at it.
#[test]
fn buckets() {
    let Some(folder) = vectors(SERVICE) else {
        return;
    };
    let mut failures = Vec::new();
    let vectors = read(&folder.join("bucket-vectors.json"));
    for vector in vectors.as_array().unwrap() {
        let part = vector["per100000"].as_u64().unwrap();
        for (weight, variation, value) in [(part, 1, "out"), (part + 1, 0, "in")] {
            let flag = serde_json::json!({
                "key": vector["key"], "salt": vector["salt"], "on": true, "variations": ["in", "out"],
                "fallthrough": {"rollout": {"seed": vector["seed"], "variations": [
                    {"variation": 0, "weight": weight}, {"variation": 1, "weight": 100_000 - weight},
                ]}},
            });
            let key = vector["key"].as_str().unwrap();
            let subject = subject(&serde_json::json!({"flags": {key: flag}}), Sdk::Node);
            let context = serde_json::json!({"kind": "user", "key": vector["value"]});
            let expected = serde_json::json!({
                "value": value, "variationIndex": variation, "reason": {"kind": "FALLTHROUGH"},
            });
            let question = question(&vector["key"], &context, &Value::Null);
            failures.extend(subject.check(&vector.to_string(), question, &expected));
        }
    }
    finish(&failures);
}

/// Where one clause forgets what is wrong with a segment, the next lies a step deeper in the condition.
#[test]
fn many_segments_in_a_negated_clause() {
    let of = |count: usize| {
        let document = serde_json::json!({
            "flags": {"f": {"on": true, "variations": [1], "fallthrough": {"variation": 0}, "rules": [
                {"variation": 0, "clauses": [
                    {"op": "segmentMatch", "negate": true, "values": vec!["s"; count]},
                    {"attribute": "name", "op": "in", "values": ["x"]},
                ]},
            ]}},
            "segments": {"s": {}},
        });
        let report = subject(&document, Sdk::Node).imported.report;
        report.entries.first().map(|entry| entry.fidelity)
    };
    assert_eq!(of(500), Some(Fidelity::Kept));
    assert_eq!(of(20_000), Some(Fidelity::NotEvaluable));
}

/// A stream's `put` holds the same under `data`; what was deleted is not there. Of two members with one name the last counts.
#[test]
fn documents() {
    let flags = r#"{
        "on": {"on": true, "variations": [1], "fallthrough": {"variation": 0}},
        "gone": {"deleted": true, "version": 2},
        "gone too": {"deleted": false, "deleted": true},
        "back": {"deleted": true, "deleted": false}
    }"#;
    let plain = format!(r#"{{"flags": {flags}, "segments": {{"s": {{"deleted": true}}}}}}"#);
    let put = format!(r#"{{"path": "/", "data": {plain}}}"#);
    let without_segments = format!(r#"{{"flags": {flags}}}"#);
    for document in [plain, put, without_segments] {
        let subject = Subject::new(SERVICE, &document, &Options::default());
        let keys: Vec<&str> = subject
            .imported
            .model
            .flags
            .iter()
            .map(|flag| &*flag.key)
            .collect();
        assert_eq!(keys, ["on", "back"], "{document}");
        assert_eq!(subject.imported.report.entries.len(), 2);
    }
    for document in [
        "[]",
        "{}",
        r#"{"flags": []}"#,
        r#"{"flags": {}, "segments": 1}"#,
    ] {
        let refused = flagstone_import::import(SERVICE, document, &Options::default());
        assert!(refused.is_err(), "{document}");
    }
}

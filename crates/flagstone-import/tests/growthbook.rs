//! GrowthBook: the test file that its SDKs share, results recorded from its SDK for JavaScript, and cases of ours.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod support;

use flagstone_core::UnixMillis;
use flagstone_import::answer::Request;
use flagstone_import::{Fidelity, ImportError, Model, Options, Service, import};
use flagstone_json::Json;
use serde_json::{Value, json};
use std::fs;
use support::{Question, Subject, excluded, finish, own_cases, read, same, vectors};

const SERVICE: Service = Service::GrowthBook;

fn subject(document: &Value) -> Subject {
    Subject::new(SERVICE, &document.to_string(), &Options::default())
}

fn question<'q>(flag: &'q str, context: &'q Value) -> Question<'q> {
    Question {
        flag,
        context,
        default: &Value::Null,
        wanted: None,
        now: UnixMillis(0),
    }
}

/// The cases of a suite of the shared test file that are not left out, each with its name.
fn suite(name: &str) -> Vec<(String, Vec<Value>)> {
    let Some(folder) = vectors(SERVICE) else {
        return Vec::new();
    };
    let mut cases = read(&folder.join("cases.json"));
    let excluded = excluded(SERVICE);
    let cases = cases[name].as_array_mut().unwrap();
    let all = cases.len();
    let named = cases.iter_mut().map(|case| {
        let case = case.as_array_mut().unwrap().split_off(0);
        let title = match &case[0] {
            Value::String(title) if name != "hash" => title.clone(),
            _ => Value::from(case.clone()).to_string(),
        };
        (format!("{name}: {title}"), case)
    });
    let kept: Vec<_> = named
        .filter(|(title, _)| !excluded.contains_key(title))
        .collect();
    eprintln!("{name}: {} of {all} cases", kept.len());
    kept
}

/// A result of the SDK in the form in which we answer.
fn answer(result: &Value) -> Value {
    let mut answer = json!({});
    for name in ["value", "on", "off", "source", "ruleId"] {
        answer[name] = result[name].clone();
    }
    if let Some(of) = result.get("experimentResult") {
        answer["experiment"] = experiment(&result["experiment"]["key"], of);
    }
    answer
}

fn experiment(key: &Value, result: &Value) -> Value {
    let mut experiment = json!({"key": key, "variationKey": result["key"]});
    for name in [
        "variationId",
        "inExperiment",
        "hashUsed",
        "hashAttribute",
        "hashValue",
        "bucket",
        "leafId",
    ] {
        if let Some(value) = result.get(name) {
            experiment[name] = value.clone();
        }
    }
    experiment
}

#[test]
fn own() {
    let mut failures = Vec::new();
    for path in own_cases(SERVICE) {
        let text = fs::read_to_string(&path).unwrap();
        // Not by way of another parser's objects, which have their members in another order.
        let file = Json::read(&text).unwrap();
        let definitions = file.get("definitions").unwrap().to_string();
        let subject = Subject::new(SERVICE, &definitions, &Options::default());
        for case in file.get("cases").unwrap().elements() {
            let [name, flag] =
                ["name", "flag"].map(|member| case.get(member).unwrap().text().unwrap());
            let context = case.get("context").unwrap();
            let got = subject.answer(&Request {
                flag,
                context,
                default: None,
                wanted: None,
                now: UnixMillis(0),
            });
            let expected = case.get("expect").unwrap().to_string();
            let expected: Value = serde_json::from_str(&expected).unwrap();
            if !same(&got, &expected) {
                let path = path.display();
                failures.push(format!(
                    "{path}: {name}: {flag} for {context}\n  expected {expected}\n  got      {got}"
                ));
            }
        }
    }
    finish(&failures);
}

#[test]
fn recorded() {
    let Some(folder) = vectors(SERVICE) else {
        return;
    };
    let subject = subject(&read(&folder.join("oracle-definitions.json")));
    let recorded = read(&folder.join("oracle-cases.json"));
    let mut failures = Vec::new();
    for (index, case) in recorded["cases"].as_array().unwrap().iter().enumerate() {
        let context = json!({"attributes": case["attributes"]});
        let question = question(case["feature"].as_str().unwrap(), &context);
        let name = format!("oracle-cases.json ({index})");
        failures.extend(subject.check(&name, question, &case["expect"]));
    }
    finish(&failures);
}

#[test]
fn features() {
    let mut failures = Vec::new();
    for (name, case) in suite("feature").iter().chain(&suite("contextualBandit")) {
        let [_, context, flag, result] = &case[..] else {
            panic!("{name}");
        };
        let mut document = context.clone();
        if document.get("features").is_none() {
            document["features"] = json!({});
        }
        let question = question(flag.as_str().unwrap(), context);
        failures.extend(subject(&document).check(name, question, &answer(result)));
    }
    finish(&failures);
}

/// A feature with the condition as its only rule.
#[test]
fn conditions() {
    let mut failures = Vec::new();
    for (name, case) in suite("evalCondition") {
        let rule = json!({"condition": case[1], "force": true});
        let document = json!({
            "features": {"f": {"defaultValue": false, "rules": [rule]}},
            "savedGroups": case.get(4),
        });
        let context = json!({"attributes": case[2]});
        let is = case[3].as_bool().unwrap();
        let source = if is { "force" } else { "defaultValue" };
        let expected = json!({"value": is, "on": is, "off": !is, "source": source, "ruleId": ""});
        failures.extend(subject(&document).check(&name, question("f", &context), &expected));
    }
    finish(&failures);
}

/// An experiment as the only rule of a feature, whose default is the first variation.
#[test]
fn experiments() {
    let mut failures = Vec::new();
    for (name, case) in suite("run") {
        let [_, context, rule, value, in_experiment, hash_used] = &case[..] else {
            panic!("{name}");
        };
        let mut document = context.clone();
        document["features"]["the experiment"] =
            json!({"defaultValue": rule["variations"][0], "rules": [rule]});
        let got = subject(&document).ask(question("the experiment", context));
        let result = &got["experiment"];
        let got = json!([
            got["value"],
            result["inExperiment"] == true,
            result["hashUsed"] == true
        ]);
        let expected = json!([value, in_experiment, hash_used]);
        if got != expected {
            failures.push(format!("{name}: expected {expected}, got {got}"));
        }
    }
    finish(&failures);
}

/// The positions that the only rule of a feature gives to variations, and of how many.
fn ranges(model: &Model) -> Vec<(u64, u64, String)> {
    use flagstone_compile::model::Serve;
    let Serve::Allocation(allocation) = &model.flags[0].rules[0].serve else {
        panic!("the rule has no shares");
    };
    let ranges = allocation.ranges.iter();
    ranges
        .map(|range| (range.from, range.to, range.variant.clone()))
        .collect()
}

fn one_rule(rule: Value) -> Subject {
    subject(&json!({"features": {"f": {"defaultValue": -1, "rules": [rule]}}}))
}

fn variations(count: u64) -> Value {
    (0..count).collect()
}

/// Whether positions are those of some ranges of the share of all; ranges that are empty have none.
fn are_those(positions: &[(u64, u64, String)], ranges: &[(f64, f64)]) -> bool {
    let expected: Vec<_> = ranges
        .iter()
        .enumerate()
        .filter(|(_, (start, end))| start < end)
        .collect();
    let at = |share: f64, position: u64| {
        let difference = position as f64 / 10_000.0 - share;
        (-1e-7..1e-4).contains(&difference)
    };
    positions.len() == expected.len()
        && positions
            .iter()
            .zip(expected)
            .all(|(is, (place, of))| at(of.0, is.0) && at(of.1, is.1) && is.2 == place.to_string())
}

#[test]
fn shares() {
    let mut failures = Vec::new();
    for (name, case) in suite("getBucketRange") {
        let mut rule =
            json!({"hashVersion": 2, "variations": variations(case[1][0].as_u64().unwrap())});
        rule["coverage"] = case[1][1].clone();
        rule["weights"] = case[1][2].clone();
        let got = ranges(&one_rule(rule).imported.model);
        let expected = case[2].as_array().unwrap().iter();
        let expected: Vec<(f64, f64)> = expected
            .map(|range| (range[0].as_f64().unwrap(), range[1].as_f64().unwrap()))
            .collect();
        if !are_those(&got, &expected) {
            failures.push(format!("{name}: expected {expected:?}, got {got:?}"));
        }
    }
    for (name, case) in suite("getEqualWeights") {
        let rule = json!({"hashVersion": 2, "variations": variations(case[0].as_u64().unwrap())});
        let got = ranges(&one_rule(rule).imported.model);
        let mut start = 0.0;
        let weights = case[1].as_array().unwrap().iter();
        let expected: Vec<(f64, f64)> = weights
            .map(|weight| {
                let from = start;
                start += weight.as_f64().unwrap();
                (from, start)
            })
            .collect();
        if !are_those(&got, &expected) {
            failures.push(format!("{name}: expected {expected:?}, got {got:?}"));
        }
    }
    for (name, case) in suite("chooseVariation") {
        let ranges_given = case[2].as_array().unwrap();
        let rule =
            json!({"variations": variations(ranges_given.len() as u64), "ranges": ranges_given});
        let position = (case[1].as_f64().unwrap() * 1000.0).round() as u64;
        let found = ranges(&one_rule(rule).imported.model);
        let mut found = found
            .iter()
            .filter(|(from, to, _)| (*from..*to).contains(&position));
        let got = found
            .next()
            .map_or(-1, |(.., variant)| variant.parse().unwrap());
        if case[3].as_i64() != Some(got) {
            failures.push(format!("{name}: got {got}"));
        }
    }
    finish(&failures);
}

#[test]
fn hashes() {
    let mut failures = Vec::new();
    for (name, case) in suite("hash") {
        let rule = json!({"variations": [0, 1], "key": "k", "seed": case[0], "hashVersion": case[2], "filters": []});
        // An empty seed is none to the SDK, and the key of the experiment takes its place.
        let rule = match case[0].as_str() {
            Some("") => json!({"force": 1, "filters": [{"seed": "", "hashVersion": case[2],
                "ranges": [[case[3], case[3].as_f64().unwrap_or_default() + 0.00001]]}]}),
            _ => rule,
        };
        let got = one_rule(rule).ask(question("f", &json!({"attributes": {"id": case[1]}})));
        let agrees = match case[0].as_str() {
            Some("") => got["value"] == 1,
            _ => got["experiment"]["bucket"] == case[3],
        };
        if !agrees {
            failures.push(format!("{name}: got {got}"));
        }
    }
    finish(&failures);
}

#[test]
fn queries() {
    let mut failures = Vec::new();
    for (name, case) in suite("getQueryStringOverride") {
        let [_, key, url, count, expected] = &case[..] else {
            panic!("{name}");
        };
        let rule = json!({"key": key, "variations": variations(count.as_u64().unwrap())});
        let got = one_rule(rule).ask(question("f", &json!({"attributes": {}, "url": url})));
        if got["experiment"]["variationId"] != *expected {
            failures.push(format!("{name}: got {got}"));
        }
    }
    finish(&failures);
}

#[test]
fn namespaces() {
    let mut failures = Vec::new();
    for (name, case) in suite("inNamespace") {
        let rule = json!({"variations": [1, 1], "namespace": case[2]});
        let got = one_rule(rule).ask(question("f", &json!({"attributes": {"id": case[1]}})));
        if (got["value"] == 1) != case[3].as_bool().unwrap() {
            failures.push(format!("{name}: got {got}"));
        }
    }
    finish(&failures);
}

#[test]
fn sticky_buckets() {
    let mut failures = Vec::new();
    for (name, case) in suite("stickyBucket") {
        let [_, context, stored, flag, expected, _] = &case[..] else {
            panic!("{name}");
        };
        let mut context = context.clone();
        let mut documents = json!({});
        for document in stored.as_array().unwrap() {
            let [attribute, value] = ["attributeName", "attributeValue"]
                .map(|member| document[member].as_str().unwrap());
            documents[format!("{attribute}||{value}")] = document.clone();
        }
        context["stickyBucketAssignmentDocs"] = documents;
        let flag = flag.as_str().unwrap();
        let got = subject(&context).ask(question(flag, &context));
        let key = context["features"][flag]["rules"][0].get("key");
        let expected = match expected {
            Value::Null => Value::Null,
            result => experiment(key.unwrap_or(&json!(flag)), result),
        };
        if got["experiment"] != expected {
            failures.push(format!("{name}: expected {expected}, got {got}"));
        }
    }
    finish(&failures);
}

#[test]
fn documents() {
    let payload = r#"{"status": 200, "features": {"f": {"defaultValue": 1}, "nothing": null}, "experiments": [],
        "dateUpdated": "2026-01-01T00:00:00Z", "savedGroups": null}"#;
    let imported = import(SERVICE, payload, &Options::default()).unwrap();
    assert_eq!(imported.model.flags.len(), 1);
    assert_eq!(imported.report.entries.len(), 1);
    for document in ["[]", "1", "{}", r#"{"features": []}"#, r#"{"features": 1}"#] {
        let error = import(SERVICE, document, &Options::default()).err();
        assert!(
            matches!(error, Some(ImportError::Shape { .. })),
            "{document}"
        );
    }
    // GrowthBook sends `features` beside what is encrypted, too.
    let cipher = "vMSg2Bj/IurObDsWVmvkUg==.L6qtQkIzKDoE2Dix6IAKDcVel8PHUnzJ7JjmLjFZFQDqidRIoCxKmvxvUj2kTuHFTQ3/NJ3D6XhxhXXv2+dsXpw5woQf0eAgqrcxHrbtFORs18tRXRZza7zqgzwvcznx";
    for member in [
        "encryptedFeatures",
        "encryptedSavedGroups",
        "encryptedContextualBandits",
    ] {
        for features in [
            None,
            Some(json!({})),
            Some(json!({"f": {"defaultValue": 1}})),
        ] {
            let mut document = json!({"status": 200, "dateUpdated": "2026-01-01T00:00:00Z"});
            document[member] = cipher.into();
            if let Some(features) = features {
                document["features"] = features;
            }
            let error = import(SERVICE, &document.to_string(), &Options::default()).err();
            let expected = format!("`/{member}` must be decrypted first");
            assert_eq!(error.unwrap().to_string(), expected, "{document}");
        }
    }
    let clear = r#"{"features": {}, "encryptedFeatures": "", "encryptedSavedGroups": null}"#;
    assert!(import(SERVICE, clear, &Options::default()).is_ok());
}

/// What cannot be kept is said of the flag, and spoils no other.
#[test]
fn reports() {
    let document = json!({"features": {
        "kept": {"defaultValue": 1, "rules": [{"condition": {"a": {"$regex": "^a+$"}}, "force": 2}]},
        "look-ahead": {"defaultValue": 1, "rules": [{"condition": {"a": {"$regex": "a(?!b)"}}, "force": 2}]},
        "throws": {"defaultValue": 1, "rules": [null]},
        "circle": {"defaultValue": 1, "rules": [{"parentConditions": [{"id": "circle"}], "force": 2}]},
        "\u{1}": {"defaultValue": 1},
    }});
    let subject = subject(&document);
    let found: Vec<(&str, Fidelity)> = subject
        .imported
        .report
        .entries
        .iter()
        .map(|entry| (&*entry.flag, entry.fidelity))
        .collect();
    let expected = [
        ("\u{1}", Fidelity::NotEvaluable),
        ("circle", Fidelity::Noted),
        ("kept", Fidelity::Kept),
        ("look-ahead", Fidelity::NotEvaluable),
        ("throws", Fidelity::NotEvaluable),
    ];
    for entry in expected {
        assert!(found.contains(&entry), "{entry:?} in {found:?}");
    }
    let context = json!({"attributes": {"a": "aa"}});
    assert_eq!(subject.ask(question("kept", &context))["value"], 2);
    assert_eq!(subject.ask(question("throws", &context))["source"], "error");
}

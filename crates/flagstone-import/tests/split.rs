//! Split: its own test data, results recorded from its SDK for JavaScript, and cases of ours.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod support;

use flagstone_core::UnixMillis;
use flagstone_core::hash::Murmur3;
use flagstone_import::{Fidelity, Options, Sdk, Service};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use support::{Question, Subject, excluded, finish, own_cases, read, vectors};

const SERVICE: Service = Service::Split;

fn subject(document: &Value, sdk: Sdk) -> Subject {
    Subject::new(SERVICE, &document.to_string(), &Options { sdk })
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

/// The treatment that a key with attributes gets.
fn treatment(subject: &Subject, flag: &str, key: &str, attributes: Value) -> String {
    let context = json!({"key": key, "attributes": attributes});
    let answer = subject.ask(question(flag, &context));
    answer["treatment"].as_str().unwrap().to_owned()
}

/// A document of flags, each with one condition: `on` where a matcher holds.
fn matching(matchers: impl IntoIterator<Item = Value>) -> Value {
    let flags = matchers.into_iter().enumerate().map(|(index, matcher)| {
        json!({
            "name": index.to_string(), "defaultTreatment": "off",
            "conditions": [{"matcherGroup": {"matchers": [matcher]}, "partitions": [{"treatment": "on", "size": 100}]}],
        })
    });
    json!({"ff": {"d": flags.collect::<Vec<_>>()}})
}

/// A matcher of the attribute `is`.
fn matcher(kind: &str, data: &str, value: Value) -> Value {
    json!({"matcherType": kind, "keySelector": {"attribute": "is"}, data: value})
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
            let question = question(case["flag"].as_str().unwrap(), &case["context"]);
            failures.extend(subject.check(&name, question, &case["expect"]));
        }
    }
    finish(&failures);
}

#[test]
fn recorded() {
    let Some(folder) = vectors(SERVICE) else {
        return;
    };
    let excluded = excluded(SERVICE);
    let definitions = read(&folder.join("oracle-definitions.json"));
    let subject = subject(&definitions, Sdk::Node);
    let mut failures = Vec::new();
    for case in read(&folder.join("oracle-cases.json"))["cases"]
        .as_array()
        .unwrap()
    {
        let flag = case["flag"].as_str().unwrap();
        let name = format!("oracle-cases.json: {flag}");
        if excluded.contains_key(&name) {
            continue;
        }
        let mut context = json!({"key": case["key"]});
        if let Some(attributes) = case.get("attributes") {
            context["attributes"] = attributes.clone();
        }
        failures.extend(subject.check(&name, question(flag, &context), &case["expect"]));
    }
    finish(&failures);
}

#[test]
fn recorded_of_a_real_flag() {
    let Some(folder) = vectors(SERVICE) else {
        return;
    };
    let recorded = read(&folder.join("real-split-expected.json"));
    let definitions = read(&folder.join(recorded["definitions"].as_str().unwrap()));
    let subject = subject(&definitions, Sdk::Node);
    let flag = recorded["flag"].as_str().unwrap();
    for case in recorded["cases"].as_array().unwrap() {
        let key = case[0].as_str().unwrap();
        assert_eq!(treatment(&subject, flag, key, json!({})), case[1], "{key}");
    }
}

/// Seed, key, hash and bucket.
type Row = (i64, String, i64, u64);

fn rows_of_csv(path: &Path) -> Vec<Row> {
    let text = fs::read_to_string(path).unwrap();
    let rows = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (seed, rest) = line.split_once(',').unwrap();
            let (rest, bucket) = rest.rsplit_once(',').unwrap();
            let (key, hash) = rest.rsplit_once(',').unwrap();
            let number = |text: &str| text.parse().unwrap();
            (
                number(seed),
                key.to_owned(),
                number(hash),
                bucket.parse().unwrap(),
            )
        });
    rows.collect()
}

fn files(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_str().unwrap().ends_with(suffix));
    paths.sort();
    assert!(!paths.is_empty(), "{folder:?}");
    paths
}

/// Whether all keys fall into their buckets, each of which is a partition of a flag with their seed.
fn check_buckets(rows: &[Row], sdk: Sdk, algo: u8) {
    const FLAGS: usize = 50;
    let partitions: Vec<Value> = (1..=100)
        .map(|bucket| json!({"treatment": bucket.to_string(), "size": 1}))
        .collect();
    let mut by_seed: BTreeMap<i64, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        by_seed.entry(row.0).or_default().push(row);
    }
    let by_seed: Vec<(i64, Vec<&Row>)> = by_seed.into_iter().collect();
    for seeds in by_seed.chunks(FLAGS) {
        let flags = seeds.iter().map(|(seed, _)| {
            json!({
                "name": seed.to_string(), "seed": seed, "algo": algo,
                "conditions": [{"matcherGroup": {"matchers": [{"matcherType": "ALL_KEYS"}]}, "partitions": partitions}],
            })
        });
        let document = json!({"ff": {"d": flags.collect::<Vec<_>>()}});
        let subject = subject(&document, sdk);
        for (seed, key, _, bucket) in seeds.iter().flat_map(|(_, rows)| rows) {
            // The client takes no other keys as they are.
            if key.trim() != key || key.is_empty() || key.encode_utf16().count() > 250 {
                continue;
            }
            let got = treatment(&subject, &seed.to_string(), key, json!({}));
            assert_eq!(got, bucket.to_string(), "{seed} {key:?}");
        }
    }
}

#[test]
fn buckets() {
    let Some(folder) = vectors(SERVICE) else {
        return;
    };
    let mut murmur = Vec::new();
    for path in files(&folder.join("murmur3"), ".csv") {
        murmur.extend(rows_of_csv(&path));
    }
    let unicode = read(&folder.join("murmur3/generated-unicode.json"));
    murmur.extend(unicode.as_array().unwrap().iter().map(|row| {
        let number = |index: usize| row[index].as_i64().unwrap();
        let key = row[1].as_str().unwrap().to_owned();
        (number(0), key, number(2), row[3].as_u64().unwrap())
    }));
    for (seed, key, hash, bucket) in &murmur {
        let mut murmur = Murmur3::new(*seed as u32);
        murmur.update(key.as_bytes());
        let got = murmur.finish();
        assert_eq!(i64::from(got), *hash, "{seed} {key:?}");
        assert_eq!(u64::from(got % 100 + 1), *bucket, "{seed} {key:?}");
    }
    check_buckets(&murmur, Sdk::Node, 2);
    for path in files(&folder.join("legacy-hash"), ".csv") {
        check_buckets(&rows_of_csv(&path), Sdk::Other, 1);
    }
}

#[test]
fn versions() {
    let Some(folder) = vectors(SERVICE) else {
        return;
    };
    let rows = |name: &str| -> Vec<Vec<String>> {
        let text = fs::read_to_string(folder.join("semver").join(name)).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let cells = |line: &str| line.split(',').map(str::to_owned).collect();
        lines.map(cells).collect()
    };
    // A matcher, a value and whether it holds.
    let mut cases: Vec<(Value, String, bool)> = Vec::new();
    let unary = |kind: &str, version: &str| matcher(kind, "stringMatcherData", json!(version));
    const EQUAL: &str = "EQUAL_TO_SEMVER";
    const AT_LEAST: &str = "GREATER_THAN_OR_EQUAL_TO_SEMVER";
    const AT_MOST: &str = "LESS_THAN_OR_EQUAL_TO_SEMVER";
    for row in rows("between-semver.csv") {
        let ends = json!({"start": row[0], "end": row[2]});
        let between = matcher("BETWEEN_SEMVER", "betweenStringMatcherData", ends);
        cases.push((between, row[1].clone(), row[3] == "true"));
    }
    for row in rows("equal-to-semver.csv") {
        let holds = row[2] == "true";
        let list = json!({"whitelist": ["0.0.0", row[0]]});
        cases.push((unary(EQUAL, &row[0]), row[1].clone(), holds));
        cases.push((
            matcher("IN_LIST_SEMVER", "whitelistMatcherData", list),
            row[1].clone(),
            holds,
        ));
    }
    for row in rows("valid-semantic-versions.csv") {
        let (greater, lesser) = (&row[0], &row[1]);
        cases.push((unary(AT_LEAST, lesser), greater.clone(), true));
        cases.push((unary(AT_LEAST, greater), lesser.clone(), false));
        cases.push((unary(AT_MOST, greater), lesser.clone(), true));
        cases.push((unary(AT_MOST, lesser), greater.clone(), false));
        for version in [greater, lesser] {
            cases.push((unary(EQUAL, version), version.clone(), true));
        }
    }
    for row in rows("invalid-semantic-versions.csv") {
        cases.push((unary(EQUAL, &row[0]), row[0].clone(), false));
        cases.push((unary(AT_LEAST, "0.0.0-0"), row[0].clone(), false));
        cases.push((unary(AT_MOST, &row[0]), "0.0.0-0".to_owned(), false));
    }
    check_matchers(&cases);
}

#[test]
fn patterns() {
    let Some(folder) = vectors(SERVICE) else {
        return;
    };
    let text = fs::read_to_string(folder.join("regex.txt")).unwrap();
    let cases = text.lines().filter(|line| !line.is_empty()).map(|line| {
        let cells: Vec<&str> = line.split('#').collect();
        let [pattern, is, holds] = cells[..] else {
            panic!("{line}");
        };
        let matcher = matcher("MATCHES_STRING", "stringMatcherData", json!(pattern));
        (matcher, is.to_owned(), holds == "true")
    });
    check_matchers(&cases.collect::<Vec<_>>());
}

fn check_matchers(cases: &[(Value, String, bool)]) {
    let document = matching(cases.iter().map(|(matcher, ..)| matcher.clone()));
    let subject = subject(&document, Sdk::Node);
    for (index, (matcher, is, holds)) in cases.iter().enumerate() {
        let got = treatment(&subject, &index.to_string(), "u", json!({"is": is}));
        assert_eq!(
            got,
            if *holds { "on" } else { "off" },
            "{is:?} for {matcher}"
        );
    }
}

#[test]
fn documents_of_the_sdks() {
    let Some(folder) = vectors(SERVICE) else {
        return;
    };
    let segments: Vec<Value> = files(&folder.join("segments"), ".json")
        .iter()
        .map(|path| read(path))
        .collect();
    for path in files(&folder.join("splitchanges"), ".json") {
        let document = json!({"splitChanges": read(&path), "segmentChanges": segments});
        let subject = subject(&document, Sdk::Node);
        for entry in &subject.imported.report.entries {
            assert!(
                entry.fidelity < Fidelity::NotEvaluable,
                "{}: {entry:?}",
                path.display()
            );
            for key in ["user1", "grüne_Straße", "other"] {
                let context = json!({"key": key, "attributes": {"version": "1.2.3"}});
                let answer = subject.ask(question(&entry.flag, &context));
                assert!(answer["label"] != "exception", "{entry:?} {answer}");
            }
        }
    }
}

//! flagd: results recorded from flagd-core for JavaScript, the test data of its JsonLogic engine and of its schema, and
//! cases of ours.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod support;

use flagstone_compile::compile_imported;
use flagstone_core::layout::{ExpressionRecord, HEADER_LEN, SECTION_ROW_LEN, Section};
use flagstone_core::{Snapshot, UnixMillis, parse_rfc3339};
use flagstone_import::answer::{Request, Type, json_logic};
use flagstone_import::{Fidelity, ImportError, Options, Service, import};
use flagstone_json::Json;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use support::{Question, Subject, excluded, finish, own_cases, read, same, vectors};

const SERVICE: Service = Service::Flagd;

fn question(case: &Value) -> Question<'_> {
    Question {
        flag: case["flag"].as_str().unwrap(),
        context: &case["context"],
        default: &case["default"],
        wanted: match case["type"].as_str() {
            Some("boolean") => Some(Type::Boolean),
            Some("string") => Some(Type::String),
            Some("number") => Some(Type::Number),
            Some("object") => Some(Type::Object),
            _ => None,
        },
        now: parse_rfc3339(case["now"].as_str().unwrap_or("2026-01-01T00:00:00Z")).unwrap(),
    }
}

fn subject(definitions: &Value) -> Subject {
    Subject::new(SERVICE, &definitions.to_string(), &Options::default())
}

#[test]
fn own() {
    let mut failures = Vec::new();
    for path in own_cases(SERVICE) {
        let file = read(&path);
        let subject = subject(&file["definitions"]);
        for case in file["cases"].as_array().unwrap() {
            let name = format!("{}: {}", path.display(), case["name"]);
            failures.extend(subject.check(&name, question(case), &case["expect"]));
        }
    }
    finish(&failures);
}

/// Whatever becomes of a snapshot's bytes, flags are answered, in a bounded time and without a panic.
#[test]
fn damaged() {
    const ROUNDS: usize = 300;
    let mut state = 1u64;
    let mut below = |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % limit
    };
    for path in own_cases(SERVICE) {
        let file = read(&path);
        let cases = file["cases"].as_array().unwrap();
        let imported = import(
            SERVICE,
            &file["definitions"].to_string(),
            &Options::default(),
        )
        .unwrap();
        let whole = compile_imported(&imported.model).snapshot.unwrap();
        // Where expressions lie, by the table of sections.
        let row = HEADER_LEN + Section::Expressions as usize * SECTION_ROW_LEN;
        let number = |at: usize| u32::from_le_bytes(whole[at..at + 4].try_into().unwrap()) as usize;
        let (first, count) = (number(row), number(row + 4) * ExpressionRecord::SIZE);
        for round in 0..ROUNDS {
            let mut bytes = whole.clone();
            for _ in 0..=below(6) {
                let at = match round % 2 {
                    0 if count > 0 => first + below(count),
                    _ => HEADER_LEN + below(bytes.len() - HEADER_LEN),
                };
                bytes[at] = below(256) as u8;
            }
            let Ok(snapshot) = Snapshot::open(&bytes) else {
                continue;
            };
            let _ = snapshot.verify();
            for case in cases {
                let question = question(case);
                let context = question.context.to_string();
                let request = Request {
                    flag: question.flag,
                    context: &Json::read(&context).unwrap(),
                    default: None,
                    wanted: question.wanted,
                    now: question.now,
                };
                let _ = imported.native.answer(snapshot, &request);
            }
        }
    }
}

/// Rules as deep as JSON may be are read and evaluated, in little memory and time.
#[test]
fn deep() {
    // What a Worker has; without optimization every step takes more.
    const STACK: usize = if cfg!(debug_assertions) {
        16 << 20
    } else {
        1 << 19
    };
    let nested = |open: &str, inner: &str, close: &str, depth: usize| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    let (list, var) = (r#"{"var":"l"}"#, r#"{"var":""}"#);
    let rules = [
        nested(r#"{"!":"#, r#"{"var":"x"}"#, "}", 236),
        nested(r#"{"!":["#, r#"{"var":"x"}"#, "]}", 118),
        nested(r#"{"and":[{"var":"x"},"#, r#"{"var":"x"}"#, "]}", 118),
        nested(r#"{"cat":["a","#, r#"{"var":"x"}"#, "]}", 118),
        nested(r#"{"+":[1,"#, r#"{"var":"x"}"#, "]}", 118),
        nested(r#"{"if":[{"var":"x"},"#, r#"{"var":"x"}"#, ",1]}", 118),
        nested(r#"{"if":[{"var":"x"},"#, r#"{"var":"x"}"#, "]}", 118),
        nested(r#"{"if":[1,"#, "1", "]}", 118),
        nested(r#"{"<":[1,"#, r#"{"var":"x"}"#, ",3]}", 118),
        nested(r#"{"if":[{"filter":[[1],"#, r#"{"var":""}"#, "]},1]}", 58),
        nested(r#"{"filter":[[1],"#, r#"{"var":""}"#, "]}", 118),
        format!(
            r#"{{"if":[true,{}]}}"#,
            nested(&format!(r#"{{"filter":[{list},"#), var, "]}", 117)
        ),
        nested(&format!(r#"{{"map":[{list},"#), var, "]}", 118),
        nested(&format!(r#"{{"reduce":[{list},"#), var, ",0]}", 118),
        nested(r#"{"var":["x","#, r#"{"var":"x"}"#, "]}", 118),
        nested("[", "1", "]", 236),
    ];
    let run = move || {
        for rule in rules {
            let flag = format!(
                r#"{{"state": "ENABLED", "variants": {{"on": true}}, "targeting": {rule}}}"#
            );
            let document = format!(r#"{{"flags": {{"f": {flag}}}}}"#);
            let subject = Subject::new(SERVICE, &document, &Options::default());
            for context in [json!({}), json!({"x": 1, "l": [1, 2, 3]})] {
                let case = json!({"flag": "f", "context": context});
                subject.ask(question(&case));
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK);
    thread.spawn(run).unwrap().join().unwrap();
}

#[test]
fn metadata() {
    let flag = |metadata: Value| json!({"state": "ENABLED", "variants": {"on": true}, "metadata": metadata});
    let subject = subject(&json!({
        "flags": {"a": flag(json!({"owner": "b", "n": 1})), "b": flag(json!({}))},
        "metadata": {"owner": "a", "set": "s"},
    }));
    let said = |flag| -> Value {
        let text = subject.imported.native.metadata(flag).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    assert_eq!(said("a"), json!({"owner": "b", "set": "s", "n": 1}));
    assert_eq!(said("b"), json!({"owner": "a", "set": "s"}));
    assert_eq!(said("absent"), said("b"));
}

#[test]
fn refused() {
    for (document, path) in [
        (r#"[]"#, ""),
        (r#"{"flags": 5}"#, "/flags"),
        (r#"{"flags": {"a": null}}"#, "/flags/a/state"),
        (
            r#"{"flags": {"a": {"state": "ON", "variants": {}}}}"#,
            "/flags/a/state",
        ),
        (
            r#"{"flags": {"a/b": {"state": "ENABLED"}}}"#,
            "/flags/a~1b/variants",
        ),
        (
            r#"{"flags": {"a": {"state": "ENABLED", "variants": {"on": 1}, "defaultVariant": "off"}}}"#,
            "/flags/a/defaultVariant",
        ),
        (r#"{"flags": [{"state": "ENABLED"}]}"#, "/flags/0/key"),
    ] {
        match import(SERVICE, document, &Options::default()) {
            Err(ImportError::Shape { path: got, .. }) => assert_eq!(got, path, "{document}"),
            other => panic!("{document}: {:?}", other.err()),
        }
    }
}

#[test]
fn recorded() {
    let Some(folder) = vectors(SERVICE) else {
        return;
    };
    let excluded = excluded(SERVICE);
    let subject = subject(&read(&folder.join("oracle-definitions.json")));
    let file = read(&folder.join("oracle-cases.json"));
    let mut failures = Vec::new();
    let mut run = 0;
    for (index, case) in file["cases"].as_array().unwrap().iter().enumerate() {
        let name = format!("oracle-cases.json: {index}");
        if excluded.contains_key(&name) {
            continue;
        }
        run += 1;
        failures.extend(subject.check(&name, question(case), &case["expect"]));
    }
    eprintln!("{run} recorded cases");
    finish(&failures);
}

/// A value that the engine gave, as its test data writes it.
fn computed(text: Option<String>) -> Option<Value> {
    match text?.as_str() {
        "undefined" | "NaN" | "Infinity" | "-Infinity" => None,
        text => Some(serde_json::from_str(text).unwrap()),
    }
}

/// A rule by itself reads its data, as rules of flags do.
#[test]
fn data_of_a_rule_alone() {
    let data = Json::read(r#"{"x":2,"people":[{"name":"ada"}]}"#).unwrap();
    for (rule, expected) in [
        (r#"{"var":"x"}"#, json!(2)),
        (r#"{"var":"people.0.name"}"#, json!("ada")),
        (
            r#"{"map":[{"var":"people"},{"var":"name"}]}"#,
            json!(["ada"]),
        ),
    ] {
        let rule = Json::read(rule).unwrap();
        let got = computed(json_logic(&rule, &data, UnixMillis(0)));
        assert!(got.is_some_and(|got| same(&got, &expected)));
    }
}

#[test]
fn json_logic_engine() {
    let Some(folder) = vectors(SERVICE) else {
        return;
    };
    let excluded = excluded(SERVICE);
    let mut failures = Vec::new();
    let mut run = 0;
    for path in files(&folder.join("jsonlogic")) {
        let file = path.file_name().unwrap().to_str().unwrap();
        let rules = read(&path);
        let rules = rules.as_array().unwrap().iter();
        for (index, case) in rules.filter(|case| !case.is_string()).enumerate() {
            let name = format!("{file}: {index}");
            if excluded.contains_key(&name) {
                continue;
            }
            // Some rows are lists of a rule, its data and the result.
            let [rule, data, result, fails] = match case.as_array() {
                Some(row) => [row.first(), row.get(1), row.get(2), None],
                None => ["rule", "data", "result", "error"].map(|member| case.get(member)),
            };
            let (rule, data) = (
                rule.unwrap().to_string(),
                data.unwrap_or(&json!({})).to_string(),
            );
            let (rule_json, data_json) = (Json::read(&rule).unwrap(), Json::read(&data).unwrap());
            let got = computed(json_logic(&rule_json, &data_json, UnixMillis(0)));
            let agrees = match (&got, result) {
                (Some(got), Some(result)) => same(got, result),
                (None, None) => fails.is_some(),
                _ => false,
            };
            run += 1;
            if !agrees {
                failures.push(format!(
                    "{name}: {rule} of {data}\n  expected {result:?} {fails:?}\n  got      {got:?}"
                ));
            }
        }
    }
    eprintln!("{run} rules");
    finish(&failures);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{folder:?}");
    paths
}

#[test]
fn documents_of_the_schema() {
    let Some(folder) = vectors(SERVICE) else {
        return;
    };
    let test = folder.join("schema/test");
    for path in files(&test.join("flags/positive")) {
        let document = read(&path);
        let subject = subject(&document);
        for entry in &subject.imported.report.entries {
            assert!(
                entry.fidelity < Fidelity::NotEvaluable,
                "{}: {entry:?}",
                path.display()
            );
            let case =
                json!({"flag": entry.flag, "context": {"targetingKey": "u", "email": "a@b.c"}});
            let answer = subject.ask(question(&case));
            assert!(answer["reason"] != "ERROR", "{}: {answer}", path.display());
        }
    }
    // What the schema refuses, flagd-core may still take; it refuses flags without a state or variants.
    for path in files(&test.join("flags/negative")) {
        let refused = import(
            SERVICE,
            &fs::read_to_string(&path).unwrap(),
            &Options::default(),
        )
        .err();
        let must_be = [
            "missing-variants",
            "malformed-flag",
            "state-set-incorrectly",
        ];
        let name = path.file_stem().unwrap().to_str().unwrap();
        if must_be.contains(&name) {
            assert!(refused.is_some(), "{}", path.display());
        }
    }
    // What flagd-core answers; the schema also has rules that cannot be compiled, or whose variants are others.
    let answers = json!({
        "basic-json-ops": "PARSE_ERROR",
        "custom-ops": "GENERAL",
        "fractional-dynamic-weights": null,
        "fractional-mixed-weights": null,
        "fractional-non-string": "GENERAL",
        "fractional-single-entry": "GENERAL",
        "if-shorthand": "PARSE_ERROR",
    });
    for path in files(&test.join("targeting/positive")) {
        let answer = targeting(&read(&path));
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert_eq!(answer["errorCode"], answers[name], "{name}: {answer}");
    }
    for path in files(&test.join("targeting/negative")) {
        targeting(&read(&path));
    }
}

/// What a flag with this targeting answers.
fn targeting(rule: &Value) -> Value {
    let document = json!({"flags": {"f": {
        "state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off", "targeting": rule,
    }}});
    let case = json!({"flag": "f", "context": {"targetingKey": "u", "email": "a@b.c"}});
    subject(&document).ask(question(&case))
}

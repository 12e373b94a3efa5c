//! Reads the rows and compares numbers.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use flagstone_rollout::Arm;
use serde_json::Value;

/// All known answers, by kind.
pub fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/known-answers.json")).unwrap()
}

/// Checks each row of a kind, which is a list or has one under `cases`; a row that fails is printed.
pub fn check_each(kind: &str, check: impl Fn(&Value)) {
    let all = vectors();
    let of_kind = &all[kind];
    let rows = of_kind
        .as_array()
        .or_else(|| of_kind["cases"].as_array())
        .unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        if let Err(failure) = catch_unwind(AssertUnwindSafe(|| check(row))) {
            let shown = row["name"].as_str().map_or(row.to_string(), str::to_owned);
            eprintln!("{kind}: {shown}");
            resume_unwind(failure);
        }
    }
}

#[track_caller]
pub fn near(what: &str, actual: f64, expected: f64) {
    near_by(what, actual, expected, 1e-9);
}

/// Equal to a relative tolerance.
#[track_caller]
pub fn near_by(what: &str, actual: f64, expected: f64, tolerance: f64) {
    assert!(
        (actual - expected).abs() <= tolerance * expected.abs(),
        "{what} is {actual:e}, not {expected:e}"
    );
}

/// Equal to an absolute 1e-9.
#[track_caller]
pub fn near_absolute(what: &str, actual: f64, expected: f64) {
    assert!(
        (actual - expected).abs() <= 1e-9,
        "{what} is {actual}, not {expected}"
    );
}

#[track_caller]
pub fn near_all(what: &str, actual: &[f64], expected: &[f64]) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (actual, expected) in actual.iter().zip(expected) {
        near(what, *actual, *expected);
    }
}

pub fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().expect(key)
}

pub fn float(row: &Value, key: &str) -> f64 {
    row[key].as_f64().expect(key)
}

pub fn floats(row: &Value, key: &str) -> Vec<f64> {
    let numbers = row[key].as_array().expect(key).iter();
    numbers.map(|number| number.as_f64().expect(key)).collect()
}

pub fn count(row: &Value, key: &str) -> u64 {
    row[key].as_u64().expect(key)
}

pub fn small(row: &Value, key: &str) -> u32 {
    count(row, key).try_into().expect(key)
}

pub fn arm(name: &str) -> Arm {
    match name {
        "canary" => Arm::Canary,
        "control" => Arm::Control,
        other => panic!("no arm `{other}`"),
    }
}

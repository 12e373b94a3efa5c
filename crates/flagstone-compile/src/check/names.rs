//! Keys are there, short enough and different; values are what they may be.

use crate::finding::Finding;
use crate::model::{Model, Value};
use std::collections::HashSet;

pub(super) fn check(model: &Model, findings: &mut Vec<Finding>) {
    let mut seen = HashSet::new();
    for flag in &model.flags {
        let path = format!("/flags/{}", flag.key);
        key(&flag.key, "flag", &mut seen, &path, findings);
        if flag.variants.is_empty() {
            findings.push(Finding::error(
                "no-variants",
                &path,
                format!("flag `{}` has no variants", flag.key),
            ));
        }
        let mut seen = HashSet::new();
        for variant in &flag.variants {
            let path = format!("{path}/variants/{}", variant.key);
            key(&variant.key, "variant", &mut seen, &path, findings);
            if matches!(variant.value, Value::Number(number) if !number.is_finite()) {
                let message = format!("the value of `{}` is not a finite number", variant.key);
                findings.push(Finding::error("invalid-value", path, message));
            }
        }
    }
    let mut seen = HashSet::new();
    for segment in &model.segments {
        key(
            &segment.key,
            "segment",
            &mut seen,
            &format!("/segments/{}", segment.key),
            findings,
        );
    }
}

fn key<'m>(
    key: &'m str,
    what: &str,
    seen: &mut HashSet<&'m str>,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    const LONGEST: usize = 255;
    if key.is_empty() || key.len() > LONGEST {
        let message = format!("the key of a {what} has {} bytes", key.len());
        findings.push(Finding::error("invalid-key", path, message).help(format!("1 to {LONGEST}")));
    }
    if key.chars().any(char::is_control) {
        let message = format!("the key of a {what} has a control character");
        findings.push(Finding::error("invalid-key", path, message));
    }
    if !seen.insert(key) {
        findings.push(Finding::error(
            "duplicate-key",
            path,
            format!("there are two {what}s `{key}`"),
        ));
    }
}

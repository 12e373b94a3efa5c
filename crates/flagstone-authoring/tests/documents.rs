//! Whole documents: the model they give, and what is said of them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::collections::BTreeSet;
use std::io;

use flagstone_authoring::{CODES, Severity};
use serde::Deserialize;

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    environment: Option<String>,
    toml: String,
    /// All findings.
    #[serde(default)]
    says: Vec<String>,
    /// The lines of the model, if there is one.
    has: Option<Vec<String>>,
}

fn cases() -> Vec<Case> {
    toml::from_str::<Cases>(include_str!("cases/documents.toml"))
        .unwrap()
        .case
}

fn read_file(path: &str) -> io::Result<String> {
    match path {
        "beta-users.txt" => Ok("u-10\r\n\n  u-11  \nu-12".to_owned()),
        "marked.txt" => Ok("\u{feff}u-30\n".to_owned()),
        "left.txt" => Ok("u-20\n".to_owned()),
        _ => Err(io::Error::new(io::ErrorKind::NotFound, "no such file")),
    }
}

fn check(case: &Case) {
    let outcome = flagstone_authoring::read(&case.toml, case.environment.as_deref(), &read_file);
    let says: Vec<_> = outcome
        .findings
        .iter()
        .map(|finding| support::finding(finding, &case.toml))
        .collect();
    assert_eq!(says, case.says, "{}", case.name);
    let has = outcome.model.as_ref().map(support::model);
    assert_eq!(has, case.has, "{}", case.name);
}

#[test]
fn documents() {
    cases().iter().for_each(check);
}

#[test]
fn every_code_has_a_case() {
    #[derive(Deserialize)]
    struct Said {
        #[serde(default)]
        says: Vec<String>,
    }
    #[derive(Deserialize)]
    struct File {
        case: Vec<Said>,
    }
    let said = [
        include_str!("cases/documents.toml"),
        include_str!("cases/conditions.toml"),
    ]
    .iter()
    .flat_map(|text| toml::from_str::<File>(text).unwrap().case)
    .flat_map(|case| case.says)
    .map(|line| line.split(']').next().unwrap().to_owned());
    let said: BTreeSet<String> = said.collect();
    let known: BTreeSet<String> = CODES
        .iter()
        .map(|code| match code.severity {
            Severity::Error => format!("error[{}", code.name),
            Severity::Warning => format!("warning[{}", code.name),
        })
        .collect();
    assert_eq!(said, known);
}

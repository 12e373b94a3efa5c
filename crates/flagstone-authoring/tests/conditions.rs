//! Conditions: CEL to the model's conditions, and what is said of those that cannot be lowered.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use serde::Deserialize;

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The condition.
    when: String,
    /// What it is lowered to.
    is: Option<String>,
    /// What is said of it; line 1 is the condition's first line.
    says: Option<Vec<String>>,
}

/// What conditions may refer to. The condition stands in flag `subject`.
const BEFORE: &str = r#"context = { "user.email" = "cookie:email", "app.version" = "header:x-app-version", "user.plan" = "query:plan", "user.age" = "cookie:age", "app.beta" = "bot" }
flags.other = { variants = { control = false, treatment = true }, default = "control" }
segments.beta = { included = ["u-1"] }
segments.staff = { included = ["u-2"] }
[flags.subject]
"#;

fn check(case: &Case) {
    let (is, says) = read(case);
    let expected = case.says.clone().unwrap_or_default();
    assert_eq!(
        (is.as_deref(), &says),
        (case.is.as_deref(), &expected),
        "when = '{}'",
        case.when
    );
}

/// The condition that a case gives, and the findings.
fn read(case: &Case) -> (Option<String>, Vec<String>) {
    let text = format!(
        "{BEFORE}rules = [{{ serve = \"on\", when = '''\n{}''' }}]\n",
        case.when
    );
    let outcome = flagstone_authoring::read(&text, None, &flagstone_authoring::no_files);
    let first_line = text
        .lines()
        .position(|line| line.starts_with("rules"))
        .unwrap()
        + 1;
    let says: Vec<_> = outcome
        .findings
        .iter()
        .map(|finding| {
            assert_eq!(finding.path, "flags.subject.rules[0].when");
            let said = support::finding(finding, &text);
            let (head, rest) = said.split_once("] ").unwrap();
            let (line, rest) = rest.split_once(':').unwrap();
            format!(
                "{head}] {}:{rest}",
                line.parse::<usize>().unwrap() - first_line
            )
        })
        .collect();
    let is = outcome.model.map(|model| {
        let flag = model
            .flags
            .iter()
            .find(|flag| flag.key == "subject")
            .unwrap();
        support::condition(&flag.rules.first().unwrap().when)
    });
    (is, says)
}

#[test]
fn conditions() {
    let cases: Cases = toml::from_str(include_str!("cases/conditions.toml")).unwrap();
    cases.case.iter().for_each(check);
}

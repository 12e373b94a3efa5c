//! What is said of flags that depend on others.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

use flagstone_compile::compile_imported;
use flagstone_import::{Fidelity, Options, Service, import};

/// A service, a document, and how faithfully each of its flags is taken over.
type Case = (Service, &'static str, &'static [(&'static str, Fidelity)]);

use Fidelity::{Kept, NotEvaluable, Noted};

const CASES: [Case; 4] = [
    (
        Service::LaunchDarkly,
        r#"{
            "flags": {
                "parent": {"on": true, "variations": [true, false], "fallthrough": {"variation": 1}, "rules": [
                    {"variation": 0, "clauses": [{"attribute": "email", "op": "matches", "values": ["^(?!bob)"]}]}
                ]},
                "child": {"on": true, "variations": [true, false], "offVariation": 1, "fallthrough": {"variation": 0},
                    "prerequisites": [{"key": "parent", "variation": 0}]},
                "grandchild": {"on": true, "variations": [true, false], "offVariation": 1, "fallthrough": {"variation": 0},
                    "prerequisites": [{"key": "child", "variation": 0}]},
                "off": {"on": false, "variations": [true, false], "offVariation": 1, "fallthrough": {"variation": 0},
                    "prerequisites": [{"key": "parent", "variation": 0}]},
                "ring": {"on": true, "variations": [true], "offVariation": 0, "fallthrough": {"variation": 0},
                    "prerequisites": [{"key": "ring", "variation": 0}]},
                "segment": {"on": true, "variations": [true, false], "fallthrough": {"variation": 1}, "rules": [
                    {"variation": 0, "clauses": [{"attribute": "", "op": "segmentMatch", "values": ["outer"]}]}
                ]},
                "other": {"on": true, "variations": [true, false], "fallthrough": {"variation": 1}}
            },
            "segments": {
                "inner": {"rules": [{"clauses": [{"attribute": "email", "op": "matches", "values": ["^(?!bob)"]}]}]},
                "outer": {"rules": [{"clauses": [{"attribute": "", "op": "segmentMatch", "values": ["inner"]}]}]}
            }
        }"#,
        &[
            ("parent", NotEvaluable),
            ("child", NotEvaluable),
            ("grandchild", NotEvaluable),
            ("off", Kept),
            ("ring", Kept),
            ("segment", NotEvaluable),
            ("other", Kept),
        ],
    ),
    (
        Service::GrowthBook,
        r#"{"features": {
            "parent": {"defaultValue": false, "rules": [{"condition": {"email": {"$regex": "^(?!bob)"}}, "force": true}]},
            "child": {"defaultValue": 0, "rules": [
                {"parentConditions": [{"id": "parent", "condition": {"value": true}, "gate": true}], "force": 1}
            ]},
            "grandchild": {"defaultValue": 0, "rules": [
                {"parentConditions": [{"id": "child", "condition": {"value": 1}}], "force": 1}
            ]},
            "ring": {"defaultValue": 0, "rules": [{"parentConditions": [{"id": "ring"}], "force": 1}]},
            "other": {"defaultValue": 0}
        }}"#,
        &[
            ("parent", NotEvaluable),
            ("child", NotEvaluable),
            ("grandchild", NotEvaluable),
            ("ring", Noted),
            ("other", Kept),
        ],
    ),
    (
        Service::Unleash,
        r#"{
            "features": [
                {"name": "parent", "enabled": true, "strategies": [{"name": "default", "constraints": [
                    {"contextName": "email", "operator": "REGEX", "value": "\\p{Lu}"}
                ]}]},
                {"name": "child", "enabled": true, "strategies": [{"name": "default"}],
                    "dependencies": [{"feature": "parent"}]},
                {"name": "off", "enabled": false, "strategies": [{"name": "default"}],
                    "dependencies": [{"feature": "parent"}]},
                {"name": "segment", "enabled": true, "strategies": [{"name": "default", "segments": [1]}]},
                {"name": "other", "enabled": true, "strategies": [{"name": "default"}]}
            ],
            "segments": [{"id": 1, "constraints": [{"contextName": "email", "operator": "REGEX", "value": "\\p{Lu}"}]}]
        }"#,
        &[
            ("parent", NotEvaluable),
            ("child", NotEvaluable),
            ("off", Kept),
            ("segment", NotEvaluable),
            ("other", Kept),
        ],
    ),
    (
        Service::Split,
        r#"{"ff": {"d": [
            {"name": "parent", "conditions": [{"matcherGroup": {"matchers": [
                {"matcherType": "MATCHES_STRING", "stringMatcherData": "^(?!bob)"}
            ]}, "partitions": [{"treatment": "on", "size": 100}]}]},
            {"name": "child", "prerequisites": [{"n": "parent", "ts": ["on"]}], "conditions": []},
            {"name": "ring", "prerequisites": [{"n": "ring", "ts": ["on"]}], "conditions": []},
            {"name": "hangs on the ring", "prerequisites": [{"n": "ring", "ts": ["on"]}], "conditions": []},
            {"name": "other", "algo": 2, "conditions": [{"matcherGroup": {"matchers": [
                {"matcherType": "ALL_KEYS"}
            ]}, "partitions": [{"treatment": "on", "size": 100}]}]}
        ]}}"#,
        &[
            ("parent", NotEvaluable),
            ("child", NotEvaluable),
            ("ring", NotEvaluable),
            ("hangs on the ring", NotEvaluable),
            ("other", Kept),
        ],
    ),
];

#[test]
fn what_depends_on_a_flag_that_cannot_be_evaluated_cannot_be_either() {
    for (service, document, expected) in CASES {
        let imported = import(service, document, &Options::default()).unwrap();
        let entries = imported.report.entries.iter();
        let found = entries.map(|entry| (&*entry.flag, entry.fidelity));
        assert_eq!(found.collect::<Vec<_>>(), expected, "{service:?}");
    }
}

/// A document of a service with the flags `large` and `other`, the first with so many parts.
fn large(service: Service, parts: usize) -> String {
    let list = |part: &str| vec![part; parts].join(",");
    match service {
        Service::LaunchDarkly => format!(
            r#"{{"flags": {{
                "large": {{"on": true, "variations": [1], "rules": [{}], "fallthrough": {{"variation": 0}}}},
                "other": {{"on": true, "variations": [1], "fallthrough": {{"variation": 0}}}}
            }}}}"#,
            list(
                r#"{"variation": 0, "clauses": [{"attribute": "a", "op": "in", "values": ["b"]}]}"#
            ),
        ),
        Service::Unleash => format!(
            r#"{{"features": [
                {{"name": "large", "enabled": true, "strategies": [{{"name": "default", "constraints": [{}]}}]}},
                {{"name": "other", "enabled": true, "strategies": []}}
            ]}}"#,
            list(r#"{"contextName": "a", "operator": "IN", "values": ["b"]}"#),
        ),
        Service::GrowthBook => format!(
            r#"{{"features": {{
                "large": {{"defaultValue": 0, "rules": [{{"condition": {{"$or": [{}]}}, "force": 1}}]}},
                "other": {{"defaultValue": 0}}
            }}}}"#,
            list(r#"{"a": "b"}"#),
        ),
        Service::Split => {
            let matcher =
                r#"{"matcherType": "WHITELIST", "whitelistMatcherData": {"whitelist": ["b"]}}"#;
            let flag = |name: &str, matchers: &str| {
                format!(
                    r#"{{"name": "{name}", "algo": 2, "conditions": [{{"matcherGroup": {{"matchers": [{matchers}]}},
                        "partitions": [{{"treatment": "on", "size": 100}}]}}]}}"#
                )
            };
            let flags = [flag("large", &list(matcher)), flag("other", matcher)];
            format!(r#"{{"ff": {{"d": [{}]}}}}"#, flags.join(","))
        }
        Service::Flagd => format!(
            r#"{{"flags": {{
                "large": {{"state": "ENABLED", "variants": {{"on": true}},
                    "targeting": {{"if": [{{"or": [{}]}}, "on"]}}}},
                "other": {{"state": "ENABLED", "variants": {{"on": true}}}}
            }}}}"#,
            list(r#"{"in": [{"var": "a"}, ["b"]]}"#),
        ),
    }
}

/// Flags that are too large in other ways.
fn larger() -> [(Service, String); 5] {
    let list = |part: &str| vec![part; 66_000].join(",");
    let growthbook = |rule: &str| {
        let large = format!(r#"{{"defaultValue": 0, "rules": [{rule}]}}"#);
        format!(r#"{{"features": {{"large": {large}, "other": {{"defaultValue": 0}}}}}}"#)
    };
    let flagd = |variants: &str, targeting: &str| {
        let large = format!(
            r#"{{"state": "ENABLED", "variants": {{"on": 1, {variants}}}, "targeting": {targeting}}}"#
        );
        let other = r#"{"state": "ENABLED", "variants": {"on": true}}"#;
        format!(r#"{{"flags": {{"large": {large}, "other": {other}}}}}"#)
    };
    let variants: Vec<String> = (0..66_000)
        .map(|key| format!(r#""{key}": {key}"#))
        .collect();
    let ranges = list("[0, 1]");
    let filters = format!(r#"{{"filters": [{{"seed": "s", "ranges": [{ranges}]}}], "force": 1}}"#);
    let name = "a".repeat(70_000);
    [
        (Service::GrowthBook, growthbook(&list(r#"{"force": 1}"#))),
        (Service::GrowthBook, growthbook(&filters)),
        (
            Service::Flagd,
            flagd(
                r#""off": 0"#,
                &format!(r#"{{"if": [{{"var": "{name}"}}, "on"]}}"#),
            ),
        ),
        (
            Service::Flagd,
            flagd(
                r#""off": 0"#,
                &format!(r#"{{"fractional": [{}]}}"#, list(r#"["on", 1]"#)),
            ),
        ),
        (Service::Flagd, flagd(&variants.join(","), "{}")),
    ]
}

#[test]
fn a_flag_that_is_too_large_spoils_no_other() {
    let few = Service::ALL.map(|service| (service, large(service, 100), Kept));
    let many = Service::ALL.map(|service| (service, large(service, 66_000), NotEvaluable));
    let larger = larger().map(|(service, document)| (service, document, NotEvaluable));
    for (service, document, of_large) in few.into_iter().chain(many).chain(larger) {
        let imported = import(service, &document, &Options::default()).unwrap();
        let entries = imported.report.entries.iter();
        let found = entries.map(|entry| (&*entry.flag, entry.fidelity));
        let expected = [("large", of_large), ("other", Kept)];
        let start: String = document.chars().take(300).collect();
        assert_eq!(found.collect::<Vec<_>>(), expected, "{start}");
        let compiled = compile_imported(&imported.model);
        assert!(compiled.snapshot.is_some(), "{start}");
    }
}

/// However many flags one depends on, it is said once, of the nearest that fails.
#[test]
fn a_flag_that_depends_on_many() {
    let requires = |keys: &mut dyn Iterator<Item = String>| -> String {
        let keys: Vec<_> = keys
            .map(|key| format!(r#"{{"key": "{key}", "variation": 0}}"#))
            .collect();
        keys.join(",")
    };
    let flag = |key: &str, prerequisites: &str, rules: &str| {
        format!(
            r#""{key}": {{"on": true, "variations": [true, false], "offVariation": 1, "fallthrough": {{"variation": 0}},
                "prerequisites": [{prerequisites}], "rules": [{rules}]}}"#
        )
    };
    let bad = r#"{"variation": 0, "clauses": [{"attribute": "email", "op": "matches", "values": ["^(?!bob)"]}]}"#;
    let many = (0..1_500).map(|index| flag(&format!("good-{index}"), "", ""));
    let mut flags: Vec<String> = many.collect();
    flags.push(flag("far", "", bad));
    flags.push(flag(
        "near",
        &requires(&mut ["far".to_owned()].into_iter()),
        bad,
    ));
    let all = (0..1_500).map(|index| format!("good-{index}"));
    flags.push(flag(
        "last",
        &requires(&mut all.chain(["near".to_owned()])),
        "",
    ));
    let document = format!(r#"{{"flags": {{{}}}, "segments": {{}}}}"#, flags.join(","));
    let imported = import(Service::LaunchDarkly, &document, &Options::default()).unwrap();
    let entries = imported.report.entries.iter();
    let mut failing: Vec<_> = entries
        .filter(|entry| entry.fidelity == NotEvaluable)
        .map(|entry| (entry.flag.as_str(), entry.notes.as_slice()))
        .collect();
    failing.sort_unstable();
    let [(far, _), (last, notes), (near, _)] = failing.as_slice() else {
        panic!("{failing:?}");
    };
    assert_eq!([*far, *last, *near], ["far", "last", "near"]);
    let expected = ["it depends on flag `near`, which cannot be evaluated here"];
    assert_eq!(*notes, expected);
}

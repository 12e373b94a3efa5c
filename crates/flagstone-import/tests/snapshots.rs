//! What the edge decides by a snapshot of a service's flags, where it knows less than the service's SDK is told.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use flagstone_compile::compile_imported;
use flagstone_core::{AttributeIndex, AttributeValue, Attributes, Evaluator, Snapshot, UnixMillis};
use flagstone_import::{Options, Service, import};
use flagstone_json::Json;

/// Attributes by name.
struct Known<'k> {
    snapshot: Snapshot<'k>,
    attributes: &'k Json<'k>,
}

impl Attributes for Known<'_> {
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        let attribute = self.snapshot.attribute(index).unwrap();
        let value = self.attributes.get(attribute.name);
        value.map_or(AttributeValue::Missing, Json::value)
    }
}

/// The variant of the flag `f` in a document, and the reason, for each of some attributes.
fn check(service: Service, document: &str, cases: &[(&str, &str)]) {
    let imported = import(service, document, &Options::default()).unwrap();
    let bytes = compile_imported(&imported.model).snapshot.unwrap();
    let snapshot = Snapshot::open(&bytes).unwrap();
    for (attributes, expected) in cases {
        let known = Known {
            snapshot,
            attributes: &Json::read(attributes).unwrap(),
        };
        let evaluator = Evaluator::new(snapshot, &known, UnixMillis(1_000));
        let decision = evaluator.evaluate(snapshot.find("f").unwrap());
        let variant = decision.variant.map_or("none", |variant| variant.key());
        let found = format!("{variant} {}", decision.reason.as_str());
        assert_eq!(found, *expected, "{attributes} of {document}");
    }
}

#[test]
fn flagd_disabled() {
    let flag = |state| {
        format!(
            r#"{{"flags": {{"f": {{"state": "{state}", "variants": {{"on": true, "off": false}}, "defaultVariant": "on"}}}}}}"#
        )
    };
    check(
        Service::Flagd,
        &flag("DISABLED"),
        &[("{}", "none DISABLED")],
    );
    check(Service::Flagd, &flag("ENABLED"), &[("{}", "on STATIC")]);
}

/// The edge knows what is in an object, and nothing of the object itself.
#[test]
fn flagd_paths() {
    for condition in [
        r#"{"==": [{"var": "address.city"}, "Bern"]}"#,
        r#"{"<=": [1, {"var": "$flagd.timestamp"}]}"#,
        r#"{"!": {"missing": ["address.city"]}}"#,
    ] {
        // An `if` without an answer for the rest is interpreted, any other is compiled.
        for (rest, otherwise) in [("", "off DEFAULT"), (r#", "off""#, "off TARGETING_MATCH")] {
            let document = format!(
                r#"{{"flags": {{"f": {{"state": "ENABLED", "variants": {{"on": true, "off": false}}, "defaultVariant": "off", "targeting": {{"if": [{condition}, "on"{rest}]}}}}}}}}"#
            );
            let on = (r#"{"user.address.city": "Bern"}"#, "on TARGETING_MATCH");
            let nothing = match condition.contains("timestamp") {
                true => on.1,
                false => otherwise,
            };
            check(Service::Flagd, &document, &[on, ("{}", nothing)]);
        }
    }
}

/// A flag whose rules are `rules` and that serves its variant 1, `off`, otherwise.
fn launchdarkly(rules: &str, fallthrough: &str) -> String {
    format!(
        r#"{{"flags": {{"f": {{"key": "f", "on": true, "salt": "s", "variations": ["on", "off"], "offVariation": 1, "rules": [{rules}], "fallthrough": {fallthrough}}}}},
        "segments": {{"s": {{"key": "s", "salt": "s", "rules": [{{"clauses": [], "weight": 1000}}]}}}}}}"#
    )
}

const OFF: &str = r#"{"variation": 1}"#;

/// To the SDK nobody is without a key, so that position 0 is only for who has one and lacks what a rollout goes by.
#[test]
fn launchdarkly_without_a_key() {
    let rollout = |by: &str| {
        let split = r#""variations": [{"variation": 0, "weight": 1000}, {"variation": 1, "weight": 99000}]"#;
        launchdarkly("", &format!(r#"{{"rollout": {{{by} {split}}}}}"#))
    };
    let nobody = ("{}", "off DEFAULT");
    check(Service::LaunchDarkly, &rollout(""), &[nobody]);
    check(
        Service::LaunchDarkly,
        &rollout(r#""bucketBy": "team","#),
        &[nobody, (r#"{"user.key": "u"}"#, "on SPLIT")],
    );
    check(
        Service::LaunchDarkly,
        &rollout(r#""contextKind": "org","#),
        &[nobody, (r#"{"user.key": "u"}"#, "on SPLIT")],
    );
    let clause = r#"{"clauses": [{"op": "segmentMatch", "values": ["s"]}], "variation": 0}"#;
    check(
        Service::LaunchDarkly,
        &launchdarkly(clause, OFF),
        &[("{}", "off TARGETING_MATCH")],
    );
}

/// What the SDK gives a context by itself.
#[test]
fn launchdarkly_built_in() {
    let by = |attribute: &str, op: &str, values: &str, negate: bool| {
        let clause = format!(
            r#"{{"attribute": "{attribute}", "op": "{op}", "values": [{values}], "negate": {negate}}}"#
        );
        launchdarkly(
            &format!(r#"{{"clauses": [{clause}], "variation": 0}}"#),
            OFF,
        )
    };
    let rule = |attribute, values, negate| by(attribute, "in", values, negate);
    const ON: &str = "on TARGETING_MATCH";
    const NOT: &str = "off TARGETING_MATCH";
    let nobody = "{}";
    let user = r#"{"user.key": "u"}"#;
    let anonymous = r#"{"user.key": "u", "user.anonymous": true}"#;
    let named = r#"{"user.key": "u", "user.anonymous": false}"#;
    for (values, negate, of_anonymous, of_others) in [
        ("true", false, ON, NOT),
        ("false", false, NOT, ON),
        ("true", true, NOT, ON),
        ("false", true, ON, NOT),
        ("true, false", false, ON, ON),
        ("true, false", true, NOT, NOT),
        (r#""x", false"#, false, NOT, ON),
        (r#""true""#, false, NOT, NOT),
        (r#""true""#, true, ON, ON),
    ] {
        check(
            Service::LaunchDarkly,
            &rule("anonymous", values, negate),
            &[
                (anonymous, of_anonymous),
                (named, of_others),
                (user, of_others),
                (nobody, NOT),
            ],
        );
    }
    for (op, negate, expected) in [
        ("lessThan", false, NOT),
        ("lessThan", true, ON),
        ("toString", false, ON),
        ("toString", true, NOT),
    ] {
        let document = by("anonymous", op, "1", negate);
        let cases = [(anonymous, expected), (user, expected), (nobody, NOT)];
        check(Service::LaunchDarkly, &document, &cases);
    }
    let org = r#"{"kind": ["org"], "org.key": "o"}"#;
    let told = r#"{"kind": ["org"], "user.key": "u"}"#;
    for (values, negate, of_user, of_org) in [
        (r#""user""#, false, ON, NOT),
        (r#""org""#, false, NOT, ON),
        (r#""user", "org""#, false, ON, ON),
        (r#""user""#, true, NOT, ON),
        (r#""org", 1, "no kind""#, true, ON, NOT),
    ] {
        check(
            Service::LaunchDarkly,
            &rule("kind", values, negate),
            &[
                (user, of_user),
                (org, of_org),
                (told, of_org),
                (nobody, NOT),
            ],
        );
    }
}

/// Nobody is bucketed by an empty text.
#[test]
fn split_empty_bucketing_key() {
    let document = r#"{"splitChanges": {"ff": {"d": [{"name": "f", "status": "ACTIVE", "killed": false, "defaultTreatment": "control", "trafficTypeName": "user", "changeNumber": 1, "algo": 2, "seed": 1, "trafficAllocation": 100, "trafficAllocationSeed": 1,
        "conditions": [{"conditionType": "ROLLOUT", "matcherGroup": {"combiner": "AND", "matchers": [{"matcherType": "ALL_KEYS", "negate": false}]}, "partitions": [{"treatment": "on", "size": 50}, {"treatment": "off", "size": 50}], "label": "l"}]}]}}}"#;
    let (on, off) = ("on SPLIT", "off SPLIT");
    for (key, expected) in [("u-1", off), ("u-2", off), ("u-3", on)] {
        let with = |more: &str| format!(r#"{{"user.key": "{key}"{more}}}"#);
        let cases = [with(""), with(r#", "user.bucketingKey": """#)];
        check(
            Service::Split,
            document,
            &cases
                .each_ref()
                .map(|attributes| (attributes.as_str(), expected)),
        );
    }
}

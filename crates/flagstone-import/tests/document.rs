//! Documents compiled under a frame.
#![cfg(feature = "launchdarkly")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use flagstone_compile::model::{
    Edge, Expose, Flag, FlagSource, Route, SdkKind, ServiceKind, Value, Variant,
};
use flagstone_compile::{Model, compile_imported, cut};
use flagstone_core::Snapshot;
use flagstone_import::document::{compile_document, resolve};
use flagstone_import::{Options, Service, import};

/// `on` needs `wanted`, which asks a segment that asks another; `off` would ask one; nothing leads to `apart` and its own.
const DOCUMENT: &str = r#"{
    "flags": {
        "apart": {"on": true, "variations": [true, false], "fallthrough": {"variation": 0}, "rules": [
            {"variation": 1, "clauses": [{"op": "segmentMatch", "values": ["apart"]}]}]},
        "on": {"on": true, "variations": [true, false], "fallthrough": {"variation": 0},
            "prerequisites": [{"key": "wanted", "variation": 0}, {"key": "nowhere", "variation": 0}]},
        "wanted": {"on": true, "variations": [true, false], "fallthrough": {"variation": 0}, "rules": [
            {"variation": 1, "clauses": [{"op": "segmentMatch", "values": ["outer", "nowhere"]}]}]},
        "off": {"on": false, "variations": [true, false], "offVariation": 1, "rules": [
            {"variation": 1, "clauses": [{"op": "segmentMatch", "values": ["asked by off"]}]}]}
    },
    "segments": {
        "apart": {"included": ["a"]},
        "inner": {"included": ["b"]},
        "asked by off": {"included": ["c"]},
        "outer": {"rules": [{"clauses": [{"op": "segmentMatch", "values": ["inner"]}]}]}
    }
}"#;

fn frame(edge: &Edge, patterns: &[&str]) -> Vec<u8> {
    let flag = |key: &&str| Flag {
        key: (*key).to_owned(),
        variants: vec![Variant {
            key: "any".to_owned(),
            value: Value::Boolean(true),
        }],
        default: None,
        enabled: true,
        expires: None,
        prerequisites: Vec::new(),
        rules: Vec::new(),
    };
    let model = Model {
        flags: patterns.iter().map(flag).collect(),
        edge: Edge {
            source: Some(FlagSource {
                service: ServiceKind::LaunchDarkly,
                sdk: SdkKind::Node,
                key: "document".to_owned(),
            }),
            ..edge.clone()
        },
        ..Model::default()
    };
    let compiled = compile_imported(&model);
    compiled
        .snapshot
        .unwrap_or_else(|| panic!("{:#?}", compiled.findings))
}

#[test]
fn a_document_is_compiled_as_its_cut() {
    let exposing = |pattern: &str| Edge {
        expose: Expose {
            origin: vec![pattern.to_owned()],
            ..Expose::default()
        },
        ..Edge::default()
    };
    let mut routed = exposing("none");
    routed.routes.push(Route {
        path: "/*".to_owned(),
        flags: Some(vec!["off".to_owned()]),
        ..Route::default()
    });
    for (edge, patterns, flags) in [
        (exposing("*"), &["*"][..], 4),
        (exposing("o*"), &["o*"], 3),
        (exposing("on"), &["on"], 2),
        (exposing("off"), &["off"], 1),
        (exposing("none"), &["none"], 0),
        (routed, &["none", "off"], 1),
    ] {
        let found = compile_document(&frame(&edge, patterns), DOCUMENT.as_bytes()).unwrap();
        let whole = import(Service::LaunchDarkly, DOCUMENT, &Options::default()).unwrap();
        let mut model = whole.model;
        model.edge = resolve(edge, &model.flags);
        let expected = compile_imported(&cut(model)).snapshot.unwrap();
        assert!(found == expected, "{patterns:?}");
        assert_eq!(
            Snapshot::open(&found).unwrap().flag_count(),
            flags,
            "{patterns:?}"
        );
    }
}

/// No JSON has such a number, and JavaScript writes it as null.
#[test]
#[cfg(feature = "all")]
fn an_infinite_value_is_null() {
    for (service, document) in [
        (
            Service::LaunchDarkly,
            r#"{"flags": {"f": {"on": true, "variations": [1e400], "fallthrough": {"variation": 0}}}}"#,
        ),
        (
            Service::Unleash,
            r#"{"features": [{"name": "f", "variants": [{"name": "v", "weight": 1, "payload": {"value": 1e400}}]}]}"#,
        ),
        (
            Service::Flagd,
            r#"{"flags": {"f": {"state": "ENABLED", "variants": {"v": -1e400}, "defaultVariant": "v"}}}"#,
        ),
        (
            Service::GrowthBook,
            r#"{"features": {"f": {"defaultValue": 1e400}}}"#,
        ),
    ] {
        let imported = import(service, document, &Options::default()).unwrap();
        let mut variants = imported.model.flags.iter().flat_map(|flag| &flag.variants);
        let null = Value::Json("null".to_owned());
        assert!(variants.any(|variant| variant.value == null), "{service:?}");
        let compiled = compile_imported(&imported.model);
        assert!(compiled.snapshot.is_some(), "{:#?}", compiled.findings);
    }
}

#[test]
fn what_is_left_out_must_be_json() {
    let edge = Edge {
        expose: Expose {
            origin: vec!["on".to_owned()],
            ..Expose::default()
        },
        ..Edge::default()
    };
    let broken = DOCUMENT.replace(r#"["a"]"#, r#"["a"}"#);
    assert!(compile_document(&frame(&edge, &["on"]), broken.as_bytes()).is_none());
}

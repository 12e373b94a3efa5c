#![allow(clippy::unwrap_used, reason = "tests")]

use super::{Context, Names, json};
use flagstone_core::{AttributeIndex, AttributeValue, Attributes};
use serde::de::DeserializeSeed;
use serde_json::json;

/// What a context gives for an attribute; `None` for missing.
fn check(name: &str, context: &str, expected: Option<serde_json::Value>) {
    // Other attributes beside it must not matter.
    let names = [
        "user.key",
        name,
        "user",
        "user.address.zip",
        "a",
        "a.b",
        "x",
    ];
    let names = Names::of(names.into_iter());
    let mut read = Context::new(&names);
    for text in [r#"{"a":{"b":[1]},"plan":"old","user":{"x":1}}"#, context] {
        let mut json = serde_json::Deserializer::from_str(text);
        (&mut read).deserialize(&mut json).unwrap();
    }
    assert_eq!(found(&read, 1), expected, "{name} in {context}");
}

fn found(context: &Context<'_, '_>, index: u16) -> Option<serde_json::Value> {
    match context.attribute(AttributeIndex(index)) {
        AttributeValue::Missing => None,
        value => Some(json(value)),
    }
}

#[test]
fn lookup() {
    let some = |value| Some(value);
    for (name, context, expected) in [
        // The whole name comes first, then the way into objects, then the flat member.
        (
            "user.plan",
            r#"{"user.plan":"a","user":{"plan":"b"},"plan":"c"}"#,
            some(json!("a")),
        ),
        (
            "user.plan",
            r#"{"plan":"c","user":{"plan":"b"}}"#,
            some(json!("b")),
        ),
        (
            "user.plan",
            r#"{"plan":"c","user":{"x":"b"}}"#,
            some(json!("c")),
        ),
        (
            "user.plan",
            r#"{"plan":"c","user":"ann"}"#,
            some(json!("c")),
        ),
        ("user.plan", r#"{"Plan":"c"}"#, None),
        // Steps in brackets are members by themselves.
        (
            r#"user["a.b"].c"#,
            r#"{"user":{"a":{"b":{"c":1}},"a.b":{"c":2}}}"#,
            some(json!(2)),
        ),
        (r#"user["a/b"]"#, r#"{"a/b":3}"#, some(json!(3))),
        (
            r#"user["a/b"]"#,
            r#"{"user":{"a/b":4},"a/b":3}"#,
            some(json!(4)),
        ),
        (r#"["a b"]["c d"]"#, r#"{"a b":{"c d":5}}"#, some(json!(5))),
        (r#"user["a"#, r#"{"user":{"a":6}}"#, None),
        ("user.plan", "{}", None),
        (
            "geo.country",
            r#"{"geo":{"country":"DE"}}"#,
            some(json!("DE")),
        ),
        ("geo.country", r#"{"country":"DE"}"#, None),
        ("country", r#"{"country":"DE"}"#, some(json!("DE"))),
        ("country", r#"{"user":{"country":"DE"}}"#, None),
        // Names are split at the first dot, again and again.
        ("a.b.c", r#"{"a":{"b":{"c":1}}}"#, some(json!(1))),
        ("a.b.c", r#"{"a":{"b.c":2,"b":{"c":1}}}"#, some(json!(2))),
        (
            "a.b.c",
            r#"{"a.b.c":3,"a":{"b.c":2,"b":{"c":1}}}"#,
            some(json!(3)),
        ),
        ("a.b.c", r#"{"a.b":{"c":4}}"#, None),
        ("a.b.c", r#"{"a":{"b":{"c":1}},"a.b.c":3}"#, some(json!(3))),
        (
            "user.address.city",
            r#"{"address":{"city":"Bonn"}}"#,
            some(json!("Bonn")),
        ),
        (
            "user.address.city",
            r#"{"address.city":"Bonn"}"#,
            some(json!("Bonn")),
        ),
        (
            "user.address.city",
            r#"{"user":{"address.city":"Ulm"},"address":{"city":"Bonn"}}"#,
            some(json!("Ulm")),
        ),
        ("user.address.city", r#"{"city":"Bonn"}"#, None),
        (
            "request.headers.x-beta",
            r#"{"request":{"headers":{"x-beta":"1"}}}"#,
            some(json!("1")),
        ),
        // The targeting key.
        (
            "user.key",
            r#"{"targetingKey":"t","user":{"key":"k"}}"#,
            some(json!("t")),
        ),
        (
            "user.key",
            r#"{"targetingKey":null,"user":{"key":"k"}}"#,
            some(json!("k")),
        ),
        (
            "user.key",
            r#"{"user.key":"d","user":{"key":"k"}}"#,
            some(json!("d")),
        ),
        ("user.key", r#"{"key":"k"}"#, None),
        ("user.key", r#"{"targetingKey":7}"#, some(json!(7))),
        (
            "user.targetingKey",
            r#"{"targetingKey":"t"}"#,
            some(json!("t")),
        ),
        // Null is as good as nothing.
        (
            "user.plan",
            r#"{"user.plan":null,"user":{"plan":null},"plan":"c"}"#,
            some(json!("c")),
        ),
        ("user.plan", r#"{"plan":null}"#, None),
        // The last of equal members counts, with all that is in it.
        ("user.plan", r#"{"plan":"a","plan":"b"}"#, some(json!("b"))),
        ("user.plan", r#"{"plan":"a","plan":null}"#, None),
        ("user.plan", r#"{"user":{"plan":"a"},"user":{}}"#, None),
        (
            "user.plan",
            r#"{"user":{"plan":"a"},"user":null,"plan":"b"}"#,
            some(json!("b")),
        ),
        // Types.
        ("x1", r#"{"x1":true}"#, some(json!(true))),
        ("x1", r#"{"x1":-3}"#, some(json!(-3))),
        ("x1", r#"{"x1":2.5}"#, some(json!(2.5))),
        ("x1", r#"{"x1":1e300}"#, some(json!(1e300))),
        (
            "x1",
            r#"{"x1":18446744073709551615}"#,
            some(json!(18446744073709551615.0)),
        ),
        ("x1", r#"{"x1":""}"#, some(json!(""))),
        (
            "x1",
            r#"{"x1":"a\n\u00e9\ud83d\ude00"}"#,
            some(json!("a\n\u{e9}\u{1f600}")),
        ),
        (
            "x1",
            r#"{"x\u0031":"escaped name"}"#,
            some(json!("escaped name")),
        ),
        (
            "x1",
            r#"{"x1":[1,"a",null,{"b\u0062":[null]},[true]]}"#,
            some(json!([1, "a", null, {"bb": [null]}, [true]])),
        ),
        (
            "x1",
            r#"{"x1":{"y":{"z":null}}}"#,
            some(json!({"y": {"z": null}})),
        ),
        // Also where others are looked for inside.
        (
            "user.address",
            r#"{"address":{"city":"Bonn","zip":{"a":1}}}"#,
            some(json!({"city": "Bonn", "zip": {"a": 1}})),
        ),
        ("x1.y", r#"{"x1":{"y":1}}"#, some(json!(1))),
        ("x1.y", r#"{"x1":[{"y":1}]}"#, None),
        // Inside lists: elements by their number, and the length.
        (
            r#"user.tags["0"]"#,
            r#"{"tags":["a","b"]}"#,
            some(json!("a")),
        ),
        (
            r#"user.tags["1"]"#,
            r#"{"user":{"tags":["a","b"]},"tags":["c","d"]}"#,
            some(json!("b")),
        ),
        (
            r#"user.tags["1"]"#,
            r#"{"user":{"tags":["a"]},"tags":["c","d"]}"#,
            some(json!("d")),
        ),
        (r#"user.tags["2"]"#, r#"{"tags":["a","b"]}"#, None),
        (r#"user.tags["00"]"#, r#"{"tags":["a"]}"#, None),
        (r#"user.tags["0"]"#, r#"{"tags":[null]}"#, None),
        (r#"user.tags["0"]"#, r#"{"tags":"a"}"#, None),
        (
            r#"user.tags["0"]"#,
            r#"{"tags":{"0":"a"}}"#,
            some(json!("a")),
        ),
        (r#"user.tags["0"]"#, r#"{"tags":["a"],"tags":{}}"#, None),
        (
            r#"user.tags["0"]"#,
            r#"{"tags":{"0":"a"},"tags":["b"]}"#,
            some(json!("b")),
        ),
        ("user.tags.length", r#"{"tags":["a","b"]}"#, some(json!(2))),
        ("user.tags.length", r#"{"tags":"ab"}"#, None),
        ("user.tags.size", r#"{"tags":["a"]}"#, None),
        ("x1.0.y.1", r#"{"x1":[{"y":[1,[2]]}]}"#, some(json!([2]))),
        ("x1.0.y.1.0", r#"{"x1":[{"y":[1,[2]]}]}"#, some(json!(2))),
        ("a.b.0", r#"{"a":{"b":[3]}}"#, some(json!(3))),
        // Odd names.
        ("", r#"{"":1}"#, some(json!(1))),
        (".", r#"{"":{"":1}}"#, some(json!(1))),
        ("a..b", r#"{"a":{"":{"b":1}}}"#, some(json!(1))),
        ("user.", r#"{"":1}"#, some(json!(1))),
    ] {
        check(name, context, expected);
    }
}

#[test]
fn an_object_and_what_is_in_it_are_attributes_of_their_own() {
    let names = Names::of(["user.key", "user", "user.name"].into_iter());
    let mut context = Context::new(&names);
    let mut json = serde_json::Deserializer::from_str(r#"{"user":{"name":"Ann","key":"k"}}"#);
    (&mut context).deserialize(&mut json).unwrap();
    let all = [0, 1, 2].map(|index| found(&context, index));
    let user = json!({"name": "Ann", "key": "k"});
    assert_eq!(all, [Some(json!("k")), Some(user), Some(json!("Ann"))]);
}

#[test]
fn names_with_many_dots_are_no_danger() {
    let name = "a.".repeat(30_000);
    let names = Names::of([name.as_str()].into_iter());
    assert!(names.cell_count() < 300);
}

#[test]
fn what_is_no_object_is_no_context() {
    let names = Names::of(["user.key"].into_iter());
    for (text, message) in [
        (
            "7",
            "invalid type: integer `7`, expected an object as context at line 1 column 1",
        ),
        ("null", "invalid type: null, expected an object as context"),
        (
            "[]",
            "invalid type: sequence, expected an object as context",
        ),
        (r#"{"a":1,}"#, "trailing comma at line 1 column 8"),
        (
            r#"{"targetingKey":1e999}"#,
            "number out of range at line 1 column 21",
        ),
    ] {
        let mut json = serde_json::Deserializer::from_str(text);
        let error = (&mut Context::new(&names))
            .deserialize(&mut json)
            .unwrap_err();
        assert!(error.to_string().starts_with(message), "{text}: {error}");
    }
}

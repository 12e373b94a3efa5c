#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::{Json, Node, SyntaxError, Tape, View};
use proptest::prelude::*;
use serde_json::Value;

/// The same tree, as `serde_json` has it; `None` for numbers that it refuses.
fn same(json: &Json<'_>) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Boolean(value) => Value::Bool(*value),
        Json::Number(number) => Value::from(*number),
        Json::Text(text) => Value::from(text.as_ref()),
        Json::List(elements) => elements.iter().map(same).collect(),
        Json::Object(members) => members
            .iter()
            .map(|(name, value)| (name.to_string(), same(value)))
            .collect(),
    }
}

fn floats(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64().unwrap()),
        Value::Array(elements) => elements.into_iter().map(floats).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, floats(value)))
            .collect(),
        other => other,
    }
}

/// The same of a tape, by its views.
fn same_node(node: Node<'_>) -> Value {
    match node.view() {
        View::Null => Value::Null,
        View::Boolean(value) => Value::Bool(value),
        View::Number(number) => Value::from(number),
        View::Text(text) => Value::from(text),
        View::List(elements) => elements.map(same_node).collect(),
        View::Object(members) => members
            .map(|(name, value)| (name.to_owned(), same_node(value)))
            .collect(),
    }
}

fn check(text: &str) {
    let tape = Tape::read(text);
    let on_tape = tape.as_ref().map(|tape| same_node(tape.root()));
    match (Json::read(text), serde_json::from_str::<Value>(text)) {
        (Ok(json), Ok(value)) => {
            assert_eq!(on_tape, Ok(same(&json)), "{text}");
            assert_eq!(same(&json), floats(value.clone()), "{text}");
            // What is written is read as the same.
            assert_eq!(Json::read(&json.to_string()), Ok(json), "{text}");
        }
        (Err(_), Err(_)) => {}
        // The other has no infinite numbers.
        (Ok(_), Err(error)) if error.to_string().starts_with("number out of range") => {}
        (ours, theirs) => panic!("{text}: {ours:?}, {theirs:?}"),
    }
}

#[test]
fn documents_are_read_as_others_read_them() {
    for text in [
        "null",
        " true ",
        "false",
        "0",
        "-0",
        "-0.0",
        "1",
        "-17",
        "1.5",
        "1e3",
        "1E+3",
        "1e-3",
        "123456789012345678",
        "9007199254740993",
        "0.1",
        "1.7976931348623157e308",
        "5e-324",
        "1e-400",
        "\"\"",
        "\"a\"",
        r#""\"\\\/\b\f\n\r\t""#,
        r#""\u00fc\ud83d\ude42""#,
        "\"ü🙂\"",
        "[]",
        "[1]",
        "[1, [2, {}]]",
        "{}",
        r#"{"a": 1}"#,
        r#"{"a": {"b": [null]}, "c": ""}"#,
        "\t{\r\n\"a\" : [ ] , \"b\" : { } }\n",
        "",
        " ",
        "nul",
        "nulll",
        "tru",
        "+1",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "Infinity",
        "'a'",
        "\"a",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\t\"",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "1 2",
        "[] []",
        "\u{a0}1",
    ] {
        check(text);
    }
}

#[test]
fn what_javascript_reads_and_others_do_not() {
    assert_eq!(Json::read("1e999"), Ok(Json::Number(f64::INFINITY)));
    assert_eq!(
        Json::read(r#""\ud83dx""#),
        Ok(Json::Text("\u{fffd}x".into()))
    );
    assert_eq!(
        Json::read(r#""\ud83d\u0041""#),
        Ok(Json::Text("\u{fffd}A".into()))
    );
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert!(Json::read(&nested(250)).is_ok());
    assert!(Json::read_within(&nested(2), 2).is_ok());
    for (read, expected) in [
        (
            Json::read(&nested(251)),
            "is nested more than 250 deep at line 1 column 251",
        ),
        (
            Json::read(&nested(100_000)),
            "is nested more than 250 deep at line 1 column 251",
        ),
        (
            Json::read_within("[{\n  \"a\": {}", 2),
            "is nested more than 2 deep at line 2 column 8",
        ),
        (
            Json::read_within("[[] [", 2),
            "is not JSON: problem at line 1 column 5",
        ),
    ] {
        assert_eq!(read.unwrap_err().to_string(), expected);
    }
}

#[test]
fn problems_have_a_place() {
    for (text, line, column) in [("", 1, 1), ("{\n  \"a\": x}", 2, 8), ("[1, 2", 1, 6)] {
        let expected = SyntaxError {
            line,
            column,
            deepest: None,
        };
        assert_eq!(Json::read(text), Err(expected), "{text}");
    }
}

#[test]
fn of_two_members_the_last_counts() {
    let json = Json::read(r#"{"a": 1, "a": 2}"#).unwrap();
    assert_eq!(json.get("a"), Some(&Json::Number(2.0)));
}

proptest! {
    #[test]
    fn any_text(text in "[\\[\\]{}:,\"\\\\ a-fntru0-9.eE+-]{0,40}") {
        check(&text);
    }

    #[test]
    fn any_float(number in any::<f64>()) {
        prop_assume!(number.is_finite());
        let text = serde_json::to_string(&number).unwrap();
        prop_assert_eq!(Json::read(&text), Ok(Json::Number(number)));
        let written = Json::Number(number).to_string();
        prop_assert_eq!(written.parse::<f64>().unwrap(), number);
    }
}

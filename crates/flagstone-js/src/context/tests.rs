#![allow(clippy::unwrap_used, reason = "tests")]

use super::{Elements, Value};
use flagstone_core::{AttributeValue, List};

fn shown(value: AttributeValue<'_>) -> String {
    match value {
        AttributeValue::Missing => "missing".to_owned(),
        AttributeValue::Null => "null".to_owned(),
        AttributeValue::Boolean(value) => value.to_string(),
        AttributeValue::Number(number) => number.to_string(),
        AttributeValue::Text(text) => format!("{text:?}"),
        AttributeValue::List(list) => {
            let elements: Vec<_> = (0..list.len()).map(|at| shown(list.element(at))).collect();
            format!("[{}]", elements.join(" "))
        }
        AttributeValue::Object(_) => "object".to_owned(),
    }
}

#[test]
fn values() {
    for (text, expected) in [
        ("t", Some("true")),
        ("f", Some("false")),
        ("n-0.5", Some("-0.5")),
        ("n1e+21", Some("1000000000000000000000")),
        ("nInfinity", Some("inf")),
        ("nNaN", Some("NaN")),
        ("s", Some(r#""""#)),
        ("sJ\u{f6}rg", Some(r#""Jörg""#)),
        ("[", Some("[]")),
        ("[2:sa1:t3:n15", Some(r#"["a" true 15]"#)),
        ("[3:s\u{f6}", Some(r#"["ö"]"#)),
        ("[1:[", Some("[missing]")),
        ("", None),
        ("x", None),
        ("[9:sa", None),
        ("[2s", None),
    ] {
        let value = Value::parse(text);
        let found = value.as_ref().map(|value| shown(value.get()));
        assert_eq!(found.as_deref(), expected, "{text}");
    }
    assert_eq!(shown(Elements(Vec::new()).element(3)), "missing");
}

#[test]
fn text_crosses_as_it_is_and_other_kinds_behind_a_control_character() {
    for (text, expected) in [
        ("", Some(r#""""#)),
        ("true", Some(r#""true""#)),
        ("\u{1}t", Some("true")),
        ("\u{1}n3", Some("3")),
        ("\u{1}s\u{1}t", Some(r#""\u{1}t""#)),
        ("\u{1}", None),
        ("\u{1}x", None),
    ] {
        for before in [Value::Missing, Value::Text("before".to_owned())] {
            let mut value = before;
            let found = value.write(text).map(|()| shown(value.get()));
            assert_eq!(found.as_deref(), expected, "{text:?}");
        }
    }
}

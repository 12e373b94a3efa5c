#![allow(clippy::unwrap_used, reason = "tests")]

use super::{Elements, Value};
use flagstone_core::{AttributeValue, List, Object};

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
        AttributeValue::Object(object) => {
            let members = (0..object.len()).filter_map(|at| object.member(at));
            let members: Vec<_> = members
                .map(|(name, value)| format!("{name}={}", shown(value)))
                .collect();
            format!("{{{}}}", members.join(" "))
        }
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
        ("[1:[", Some("[[]]")),
        ("0", Some("null")),
        ("[1:04:[1:0", Some("[null [null]]")),
        ("{", Some("{}")),
        ("{2:sa1:t2:sb8:{2:sc1:0", Some("{a=true b={c=null}}")),
        ("{1:t2:sa2:sb", Some("{}")),
        ("{2:sa", Some("{}")),
        ("", None),
        ("x", None),
        ("[9:sa", None),
        ("[2s", None),
    ] {
        let value = Value::parse(text);
        let found = value.as_ref().map(|value| shown(value.get()));
        assert_eq!(found.as_deref(), expected, "{text}");
    }
    let none = Elements(Vec::new());
    assert_eq!(shown(none.element(3)), "missing");
    assert!(none.member(3).is_none());
}

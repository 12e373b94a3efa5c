use serde_json::{Value, json};

use super::{flag, is_refusal, same};

#[test]
fn json_is_compared_as_javascript_reads_it() {
    let cases = [
        ("1", "1.0", true),
        ("0", "-0.0", true),
        ("1e21", "1000000000000000000000", true),
        (r#"{"a":1,"b":[2]}"#, r#"{"b":[2.0],"a":1}"#, true),
        ("1", "2", false),
        ("1", "\"1\"", false),
        ("[1]", "[1,1]", false),
        (r#"{"a":null}"#, "{}", false),
        ("{}", r#"{"a":null}"#, false),
        ("null", "false", false),
    ];
    for (one, other, equal) in cases {
        let [one, other] =
            [one, other].map(|text| serde_json::from_str::<Value>(text).unwrap_or_default());
        assert_eq!(same(&one, &other), equal, "{one} and {other}");
    }
}

#[test]
fn a_refusal_is_an_error_with_the_value_of_whoever_asks() {
    let case = json!({ "flag": "f", "default": 7 });
    let cases = [
        (json!({ "reason": "ERROR", "value": 7.0 }), true),
        (json!({ "reason": "ERROR", "value": 8 }), false),
        (json!({ "reason": "DEFAULT", "value": 7 }), false),
        (Value::Null, false),
    ];
    for (answer, refusal) in cases {
        assert_eq!(is_refusal(&case, &answer), refusal, "{answer}");
    }
    assert!(is_refusal(
        &json!({}),
        &json!({ "reason": "ERROR", "value": null })
    ));
}

#[test]
fn a_flag_is_found_in_each_form_of_definitions() {
    let cases = [
        json!({ "flags": { "f": 1 } }),
        json!({ "features": { "f": 1 } }),
        json!({ "features": [{ "name": "e" }, { "name": "f" }] }),
        json!({ "splitChanges": { "ff": { "d": [{ "name": "f" }] } } }),
    ];
    for definitions in cases {
        assert!(flag(&definitions, "f").is_some(), "{definitions}");
        assert!(flag(&definitions, "absent").is_none(), "{definitions}");
    }
}

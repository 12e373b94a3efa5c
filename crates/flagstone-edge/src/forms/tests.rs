use super::{COOKIE, COOKIE_MAX, cookie, element, foreign_timing, script, server_timing};
use crate::dictionary::{About, Member};
use crate::status::Why;
use flagstone_core::{Reason, Value};

const ABOUT: About = About {
    revision: 7,
    why: None,
    is_cut: false,
};

fn member<'a>(key: &'a str, variant: &'a str, value: Value<'a>) -> Member<'a> {
    Member {
        key,
        variant,
        value: Some(value),
        reason: None,
        acts: false,
    }
}

#[test]
fn server_timings() {
    let members = [
        member("new-checkout", "treatment", Value::Boolean(true)),
        member("Caf\u{e9}", "1st one", Value::Boolean(true)),
    ];
    assert_eq!(
        server_timing(
            &members,
            About {
                why: Some(Why::Gpc),
                ..ABOUT
            }
        ),
        r#"flagstone;desc="7;why=gpc", flag-new-checkout;desc="treatment", flag-Caf%C3%A9;desc="1st%20one""#
    );
    assert_eq!(server_timing(&[], ABOUT), r#"flagstone;desc="7""#);
}

#[test]
fn only_our_own_entries_are_taken_from_an_origin() {
    for (origin, expected) in [
        ("", None),
        ("db;dur=5", None),
        ("flags;dur=1, flagstones", None),
        ("cache;desc=\"a, flag-b\", db", None),
        ("flag-a;desc=\"x\"", Some("")),
        (
            "db;dur=5, flag-a;desc=\"x, y\", flagstone;desc=\"1\" , app",
            Some("db;dur=5, app"),
        ),
        (
            "cache;desc=\"\\\", flag-b\",flag-b",
            Some("cache;desc=\"\\\", flag-b\""),
        ),
    ] {
        assert_eq!(
            foreign_timing(origin.as_bytes()).as_deref(),
            expected,
            "{origin}"
        );
    }
}

#[test]
fn cookies() {
    let long = "x".repeat(2_000);
    let name = |count: usize| "n".repeat(count);
    let (fits, too_long) = (
        name(COOKIE_MAX - COOKIE.len() - "*=7".len() - "%2C%20".len() - "=on".len()),
        name(4_080),
    );
    for (members, expected) in [
        (vec![], Some("*=7".to_owned())),
        (
            vec![member("a", "on", Value::Boolean(true))],
            Some("*=7%2C%20a=on%3Bv=?1".to_owned()),
        ),
        (
            vec![member("a", "two words", Value::Json("{}"))],
            Some("*=7%2C%20a=%22two%20words%22%3Bj=%22{}%22".to_owned()),
        ),
        (
            vec![
                member("a", "on", Value::String(&long)),
                member("b", "on", Value::Json(&long)),
                member("c", "on", Value::Json(&long)),
            ],
            Some(format!(
                "*=7%3Bcut%2C%20a=on%3Bv=%22{long}%22%2C%20b=on%2C%20c=on"
            )),
        ),
        (
            vec![
                member("a", "on", Value::String(&long)),
                member("b", "on", Value::String(&long)),
                member("c", "on", Value::String(&long)),
            ],
            Some("*=7%3Bcut%2C%20a=on%2C%20b=on%2C%20c=on".to_owned()),
        ),
        (
            vec![Member {
                value: None,
                ..member(&fits, "on", Value::Boolean(true))
            }],
            Some(format!("*=7%2C%20{fits}=on")),
        ),
        (vec![member(&too_long, "on", Value::Boolean(true))], None),
    ] {
        assert_eq!(cookie(&members, ABOUT), expected);
    }
}

#[test]
fn scripts_are_ascii_on_one_line_without_a_way_out() {
    let members = [
        member(
            "a",
            "</script><!--<script>",
            Value::String("\u{2028}\u{1f600}\"\\\n\u{7f}"),
        ),
        member(
            "b",
            "on",
            Value::Json("{\"x\":\r\n[\"</script>\",\"\u{e9}\"]}"),
        ),
        Member {
            reason: Some(Reason::TargetingMatch),
            ..member(
                "c",
                "on",
                Value::Number {
                    number: 2.5,
                    text: "2.5",
                },
            )
        },
    ];
    assert_eq!(
        script(
            &members,
            About {
                why: Some(Why::Bot),
                ..ABOUT
            }
        ),
        concat!(
            r#"{"version":1,"revision":7,"why":"bot","flags":{"#,
            r#""a":{"variant":"\u003c/script>\u003c!--\u003cscript>","value":"\u2028\ud83d\ude00\"\\\u000a\u007f"},"#,
            r#""b":{"variant":"on","value":{"x":  ["\u003c/script>","\u00e9"]}},"#,
            r#""c":{"variant":"on","value":2.5,"reason":"TARGETING_MATCH"}}}"#,
        )
    );
    assert_eq!(
        script(&[], ABOUT),
        r#"{"version":1,"revision":7,"flags":{}}"#
    );
}

#[test]
fn nonces() {
    for (policy, nonce) in [
        (None, ""),
        (Some("default-src 'self'"), ""),
        (
            Some("script-src 'nonce-r4nd0m+/-_=='; style-src 'nonce-other'"),
            " nonce=\"r4nd0m+/-_==\"",
        ),
        (Some("script-src 'nonce-'"), ""),
        (Some("script-src 'nonce-\"><b>'"), ""),
        (Some("script-src 'nonce-unclosed"), ""),
    ] {
        let expected =
            format!("<script id=\"flagstone\" type=\"application/json\"{nonce}>{{}}</script>");
        assert_eq!(
            element("{}", policy.map(str::as_bytes)),
            expected,
            "{policy:?}"
        );
    }
}

use super::{Member, header, says_all};
use flagstone_core::{Reason, Value};

fn member<'a>(key: &'a str, variant: &'a str) -> Member<'a> {
    Member {
        key,
        variant,
        value: None,
        reason: None,
        acts: false,
    }
}

#[test]
fn dictionaries() {
    for (members, expected) in [
        (&[][..], None),
        (
            &[("new-checkout", "treatment")],
            Some("new-checkout=treatment"),
        ),
        (&[("a", "on"), ("b", "off")], Some("a=on, b=off")),
        (&[("*a_b.c-1", "A/b:c")], Some("*a_b.c-1=A/b:c")),
        (&[("a", "1")], Some("a=\"1\"")),
        (&[("a", "")], Some("a=\"\"")),
        (&[("a", "two words")], Some("a=\"two words\"")),
        (&[("a", "q\"b\\")], Some(r#"a="q\"b\\""#)),
        (&[("a", "caf\u{e9}")], Some("a=%\"caf%c3%a9\"")),
        (
            &[("a", "\u{e9}%\"\\\t\u{7f}")],
            Some("a=%\"%c3%a9%25%22\\%09%7f\""),
        ),
        // No key of a Dictionary.
        (
            &[
                ("New", "on"),
                ("1a", "on"),
                ("a b", "on"),
                ("\u{e9}", "on"),
                ("", "on"),
                ("*", "on"),
            ],
            None,
        ),
        (&[("New", "on"), ("b", "off")], Some("b=off")),
    ] {
        let members: Vec<_> = members
            .iter()
            .map(|(key, variant)| member(key, variant))
            .collect();
        assert_eq!(
            header(&members, 7, 4_096).as_deref(),
            expected,
            "{members:?}"
        );
    }
}

/// A page that has the header needs nothing else, unless something is missing in it.
#[test]
fn a_header_says_all_or_some() {
    let fits = [member("a", "on"), member("b", "off")];
    let not = [member("a", "on"), member("B", "off")];
    for (members, budget, all) in [
        (&fits[..], 4_096, true),
        (&fits, 8, false),
        (&not, 4_096, false),
        (&not, 8, false),
        (&[], 4_096, true),
    ] {
        let header = header(members, 7, budget);
        assert_eq!(says_all(header.as_deref(), members), all, "{header:?}");
    }
}

#[test]
fn parameters() {
    let number = |text| Value::Number { number: 0.0, text };
    for (value, expected) in [
        (Value::Boolean(true), "a=on;v=?1;r=split"),
        (Value::Boolean(false), "a=on;v=?0;r=split"),
        (Value::String("on"), "a=on;v=\"on\";r=split"),
        (Value::String("\u{e9}"), "a=on;v=%\"%c3%a9\";r=split"),
        (number("-2.5"), "a=on;v=-2.5;r=split"),
        (number("123456789012345"), "a=on;v=123456789012345;r=split"),
        (
            number("1234567890123456"),
            "a=on;j=\"1234567890123456\";r=split",
        ),
        (number("0.1234"), "a=on;j=\"0.1234\";r=split"),
        (
            number("1234567890123.5"),
            "a=on;j=\"1234567890123.5\";r=split",
        ),
        (number("1e21"), "a=on;j=\"1e21\";r=split"),
        (Value::Json(r#"{"a":"#), r#"a=on;j="{\"a\":";r=split"#),
    ] {
        let member = Member {
            value: Some(value),
            reason: Some(Reason::Split),
            ..member("a", "on")
        };
        assert_eq!(header(&[member], 7, 4_096).as_deref(), Some(expected));
    }
}

/// Each row is what fits into one byte less than the row before.
#[test]
fn over_the_budget_parts_go_in_a_fixed_order() {
    let all = [
        Member {
            value: Some(Value::Json("[1, 2, 3]")),
            reason: Some(Reason::Default),
            acts: true,
            ..member("acts", "x")
        },
        Member {
            value: Some(Value::Boolean(true)),
            ..member("b", "on")
        },
        Member {
            value: Some(Value::Boolean(true)),
            ..member("No-key", "on")
        },
        Member {
            acts: true,
            ..member("c", "on")
        },
        member("d", "on"),
    ];
    let mut budget = 4_096;
    for expected in [
        "acts=x;j=\"[1, 2, 3]\";r=default, b=on;v=?1, c=on, d=on",
        "*=7;cut, acts=x;r=default, b=on;v=?1, c=on, d=on",
        "*=7;cut, acts=x;r=default, b=on, c=on, d=on",
        "*=7;cut, acts=x, b=on, c=on, d=on",
        "*=7;cut, acts=x, b=on, c=on",
        "*=7;cut, acts=x, c=on",
        "*=7;cut, acts=x",
        "*=7;cut",
    ] {
        let header = header(&all, 7, budget).unwrap_or_default();
        assert_eq!(header, expected, "{budget}");
        budget = header.len() - 1;
    }
}

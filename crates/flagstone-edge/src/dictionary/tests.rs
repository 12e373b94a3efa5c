use super::write;

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
            ],
            None,
        ),
        (&[("New", "on"), ("b", "off")], Some("b=off")),
    ] {
        assert_eq!(
            write(members.iter().copied()).as_deref(),
            expected,
            "{members:?}"
        );
    }
}

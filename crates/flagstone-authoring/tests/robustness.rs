//! No text makes the reader panic, and what it says can always be shown.

#![allow(clippy::unwrap_used, clippy::string_slice, reason = "tests")]

use flagstone_authoring::{no_files, read, render};
use proptest::prelude::*;

const SHOP: &str = include_str!("../../../examples/shop/flagstone.toml");

fn check(text: &str) {
    for environment in [None, Some("production")] {
        let outcome = read(text, environment, &no_files);
        for finding in &outcome.findings {
            assert!(text.get(finding.span.clone()).is_some(), "{finding:?}");
        }
        for finding in outcome.findings.iter().take(10) {
            assert!(!render(finding, "flagstone.toml", text, false).is_empty());
        }
    }
}

/// Pieces that conditions are made of, and some that they are not.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "user.email",
        "geo.country",
        "request.headers",
        "now",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "==",
        "!=",
        "<",
        ">=",
        " in ",
        "&&",
        "||",
        "!",
        "?",
        ":",
        ",",
        ".",
        "-",
        "+",
        "5",
        "1.5",
        "0x1F",
        "7u",
        "true",
        "null",
        "\"DE\"",
        "'it'",
        "\"",
        "r\"\\d\"",
        "b\"x\"",
        "\\",
        "semver(",
        "timestamp(",
        "double(",
        "has(",
        "segment(\"beta\")",
        "read(",
        "\"elements\"",
        "attribute(\"a.b\")",
        "set(",
        "bucket({\"algorithm\": \"split\"",
        "})",
        "[[1, 2]]",
        "within(user.tags, \"length\", ",
        "inside(\"a\")",
        "js.compare(",
        "npm.semver(",
        "list.distinct(x, ",
        "fail()",
        "flag(\"other\")",
        "cidr(\"10.0.0.0/8\")",
        ".containsIP(",
        ".startsWith(",
        ".lowerAscii()",
        ".exists(x, ",
        "inNetwork(",
        "é",
        "// x",
        "\n",
        " ",
        "`a-b`",
        "@",
        "99999999999999999999",
        "\u{0}",
        "\"\"\"",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn arbitrary_text(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn arbitrary_conditions(pieces in prop::collection::vec(piece(), 0..14)) {
        let condition = pieces.concat();
        check(&format!("[flags.other]\n[[flags.a.rules]]\nserve = 'on'\nwhen = {}\n", toml::Value::from(condition)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn the_example_with_a_piece_replaced(
        start in 0..SHOP.len(),
        length in 0_usize..40,
        piece in prop_oneof![any::<String>(), piece().prop_map(str::to_owned)],
    ) {
        let start = SHOP.floor_char_boundary(start);
        let end = SHOP.ceil_char_boundary((start + length).min(SHOP.len()));
        check(&[&SHOP[..start], &piece, &SHOP[end..]].concat());
    }
}

#[test]
fn nesting_without_end() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("!(", ")"),
        ("-(", ")"),
        ("a.", ""),
        ("a+", ""),
        ("a?b:", ""),
        ("f(", ")"),
        ("!", ""),
        ("a && ", ""),
    ] {
        for times in [5, 32, 33, 200, 1_000, 1_001, 10_000] {
            let condition = format!("{}a{}", open.repeat(times), close.repeat(times));
            check(&format!(
                "[[flags.a.rules]]\nserve = 'on'\nwhen = '{condition}'\n"
            ));
        }
    }
    for text in [
        "a = ".to_owned() + &"[".repeat(10_000),
        "a".to_owned() + &".a".repeat(10_000) + " = 1",
    ] {
        check(&text);
    }
}

#[test]
fn what_is_no_token_hides_no_brackets() {
    let deep = format!("{}x{}", "(".repeat(5_000), ")".repeat(5_000));
    let beginnings = [
        "\"\n",
        "'\n",
        "\"\\q",
        "\"\"\"\n",
        "`\"",
        "=\"",
        "&'",
        "1r\"\\\" \"",
        "ar\"\\\" \"",
    ];
    for before in beginnings.into_iter().chain(["x.`y//z` == 1 && "]) {
        for behind in ["", "\"", "'"] {
            let when = serde_json::Value::from(format!("{before}{deep}{behind}"));
            let text = format!("[flags.a]\n[[flags.a.rules]]\nwhen = {when}\nserve = \"on\"\n");
            let outcome = read(&text, None, &no_files);
            let codes: Vec<_> = outcome.findings.iter().map(|found| found.code).collect();
            let expected = [["condition-size"], ["condition-syntax"]];
            assert!(expected.contains(&codes.try_into().unwrap()), "{before}");
        }
    }
}

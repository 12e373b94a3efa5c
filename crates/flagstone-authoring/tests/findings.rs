//! How findings are shown, and where the parts of a model were written.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

use flagstone_authoring::{Finding, Severity, line_column, no_files, read, render, to_json};
use serde_json::json;

const TEXT: &str =
    "[flags.a]\n[[flags.a.rules]]\nwhen = 'x == \"é\" && geo.contry == \"DE\"'\nserve = \"on\"\n";

fn finding() -> Finding {
    let findings = read(TEXT, None, &no_files).findings;
    findings
        .into_iter()
        .find(|finding| finding.code == "unknown-attribute")
        .unwrap()
}

#[test]
fn a_finding_is_shown_in_its_source() {
    let expected = r#"error[unknown-attribute]: there is no attribute `geo.contry`
 --> flagstone.toml:3:21
  |
3 | when = 'x == "é" && geo.contry == "DE"'
  |                     ^^^^^^^^^^
  |
  = help: did you mean `geo.country`?"#;
    assert_eq!(render(&finding(), "flagstone.toml", TEXT, false), expected);
    assert!(render(&finding(), "flagstone.toml", TEXT, true).contains("\u{1b}["));
}

#[test]
fn a_finding_is_written_as_json() {
    let expected = json!({
        "file": "flagstone.toml",
        "line": 3,
        "column": 21,
        "end_line": 3,
        "end_column": 31,
        "code": "unknown-attribute",
        "severity": "error",
        "message": "there is no attribute `geo.contry`",
        "help": "did you mean `geo.country`?",
        "path": "flags.a.rules[0].when",
    });
    assert_eq!(to_json(&finding(), "flagstone.toml", TEXT), expected);
}

#[test]
fn a_mark_at_the_beginning_takes_no_column() {
    let text = "\u{feff}flags.a.serve = 'onn'";
    let finding = &read(text, None, &no_files).findings[0];
    assert!(render(finding, "x.toml", text, false).contains("--> x.toml:1:17"));
    assert_eq!(to_json(finding, "x.toml", text)["column"], 17);
}

#[test]
fn any_span_can_be_shown() {
    for (start, end) in [
        (0, 0),
        (17, 18),
        (45, 46),
        (90, 90),
        (5, 2),
        (7, 1_000_000),
        (1_000_000, 1_000_001),
    ] {
        let finding = Finding {
            severity: Severity::Warning,
            code: "x",
            message: String::new(),
            help: Some("one\ntwo".to_owned()),
            path: String::new(),
            span: start..end,
            labels: Vec::new(),
        };
        for text in [TEXT, "", "é", "\r\n\u{0}\t", "\u{feff}", "\u{feff}a\nb"] {
            assert!(render(&finding, "x.toml", text, false).contains("help: one"));
            assert!(to_json(&finding, "x.toml", text)["line"].is_u64());
        }
    }
}

#[test]
fn lines_and_columns_are_counted_from_one() {
    let check = |text, offset, expected| {
        assert_eq!(line_column(text, offset), expected, "{text:?} {offset}")
    };
    check("", 0, (1, 1));
    check("", 9, (1, 1));
    check("ab\ncd", 0, (1, 1));
    check("ab\ncd", 2, (1, 3));
    check("ab\ncd", 3, (2, 1));
    check("ab\ncd", 9, (2, 3));
    check("éa", 1, (1, 1));
    check("éa", 2, (1, 2));
    check("a\r\nb", 3, (2, 1));
    check("\u{feff}ab", 4, (1, 2));
    check("\u{feff}", 0, (1, 1));
}

#[test]
fn parts_of_the_model_are_found_in_the_text() {
    let text = r#"
[segments.s]
included = ["u-1"]
when = "true"
[flags.7]
variants = { 8 = 8 }
default = "8"
[flags."a/b"]
variants = { x = 0, y = 1 }
default = "x"
targets = { y = ["u-1"], x = ["u-2"] }
rollout = { y = 1 }
[["flags"."a/b".rules]]
when = 'false'
serve = "y"
[[routes]]
path = "/x"
flag = "a/b"
variants.y = { rewrite = "/y", cookies = { c = "1" } }
[identity]
sources = ["cookie:uid"]
[environments.production.flags."a/b"]
rollout.y = 2
"#;
    let outcome = read(text, Some("production"), &no_files);
    let check = |path: &str, expected: Option<&str>| {
        assert_eq!(
            outcome.places.find(path).map(|span| &text[span]),
            expected,
            "{path}"
        );
    };
    check("/segments/s/when", Some("\"true\""));
    check("/segments/s/included/0", Some("[\"u-1\"]"));
    check("/flags/a/b", Some("[flags.\"a/b\"]"));
    check("/flags/a/b/default", Some("\"x\""));
    check("/flags/a/b/variants/y", Some("1"));
    check("/flags/a/b/rules/0/when", Some("[\"u-1\"]"));
    check("/flags/a/b/rules/1", Some("[\"u-2\"]"));
    check("/flags/a/b/rules/2/when", Some("'false'"));
    check("/flags/a/b/rules/2/serve", Some("\"y\""));
    check("/flags/a/b/rules/3/rollout/y", Some("2"));
    check("/routes/0/path", Some("\"/x\""));
    check("/routes/0/variants/y/rewrite", Some("\"/y\""));
    check("/routes/0/variants/y/cookies/c", Some("\"1\""));
    check("/identity/sources/0", Some("[\"cookie:uid\"]"));
    check("/nothing", None);
    check("", None);
    let path = |path: &str, expected| assert_eq!(outcome.places.path(path), expected, "{path}");
    path("/segments/s/included/0", "segments.s.included[0]");
    path("/flags/a/b", "flags.\"a/b\"");
    path("/flags/a/b/rules/0/when", "flags.\"a/b\".targets.y.when");
    path("/flags/a/b/rules/2/when", "flags.\"a/b\".rules[0].when");
    path("/flags/a/b/rules/3/rollout/y", "flags.\"a/b\".rollout.y");
    path("/flags/a/b/rules/3/what", "flags.\"a/b\".what");
    path("/flags/7", "flags.7");
    path("/flags/7/variants/8", "flags.7.variants.8");
    path(
        "/routes/0/variants/y/cookies/c",
        "routes[0].variants.y.cookies.c",
    );
    path("/nothing", "nothing");
    path("", "");
}

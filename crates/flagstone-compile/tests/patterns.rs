//! Regular expressions of other languages: every answer is that of the language's own engine.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "tests"
)]

use flagstone_compile::model::{
    Condition, Flag, Matcher, Model, Rule, Serve, Test, Value, Variant,
};
use flagstone_compile::regex::{self, Dialect, MAX_DEPTH, PatternError};
use flagstone_compile::{Compiled, compile};
use flagstone_core::{
    AttributeIndex, AttributeValue, Attributes, Evaluator, Reason, Snapshot, Trace, UnixMillis,
};
use proptest::prelude::*;
use std::{env, fs, path::Path};

/// One text for every attribute.
struct Only<'a>(&'a str);

impl Attributes for Only<'_> {
    fn attribute(&self, _: AttributeIndex) -> AttributeValue<'_> {
        AttributeValue::Text(self.0)
    }
}

/// A flag that serves `yes` if the pattern matches.
fn compiled(dialect: Dialect, pattern: &str, ignore_case: bool) -> Compiled {
    let matcher = Matcher::MatchesIn {
        dialect,
        pattern: pattern.to_owned(),
        ignore_case,
    };
    let variant = |key: &str| Variant {
        key: key.to_owned(),
        value: Value::String(key.to_owned()),
    };
    let rule = Rule {
        name: String::new(),
        when: Condition::Test(Test::attribute("user.x", matcher)),
        serve: Serve::Variant("yes".to_owned()),
    };
    let flag = Flag {
        key: "f".to_owned(),
        variants: vec![variant("no"), variant("yes")],
        default: Some("no".to_owned()),
        enabled: true,
        expires: None,
        prerequisites: vec![],
        rules: vec![rule],
    };
    compile(&Model {
        flags: vec![flag],
        ..Model::default()
    })
}

/// Whether the flag's pattern matches; `None` if the bytes make no sense.
fn matches(snapshot: Snapshot<'_>, text: &str) -> Option<bool> {
    let attributes = Only(text);
    let evaluator = Evaluator::new(snapshot, &attributes, UnixMillis(0));
    let decision = evaluator.evaluate(snapshot.find("f")?);
    (decision.reason != Reason::Error).then(|| decision.variant.unwrap().key() == "yes")
}

/// A pattern with texts that it matches and texts that it does not; no texts if the language refuses it.
#[derive(serde::Deserialize)]
struct Case(String, String, Option<Vec<String>>, Option<Vec<String>>);

fn check(dialect: Dialect, case: &Case) {
    let Case(pattern, flags, yes, no) = case;
    let name = format!("{dialect:?} /{pattern:?}/{flags}");
    let ignore_case = flags == "i";
    let (Some(yes), Some(no)) = (yes, no) else {
        let error = regex::check(dialect, pattern, ignore_case).unwrap_err();
        assert!(
            matches!(error, PatternError::Syntax { .. }),
            "{name}: {error}"
        );
        return;
    };
    assert_eq!(
        regex::check(dialect, pattern, ignore_case),
        Ok(()),
        "{name}"
    );
    let bytes = compiled(dialect, pattern, ignore_case).snapshot.unwrap();
    let snapshot = Snapshot::open(&bytes).unwrap();
    assert_eq!(snapshot.verify(), Ok(()), "{name}");
    for (texts, expected) in [(yes, true), (no, false)] {
        for text in texts {
            assert_eq!(
                matches(snapshot, text),
                Some(expected),
                "{name} on {text:?}"
            );
        }
    }
}

/// By hand, then a selection of random ones. The answers are those of Node 20 and of RE2JS 2.10.
#[test]
fn cases() {
    let ecmascript = include_str!("patterns/ecmascript.json");
    let re2 = include_str!("patterns/re2.json");
    for (dialect, text) in [(Dialect::EcmaScript, ecmascript), (Dialect::Re2, re2)] {
        let cases: Vec<Case> = serde_json::from_str(text).unwrap();
        assert!(cases.len() > 300);
        for case in &cases {
            check(dialect, case);
        }
    }
}

/// The cases of Split's SDKs, in the folder that `FLAG_VECTORS` names: `pattern#text#true`.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "where the data lies is the machine's affair"
)]
fn vectors_of_split() {
    let Some(folder) = env::var_os("FLAG_VECTORS") else {
        eprintln!("not run: FLAG_VECTORS names no folder of flag services' own test data");
        return;
    };
    let text = fs::read_to_string(Path::new(&folder).join("split/regex.txt")).unwrap();
    let mut count = 0;
    for line in text.lines().filter(|line| !line.is_empty()) {
        let parts: Vec<&str> = line.split('#').collect();
        let [pattern, input, expected] = parts[..] else {
            panic!("{line}");
        };
        let input = vec![input.to_owned()];
        let (yes, no) = if expected == "true" {
            (input, vec![])
        } else {
            (vec![], input)
        };
        let case = Case(pattern.to_owned(), String::new(), Some(yes), Some(no));
        check(Dialect::EcmaScript, &case);
        count += 1;
    }
    assert!(count > 100, "only {count} cases");
}

#[test]
fn what_is_wrong_and_where() {
    use Dialect::{EcmaScript, Re2};
    let syntax = |at, message| PatternError::Syntax { at, message };
    let unsupported = |at, what| PatternError::Unsupported { at, what };
    let deep = "(".repeat(MAX_DEPTH + 1) + &")".repeat(MAX_DEPTH + 1);
    for (dialect, pattern, expected) in [
        (EcmaScript, "é)", syntax(2, "`)` without a group")),
        (EcmaScript, "😀(a", syntax(6, "a group is not closed")),
        (EcmaScript, "a[b", syntax(1, "a class is not closed")),
        (
            EcmaScript,
            "[b-a]",
            syntax(1, "a span of a class is out of order"),
        ),
        (
            EcmaScript,
            "a{2,1}",
            syntax(1, "a repetition's limits are out of order"),
        ),
        (EcmaScript, "a(?=b)", unsupported(1, "lookaheads")),
        (EcmaScript, "a(?!b)*", unsupported(1, "lookaheads")),
        (EcmaScript, "(?<!b)a", unsupported(0, "lookbehinds")),
        (EcmaScript, r"(a)|\1", unsupported(4, "backreferences")),
        (EcmaScript, r"\1(a)", unsupported(0, "backreferences")),
        (
            EcmaScript,
            r"(?<n>a)\k<n>",
            unsupported(7, "backreferences"),
        ),
        (
            EcmaScript,
            "(?<é>a)",
            unsupported(3, "names of groups beyond ASCII"),
        ),
        // What the language refuses comes before what we cannot do.
        (EcmaScript, "(?=b)*(", syntax(7, "a group is not closed")),
        (
            EcmaScript,
            "(?<=b)*",
            syntax(6, "a lookbehind cannot be repeated"),
        ),
        (
            EcmaScript,
            r"(?<n>a)\k<m>",
            syntax(7, "there is no group of this name"),
        ),
        (EcmaScript, "(?=a)a{3000}", unsupported(0, "lookaheads")),
        (EcmaScript, "a{3000}", PatternError::TooLarge),
        (
            EcmaScript,
            "(?:(?:a{60000}){60000}){60000}",
            PatternError::TooLarge,
        ),
        (EcmaScript, &deep, PatternError::TooLarge),
        (Re2, &deep, PatternError::TooLarge),
        (
            Re2,
            r"é\pL",
            unsupported(2, "classes of Unicode properties"),
        ),
        (
            Re2,
            r"[\P{Greek}]",
            unsupported(1, "classes of Unicode properties"),
        ),
        (Re2, r"\pL(", syntax(4, "missing closing )")),
        (
            Re2,
            "(?=a)",
            syntax(0, "invalid or unsupported Perl syntax"),
        ),
        (Re2, "(?:a{50}){50}", syntax(9, "invalid repeat count")),
        (Re2, "(?:abc){1000}", PatternError::TooLarge),
    ] {
        assert_eq!(
            regex::check(dialect, pattern, false),
            Err(expected),
            "{pattern}"
        );
    }
    // Nothing to write is nothing to repeat.
    assert_eq!(
        regex::check(EcmaScript, "(?:(?:(?:){99999}){99999}|)*{2}", false)
            .map_err(|error| error.to_string()),
        Err("nothing to repeat, at byte 28".to_owned())
    );
    assert_eq!(
        regex::check(EcmaScript, "(?:(?:(?:){99999}){99999}|)*", false),
        Ok(())
    );
}

#[test]
fn findings() {
    for (dialect, pattern, code, message) in [
        (
            Dialect::EcmaScript,
            "a)",
            "invalid-pattern",
            "`a)` is no regular expression of JavaScript: `)` without a group, at byte 1",
        ),
        (
            Dialect::Re2,
            "a**",
            "invalid-pattern",
            "`a**` is no regular expression of RE2: invalid nested repetition operator, at byte 2",
        ),
        (
            Dialect::EcmaScript,
            "(?=a)",
            "unsupported-pattern",
            "`(?=a)` has lookaheads, at byte 0",
        ),
        (
            Dialect::Re2,
            r"\pL",
            "unsupported-pattern",
            r"`\pL` has classes of Unicode properties, at byte 0",
        ),
        (
            Dialect::EcmaScript,
            "a{9999}",
            "large-pattern",
            "`a{9999}` needs more than 2048 instructions",
        ),
    ] {
        let compiled = compiled(dialect, pattern, false);
        assert_eq!(compiled.snapshot, None, "{pattern}");
        let [finding] = &compiled.findings[..] else {
            panic!("{:?}", compiled.findings);
        };
        assert_eq!((finding.code, finding.message.as_str()), (code, message));
    }
}

#[test]
fn descriptions() {
    struct Last(Option<u32>);
    impl Trace for Last {
        fn test(&mut self, test: u32, _: flagstone_core::Answer, _: bool) {
            self.0 = Some(test);
        }
    }
    for (ignore_case, expected) in [
        (false, r"user.x matches /^a\.b$/"),
        (true, r"user.x matches /^a\.b$/i"),
    ] {
        let bytes = compiled(Dialect::EcmaScript, r"^a\.b$", ignore_case)
            .snapshot
            .unwrap();
        let snapshot = Snapshot::open(&bytes).unwrap();
        let evaluator = Evaluator::new(snapshot, &Only("x"), UnixMillis(0));
        let mut last = Last(None);
        evaluator.explain(snapshot.find("f").unwrap(), &mut last);
        let described = snapshot.describe_test(last.0.unwrap()).unwrap();
        assert_eq!(described.to_string(), expected);
    }
}

/// Time is the text times the program: patterns that take others for ever.
#[test]
fn nothing_explodes() {
    let text = "a".repeat(5_000);
    for (pattern, expected) in [
        ("(a*)*b", false),
        ("(a|aa)+$", true),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", false),
        ("(?:a?){500}a{500}", true),
        ("(.*)(.*)(.*)(.*)(.*)[^a]", false),
    ] {
        let bytes = compiled(Dialect::EcmaScript, pattern, false)
            .snapshot
            .unwrap();
        let snapshot = Snapshot::open(&bytes).unwrap();
        assert_eq!(matches(snapshot, &text), Some(expected), "{pattern}");
    }
}

/// Pieces that patterns are made of.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "(",
        ")",
        "(?:",
        "(?=",
        "(?<",
        "(?P<n>",
        "(?i)",
        "[",
        "[^",
        "]",
        "{",
        "}",
        "{2}",
        "{1,",
        "{99999}",
        "*",
        "+",
        "?",
        "|",
        "^",
        "$",
        ".",
        "\\",
        "\\b",
        "\\B",
        "\\d",
        "\\W",
        "\\1",
        "\\0",
        "\\c",
        "\\k<n>",
        "\\x",
        "\\x{",
        "\\u",
        "\\Q",
        "\\E",
        "\\p{",
        "[:alpha:]",
        "-",
        ",",
        ">",
        "a",
        "K",
        "é",
        "😀",
        "0",
    ])
}

fn dialect() -> impl Strategy<Value = Dialect> {
    prop::sample::select(vec![Dialect::EcmaScript, Dialect::Re2])
}

fn survives(dialect: Dialect, pattern: &str, ignore_case: bool, text: &str) {
    match regex::check(dialect, pattern, ignore_case) {
        Ok(()) => {
            let bytes = compiled(dialect, pattern, ignore_case).snapshot.unwrap();
            let snapshot = Snapshot::open(&bytes).unwrap();
            assert_eq!(snapshot.verify(), Ok(()), "{pattern:?}");
            assert!(matches(snapshot, text).is_some(), "{pattern:?} on {text:?}");
        }
        Err(PatternError::Syntax { at, .. } | PatternError::Unsupported { at, .. }) => {
            assert!(pattern.is_char_boundary(at), "{pattern:?} at {at}");
        }
        Err(PatternError::TooLarge) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// No pattern panics, and what compiles also runs.
    #[test]
    fn any_pieces(dialect in dialect(), pieces in prop::collection::vec(piece(), 0..12), ignore_case: bool, text in ".{0,8}") {
        survives(dialect, &pieces.concat(), ignore_case, &text);
    }

    #[test]
    fn any_text(dialect in dialect(), pattern: String, ignore_case: bool, text: String) {
        survives(dialect, &pattern, ignore_case, &text);
    }

    /// Damaged bytes give any answer or none.
    #[test]
    fn any_damage(dialect in dialect(), damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let pattern = r"^(?:a|[b-dx-z😀]{2,3})*\b\d+(?:é|$)";
        let mut bytes = compiled(dialect, pattern, true).snapshot.unwrap();
        let (_, content) = bytes.split_at_mut(32);
        for (place, by) in damage {
            *place.get_mut(content) = by;
        }
        if let Ok(snapshot) = Snapshot::open(&bytes) {
            let _ = matches(snapshot, "abc xyz 123é");
        }
    }
}

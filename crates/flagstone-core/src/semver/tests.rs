#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;

#[test]
fn versions_are_ordered_by_precedence() {
    // Each is below the next; the first seven are the standard's own example.
    let ascending = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.1",
        "1.2.0-0",
        "1.2.0--",
        "1.10.0",
        "2.0.0",
        "18446744073709551615.0.0",
    ];
    for (i, a) in ascending.iter().enumerate() {
        for (j, b) in ascending.iter().enumerate() {
            assert_eq!(
                SemVer::parse(a).unwrap().cmp(&SemVer::parse(b).unwrap()),
                i.cmp(&j),
                "{a} {b}"
            );
        }
    }
}

#[test]
fn ranks_are_ordered_as_versions_are() {
    let numbers = [
        0,
        1,
        9,
        1_048_573,
        1_048_574,
        1_048_575,
        1_048_576,
        u64::MAX,
    ];
    let mut versions = std::vec::Vec::new();
    for major in numbers {
        for minor in numbers {
            for patch in numbers {
                for pre in ["", "rc.1"] {
                    versions.push(SemVer {
                        major,
                        minor,
                        patch,
                        pre,
                    });
                }
            }
        }
    }
    for constant in versions.iter().filter(|version| version.is_ranked()) {
        assert_eq!(&SemVer::ranked(constant.rank()), constant);
        for version in &versions {
            let order = version.rank().cmp(&constant.rank());
            assert_eq!(order, version.cmp(constant), "{version:?} {constant:?}");
        }
    }
}

#[test]
fn build_metadata_has_no_part_in_precedence() {
    assert_eq!(SemVer::parse("1.0.0+a.01"), SemVer::parse("1.0.0"));
    assert_eq!(SemVer::parse("1.0.0-rc+5-a"), SemVer::parse("1.0.0-rc"));
}

#[test]
fn other_texts_are_no_versions() {
    for text in [
        "",
        "1",
        "1.2",
        "1.2.3.4",
        "v1.2.3",
        "01.2.3",
        "1.02.3",
        "1.2.03",
        "1.2.3-",
        "1.2.3-a..b",
        "1.2.3-01",
        "1.2.3+",
        "1.2.3+a..b",
        "1.2.3-ä",
        " 1.2.3",
        "1.2.3 ",
        "1.2.x",
        "-1.2.3",
        "+1.2.3",
        "18446744073709551616.0.0",
        "1..3",
    ] {
        assert_eq!(SemVer::parse(text), None, "{text}");
    }
}

#[test]
fn versions_as_npm_and_launchdarkly_read_them() {
    fn plain(text: &str) -> SemVer<'_> {
        SemVer::parse(text).unwrap()
    }
    for (text, expected) in [
        ("2", "2.0.0"),
        ("2.1", "2.1.0"),
        ("2-rc.1", "2.0.0-rc.1"),
        ("2.1+b", "2.1.0"),
        ("2.1 ", "2.1.0"),
        (" 2.1.3\u{feff}", "2.1.3"),
        (" v2.1.3", "2.1.3"),
    ] {
        assert_eq!(SemVer::parse_npm(text), Some(plain(expected)), "{text:?}");
    }

    for text in [
        "v2.0.0",
        " 2.1",
        "2.",
        "2.0.",
        "2.0.0.0",
        "02",
        "2.00",
        "2-",
        "2+",
        "2-01",
        "2 -rc",
        "\u{85}2.0.0",
        "9007199254740992.0.0",
        "",
        "x",
        "2-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        assert_eq!(SemVer::parse_npm(text), None, "{text:?}");
    }
    let compared = |a: &str, b: &str| plain(a).cmp_npm(&plain(b));
    assert_eq!(
        compared("1.0.0-9007199254740992", "1.0.0-9007199254740993.1"),
        Ordering::Equal
    );
    assert_eq!(compared("1.0.0-rc.2", "1.0.0-rc.10"), Ordering::Less);
    assert_eq!(compared("1.0.0-rc", "1.0.0-rc.1"), Ordering::Less);
    assert_eq!(compared("1.0.0-9", "1.0.0-a"), Ordering::Less);
    assert_eq!(compared("1.0.0", "1.0.0-a"), Ordering::Greater);
}

#[test]
fn versions_as_split_reads_them() {
    let read = |text: &'static str| SplitVersion::parse(text).unwrap();
    for (a, b, order, is_same) in [
        ("1.2.3", "1.2.3", Ordering::Equal, true),
        ("01.002.0003", "1.2.3", Ordering::Equal, true),
        ("000.0.00", "0.0.0", Ordering::Equal, true),
        ("1.2.3+a", "1.2.3", Ordering::Equal, false),
        ("1.2.3+a+-b", "1.2.3+a+-b", Ordering::Equal, true),
        ("1.2.3-rc.01", "1.2.3-rc.1", Ordering::Equal, true),
        ("1.2.3-rc", "1.2.3", Ordering::Less, false),
        ("1.2.3-rc", "1.2.3-rc.0", Ordering::Less, false),
        ("1.2.3-9", "1.2.3-10", Ordering::Less, false),
        // A number against a word is text against text.
        ("1.2.3-9", "1.2.3-10a", Ordering::Greater, false),
        ("1.10.0", "1.9.0", Ordering::Greater, false),
        (
            "99999999999999999999.0.0",
            "100000000000000000000.0.0",
            Ordering::Less,
            false,
        ),
        // By UTF-16 code units a character beyond 16 bits comes before U+FFFF.
        ("1.2.3-\u{10000}", "1.2.3-\u{ffff}", Ordering::Less, false),
    ] {
        assert_eq!(read(a).compare(&read(b)), order, "{a} {b}");
        assert_eq!(read(b).compare(&read(a)), order.reverse(), "{b} {a}");
        assert_eq!(read(a).is_same(&read(b)), is_same, "{a} {b}");
    }
    for text in [
        "",
        "1",
        "1.2",
        "1.2.3.4",
        "v1.2.3",
        " 1.2.3",
        "1.2.3 ",
        "1..3",
        ".2.3",
        "1.2.",
        "1.2.3-",
        "1.2.3-a..b",
        "1.2.3-a.",
        "1.2.3+",
        "1.2.3-+b",
        "1.2.x",
        "-1.2.3",
        "1.2.3.",
        "١.٠.٠",
    ] {
        assert!(SplitVersion::parse(text).is_none(), "{text:?}");
    }
}

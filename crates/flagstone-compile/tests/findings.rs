//! Every finding of the compiler, with its code and its place.
#![allow(clippy::unwrap_used, clippy::string_slice, reason = "tests")]

#[path = "findings/edge.rs"]
mod edge;

use flagstone_compile::model::{
    Absent, Algorithm, Allocation, Bucketing, Condition, Flag, Matcher, Model, Order, Prerequisite,
    RampPoint, Range, Rest, Rule, Scalar, Segment, Serve, Share, Source, Split, TARGETING_KEY,
    Test, Value, Variant,
};
use flagstone_compile::{Severity, compile, compile_imported};
use flagstone_core::layout::{HEADER_LEN, Section};
use flagstone_core::{Digest, Snapshot, UnixMillis, VerifyError, Weight};

/// A flag `key` with variants `control` (the default), `a`, `b` and `c`.
fn flag(key: &str) -> Flag {
    let variant = |key: &str| Variant {
        key: key.into(),
        value: Value::String(key.to_uppercase()),
    };
    Flag {
        key: key.into(),
        variants: ["control", "a", "b", "c"].map(variant).into(),
        default: Some("control".into()),
        enabled: true,
        expires: None,
        prerequisites: vec![],
        rules: vec![],
    }
}

fn with_rule(mut flag: Flag, when: Condition, serve: Serve) -> Flag {
    flag.rules.push(Rule {
        name: String::new(),
        when,
        serve,
    });
    flag
}

fn when(matcher: Matcher) -> Model {
    let test = Condition::Test(Test::attribute("user.x", matcher));
    flags([with_rule(flag("f"), test, Serve::Variant("a".into()))])
}

fn rollout(shares: &[(&str, Share)], reserve: &[(&str, u32)]) -> Model {
    let shares = shares
        .iter()
        .map(|(key, share)| ((*key).to_owned(), share.clone()))
        .collect();
    let reserve = reserve
        .iter()
        .map(|(key, size)| ((*key).to_owned(), Weight(*size)))
        .collect();
    let split = Split {
        by: TARGETING_KEY.into(),
        shares,
        reserve,
    };
    flags([with_rule(
        flag("f"),
        Condition::always(),
        Serve::Split(split),
    )])
}

fn per_cent(share: u32) -> Share {
    Share::Fixed(Weight(share * 10_000))
}

fn ramp(points: &[(i64, u32)]) -> Share {
    Share::Ramp(
        points
            .iter()
            .map(|(at, share)| RampPoint {
                at: UnixMillis(*at),
                share: Weight(*share),
            })
            .collect(),
    )
}

fn flags(flags: impl Into<Vec<Flag>>) -> Model {
    Model {
        flags: flags.into(),
        ..Model::default()
    }
}

fn segment(key: &str, when: Condition) -> Segment {
    Segment {
        key: key.into(),
        by: TARGETING_KEY.into(),
        included: vec![].into(),
        excluded: vec![].into(),
        when,
    }
}

fn in_segment(key: &str) -> Condition {
    Condition::Test(Test::Segment(key.into()))
}

fn requires(key: &str, other: &str, variant: &str) -> Flag {
    let prerequisite = Prerequisite {
        flag: other.into(),
        variants: vec![variant.into()],
    };
    Flag {
        prerequisites: vec![prerequisite],
        ..flag(key)
    }
}

fn check(name: &str, model: &Model, expected: &[(&str, &str)]) {
    let compiled = compile(model);
    let found: Vec<(&str, &str)> = compiled
        .findings
        .iter()
        .map(|finding| (finding.code, finding.path.as_str()))
        .collect();
    assert_eq!(found, expected, "{name}: {:#?}", compiled.findings);
    let failed = compiled
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    assert_eq!(compiled.snapshot.is_none(), failed, "{name}");
}

#[test]
fn flags_and_segments() {
    let no_variants = Flag {
        variants: vec![],
        ..flag("f")
    };
    let twice = Flag {
        variants: [flag("f").variants, flag("f").variants].concat(),
        ..flag("f")
    };
    let nan = Variant {
        key: "n".into(),
        value: Value::Number(f64::NAN),
    };
    let nan = Flag {
        variants: [flag("f").variants, vec![nan]].concat(),
        ..flag("f")
    };
    let long = "k".repeat(256);
    for (name, model, expected) in [
        ("nothing", Model::default(), &[][..]),
        ("a flag", flags([flag("f")]), &[]),
        (
            "empty key",
            flags([flag("")]),
            &[("invalid-key", "/flags/")],
        ),
        (
            "long key",
            flags([flag(&long)]),
            &[("invalid-key", &*format!("/flags/{long}"))],
        ),
        ("longest key", flags([flag(&long[1..])]), &[]),
        (
            "control character",
            flags([flag("a\nb")]),
            &[("invalid-key", "/flags/a\nb")],
        ),
        (
            "two of one key",
            flags([flag("f"), flag("f")]),
            &[("duplicate-key", "/flags/f")],
        ),
        (
            "no variants",
            flags([no_variants]),
            &[
                ("no-variants", "/flags/f"),
                ("unknown-variant", "/flags/f/default"),
            ],
        ),
        (
            "two variants of one key",
            flags([twice]),
            &[
                ("duplicate-key", "/flags/f/variants/control"),
                ("duplicate-key", "/flags/f/variants/a"),
                ("duplicate-key", "/flags/f/variants/b"),
                ("duplicate-key", "/flags/f/variants/c"),
            ],
        ),
        (
            "no number",
            flags([nan]),
            &[("invalid-value", "/flags/f/variants/n")],
        ),
        (
            "unknown default",
            flags([Flag {
                default: Some("x".into()),
                ..flag("f")
            }]),
            &[("unknown-variant", "/flags/f/default")],
        ),
        (
            "unknown variant served",
            flags([with_rule(
                flag("f"),
                Condition::always(),
                Serve::Variant("x".into()),
            )]),
            &[("unknown-variant", "/flags/f/rules/0/serve")],
        ),
        (
            "unknown segment",
            flags([with_rule(
                flag("f"),
                in_segment("s"),
                Serve::Variant("a".into()),
            )]),
            &[("unknown-segment", "/flags/f/rules/0/when")],
        ),
        (
            "unknown prerequisite",
            flags([requires("f", "g", "a")]),
            &[("unknown-flag", "/flags/f/prerequisites")],
        ),
        (
            "unknown variant required",
            flags([requires("f", "g", "x"), flag("g")]),
            &[("unknown-variant", "/flags/f/prerequisites")],
        ),
        (
            "two segments of one key",
            Model {
                segments: vec![
                    segment("s", Condition::never()),
                    segment("s", Condition::never()),
                ],
                ..Model::default()
            },
            &[("duplicate-key", "/segments/s")],
        ),
    ] {
        check(name, &model, expected);
    }
}

#[test]
fn circles_and_depth() {
    let chain = |length: usize| -> Model {
        let link = |index: usize| requires(&format!("f{index}"), &format!("f{}", index + 1), "a");
        let mut list: Vec<Flag> = (0..length).map(link).collect();
        list.push(flag(&format!("f{length}")));
        flags(list)
    };
    // Segments that each ask for the next one several times.
    let fanning = |times: usize, length: usize| -> Model {
        let link = |index: usize| {
            let next = in_segment(&format!("s{}", index + 1));
            segment(&format!("s{index}"), Condition::All(vec![next; times]))
        };
        let mut segments: Vec<Segment> = (0..length).map(link).collect();
        segments.push(segment(&format!("s{length}"), Condition::never()));
        Model {
            segments,
            ..Model::default()
        }
    };
    let segments = |segments: &[(&str, &str)]| Model {
        segments: segments
            .iter()
            .map(|(key, to)| segment(key, in_segment(to)))
            .collect(),
        ..Model::default()
    };
    for (name, model, expected) in [
        (
            "itself",
            flags([requires("f", "f", "a")]),
            &[("circle", "/flags/f")][..],
        ),
        (
            "each other",
            flags([requires("f", "g", "a"), requires("g", "f", "a")]),
            &[("circle", "/flags/f")],
        ),
        (
            "segments",
            segments(&[("s", "t"), ("t", "s")]),
            &[("circle", "/segments/s")],
        ),
        ("16 steps", chain(16), &[]),
        ("17 steps", chain(17), &[("too-deep", "/flags/f0")]),
        (
            "a long chain, of which the first that is too deep is named",
            chain(1_000),
            &[("too-deep", "/flags/f983")],
        ),
        ("2 to the power of 15 tests", fanning(2, 15), &[]),
        (
            "4 to the power of 10 tests",
            fanning(4, 10),
            &[("too-many-tests", "/segments/s0")],
        ),
    ] {
        check(name, &model, expected);
    }
    // Each flag of a service fails for itself.
    let asks =
        |key: &str, of: &str| with_rule(flag(key), in_segment(of), Serve::Variant("a".into()));
    for (model, expected) in [
        (chain(16), &[][..]),
        (chain(19), &["/flags/f2", "/flags/f1", "/flags/f0"]),
        (
            Model {
                flags: vec![asks("f", "s0"), asks("g", "s1")],
                ..fanning(4, 10)
            },
            &["/segments/s0", "/flags/f"],
        ),
    ] {
        let compiled = compile_imported(&model);
        let paths = compiled.findings.iter().map(|finding| &*finding.path);
        assert_eq!(paths.collect::<Vec<_>>(), expected);
        assert!(compiled.snapshot.is_some(), "{expected:?}");
    }
}

#[test]
fn networks_in_other_forms() {
    for (network, is_one) in [
        ("10.0.0.0/8", true),
        ("10.0.0.0/+8", false),
        ("10.0.0.0/", false),
        ("10.0.0.0/-1", false),
        ("10.0.0.0/99999", false),
        ("::/128", true),
        ("::/129", false),
        ("::ffff:10.0.0.0/128", true),
        ("::ffff:10.0.0.0/129", false),
    ] {
        let model = when(Matcher::InNetwork(vec![network.into()]));
        let found = compile(&model)
            .findings
            .iter()
            .any(|finding| finding.code == "invalid-network");
        assert_eq!(found, !is_one, "{network}");
    }
}

#[test]
fn constants_of_conditions() {
    for (name, matcher, expected) in [
        (
            "version",
            Matcher::SemVer(Order::Less, "2".into()),
            &[("invalid-version", "/flags/f/rules/0/when")][..],
        ),
        (
            "network",
            Matcher::InNetwork(vec!["10.0.0.0/33".into()]),
            &[("invalid-network", "/flags/f/rules/0/when")],
        ),
        (
            "address",
            Matcher::InNetwork(vec!["10.0.0".into()]),
            &[("invalid-network", "/flags/f/rules/0/when")],
        ),
        (
            "no number",
            Matcher::Number(Order::Less, f64::NAN),
            &[("invalid-number", "/flags/f/rules/0/when")],
        ),
        (
            "no number in a list",
            Matcher::OneOf(vec![Scalar::Number(f64::NAN)]),
            &[("invalid-number", "/flags/f/rules/0/when")],
        ),
        (
            "pattern",
            Matcher::Matches("(".into()),
            &[("invalid-pattern", "/flags/f/rules/0/when")],
        ),
        (
            "look-around",
            Matcher::Matches("(?=a)".into()),
            &[("invalid-pattern", "/flags/f/rules/0/when")],
        ),
        (
            "boundary",
            Matcher::Matches(r"\bx\b".into()),
            &[("invalid-pattern", "/flags/f/rules/0/when")],
        ),
        ("ASCII boundary", Matcher::Matches(r"(?-u:\b)x".into()), &[]),
        (
            "large pattern",
            Matcher::Matches("[01]*1[01]{20}".into()),
            &[("large-pattern", "/flags/f/rules/0/when")],
        ),
        (
            "huge repetition",
            Matcher::Matches(r"(\w{100}){100}".into()),
            &[("large-pattern", "/flags/f/rules/0/when")],
        ),
        ("empty list", Matcher::OneOf(vec![]), &[]),
        (
            "mixed list",
            Matcher::OneOf(vec![
                Scalar::Boolean(true),
                Scalar::Number(1.0),
                Scalar::Text("x".into()),
            ]),
            &[],
        ),
    ] {
        check(name, &when(matcher), expected);
    }
}

#[test]
fn rollouts() {
    let here = "/flags/f/rules/0/rollout";
    let reserve = "/flags/f/rules/0/reserve";
    for (name, model, expected) in [
        (
            "all in their slots",
            rollout(
                &[
                    ("a", per_cent(33)),
                    ("b", per_cent(33)),
                    ("c", per_cent(33)),
                ],
                &[],
            ),
            &[][..],
        ),
        (
            "alone above its slot",
            rollout(&[("a", per_cent(100)), ("b", per_cent(0))], &[]),
            &[],
        ),
        (
            "above its slot",
            rollout(&[("a", per_cent(34)), ("b", per_cent(1))], &[]),
            &[("share-above-reserve", here)],
        ),
        (
            "in what is reserved",
            rollout(
                &[("a", per_cent(60)), ("b", per_cent(20))],
                &[("a", 600_000), ("b", 200_000), ("c", 200_000)],
            ),
            &[],
        ),
        (
            "above what is reserved",
            rollout(&[("c", per_cent(1))], &[("a", 1_000_000)]),
            &[("share-above-reserve", here)],
        ),
        (
            "too much reserved",
            rollout(&[], &[("a", 600_000), ("b", 400_001)]),
            &[("reserve-above-100", reserve)],
        ),
        (
            "reserved for the default",
            rollout(&[], &[("control", 1)]),
            &[("invalid-reserve", reserve)],
        ),
        (
            "reserved for nobody",
            rollout(&[], &[("x", 1)]),
            &[("invalid-reserve", reserve)],
        ),
        (
            "above 100 %",
            rollout(&[("a", per_cent(33)), ("control", per_cent(68))], &[]),
            &[("shares-above-100", here)],
        ),
        (
            "below 100 % with the default",
            rollout(&[("a", per_cent(33)), ("control", per_cent(66))], &[]),
            &[("shares-below-100", here)],
        ),
        (
            "with the default",
            rollout(&[("a", per_cent(33)), ("control", per_cent(67))], &[]),
            &[],
        ),
        (
            "listed twice",
            rollout(&[("a", per_cent(1)), ("a", per_cent(2))], &[]),
            &[("duplicate-variant", here)],
        ),
        (
            "unknown",
            rollout(&[("x", per_cent(0))], &[]),
            &[("unknown-variant", here)],
        ),
        (
            "ramp without points",
            rollout(&[("a", ramp(&[]))], &[]),
            &[("empty-ramp", here)],
        ),
        (
            "ramp back in time",
            rollout(&[("a", ramp(&[(2, 0), (1, 1)]))], &[]),
            &[("unordered-ramp", here)],
        ),
        (
            "ramps that meet above 100 %",
            rollout(
                &[
                    ("a", ramp(&[(0, 0), (9, 330_000)])),
                    ("control", ramp(&[(0, 1_000_000), (10, 900_000)])),
                ],
                &[],
            ),
            &[("shares-above-100", here)],
        ),
        (
            "above 100 % just before a jump",
            rollout(
                &[
                    ("a", ramp(&[(0, 0), (9, 330_000), (9, 0)])),
                    ("b", per_cent(33)),
                    ("c", ramp(&[(0, 330_000), (9, 330_000), (9, 0)])),
                    ("control", per_cent(5)),
                ],
                &[],
            ),
            &[("shares-above-100", here)],
        ),
        (
            "a default that falls as another rises",
            rollout(
                &[
                    ("a", ramp(&[(0, 0), (3, 333_333)])),
                    ("control", ramp(&[(0, 1_000_000), (3, 666_667)])),
                ],
                &[],
            ),
            &[],
        ),
        (
            "above 100 % in a ramp",
            rollout(&[("a", ramp(&[(0, 1_000_001)]))], &[]),
            &[("shares-above-100", here)],
        ),
    ] {
        check(name, &model, expected);
    }
}

#[test]
fn ranges_lie_among_positions() {
    let here = "/flags/f/rules/0/rollout";
    for (name, algorithm, modulus, to, expected) in [
        ("that are given", Algorithm::Split, 0, 2, &[][..]),
        ("that are said", Algorithm::Unleash, 100, 2, &[]),
        (
            "that are not said",
            Algorithm::Unleash,
            0,
            2,
            &[("invalid-range", here)],
        ),
        (
            "that end before they begin",
            Algorithm::Split,
            0,
            0,
            &[("invalid-range", here)],
        ),
    ] {
        let allocation = Allocation {
            bucketing: Bucketing {
                algorithm,
                by: vec![TARGETING_KEY.into()],
                salt: String::new(),
                seed: 0,
                modulus,
            },
            ranges: vec![Range {
                from: 1,
                to,
                variant: "a".into(),
            }],
            rest: Rest::Default,
            absent: Absent::Default,
        };
        let serve = Serve::Allocation(allocation);
        let model = flags([with_rule(flag("f"), Condition::always(), serve)]);
        check(name, &model, expected);
    }
}

#[test]
fn who_has_too_many_is_told_how_many_there_may_be() {
    let variants = |count: usize| {
        let variant = |number: usize| Variant {
            key: format!("v{number}"),
            value: Value::Boolean(true),
        };
        flags([Flag {
            variants: (0..count).map(variant).collect(),
            default: Some("v0".into()),
            ..flag("f")
        }])
    };
    let tests = |count: usize| {
        let test = Condition::Test(Test::attribute("user.x", Matcher::Exists));
        let all = Condition::All(vec![test; count]);
        flags([with_rule(flag("f"), all, Serve::Variant("a".into()))])
    };
    let sources = |count: usize| {
        let mut model = flags([]);
        let source = |number| Source::Cookie(format!("c{number}"));
        model.edge.identity.sources = (0..count).map(source).collect();
        model
    };
    for (what, most, model) in [
        ("variants", 65_533, &variants as &dyn Fn(usize) -> Model),
        ("tests in one condition", 65_533, &tests),
        ("sources", 65_534, &sources),
    ] {
        assert_eq!(compile(&model(most)).findings, [], "{what}");
        for count in [most + 1, most + 2, most + 3] {
            let findings = compile(&model(count)).findings;
            let messages: Vec<_> = findings.iter().map(|of| of.message.as_str()).collect();
            let message = format!("{count} {what}, at most {most} are possible");
            assert_eq!(messages, [message]);
        }
    }
}

#[test]
fn bytes_with_ranges_and_no_positions_are_not_published() {
    let allocation = Allocation {
        bucketing: Bucketing {
            algorithm: Algorithm::Unleash,
            by: vec![TARGETING_KEY.into()],
            salt: String::new(),
            seed: 0,
            modulus: 0x0012_3456,
        },
        ranges: vec![],
        rest: Rest::Default,
        absent: Absent::Default,
    };
    let with_ranges = |ranges: &[Range]| {
        let allocation = Allocation {
            ranges: ranges.to_vec(),
            ..allocation.clone()
        };
        let rule = with_rule(
            flag("f"),
            Condition::always(),
            Serve::Allocation(allocation),
        );
        let mut bytes = compile(&flags([rule])).snapshot.unwrap();
        let modulus = 0x0012_3456u32.to_le_bytes();
        let at = bytes.windows(4).position(|word| word == modulus).unwrap();
        bytes.splice(at..at + 4, [0; 4]);
        let digest = Digest::of(bytes.get(HEADER_LEN..).unwrap());
        bytes.splice(16..HEADER_LEN, digest.0.to_le_bytes());
        Snapshot::open(&bytes).unwrap().verify()
    };
    let range = Range {
        from: 1,
        to: 11,
        variant: "a".into(),
    };
    assert_eq!(with_ranges(&[]), Ok(()));
    for ranges in [&[range.clone()][..], &[range.clone(), range]] {
        let error = VerifyError::Record {
            section: Section::Splits,
            index: 0,
            field: "modulus",
        };
        assert_eq!(with_ranges(ranges), Err(error));
    }
}

#[test]
fn a_repeated_key_of_a_segment_is_no_collision() {
    let mut of = segment("s", Condition::never());
    of.included = vec!["u1".into(), "u2".into(), "u1".into()].into();
    check(
        "repeated",
        &Model {
            segments: vec![of],
            ..Model::default()
        },
        &[],
    );
}

//! Flags and members of segments are found, strangers are not; equal models give equal bytes.

use crate::build::{bytes, flag, flags, segment, variant};
use flagstone_compile::compile;
use flagstone_compile::model::{
    Condition, Flag, Model, Rule, Serve, Share, Split, TARGETING_KEY, Test,
};
use flagstone_core::layout::Section;
use flagstone_core::{Day, Evaluator, Snapshot, UnixMillis, Weight};
use flagstone_tests::random::Random;
use std::time::Instant;

#[test]
fn flags_are_found_by_key() {
    for count in (0..=70).chain([127, 128, 129, 1_000, 4_999, 5_000]) {
        // Of all lengths that are looked up in a way of their own.
        let key = |index: u32| format!("flag-{index}{}", "-".repeat(index as usize % 40));
        let keys: Vec<String> = (0..count).map(key).collect();
        let model = flags(keys.iter().map(|key| flag(key, 1, None)).collect());
        let bytes = bytes(&model);
        let snapshot = Snapshot::open(&bytes).unwrap();
        snapshot.verify().unwrap();
        assert_eq!(snapshot.flag_count(), count);
        let evaluator = Evaluator::new(snapshot, &(), UnixMillis(0));
        for key in &keys {
            let found = snapshot.find(key).and_then(|index| snapshot.flag(index));
            assert_eq!(found.unwrap().key(), key, "of {count}");
            assert_eq!(evaluator.find(key), snapshot.find(key), "{key} of {count}");
        }
        let strangers = ["", "flag", "flag-", "flag-00", "FLAG-1", "flag-1 "].map(str::to_owned);
        for key in strangers.into_iter().chain((count..count + 500).map(key)) {
            assert_eq!(snapshot.find(&key), None, "{key} of {count}");
            assert_eq!(evaluator.find(&key), None, "{key} of {count}");
        }
    }
}

#[test]
fn expiries_are_found() {
    for (count, nth) in [
        (0, 1),
        (1, 1),
        (1, 2),
        (70, 1),
        (70, 2),
        (70, 70),
        (1_000, 3),
    ] {
        let mut list: Vec<Flag> = (0..count)
            .map(|index| flag(&format!("flag-{index}"), 1, None))
            .collect();
        for (number, flag) in (1..).zip(&mut list) {
            flag.expires = (number % nth == 0).then_some(Day(number - 35));
        }
        let bytes = bytes(&flags(list.clone()));
        let snapshot = Snapshot::open(&bytes).unwrap();
        snapshot.verify().unwrap();
        for of in &list {
            let found = snapshot
                .find(&of.key)
                .and_then(|index| snapshot.flag(index));
            assert_eq!(
                found.unwrap().expires(),
                of.expires,
                "{} of {count}",
                of.key
            );
        }
        let with = list.iter().filter(|flag| flag.expires.is_some()).count();
        assert_eq!(snapshot.count(Section::Expiries) as usize, with);
    }
}

/// A flag that serves `v1` to the members of a segment.
fn members(keys: Vec<String>) -> Model {
    let mut list = segment("s", Condition::never());
    list.included = keys.into();
    let mut flag = flag("f", 1, None);
    flag.rules.push(Rule {
        name: String::new(),
        when: Condition::Test(Test::Segment("s".to_owned())),
        serve: Serve::Variant("v1".to_owned()),
    });
    Model {
        flags: vec![flag],
        segments: vec![list],
        ..Model::default()
    }
}

#[test]
fn members_are_found() {
    for count in [0, 1, 2, 7, 8, 9, 15, 16, 17, 63, 64, 65, 1_000, 1_000_000] {
        let key = |number: u32| format!("member-{number:07}@shop.example");
        let model = members((0..count).map(key).collect());
        let start = Instant::now();
        let bytes = bytes(&model);
        let spent = start.elapsed();
        let snapshot = Snapshot::open(&bytes).unwrap();
        snapshot.verify().unwrap();
        let belongs = |key: &str| variant(snapshot, key, UnixMillis(0)) == 1;
        // Of the million, every seventh.
        for number in (0..count).step_by(if count > 1_000 { 7 } else { 1 }) {
            assert!(belongs(&key(number)), "{number} of {count}");
        }
        for stranger in 0..100_000u32 {
            assert!(
                !belongs(&format!("stranger-{stranger}")),
                "{stranger} of {count}"
            );
        }
        if count == 1_000_000 {
            let per_key = bytes.len() as f64 / f64::from(count);
            assert!(per_key <= 9.0, "{per_key} bytes a key");
            println!("a million members: {per_key:.2} bytes each, compiled in {spent:?}");
        }
    }
}

/// Keys whose hashes are equal but for the half that sets keep: whoever may choose a key can find such.
const CROWD: [&str; 9] = [
    "q`h5-FRy-1E'keO9",
    "{fORCN2LNn16ZS<E",
    "e+GjOn%WoGWfX6w5",
    "[{^+x/og&1Xg^+C?",
    "eGM_V5LUuR'3;|+B",
    "zvTB=~WH2X0P+)-g",
    "fGO?}!+R*lFKh&Wk",
    "xk8faP]dI}ehF&.A",
    "*l6gQ,IL@O2#6OoA",
];

#[test]
fn members_that_two_buckets_do_not_hold_are_refused() {
    let members_of = |count| {
        members(
            CROWD
                .iter()
                .take(count)
                .map(|key| key.to_string())
                .collect(),
        )
    };
    let snapshot = bytes(&members_of(8));
    for key in &CROWD[..8] {
        let snapshot = Snapshot::open(&snapshot).unwrap();
        assert_eq!(variant(snapshot, key, UnixMillis(0)), 1, "{key}");
    }
    let refused = compile(&members_of(9));
    assert_eq!(refused.snapshot, None);
    assert_eq!(refused.findings.len(), 1, "{:#?}", refused.findings);
}

#[test]
fn flags_whose_keys_have_one_hash_are_refused() {
    let keys = [
        "ddggtyhvevgipnhkdv@a$lEqaaaaaaaa",
        "ddggtyhvevgipnhkdv@a$lEqbbbbbbbb",
    ];
    let refused = compile(&flags(keys.map(|key| flag(key, 1, None)).to_vec()));
    assert_eq!(refused.snapshot, None);
    assert_eq!(refused.findings.len(), 1, "{:#?}", refused.findings);
}

#[test]
fn the_last_of_as_many_variants_as_there_may_be() {
    // Their numbers must not be those that stand for something else.
    let most = 65_533;
    for count in [most, most + 1] {
        let last = format!("v{}", count - 1);
        let all = vec![(last.clone(), Share::Fixed(Weight::TOTAL))];
        let split = Split {
            by: TARGETING_KEY.to_owned(),
            shares: all,
            reserve: vec![],
        };
        for serve in [Serve::Variant(last), Serve::Split(split)] {
            let model = flags(vec![flag("f", count - 1, Some(serve))]);
            let compiled = compile(&model);
            let Some(bytes) = compiled.snapshot else {
                let codes: Vec<_> = compiled.findings.iter().map(|of| of.code).collect();
                assert_eq!((codes, count), (vec!["too-many"], most + 1));
                continue;
            };
            let snapshot = Snapshot::open(&bytes).unwrap();
            snapshot.verify().unwrap();
            let served = variant(snapshot, "ada", UnixMillis(0));
            assert_eq!(usize::from(served), count - 1);
        }
    }
}

#[test]
fn a_member_listed_twice_is_one() {
    let once = bytes(&members(vec!["a".into(), "b".into()]));
    let twice = bytes(&members(vec![
        "b".into(),
        "a".into(),
        "b".into(),
        "a".into(),
    ]));
    assert_eq!(once, twice);
    // A bucket.
    let entries = Snapshot::open(&once).unwrap().count(Section::Entries);
    assert_eq!(entries, 4);
}

#[test]
fn equal_models_give_equal_bytes() {
    for seed in 0..300 {
        let model = Random::new(seed).model();
        assert_eq!(bytes(&model), bytes(&model.clone()), "seed {seed}");
    }
}

//! Whatever the bytes are: nothing panics, everything ends, and a decision is a variant of the flag or an error.

use crate::build::{bytes, flag};
use flagstone_compile::Model;
use flagstone_compile::model::{
    Action, Anonymous, Condition, Edge, Expose, Goal, Harm, Identity, Ofrep, Origin, Route, Rule,
    Serve, Source, Test,
};
use flagstone_core::layout::{HEADER_LEN, SECTION_ROW_LEN, Section};
use flagstone_core::{Digest, Snapshot};
use flagstone_tests::oracle::survive;
use flagstone_tests::random::Random;
use std::thread;

/// Damaged snapshots of a normal run.
const MUTATIONS: u64 = 24_000;

/// A model that has rows in every section.
fn rich(seed: u64) -> Model {
    let mut random = Random::new(seed);
    let mut model = random.model();
    let mut acting = flag("acting", 2, Some(Serve::Variant("v1".to_owned())));
    if let Some(segment) = model.segments.first() {
        acting.rules.push(Rule {
            name: "segment".to_owned(),
            when: Condition::Test(Test::Segment(segment.key.clone())),
            serve: Serve::Variant("v2".to_owned()),
        });
    }
    model.flags.push(acting);
    let keys: Vec<String> = model.flags.iter().map(|flag| flag.key.clone()).collect();
    let action = Action {
        origin: "canary".to_owned(),
        rewrite: "/v2/*".to_owned(),
        request_headers: vec![("x-release".to_owned(), "2".to_owned())],
        response_headers: vec![("x-shop".to_owned(), "b".to_owned())],
        cookies: vec![("seen".to_owned(), "1".to_owned())],
    };
    model.edge = Edge {
        identity: Identity {
            sources: vec![
                Source::Header("x-user".to_owned()),
                Source::Cookie("uid".to_owned()),
            ],
            anonymous: Some(Anonymous {
                cookie: "__Host-id".to_owned(),
                max_age_seconds: 1000,
            }),
            consent: None,
            follow_page: false,
        },
        attributes: vec![("user.email".to_owned(), Source::Cookie("email".to_owned()))],
        origins: vec![Origin {
            name: "canary".to_owned(),
            fallback: Some("stable".to_owned()),
            ..Origin::default()
        }],
        routes: vec![Route {
            host: String::new(),
            path: "/checkout/*".to_owned(),
            flag: "acting".to_owned(),
            variants: vec![("v1".to_owned(), action)],
            harm: Harm {
                slower_than_ms: 1_500,
                events: vec!["payment-failed".to_owned()],
                ..Harm::default()
            },
            ..Route::default()
        }],
        goals: vec![Goal {
            name: "bought".to_owned(),
            path: "/thanks".to_owned(),
            event: "bought".to_owned(),
            ..Goal::default()
        }],
        expose: Expose {
            browser: keys.clone(),
            origin: keys,
            ..Expose::default()
        },
        ofrep: Some(Ofrep {
            public: true,
            cors: vec!["https://app.example".to_owned()],
        }),
        source: None,
        is_cut: false,
    };
    model
}

/// Damages bytes in one of several ways; mostly makes the digest fit again, so that more than the digest is looked at.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    let rng = random.rng();
    let table = HEADER_LEN + Section::COUNT * SECTION_ROW_LEN;
    for _ in 0..rng.usize(1..4) {
        let len = bytes.len();
        match rng.u32(..10) {
            // A bit somewhere.
            0 | 1 if len > 0 => bytes[rng.usize(..len)] ^= 1 << rng.u32(..8),
            // A bit or an interesting number in the records.
            2..5 if len > table + 4 => {
                let at = rng.usize(table..len - 4);
                let word = *rng
                    .choice(&[0, 1, 0xff, 0xffff, 0xfffe, 0xffff_fffe, u32::MAX, 1 << 31])
                    .unwrap();
                let width = *rng.choice(&[1, 2, 4]).unwrap();
                bytes[at..at + width].copy_from_slice(&word.to_le_bytes()[..width]);
            }
            // A row of the table.
            5 if len > table => {
                let at = HEADER_LEN + 4 * rng.usize(..Section::COUNT * 2);
                let word = match rng.u32(..3) {
                    0 => rng.u32(..len as u32 + 9),
                    1 => rng.u32(..),
                    _ => {
                        u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
                            ^ 1 << rng.u32(..5)
                    }
                };
                bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
            }
            // Two rows of the table change places.
            6 if len > table => {
                let row = |index: usize| HEADER_LEN + SECTION_ROW_LEN * index;
                let (a, b) = (
                    row(rng.usize(..Section::COUNT)),
                    row(rng.usize(..Section::COUNT)),
                );
                for byte in 0..SECTION_ROW_LEN {
                    bytes.swap(a + byte, b + byte);
                }
            }
            // A piece is written over another.
            7 if len > 2 => {
                let (from, to) = (rng.usize(..len), rng.usize(..len));
                let size = rng.usize(..64).min(len - from).min(len - to);
                bytes.copy_within(from..from + size, to);
            }
            8 if len > 2 => bytes.truncate(rng.usize(..len)),
            _ => {
                let at = rng.usize(..=len);
                let more: Vec<u8> = (0..rng.usize(..40)).map(|_| rng.u8(..)).collect();
                bytes.splice(at..at, more);
            }
        }
    }
    // Without these, hardly anything would be opened.
    let len = bytes.len() as u32;
    if rng.u32(..10) > 0
        && let Some(place) = bytes.get_mut(12..16)
    {
        place.copy_from_slice(&len.to_le_bytes());
    }
    if rng.u32(..10) > 0 && bytes.len() > HEADER_LEN {
        let digest = Digest::of(&bytes[HEADER_LEN..]);
        bytes[16..HEADER_LEN].copy_from_slice(&digest.0.to_le_bytes());
    }
}

#[test]
fn damaged_snapshots() {
    let threads = thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let run = |first: u64| {
        let (mut opened, mut whole) = (0, 0);
        let mut base = None;
        for number in (first..MUTATIONS).step_by(threads as usize) {
            let mut random = Random::new(number);
            // A new model every hundred times.
            let (bytes, keys, context) = match &mut base {
                Some((_, base)) if number % 100 >= threads => base,
                base => {
                    let model = rich(number);
                    let keys: Vec<String> =
                        model.flags.iter().map(|flag| flag.key.clone()).collect();
                    &mut base
                        .insert((number, (bytes(&model), keys, random.context())))
                        .1
                }
            };
            let mut damaged = bytes.clone();
            damage(&mut damaged, &mut random);
            opened += u32::from(Snapshot::open(&damaged).is_ok());
            whole += u32::from(survive(&damaged, context, keys));
        }
        (opened, whole)
    };
    let counts: Vec<(u32, u32)> = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|first| scope.spawn(move || run(first)))
            .collect();
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap())
            .collect()
    });
    let opened: u32 = counts.iter().map(|(opened, _)| opened).sum();
    let whole: u32 = counts.iter().map(|(_, whole)| whole).sum();
    println!("of {MUTATIONS} damaged snapshots {opened} could be opened, {whole} passed the check");
    assert!(opened > MUTATIONS as u32 / 3, "{opened}");
}

/// What passes the check evaluates without errors, unless references go in a circle.
#[test]
fn every_bit_of_a_small_snapshot() {
    let model = rich(3);
    let keys: Vec<String> = model.flags.iter().map(|flag| flag.key.clone()).collect();
    let context = Random::new(3).context();
    let bytes = bytes(&model);
    assert!(survive(&bytes, &context, &keys));
    for length in (0..bytes.len()).step_by(11) {
        survive(&bytes[..length], &context, &keys);
    }
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(!survive(&damaged, &context, &keys), "byte {at}");
    }
}

#[test]
fn arbitrary_bytes() {
    let mut rng = fastrand::Rng::with_seed(9);
    let context = Random::new(9).context();
    for _ in 0..2_000 {
        let len = rng.usize(..2_000);
        let mut bytes: Vec<u8> = (0..len).map(|_| rng.u8(..)).collect();
        survive(&bytes, &context, &[]);
        // With a header, so that the table is looked at.
        if len > HEADER_LEN {
            let sections = (Section::COUNT as u16).to_le_bytes();
            bytes[..8].copy_from_slice(b"flagston");
            bytes[8..12].copy_from_slice(&[1, 0, sections[0], sections[1]]);
            bytes[12..16].copy_from_slice(&(len as u32).to_le_bytes());
            for byte in bytes
                .iter_mut()
                .skip(HEADER_LEN)
                .step_by(2)
                .take(Section::COUNT * 4)
            {
                *byte = 0;
            }
            survive(&bytes, &context, &[]);
        }
    }
}

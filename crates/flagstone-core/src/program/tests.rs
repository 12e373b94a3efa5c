#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
extern crate std;

use super::*;
use std::vec::Vec;

/// Instructions as step, next, a, b.
type Code<'c> = &'c [(Step, u16, u16, u16)];

fn rows(code: Code<'_>) -> Vec<u8> {
    let records = code.iter().map(|(step, next, a, b)| InstructionRecord {
        step: *step as u16,
        next: *next,
        a: *a,
        b: *b,
    });
    records.flat_map(|record| record.write()).collect()
}

fn spans(spans: &[(u32, u32)]) -> Vec<u8> {
    let records = spans.iter().map(|(from, to)| SpanRecord {
        from: *from,
        to: *to,
    });
    records.flat_map(|record| record.write()).collect()
}

/// Begins at instruction 0; the answers are those for units and for code points.
fn check(name: &str, code: Code<'_>, sets: &[(u32, u32)], text: &str, expected: [Option<bool>; 2]) {
    for (code_points, expected) in [false, true].into_iter().zip(expected) {
        let program = Program {
            code: &rows(code),
            spans: &spans(sets),
            start: 0,
            code_points,
        };
        assert_eq!(
            program.matches(text),
            expected,
            "{name}, code points: {code_points}"
        );
        assert!(expected.is_none() || program.is_sound(), "{name} is sound");
    }
}

#[test]
fn programs() {
    use Step::{
        Any, Boundary, End, LineEnd, LineStart, Match, NotBoundary, Set, Span, Split, Start,
    };
    let (yes, no) = ([Some(true); 2], [Some(false); 2]);
    let matched = (Match, 0, 0, 0);
    let a = (Span, 1, 0x61, 0x61);
    let one_then_end = [(Any, 1, 0, 0), (End, 2, 0, 0), matched];
    let anywhere_z = [
        (Split, 2, 1, 0),
        (Any, 0, 0, 0),
        (Span, 3, 0x7a, 0x7a),
        matched,
    ];
    let vowel = [(Set, 1, 1, 3), matched];
    let vowels = [
        (0, 0x10_ffff),
        (0x61, 0x61),
        (0x65, 0x65),
        (0x1_f600, 0x1_f64f),
    ];
    let endless = [(Split, 1, 1, 0), (Split, 0, 0, 0)];
    for (name, code, sets, text, expected) in [
        ("empty", &[matched][..], &[][..], "", yes),
        ("empty, with text", &[matched], &[], "abc", yes),
        ("a", &[a, matched], &[], "a", yes),
        ("a at the start only", &[a, matched], &[], "ba", no),
        ("a missing", &[a, matched], &[], "", no),
        ("one unit", &one_then_end, &[], "é", yes),
        (
            "two units, one code point",
            &one_then_end,
            &[],
            "😀",
            [Some(false), Some(true)],
        ),
        ("anywhere", &anywhere_z, &[], "xyz", yes),
        ("nowhere", &anywhere_z, &[], "xy", no),
        ("in a set", &vowel, &vowels, "e", yes),
        ("between spans", &vowel, &vowels, "b", no),
        ("above the spans", &vowel, &vowels, "\u{ffff}", no),
        (
            "beyond 16 bits",
            &vowel,
            &vowels,
            "😀",
            [Some(false), Some(true)],
        ),
        ("empty set", &[(Set, 1, 0, 0), matched], &[], "a", no),
        ("start", &[(Start, 1, 0, 0), matched], &[], "a", yes),
        (
            "start, later",
            &[(Any, 1, 0, 0), (Start, 2, 0, 0), matched],
            &[],
            "a",
            no,
        ),
        ("end of nothing", &[(End, 1, 0, 0), matched], &[], "", yes),
        ("end of something", &[(End, 1, 0, 0), matched], &[], "a", no),
        (
            "line start",
            &[(Any, 1, 0, 0), (LineStart, 2, 0, 0), matched],
            &[],
            "\na",
            yes,
        ),
        (
            "no line start",
            &[(Any, 1, 0, 0), (LineStart, 2, 0, 0), matched],
            &[],
            "a\n",
            no,
        ),
        ("line end", &[(LineEnd, 1, 0, 0), matched], &[], "\na", yes),
        ("boundary", &[(Boundary, 1, 0, 0), matched], &[], "_", yes),
        ("no boundary", &[(Boundary, 1, 0, 0), matched], &[], "é", no),
        (
            "no boundary in nothing",
            &[(NotBoundary, 1, 0, 0), matched],
            &[],
            "",
            yes,
        ),
        ("a loop that reads nothing", &endless, &[], "abc", no),
        ("no such instruction", &[a], &[], "a", [None; 2]),
        (
            "far behind the end",
            &[(Any, u16::MAX, 0, 0)],
            &[],
            "a",
            [None; 2],
        ),
        (
            "no such span",
            &[(Set, 1, 0, 1), matched],
            &[],
            "a",
            [None; 2],
        ),
    ] {
        check(name, code, sets, text, expected);
    }
}

#[test]
fn what_is_not_sound() {
    let matched = (Step::Match, 0, 0, 0);
    let long = [matched; MAX_PROGRAM + 1];
    let set = |a, b| [(Step::Set, 1, a, b), matched];
    for (name, code, sets, start) in [
        ("no instruction", &[][..], &[][..], 0),
        ("start behind the end", &[matched], &[], 1),
        ("next behind the end", &[(Step::Any, 1, 0, 0)], &[], 0),
        (
            "second way behind the end",
            &[(Step::Split, 0, 1, 0)],
            &[],
            0,
        ),
        ("no span", &set(0, 1), &[], 0),
        ("too many spans", &set(u16::MAX, u16::MAX), &[(0, 1)], 0),
        ("not ascending", &set(0, 2), &[(5, 6), (1, 2)], 0),
        ("overlapping", &set(0, 2), &[(1, 5), (5, 6)], 0),
        ("backward", &set(0, 1), &[(2, 1)], 0),
        ("too long", &long, &[], 0),
    ] {
        let program = Program {
            code: &rows(code),
            spans: &spans(sets),
            start,
            code_points: false,
        };
        assert!(!program.is_sound(), "{name}");
    }
    let unknown = Program {
        code: &[99, 0, 0, 0, 0, 0, 0, 0],
        spans: &[],
        start: 0,
        code_points: false,
    };
    assert!(!unknown.is_sound(), "unknown step");
    assert_eq!(unknown.matches("a"), None, "unknown step");
}

/// Whatever the bytes are, a run ends, and answers if they are sound.
#[test]
fn any_bytes() {
    let mut state = 7u32;
    let mut random = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % below
    };
    let mut sound = 0;
    for _ in 0..20_000 {
        let count = random(8) as u16 + 1;
        // Mostly places that exist, so that runs get far.
        let reach = u32::from(count) + u32::from(random(4) == 0);
        let code: Vec<u8> = (0..count)
            .flat_map(|_| {
                let steps = if random(20) == 0 { 12 } else { 11 };
                let step = random(steps) as u16;
                let (next, a, b) = (random(reach) as u16, random(reach) as u16, random(4) as u16);
                InstructionRecord { step, next, a, b }.write()
            })
            .collect();
        let sets: Vec<u8> = (0..random(40)).map(|_| random(4) as u8).collect();
        let program = Program {
            code: &code,
            spans: &sets,
            start: random(reach) as u16,
            code_points: random(2) == 0,
        };
        let answer = program.matches("a\n_ é😀\u{2}\u{1}");
        if program.is_sound() {
            sound += 1;
            assert!(answer.is_some(), "{code:?}");
        }
    }
    assert!(sound > 1000, "only {sound} were sound");
}

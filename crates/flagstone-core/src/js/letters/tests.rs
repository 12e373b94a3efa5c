#![allow(clippy::unwrap_used, reason = "tests")]
extern crate std;

use super::table::RUNS;
use super::{lower, lower_contains, lower_ends_with, lower_starts_with};
use std::string::{String, ToString};
use std::{format, vec};

/// The version of Unicode that the tables are of. A compiler may have a later one.
const UNICODE: (u8, u8, u8) = (17, 0, 0);

#[test]
fn is_what_the_standard_library_allocates() {
    let check = |text: String| {
        assert_eq!(lower(&text).collect::<String>(), text.to_lowercase());
    };
    for letter in '\0'..=char::MAX {
        // Later versions give a small letter to some that have none, and change none that there is.
        let has_none = lower(&letter.to_string()).eq([letter]);
        if char::UNICODE_VERSION <= UNICODE || !has_none {
            check(letter.to_string());
        }
    }
    // Later versions have more letters with case. Where the runs begin and end is checked, each letter would take minutes.
    let mut numbers = RUNS.split_inclusive(|byte| *byte < 128).map(|groups| {
        let groups = groups.iter().rev();
        groups.fold(0u32, |number, group| number << 7 | u32::from(group & 127))
    });
    let mut end = 0;
    while let Some(gap) = numbers.next().filter(|_| char::UNICODE_VERSION == UNICODE) {
        let start = end + gap;
        end = start + numbers.next().unwrap() / 2;
        let edges = [start.saturating_sub(1), start, end - 1, end];
        for letter in edges.into_iter().filter_map(char::from_u32) {
            check(format!("AΣ{letter}"));
            check(format!("AΣ{letter}B"));
            check(format!("{letter}Σ"));
            check(format!("A{letter}Σ"));
        }
    }
    for text in [
        "",
        "Σ",
        "ΣΣ",
        "A'Σ.",
        "Σ\u{301}a",
        "İΣ",
        "a\u{301}\u{301}Σ.\u{301}-b",
    ] {
        check(text.to_string());
    }
}

#[test]
fn parts() {
    for text in ["", "Straße", "İstanbul", "ΟΔΟΣ", "\u{212a}elvin K", "aab"] {
        let small = text.to_lowercase();
        let mut parts = vec![
            String::new(),
            "x".into(),
            "i".into(),
            "\u{307}s".into(),
            "ab".into(),
        ];
        let places: vec::Vec<usize> = small.char_indices().map(|(at, _)| at).collect();
        for from in &places {
            for to in places.iter().filter(|to| *to >= from) {
                parts.push(small.get(*from..*to).unwrap().into());
            }
            parts.push(small.get(*from..).unwrap().into());
        }
        for part in parts {
            assert_eq!(
                lower_starts_with(text, &part),
                small.starts_with(&part),
                "{text} {part}"
            );
            assert_eq!(
                lower_ends_with(text, &part),
                small.ends_with(&part),
                "{text} {part}"
            );
            assert_eq!(
                lower_contains(text, &part),
                small.contains(&part),
                "{text} {part}"
            );
        }
    }
}

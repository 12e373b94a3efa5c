#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

const SECRET: &[u8] = b"0123456789abcdef";

fn key() -> Key {
    Key::of(SECRET).unwrap()
}

fn note(rollout: u64) -> Note {
    Note {
        rollout,
        stage: 15,
        arm: Arm::Canary,
        reached: 0b1010,
        at_s: 1_800_000_000,
    }
}

/// The first and the last of the reference implementation's vectors.
#[test]
fn tags_are_siphash() {
    let key = Key(u128::from_le_bytes(std::array::from_fn(|at| at as u8)));
    let bytes: Vec<u8> = (0..63).collect();
    let text = |len| str::from_utf8(bytes.get(..len).unwrap()).unwrap();
    assert_eq!(key.tag(text(0)), 0x726f_db47_dd0e_0e31);
    assert_eq!(key.tag(text(63)), 0x958a_324c_eb06_4572);
}

#[test]
fn a_secret_has_some_length() {
    assert_eq!(Key::of(b"0123456789abcde"), None);
    assert_ne!(Key::of(b"0123456789abcdeg"), Some(key()));
}

#[test]
fn what_is_noted_is_read() {
    let control = Note {
        stage: 0,
        arm: Arm::Control,
        reached: 0,
        at_s: 0,
        ..note(u64::MAX)
    };
    for notes in [vec![], vec![note(0)], vec![note(7), control]] {
        let value = signed(&notes, key());
        assert_eq!(value.len(), TAG + NOTE * notes.len());
        assert_eq!(verified(&value, key()), notes, "{value}");
    }
}

#[test]
fn the_oldest_makes_room() {
    let notes: Vec<Note> = (0..40).map(note).collect();
    let value = signed(&notes, key());
    assert!(COOKIE.len() + 1 + value.len() + KEPT.len() < 600);
    let kept = notes.get(40 - MOST..).unwrap();
    assert_eq!(verified(&value, key()), kept);
}

#[test]
fn what_others_wrote_notes_nothing() {
    let value = signed(&[note(7), note(8)], key());
    let other = Key::of(b"another key, which is longer").unwrap();
    assert_eq!(verified(&value, other), []);
    for at in 0..value.len() {
        let mut damaged = value.clone().into_bytes();
        let byte = damaged.get_mut(at).unwrap();
        *byte = if *byte == b'0' { b'1' } else { b'0' };
        let damaged = String::from_utf8(damaged).unwrap();
        assert_eq!(verified(&damaged, key()), [], "{at}");
        assert_eq!(verified(value.get(..at).unwrap(), key()), [], "{at}");
    }
    for text in ["", "é", &"é".repeat(40), &"0".repeat(4_000), &(value + "0")] {
        assert_eq!(verified(text, key()), [], "{text}");
    }
    // Signed, and no notes all the same.
    for text in [
        "0",
        &"x".repeat(NOTE),
        &"+0".repeat(NOTE),
        &"0".repeat(NOTE * (MOST + 1)),
    ] {
        let value = format!("{:016x}{text}", key().tag(text));
        assert_eq!(verified(&value, key()), [], "{text}");
    }
}

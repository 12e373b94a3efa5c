#![allow(clippy::indexing_slicing, reason = "tests")]
use super::*;
use std::vec::Vec;

#[test]
fn flags_hash_as_the_format_says() {
    for (key, expected) in [
        ("", 0),
        ("a", 0x54cd_a58f_bbee_abbb),
        ("ü", 0x0536_fe53_dcf8_fdfe),
        ("12345678", 0xe5b4_48c4_e507_74d0),
        ("new-checkout", 0x36a5_d136_bd95_710f),
        ("1234567890123456", 0x9132_440f_9cf8_fedb),
        ("12345678901234567", 0x38e5_a4ba_ae7d_ebfe),
        ("checkout-payment-search-0001", 0x7c9d_afb4_aec6_b77b),
        (
            "checkout-payment-search-banner-profile-0001",
            0x29e9_fd22_3935_12ec,
        ),
    ] {
        assert_eq!(flag(key.as_bytes()), expected, "{key}");
    }
}

/// Names that are made by a pattern differ in few places. Two of one hash would share a slot, and one of them be lost.
#[test]
fn flags_of_patterned_names_have_hashes_of_their_own() {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789-_AZ";
    let mut places: Vec<[usize; 3]> = Vec::new();
    for first in 0..20 {
        for second in first + 1..20 {
            places.extend(
                (second + 1..20)
                    .step_by(3)
                    .map(|third| [first, second, third]),
            );
        }
    }
    for places in places {
        let mut hashes = Vec::new();
        for number in 0..LETTERS.len().pow(2) {
            let mut key = *b"feature-group-0-name";
            let letter = |number: usize| LETTERS[number % LETTERS.len()];
            key[places[0]] = letter(number);
            key[places[1]] = letter(number / LETTERS.len());
            key[places[2]] = letter(number * 7 + number / LETTERS.len());
            hashes.push(flag(&key));
        }
        let count = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), count, "names that differ at {places:?}");
    }
}

/// Text that is prepared hashes as text that is not, behind beginnings of every length.
#[test]
fn endings_hash_as_a_whole() {
    const TEXT: &[u8] = b"0191c7a2-5f6e-7b3d-9a41-2f6c8e0d4b17 and more";
    const SALT: &[u8] = b"new-checkout";
    for len in 0..=TEXT.len() {
        let text = &TEXT[..len];
        let ending = Ending::default();
        for salt in (0..=SALT.len()).map(|len| &SALT[..len]) {
            let mut before = Murmur3::new(0);
            before.update(salt);
            let mut whole = before;
            whole.update(text);
            ending.prepare(before, text);
            let expected = (4..=39).contains(&len).then(|| whole.finish());
            assert_eq!(ending.behind(before), expected, "{salt:?} {text:?}");
        }
    }
}

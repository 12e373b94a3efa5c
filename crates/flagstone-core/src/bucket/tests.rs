use super::*;
use crate::hash::Sha1;
use std::vec::Vec;

/// The hash alone, as the upper 32 bits of a product with 2 to the power of 32 less one would hide it.
fn hash(text: &str) -> u32 {
    let mut hash = Murmur3::new(0);
    hash.update(text.as_bytes());
    hash.finish()
}

#[test]
fn buckets_are_those_of_flagd() {
    for (salt, unit, expected) in [
        ("fr_50", "user-1", 774),
        ("fr_50", "user-2", 956),
        ("headerColor", "jon@company.com", 501),
        ("flagA", "bucketKeyB", 303),
        ("f", "u3", 746),
    ] {
        assert_eq!(bucket(salt, unit, 1000), expected, "{salt} {unit}");
    }
}

#[test]
fn hashes_are_those_of_murmur3() {
    for (text, expected) in [
        ("", 0),
        ("ejOoVL", 0),
        ("bY9fO-", 1),
        ("SI7p-", 2_147_483_647),
        ("6LvT0", 2_147_483_648),
        ("ceQdGm", 4_294_967_295),
        ("ü", 2_017_519_274),
        ("日本", 3_302_619_458),
        ("🙂", 1_042_440_291),
        ("fr_50user-1", 3_327_088_236),
    ] {
        assert_eq!(hash(text), expected, "{text}");
    }
}

#[test]
fn pieces_do_not_matter() {
    let text = "headerColorjon@company.com";
    for cut in 0..=text.len() {
        let (a, b) = text.split_at(cut);
        assert_eq!(
            bucket(a, b, u32::MAX),
            bucket("", text, u32::MAX),
            "cut at {cut}"
        );
    }
}

#[test]
fn a_total_of_nothing_is_bucket_zero() {
    assert_eq!(bucket("flag", "unit", 0), 0);
}

#[test]
fn buckets_are_those_of_launchdarkly() {
    for (prefix, unit, expected) in [
        ("hashKey.saltyA", "userKeyA", 0.4215758743392494),
        ("hashKey.saltyA", "userKeyB", 0.6708484965703435),
        ("hashKey.saltyA", "userKeyC", 0.1034310617276969),
        ("61", "userKeyA", 0.0980120652476667),
        ("61", "userKeyB", 0.1448377737757314),
        ("61", "userKeyC", 0.9242640945125551),
        ("hashKey.saltyA", "33333", 0.5477142345861467),
        ("hashKey.saltyA", "99999", 0.7309657969146673),
        ("flag-1.", "user-1", 0.8699644460995923),
        ("flag-1.abc", "ünïcode", 0.2401106385157783),
    ] {
        let mut hash = Sha1::new();
        hash.update(prefix.as_bytes());
        hash.update(b".");
        let kept: Vec<u8> = hash.kept().flat_map(u32::to_le_bytes).collect();
        let len = prefix.len() as u16 + 1;
        let position = launchdarkly::position(len, &kept, unit) as f64 / 2f64.powi(60);
        assert!(
            (position - expected).abs() < 1e-15,
            "{prefix} {unit}: {position}"
        );
    }
}

/// Wherever bytes are cut, also where the first part was hashed before and only what it came to was kept.
#[test]
fn sha1_does_not_depend_on_pieces() {
    let text: Vec<u8> = (0..200).collect();
    let whole = |pieces: &[&[u8]]| {
        let mut hash = Sha1::new();
        pieces.iter().for_each(|piece| hash.update(piece));
        hash
    };
    assert_eq!(whole(&[b"abc"]).finish(), 0xa999_3e36_4706_816a);
    for len in 0..text.len() {
        let (text, _) = text.split_at(len);
        let expected = whole(&[text]).finish();
        for cut in 0..=len {
            let (a, b) = text.split_at(cut);
            assert_eq!(whole(&[a, b]).finish(), expected, "{len}, cut at {cut}");
            let kept: Vec<[u8; 4]> = whole(&[a]).kept().map(u32::to_le_bytes).collect();
            let mut hash = Sha1::new();
            hash.resume(cut as u16, &kept);
            hash.update(b);
            assert_eq!(hash.finish(), expected, "{len}, kept at {cut}");
        }
    }
}

#[test]
fn buckets_are_those_of_split() {
    for (key, seed, expected) in [
        ("user-1", -667_452_163, 37),
        ("aUfEsdPN1twuEjff9Sl", 467_569_525, 52),
        ("EPxM1cYQnL4AuqD", 467_569_525, 79),
        ("naïve-ü", 0, 73),
        ("日本語", 467_569_525, 58),
        ("🙂", 1, 79),
        ("", 0, 1),
        ("00018112-7d59-46cf-b9e0-f8fa625aa20b", -52_311_562, 43),
    ] {
        let seed: i32 = seed;
        assert_eq!(split::position(seed as u32, key), expected, "{key}");
    }
}

#[test]
fn buckets_are_those_of_unleash() {
    const VARIANTS: u32 = 86_028_157;
    for (id, group, seed, modulus, expected) in [
        ("123", "gr1", 0, 100, 73),
        ("999", "groupX", 0, 100, 25),
        ("user-1", "flex50", 0, 100, 85),
        ("s-42", "flex50", 0, 100, 68),
        ("alice", "", 0, 100, 59),
        ("123", "gr1", VARIANTS, 1000, 796),
        ("999", "groupX", VARIANTS, 1000, 260),
        ("user-1", "var2", VARIANTS, 1000, 6),
        ("user-1", "var_odd", VARIANTS, 7, 2),
        ("tenant-42", "var_custom", VARIANTS, 1000, 588),
    ] {
        for low_bytes in [true, false] {
            let found = unleash::position(group, id, seed, modulus, low_bytes);
            assert_eq!(found, expected, "{id} {group}");
        }
    }
    assert_eq!(unleash::position("flex50", "ü1", 0, 100, false), 24);
    assert_eq!(unleash::position("flex50", "ü1", 0, 100, true), 25);
}

#[test]
fn buckets_are_those_of_growthbook() {
    for (seed, value, version, expected) in [
        ("", "a", 1, 220),
        ("my-test", "user-1", 1, 401),
        ("my-test", "user-1", 2, 323),
        ("seed", "ü", 1, 158),
        ("seed", "ü", 2, 6166),
        ("feature", "日本", 2, 6386),
        ("x", "🙂", 2, 1007),
        ("__ns1", "user-1", 1, 684),
        ("exp", "12345", 1, 631),
        ("exp", "true", 2, 5548),
    ] {
        let found = match version {
            1 => Some(growthbook::position_v1(seed, AttributeValue::Text(value))),
            _ => growthbook::position_v2(seed, AttributeValue::Text(value)),
        };
        assert_eq!(found, Some(expected), "{seed} {value} {version}");
    }
}

use super::*;

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

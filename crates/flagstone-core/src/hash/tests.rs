#![allow(clippy::indexing_slicing, reason = "tests")]
use super::*;

#[test]
fn flags_hash_as_the_format_says() {
    for (key, expected) in [
        ("", 0),
        ("a", 0x63d5_52cb_ae9a_3f62),
        ("ü", 0x9484_ea4b_d9a9_d93b),
        ("12345678", 0x6925_0fd7_6829_d4a3),
        ("new-checkout", 0x816a_8616_0427_4b96),
        ("1234567890123456", 0xfa92_7da5_e54f_a89e),
        ("checkout-payment-search-0001", 0xe995_0c39_e798_bf2e),
    ] {
        assert_eq!(flag(key.as_bytes()), expected, "{key}");
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
            let fits = (4..=39).contains(&(salt.len() % 4 + len));
            let expected = fits.then(|| whole.finish());
            assert_eq!(ending.behind(before), expected, "{salt:?} {text:?}");
        }
    }
}

#![allow(clippy::indexing_slicing, reason = "tests")]
use super::*;
use std::format;

#[test]
fn numbers_are_written_as_javascript_writes_them() {
    for (value, expected) in [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-5.0, "-5"),
        (33_333.0, "33333"),
        (0.1, "0.1"),
        (-1.5, "-1.5"),
        (123.456, "123.456"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e21, "1.5e+21"),
        (123_456_789_012_345_680_000.0, "123456789012345680000"),
        (1e-6, "0.000001"),
        (1.25e-6, "0.00000125"),
        (1e-7, "1e-7"),
        (1.25e-7, "1.25e-7"),
        (5e-324, "5e-324"),
        (1.0 / 33_554_432.0, "2.9802322387695312e-8"),
        (5.684_341_886_080_802e-14, "5.684341886080802e-14"),
        (f64::MAX, "1.7976931348623157e+308"),
        (1e308, "1e+308"),
        (9_007_199_254_740_993.0, "9007199254740992"),
        (0.1 + 0.2, "0.30000000000000004"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "Infinity"),
        (f64::NEG_INFINITY, "-Infinity"),
    ] {
        assert_eq!(number(value).text(), expected);
    }
}

#[test]
fn what_does_not_fit_is_not_written() {
    let mut out = Scratch::<4>::new();
    assert_eq!(value(AttributeValue::Number(12_345.0), &mut out), None);
}

/// The standard library's digits are the fewest too. Of two that are equally near it takes another one than JavaScript,
/// which takes the even one.
#[test]
fn digits_are_the_fewest() {
    let check = |value: f64| {
        if !value.is_finite() || value == 0.0 {
            return;
        }
        let value = value.abs();
        let written = format!("{value:e}");
        let (digits, exponent) = written.split_once('e').unwrap_or_default();
        let found = Shortest::of(value);
        let point = exponent.parse::<i32>().unwrap_or(0) + 1;
        assert_eq!(
            (found.digits().len(), found.point),
            (digits.replace('.', "").len(), point),
            "{value:e}"
        );
        assert_eq!(number(value).text().parse(), Ok(value), "{value:e}");
    };
    let mut bits = 0x9e37_79b9_7f4a_7c15u64;
    for _ in 0..300 {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        check(f64::from_bits(bits));
        check((bits >> 40) as f64 / 100.0);
        check((bits >> 11) as f64);
    }
    for exponent in (1..2047u64).step_by(13) {
        let value = f64::from_bits(exponent << 52);
        check(value);
        check(value.next_up());
        check(value.next_down());
    }
    check(f64::MAX);
    check(f64::MIN_POSITIVE);
    check(f64::from_bits(1));
}

#[test]
fn text_is_found_as_by_the_standard_library() {
    let texts = [
        "",
        "a",
        "ab",
        "aab",
        "abab",
        "aaaaaaaab",
        "://",
        "https://a://b",
        "ä",
        "aä",
        "äää",
        "-.-..-",
    ];
    for text in texts {
        for part in texts {
            assert_eq!(find(text, part), text.find(part), "`{part}` in `{text}`");
            assert_eq!(
                split_once(text, part),
                text.split_once(part),
                "`{part}` in `{text}`"
            );
        }
    }
}

#[test]
fn bytes_are_equal_if_each_is() {
    let bytes: std::vec::Vec<u8> = (0..80).collect();
    for len in 0..=bytes.len() {
        let a = &bytes[..len];
        assert!(equal(a, a), "{len}");
        assert!(len == 0 || !equal(a, &a[1..]), "{len}");
        for place in 0..len {
            let mut b = a.to_vec();
            b[place] ^= 1;
            assert!(!equal(a, &b), "{len} {place}");
        }
    }
}

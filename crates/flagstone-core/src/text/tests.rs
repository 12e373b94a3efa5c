use super::*;

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
        (f64::MAX, "1.7976931348623157e+308"),
        (1e308, "1e+308"),
        (9_007_199_254_740_993.0, "9007199254740992"),
        (0.1 + 0.2, "0.30000000000000004"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "Infinity"),
        (f64::NEG_INFINITY, "-Infinity"),
    ] {
        let mut out = Scratch::<64>::new();
        number(value, &mut out);
        assert_eq!(out.text(), expected);
    }
}

#[test]
fn what_does_not_fit_is_not_written() {
    let mut out = Scratch::<4>::new();
    assert_eq!(number(12_345.0, &mut out), None);
}

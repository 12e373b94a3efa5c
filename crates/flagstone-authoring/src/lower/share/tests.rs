#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

#[test]
fn decimals_are_read_exactly() {
    let check = |text, expected: Option<u32>| {
        assert_eq!(weight(text).map(|weight| weight.0), expected, "{text}");
    };
    check("0", Some(0));
    check("5", Some(50_000));
    check("+5", Some(50_000));
    check("0.0001", Some(1));
    check("33.3333", Some(333_333));
    check("99.9999", Some(999_999));
    check("0.1", Some(1_000));
    check("12.50000", Some(125_000));
    check("100", Some(1_000_000));
    check("100.0", Some(1_000_000));
    check("100.0001", None);
    check("0.00001", None);
    check("-0", None);
    check("1e1", None);
    check("inf", None);
    check("", None);
    check("++1", None);
    check("1.-1", None);
    check("99999999999", None);
}

#[test]
fn every_weight_is_written_and_read_back() {
    for parts in (0..=Weight::TOTAL.0).step_by(7) {
        assert_eq!(weight(&per_cent(parts)), Some(Weight(parts)));
    }
}

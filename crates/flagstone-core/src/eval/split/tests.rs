use super::*;

#[test]
fn whole_numbers_become_their_digits() {
    for (number, expected) in [
        (0.0, Some("0")),
        (-0.0, Some("0")),
        (33333.0, Some("33333")),
        (-7.0, Some("-7")),
        (9_007_199_254_740_992.0, Some("9007199254740992")),
        (-9_007_199_254_740_992.0, Some("-9007199254740992")),
        (9_007_199_254_740_994.0, None),
        (1.5, None),
        (f64::NAN, None),
        (f64::INFINITY, None),
    ] {
        assert_eq!(Digits::default().write(number), expected, "{number}");
    }
}

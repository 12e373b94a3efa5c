use super::matches_pattern as matches;

#[test]
fn stars_stand_for_any_letters() {
    let check = |pattern, text, expected| {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    };
    check("*", "", true);
    check("*", "checkout", true);
    check("checkout", "checkout", true);
    check("checkout", "checkout-2", false);
    check("checkout-*", "checkout-2", true);
    check("checkout-*", "checkout", false);
    check("*-new", "search-new", true);
    check("*-new", "new", false);
    check("a*b*c", "abc", true);
    check("a*b*c", "a1b2c", true);
    check("a*b*c", "acb", false);
    check("a*aa", "aa", false);
    check("a**a", "aa", true);
    check("*a*", "bab", true);
    check("*ü*", "grün", true);
}

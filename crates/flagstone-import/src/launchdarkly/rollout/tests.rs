use super::*;

#[test]
fn bounds_are_where_floats_compare() {
    for share in [
        0.0,
        1e-18,
        1e-9,
        1e-5,
        0.1,
        0.25,
        0.333_33,
        0.1 + 0.2,
        0.5,
        0.999_99,
        1.0,
    ] {
        let bound = position_of(share);
        let is_below = |position: u64| (position as f64) / (POSITIONS as f64) < share;
        assert!(bound == 0 || is_below(bound - 1), "{share}");
        assert!(!is_below(bound), "{share}");
    }
    // The last positions round to 1, which is not below 1.
    assert_eq!(position_of(1.0), POSITIONS - 64);
    assert_eq!(position_of(1.5), POSITIONS);
    assert_eq!(position_of(f64::NAN), 0);
    assert_eq!(position_of(-1.0), 0);
}

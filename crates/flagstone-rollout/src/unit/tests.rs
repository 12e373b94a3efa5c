use super::*;

#[test]
fn the_filter_forgets_all_when_128_bits_are_set() {
    let mut filter = UnitFilter::new();
    for bit in 0..127 {
        assert!(filter.insert(UnitHash(bit << 23)));
    }
    assert_eq!(filter.len(), 127);
    assert!(!filter.insert(UnitHash(126 << 23)), "known");
    assert!(filter.insert(UnitHash(500 << 23)), "the last counts");
    assert!(filter.is_empty());
    assert!(filter.insert(UnitHash(0)), "and the first counts again");
}

#[test]
fn a_filter_is_its_words() {
    let mut filter = UnitFilter::new();
    filter.insert(UnitHash(u32::MAX));
    assert_eq!(UnitFilter::from_words(filter.to_words()), filter);
    assert_eq!(
        UnitFilter::from_words([u64::MAX; 8]).len(),
        512,
        "any words will do"
    );
}

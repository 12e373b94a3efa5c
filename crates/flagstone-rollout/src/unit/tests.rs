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
fn units_are_at_least_as_many_as_their_bits() {
    let mut units = Units::new();
    let hash = |number: u32| UnitHash::of("flag", &number.to_string());
    for (number, least) in [(100, 90), (222, 190), (1_000, 600), (100_000, 1_024)] {
        for unit in (0..number).chain(0..number) {
            units.insert(hash(unit));
        }
        assert!(
            (least..=number.min(1_024)).contains(&units.len()),
            "{number}"
        );
        assert_eq!(units.bits().count(), units.len() as usize);
    }
    assert_eq!(Units::from_words(units.to_words()), units);
    assert_eq!(units.set(1_024), None);
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

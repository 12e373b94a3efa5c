use super::Set;

#[test]
fn normal() {
    for (spans, expected) in [
        (&[][..], &[][..]),
        (&[(5, 5)], &[(5, 5)]),
        (&[(5, 6), (1, 2)], &[(1, 2), (5, 6)]),
        (&[(3, 4), (1, 2)], &[(1, 4)]),
        (&[(1, 9), (2, 3), (9, 10)], &[(1, 10)]),
        (&[(0, u32::MAX), (7, 7)], &[(0, u32::MAX)]),
    ] {
        assert_eq!(Set::of(spans).normal(), Set::of(expected), "{spans:?}");
    }
}

#[test]
fn many() {
    // Every third unit, in an order that jumps about: 7,919 is prime to the number of them.
    let units = (0..10_000u32).map(|index| index * 7_919 % 10_000 * 3);
    let mut set = Set::default();
    for unit in units {
        set.add(unit, unit);
    }
    let set = set.normal();
    let expected: Vec<(u32, u32)> = (0..10_000).map(|unit| (unit * 3, unit * 3)).collect();
    assert_eq!(set.spans(), expected);
    assert!(set.contains(2_997) && !set.contains(2_998));
    let opposite = set.complement(30_000);
    assert!(!opposite.contains(2_997) && opposite.contains(2_998) && opposite.contains(30_000));
    assert_eq!(opposite.complement(30_000), set);
}

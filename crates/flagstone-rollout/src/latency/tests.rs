use super::*;

#[test]
fn buckets_and_edges_agree() {
    for index in 0..BUCKETS {
        assert_eq!(bucket(lower_edge(index)), index);
        if index > 0 {
            assert_eq!(bucket(lower_edge(index) - 1), index - 1);
        }
    }
    for milliseconds in 0..70_000 {
        assert!(lower_edge(bucket(milliseconds)) <= milliseconds);
    }
    assert_eq!(bucket(u32::MAX), 112);
    assert_eq!(lower_edge(usize::MAX), 65_536);
}

#[test]
fn merging_needs_no_order_and_stops_at_the_largest_number() {
    let mut a = Histogram::new();
    a.add(3, u32::MAX - 1);
    a.add(113, 5);
    let mut b = Histogram::new();
    b.record(3);
    b.record(3);
    b.record(100_000);
    let (mut ab, mut ba) = (a, b);
    ab.merge(&b);
    ba.merge(&a);
    assert_eq!(ab, ba);
    assert_eq!(ab.total(), u64::from(u32::MAX) + 1);
    assert_eq!(
        (ab.above(2), ab.above(3), ab.above(112)),
        (ab.total(), 1, 0)
    );
    assert_eq!(ab.above(usize::MAX - 1), 0);
}

#[test]
fn quantiles() {
    let empty = Histogram::new();
    assert_eq!(empty.quantile(0.5), None);
    let mut histogram = Histogram::new();
    for milliseconds in [1, 2, 3, 4] {
        histogram.record(milliseconds);
    }
    assert_eq!(histogram.quantile(0.0), Some(0));
    assert_eq!(histogram.quantile(0.5), Some(2));
    assert_eq!(histogram.quantile(1.0), Some(4));
    assert_eq!(histogram.quantile(f64::NAN), Some(112), "no panic");
}

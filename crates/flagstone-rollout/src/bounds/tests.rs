use super::*;

#[test]
fn what_cannot_be_counts_has_no_bounds() {
    let all = Interval {
        low: 0.0,
        high: 1.0,
    };
    for (failures, trials) in [
        (0.0, 0.0),
        (-1.0, 10.0),
        (11.0, 10.0),
        (f64::NAN, 10.0),
        (0.0, f64::NAN),
        (1.0, f64::INFINITY),
    ] {
        assert_eq!(bernoulli(failures, trials, 0.025), all);
    }
    assert_eq!(bernoulli_evidence(0.0, 5.0, 1.0), f64::INFINITY);
    assert!(bernoulli_evidence(f64::NAN, 5.0, 0.5).is_nan());
}

#[test]
fn bounds_contain_the_frequency_and_shrink() {
    let mut width = 2.0;
    for trials in [1.0, 10.0, 100.0, 1e4, 1e6, 1e9] {
        let bounds = bernoulli(trials * 0.3, trials, 0.025);
        assert!(bounds.low <= 0.3 && 0.3 <= bounds.high);
        assert!(bounds.high - bounds.low < width);
        width = bounds.high - bounds.low;
    }
}

#[test]
fn quantiles_without_samples_are_anywhere() {
    let bounds = quantile(&Histogram::new(), 0.5, 0.05);
    assert_eq!((bounds.low_bucket, bounds.high_bucket), (0, 112));
    assert_eq!((bounds.low_ms(), bounds.high_ms()), (0, None));
    let mut slow = Histogram::new();
    slow.add(112, 10_000);
    let bounds = quantile(&slow, 0.5, 0.05);
    assert_eq!((bounds.low_bucket, bounds.high_ms()), (112, None));
}

#[test]
fn means_without_values() {
    assert_eq!(mean_difference(&PerArm::default(), 0.05), None);
}

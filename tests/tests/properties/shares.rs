//! Shares are met, and stand for flagd's.

use crate::build::{bytes, flag, flags, split, variant};
use flagstone_compile::model::{Serve, Share};
use flagstone_core::{Snapshot, UnixMillis, Weight};
use flagstone_tests::oracle::bucket;

const UNITS: u32 = 100_000;

/// How many of the units get which variant. The units are consecutive numbers, as account ids are.
fn counts(shares: &[u32], reserve: &[u32]) -> Vec<u32> {
    let fixed = shares.iter().map(|share| Share::Fixed(Weight(*share)));
    let serve = Serve::Split(split(fixed.collect(), reserve));
    let bytes = bytes(&flags(vec![flag("f", shares.len(), Some(serve))]));
    let snapshot = Snapshot::open(&bytes).unwrap();
    let mut counts = vec![0; shares.len() + 1];
    for unit in 0..UNITS {
        let variant = variant(snapshot, &format!("account-{unit}"), UnixMillis(0));
        counts[usize::from(variant)] += 1;
    }
    counts
}

fn check(shares: &[u32], reserve: &[u32]) {
    let counts = counts(shares, reserve);
    let rest = Weight::TOTAL.0 - shares.iter().sum::<u32>();
    let expected = [rest].into_iter().chain(shares.iter().copied());
    let mut distance = 0.0;
    let mut freedom = 0;
    for (share, count) in expected.zip(&counts) {
        let expected = f64::from(share) / f64::from(Weight::TOTAL.0) * f64::from(UNITS);
        if share == 0 {
            assert_eq!(*count, 0, "{shares:?}: {counts:?}");
        } else {
            distance += (f64::from(*count) - expected).powi(2) / expected;
            freedom += 1;
        }
    }
    // One in 100,000 good hashes would be further away, for up to six degrees of freedom.
    let limit = [0.0, 1e-9, 19.6, 23.1, 26.0, 28.5, 30.9, 33.2][freedom];
    assert!(distance < limit, "{shares:?}: {counts:?}, {distance}");
}

#[test]
fn shares_are_met() {
    for (shares, reserve) in [
        (&[500_000][..], &[][..]),
        (&[10_000], &[]),
        (&[1_000], &[]),
        (&[990_000], &[]),
        (&[250_000, 250_000], &[]),
        (&[900_000, 50_000], &[]),
        (&[333_333, 333_333, 333_334], &[]),
        (&[600_000, 200_000, 200_000], &[600_000, 200_000, 200_000]),
        (&[10_000, 20_000, 30_000], &[]),
        (&[700_000, 0, 0], &[]),
        (&[100_000, 100_000, 100_000, 100_000, 100_000], &[]),
        (&[166_666, 166_666, 166_666, 166_666, 166_666, 166_666], &[]),
    ] {
        check(shares, reserve);
    }
}

/// flagd's `fractional`, version 2, over `[variant, weight]` pairs.
fn fractional(flag: &str, unit: &str, weights: &[(&'static str, u64)]) -> &'static str {
    let total = weights.iter().map(|(_, weight)| weight).sum();
    let bucket = bucket(flag, unit, total);
    let mut end = 0;
    for (variant, weight) in weights {
        end += weight;
        if bucket < end {
            return variant;
        }
    }
    panic!("bucket {bucket} of {total}");
}

/// Shares, reserves, and the same for flagd.
type Layout = (
    &'static [u32],
    &'static [u32],
    &'static [(&'static str, u64)],
);

#[test]
fn flagd_decides_alike() {
    // The same layout for a backend with a flagd provider: its buckets are a hundred or a million, the edges the same.
    let layouts: &[Layout] = &[
        (
            &[50_000, 50_000],
            &[],
            &[("v1", 5), ("v0", 45), ("v2", 5), ("v0", 45)],
        ),
        (
            &[50_000, 50_000],
            &[],
            &[
                ("v1", 50_000),
                ("v0", 450_000),
                ("v2", 50_000),
                ("v0", 450_000),
            ],
        ),
        (&[10_000], &[], &[("v1", 1), ("v0", 99)]),
        (
            &[700_000, 100_000],
            &[],
            &[("v1", 50), ("v2", 10), ("v0", 20), ("v1", 20)],
        ),
        (
            &[300_000, 10_000, 40_000],
            &[500_000, 300_000, 100_000],
            &[
                ("v1", 30),
                ("v0", 20),
                ("v2", 1),
                ("v0", 29),
                ("v3", 4),
                ("v0", 16),
            ],
        ),
    ];
    for (shares, reserve, weights) in layouts {
        let fixed = shares.iter().map(|share| Share::Fixed(Weight(*share)));
        let serve = Serve::Split(split(fixed.collect(), reserve));
        let bytes = bytes(&flags(vec![flag("f", shares.len(), Some(serve))]));
        let snapshot = Snapshot::open(&bytes).unwrap();
        for unit in (0..10_000).map(|unit| format!("user-{unit}@shop.example")) {
            let ours = format!("v{}", variant(snapshot, &unit, UnixMillis(0)));
            assert_eq!(ours, fractional("f", &unit, weights), "{shares:?} {unit}");
        }
    }
}

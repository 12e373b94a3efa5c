//! Raising shares never moves a unit that is in a treatment.

use crate::build::{Unit, bytes, flag, flags, split, variant};
use flagstone_compile::compile;
use flagstone_compile::model::{Calendar, Model, Plan, RampPoint, Serve, Share, Stage};
use flagstone_core::{Evaluator, Progress, Snapshot, UnixMillis, Weight};
use flagstone_tests::random::Random;

const TOTAL: u32 = Weight::TOTAL.0;

/// Rollouts that the compiler allows, each with a larger one.
const PAIRS: usize = 2_400;
/// Units that each pair is tried with.
const UNITS: usize = 60;

/// How far each treatment may grow while others have shares too.
fn limits(treatments: usize, reserve: &[u32]) -> Vec<u32> {
    match (reserve, treatments) {
        ([], 1 | 2) => vec![TOTAL; treatments],
        ([], _) => vec![TOTAL / treatments as u32; treatments],
        (sizes, _) => sizes.to_vec(),
    }
}

/// Shares of some treatments; mostly allowed.
fn shares(random: &mut Random, limits: &[u32]) -> Vec<u32> {
    let rng = random.rng();
    let mut left = TOTAL;
    let mut shares = vec![0; limits.len()];
    if rng.u32(..5) == 0 {
        // One alone may have everything, unless slots are reserved.
        shares[rng.usize(..limits.len())] = rng.u32(..=TOTAL);
        return shares;
    }
    for (share, limit) in shares.iter_mut().zip(limits) {
        let limit = left.min(*limit);
        *share = match rng.u32(..4) {
            0 => 0,
            1 => limit,
            _ => rng.u32(..=limit),
        };
        left -= *share;
    }
    shares
}

/// Shares that are nowhere smaller; mostly allowed.
fn larger(random: &mut Random, shares: &[u32], limits: &[u32]) -> Vec<u32> {
    let rng = random.rng();
    let mut left = TOTAL - shares.iter().sum::<u32>();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    rng.shuffle(&mut order);
    let mut larger = shares.to_vec();
    for index in order {
        let limit = left.min(limits[index].saturating_sub(shares[index]));
        let more = match rng.u32(..4) {
            0 => 0,
            1 => limit,
            // Sometimes too much.
            2 => rng.u32(..=left) / 4,
            _ => rng.u32(..=limit),
        };
        larger[index] += more;
        left -= more;
    }
    larger
}

fn model(shares: Vec<Share>, reserve: &[u32]) -> Model {
    let treatments = shares.len();
    let split = split(shares, reserve);
    flags(vec![flag("f", treatments, Some(Serve::Split(split)))])
}

fn fixed(shares: &[u32]) -> Vec<Share> {
    shares
        .iter()
        .map(|share| Share::Fixed(Weight(*share)))
        .collect()
}

fn reserve(random: &mut Random, treatments: usize) -> Vec<u32> {
    let rng = random.rng();
    if rng.bool() {
        return vec![];
    }
    let mut left = TOTAL;
    (0..treatments)
        .map(|_| {
            let size = rng.u32(..=left);
            left -= size;
            size
        })
        .collect()
}

/// Bytes of a model that is allowed.
fn allowed(model: &Model) -> Option<Vec<u8>> {
    compile(model).snapshot
}

fn check(random: &mut Random, name: &str, before: (&[u8], UnixMillis), after: (&[u8], UnixMillis)) {
    let open = |bytes| Snapshot::open(bytes).unwrap();
    for _ in 0..UNITS {
        let unit = format!("u{}", random.rng().u32(..));
        let was = variant(open(before.0), &unit, before.1);
        let is = variant(open(after.0), &unit, after.1);
        assert!(
            was == 0 || was == is,
            "{name}: {unit} went from v{was} to v{is}"
        );
    }
}

#[test]
fn fixed_shares() {
    let mut random = Random::new(1);
    let mut pairs = [0; 7];
    while pairs.iter().sum::<usize>() < PAIRS {
        let treatments = random.rng().usize(1..=6);
        let reserve = reserve(&mut random, treatments);
        let limits = limits(treatments, &reserve);
        let small = shares(&mut random, &limits);
        let large = larger(&mut random, &small, &limits);
        let before = allowed(&model(fixed(&small), &reserve));
        let after = allowed(&model(fixed(&large), &reserve));
        if let (Some(before), Some(after)) = (before, after) {
            pairs[treatments] += 1;
            let name = format!("{small:?} to {large:?}, reserve {reserve:?}");
            check(
                &mut random,
                &name,
                (&before, UnixMillis(0)),
                (&after, UnixMillis(0)),
            );
        }
    }
    assert!(pairs[1..].iter().all(|pairs| *pairs > 100), "{pairs:?}");
}

/// Ramps that never fall, at two moments.
#[test]
fn ramps_over_time() {
    let mut random = Random::new(2);
    let mut tried = [0; 7];
    while tried.iter().sum::<usize>() < PAIRS {
        let treatments = random.rng().usize(1..=6);
        let reserve = reserve(&mut random, treatments);
        let limits = limits(treatments, &reserve);
        let mut stages = vec![shares(&mut random, &limits)];
        for _ in 0..random.rng().usize(1..4) {
            let next = larger(&mut random, stages.last().unwrap(), &limits);
            stages.push(next);
        }
        let ramps = (0..treatments).map(|treatment| {
            // Each at times of its own, some in jumps; the sum may become too large on the way.
            let mut at = 0;
            let points = stages.iter().map(|stage| {
                at += *[0, 1, 7, 1000, 86_400_000]
                    .get(random.rng().usize(..5))
                    .unwrap();
                RampPoint {
                    at: UnixMillis(at),
                    share: Weight(stage[treatment]),
                }
            });
            Share::Ramp(points.collect())
        });
        let ramps: Vec<Share> = ramps.collect();
        let Some(bytes) = allowed(&model(ramps, &reserve)) else {
            continue;
        };
        tried[treatments] += 1;
        let name = format!("{stages:?}, reserve {reserve:?}");
        let mut times: Vec<i64> = (0..4)
            .map(|_| match random.rng().u32(..3) {
                0 => random.rng().i64(-2..20),
                1 => random.rng().i64(-2..3_000),
                _ => random.rng().i64(-2..300_000_000),
            })
            .collect();
        times.sort_unstable();
        for pair in times.windows(2) {
            check(
                &mut random,
                &name,
                (&bytes, UnixMillis(pair[0])),
                (&bytes, UnixMillis(pair[1])),
            );
        }
    }
    assert!(tried[1..].iter().all(|tried| *tried > 100), "{tried:?}");
}

/// Every step of a share from nothing to all, for every bucket that is at an edge.
#[test]
fn one_treatment_takes_bucket_after_bucket() {
    let units: Vec<String> = (0..2_000).map(|unit| format!("u{unit}")).collect();
    let mut inside = vec![false; units.len()];
    for step in 0..=100 {
        let bytes = bytes(&model(fixed(&[step * 10_000, 0, 0]), &[]));
        let snapshot = Snapshot::open(&bytes).unwrap();
        for (unit, was) in units.iter().zip(&mut inside) {
            let is = variant(snapshot, unit, UnixMillis(0)) == 1;
            assert!(is || !*was, "{unit} left at {step} %");
            *was = is;
        }
    }
    assert!(inside.iter().all(|inside| *inside));
}

/// The stages of a plan give the same visitors as fixed shares, and later moments of its own time keep those of earlier
/// ones.
#[test]
fn planned_stages() {
    let mut random = Random::new(3);
    for _ in 0..PAIRS / 10 {
        let rng = random.rng();
        let treatments = rng.usize(1..=4);
        let mut at = 0;
        let mut stages: Vec<u32> = (0..rng.usize(1..=6)).map(|_| rng.u32(1..TOTAL)).collect();
        stages.sort_unstable();
        stages.dedup();
        let mut starts = Vec::new();
        let stages: Vec<Stage> = stages
            .into_iter()
            .map(|share| {
                let dwell = rng.i64(30_000..1_000_000);
                starts.push((at, share));
                at += dwell;
                Stage {
                    share: Weight(share),
                    dwell,
                }
            })
            .collect();
        starts.push((at, TOTAL));
        let planned = rng.usize(0..treatments);
        let share = |other| match other == planned {
            true => Share::Planned,
            false => Share::Fixed(Weight(0)),
        };
        let mut model = model((0..treatments).map(share).collect(), &[]);
        model.plans.push(Plan {
            flag: "f".to_owned(),
            variant: format!("v{}", planned + 1),
            id: "1".to_owned(),
            stages,
            straight: rng.bool(),
            calendar: Calendar::default(),
            goals: Vec::new(),
        });
        let plan = bytes(&model);
        let decide = |unit: &str, moment| {
            let snapshot = Snapshot::open(&plan).unwrap();
            let rollouts = [Progress::still(moment)];
            let unit = Unit(unit);
            let evaluator = Evaluator::new(snapshot, &unit, UnixMillis(7)).with_rollouts(&rollouts);
            let decision = evaluator.evaluate(snapshot.find("f").unwrap());
            decision.variant.unwrap().index.0
        };
        let units: Vec<String> = (0..UNITS).map(|_| format!("u{}", rng.u32(..))).collect();
        for (at, share) in starts {
            let shares = (0..treatments).map(|other| if other == planned { share } else { 0 });
            let fixed = allowed(&crate::growth::model(
                fixed(&shares.collect::<Vec<_>>()),
                &[],
            ));
            let fixed = fixed.unwrap();
            for unit in &units {
                let expected = variant(Snapshot::open(&fixed).unwrap(), unit, UnixMillis(7));
                assert_eq!(decide(unit, at), expected, "{unit} at {at}: {model:#?}");
            }
        }
        let mut moments: Vec<i64> = (0..20).map(|_| rng.i64(-2..=at)).collect();
        moments.sort_unstable();
        for unit in &units {
            let mut was = 0;
            for moment in &moments {
                let is = decide(unit, *moment);
                assert!(was == 0 || was == is, "{unit} at {moment}: {model:#?}");
                was = is;
            }
            assert_eq!(decide(unit, -1), 0);
        }
    }
}

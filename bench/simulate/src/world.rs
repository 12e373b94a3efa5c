//! What visitors of a rollout meet: counts of a stratum, drawn from probabilities.

use crate::random::Random;
use flagstone_rollout::{Arm, Counts, Histogram, PerArm, Report, ReportId, interval, latency};

/// What happens to the requests of one arm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Behaviour {
    /// The part that fails hard.
    pub hard: f64,
    /// The part that fails softly.
    pub soft: f64,
    /// The part of exposed units that reach the goal.
    pub goal: f64,
}

impl Behaviour {
    /// Healthy, where `hard` fail.
    pub const fn healthy(hard: f64) -> Self {
        Self {
            hard,
            soft: 0.01,
            goal: 0.03,
        }
    }
}

/// So many requests are the first of a unit.
pub const FIRST: f64 = 0.1;

/// The counts of an arm; latencies follow `shape`, if there is one.
fn counts(
    random: &mut Random,
    fetches: u64,
    behaviour: &Behaviour,
    shape: Option<&Shape>,
) -> Counts {
    let hard = random.binomial(fetches, behaviour.hard);
    let units = random.binomial(fetches, FIRST);
    let mut counts = Counts {
        fetches,
        hard_requests: hard,
        hard,
        soft: random.binomial(fetches - hard, behaviour.soft),
        goal_exposed: units,
        first_exposures: units,
        ..Counts::default()
    };
    let [first, ..] = &mut counts.goal_hits;
    *first = random.binomial(units, behaviour.goal);
    if let Some(shape) = shape {
        counts.latency = shape.draw(random, fetches - hard);
    }
    counts
}

/// The report of `requests` at a share.
pub struct Traffic<'a> {
    /// The stage.
    pub stage: u8,
    /// Requests of both arms.
    pub requests: u64,
    /// The canary's share.
    pub share: f64,
    /// How each arm behaves.
    pub behaviours: PerArm<Behaviour>,
    /// How long answers take.
    pub shapes: Option<PerArm<&'a Shape>>,
}

impl Traffic<'_> {
    /// The report of the interval of a moment.
    pub fn report(&self, random: &mut Random, at_ms: i64) -> Report {
        let canary = random.binomial(self.requests, self.share);
        let mut arm = |arm: Arm, fetches| {
            let shape = self.shapes.as_ref().map(|shapes| *shapes.of(arm));
            counts(random, fetches, self.behaviours.of(arm), shape)
        };
        Report {
            rollout: 1,
            stage: self.stage,
            interval: interval(at_ms),
            arms: PerArm {
                control: arm(Arm::Control, self.requests - canary),
                canary: arm(Arm::Canary, canary),
            },
            ..Report::default()
        }
    }
}

/// The id of the only instance's reports.
pub const fn id(sequence: u32) -> ReportId {
    ReportId {
        instance: 1,
        sequence,
    }
}

/// How latencies are spread over the buckets.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Bucket, and the part of the samples in it or later ones that is in it.
    parts: Vec<(usize, f64)>,
}

impl Shape {
    /// Log-normal around 120 ms, times `factor`, of which a part is 2 seconds later.
    pub fn new(factor: f64, late: f64) -> Self {
        const SAMPLES: u32 = 400_000;
        let mut random = Random::new(120);
        let mut all = Histogram::new();
        for _ in 0..SAMPLES {
            let delay = if random.chance(late) { 2_000.0 } else { 0.0 };
            let ms = 120.0 * factor * (0.5 * random.normal()).exp() + delay;
            all.add(latency::bucket(ms as u32), 1);
        }
        let mut left = f64::from(SAMPLES);
        let mut parts = Vec::new();
        for (bucket, count) in all.counts().iter().enumerate().filter(|(_, n)| **n > 0) {
            parts.push((bucket, f64::from(*count) / left));
            left -= f64::from(*count);
        }
        Self { parts }
    }

    fn draw(&self, random: &mut Random, mut samples: u64) -> Histogram {
        let mut histogram = Histogram::new();
        for (bucket, part) in &self.parts {
            if samples == 0 {
                break;
            }
            let here = random.binomial(samples, *part);
            histogram.add(*bucket, here as u32);
            samples -= here;
        }
        histogram
    }
}

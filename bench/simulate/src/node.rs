//! The node: false trips, quick trips, and a fleet whose canary breaks at once.

use crate::random::Random;
use crate::table::Bound::{AtLeast, AtMost, Within};
use crate::table::Row;
use flagstone_rollout::breaker::evidence::Evidence;
use flagstone_rollout::guard::slowness::Baseline;
use flagstone_rollout::guard::{Guard, Plan, Verdict, Watch};
use flagstone_rollout::{
    Arm, Breaker, BreakerOptions, Circumstances, Failover, Fetch, Ladder, Node, Order, Outcome,
    PerArm, Seen, Serve, Share, Told, UnitHash,
};

const OPTIONS: BreakerOptions = BreakerOptions::DEFAULT;
/// Between two requests of a node, in milliseconds: 50 a second.
const PACE_MS: i64 = 20;

fn share(share: f64) -> Share {
    Share::new(share).expect("above 0, below 1")
}

/// Failure probabilities of a breaker's requests.
#[derive(Clone, Copy)]
struct Rates {
    control: f64,
    canary: f64,
}

/// After how many canary requests a new breaker trips, if it does within so many requests, each of another unit.
fn trips(random: &mut Random, planned: f64, rates: Rates, requests: u64) -> Option<u64> {
    let q = planned;
    let share = share(planned);
    let failing = q * rates.canary + (1.0 - q) * rates.control;
    let canary_if_good = q * (1.0 - rates.canary) / (1.0 - failing);
    let canary_if_bad = q * rates.canary / failing;
    let mut breaker = Breaker::new(0);
    let (mut at, mut canary) = (0, 0);
    loop {
        // Successes change nothing but counters, which take many at once.
        let good = random.gap(failing);
        if at + good >= requests {
            return None;
        }
        let of_canary = random.binomial(good, canary_if_good);
        breaker.expose(PerArm {
            control: (good - of_canary) as u32,
            canary: of_canary as u32,
        });
        canary += of_canary;
        at += good + 1;
        let arm = if random.chance(canary_if_bad) {
            canary += 1;
            Arm::Canary
        } else {
            Arm::Control
        };
        let now_ms = at as i64 * PACE_MS;
        if breaker.observe(arm, Seen::Event, share, now_ms, 0, &OPTIONS) {
            return Some(canary);
        }
    }
}

/// T1: a healthy node, a million requests.
pub fn healthy(runs: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for base in [0.0001, 0.001, 0.01, 0.05] {
        for q in [0.01, 0.05, 0.5] {
            let mut random = Random::new(1);
            let rates = Rates {
                control: base,
                canary: base,
            };
            let hits = (0..runs)
                .filter(|_| trips(&mut random, q, rates, 1_000_000).is_some())
                .count();
            let what = format!(
                "node, healthy, a million requests: trips; failures {} %, share {} %",
                100.0 * base,
                100.0 * q
            );
            rows.push(Row::part("T1", what, hits, runs, AtMost(0.0066)));
        }
    }
    rows
}

/// T2: a node that has seen traffic, and a canary that fails always.
pub fn hard_down() -> Vec<Row> {
    let cases = [
        (0.01, 2.0),
        (0.05, 3.0),
        (0.1, 4.0),
        (0.25, 6.0),
        (0.5, 11.0),
    ];
    let of_case = |(q, expected): (f64, f64)| {
        let mut breaker = Breaker::new(0);
        let canary = 20_000.0 * q;
        breaker.expose(PerArm {
            control: 20_000 - canary as u32 + 50,
            canary: canary as u32,
        });
        let failures = (1..100)
            .find(|_| breaker.observe(Arm::Canary, Seen::Event, share(q), 0, 0, &OPTIONS))
            .unwrap_or(100);
        let what = format!(
            "node, canary down: failures until it trips; share {} %",
            100.0 * q
        );
        let found = [f64::from(failures)];
        Row::mean("T2", what, &found, "", Within(expected, expected))
    };
    cases.map(of_case).to_vec()
}

/// T6: a new node that sees harm.
pub fn harm(runs: usize) -> Vec<Row> {
    let cases = [
        ("× 5", 0.005, 2_500.0),
        ("× 10", 0.01, 800.0),
        ("+ 5 pp", 0.051, 90.0),
    ];
    let of_case = |(name, canary, most): (&str, f64, f64)| {
        let mut random = Random::new(6);
        let rates = Rates {
            control: 0.001,
            canary,
        };
        let mut requests: Vec<f64> = (0..runs)
            .map(|_| trips(&mut random, 0.05, rates, u64::MAX / 2).unwrap_or(u64::MAX) as f64)
            .collect();
        let what = format!("node, failures {name} of 0.1 %, share 5 %: canary requests, median");
        Row::quantile("T6", what, &mut requests, 0.5, "", AtMost(most))
    };
    cases.map(of_case).to_vec()
}

/// Visitors that keep their arm.
struct Visitors {
    arms: Vec<Arm>,
    hashes: Vec<UnitHash>,
}

impl Visitors {
    const COUNT: usize = 5_000;
    /// Requests of a run: 40 a visitor.
    const REQUESTS: i64 = 200_000;

    fn new(random: &mut Random, q: f64) -> Self {
        let arm = |canary| if canary { Arm::Canary } else { Arm::Control };
        Self {
            arms: (0..Self::COUNT).map(|_| arm(random.chance(q))).collect(),
            hashes: (0..Self::COUNT)
                .map(|_| UnitHash(random.bits() as u32))
                .collect(),
        }
    }

    /// Whether a node trips, where `fails` says what a request of a visitor meets: nothing if it does not reach an origin.
    fn trip(
        &self,
        random: &mut Random,
        q: f64,
        filtered: bool,
        mut fails: impl FnMut(&mut Random, usize, Arm, i64) -> Option<bool>,
    ) -> bool {
        let mut node = Node::new(1, 1, 0, share(q), 0, 0);
        for request in 0..Self::REQUESTS {
            let visitor = random.below(Self::COUNT);
            let (Some(arm), Some(hash)) = (self.arms.get(visitor), self.hashes.get(visitor)) else {
                continue;
            };
            let Some(failed) = fails(random, visitor, *arm, request * PACE_MS) else {
                continue;
            };
            let fetch = Fetch {
                stage: 0,
                arm: *arm,
                circumstances: Circumstances::DRAWN,
                outcome: Outcome::Status(if failed { 503 } else { 200 }),
                failover: Failover::None,
                unit: filtered.then_some(*hash),
                latency_ms: 50,
                first_exposure: false,
            };
            if node.tell(&fetch, request * PACE_MS, 0, &OPTIONS) == Told::Tripped {
                return true;
            }
        }
        false
    }
}

/// T3: both variants fail together, for a while.
pub fn shared_incidents(runs: usize) -> Vec<Row> {
    let of_share = |q: f64| {
        let mut random = Random::new(3);
        let hits = (0..runs)
            .filter(|_| {
                let visitors = Visitors::new(&mut random, q);
                let incidents = incidents(&mut random);
                visitors.trip(&mut random, q, true, |random, _, _, now_ms| {
                    let now = incidents
                        .iter()
                        .find(|(from, to, _)| (*from..*to).contains(&now_ms));
                    Some(random.chance(now.map_or(0.001, |(_, _, probability)| *probability)))
                })
            })
            .count();
        let what = format!(
            "node, brownouts and outages of both: trips; share {} %",
            100.0 * q
        );
        Row::part("T3", what, hits, runs, AtMost(0.003))
    };
    [0.01, 0.05, 0.5].map(of_share).to_vec()
}

/// When both variants fail, and with what probability: every third time all requests.
fn incidents(random: &mut Random) -> Vec<(i64, i64, f64)> {
    let mut incidents = Vec::new();
    let mut at = random.wait(400_000.0);
    while at < (Visitors::REQUESTS * PACE_MS) as f64 {
        let end = at + 20_000.0 + 100_000.0 * random.unit();
        let probability = match random.below(3) {
            0 => 1.0,
            _ => 0.05 + 0.45 * random.unit(),
        };
        incidents.push((at as i64, end as i64, probability));
        at = end + random.wait(400_000.0);
    }
    incidents
}

/// T4: a few visitors fail again and again, whichever arm they are in.
pub fn unlucky_visitors(runs: usize) -> Vec<Row> {
    const UNLUCKY: usize = Visitors::COUNT / 200;
    let mut rows = Vec::new();
    for (filtered, runs, bound) in [
        (true, runs, AtMost(0.004)),
        (false, runs / 4, AtLeast(0.03)),
    ] {
        for q in [0.01, 0.05, 0.5] {
            let mut random = Random::new(4);
            let hits = (0..runs)
                .filter(|_| {
                    let visitors = Visitors::new(&mut random, q);
                    visitors.trip(&mut random, q, filtered, |random, visitor, _, _| {
                        Some(random.chance(if visitor < UNLUCKY { 0.5 } else { 0.001 }))
                    })
                })
                .count();
            let filter = if filtered {
                ""
            } else {
                ", without the unit filter"
            };
            let what = format!(
                "node, 0.5 % of visitors fail half of their requests: trips; share {} %{filter}",
                100.0 * q
            );
            rows.push(Row::part("T4", what, hits, runs, bound));
        }
    }
    rows
}

/// T5: control is answered from the cache, the canary is not yet.
pub fn cold_cache(runs: usize) -> Vec<Row> {
    const FAILS: f64 = 0.01;
    const HITS: f64 = 0.95;
    let mut rows = Vec::new();
    for q in [0.01, 0.05, 0.25] {
        let mut random = Random::new(5);
        let hits = (0..runs)
            .filter(|_| {
                let visitors = Visitors::new(&mut random, q);
                visitors.trip(&mut random, q, true, |random, _, arm, _| {
                    let cached = arm == Arm::Control && random.chance(HITS);
                    (!cached).then(|| random.chance(FAILS))
                })
            })
            .count();
        let what = format!("node, canary's cache cold: trips; share {} %", 100.0 * q);
        rows.push(Row::part("T5", what, hits, runs, AtMost(0.004)));
    }
    for q in [0.01, 0.05, 0.25] {
        let mut random = Random::new(5);
        // At the origin the canary's part is larger than planned.
        let canary = q / (q + (1.0 - q) * (1.0 - HITS));
        let events = Visitors::REQUESTS as f64 * (q + (1.0 - q) * (1.0 - HITS)) * FAILS;
        let hits = (0..runs)
            .filter(|_| {
                let mut evidence = Evidence::START;
                (0..events as usize).any(|_| {
                    let arm = if random.chance(canary) {
                        Arm::Canary
                    } else {
                        Arm::Control
                    };
                    evidence.event(arm, q, 0.0);
                    evidence.total() >= 1.0 / OPTIONS.alpha
                })
            })
            .count();
        let what = format!(
            "the same, judged by the planned share alone; share {} %",
            100.0 * q
        );
        rows.push(Row::part("T5", what, hits, runs, AtLeast(0.5)));
    }
    rows
}

/// T20: a thousand isolates of ten requests a second, half of them canary, which breaks for all; the rollback takes a
/// minute to reach them.
pub fn fleet(runs: usize) -> Vec<Row> {
    let mut random = Random::new(20);
    let (mut alone, mut raw, mut visible) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        alone.push(Fleet::run(&mut random, false).raw);
        let with = Fleet::run(&mut random, true);
        raw.push(with.raw);
        visible.push(with.visible);
    }
    let mean = |samples: &[f64]| samples.iter().sum::<f64>() / samples.len() as f64;
    let fewer: Vec<f64> = raw.iter().map(|raw| mean(&alone) / raw).collect();
    let seen: Vec<f64> = visible
        .iter()
        .map(|seen| 100.0 * seen / mean(&alone))
        .collect();
    vec![
        Row::mean(
            "T20",
            "fleet of 1,000 isolates, canary down at 50 %, rollback after 60 s: times fewer failures with breakers",
            &fewer,
            "",
            AtLeast(10.0),
        ),
        Row::mean(
            "T20",
            "the same, nine in ten requests repeatable: of the failures without breakers visitors see, per cent",
            &seen,
            "",
            AtMost(1.0),
        ),
    ]
}

/// What a fleet answered after its canary broke.
struct Fleet {
    /// Failed canary responses.
    raw: f64,
    /// Those that a visitor saw.
    visible: f64,
}

impl Fleet {
    const ISOLATES: u64 = 1_000;
    const PUSH_MS: i64 = 60_000;
    const BREAKS_MS: i64 = 60_000;

    fn run(random: &mut Random, breakers: bool) -> Self {
        let half = share(0.5);
        let mut nodes: Vec<Node> = (0..Self::ISOLATES)
            .map(|id| Node::new(1, id, 0, half, 0, random.bits() as u16))
            .collect();
        let ladder = Ladder::new(&[0.5]).expect("a ladder");
        let watch = Watch {
            latency: false,
            ..Watch::DEFAULT
        };
        let mut guard = Guard::new(1, Plan::new(ladder, watch), Baseline::EMPTY, 0);
        let mut stops_ms = i64::MAX;
        let mut fleet = Self {
            raw: 0.0,
            visible: 0.0,
        };
        let mut now_ms = 0;
        while now_ms < stops_ms {
            for node in &mut nodes {
                // About ten requests a second each.
                for _ in 0..random.binomial(2, 0.5) {
                    fleet.request(random, node, now_ms, breakers);
                }
                if node.is_due(now_ms) {
                    while let Some((id, report)) = node.take_report(now_ms) {
                        guard.merge(id, &report, now_ms);
                    }
                }
            }
            if stops_ms == i64::MAX
                && now_ms % 1_000 == 0
                && guard.assess().verdict == Verdict::RollBack
            {
                stops_ms = now_ms + Self::PUSH_MS;
            }
            now_ms += 100;
        }
        fleet
    }

    fn request(&mut self, random: &mut Random, node: &mut Node, now_ms: i64, breakers: bool) {
        let unit = UnitHash(random.bits() as u32);
        let mut fetch = Fetch {
            stage: 0,
            arm: Arm::Control,
            circumstances: Circumstances::DRAWN,
            outcome: Outcome::Status(200),
            failover: Failover::None,
            unit: Some(unit),
            latency_ms: 50,
            first_exposure: true,
        };
        if random.chance(0.5) {
            let serve = node.serve(Order::Run, unit, now_ms);
            if breakers && serve == Serve::Control {
                return;
            }
            fetch.arm = Arm::Canary;
            if now_ms >= Self::BREAKS_MS {
                fetch.outcome = Outcome::Status(503);
                self.raw += 1.0;
                if breakers && random.chance(0.9) && node.may_fail_over(now_ms) {
                    fetch.failover = Failover::Saved;
                } else {
                    self.visible += 1.0;
                }
            }
        }
        node.tell(&fetch, now_ms, random.bits() as u16, &OPTIONS);
    }
}

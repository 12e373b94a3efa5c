//! What is advised, as data.

use flagstone_core::UnixMillis;
use flagstone_guard::{Arms, Status};
use flagstone_rollout::advance::{Rule, Stage, Traffic};
use flagstone_rollout::advise::{
    Arrivals, FIRST_SHARES, FirstShare, Outlook, Plan, Reach, TENTH, costs, first_share, growth,
};
use flagstone_rollout::bounds::bernoulli;
use flagstone_rollout::{Ladder, PerArm};
use serde::Serialize;
use std::io::{self, Write};

/// Unix milliseconds of a Monday 00:00 UTC, 1970-01-05.
const MONDAY_MS: i64 = 4 * 86_400_000;
const WEEK_MS: i64 = 7 * 86_400_000;

/// What is known.
pub struct Circumstances<'a> {
    pub flag: &'a str,
    pub rate: Option<f64>,
    pub week: Option<&'a [f64; 168]>,
    pub failures: Option<f64>,
    pub harm: Option<f64>,
    pub budget: Option<f64>,
    pub reaction_s: Option<f64>,
    pub visible: Option<f64>,
    pub ladder: Option<Ladder>,
    pub status: Option<&'a Status>,
    pub now: UnixMillis,
}

/// What is advised.
#[derive(Debug, Serialize)]
pub struct Advice {
    pub flag: String,
    /// Requests a second.
    pub rate: f64,
    /// The part of stable's requests that fail.
    pub failures: f64,
    /// The smallest harm that is detected, as a part of all requests.
    pub harm: f64,
    pub budget: f64,
    pub reaction_s: f64,
    pub visible: f64,
    /// With which share to begin; of a rollout that has begun there is none.
    pub first: Option<First>,
    /// Where the rollout is, if it has begun.
    pub now: Option<Now>,
    /// The stages that are still to come, the present one included.
    pub stages: Vec<StageAdvice>,
    /// Seconds until everybody has the canary.
    pub total_s: Spread,
}

/// With which share to begin.
#[derive(Debug, Serialize)]
pub struct First {
    /// The largest of which no harm costs more than the budget.
    pub share: Option<f64>,
    /// What the worst harm costs then, in visitors.
    pub worst: Option<f64>,
    /// If there is no such share: what would allow the smallest, each on its own.
    pub instead: Option<Instead>,
}

#[derive(Debug, Serialize)]
pub struct Instead {
    pub share: f64,
    pub budget: f64,
    pub reaction_s: Option<f64>,
    pub visible: Option<f64>,
}

/// A rollout that has begun.
#[derive(Debug, Serialize)]
pub struct Now {
    pub phase: String,
    pub reason: Option<String>,
    pub stage: u8,
    pub dwelt_s: f64,
    pub fetches: Arms,
    pub failures: Arms,
    /// Each variant's failure probability, within bounds that hold at all times together with 95 %.
    pub control: Bounds,
    pub canary: Bounds,
    /// The most that the canary can fail above stable.
    pub most_harm: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Bounds {
    pub low: f64,
    pub high: f64,
}

/// Ten, fifty and ninety of a hundred healthy rollouts take at most so long. `None` is over a year.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    pub p10: Option<f64>,
    pub p50: Option<f64>,
    pub p90: Option<f64>,
}

/// A stage.
#[derive(Debug, Serialize)]
pub struct StageAdvice {
    pub share: f64,
    /// Seconds in it.
    pub dwell_s: Spread,
    /// The expected cost of the worst harm that is possible when it begins, in visitors; for a rollout that has begun.
    pub at_risk: Option<f64>,
    /// How many visitors will have had the canary when the stage ends, for a rollout of which the reach is known.
    pub visitors: Option<Spread>,
    pub harms: Vec<HarmAdvice>,
}

/// What a harm would cost in a stage.
#[derive(Debug, Serialize)]
pub struct HarmAdvice {
    /// `x2`, `x5`, `x10`, `+1pp`, `all`.
    pub size: &'static str,
    /// The canary's failure probability above stable's.
    pub harm: f64,
    /// Visitors who see a failure before it has stopped everywhere.
    pub visitors: f64,
    /// Canary requests until it is detected.
    pub requests: f64,
    /// Minutes until it is detected.
    pub minutes: f64,
}

/// As [`costs`] orders them.
const SIZES: [&str; 5] = ["x2", "x5", "x10", "+1pp", "all"];

impl Advice {
    /// Computes.
    ///
    /// # Errors
    /// Where the status is of a rollout that is over, is not one, or has nothing to go by.
    pub fn new(of: &Circumstances<'_>) -> Result<Self, String> {
        if let Some(status) = of.status {
            if status.rate <= 0.0 && of.rate.is_none() && of.week.is_none() {
                return Err("no requests are reported; say --rate".to_owned());
            }
            if status.fetches.control <= 0.0 && of.failures.is_none() {
                let problem = "no request of stable's is counted in this stage; say --failures";
                return Err(problem.to_owned());
            }
        }
        let counted = of.status.map(counts);
        let base = of.failures.unwrap_or_else(|| {
            let stage = counted.unwrap_or_default();
            (stage.failures.control + 0.5) / (stage.fetches.control + 1.0)
        });
        let arrivals = arrivals(of);
        let traffic = Traffic {
            rate: arrivals.rate(0.0),
            reaction_s: of
                .reaction_s
                .or(of.status.map(|status| status.reaction_s))
                .unwrap_or(Traffic::DEFAULT.reaction_s),
            visible: of
                .visible
                .or(of.status.map(|status| status.visible))
                .unwrap_or(1.0),
            budget: of
                .budget
                .or(of.status.map(|status| status.budget))
                .unwrap_or(Traffic::DEFAULT.budget),
        };
        let rule = match of.harm {
            Some(harm) => Rule {
                accepted: harm,
                accepted_part: 0.0,
                ..Rule::PLAN
            },
            None => Rule::PLAN,
        };
        let first = first_share(&rule, &traffic, base, &FIRST_SHARES);
        let ladder = match of.status {
            Some(status) => Ladder::new(&status.shares).map_err(|error| error.to_string())?,
            None => of.ladder.unwrap_or_else(|| ladder(&first)),
        };
        let outlook = |luck| Outlook {
            arrivals,
            traffic,
            base,
            luck,
        };
        let now = of.status.map(now).transpose()?;
        let stage = now.as_ref().map_or(0, |now| usize::from(now.stage));
        let dwelt_s = now.as_ref().map_or(0.0, |now| now.dwelt_s);
        let counted = counted.unwrap_or_default();
        let plans = [-TENTH, 0.0, TENTH]
            .map(|luck| outlook(luck).rest(&rule, &ladder, stage, &counted, dwelt_s));
        let reach = of.status.and_then(Growth::of);
        let mut until_s = [Some(0.0); 3];
        let mut stages = Vec::new();
        for (index, share) in ladder.shares().iter().enumerate().skip(stage) {
            let dwell_s = Spread::of(plans, |plan| plan.dwell_s().get(index).copied().flatten());
            for (until_s, dwell_s) in
                until_s
                    .iter_mut()
                    .zip([dwell_s.p10, dwell_s.p50, dwell_s.p90])
            {
                *until_s = until_s
                    .zip(dwell_s)
                    .map(|(until_s, dwell_s)| until_s + dwell_s);
            }
            let visitors = reach.as_ref().map(|reach| {
                let [p10, p50, p90] = until_s.map(|until_s| {
                    until_s.map(|until_s| reach.affected(share.as_f64(), dwelt_s + until_s))
                });
                Spread { p10, p50, p90 }
            });
            let most = now.as_ref().map(|now| now.most_harm);
            let costs = costs(&rule, &traffic, base, *share);
            let harms = SIZES.into_iter().zip(costs).map(|(size, cost)| HarmAdvice {
                size,
                harm: cost.harm,
                visitors: cost.visible,
                requests: cost.requests,
                minutes: cost.minutes,
            });
            stages.push(StageAdvice {
                share: share.as_f64(),
                dwell_s,
                at_risk: most.map(|most| rule.worst_cost(&traffic, base, most, share.as_f64())),
                visitors,
                harms: harms.collect(),
            });
        }
        Ok(Self {
            flag: of.flag.to_owned(),
            rate: traffic.rate,
            failures: base,
            harm: rule.accepted_harm(base),
            budget: traffic.budget,
            reaction_s: traffic.reaction_s,
            visible: traffic.visible,
            first: now.is_none().then(|| First::of(&first)),
            now,
            stages,
            total_s: Spread::of(plans, |plan| plan.total_s()),
        })
    }

    /// As JSON, on several lines.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let json = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        writeln!(out, "{json}")
    }
}

fn arrivals<'a>(of: &Circumstances<'a>) -> Arrivals<'a> {
    match (of.week, of.status) {
        (Some(rates), _) => Arrivals::Weekly {
            rates,
            start_s: (of.now.0 - MONDAY_MS).rem_euclid(WEEK_MS) as f64 / 1000.0,
        },
        (None, status) => {
            let counted = status.map_or(0.0, |status| status.rate);
            Arrivals::Steady(of.rate.unwrap_or(counted))
        }
    }
}

/// The first share advised, then the larger ones of the usual ladder.
fn ladder(first: &FirstShare) -> Ladder {
    let share = match first {
        FirstShare::Share { share, .. } => *share,
        FirstShare::None { .. } => FIRST_SHARES.first().copied().unwrap_or(0.001),
    };
    let usual = Ladder::DEFAULT;
    let later = usual.shares().iter().map(|share| share.as_f64());
    let shares: Vec<f64> = [share]
        .into_iter()
        .chain(later.filter(|later| *later > share))
        .collect();
    Ladder::new(&shares).unwrap_or(usual)
}

fn counts(status: &Status) -> Stage {
    let arms = |arms: Arms| PerArm {
        control: arms.control,
        canary: arms.canary,
    };
    Stage {
        fetches: arms(status.fetches),
        failures: arms(status.failures),
    }
}

fn now(status: &Status) -> Result<Now, String> {
    if !["pending", "running", "held"].contains(&status.phase.as_str()) {
        return Err(format!("the rollout is over: {}", status.phase));
    }
    if usize::from(status.stage) >= status.shares.len() {
        return Err(format!("there is no stage {}", status.stage));
    }
    let bounds = |failures, fetches| {
        let bounds = bernoulli(failures, fetches, Rule::DEFAULT.level);
        Bounds {
            low: bounds.low,
            high: bounds.high,
        }
    };
    let control = bounds(status.failures.control, status.fetches.control);
    let canary = bounds(status.failures.canary, status.fetches.canary);
    Ok(Now {
        phase: status.phase.clone(),
        reason: status.reason.clone(),
        stage: status.stage,
        dwelt_s: (status.at_ms.saturating_sub(status.stage_since_ms)).max(0) as f64 / 1000.0,
        fetches: status.fetches,
        failures: status.failures,
        control,
        canary,
        most_harm: (canary.high - control.low).max(0.0),
    })
}

impl First {
    fn of(first: &FirstShare) -> Self {
        match *first {
            FirstShare::Share { share, worst_cost } => Self {
                share: Some(share),
                worst: Some(worst_cost),
                instead: None,
            },
            FirstShare::None {
                budget,
                reaction_s,
                visible,
            } => Self {
                share: None,
                worst: None,
                instead: Some(Instead {
                    share: FIRST_SHARES.first().copied().unwrap_or(0.001),
                    budget,
                    reaction_s,
                    visible,
                }),
            },
        }
    }
}

impl Spread {
    fn of(plans: [Plan; 3], value: impl Fn(&Plan) -> Option<f64>) -> Self {
        let [p10, p50, p90] = plans.map(|plan| value(&plan));
        Self { p10, p50, p90 }
    }
}

/// How visitors become more.
struct Growth {
    last: Reach,
    power: f64,
}

impl Growth {
    fn of(status: &Status) -> Option<Self> {
        let points: Vec<Reach> = status
            .reach
            .iter()
            .map(|point| Reach {
                at_s: point.at_s,
                units: point.units,
            })
            .collect();
        let last = points.last().copied()?;
        (last.at_s > 0.0).then(|| Self {
            last,
            power: growth(&points),
        })
    }

    fn affected(&self, share: f64, at_s: f64) -> f64 {
        self.last
            .affected(share, at_s.max(self.last.at_s), self.power)
    }
}

//! What to tell the people who run a rollout: where to begin, how long it takes, what a mistake would cost.

use crate::advance::{LEAST_VISIBLE, Prospect, Rule, Stage, Traffic};
use crate::number::{ln, power};
use crate::report::INTERVAL_MS;
use crate::{Ladder, PerArm, Share};

/// The shares that may be the first.
pub const FIRST_SHARES: [f64; 8] = [0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5];
/// The shortest time in a stage, in seconds.
pub const SHORTEST_DWELL_S: f64 = 30.0;
/// Times that are longer are not searched for: a year, in seconds.
const LONGEST_S: f64 = 365.0 * 86_400.0;
const STEP_S: f64 = INTERVAL_MS as f64 / 1000.0;

/// With which share to begin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FirstShare {
    /// The largest at which no harm is expected to cost more than the budget.
    Share {
        /// The share.
        share: f64,
        /// The expected cost of the worst harm.
        worst_cost: f64,
    },
    /// There is none; any one of these changes would allow the smallest.
    None {
        /// The budget that it takes.
        budget: f64,
        /// The reaction time that it takes, in seconds; `None` if the budget does not even suffice without delay.
        reaction_s: Option<f64>,
        /// The visible fraction that it takes, which failover may bring; `None` if that is below 0.02.
        visible: Option<f64>,
    },
}

/// The largest of ascending shares with which a rollout may begin, where nothing is known of the canary and control
/// fails with probability `base`.
///
/// ```
/// use flagstone_rollout::advance::{Rule, Traffic};
/// use flagstone_rollout::advise::{FIRST_SHARES, FirstShare, first_share};
///
/// let traffic = Traffic { rate: 1000.0, ..Traffic::DEFAULT };
/// let first = first_share(&Rule::PLAN, &traffic, 0.001, &FIRST_SHARES);
/// assert!(matches!(first, FirstShare::Share { share: 0.005, .. }));
/// ```
pub fn first_share(rule: &Rule, traffic: &Traffic, base: f64, shares: &[f64]) -> FirstShare {
    let worst = |traffic: &Traffic, share| rule.worst_cost(traffic, base, 1.0 - base, share);
    for share in shares.iter().rev() {
        let worst_cost = worst(traffic, *share);
        if worst_cost <= traffic.budget {
            return FirstShare::Share {
                share: *share,
                worst_cost,
            };
        }
    }
    let smallest = shares.first().copied().unwrap_or(1.0);
    let budget = worst(traffic, smallest);
    let visible = traffic.visible * traffic.budget / budget;
    FirstShare::None {
        budget,
        reaction_s: longest_reaction(traffic, |traffic| worst(traffic, smallest)),
        visible: (visible >= LEAST_VISIBLE).then_some(visible),
    }
}

/// The longest reaction time for which the cost is within the budget; the cost grows with it.
fn longest_reaction(traffic: &Traffic, cost: impl Fn(&Traffic) -> f64) -> Option<f64> {
    let within = |reaction_s| {
        let traffic = Traffic {
            reaction_s,
            ..*traffic
        };
        cost(&traffic) <= traffic.budget
    };
    if !within(0.0) {
        return None;
    }
    let (mut low, mut high) = (0.0, traffic.reaction_s);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if within(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(low)
}

/// The largest share of the ladder above the present stage's that the counts of this stage allow, and what it may bring.
/// `None` where they allow none yet.
///
/// A rollout takes one stage at a time whatever this says.
pub fn next_share(
    rule: &Rule,
    traffic: &Traffic,
    counts: &Stage,
    ladder: &Ladder,
    stage: usize,
) -> Option<(Share, Prospect)> {
    let later = ladder.shares().iter().skip(stage + 1).rev();
    later
        .map(|share| (*share, rule.judge(traffic, counts, *share)))
        .find(|(_, prospect)| prospect.advance)
}

/// How requests arrive.
#[derive(Clone, Copy, Debug)]
pub enum Arrivals<'a> {
    /// So many randomised requests a second.
    Steady(f64),
    /// So many a second in each hour of the week.
    Weekly {
        /// From the week's first hour.
        rates: &'a [f64; 168],
        /// Where in the week time 0 is, in seconds.
        start_s: f64,
    },
}

impl Arrivals<'_> {
    const WEEK_S: f64 = 604_800.0;

    /// Requests a second at a time, in seconds.
    pub fn rate(&self, at_s: f64) -> f64 {
        match self {
            Self::Steady(rate) => *rate,
            Self::Weekly { rates, start_s } => {
                let hour = (start_s + at_s).rem_euclid(Self::WEEK_S) / 3600.0;
                rates.get(hour as usize).copied().unwrap_or(0.0)
            }
        }
    }

    /// Requests from one time to a later one, in seconds. Cost: of a profile, 336 steps at most.
    pub fn requests(&self, from_s: f64, to_s: f64) -> f64 {
        let span = to_s - from_s;
        if span.is_nan() || span <= 0.0 {
            return 0.0;
        }
        match self {
            Self::Steady(rate) => rate * span,
            Self::Weekly { rates, .. } => {
                let weeks = (span / Self::WEEK_S).floor();
                let whole = weeks * 3600.0 * rates.iter().sum::<f64>();
                whole + self.hours(from_s + weeks * Self::WEEK_S, to_s)
            }
        }
    }

    /// As [`requests`](Self::requests), hour by hour.
    fn hours(&self, from_s: f64, to_s: f64) -> f64 {
        let offset = match self {
            Self::Steady(_) => 0.0,
            Self::Weekly { start_s, .. } => *start_s,
        };
        let mut at = from_s;
        let mut sum = 0.0;
        for _ in 0..170 {
            if at >= to_s {
                break;
            }
            let hour = ((offset + at) / 3600.0).floor();
            let end = ((hour + 1.0) * 3600.0 - offset).min(to_s).max(at);
            // The middle is safely in the hour.
            sum += self.rate(0.5 * (at + end)) * (end - at);
            at = end;
        }
        sum
    }
}

/// How the counts of a stage are expected to go on.
#[derive(Clone, Copy, Debug)]
pub struct Outlook<'a> {
    /// Requests; `rate` of the traffic is not used.
    pub arrivals: Arrivals<'a>,
    /// The other circumstances.
    pub traffic: Traffic,
    /// Control's failure probability, and the canary's, which is assumed to be no worse.
    pub base: f64,
    /// By how many standard deviations more the canary fails by chance: 0 for the middle, ±[`TENTH`] for the 90th and
    /// 10th percentile of the time.
    pub luck: f64,
}

/// Below this many standard deviations above the mean nine in ten lie.
pub const TENTH: f64 = 1.2816;

impl Outlook<'_> {
    /// The least time, a multiple of ten seconds, after which the next share will be allowed: from the counts so far,
    /// beginning at `from_s`. At least `shortest_s`; `None` if that takes longer than a year.
    pub fn time_until(
        &self,
        rule: &Rule,
        counts: &Stage,
        share: Share,
        next: Share,
        from_s: f64,
        shortest_s: f64,
    ) -> Option<f64> {
        let passes = |steps: f64| {
            let at_s = from_s + steps * STEP_S;
            let traffic = Traffic {
                rate: self.arrivals.rate(at_s),
                ..self.traffic
            };
            let counts = self.expected(counts, share, self.arrivals.requests(from_s, at_s));
            rule.judge(&traffic, &counts, next).advance
        };
        let mut low = (shortest_s / STEP_S).ceil().max(0.0);
        if passes(low) {
            return Some(low * STEP_S);
        }
        let mut high = low.max(1.0) * 2.0;
        while !passes(high) {
            low = high;
            high *= 2.0;
            if high * STEP_S > LONGEST_S {
                return None;
            }
        }
        while high - low > 1.5 {
            let middle = ((low + high) * 0.5).floor();
            if passes(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Some(high * STEP_S)
    }

    /// Counts after so many more requests.
    fn expected(&self, counts: &Stage, share: Share, requests: f64) -> Stage {
        let q = share.as_f64();
        let (canary, control) = (q * requests, (1.0 - q) * requests);
        let failures = canary * self.base;
        let chance = self.luck * (failures / (1.0 - q)).sqrt();
        Stage {
            fetches: PerArm {
                control: counts.fetches.control + control,
                canary: counts.fetches.canary + canary,
            },
            failures: PerArm {
                control: counts.failures.control + control * self.base,
                canary: counts.failures.canary + (failures + chance).max(0.0),
            },
        }
    }

    /// How long each stage will take, in seconds, if the rollout begins now; the last one takes the shortest time.
    /// `None` from the first stage on that takes longer than a year.
    ///
    /// ```
    /// use flagstone_rollout::Ladder;
    /// use flagstone_rollout::advance::{Rule, Traffic};
    /// use flagstone_rollout::advise::{Arrivals, Outlook};
    ///
    /// let outlook = Outlook {
    ///     arrivals: Arrivals::Steady(1000.0),
    ///     traffic: Traffic::DEFAULT,
    ///     base: 0.001,
    ///     luck: 0.0,
    /// };
    /// let plan = outlook.plan(&Rule::PLAN, &Ladder::DEFAULT);
    /// assert_eq!(plan.total_s(), Some(280.0));
    /// ```
    pub fn plan(&self, rule: &Rule, ladder: &Ladder) -> Plan {
        self.rest(rule, ladder, 0, &Stage::default(), 0.0)
    }

    /// As [`plan`](Self::plan), of a rollout that has been in a stage for `dwelt_s` seconds and counted so much there: how
    /// much longer each stage takes. Stages that lie behind take no time.
    pub fn rest(
        &self,
        rule: &Rule,
        ladder: &Ladder,
        stage: usize,
        counts: &Stage,
        dwelt_s: f64,
    ) -> Plan {
        let mut plan = Plan {
            dwell_s: [None; Ladder::MAX],
            stages: ladder.len(),
        };
        let mut from_s = 0.0;
        for (index, (slot, share)) in plan.dwell_s.iter_mut().zip(ladder.shares()).enumerate() {
            let (counts, shortest_s) = if index == stage {
                (*counts, (SHORTEST_DWELL_S - dwelt_s).max(0.0))
            } else {
                (Stage::default(), SHORTEST_DWELL_S)
            };
            *slot = match ladder.share(index + 1) {
                _ if index < stage => Some(0.0),
                Some(next) => self.time_until(rule, &counts, *share, next, from_s, shortest_s),
                None => Some(shortest_s),
            };
            match slot {
                Some(dwell_s) => from_s += *dwell_s,
                None => break,
            }
        }
        plan
    }
}

/// How long a rollout takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    dwell_s: [Option<f64>; Ladder::MAX],
    stages: usize,
}

impl Plan {
    /// The time in each stage, in seconds; `None` where it is longer than a year, and after that.
    pub fn dwell_s(&self) -> &[Option<f64>] {
        self.dwell_s.get(..self.stages).unwrap_or_default()
    }

    /// The time until everybody has the canary, in seconds.
    pub fn total_s(&self) -> Option<f64> {
        self.dwell_s().iter().copied().sum()
    }
}

/// What a harm would cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// The canary's failure probability above control's.
    pub harm: f64,
    /// Excess failures before the detection, whether visible or not.
    pub failures: f64,
    /// Canary requests before the detection.
    pub requests: f64,
    /// Minutes before the detection.
    pub minutes: f64,
    /// Visible failures until it ends, the reaction time included.
    pub visible: f64,
}

/// What it would cost at a share if failures doubled, were five or ten times as many, rose by a percentage point, or if
/// everything failed; where control fails with probability `base`.
pub fn costs(rule: &Rule, traffic: &Traffic, base: f64, share: Share) -> [Cost; 5] {
    let share = share.as_f64();
    [base, 4.0 * base, 9.0 * base, 0.01, 1.0 - base].map(|harm| {
        let harm = harm.min(1.0 - base);
        let failures = rule.excess_failures(base, harm, share);
        let requests = failures / harm;
        Cost {
            harm,
            failures,
            requests,
            minutes: requests / (traffic.rate * share * 60.0),
            visible: rule.expected_cost(traffic, base, harm, share),
        }
    })
}

/// How many units there were at some time since the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// Seconds since the start.
    pub at_s: f64,
    /// Distinct eligible units of both arms until then.
    pub units: f64,
}

impl Reach {
    /// How many units have had the canary until `at_s` at a share: the units so far, growing as a power of the time.
    /// Units of earlier stages are among them, since growing a share moves nobody who is in.
    ///
    /// ```
    /// use flagstone_rollout::advise::Reach;
    ///
    /// let reach = Reach { at_s: 600.0, units: 12_000.0 };
    /// assert_eq!(reach.affected(0.05, 3600.0, 0.8).round(), 2516.0);
    /// ```
    pub fn affected(&self, share: f64, at_s: f64, growth: f64) -> f64 {
        share * self.units * power(at_s / self.at_s, growth)
    }
}

/// With which power of the time units grow: the slope of a straight line through the logarithms of the last twelve points,
/// by least squares, from 0.3 to 1; 0.8 until there are three points above 0.
pub fn growth(points: &[Reach]) -> f64 {
    const UNKNOWN: f64 = 0.8;
    let recent = points.get(points.len().saturating_sub(12)..);
    let usable = recent
        .unwrap_or_default()
        .iter()
        .filter(|point| point.at_s > 0.0 && point.units > 0.0)
        .map(|point| (ln(point.at_s), ln(point.units)));
    let (mut n, mut x_sum, mut y_sum) = (0.0, 0.0, 0.0);
    for (x, y) in usable.clone() {
        (n, x_sum, y_sum) = (n + 1.0, x_sum + x, y_sum + y);
    }
    let (x_mean, y_mean) = (x_sum / n, y_sum / n);
    let (mut together, mut alone) = (0.0, 0.0);
    for (x, y) in usable {
        together += (x - x_mean) * (y - y_mean);
        alone += (x - x_mean) * (x - x_mean);
    }
    let slope = together / alone;
    if n < 3.0 || !slope.is_finite() {
        UNKNOWN
    } else {
        slope.clamp(0.3, 1.0)
    }
}

#[cfg(test)]
mod tests;

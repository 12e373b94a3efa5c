//! A flag on the health page.

use super::Health;
use crate::Counts;
use crate::{What, phase, reason};
use flagstone_core::layout::{RouteRecord, Section};
use flagstone_core::{Day, Flag, Plan, Weight};
use flagstone_edge::{rollout_id, timetable};
use flagstone_rollout::guard::{Activation, Rollout};
use flagstone_rollout::latency::lower_edge;
use flagstone_rollout::{Course, Histogram, PerArm, State, bounds};
use serde_json::{Value, json};

/// Level of each side of an interval: together 95 %, at all times.
const LEVEL: f64 = 0.025;
/// After so long at 100 % a rollout's flag may be removed: two weeks, in milliseconds.
const SETTLED_MS: i64 = 14 * 86_400_000;
/// A flag that acts and of which nothing was heard for so long may be removed: a week, in milliseconds.
const UNSEEN_MS: i64 = 7 * 86_400_000;

/// A flag with its variants and its rollout.
pub fn json(health: &Health<'_>, flag: &Flag<'_>) -> Value {
    let key = flag.key();
    let kill = health.document.kill(key);
    let plan = health
        .snapshot
        .plans()
        .find(|plan| plan.flag == flag.index());
    let course = plan.as_ref().and_then(|plan| course(health, key, plan));
    let expires = flag.expires();
    let acts = acts(health, flag);
    let last_ms = health.activity.last_ms(key);
    let default = flag.default().and_then(|index| flag.variant(index));
    let seen = |variant| {
        let seen = health.activity.seen(key, variant)?;
        let counts = seen.counts(health.at_ms);
        (counts.requests() > 0).then(|| (counts, seen.series(health.at_ms)))
    };
    let counts = flag.variants().filter_map(|of| seen(of.key()));
    let requests = counts.map(|(counts, _)| counts.requests());
    let total = requests.fold(0, u64::saturating_add);
    let variants = flag.variants().map(|of| match seen(of.key()) {
        Some((counts, series)) => variant(of.key(), &counts, series.map(Vec::from), total),
        None => json!({ "key": of.key() }),
    });
    json!({
        "key": key,
        "enabled": flag.is_enabled(),
        "default": default.map(|of| of.key()),
        "expires": expires.map(|day| day.to_string()),
        "kill": kill,
        "acts": acts,
        "last_ms": last_ms,
        "stale": stale(health, expires, acts, last_ms, course.as_ref()),
        "may": may(kill.is_some(), course.as_ref()),
        "variants": variants.collect::<Vec<_>>(),
        "rollout": plan.map(|plan| rollout(health, flag, &plan, course.as_ref())),
    })
}

/// How far the rollout of a plan has come.
fn course(health: &Health<'_>, key: &str, plan: &Plan<'_>) -> Option<Course> {
    let entry = health.document.rollout(key)?;
    (entry.plan == plan.id).then_some(entry.course)
}

/// Whether a route does something by the flag. Only then do nodes count it.
fn acts(health: &Health<'_>, flag: &Flag<'_>) -> bool {
    let count = health.snapshot.count(Section::Routes);
    let routes = health
        .snapshot
        .records::<RouteRecord>(Section::Routes, 0, count);
    routes.into_iter().any(|route| route.flag == flag.index().0)
}

/// Why a flag may have outlived its use, in a word.
fn stale(
    health: &Health<'_>,
    expires: Option<Day>,
    acts: bool,
    last_ms: Option<i64>,
    course: Option<&Course>,
) -> Option<&'static str> {
    let is_past = |moment: i64, wait| health.at_ms.saturating_sub(moment) >= wait;
    let is_complete = |course: &Course| course.state == State::Complete;
    if expires.is_some_and(|day| health.at_ms >= day.start().0) {
        Some("expired")
    } else if course
        .is_some_and(|course| is_complete(course) && is_past(course.since_ms, SETTLED_MS))
    {
        Some("settled")
    } else if acts && is_past(last_ms.unwrap_or(health.activity.since_ms()), UNSEEN_MS) {
        Some("unseen")
    } else {
        None
    }
}

/// What may be done.
fn may(is_killed: bool, course: Option<&Course>) -> Vec<&'static str> {
    let state = course.map(|course| course.state);
    let all = [
        (What::Kill, !is_killed),
        (What::Lift, is_killed),
        (What::Pause, state == Some(State::Running)),
        (What::Resume, state == Some(State::Paused)),
    ];
    all.into_iter()
        .filter_map(|(what, may)| may.then_some(what.word()))
        .collect()
}

fn variant(key: &str, counts: &Counts, series: [Vec<u32>; 2], total: u64) -> Value {
    let (all, own) = (counts.all(), &counts.own);
    let [requests, failures] = series;
    json!({
        "key": key,
        "requests": all.requests,
        "share": all.requests as f64 / total as f64,
        "exposures": all.exposures,
        "guarded": all.guarded,
        "errors": rate(all.errors, all.requests),
        "failures": rate(counts.failures(), own.requests.saturating_sub(own.guarded)),
        "latency": latency(&own.latency),
        "series": { "requests": requests, "failures": failures },
    })
}

/// So many of so many, and between which rates the true one lies.
fn rate(count: u64, of: u64) -> Value {
    let count = count.min(of);
    let bounds = bounds::bernoulli(count as f64, of as f64, LEVEL);
    json!({
        "count": count,
        "of": of,
        "rate": count as f64 / of as f64,
        "low": bounds.low,
        "high": bounds.high,
    })
}

fn latency(histogram: &Histogram) -> Option<Value> {
    let quantile = |p: f64| {
        let bucket = histogram.quantile(p)?;
        let bounds = bounds::quantile(histogram, p, LEVEL);
        let middle = f64::midpoint(lower_edge(bucket).into(), lower_edge(bucket + 1).into());
        Some(json!({ "ms": middle, "low": bounds.low_ms(), "high": bounds.high_ms() }))
    };
    Some(json!({ "p50": quantile(0.5)?, "p95": quantile(0.95)? }))
}

fn rollout(
    health: &Health<'_>,
    flag: &Flag<'_>,
    plan: &Plan<'_>,
    course: Option<&Course>,
) -> Value {
    let total = f64::from(Weight::TOTAL.0);
    let stages = plan
        .stages()
        .map(|stage| json!({ "share": f64::from(stage.share) / total, "dwell_ms": stage.dwell }));
    let mut rollout = json!({
        "plan": plan.id,
        "variant": flag.variant(plan.variant).map(|of| of.key().to_owned()),
        "straight": plan.is_straight(),
        "stages": stages.collect::<Vec<_>>(),
    });
    if let (Some(course), Value::Object(members)) = (course, &mut rollout) {
        let id = rollout_id(flag.key(), plan.id, course.attempt);
        let goals = crate::plans::goals(&health.snapshot, plan);
        let guard = health.desk.rollout(id).map(|led| guard(led, &goals));
        for (name, value) in [
            ("rollout", json!(format!("{id:016x}"))),
            ("attempt", json!(course.attempt)),
            ("state", json!(course.state.word())),
            ("stage", json!(course.stage)),
            ("since_ms", json!(course.since_ms)),
            ("grows", grows(course, plan, health.at_ms)),
            ("guard", json!(guard)),
        ] {
            members.insert(name.to_owned(), value);
        }
    }
    rollout
}

/// Whether the plan lets a rollout take its next step now; if not, why, and from when on it does, if that is known.
fn grows(course: &Course, plan: &Plan<'_>, at_ms: i64) -> Value {
    let timetable = timetable(plan);
    match course.advance(&timetable, at_ms) {
        Ok(_) => json!({ "now": true }),
        Err(refusal) => json!({
            "now": false,
            "why": refusal.to_string(),
            "from_ms": refusal.until_ms(&timetable.calendar, at_ms),
        }),
    }
}

fn guard(led: &Rollout, goals: &[String]) -> Value {
    let figures = led.figures();
    let (of, failures) = (figures.counts.fetches, figures.counts.failures);
    let Activation { exposed, hits } = figures.activation;
    let goal = |(name, hits): (&String, PerArm<u64>)| {
        json!({
            "name": name,
            "control": rate(hits.control, exposed.control),
            "canary": rate(hits.canary, exposed.canary),
        })
    };
    let prospect = figures.prospect.map(|prospect| {
        json!({
            "advance": prospect.advance,
            "most": prospect.most,
            "accepted": prospect.accepted,
            "cost": prospect.worst_cost,
            "budget": led.terms().budget,
        })
    });
    json!({
        "phase": phase(led.state().phase()),
        "reason": led.hold().map(reason),
        "evidence": figures.evidence.total.min(1e15),
        "fetches": {
            "control": rate(failures.control as u64, of.control as u64),
            "canary": rate(failures.canary as u64, of.canary as u64),
        },
        "goals": goals.iter().zip(hits).map(goal).collect::<Vec<_>>(),
        "prospect": prospect,
        "rate": figures.rate,
        "coverage": figures.coverage,
        "instances": figures.instances,
        "last_report_ms": led.guard().last_report_ms(),
    })
}

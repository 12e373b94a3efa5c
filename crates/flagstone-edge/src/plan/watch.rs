//! Which of a request's flags are watched, on which side of a comparison it is, and whether a canary is served.

use super::decide::Choice;
use super::watched::{Compared, Watched};
use crate::configuration::Configuration;
use crate::ledger::Ledger;
use crate::page;
use crate::route::{ACTS, Matched};
use crate::status::Guard;
use flagstone_core::layout::{
    Algorithm, NONE, NONE16, OriginRecord, RANGE_PLANNED, RuleRecord, Section, SplitRecord, rest,
};
use flagstone_core::{
    Flag, Reason, Snapshot, UnixMillis, Variant, VariantIndex, Weight, hash, range_share,
};
use flagstone_rollout::tally::Key;
use flagstone_rollout::{Arm, Serve, Share, UnitHash};

/// What is known of the request, beside its flags.
pub(super) struct Visit<'a> {
    pub configuration: &'a Configuration,
    pub snapshot: Snapshot<'a>,
    pub now: UnixMillis,
    /// The targeting key, if a rule asked for it.
    pub key: Option<&'a str>,
    pub is_new: bool,
    pub is_prefetch: bool,
    pub is_exposure: bool,
    /// The flags of which the visitor has had control in place of the canary, as [`page::WASHOUT`] lists them.
    pub washout: &'a str,
}

/// Watches the flags that act. Where a breaker is not closed the choice becomes control's.
pub(super) fn watch(
    ledger: &mut dyn Ledger,
    visit: &Visit<'_>,
    routes: &[Matched<'_>],
    choices: &mut [Choice<'_>],
) -> (Vec<Watched>, Option<Guard>) {
    let mut guard = None;
    let watch = |choice: &mut Choice<'_>| {
        let flag = choice.of.flag;
        let mut routes_of = routes
            .iter()
            .filter(|route| route.flag() == Some(flag.index()));
        let route = routes_of.clone().next()?;
        let mut watched = Watched {
            key: Key {
                revision: visit.configuration.control().revision,
                flag: choice.of.key.to_owned(),
                stage: 0,
                variant: choice
                    .variant
                    .map_or("", |variant| variant.key())
                    .to_owned(),
                route: route.pattern(&visit.snapshot),
            },
            is_exposure: visit.is_exposure,
            harm: routes_of.find_map(|route| route.harm(&visit.snapshot)),
            compared: None,
        };
        if let Some(mut compared) = compare(visit, routes, choice) {
            watched.key.stage = compared.stage;
            if compared.arm == Arm::Canary {
                // Any hash of a request without a key will do.
                let any = UnitHash((visit.now.0 as u32).wrapping_mul(0x9e37_79b9));
                let unit = compared.unit.unwrap_or(any);
                compared.serve = ledger.serve(choice.of.key, &compared, unit, visit.now.0);
                match compared.serve {
                    Serve::Canary => {}
                    Serve::Probe => guard = guard.or(Some(Guard::Probe)),
                    Serve::Control | Serve::Stopped => {
                        guard = Some(Guard::Open);
                        choice.stand_in();
                    }
                }
            }
            watched.compared = Some(compared);
        }
        Some(watched)
    };
    let acting = choices.iter_mut().filter(|choice| choice.has(ACTS));
    let watched = acting.filter_map(watch).collect();
    (watched, guard)
}

/// The side that a choice is on, if there are two.
fn compare(visit: &Visit<'_>, routes: &[Matched<'_>], choice: &mut Choice<'_>) -> Option<Compared> {
    let flag = choice.of.flag;
    let staged = visit.configuration.staged(flag.index(), visit.now);
    let canary = match staged {
        Some(staged) => staged.variant,
        None => canary(visit, routes, &flag)?,
    };
    let control = control(&flag, canary)?;
    choice.control = Some(control);
    let variant = choice.variant?.index;
    let arm = match variant {
        _ if variant == canary => Arm::Canary,
        _ if variant == control.index => Arm::Control,
        _ => return None,
    };
    let split = || share(visit, &flag, choice.rule?, canary, control.index);
    let (share, has_share) = match staged {
        // Other rules have other shares.
        Some(staged) => (staged.share, goes_by_plan(visit, &flag, choice.rule)),
        None => match split() {
            Some(share) => (share, true),
            None => (Share::new(0.5)?, false),
        },
    };
    Some(Compared {
        id: staged.map_or(hash::key(choice.of.key.as_bytes()) as u64, |staged| {
            staged.id
        }),
        stage: staged.map_or(0, |staged| staged.stage),
        is_randomised: choice.reason == Reason::Split && has_share,
        share,
        arm,
        serve: Serve::Canary,
        is_prefetch: visit.is_prefetch,
        is_first: visit.is_new,
        is_washout: page::keeps(visit.washout, choice.of.key),
        unit: visit.key.map(|key| UnitHash::of(choice.of.key, key)),
    })
}

/// The first variant that goes to an origin with a fallback.
fn canary(visit: &Visit<'_>, routes: &[Matched<'_>], flag: &Flag<'_>) -> Option<VariantIndex> {
    let snapshot = &visit.snapshot;
    let falls_back = |variant: &VariantIndex| {
        let routes = routes
            .iter()
            .filter(|route| route.flag() == Some(flag.index()));
        let origins = routes
            .filter_map(|route| route.action(snapshot, *variant))
            .filter(|action| action.origin != NONE16)
            .filter_map(|action| {
                snapshot.record::<OriginRecord>(Section::Origins, action.origin.into())
            });
        origins.into_iter().any(|origin| origin.fallback != NONE16)
    };
    flag.variants()
        .map(|variant| variant.index)
        .find(falls_back)
}

/// The variant that a canary is compared with, and that stands in for it: the flag's default, else its first.
fn control<'s>(flag: &Flag<'s>, canary: VariantIndex) -> Option<Variant<'s>> {
    let default = flag.default().filter(|index| *index != canary);
    match default {
        Some(index) => flag.variant(index),
        None => flag.variants().find(|variant| variant.index != canary),
    }
}

/// Whether a rule splits by its flag's plan.
fn goes_by_plan(visit: &Visit<'_>, flag: &Flag<'_>, rule: Option<u16>) -> bool {
    let split = || {
        let rule: RuleRecord = flag.rule(rule?)?;
        let split = visit.snapshot.record(Section::Splits, rule.split)?;
        let mut ranges = visit.snapshot.ranges(&split);
        Some(ranges.any(|range| range.flags & RANGE_PLANNED != 0))
    };
    split().unwrap_or(false)
}

/// The canary's part of those whom a rule splits between it and control.
fn share(
    visit: &Visit<'_>,
    flag: &Flag<'_>,
    rule: u16,
    canary: VariantIndex,
    control: VariantIndex,
) -> Option<Share> {
    let snapshot = &visit.snapshot;
    let rule: RuleRecord = flag.rule(rule)?;
    if rule.split == NONE {
        return None;
    }
    let split = snapshot.record::<SplitRecord>(Section::Splits, rule.split)?;
    let (mut mine, mut others, mut theirs) = (0, 0, 0);
    // Of other algorithms what the last range leaves is not known to be anybody's.
    let mut end = match Algorithm::from_code(split.algorithm)? {
        Algorithm::Native => u64::from(Weight::TOTAL.0),
        Algorithm::Unleash | Algorithm::UnleashUtf8 => split.modulus.into(),
        _ => 0,
    };
    for range in snapshot.ranges(&split) {
        let width = range.to.saturating_sub(range.from);
        let filled = match range.ramp {
            NONE => width,
            _ => {
                let rollouts = visit.configuration.rollouts();
                let share = range_share(snapshot, &range, visit.now, rollouts)?;
                u64::from(share.0.saturating_sub(range.base)).min(width)
            }
        };
        match VariantIndex(range.variant) {
            variant if variant == canary => mine += filled,
            variant if variant == control => theirs += filled,
            _ => others += filled,
        }
        end = end.max(range.to);
    }
    let is_rest = match split.rest {
        NONE16 => flag.default() == Some(control),
        rest::FAIL.. => false,
        variant => VariantIndex(variant) == control,
    };
    if is_rest {
        theirs = end.saturating_sub(mine + others);
    }
    Share::new(mine as f64 / (mine + theirs) as f64)
}

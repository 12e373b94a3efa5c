//! Which variant a strategy or a feature gives.

use super::constraint;
use super::javascript::{text, truthy};
use super::names::{self, ADDRESS, RANDOM, SESSION, USER};
use super::notes::Notes;
use super::payload::Outcomes;
use super::strategy::LONGEST_GROUP;
use crate::service::Sdk;
use flagstone_compile::model::{
    Absent, Algorithm, Allocation, Bucketing, Condition, Range, Rest, Serve,
};
use flagstone_json::Json;

/// Seed of the hash that chooses a variant.
const SEED: u32 = 86_028_157;

/// A list of variants, of a strategy or of a feature.
pub(super) struct Choice<'v, 'j> {
    pub variants: &'v [Json<'j>],
    pub group: String,
    /// The context field that is hashed; `None` for the usual ones.
    pub stickiness: Option<String>,
}

/// What a strategy that is on serves.
pub(super) struct Served {
    /// Variants that are served under a condition, first.
    pub overrides: Vec<(Condition, String)>,
    /// What is served otherwise; a condition that fails where the SDK throws or we cannot follow.
    pub serve: Result<Serve, Condition>,
}

/// The list that a value is, unless it is empty.
pub(super) fn list<'v, 'j>(variants: Option<&'v Json<'j>>) -> Option<&'v [Json<'j>]> {
    let variants = variants.map(Json::elements).unwrap_or_default();
    (!variants.is_empty()).then_some(variants)
}

impl Choice<'_, '_> {
    /// `Ok(None)` if nothing can be chosen, `Err` for a list that makes the SDK throw or that we cannot follow.
    fn total(&self) -> Result<Option<f64>, &'static str> {
        let mut total = 0.0;
        for variant in self.variants {
            total += weight(variant)?;
        }
        match total {
            // The SDK's `total <= 0`, which is false for NaN.
            total if total <= 0.0 => Ok(None),
            total => Ok(Some(total)),
        }
    }

    /// The ranges of positions from 1 on, and how many there are.
    fn ranges(
        &self,
        total: f64,
        outcomes: &Outcomes<'_, '_>,
    ) -> Result<(Vec<Range>, u32), &'static str> {
        let weights = || self.variants.iter().filter(|one| !is_zero(one));
        if total.is_nan() {
            // No position is below what is no number, so that the first variant takes them all.
            let first = weights().next().map(|first| outcomes.of(first));
            let variant = first.ok_or("no variant has a weight")?;
            let (from, to) = (1, 2);
            return Ok((vec![Range { from, to, variant }], 1));
        }
        if total.fract() != 0.0 || total >= f64::from(u32::MAX) {
            return Err("the weights of variants do not add up to a whole number");
        }
        let total = total as u32;
        let (mut sum, mut reached) = (0.0, 0);
        let mut ranges = Vec::new();
        for variant in weights() {
            sum += weight(variant)?;
            // Weights may be negative: what was reached stays so.
            let to = (f64::max(sum, 0.0) as u64).min(total.into());
            if to > reached {
                ranges.push(Range {
                    from: reached + 1,
                    to: to + 1,
                    variant: outcomes.of(variant),
                });
                reached = to;
            }
        }
        if reached < total.into() {
            return Err("negative weights leave some without a variant");
        }
        Ok((ranges, total))
    }

    fn by(&self, sdk: Sdk) -> Option<Vec<String>> {
        let mut by = match (&self.stickiness, sdk) {
            (None, Sdk::Node) => vec![USER.to_owned(), SESSION.to_owned(), ADDRESS.to_owned()],
            (None, Sdk::Other) => vec![USER.to_owned(), SESSION.to_owned()],
            (Some(field), _) => names::attributes(field)?,
        };
        by.push(RANDOM.to_owned());
        Some(by)
    }

    fn algorithm(&self, sdk: Sdk) -> Algorithm {
        match (sdk, &self.stickiness) {
            (Sdk::Other, _) => Algorithm::UnleashUtf8,
            (Sdk::Node, None) => Algorithm::UnleashText,
            (Sdk::Node, Some(_)) => Algorithm::Unleash,
        }
    }

    fn serve(
        &self,
        total: f64,
        sdk: Sdk,
        outcomes: &Outcomes<'_, '_>,
    ) -> Result<Serve, &'static str> {
        let (ranges, modulus) = self.ranges(total, outcomes)?;
        // One for all: nobody need be told from others.
        if let [Range { variant, .. }] = &*ranges {
            return Ok(Serve::Variant(variant.clone()));
        }
        if self.group.len() > LONGEST_GROUP {
            return Err("the group of variants is too long");
        }
        let by = self.by(sdk);
        let by = by.ok_or("stickiness has a name that cannot be looked up here")?;
        Ok(Serve::Allocation(Allocation {
            bucketing: Bucketing {
                algorithm: self.algorithm(sdk),
                by,
                salt: self.group.clone(),
                seed: SEED,
                modulus,
            },
            ranges,
            rest: Rest::Default,
            absent: Absent::Default,
        }))
    }
}

/// What is added up: `null` and booleans count as numbers, what is absent makes the sum no number.
fn weight(variant: &Json<'_>) -> Result<f64, &'static str> {
    match (variant, variant.get("weight")) {
        (Json::Null, _) => Err("a variant is null"),
        (_, Some(Json::Text(_) | Json::List(_) | Json::Object(_))) => {
            Err("the weight of a variant is no number")
        }
        (_, weight) => Ok(super::javascript::number(weight)),
    }
}

/// Whether a variant has no weight at all, and is passed over.
fn is_zero(variant: &Json<'_>) -> bool {
    variant.get("weight").and_then(Json::number) == Some(0.0)
}

/// What a list of variants gives; `None` if it gives nothing.
pub(super) fn choose(
    choice: &Choice<'_, '_>,
    sdk: Sdk,
    outcomes: &Outcomes<'_, '_>,
    notes: &mut Notes,
) -> Option<Served> {
    let total = match choice.total() {
        Ok(total) => total?,
        Err(what) => {
            return Some(Served {
                overrides: Vec::new(),
                serve: Err(notes.fail(what)),
            });
        }
    };
    let mut overrides = Vec::new();
    for variant in choice.variants {
        if let Some(list) = truthy(variant.get("overrides")) {
            overrides.push((overridden(list, notes), outcomes.of(variant)));
        }
    }
    let serve = choice.serve(total, sdk, outcomes);
    Some(Served {
        overrides,
        serve: serve.map_err(|what| notes.fail(what)),
    })
}

/// Whether one of a variant's overrides holds.
fn overridden(overrides: &Json<'_>, notes: &mut Notes) -> Condition {
    let Json::List(overrides) = overrides else {
        return notes.fail("the overrides of a variant are no list");
    };
    let one = |of: &Json<'_>| {
        let Some(Json::List(values)) = of.get("values") else {
            return notes.fail("the values of an override are no list");
        };
        let texts: Vec<&str> = values.iter().filter_map(Json::text).collect();
        if texts.is_empty() {
            return Condition::never();
        }
        let field = text(of.get("contextName"));
        constraint::is_one_of(&field, &texts, notes)
    };
    let any = Condition::Any(overrides.iter().map(one).collect());
    notes.bounded(any)
}

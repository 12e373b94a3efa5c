//! A second evaluator, slow and plainly right.
//!
//! It works on the [`Model`] itself, by the words of its documentation, with a truth table for the three-valued logic and
//! with other people's crates for patterns, versions, networks, dates and the hash. The compiled form has to agree.

mod condition;
mod context;
mod matcher;
mod split;
mod survive;
mod truth;

pub use context::{Bound, Context};
pub use split::{bucket, share_at, slots};
pub use survive::survive;
pub use truth::Truth;

use flagstone_compile::model::{self, Condition, Flag, Model, Serve, Test};
use flagstone_core::{Decision, Evaluator, Kill, Reason, Snapshot, UnixMillis};
use std::collections::BTreeMap;

/// Flags that are held at a variant, both by key.
pub type Kills = BTreeMap<String, String>;

/// A decision without positions, so that one evaluator's can be compared with another's.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Key and value of the variant; `None` if there is none.
    pub variant: Option<(String, model::Value)>,
    /// Why.
    pub reason: Reason,
    /// The rule that decided, counted from 0.
    pub rule: Option<u16>,
}

impl Outcome {
    fn of(decision: &Decision<'_>) -> Self {
        let variant = decision.variant.map(|variant| {
            let value = match variant.value() {
                flagstone_core::Value::Boolean(value) => model::Value::Boolean(value),
                flagstone_core::Value::String(text) => model::Value::String(text.to_owned()),
                flagstone_core::Value::Json(text) => model::Value::Json(text.to_owned()),
                flagstone_core::Value::Number { number, text } => {
                    let read: f64 = serde_json::from_str(text).unwrap_or(f64::NAN);
                    assert!(read == number, "number {number} is written as {text}");
                    model::Value::Number(number)
                }
            };
            (variant.key().to_owned(), value)
        });
        Self {
            variant,
            reason: decision.reason,
            rule: decision.rule,
        }
    }
}

/// What a snapshot answers; `None` for a flag that it does not have.
pub fn compiled(
    snapshot: Snapshot<'_>,
    flag: &str,
    context: &Context,
    now: UnixMillis,
    kills: &Kills,
) -> Option<Outcome> {
    all_compiled(snapshot, &[flag], context, now, kills).pop()?
}

/// What a snapshot answers about several flags, whom one evaluator decides.
///
/// # Panics
/// If it decides one otherwise when it is asked again, and by then knows what the flags ask of the visitor.
pub fn all_compiled(
    snapshot: Snapshot<'_>,
    flags: &[&str],
    context: &Context,
    now: UnixMillis,
    kills: &Kills,
) -> Vec<Option<Outcome>> {
    let attributes = Bound::new(&snapshot, context);
    let kills: Vec<Kill> = kills
        .iter()
        .filter_map(|(flag, variant)| {
            let flag = snapshot.flag(snapshot.find(flag)?)?;
            Some(Kill {
                flag: flag.index(),
                variant: flag.find_variant(variant)?.index,
            })
        })
        .collect();
    let evaluator = Evaluator::new(snapshot, &attributes, now).with_kills(&kills);
    let ask = |flag: &&str| Some(Outcome::of(&evaluator.evaluate(snapshot.find(flag)?)));
    let outcomes: Vec<_> = flags.iter().map(ask).collect();
    let again: Vec<_> = flags.iter().map(ask).collect();
    assert_eq!(outcomes, again, "asked again");
    outcomes
}

/// What the model says; `None` for a flag that it does not have.
pub fn plain(
    model: &Model,
    flag: &str,
    context: &Context,
    now: UnixMillis,
    kills: &Kills,
) -> Option<Outcome> {
    let oracle = Oracle {
        model,
        context,
        now,
        kills,
    };
    Some(oracle.flag(oracle.find(flag)?))
}

/// Whether a condition holds, by the model's words.
pub fn truth(model: &Model, condition: &Condition, context: &Context, now: UnixMillis) -> Truth {
    let kills = Kills::new();
    Oracle {
        model,
        context,
        now,
        kills: &kills,
    }
    .condition(condition)
}

struct Oracle<'o> {
    model: &'o Model,
    context: &'o Context,
    now: UnixMillis,
    kills: &'o Kills,
}

impl<'o> Oracle<'o> {
    fn find(&self, key: &str) -> Option<&'o Flag> {
        self.model.flags.iter().find(|flag| flag.key == key)
    }

    fn flag(&self, flag: &Flag) -> Outcome {
        let outcome = |key: &str, reason, rule| Outcome {
            variant: flag
                .variants
                .iter()
                .find(|variant| variant.key == key)
                .map(|variant| (variant.key.clone(), variant.value.clone())),
            reason,
            rule,
        };
        let default = flag.default.as_deref().unwrap_or_default();
        if let Some(variant) = self.kills.get(&flag.key) {
            return outcome(variant, Reason::Disabled, None);
        }
        if !flag.enabled {
            return outcome(default, Reason::Disabled, None);
        }
        if flag.rules.is_empty() {
            return outcome(default, Reason::Static, None);
        }
        for required in &flag.prerequisites {
            let test = Test::Flag {
                key: required.flag.clone(),
                variants: required.variants.clone(),
                enabled_only: false,
            };
            if self.condition(&Condition::Test(test)) != Truth::True {
                return outcome(default, Reason::Default, None);
            }
        }
        for (index, rule) in (0..).zip(&flag.rules) {
            if self.condition(&rule.when) != Truth::True {
                continue;
            }
            return match &rule.serve {
                Serve::Variant(key) => outcome(key, Reason::TargetingMatch, Some(index)),
                Serve::Split(split) => match split::unit(self.context.get(&split.by)) {
                    Some(unit) => {
                        let key = split::variant(flag, split, &unit, self.now);
                        outcome(key, Reason::Split, Some(index))
                    }
                    None => outcome(default, Reason::Default, Some(index)),
                },
                Serve::Default => outcome(default, Reason::Default, Some(index)),
                // The services' own SDKs are the oracle of what only their definitions have.
                Serve::Allocation(_) | Serve::Expression(_) => continue,
            };
        }
        outcome(default, Reason::Default, None)
    }
}

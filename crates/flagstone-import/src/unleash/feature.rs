//! A feature as a flag.

use super::javascript::{is_truthy, text, truthy};
use super::notes::Notes;
use super::payload::Outcomes;
use super::strategy::Strategy;
use super::variants::{Choice, Served, choose, list};
use super::{Lowering, Often, constraint, is_key};
use crate::report::Fidelity;
use crate::service::Sdk;
use flagstone_compile::model::{Condition, Flag, Rule, Serve, Test};
use flagstone_json::Json;

/// Rules and variants that a flag may have, with some room left in a snapshot.
const MOST: usize = 5_000;

/// A feature as a flag, and what else there is to know about it.
pub(super) struct Lowered<'d, 'j> {
    pub flag: Flag,
    pub notes: Notes,
    #[cfg_attr(not(feature = "answers"), expect(dead_code, reason = "for answers"))]
    pub outcomes: Outcomes<'d, 'j>,
    /// Whether the SDK would take a context field for a missing group.
    #[cfg_attr(not(feature = "answers"), expect(dead_code, reason = "for answers"))]
    pub asks_toggle: bool,
}

/// What a rule is for, while they are collected.
struct Rules {
    rules: Vec<Rule>,
    /// Nothing gets past the last of them.
    is_closed: bool,
}

impl Rules {
    fn push(&mut self, name: String, when: Condition, serve: Serve) {
        if self.is_closed || constant(&when) == Some(false) {
            return;
        }
        self.is_closed = constant(&when) == Some(true);
        self.rules.push(Rule { name, when, serve });
    }
}

impl<'d, 'j> Lowering<'d, 'j> {
    pub(super) fn feature(&mut self, name: &str, feature: &'d Json<'j>) -> Lowered<'d, 'j> {
        let mut notes = Notes::default();
        let mut outcomes = Outcomes::new(definitions(feature).take(MOST));
        let mut rules = Rules {
            rules: Vec::new(),
            is_closed: false,
        };
        let strategies = feature.get("strategies").map(Json::elements);
        let strategies = strategies.unwrap_or_default();
        let is_too_large = strategies.len() > MOST || definitions(feature).nth(MOST).is_some();
        if is_too_large {
            let fails = notes.fail("there are too many strategies or variants");
            rules.push(String::new(), fails, Serve::Default);
        } else {
            self.dependencies(feature, &mut rules, &mut notes);
            self.strategies(name, feature, &outcomes, &mut rules, &mut notes);
        }
        if self.sdk == Sdk::Other && notes.is_malformed {
            rules.rules.clear();
            let note = "SDKs for other languages take it for malformed, and it is off";
            notes.add(Fidelity::Noted, note);
        }
        let asks_toggle = strategies
            .iter()
            .enumerate()
            .filter_map(|(index, strategy)| self.strategy(name, index, strategy))
            .any(|strategy| strategy.asks_toggle());
        if asks_toggle {
            notes.add(
                Fidelity::Noted,
                "a rollout has no group; a context field `featureToggle`, which an SDK would take for it, is not looked at",
            );
        }
        let default = Some(outcomes.off());
        Lowered {
            flag: Flag {
                key: name.to_owned(),
                variants: std::mem::take(&mut outcomes.variants),
                default,
                enabled: is_truthy(feature.get("enabled")),
                expires: None,
                prerequisites: Vec::new(),
                rules: rules.rules,
            },
            notes,
            outcomes,
            asks_toggle,
        }
    }

    /// Rules that turn the feature off while what it depends on is not as it must be.
    fn dependencies(&self, feature: &Json<'_>, rules: &mut Rules, notes: &mut Notes) {
        let list = match truthy(feature.get("dependencies")) {
            Some(Json::List(list)) => list,
            Some(Json::Text(_)) => {
                let fails = notes.fail("the dependencies are no list");
                return rules.push("dependencies".to_owned(), fails, Serve::Default);
            }
            _ => return,
        };
        for dependency in list {
            let name = dependency.get("feature").and_then(Json::text);
            let off = if dependency.is_null() {
                notes.fail("a dependency is null")
            } else {
                self.unsatisfied(name.unwrap_or_default(), dependency, notes)
            };
            let rule = match name {
                Some(name) if is_key(name) => ["dependency ", name].concat(),
                _ => "dependency".to_owned(),
            };
            rules.push(rule, off, Serve::Default);
        }
    }

    /// Whether a dependency does not hold.
    fn unsatisfied(&self, name: &str, dependency: &Json<'_>, notes: &mut Notes) -> Condition {
        let Some(parent) = self.document.find(name) else {
            notes.add(
                Fidelity::Noted,
                "it depends on a feature that is not there, and is off",
            );
            return Condition::always();
        };
        if has_length(parent.get("dependencies")) {
            notes.add(
                Fidelity::Noted,
                "it depends on a feature that has dependencies itself, and is off",
            );
            return Condition::always();
        }
        if !is_key(name) {
            return notes.fail("it depends on a feature that cannot be taken over");
        }
        let outcomes = Outcomes::new(definitions(parent).take(MOST));
        let is_one_of = |variants| {
            Condition::Test(Test::Flag {
                key: name.to_owned(),
                variants,
                enabled_only: false,
            })
        };
        if dependency.get("enabled") == Some(&Json::Boolean(false)) {
            return is_one_of(outcomes.all_on());
        }
        let wanted = match dependency.get("variants") {
            Some(Json::List(names)) if !names.is_empty() => outcomes.named(names),
            Some(Json::Text(names)) if !names.is_empty() => {
                return notes.fail("the variants of a dependency are no list");
            }
            _ => outcomes.all_on(),
        };
        if wanted.is_empty() {
            return Condition::always();
        }
        Condition::Not(Box::new(is_one_of(wanted)))
    }

    fn strategies(
        &mut self,
        name: &str,
        feature: &Json<'_>,
        outcomes: &Outcomes<'_, '_>,
        rules: &mut Rules,
        notes: &mut Notes,
    ) {
        let Some(Json::List(strategies)) = feature.get("strategies") else {
            notes.add(Fidelity::Noted, "its strategies are no list, and it is off");
            return;
        };
        let count = strategies.len();
        let mut overrides = None;
        if strategies.is_empty() {
            let served = self.of_feature(name, feature, outcomes, notes);
            return self.push_rules(rules, "on", Condition::always(), served);
        }
        for (index, definition) in strategies.iter().enumerate() {
            if definition.is_null() {
                let fails = notes.fail("a strategy is null");
                rules.push(String::new(), fails, Serve::Default);
                continue;
            }
            let strategy = self.strategy(name, index, definition);
            let own = strategy.as_ref().and_then(|of| of.condition(notes));
            let (Some(strategy), Some(own)) = (strategy, own) else {
                notes.add(
                    Fidelity::Noted,
                    "a strategy is not one of Unleash's own, and is off",
                );
                continue;
            };
            let constraints = constraint::all(definition.get("constraints"), notes);
            let segments = self.segments.condition(definition.get("segments"), notes);
            let when = notes.bounded(Condition::All(vec![constraints, segments, own]));
            if constant(&when) == Some(false) || rules.is_closed {
                continue;
            }
            let served = match self.of_strategy(&strategy, definition, outcomes, notes) {
                Some(served) => served,
                None => {
                    let mut served = self.of_feature(name, feature, outcomes, notes);
                    if count > 1 {
                        self.share(&mut served.overrides, &mut overrides);
                    }
                    served
                }
            };
            let rule = if count > 1 {
                [strategy.name, " ", &(index + 1).to_string()].concat()
            } else {
                strategy.name.to_owned()
            };
            self.push_rules(rules, &rule, when, served);
        }
    }

    fn strategy<'s>(
        &self,
        feature: &'s str,
        index: usize,
        definition: &'s Json<'j>,
    ) -> Option<Strategy<'s, 'j>>
    where
        'd: 's,
    {
        Some(Strategy {
            sdk: self.sdk,
            toggle: self.toggle,
            feature,
            index,
            name: definition.get("name").and_then(Json::text)?,
            parameters: definition.get("parameters"),
        })
    }

    /// What the variants of a strategy give; `None` if nothing.
    fn of_strategy(
        &self,
        strategy: &Strategy<'_, '_>,
        definition: &Json<'_>,
        outcomes: &Outcomes<'_, '_>,
        notes: &mut Notes,
    ) -> Option<Served> {
        let variants = list(definition.get("variants"))?;
        let parameters = strategy.parameters.filter(|of| !of.is_null());
        let first = variants.first().filter(|first| !first.is_null());
        let (Some(parameters), Some(first)) = (parameters, first) else {
            let what = "a strategy has variants and no parameters, or its first variant is null";
            return Some(Served {
                overrides: Vec::new(),
                serve: Err(notes.fail(what)),
            });
        };
        let group = match (parameters.get("groupId"), self.sdk) {
            (None, Sdk::Other) => strategy.feature.to_owned(),
            (group, _) => text(group),
        };
        let stickiness = truthy(first.get("stickiness")).or_else(|| parameters.get("stickiness"));
        let choice = Choice {
            variants,
            group,
            stickiness: field(stickiness),
        };
        choose(&choice, self.sdk, outcomes, notes)
    }

    /// What the variants of the feature give, or that it is just on.
    fn of_feature(
        &self,
        name: &str,
        feature: &Json<'_>,
        outcomes: &Outcomes<'_, '_>,
        notes: &mut Notes,
    ) -> Served {
        let chosen = list(feature.get("variants")).and_then(|variants| {
            let stickiness = variants.first().and_then(|first| first.some("stickiness"));
            let choice = Choice {
                variants,
                group: name.to_owned(),
                stickiness: field(stickiness),
            };
            choose(&choice, self.sdk, outcomes, notes)
        });
        chosen.unwrap_or_else(|| Served {
            overrides: Vec::new(),
            serve: Ok(Serve::Variant(outcomes.on())),
        })
    }

    /// Puts the conditions of the feature's overrides, which several strategies need, into segments: once.
    fn share(&mut self, overrides: &mut [(Condition, String)], shared: &mut Option<Vec<Often>>) {
        let shared = shared.get_or_insert_with(|| {
            let conditions = overrides.iter_mut();
            conditions
                .map(|(condition, _)| self.often(std::mem::replace(condition, Condition::never())))
                .collect()
        });
        for ((condition, _), often) in overrides.iter_mut().zip(shared) {
            *condition = often.condition();
        }
    }

    /// Rules for what a strategy serves.
    fn push_rules(&mut self, rules: &mut Rules, name: &str, when: Condition, served: Served) {
        let when = if served.overrides.is_empty() {
            when
        } else {
            let when = self.often(when);
            for (condition, variant) in served.overrides {
                rules.push(
                    [name, ": override"].concat(),
                    Condition::All(vec![when.condition(), condition]),
                    Serve::Variant(variant),
                );
            }
            when.condition()
        };
        match served.serve {
            Ok(serve) => rules.push(name.to_owned(), when, serve),
            Err(fails) => rules.push(
                name.to_owned(),
                Condition::All(vec![when, fails]),
                Serve::Default,
            ),
        }
    }
}

/// All variants that a feature can give.
fn definitions<'v, 'j>(feature: &'v Json<'j>) -> impl Iterator<Item = &'v Json<'j>> {
    let strategies = feature.get("strategies").map(Json::elements);
    let lists = strategies.unwrap_or_default().iter().chain([feature]);
    lists
        .filter_map(|owner| owner.get("variants"))
        .flat_map(Json::elements)
        .filter(|variant| !variant.is_null())
}

/// The context field that stickiness names; `None` for the usual ones.
fn field(stickiness: Option<&Json<'_>>) -> Option<String> {
    let name = text(Some(stickiness?));
    (name != "default").then_some(name)
}

/// Whether JavaScript's `value?.length` counts as true.
fn has_length(value: Option<&Json<'_>>) -> bool {
    match value {
        Some(Json::List(list)) => !list.is_empty(),
        Some(Json::Text(text)) => !text.is_empty(),
        Some(object) => is_truthy(object.get("length")),
        None => false,
    }
}

/// What a condition always is, if that can be seen.
pub(super) fn constant(condition: &Condition) -> Option<bool> {
    match condition {
        Condition::Test(_) => None,
        Condition::Not(inner) => constant(inner).map(|value| !value),
        Condition::All(parts) | Condition::Any(parts) => {
            let all = matches!(condition, Condition::All(_));
            let mut values = parts.iter().map(constant);
            if values.clone().any(|value| value == Some(!all)) {
                return Some(!all);
            }
            values.all(|value| value == Some(all)).then_some(all)
        }
    }
}

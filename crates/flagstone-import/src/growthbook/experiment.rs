//! Rules that are experiments.
//!
//! Source: `runExperiment` of GrowthBook's SDK for JavaScript 1.8.0.

#[cfg(feature = "answers")]
use super::answers::{Experiment, Meaning};
use super::condition::{Root, all, not};
#[cfg(feature = "answers")]
use super::feature::id;
use super::feature::{Rules, variations};
use super::overrides::{Forced, Sticky};
use super::positions::{Shares, algorithm, between, by_weights, first_of, range};
#[cfg(feature = "answers")]
use super::wire::json_text;
use super::wire::{at, is_truthy, number, text, truthy};
use flagstone_compile::model::{
    Absent, Algorithm, Allocation, Bucketing, Condition, Range, Rest, Serve, Test,
};
use flagstone_json::Json;

/// One way of weighing the variations: a leaf of a contextual bandit, or the only one.
struct Leaf<'d> {
    /// Conditions that do not hold for who gets here: those of the leaves before.
    before: Vec<&'d Json<'d>>,
    /// One that does.
    condition: Option<&'d Json<'d>>,
    weights: Option<&'d Json<'d>>,
    /// What the leaf is called, as JSON.
    #[cfg(feature = "answers")]
    id: Option<String>,
}

impl<'d> Rules<'_, 'd> {
    pub fn experiment(&mut self, rule: &'d Json<'d>, when: Vec<Condition>, name: &str) {
        let Some(list) = variations(rule) else {
            return self.nothing(when, name);
        };
        let Json::List(values) = list else {
            return self.fail(when, name, "`variations` is no list");
        };
        let meta = truthy(rule, "meta");
        let described =
            |place| meta.is_none_or(|meta| at(meta, place).is_some_and(|of| !of.is_null()));
        if !(0..values.len().max(1)).all(described) {
            let why = "`meta` describes fewer variations than there are, at which the SDK throws";
            return self.fail(when, name, why);
        }
        let key = match truthy(rule, "key") {
            None => self.key,
            Some(Json::Text(key)) => key,
            Some(_) => return self.fail(when, name, "`key` is no text"),
        };
        if values.len() < 2 {
            return self.nothing(when, name);
        }
        let Some(attributes) = self.units(rule) else {
            return self.fail(when, name, "`hashAttribute` is no text");
        };
        match self.overrides.variation(key, values.len()) {
            Forced::No => self.assign(rule, values, key, &attributes, when, name),
            Forced::Out => self.nothing(when, name),
            Forced::Nonsense => self.fail(when, name, "a variation is forced that there is not"),
            Forced::Variation(place) if passes_through(rule, place) => self.nothing(when, name),
            Forced::Variation(place) => {
                let value = values.get(place).unwrap_or(&Json::Null);
                self.push(all(when), name, Serve::Variant(self.variants.key(value)));
                #[cfg(feature = "answers")]
                self.meanings.push(Meaning::Experiment(Experiment {
                    forced: Some(place),
                    ..meaning(rule, key, &attributes, 1)
                }));
            }
        }
    }

    /// Variations for shares of who is in the experiment.
    fn assign(
        &mut self,
        rule: &'d Json<'d>,
        values: &'d [Json<'d>],
        key: &str,
        attributes: &[String],
        when: Vec<Condition>,
        name: &str,
    ) {
        let version = truthy(rule, "hashVersion").unwrap_or(&Json::Number(1.0));
        let Some((algorithm, total)) = algorithm(version) else {
            return self.nothing(when, name);
        };
        let Some(bucketing) = self.bucketing(algorithm, attributes, truthy(rule, "seed"), key)
        else {
            return self.fail(when, name, "`seed` is no text, or too long");
        };
        if self.overrides.nobody_is_assigned() {
            return self.nothing(when, name);
        }
        let sticky = self.overrides.sticky(rule, key);
        if sticky == Sticky::Blocked {
            return self.nothing(when, name);
        }
        let mut when = Some(when);
        for leaf in self.leaves(rule) {
            let mut when = when.take().unwrap_or_else(|| self.before(rule));
            if sticky == Sticky::No {
                self.targeted(rule, attributes, &mut when);
            }
            for condition in leaf.before {
                let holds = self.conditions.condition(condition, Root::Attributes);
                when.push(not(holds));
            }
            if let Some(condition) = leaf.condition {
                when.push(self.conditions.condition(condition, Root::Attributes));
            }
            let found = match sticky {
                Sticky::Variation(place) => Some((vec![(0, total, place)], Rest::Next)),
                _ => shares(rule, values.len(), leaf.weights, total),
            };
            let Some((mut shares, rest)) = found else {
                self.fail(when, name, "`weights` are no numbers");
                continue;
            };
            // Who has a variation that there is not, or that passes through, goes on with the next rule.
            shares.retain(|(_, _, place)| *place < values.len() && !passes_through(rule, *place));
            let served = shares.iter().filter_map(|(from, to, place)| {
                Some(Range {
                    from: *from,
                    to: *to,
                    variant: self.variants.key(values.get(*place)?),
                })
            });
            let serve = Serve::Allocation(Allocation {
                bucketing: Bucketing::clone(&bucketing),
                ranges: served.collect(),
                rest,
                absent: Absent::Next,
            });
            self.push(all(when), name, serve);
            #[cfg(feature = "answers")]
            self.meanings.push(Meaning::Experiment(Experiment {
                shares,
                leaf: leaf.id,
                ..meaning(rule, key, attributes, total)
            }));
        }
    }

    /// Who an experiment is for, by its namespace and its condition.
    fn targeted(&mut self, rule: &'d Json<'d>, attributes: &[String], when: &mut Vec<Condition>) {
        if truthy(rule, "filters").is_none()
            && let Some(namespace) = truthy(rule, "namespace")
        {
            when.push(self.namespace(namespace, attributes));
        }
        if let Some(condition) = truthy(rule, "condition") {
            when.push(self.conditions.condition(condition, Root::Attributes));
        }
    }

    /// Who is in a namespace. Source: `inNamespace`.
    fn namespace(&mut self, namespace: &Json<'_>, attributes: &[String]) -> Condition {
        let Json::List(_) = namespace else {
            return self.conditions.fail("`namespace` is no list");
        };
        // COMPAT(growthbook): always hash version 1.
        let id = at(namespace, 0).map_or("undefined".to_owned(), text);
        let seed = Json::Text(format!("__{id}").into());
        let share = between(number(at(namespace, 1)), number(at(namespace, 2)), 1000);
        match self.bucketing(Algorithm::GrowthBookV1, attributes, Some(&seed), "") {
            None => self.conditions.fail("the id of a namespace is too long"),
            Some(bucketing) => Condition::Test(Test::Bucket {
                bucketing,
                ranges: vec![share],
                absent: Absent::Default,
            }),
        }
    }

    /// The leaves of a rule's contextual bandit; one without a condition if it has none. Source:
    /// `buildContextualBanditExperiment`.
    fn leaves(&self, rule: &'d Json<'d>) -> Vec<Leaf<'d>> {
        let mut leaves = Vec::new();
        let reference = truthy(rule, "contextualBanditRef");
        let bandit = reference.and_then(|of| truthy(self.bandits, &text(of)));
        let mut before = Vec::new();
        for context in bandit
            .and_then(|of| of.get("contexts"))
            .map_or(&[][..], Json::elements)
        {
            // The SDK throws, and goes on without a leaf.
            if context.is_null() {
                break;
            }
            let condition = truthy(context, "condition");
            leaves.push(Leaf {
                before: before.clone(),
                condition,
                weights: context.get("weights").filter(|weights| is_truthy(weights)),
                #[cfg(feature = "answers")]
                id: context.get("leafId").map(json_text),
            });
            let Some(condition) = condition else {
                return leaves;
            };
            before.push(condition);
        }
        leaves.push(Leaf {
            before,
            condition: None,
            weights: truthy(rule, "weights"),
            #[cfg(feature = "answers")]
            id: bandit.map(|_| "-1".to_owned()),
        });
        leaves
    }
}

/// What an experiment's result says whatever is decided.
#[cfg(feature = "answers")]
fn meaning(rule: &Json<'_>, key: &str, attributes: &[String], total: u64) -> Experiment {
    let count = variations(rule).map_or(0, |list| list.elements().len());
    let keys = (0..count).map(|place| {
        let meta = truthy(rule, "meta").and_then(|meta| at(meta, place));
        let key = meta.and_then(|meta| truthy(meta, "key"));
        key.map_or_else(|| format!("\"{place}\""), json_text)
    });
    Experiment {
        id: id(rule),
        key: key.to_owned(),
        attributes: attributes.to_vec(),
        total,
        keys: keys.collect(),
        shares: Vec::new(),
        leaf: None,
        forced: None,
    }
}

/// Whether who has a variation goes on with the next rule.
fn passes_through(rule: &Json<'_>, place: usize) -> bool {
    let meta = truthy(rule, "meta").and_then(|meta| at(meta, place));
    meta.is_some_and(|meta| truthy(meta, "passthrough").is_some())
}

/// Which positions have which variation, and what becomes of all others. `None` where the SDK throws.
fn shares(
    rule: &Json<'_>,
    count: usize,
    weights: Option<&Json<'_>>,
    total: u64,
) -> Option<(Shares, Rest)> {
    let (ranges, rest) = match truthy(rule, "ranges") {
        None => (
            by_weights(count, rule.get("coverage"), weights, total)?,
            Rest::Next,
        ),
        Some(ranges) => {
            let all = ranges.elements();
            let read: Vec<(u64, u64)> = all.iter().map_while(|json| range(json, total)).collect();
            // The SDK throws when it comes to a range that is null.
            let rest = if read.len() < all.len() {
                Rest::Fail
            } else {
                Rest::Next
            };
            (read, rest)
        }
    };
    Some((first_of(&ranges), rest))
}

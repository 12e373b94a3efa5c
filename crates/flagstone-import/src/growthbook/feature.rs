//! Features as flags.
//!
//! Source: `evalFeature` of GrowthBook's SDK for JavaScript 1.8.0.

#[cfg(feature = "answers")]
use super::answers::{Meaning, Meanings};
use super::condition::{Conditions, LONGEST, Root, all, not};
#[cfg(feature = "answers")]
use super::names::Names;
use super::overrides::Overrides;
use super::parents::{self, Parents, Reach};
use super::positions::{algorithm, at_most, range};
use super::variants::Variants;
#[cfg(feature = "answers")]
use super::wire::json_text;
use super::wire::{Definitions, at, is_truthy, number, truthy};
use crate::report::{Fidelity, Report};
use crate::size::{TOO_LARGE, are_too_large};
use flagstone_compile::model::{
    Absent, Allocation, Bucketing, Condition, Flag, Range, Rest, Rule, Serve, Test,
};
use flagstone_compile::{Index, Model};
use flagstone_json::Json;
use std::borrow::Cow;
#[cfg(feature = "answers")]
use std::collections::HashMap;

/// What came of a document.
pub(super) struct Lowered {
    pub model: Model,
    /// What the rules of each flag mean, by its key.
    #[cfg(feature = "answers")]
    pub meanings: HashMap<String, Meanings>,
    #[cfg(feature = "answers")]
    pub names: Names,
}

/// Reads all features.
pub(super) fn lower<'d>(
    definitions: &Definitions<'d>,
    overrides: &Overrides<'d>,
    report: &mut Report,
) -> Lowered {
    let mut features = definitions.features.clone();
    let values = overrides.values();
    let forced = |key: &str| {
        values
            .iter()
            .find(|(of, _)| *of == key)
            .map(|(_, value)| *value)
    };
    for (key, _) in &values {
        if !features.iter().any(|(known, _)| known == key) {
            features.push((key, &Json::Null));
        }
    }
    let mut conditions = Conditions::new(definitions.saved_groups);
    let mut known = Known::default();
    for (place, (key, feature)) in features.iter().enumerate() {
        let variants = match forced(key) {
            Some(value) => one(value),
            None => self::values(feature),
        };
        known.places.insert(key.as_bytes(), place as u32);
        known.variants.push(is_key(key).then_some(variants));
    }
    let parents_of: Vec<Vec<String>> = features
        .iter()
        .map(|(key, feature)| match forced(key).is_some() {
            true => Vec::new(),
            false => each_parent(feature).map(|parent| parent.key).collect(),
        })
        .collect();
    let reach = reach(&known, &parents_of);
    let all_parents = features
        .iter()
        .flat_map(|(_, feature)| each_parent(feature));
    let parents = Parents::read(all_parents, &mut conditions);
    let mut model = Model::default();
    #[cfg(feature = "answers")]
    let mut meanings = HashMap::new();
    for (place, (key, feature)) in features.iter().enumerate() {
        let entry = report.flag(key);
        let Some(Some(variants)) = known.variants.get(place) else {
            let why = "its key is empty, longer than 255 bytes, or has control characters; there is no such flag here";
            entry.note(Fidelity::NotEvaluable, why);
            continue;
        };
        let mut rules = Rules {
            key,
            overrides,
            conditions: &mut conditions,
            parents: &parents,
            known: &known,
            variants,
            bandits: definitions.contextual_bandits,
            rules: Vec::new(),
            #[cfg(feature = "answers")]
            meanings: Vec::new(),
        };
        let default = match forced(key) {
            Some(value) => {
                rules.push(Condition::always(), "", Serve::Variant(variants.key(value)));
                #[cfg(feature = "answers")]
                rules.meanings.push(Meaning::Override);
                value
            }
            None => {
                rules.all(feature);
                feature.get("defaultValue").unwrap_or(&Json::Null)
            }
        };
        let Rules { rules: lowered, .. } = &mut rules;
        let lowered = std::mem::take(lowered);
        #[cfg(feature = "answers")]
        meanings.insert(
            (*key).to_owned(),
            Meanings {
                values: variants.texts.clone(),
                rules: rules.meanings,
            },
        );
        for problem in conditions.take_problems() {
            entry.note(Fidelity::NotEvaluable, problem);
        }
        let is = |of: &[bool]| of.get(place).copied().unwrap_or(false);
        if is(&reach.circular) {
            let why = "its prerequisites go in a circle: where the SDK gives null for that, the decision is `ERROR` here";
            entry.note(Fidelity::Noted, why);
        } else if is(&reach.too_deep) {
            let why = "its prerequisites follow each other over more than 16 steps";
            entry.note(Fidelity::NotEvaluable, why);
        }
        model.flags.push(Flag {
            key: (*key).to_owned(),
            variants: variants.to_model(),
            default: Some(variants.key(default)),
            enabled: true,
            expires: None,
            prerequisites: Vec::new(),
            rules: lowered,
        });
    }
    model.segments = conditions.segments;
    Lowered {
        model,
        #[cfg(feature = "answers")]
        meanings,
        #[cfg(feature = "answers")]
        names: conditions.names,
    }
}

/// The features that there are, and the values that each can have.
#[derive(Default)]
pub(super) struct Known<'d> {
    places: Index,
    /// `None` for one whose key no flag can have.
    variants: Vec<Option<Variants<'d>>>,
}

impl<'d> Known<'d> {
    /// The values of a feature, if there is one; inside, `None` for one whose key no flag can have.
    pub fn values(&self, key: &str) -> Option<Option<&Variants<'d>>> {
        let place = self.places.get(key.as_bytes())?;
        self.variants.get(place as usize).map(Option::as_ref)
    }
}

/// Whether a text can be the key of a flag.
fn is_key(key: &str) -> bool {
    (1..=255).contains(&key.len()) && !key.chars().any(char::is_control)
}

fn one<'d>(value: &'d Json<'d>) -> Variants<'d> {
    let mut variants = Variants::default();
    variants.add(value, None);
    variants
}

/// The rules of a feature.
fn rules<'d>(feature: &'d Json<'d>) -> &'d [Json<'d>] {
    feature.get("rules").map_or(&[], Json::elements)
}

/// All prerequisites of a feature.
fn each_parent<'d>(feature: &'d Json<'d>) -> impl Iterator<Item = parents::Parent<'d>> {
    rules(feature).iter().filter_map(parents::of_rule).flatten()
}

/// The values that a feature can have.
fn values<'d>(feature: &'d Json<'d>) -> Variants<'d> {
    let mut variants = Variants::default();
    variants.add(feature.get("defaultValue").unwrap_or(&Json::Null), None);
    for rule in rules(feature) {
        if parents::of_rule(rule).is_some_and(|parents| parents.iter().any(|of| of.is_gate)) {
            variants.add(&Json::Null, None);
        }
        if let Some(value) = rule.get("force") {
            variants.add(value, None);
            continue;
        }
        let Some(variations) = variations(rule) else {
            continue;
        };
        for (place, value) in variations.elements().iter().enumerate() {
            let meta = truthy(rule, "meta").and_then(|meta| at(meta, place));
            let name = meta.and_then(|meta| meta.get("key").or_else(|| meta.get("name")));
            variants.add(value, name.and_then(Json::text));
        }
    }
    variants
}

/// The variations of a rule that is an experiment.
pub(super) fn variations<'d>(rule: &'d Json<'d>) -> Option<&'d Json<'d>> {
    let variations = rule.some("contextualVariations");
    let variations = variations.or_else(|| rule.get("variations"));
    variations.filter(|variations| is_truthy(variations))
}

fn reach(known: &Known<'_>, parents: &[Vec<String>]) -> Reach {
    let places = |keys: &Vec<String>| {
        let places = keys
            .iter()
            .filter_map(|key| known.places.get(key.as_bytes()));
        places.map(|place| place as usize).collect()
    };
    Reach::of(&parents.iter().map(places).collect::<Vec<Vec<usize>>>())
}

/// The rules of one feature while they are read.
pub(super) struct Rules<'r, 'd> {
    pub key: &'d str,
    pub overrides: &'r Overrides<'d>,
    pub conditions: &'r mut Conditions<'d>,
    parents: &'r Parents,
    known: &'r Known<'d>,
    pub variants: &'r Variants<'d>,
    pub bandits: &'d Json<'d>,
    rules: Vec<Rule>,
    /// One for each rule.
    #[cfg(feature = "answers")]
    pub meanings: Vec<Meaning>,
}

impl<'d> Rules<'_, 'd> {
    /// Adds a rule; its meaning has to follow.
    pub fn push(&mut self, when: Condition, name: &str, serve: Serve) {
        self.rules.push(Rule {
            name: name.to_owned(),
            when,
            serve,
        });
    }

    /// Adds a rule at which the SDK throws.
    pub fn fail(&mut self, mut when: Vec<Condition>, name: &str, why: &str) {
        when.push(self.conditions.fail(why));
        self.push(all(when), name, Serve::Default);
        #[cfg(feature = "answers")]
        self.meanings.push(Meaning::Nothing);
    }

    /// Adds a rule that decides nothing, for the prerequisites that are looked at on the way.
    pub fn nothing(&mut self, mut when: Vec<Condition>, name: &str) {
        if when.is_empty() {
            return;
        }
        when.push(Condition::never());
        self.push(all(when), name, Serve::Default);
        #[cfg(feature = "answers")]
        self.meanings.push(Meaning::Nothing);
    }

    fn all(&mut self, feature: &'d Json<'d>) {
        match truthy(feature, "rules") {
            None => {}
            Some(Json::List(rules)) => rules.iter().for_each(|rule| self.rule(rule)),
            Some(_) => self.fail(Vec::new(), "", "`rules` is no list"),
        }
        if are_too_large(&self.rules) {
            self.rules.clear();
            #[cfg(feature = "answers")]
            self.meanings.clear();
            self.fail(Vec::new(), "", TOO_LARGE);
        }
    }

    fn rule(&mut self, rule: &'d Json<'d>) {
        match rule {
            Json::Object(_) => {}
            // A list has none of the members that make a rule.
            Json::List(_) => return,
            _ => return self.fail(Vec::new(), "", "a rule is no object"),
        }
        let id = rule.get("id").and_then(Json::text);
        let name = id.filter(|id| id.len() <= 255).unwrap_or_default();
        let Some(parents) = parents::of_rule(rule) else {
            let why = "`parentConditions` is no list of objects";
            return self.fail(Vec::new(), name, why);
        };
        for (place, parent) in parents.iter().enumerate() {
            if !parent.is_gate {
                continue;
            }
            // Who comes past this has the gate behind them, so that it need not be asked again.
            let mut closed = self.required(parents.get(..place).unwrap_or_default());
            let open = self.parents.test(parent, self.known, self.conditions);
            closed.push(not(open));
            let null = Serve::Variant(self.variants.key(&Json::Null));
            self.push(all(closed), name, null);
            #[cfg(feature = "answers")]
            self.meanings.push(Meaning::Prerequisite);
        }
        let when = self.before(rule);
        match rule.get("force") {
            Some(value) => self.force(rule, value, when, name),
            None => self.experiment(rule, when, name),
        }
    }

    /// Who gets as far as the rule itself: its prerequisites hold, and no filter keeps them out.
    pub fn before(&mut self, rule: &'d Json<'d>) -> Vec<Condition> {
        let parents = parents::of_rule(rule).unwrap_or_default();
        let mut when = self.required(&parents);
        if let Some(filters) = truthy(rule, "filters") {
            when.push(self.filters(filters));
        }
        when
    }

    /// That prerequisites hold, but for gates.
    fn required(&mut self, parents: &[parents::Parent<'d>]) -> Vec<Condition> {
        let parents = parents.iter().filter(|parent| !parent.is_gate);
        let tests = parents.map(|parent| self.parents.test(parent, self.known, self.conditions));
        tests.collect()
    }

    /// A rule that gives one value, to all or to a share.
    fn force(
        &mut self,
        rule: &'d Json<'d>,
        value: &'d Json<'d>,
        mut when: Vec<Condition>,
        name: &str,
    ) {
        if let Some(condition) = truthy(rule, "condition") {
            when.push(self.conditions.condition(condition, Root::Attributes));
        }
        if truthy(rule, "tracks").is_some_and(|tracks| !matches!(tracks, Json::List(_))) {
            return self.fail(
                when,
                name,
                "`tracks` is no list, at which GrowthBook's SDK throws",
            );
        }
        let variant = self.variants.key(value);
        let share = truthy(rule, "range");
        let coverage = rule.get("coverage");
        let serve = if share.is_none() && coverage.is_none() {
            Serve::Variant(variant)
        } else {
            let version = truthy(rule, "hashVersion").unwrap_or(&Json::Number(1.0));
            let Some((algorithm, total)) = algorithm(version) else {
                return self.nothing(when, name);
            };
            let (from, to) = match (share, coverage) {
                (Some(json), _) => match json {
                    Json::List(_) | Json::Object(_) => range(json, total).unwrap_or((0, 0)),
                    _ => return self.fail(when, name, "`range` is no list"),
                },
                (None, Some(Json::Number(0.0))) => (0, 0),
                // COMPAT(growthbook): inclusive, where ranges are exclusive at their end.
                (None, coverage) => at_most(number(coverage), total),
            };
            let Some(attributes) = self.units(rule) else {
                return self.fail(when, name, "`hashAttribute` is no text");
            };
            let Some(bucketing) =
                self.bucketing(algorithm, &attributes, truthy(rule, "seed"), self.key)
            else {
                return self.fail(when, name, "`seed` is no text, or too long");
            };
            Serve::Allocation(Allocation {
                bucketing,
                ranges: vec![Range { from, to, variant }],
                rest: Rest::Next,
                absent: Absent::Next,
            })
        };
        self.push(all(when), name, serve);
        #[cfg(feature = "answers")]
        self.meanings.push(Meaning::Force { id: id(rule) });
    }

    /// Who is not filtered out. Source: `isFilteredOut`.
    fn filters(&mut self, filters: &'d Json<'d>) -> Condition {
        let Json::List(filters) = filters else {
            return self.conditions.fail("`filters` is no list");
        };
        let parts = filters.iter().map(|filter| self.filter(filter));
        all(parts.collect())
    }

    fn filter(&mut self, filter: &'d Json<'d>) -> Condition {
        let Json::Object(_) = filter else {
            return self.conditions.fail("a filter is no object");
        };
        let version = truthy(filter, "hashVersion").unwrap_or(&Json::Number(2.0));
        let Some((algorithm, total)) = algorithm(version) else {
            return Condition::never();
        };
        let attribute = match truthy(filter, "attribute") {
            None => "id".to_owned(),
            Some(Json::Text(attribute)) => attribute.clone().into_owned(),
            Some(_) => return self.conditions.fail("`attribute` of a filter is no text"),
        };
        let (Some(seed), Some(Json::List(ranges))) = (filter.get("seed"), filter.get("ranges"))
        else {
            return self
                .conditions
                .fail("a filter has no `seed` or no `ranges`");
        };
        let ranges: Option<Vec<(u64, u64)>> =
            ranges.iter().map(|json| range(json, total)).collect();
        let bucketing = self.bucketing(algorithm, &[attribute], Some(seed), "");
        let (Some(bucketing), Some(ranges)) = (bucketing, ranges) else {
            return self
                .conditions
                .fail("a filter has a range that is null, or a `seed` that is no text");
        };
        Condition::Test(Test::Bucket {
            bucketing,
            ranges,
            absent: Absent::Default,
        })
    }

    /// The attributes of which the first that has a value is hashed; `None` if a name is no text. Source:
    /// `getHashAttribute`.
    pub fn units(&self, rule: &Json<'_>) -> Option<Vec<String>> {
        let mut attributes =
            vec![truthy(rule, "hashAttribute").unwrap_or(&Json::Text(Cow::Borrowed("id")))];
        if self.overrides.is_sticky(rule) {
            attributes.extend(truthy(rule, "fallbackAttribute"));
        }
        let names = attributes
            .into_iter()
            .map(|name| name.text().map(str::to_owned));
        names.collect()
    }

    /// How positions are found; `None` for a seed that is no text.
    pub fn bucketing(
        &mut self,
        algorithm: flagstone_compile::model::Algorithm,
        attributes: &[String],
        seed: Option<&Json<'_>>,
        otherwise: &str,
    ) -> Option<Bucketing> {
        let salt = match seed {
            Some(seed) => seed.text()?,
            None => otherwise,
        };
        if salt.len() > LONGEST || attributes.iter().any(|name| name.len() > LONGEST) {
            return None;
        }
        Some(Bucketing {
            algorithm,
            by: attributes
                .iter()
                .map(|attribute| self.conditions.names.of_key(attribute))
                .collect(),
            salt: salt.to_owned(),
            seed: 0,
            modulus: 0,
        })
    }
}

/// The id of a rule as JSON, empty text if there is none.
#[cfg(feature = "answers")]
pub(super) fn id(rule: &Json<'_>) -> String {
    truthy(rule, "id").map_or_else(|| "\"\"".to_owned(), json_text)
}

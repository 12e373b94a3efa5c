//! Answers as GrowthBook's SDK gives them.

use super::feature::lower;
use super::names::Names;
use super::overrides::Overrides;
use super::positions::Shares;
use super::wire::{Definitions, json_text, truthy};
use crate::answer::{Answer, Native, Request, Step, Steps, Type};
use crate::report::Report;
use flagstone_compile::compile_imported;
use flagstone_core::{
    AttributeIndex, AttributeValue, Attributes, Decision, Evaluator, FlagIndex, JsNumber, Reason,
    Snapshot,
};
use flagstone_json::Json;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;

/// GrowthBook's attributes, as the evaluator asks for them.
#[derive(Clone, Copy)]
struct Lookup<'a> {
    snapshot: Snapshot<'a>,
    names: &'a Names,
    /// An object of all attributes.
    attributes: &'a Json<'a>,
}

impl Attributes for Lookup<'_> {
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        let attribute = self.snapshot.attribute(index);
        let Some(path) = attribute.and_then(|attribute| self.names.path(attribute.name)) else {
            return AttributeValue::Missing;
        };
        let all = self.attributes.value();
        path.iter().fold(all, |value, step| value.step(step))
    }
}

/// What the values and the rules of a flag mean.
#[derive(Debug)]
pub(super) struct Meanings {
    /// The values of the variants, as JSON.
    pub values: Vec<String>,
    /// One for each rule of the model.
    pub rules: Vec<Meaning>,
}

/// What it means that a rule decided.
#[derive(Debug)]
pub(super) enum Meaning {
    /// A value is forced.
    Force {
        /// The id of the rule, as JSON.
        id: String,
    },
    /// A prerequisite that is a gate does not hold.
    Prerequisite,
    /// The request says so.
    Override,
    /// A variation of an experiment.
    Experiment(Experiment),
    /// It never decides.
    Nothing,
}

/// What there is to say about an experiment.
#[derive(Debug)]
pub(super) struct Experiment {
    /// The id of the rule, as JSON.
    pub id: String,
    pub key: String,
    /// The attributes of which the first with a value is hashed.
    pub attributes: Vec<String>,
    /// Number of positions.
    pub total: u64,
    /// Positions, and the variation that they have.
    pub shares: Shares,
    /// The keys of the variations, as JSON.
    pub keys: Vec<String>,
    /// The leaf of the contextual bandit, as JSON.
    pub leaf: Option<String>,
    /// The variation that the request forces.
    pub forced: Option<usize>,
}

/// A document's features, for answers in GrowthBook's form.
pub(super) struct Features {
    document: Json<'static>,
    meanings: HashMap<String, Meanings>,
    names: Names,
}

impl Features {
    pub fn new(document: &Json<'_>, meanings: HashMap<String, Meanings>, names: Names) -> Self {
        Self {
            document: owned(document),
            meanings,
            names,
        }
    }
}

impl Native for Features {
    fn answer(&self, snapshot: Snapshot<'_>, request: &Request<'_>) -> Answer {
        let Some(overrides) = Overrides::of(request.context) else {
            return Asked {
                snapshot,
                meanings: &self.meanings,
                names: &self.names,
                request,
            }
            .answer();
        };
        // What the context says beside attributes changes the definitions, for this request alone.
        let failed = || error(request, "GENERAL");
        let Ok(definitions) = Definitions::read(&self.document) else {
            return failed();
        };
        let lowered = lower(&definitions, &overrides, &mut Report::default());
        let compiled = compile_imported(&lowered.model).snapshot;
        let Some(Ok(snapshot)) = compiled.as_deref().map(Snapshot::open) else {
            return failed();
        };
        Asked {
            snapshot,
            meanings: &lowered.meanings,
            names: &lowered.names,
            request,
        }
        .answer()
    }
}

/// One request, and all that it is answered from.
struct Asked<'a> {
    snapshot: Snapshot<'a>,
    meanings: &'a HashMap<String, Meanings>,
    names: &'a Names,
    request: &'a Request<'a>,
}

impl Asked<'_> {
    fn answer(&self) -> Answer {
        let found = self.snapshot.find(self.request.flag);
        let found = found.zip(self.meanings.get(self.request.flag));
        let Some((flag, meanings)) = found else {
            return Answer {
                native: native("null", "unknownFeature", "\"\"", None),
                ..error(self.request, "FLAG_NOT_FOUND")
            };
        };
        let nobody = Json::Object(Vec::new());
        let attributes = match self.request.context.get("attributes") {
            Some(attributes @ (Json::Object(_) | Json::List(_))) => attributes,
            _ => &nobody,
        };
        let lookup = Lookup {
            snapshot: self.snapshot,
            names: self.names,
            attributes,
        };
        let evaluator = Evaluator::new(self.snapshot, &lookup, self.request.now);
        let mut steps = Steps::default();
        let decision = evaluator.explain(flag, &mut steps);
        if decision.reason == Reason::Error {
            let source = match is_circle(&steps.0) {
                true => "cyclicPrerequisite",
                false => "error",
            };
            return Answer {
                native: native("null", source, "\"\"", None),
                ..error(self.request, "GENERAL")
            };
        }
        self.decided(&decision, meanings, &steps.0, attributes)
    }

    fn decided(
        &self,
        decision: &Decision<'_>,
        meanings: &Meanings,
        steps: &[Step],
        attributes: &Json<'_>,
    ) -> Answer {
        let place = decision.variant.map(|variant| usize::from(variant.index.0));
        let value = place.and_then(|place| meanings.values.get(place));
        let value = value.map_or("null", String::as_str);
        let rule = decision.rule.map(usize::from);
        let meaning = rule.and_then(|rule| meanings.rules.get(rule));
        let native = match meaning {
            None | Some(Meaning::Nothing) => native(value, "defaultValue", "\"\"", None),
            Some(Meaning::Force { id }) => native(value, "force", id, None),
            Some(Meaning::Prerequisite) => native(value, "prerequisite", "\"\"", None),
            Some(Meaning::Override) => native(value, "override", "\"\"", None),
            Some(Meaning::Experiment(experiment)) => {
                let result = experiment.result(steps, attributes);
                native(value, "experiment", &experiment.id, Some(&result))
            }
        };
        let is_default = value == "null" && self.request.default.is_some();
        let has_type = self
            .request
            .wanted
            .is_none_or(|wanted| is_of(wanted, value));
        if !is_default && !has_type {
            return Answer {
                native,
                ..error(self.request, "TYPE_MISMATCH")
            };
        }
        let default = self.request.default.filter(|_| is_default).map(json_text);
        let flag = self.snapshot.flag(decision.flag);
        let name = flag
            .zip(decision.rule)
            .and_then(|(flag, rule)| flag.rule_name(rule));
        Answer {
            variant: match default {
                Some(_) => None,
                None => decision.variant.map(|variant| variant.key().to_owned()),
            },
            value: default.unwrap_or_else(|| value.to_owned()),
            reason: decision.reason,
            error: None,
            rule: decision.rule.map(|rule| match name {
                None | Some("") => rule.to_string(),
                Some(name) => name.to_owned(),
            }),
            native,
        }
    }
}

impl Experiment {
    /// The result of an experiment, as JSON.
    fn result(&self, steps: &[Step], attributes: &Json<'_>) -> String {
        let position = steps.iter().rev().find_map(|step| match step {
            Step::Split { position, .. } => *position,
            _ => None,
        });
        let position = position.filter(|_| self.forced.is_none());
        let assigned = position.and_then(|position| {
            let mut shares = self.shares.iter();
            let share = shares.find(|(from, to, _)| (*from..*to).contains(&position));
            share.map(|(_, _, variation)| *variation)
        });
        let variation = self.forced.or(assigned).unwrap_or_default();
        let hashed = self.attributes.iter().find_map(|attribute| {
            let value = truthy(attributes, attribute)?;
            Some((attribute.as_str(), json_text(value)))
        });
        let first = self.attributes.first().map_or("id", String::as_str);
        let (attribute, value) = hashed.unwrap_or((first, "\"\"".to_owned()));
        let mut json = String::new();
        let _ = write!(
            json,
            "{{\"key\":{},\"variationId\":{variation},\"variationKey\":{},\"inExperiment\":true,\"hashUsed\":{},\"hashAttribute\":{},\"hashValue\":{value}",
            quoted(&self.key),
            self.keys.get(variation).map_or("\"\"", String::as_str),
            self.forced.is_none(),
            quoted(attribute),
        );
        if let Some(position) = position {
            let bucket = JsNumber(position as f64 / self.total as f64);
            let _ = write!(json, ",\"bucket\":{bucket}");
            if let Some(leaf) = &self.leaf {
                let _ = write!(json, ",\"leafId\":{leaf}");
            }
        }
        json.push('}');
        json
    }
}

/// Whether an evaluation was given up in a flag that it was already in.
fn is_circle(steps: &[Step]) -> bool {
    let mut way: Vec<FlagIndex> = Vec::new();
    for step in steps {
        match step {
            Step::EnterFlag(flag) => way.push(*flag),
            Step::LeaveFlag(..) => {
                way.pop();
            }
            _ => {}
        }
    }
    let mut seen = way.iter().enumerate();
    seen.any(|(place, flag)| way.iter().take(place).any(|before| before == flag))
}

/// A result of the SDK, as JSON.
fn native(value: &str, source: &str, rule: &str, experiment: Option<&str>) -> String {
    let is_on = !matches!(value, "null" | "false" | "0" | "\"\"");
    let mut json = format!(
        "{{\"value\":{value},\"on\":{is_on},\"off\":{},\"source\":\"{source}\",\"ruleId\":{rule}",
        !is_on
    );
    if let Some(experiment) = experiment {
        json.push_str(",\"experiment\":");
        json.push_str(experiment);
    }
    json.push('}');
    json
}

/// The default of whoever asks, with an error.
fn error(request: &Request<'_>, code: &'static str) -> Answer {
    Answer {
        value: request.default.map_or_else(|| "null".to_owned(), json_text),
        variant: None,
        reason: Reason::Error,
        error: Some(code),
        rule: None,
        native: native("null", "error", "\"\"", None),
    }
}

/// Whether a value, as JSON, is of a type.
fn is_of(wanted: Type, value: &str) -> bool {
    match value.as_bytes().first() {
        Some(b't' | b'f') => wanted == Type::Boolean,
        Some(b'"') => wanted == Type::String,
        Some(b'{' | b'[' | b'n') => wanted == Type::Object,
        _ => wanted == Type::Number,
    }
}

fn quoted(text: &str) -> String {
    json_text(&Json::Text(Cow::Borrowed(text)))
}

/// A copy that borrows nothing.
fn owned(json: &Json<'_>) -> Json<'static> {
    match json {
        Json::Null => Json::Null,
        Json::Boolean(value) => Json::Boolean(*value),
        Json::Number(number) => Json::Number(*number),
        Json::Text(text) => Json::Text(text.clone().into_owned().into()),
        Json::List(elements) => Json::List(elements.iter().map(owned).collect()),
        Json::Object(members) => Json::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone().into_owned().into(), owned(value)))
                .collect(),
        ),
    }
}

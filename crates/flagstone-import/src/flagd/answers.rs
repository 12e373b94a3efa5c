//! Contexts and results in flagd's own form.

use super::rule::Rule;
use super::scope::{Paths, Scope};
use crate::answer::{Answer, Native, Request, Type};
use flagstone_compile::compile_expression;
use flagstone_core::{
    AttributeIndex, AttributeValue, Attributes, Decision, Evaluator, Object, Reason, Snapshot,
    UnixMillis,
};
use flagstone_json::Json;
use std::collections::HashMap;

/// What is known of a flag beyond the model.
pub(super) struct Known {
    enabled: bool,
    /// Variants that have other keys in the model: that, and the key in the document.
    names: Vec<(String, String)>,
    has_variants: bool,
    /// Why its targeting is no rule, in OpenFeature's codes.
    failure: Option<&'static str>,
    /// Names and JSON text.
    metadata: Vec<(String, String)>,
}

impl Known {
    pub(super) fn of(
        flag: &Json<'_>,
        enabled: bool,
        names: &[(String, String)],
        failure: Option<&'static str>,
    ) -> Self {
        let other = names.iter().filter(|(of, name)| of != name);
        Self {
            enabled,
            names: other.map(|(of, name)| (name.clone(), of.clone())).collect(),
            has_variants: !names.is_empty(),
            failure,
            metadata: metadata(flag),
        }
    }
}

fn metadata(json: &Json<'_>) -> Vec<(String, String)> {
    let metadata = json.get("metadata");
    let members = metadata.map_or(&[][..], Json::members).iter();
    members
        .map(|(name, value)| (name.clone().into_owned(), value.to_string()))
        .collect()
}

/// Answers as flagd-core gives them.
pub(super) struct Answers {
    flags: HashMap<String, Known>,
    paths: HashMap<String, Vec<String>>,
    /// Names and JSON text, of all flags.
    metadata: Vec<(String, String)>,
}

impl Answers {
    pub(super) fn new(flags: HashMap<String, Known>, paths: Paths, document: &Json<'_>) -> Self {
        Self {
            flags,
            paths: paths.known,
            metadata: metadata(document),
        }
    }
}

impl Native for Answers {
    fn answer(&self, snapshot: Snapshot<'_>, request: &Request<'_>) -> Answer {
        let failed = |code| answer(request, None, Reason::Error, Some(code), None);
        let Some(known) = self.flags.get(request.flag) else {
            return failed("FLAG_NOT_FOUND");
        };
        if !known.enabled {
            return answer(request, None, Reason::Disabled, None, None);
        }
        if let Some(code) = known.failure {
            return failed(code);
        }
        let Some(index) = snapshot.find(request.flag) else {
            return failed("GENERAL");
        };
        let seconds = request.now.0.div_euclid(1000) as f64;
        let flagd = Json::Object(vec![
            ("flagKey".into(), Json::Text(request.flag.into())),
            ("timestamp".into(), Json::Number(seconds)),
        ]);
        let root = Root {
            context: request.context,
            flagd: &flagd,
        };
        let context = Context {
            snapshot,
            paths: &self.paths,
            root: AttributeValue::Object(&root),
        };
        let evaluator = Evaluator::new(snapshot, &context, request.now);
        let decision = evaluator.evaluate(index);
        let rule = rule(&snapshot, &decision);
        if decision.reason == Reason::Error {
            return failed("GENERAL");
        }
        let Some(variant) = decision.variant else {
            return answer(request, None, Reason::Default, None, rule);
        };
        let renamed = known.names.iter().find(|(name, _)| name == variant.key());
        let key = renamed.map_or(variant.key(), |(_, key)| key.as_str());
        if !known.has_variants {
            return failed("GENERAL");
        }
        let (kind, text) = value(variant.value());
        if request.wanted.is_some_and(|wanted| wanted != kind) {
            return failed("TYPE_MISMATCH");
        }
        answer(request, Some((key, text)), decision.reason, None, rule)
    }

    fn metadata(&self, flag: &str) -> Option<String> {
        // That of the flag is laid over that of the document.
        let own = self
            .flags
            .get(flag)
            .map_or(&[][..], |known| &known.metadata);
        let is_own = |name: &str| own.iter().any(|(other, _)| other == name);
        let shared = self.metadata.iter().filter(|(name, _)| !is_own(name));
        let members: Vec<String> = shared
            .chain(own)
            .map(|(name, value)| format!("{}:{value}", Json::Text(name.into())))
            .collect();
        Some(format!("{{{}}}", members.join(",")))
    }
}

fn rule(snapshot: &Snapshot<'_>, decision: &Decision<'_>) -> Option<String> {
    let flag = snapshot.flag(decision.flag)?;
    Some(flag.rule_name(decision.rule?)?.to_owned())
}

/// The type of a value, and its JSON text.
fn value(value: flagstone_core::Value<'_>) -> (Type, String) {
    use flagstone_core::Value;
    match value {
        Value::Boolean(value) => (Type::Boolean, value.to_string()),
        Value::Number { number, .. } => (Type::Number, Json::Number(number).to_string()),
        Value::String(text) => (Type::String, Json::Text(text.into()).to_string()),
        Value::Json(text) => (Type::Object, text.to_owned()),
    }
}

fn answer(
    request: &Request<'_>,
    served: Option<(&str, String)>,
    reason: Reason,
    error: Option<&'static str>,
    rule: Option<String>,
) -> Answer {
    let default = || request.default.map_or("null".to_owned(), Json::to_string);
    let (variant, value) = match served {
        Some((key, value)) => (Some(key.to_owned()), value),
        None => (None, default()),
    };
    // flagd has one word for whatever targeting gives.
    let word = match reason {
        Reason::Split => Reason::TargetingMatch,
        other => other,
    };
    let quoted = |text: Option<&str>| match text {
        Some(text) => Json::Text(text.into()).to_string(),
        None => "null".to_owned(),
    };
    let native = format!(
        "{{\"value\":{value},\"variant\":{},\"reason\":\"{word}\",\"errorCode\":{}}}",
        quoted(variant.as_deref()),
        quoted(error),
    );
    Answer {
        value,
        variant,
        reason,
        error,
        rule,
        native,
    }
}

/// The context with what flagd adds to it.
struct Root<'r> {
    context: &'r Json<'r>,
    // Not a part of it, so that both have addresses of their own: by those objects are told apart.
    flagd: &'r Json<'r>,
}

impl Object for Root<'_> {
    fn len(&self) -> usize {
        let members = self.context.members();
        members.len() + usize::from(!members.iter().any(|(name, _)| name == "$flagd"))
    }

    fn member(&self, index: usize) -> Option<(&str, AttributeValue<'_>)> {
        let members = self.context.members();
        match members.get(index) {
            Some((name, _)) => Some((name, self.get(name))),
            None if index == members.len() => Some(("$flagd", self.flagd.value())),
            None => None,
        }
    }

    fn get(&self, name: &str) -> AttributeValue<'_> {
        if name == "$flagd" {
            return self.flagd.value();
        }
        self.context
            .get(name)
            .map_or(AttributeValue::Missing, Json::value)
    }
}

/// Finds attributes in a context.
struct Context<'a> {
    snapshot: Snapshot<'a>,
    paths: &'a HashMap<String, Vec<String>>,
    root: AttributeValue<'a>,
}

impl Attributes for Context<'_> {
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        if index == AttributeIndex::TARGETING_KEY {
            return member(self.root, "targetingKey");
        }
        let attribute = self.snapshot.attribute(index);
        match attribute.and_then(|attribute| self.paths.get(attribute.name)) {
            Some(path) => path
                .iter()
                .fold(self.root, |value, name| member(value, name)),
            None => AttributeValue::Missing,
        }
    }

    fn root(&self) -> AttributeValue<'_> {
        self.root
    }
}

/// The value of a rule of JsonLogic, as json-logic-engine computes it for flagd, for data of any shape: JSON text, or
/// `undefined`, `NaN`, `Infinity` or `-Infinity`. `None` if the rule is none or fails.
///
/// For tests: flagd itself only knows keys of variants.
pub fn json_logic(rule: &Json<'_>, data: &Json<'_>, now: UnixMillis) -> Option<String> {
    let mut paths = Paths::default();
    let mut reader = Rule {
        flag: "",
        paths: &mut paths,
        is_whole: false,
    };
    let expression = reader.compiled(rule, &Scope::OUTSIDE).ok()?;
    let bytes = compile_expression(&expression);
    let snapshot = Snapshot::open(&bytes).ok()?;
    let context = Context {
        snapshot,
        paths: &paths.known,
        root: data.value(),
    };
    let evaluator = Evaluator::new(snapshot, &context, now);
    let mut text = String::new();
    evaluator.write_expression(0, &mut text).ok()?;
    Some(text)
}

/// A member of an object. Those of lists and texts are found by expressions.
fn member<'v>(of: AttributeValue<'v>, name: &str) -> AttributeValue<'v> {
    match of {
        AttributeValue::Object(object) => object.get(name),
        // Data of a rule alone may be a list.
        AttributeValue::List(list) => {
            let index = super::evaluators::index(name);
            index.map_or(AttributeValue::Missing, |index| {
                list.element(index as usize)
            })
        }
        _ => AttributeValue::Missing,
    }
}

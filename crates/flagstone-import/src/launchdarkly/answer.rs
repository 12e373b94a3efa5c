//! Results as `variationDetail` of the SDK gives them.

use super::context::Context;
use super::flag::Origin;
use super::rollout::Experiment;
use super::segment::Segments;
use crate::answer::{Answer, Native, Request, Step, Steps, Type};
use flagstone_core::{Decision, Evaluator, Reason, Snapshot, Value};
use flagstone_json::Json;
use std::collections::HashMap;

/// What the rules of a model were in the document.
pub(super) struct LaunchDarkly {
    /// `None` for a flag that the model cannot hold.
    flags: HashMap<String, Option<Vec<Meaning>>>,
    /// For each segment, if it is unbounded, the kind whose key is looked up.
    unbounded: Vec<Option<String>>,
}

/// What a rule was.
struct Meaning {
    /// The reason as JSON, without what an evaluation adds and without the last brace.
    reason: String,
    kind: Kind,
    experiment: Option<Experiment>,
}

enum Kind {
    Prerequisite,
    Target,
    Rule,
    Fallthrough,
}

impl LaunchDarkly {
    pub fn new(segments: &Segments) -> Self {
        Self {
            flags: HashMap::new(),
            unbounded: segments
                .unbounded()
                .map(|kind| kind.map(str::to_owned))
                .collect(),
        }
    }

    /// Notes what the rules of a flag were.
    pub fn flag(
        &mut self,
        key: &str,
        is_usable: bool,
        meanings: &[(Origin<'_>, Option<Experiment>)],
    ) {
        let meanings = meanings.iter().map(|(origin, experiment)| Meaning {
            reason: reason(origin),
            kind: match origin {
                Origin::Prerequisite(_) => Kind::Prerequisite,
                Origin::Target => Kind::Target,
                Origin::Rule { .. } => Kind::Rule,
                Origin::Fallthrough => Kind::Fallthrough,
            },
            experiment: experiment.clone(),
        });
        let meanings = is_usable.then(|| meanings.collect());
        self.flags.insert(key.to_owned(), meanings);
    }

    /// Whether an unbounded segment was looked at for somebody who could be a member.
    fn asks_store(&self, steps: &Steps, context: &Context<'_>) -> bool {
        steps.0.iter().any(|step| {
            let Step::EnterSegment(segment) = step else {
                return false;
            };
            let kind = self.unbounded.get(*segment as usize);
            let kind = kind.and_then(Option::as_deref);
            kind.and_then(|kind| context.key(kind))
                .is_some_and(|key| !key.is_empty())
        })
    }

    /// Whether a rollout that was an experiment made somebody part of it.
    fn in_experiment(experiment: &Experiment, steps: &Steps, context: &Context<'_>) -> bool {
        let position = steps.0.iter().rev().find_map(|step| match step {
            Step::Split { position, .. } => Some(position.unwrap_or(0)),
            _ => None,
        });
        let has_context = context.of(&experiment.kind).is_some();
        position.is_some_and(|position| experiment.has(position, has_context))
    }
}

/// What the evaluation came to.
struct Outcome {
    /// As the SDK says it, without the last brace.
    native: String,
    reason: Reason,
    error: Option<&'static str>,
    rule: Option<String>,
}

impl Outcome {
    fn error(kind: &str, error: &'static str) -> Self {
        Self {
            native: format!("{{\"kind\":\"ERROR\",\"errorKind\":\"{kind}\""),
            reason: Reason::Error,
            error: Some(error),
            rule: None,
        }
    }
}

impl Native for LaunchDarkly {
    fn answer(&self, snapshot: Snapshot<'_>, request: &Request<'_>) -> Answer {
        let Some(context) = Context::read(request.context) else {
            let outcome = Outcome::error("USER_NOT_SPECIFIED", "INVALID_CONTEXT");
            return answer(outcome, None, request);
        };
        let Some(meanings) = self.flags.get(request.flag) else {
            let outcome = Outcome::error("FLAG_NOT_FOUND", "FLAG_NOT_FOUND");
            return answer(outcome, None, request);
        };
        let found = meanings.as_ref().zip(snapshot.find(request.flag));
        let Some((meanings, flag)) = found else {
            return answer(malformed(), None, request);
        };
        let values = context.values(&snapshot);
        let evaluator = Evaluator::new(snapshot, &values, request.now);
        let mut steps = Steps::default();
        let decision = evaluator.explain(flag, &mut steps);
        let mut outcome = outcome(&snapshot, &decision, meanings, &steps, &context);
        if self.asks_store(&steps, &context) {
            outcome.native += ",\"bigSegmentsStatus\":\"NOT_CONFIGURED\"";
        }
        answer(outcome, Some(&decision), request)
    }
}

fn malformed() -> Outcome {
    Outcome::error("MALFORMED_FLAG", "PARSE_ERROR")
}

fn outcome(
    snapshot: &Snapshot<'_>,
    decision: &Decision<'_>,
    meanings: &[Meaning],
    steps: &Steps,
    context: &Context<'_>,
) -> Outcome {
    if decision.reason == Reason::Disabled {
        return Outcome {
            native: "{\"kind\":\"OFF\"".to_owned(),
            reason: Reason::Disabled,
            error: None,
            rule: None,
        };
    }
    let meaning = decision
        .rule
        .and_then(|rule| meanings.get(usize::from(rule)));
    let Some(meaning) = meaning else {
        return malformed();
    };
    let mut native = meaning.reason.clone();
    let experiment = meaning.experiment.as_ref();
    if experiment.is_some_and(|of| LaunchDarkly::in_experiment(of, steps, context)) {
        native += ",\"inExperiment\":true";
    }
    let name = decision.rule.and_then(|rule| {
        let flag = snapshot.flag(decision.flag)?;
        flag.rule_name(rule)
    });
    let reason = match (&meaning.kind, decision.reason) {
        (_, Reason::Split) => Reason::Split,
        (Kind::Prerequisite | Kind::Fallthrough, _) => Reason::Default,
        (Kind::Target | Kind::Rule, _) => Reason::TargetingMatch,
    };
    Outcome {
        native,
        reason,
        error: None,
        rule: name.map(str::to_owned),
    }
}

/// Puts value and reason together, as far as the value has the type that is wanted.
fn answer(outcome: Outcome, decision: Option<&Decision<'_>>, request: &Request<'_>) -> Answer {
    let default = request
        .default
        .map_or_else(|| "null".to_owned(), Json::to_string);
    let variant = decision.and_then(|decision| decision.variant);
    let (value, is) = match &variant {
        Some(variant) => value(&variant.value()),
        None => (default.clone(), request.default.and_then(type_of)),
    };
    // Before a flag is evaluated nobody looks at types.
    let is_wanted = match request.wanted {
        None | Some(Type::Object) => true,
        Some(wanted) => decision.is_none() || is == Some(wanted),
    };
    if !is_wanted {
        return wrong_type(default);
    }
    let Outcome {
        mut native,
        reason,
        error,
        rule,
    } = outcome;
    native.push('}');
    let index = variant.map(|variant| variant.index.0);
    let index = index.map_or_else(|| "null".to_owned(), |index| index.to_string());
    Answer {
        native: format!("{{\"value\":{value},\"variationIndex\":{index},\"reason\":{native}}}"),
        value,
        variant: variant.map(|variant| variant.key().to_owned()),
        reason,
        error,
        rule,
    }
}

fn wrong_type(default: String) -> Answer {
    let native = format!(
        "{{\"value\":{default},\"variationIndex\":null,\"reason\":{{\"kind\":\"ERROR\",\"errorKind\":\"WRONG_TYPE\"}}}}"
    );
    Answer {
        native,
        value: default,
        variant: None,
        reason: Reason::Error,
        error: Some("TYPE_MISMATCH"),
        rule: None,
    }
}

/// A value as JSON, and its type where JSON has one word for it.
fn value(value: &Value<'_>) -> (String, Option<Type>) {
    match value {
        Value::Boolean(value) => (value.to_string(), Some(Type::Boolean)),
        Value::String(text) => (Json::Text((*text).into()).to_string(), Some(Type::String)),
        Value::Number { text, .. } => ((*text).to_owned(), Some(Type::Number)),
        Value::Json(text) => ((*text).to_owned(), None),
    }
}

fn type_of(json: &Json<'_>) -> Option<Type> {
    match json {
        Json::Boolean(_) => Some(Type::Boolean),
        Json::Text(_) => Some(Type::String),
        Json::Number(_) => Some(Type::Number),
        Json::Null | Json::List(_) | Json::Object(_) => None,
    }
}

/// The reason for a rule, without what an evaluation adds and without the last brace.
fn reason(origin: &Origin<'_>) -> String {
    match origin {
        Origin::Prerequisite(key) => format!(
            "{{\"kind\":\"PREREQUISITE_FAILED\",\"prerequisiteKey\":{}",
            Json::Text((*key).into())
        ),
        Origin::Target => "{\"kind\":\"TARGET_MATCH\"".to_owned(),
        Origin::Rule { index, id } => {
            let mut text = format!("{{\"kind\":\"RULE_MATCH\",\"ruleIndex\":{index}");
            if let Some(id) = id {
                text += &format!(",\"ruleId\":{}", id.tree());
            }
            text
        }
        Origin::Fallthrough => "{\"kind\":\"FALLTHROUGH\"".to_owned(),
    }
}

//! Keys and attributes as the SDK is given them, and what its client gives back.
//!
//! A context is `{"key": …, "bucketingKey": …, "attributes": …}`: what `getTreatmentWithConfig` is called with, a
//! bucketing key beside the key meaning the two of them.

use super::flag::{BUCKETING_KEY, CONTROL, Known};
use super::javascript::{trim, truthy};
use crate::answer::{Answer, Native, Request, Type};
use flagstone_compile::model::TARGETING_KEY;
use flagstone_core::{
    AttributeIndex, AttributeValue, Attributes, Evaluator, JsNumber, Reason, Snapshot,
};
use flagstone_json::Json;
use std::borrow::Cow;
use std::collections::HashMap;

/// What the SDK says that is not in a snapshot.
#[derive(Default)]
pub(super) struct Split {
    /// `None` for flags that are not in the model.
    flags: HashMap<String, Option<Flag>>,
}

struct Flag {
    /// Of each variant.
    treatments: Vec<String>,
    /// Of each rule, as JSON.
    labels: Vec<String>,
    /// Treatments and their configurations, as JSON.
    configurations: Vec<(String, String)>,
}

impl Split {
    pub fn leave_out(&mut self, name: &str) {
        self.flags.insert(name.to_owned(), None);
    }

    pub fn flag(&mut self, name: &str, json: &Json<'_>, known: &Known<'_>, labels: Vec<String>) {
        let configurations = json.get("configurations").map_or(&[][..], Json::members);
        let configurations = configurations
            .iter()
            .map(|(treatment, text)| {
                // What is empty counts as none.
                let text = if truthy(Some(text)) {
                    text.to_string()
                } else {
                    "null".to_owned()
                };
                (treatment.to_string(), text)
            })
            .collect();
        let treatments = known.treatments.iter().map(|of| (*of).to_owned());
        let flag = Flag {
            treatments: treatments.collect(),
            labels,
            configurations,
        };
        self.flags.insert(name.to_owned(), Some(flag));
    }
}

impl Flag {
    fn configuration(&self, treatment: &str) -> &str {
        let all = self.configurations.iter().rev();
        let mut of = all.filter(|(name, _)| name == treatment);
        of.next().map_or("null", |(_, text)| text)
    }
}

impl Native for Split {
    fn answer(&self, snapshot: Snapshot<'_>, request: &Request<'_>) -> Answer {
        let context = request.context;
        let name = trim(request.flag);
        let attributes = context.some("attributes");
        let key = match context.get("bucketingKey") {
            None => Key::read(context.get("key")),
            beside => Key::pair(context.get("key"), beside),
        };
        let key = match key {
            Ok(key) if !name.is_empty() && is_object(attributes) => key,
            Ok(_) if name.is_empty() => {
                return refused(request, "FLAG_NOT_FOUND", "null");
            }
            Ok(_) => return refused(request, "INVALID_CONTEXT", "null"),
            Err(code) => return refused(request, code, "null"),
        };
        let flag = match self.flags.get(name) {
            Some(Some(flag)) => flag,
            Some(None) => return refused(request, "GENERAL", "\"exception\""),
            None => return refused(request, "FLAG_NOT_FOUND", "\"definition not found\""),
        };
        let Some(index) = snapshot.find(name) else {
            return refused(request, "GENERAL", "\"exception\"");
        };
        let context = Context {
            snapshot,
            key: &key,
            attributes,
        };
        let evaluator = Evaluator::new(snapshot, &context, request.now);
        let decision = evaluator.evaluate(index);
        let label = match (decision.reason, decision.rule) {
            (Reason::Error, _) => return refused(request, "GENERAL", "\"exception\""),
            (Reason::Disabled, _) => Some("\"killed\""),
            (_, Some(rule)) => flag.labels.get(usize::from(rule)).map(String::as_str),
            (_, None) => None,
        };
        let place = decision.variant.map(|variant| variant.index.0);
        let treatment = place.and_then(|place| flag.treatments.get(usize::from(place)));
        let treatment = treatment.map_or(CONTROL, String::as_str);
        let native = native(
            treatment,
            flag.configuration(treatment),
            label.unwrap_or("\"default rule\""),
        );
        if !matches!(request.wanted, None | Some(Type::String)) {
            return Answer {
                native,
                ..refused(request, "TYPE_MISMATCH", "null")
            };
        }
        let rule = decision.rule.and_then(|rule| {
            let flag = snapshot.flag(index)?;
            flag.rule_name(rule).map(str::to_owned)
        });
        Answer {
            value: quoted(treatment),
            variant: decision.variant.map(|variant| variant.key().to_owned()),
            reason: decision.reason,
            error: None,
            rule,
            native,
        }
    }
}

/// `control`, as whoever asks sees it.
fn refused(request: &Request<'_>, error: &'static str, label: &str) -> Answer {
    Answer {
        value: request
            .default
            .map_or_else(|| "null".to_owned(), Json::to_string),
        variant: None,
        reason: Reason::Error,
        error: Some(error),
        rule: None,
        native: native(CONTROL, "null", label),
    }
}

fn native(treatment: &str, config: &str, label: &str) -> String {
    let treatment = quoted(treatment);
    format!("{{\"treatment\":{treatment},\"config\":{config},\"label\":{label}}}")
}

fn quoted(text: &str) -> String {
    Json::Text(Cow::Borrowed(text)).to_string()
}

/// Whether attributes are an object, or not given.
fn is_object(attributes: Option<&Json<'_>>) -> bool {
    matches!(attributes, None | Some(Json::Object(_)))
}

/// A key that the SDK accepts.
struct Key<'r> {
    matching: Cow<'r, str>,
    bucketing: Cow<'r, str>,
}

impl<'r> Key<'r> {
    fn read(json: Option<&'r Json<'r>>) -> Result<Self, &'static str> {
        match json {
            Some(Json::Object(_)) => {
                let member = |name| json.and_then(|json| json.get(name));
                Self::pair(member("matchingKey"), member("bucketingKey"))
            }
            json => {
                let key = one(json)?;
                Ok(Self {
                    matching: key.clone(),
                    bucketing: key,
                })
            }
        }
    }

    fn pair(
        matching: Option<&'r Json<'r>>,
        bucketing: Option<&'r Json<'r>>,
    ) -> Result<Self, &'static str> {
        Ok(Self {
            matching: one(matching)?,
            bucketing: one(bucketing)?,
        })
    }
}

/// Text of 1 to 250 UTF-16 code units, blanks around it not counted, or a number; or OpenFeature's code for what it is instead.
fn one<'r>(json: Option<&'r Json<'r>>) -> Result<Cow<'r, str>, &'static str> {
    const LONGEST: usize = 250;
    const MISSING: &str = "TARGETING_KEY_MISSING";
    const INVALID: &str = "INVALID_CONTEXT";
    match json {
        None | Some(Json::Null) => Err(MISSING),
        Some(Json::Number(zero)) if *zero == 0.0 && zero.is_sign_negative() => {
            Ok(Cow::Borrowed("-0"))
        }
        Some(Json::Number(number)) if number.is_finite() => {
            Ok(Cow::Owned(JsNumber(*number).to_string()))
        }
        Some(Json::Text(text)) => match trim(text) {
            "" => Err(MISSING),
            text if text.encode_utf16().count() > LONGEST => Err(INVALID),
            text => Ok(Cow::Borrowed(text)),
        },
        Some(_) => Err(INVALID),
    }
}

struct Context<'r> {
    snapshot: Snapshot<'r>,
    key: &'r Key<'r>,
    attributes: Option<&'r Json<'r>>,
}

impl Attributes for Context<'_> {
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        let name = self.snapshot.attribute(index);
        let name = name.map_or("", |attribute| attribute.name);
        match name {
            TARGETING_KEY => return AttributeValue::Text(&self.key.matching),
            BUCKETING_KEY => return AttributeValue::Text(&self.key.bucketing),
            _ => {}
        }
        let value = match name.strip_prefix("user.") {
            Some(name) => self.attributes.and_then(|all| all.get(name)),
            None => {
                let quoted = name
                    .strip_prefix("user[")
                    .and_then(|name| name.strip_suffix(']'));
                let name = quoted.and_then(|name| Json::read(name).ok());
                let name = name.as_ref().and_then(Json::text);
                name.and_then(|name| self.attributes?.get(name))
            }
        };
        value.map_or(AttributeValue::Missing, Json::value)
    }
}

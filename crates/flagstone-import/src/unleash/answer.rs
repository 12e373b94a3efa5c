//! Answers as the SDK for Node gives them.

use super::date;
use super::javascript::{text, truthy};
use super::names::{self, FIELDS, RANDOM};
use super::payload::Outcomes;
use crate::answer::{Answer, Native, Request, Type};
use crate::service::Sdk;
use flagstone_core::{
    AttributeIndex, AttributeValue, Attributes, Evaluator, FlagIndex, Reason, Snapshot, UnixMillis,
    Variant,
};
use flagstone_json::Json;
use std::cell::Cell;
use std::collections::HashMap;

/// The time where the context's is no date: before all that are.
const NO_TIME: UnixMillis = UnixMillis(i64::MIN);

/// What the SDK says about features, beside what their flags say.
#[derive(Default)]
pub(super) struct Answers {
    features: HashMap<String, Feature>,
    /// Of a small generator; each answer draws once.
    chance: Cell<u64>,
    /// The document, if a strategy lacks a group.
    document: Option<(Json<'static>, Sdk)>,
}

struct Feature {
    /// The `enabled` of the definition where the SDK hands that out, as JSON.
    enabled: String,
    /// Of each variant its name and its payload, as members of a JSON object.
    variants: Vec<String>,
    asks_toggle: bool,
    dependencies: Vec<String>,
}

impl Answers {
    pub fn add(
        &mut self,
        name: &str,
        feature: &Json<'_>,
        outcomes: &Outcomes<'_, '_>,
        asks_toggle: bool,
    ) {
        let has_strategies = feature
            .get("strategies")
            .is_none_or(|of| !of.elements().is_empty());
        let enabled = match feature.get("enabled") {
            Some(raw) if !has_strategies => raw.to_string(),
            _ => "true".to_owned(),
        };
        let variants = outcomes.definitions.iter().map(|definition| {
            let mut members = String::new();
            for member in ["name", "payload"] {
                if let Some(value) = definition.get(member) {
                    members.push_str(&format!("\"{member}\":{value},"));
                }
            }
            members
        });
        let dependencies = feature.get("dependencies").map(Json::elements);
        let dependencies = dependencies.unwrap_or_default().iter();
        let feature = Feature {
            enabled,
            variants: variants.collect(),
            asks_toggle,
            dependencies: dependencies
                .filter_map(|of| Some(of.get("feature")?.text()?.to_owned()))
                .collect(),
        };
        self.features.insert(name.to_owned(), feature);
    }

    /// Keeps the document, if a strategy lacks a group, which a context may then say.
    pub fn keep(&mut self, document: &Json<'_>, sdk: Sdk) {
        if self.features.values().any(|of| of.asks_toggle) {
            self.document = Some((owned(document), sdk));
        }
    }

    /// A number from 1 to 10,001.
    fn draw(&self, now: UnixMillis) -> u64 {
        // SplitMix64.
        let state = self.chance.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.chance.set(state);
        let mixed = state ^ now.0 as u64;
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % 10_001 + 1
    }

    /// The answer where the context says which group it is that strategies without one have: the document is taken over
    /// again for it. `None` if there is nothing of the document.
    fn with_toggle(&self, toggle: &str, request: &Request<'_>) -> Option<Answer> {
        let (document, sdk) = self.document.as_ref()?;
        let imported = super::import_for(document, *sdk, toggle).ok()?;
        let snapshot = flagstone_compile::compile_imported(&imported.model).snapshot?;
        let context = Json::Object(
            request
                .context
                .members()
                .iter()
                .filter(|(name, _)| name != "featureToggle")
                .cloned()
                .collect(),
        );
        let request = Request {
            context: &context,
            ..*request
        };
        let snapshot = Snapshot::open(&snapshot).ok()?;
        Some(imported.native.answer(snapshot, &request))
    }

    /// Whether strategies of a feature, or of one it depends on, lack a group.
    fn asks_toggle(&self, name: &str) -> bool {
        let asks = |name: &str| self.features.get(name).is_some_and(|of| of.asks_toggle);
        let feature = self.features.get(name);
        asks(name) || feature.is_some_and(|of| of.dependencies.iter().any(|name| asks(name)))
    }

    /// `{enabled, variant}` for a variant's place in its flag.
    fn native(&self, name: &str, place: usize) -> String {
        let Some(feature) = self.features.get(name) else {
            return OFF.to_owned();
        };
        let enabled = &feature.enabled;
        match place.checked_sub(2).and_then(|at| feature.variants.get(at)) {
            _ if place == 0 => OFF.to_owned(),
            None => format!(
                r#"{{"enabled":{enabled},"variant":{{"name":"disabled","enabled":false,"feature_enabled":{enabled}}}}}"#
            ),
            Some(members) => format!(
                r#"{{"enabled":{enabled},"variant":{{{members}"enabled":true,"feature_enabled":{enabled}}}}}"#
            ),
        }
    }
}

/// What the SDK answers for a feature that is off or not there.
const OFF: &str =
    r#"{"enabled":false,"variant":{"name":"disabled","enabled":false,"feature_enabled":false}}"#;

impl Native for Answers {
    fn answer(&self, snapshot: Snapshot<'_>, request: &Request<'_>) -> Answer {
        let failed = |error, native: &str| Answer {
            value: request.default.map_or("null".to_owned(), Json::to_string),
            variant: None,
            reason: Reason::Error,
            error: Some(error),
            rule: None,
            native: native.to_owned(),
        };
        let Some(flag) = snapshot.find(request.flag) else {
            return failed("FLAG_NOT_FOUND", OFF);
        };
        let context = request.context;
        if let Some(toggle) = truthy(context.get("featureToggle"))
            && self.asks_toggle(request.flag)
            && let Some(again) = self.with_toggle(&text(Some(toggle)), request)
        {
            return again;
        }
        let now = match truthy(context.get("currentTime")) {
            None => request.now,
            time => date::of(time).map_or(NO_TIME, UnixMillis),
        };
        let whom = Whom {
            snapshot,
            context,
            random: self.draw(request.now).to_string(),
        };
        let evaluator = Evaluator::new(snapshot, &whom, now);
        let decision = evaluator.evaluate(flag);
        let Some(variant) = decision.variant else {
            // The SDK throws.
            return failed("PARSE_ERROR", "null");
        };
        let place = usize::from(variant.index.0);
        let native = self.native(request.flag, place);
        let (value, is_default) = match value(&variant, place, request) {
            Ok(value) => value,
            Err(error) => return failed(error, &native),
        };
        Answer {
            value,
            variant: (!is_default).then(|| variant.key().to_owned()),
            reason: decision.reason,
            error: None,
            rule: decision
                .rule
                .and_then(|rule| rule_name(snapshot, flag, rule)),
            native,
        }
    }
}

/// The value as JSON, and whether it is the default of whoever asks.
fn value(
    variant: &Variant<'_>,
    place: usize,
    request: &Request<'_>,
) -> Result<(String, bool), &'static str> {
    use flagstone_core::Value;
    let default = || request.default.map_or("null".to_owned(), Json::to_string);
    let quoted = |text: &str| Json::Text(text.into()).to_string();
    match (request.wanted, variant.value()) {
        // Whether the feature is enabled, whichever variant it gives.
        (Some(Type::Boolean), _) => Ok(((place > 0).to_string(), false)),
        // No variant has no value.
        (Some(_), _) if place < 2 => Ok((default(), true)),
        (None, Value::Boolean(value)) => Ok((value.to_string(), false)),
        (None | Some(Type::String), Value::String(text)) => Ok((quoted(text), false)),
        (None | Some(Type::Number), Value::Number { text, .. }) => Ok((text.to_owned(), false)),
        (None | Some(Type::Object), Value::Json(text)) => Ok((text.to_owned(), false)),
        _ => Err("TYPE_MISMATCH"),
    }
}

fn rule_name(snapshot: Snapshot<'_>, flag: FlagIndex, rule: u16) -> Option<String> {
    Some(snapshot.flag(flag)?.rule_name(rule)?.to_owned())
}

fn owned(json: &Json<'_>) -> Json<'static> {
    match json {
        Json::Null => Json::Null,
        Json::Boolean(value) => Json::Boolean(*value),
        Json::Number(number) => Json::Number(*number),
        Json::Text(text) => Json::Text(text.to_string().into()),
        Json::List(elements) => Json::List(elements.iter().map(owned).collect()),
        Json::Object(members) => {
            let members = members.iter();
            Json::Object(
                members
                    .map(|(name, value)| (name.to_string().into(), owned(value)))
                    .collect(),
            )
        }
    }
}

/// A context of Unleash's as attributes.
struct Whom<'r> {
    snapshot: Snapshot<'r>,
    context: &'r Json<'r>,
    random: String,
}

impl Whom<'_> {
    fn property(&self, field: &str) -> Option<&Json<'_>> {
        self.context.get("properties")?.some(field)
    }

    fn find(&self, attribute: &str) -> Option<&Json<'_>> {
        for (field, own, property) in FIELDS {
            if attribute == own {
                return self.context.some(field);
            }
            if attribute == property {
                let is_absent = self.context.some(field).is_none();
                return self.property(field).filter(|_| is_absent);
            }
        }
        let field = names::field(attribute)?;
        let own = self.context.some(&field);
        own.or_else(|| self.property(&field))
    }
}

impl Attributes for Whom<'_> {
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        match self.snapshot.attribute(index) {
            Some(attribute) if attribute.name == RANDOM => AttributeValue::Text(&self.random),
            Some(attribute) => self
                .find(attribute.name)
                .map_or(AttributeValue::Missing, Json::value),
            None => AttributeValue::Missing,
        }
    }
}

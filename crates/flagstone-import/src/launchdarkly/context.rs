//! Evaluation contexts: of one kind, of several, and users as they were before there were kinds.

use super::reference::{USER, is_kind, parts};
use flagstone_compile::model::TARGETING_KEY;
use flagstone_core::js::is_truthy;
use flagstone_core::{AttributeIndex, AttributeValue, Attributes, JsNumber, Snapshot};
use flagstone_json::Json;
use std::borrow::Cow;

/// A context, seen as the attributes of a snapshot.
pub(super) struct Context<'c> {
    /// Kinds, and what is known of each.
    contexts: Vec<(Cow<'c, str>, Cow<'c, Json<'c>>)>,
    kinds: Json<'c>,
}

impl<'c> Context<'c> {
    /// Reads a context; `None` if the SDK refuses it.
    pub fn read(json: &'c Json<'c>) -> Option<Self> {
        let contexts = match json.get("kind") {
            None | Some(Json::Null) => vec![(USER.into(), Cow::Owned(user(json)?))],
            Some(Json::Text(kind)) if kind == "multi" => several(json)?,
            Some(Json::Text(kind)) if is_kind(kind) && has_key(json) => {
                vec![(kind.clone(), Cow::Borrowed(json))]
            }
            Some(_) => return None,
        };
        let kinds = contexts.iter().map(|(kind, _)| Json::Text(kind.clone()));
        let kinds = Json::List(kinds.collect());
        Some(Self { contexts, kinds })
    }

    /// The context of a kind.
    pub fn of(&self, kind: &str) -> Option<&Json<'c>> {
        let mut contexts = self.contexts.iter();
        contexts
            .find(|(of, _)| of == kind)
            .map(|(_, json)| json.as_ref())
    }

    /// The key of a kind.
    pub fn key(&self, kind: &str) -> Option<&str> {
        self.of(kind)?.get("key")?.text()
    }

    /// The value of each attribute of a snapshot.
    pub fn values(&self, snapshot: &Snapshot<'_>) -> Values<'_> {
        let indices = 0..snapshot.attribute_count();
        let attributes = indices.map(|index| snapshot.attribute(AttributeIndex(index)));
        let value = |name: &str| self.value(name).unwrap_or(AttributeValue::Missing);
        Values(
            attributes
                .map(|attribute| attribute.map_or(AttributeValue::Missing, |of| value(of.name)))
                .collect(),
        )
    }

    /// The value of an attribute by its name in the model.
    fn value(&self, name: &str) -> Option<AttributeValue<'_>> {
        let parts = parts(name);
        let (kind, steps) = parts.split_first()?;
        if kind == "kind" && steps.is_empty() {
            return Some(self.kinds.value());
        }
        let Some(context) = self.of(kind) else {
            // Who has no key here has one of another kind.
            let is_key = name == TARGETING_KEY;
            return is_key.then_some(AttributeValue::Null);
        };
        let (first, more) = steps.split_first()?;
        if first == "anonymous" && more.is_empty() {
            return Some(AttributeValue::Boolean(
                context
                    .get(first)
                    .is_some_and(|value| is_truthy(value.value())),
            ));
        }
        let value = steps
            .iter()
            .try_fold(context, |value, step| value.get(step))?;
        Some(value.value())
    }
}

/// Attributes by their numbers in a snapshot.
pub(super) struct Values<'c>(Vec<AttributeValue<'c>>);

impl Attributes for Values<'_> {
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        let value = self.0.get(usize::from(index.0)).copied();
        value.unwrap_or(AttributeValue::Missing)
    }
}

fn has_key(json: &Json<'_>) -> bool {
    let key = json.get("key").and_then(Json::text);
    key.is_some_and(|key| !key.is_empty())
}

type Contexts<'c> = Vec<(Cow<'c, str>, Cow<'c, Json<'c>>)>;

/// The contexts of several kinds.
fn several<'c>(json: &'c Json<'c>) -> Option<Contexts<'c>> {
    let mut contexts: Contexts<'c> = Vec::new();
    for (kind, context) in json.members() {
        if kind == "kind" {
            continue;
        }
        if !is_kind(kind) || !matches!(context, Json::Object(_)) || !has_key(context) {
            return None;
        }
        contexts.retain(|(of, _)| of != kind);
        contexts.push((kind.as_ref().into(), Cow::Borrowed(context)));
    }
    (!contexts.is_empty()).then_some(contexts)
}

/// A user without a kind as a context of one: `custom` is laid flat, what is built in counts before it.
fn user<'c>(json: &'c Json<'c>) -> Option<Json<'c>> {
    let key = match json.some("key")? {
        Json::Text(key) => key.as_ref().into(),
        Json::Number(number) => Cow::Owned(JsNumber(*number).to_string()),
        Json::Object(_) => "[object Object]".into(),
        other => Cow::Owned(other.to_string()),
    };
    let custom = json.get("custom").map_or(&[][..], Json::members);
    let mut members = custom.to_vec();
    let mut put = |name: &'static str, value: Json<'c>| {
        members.retain(|(of, _)| of != name);
        members.push((name.into(), value));
    };
    put("kind", Json::Text(USER.into()));
    put("key", Json::Text(key));
    if let Some(anonymous) = json.some("anonymous") {
        put("anonymous", Json::Boolean(is_truthy(anonymous.value())));
    }
    for name in [
        "name",
        "ip",
        "firstName",
        "lastName",
        "email",
        "avatar",
        "country",
    ] {
        if let Some(value) = json.some(name) {
            put(name, value.clone());
        }
    }
    if let Some(names) = json.some("privateAttributeNames") {
        let meta = vec![("privateAttributes".into(), names.clone())];
        put("_meta", Json::Object(meta));
    }
    Some(Json::Object(members))
}

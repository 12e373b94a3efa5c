//! Conditions: what the SDK makes of them when it reads them, before anything is decided.

use super::Reader;
use super::javascript::truthy;
use super::matcher::Type;
use super::partitions::Partitions;
use crate::service::Sdk;
use flagstone_compile::model::Condition;
use flagstone_json::Json;

/// What a list of conditions is to the SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// It throws.
    Throws(&'static str),
    /// It can be decided.
    Sound,
    /// It is there and has an element of which the type is not known, or nothing in it: `control` for everybody.
    Unsupported,
}

impl Shape {
    /// The SDK reads the conditions one by one, and stops at one that it does not support.
    pub fn of(conditions: Option<&Json<'_>>, sdk: Sdk) -> Self {
        const UNREADABLE: &str = "its conditions are not of the shape that the SDK reads";
        let conditions = match conditions {
            None | Some(Json::Null) => return Self::Throws(UNREADABLE),
            Some(Json::Text(text)) if !text.is_empty() => return Self::Throws(UNREADABLE),
            Some(Json::List(conditions)) => conditions,
            Some(_) => return Self::Unsupported,
        };
        for condition in conditions {
            let matchers = condition
                .get("matcherGroup")
                .and_then(|group| group.get("matchers"));
            let Some(Json::List(matchers)) = matchers else {
                return Self::Throws(UNREADABLE);
            };
            let mut supported = !matchers.is_empty();
            for matcher in matchers {
                let data = |name| matcher.some(name).is_some();
                let readable = match Type::of(matcher) {
                    None => {
                        supported = false;
                        !matcher.is_null()
                    }
                    Some(Type::EqualTo | Type::AtLeast | Type::AtMost) => {
                        data("unaryNumericMatcherData")
                    }
                    Some(Type::Between) => data("betweenMatcherData"),
                    Some(_) => true,
                };
                if !readable {
                    return Self::Throws(UNREADABLE);
                }
            }
            if !supported {
                return Self::Unsupported;
            }
            if let Partitions::Invalid = Partitions::read(condition.get("partitions"), sdk) {
                return Self::Throws("the SDK throws, since its partitions do not add up to 100");
            }
        }
        if conditions.is_empty() {
            Self::Unsupported
        } else {
            Self::Sound
        }
    }
}

impl Reader<'_> {
    /// For whom a condition is, once its shape is known to be sound.
    pub(super) fn matches(&mut self, condition: &Json<'_>) -> Condition {
        let matchers = condition
            .get("matcherGroup")
            .and_then(|group| group.get("matchers"))
            .map_or(&[][..], Json::elements);
        let mut parts: Vec<Condition> = matchers
            .iter()
            .map(|matcher| self.matcher(matcher))
            .collect();
        if parts.len() == 1 {
            parts.swap_remove(0)
        } else {
            Condition::All(parts)
        }
    }
}

/// Whether a condition is one of those before which the traffic allocation is looked at.
pub(super) fn is_rollout(condition: &Json<'_>) -> bool {
    condition.get("conditionType").and_then(Json::text) == Some("ROLLOUT")
}

/// The conditions of a rule-based segment: none of them is also a shape that can be decided.
pub(super) fn of_segment<'d>(segment: &'d Json<'d>) -> Option<&'d Json<'d>> {
    let conditions = segment
        .get("conditions")
        .filter(|value| truthy(Some(value)))?;
    match conditions {
        Json::List(list) => (!list.is_empty()).then_some(conditions),
        Json::Text(_) => Some(conditions),
        // Without a length, it is as if there were none.
        _ => conditions
            .get("length")
            .filter(|length| truthy(Some(length)))
            .map(|_| conditions),
    }
}

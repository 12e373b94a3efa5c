//! Operators of conditions.
//!
//! Source: `evalOperatorCondition` of GrowthBook's SDK for JavaScript 1.8.0.

use super::condition::{Conditions, Root, all, any, is_operators, not};
use super::wire::{is_truthy, text};
use flagstone_compile::model::{
    Condition, ELEMENT, Js, Matcher, Order, Reading, Scalar, Scope, Test, kind,
};
use flagstone_compile::regex::{self, Dialect, PatternError};
use flagstone_core::js;
use flagstone_json::Json;

/// Where values are compared strictly, what is missing is no.
const STRICT: Reading = Reading {
    elements: false,
    missing_is_no: true,
    mistyped_is_no: true,
    conversion: flagstone_compile::model::Conversion::None,
};

/// The same, and of a list each element is asked.
const STRICT_ELEMENTS: Reading = Reading {
    elements: true,
    ..STRICT
};

impl<'d> Conditions<'d> {
    pub fn operator(&mut self, operator: &str, what: &'d Json<'d>, name: &str) -> Condition {
        let list = match what {
            Json::List(list) => Some(list.as_slice()),
            _ => None,
        };
        match operator {
            "$eq" => self.strictly(what, name),
            "$ne" => not(self.strictly(what, name)),
            "$lt" => self.compared(Order::Less, what, name),
            "$lte" => self.compared(Order::LessOrEqual, what, name),
            "$gt" => self.compared(Order::Greater, what, name),
            "$gte" => self.compared(Order::GreaterOrEqual, what, name),
            "$veq" => self.version(Order::Equal, what, name),
            "$vne" => not(self.version(Order::Equal, what, name)),
            "$vlt" => self.version(Order::Less, what, name),
            "$vlte" => self.version(Order::LessOrEqual, what, name),
            "$vgt" => self.version(Order::Greater, what, name),
            "$vgte" => self.version(Order::GreaterOrEqual, what, name),
            "$exists" if is_truthy(what) => self.exists(name),
            "$exists" => not(self.exists(name)),
            "$in" | "$ini" | "$nin" | "$nini" => {
                let Some(list) = list else {
                    return Condition::never();
                };
                let is_in = self.is_in(list, name, operator.ends_with("ini"));
                if operator.starts_with("$n") {
                    not(is_in)
                } else {
                    is_in
                }
            }
            // A group that makes no sense has nobody in it, and nobody is not in it.
            "$inGroup" => match self.group_values(&text(what)) {
                Some(values) => self.is_in(values, name, false),
                None => Condition::never(),
            },
            "$notInGroup" => match self.group_values(&text(what)) {
                Some(values) => not(self.is_in(values, name, false)),
                None => Condition::never(),
            },
            "$not" => not(self.value(what, name, false)),
            "$size" => {
                let length = self.value(what, ELEMENT, false);
                self.within(name, Scope::Length, length)
            }
            "$elemMatch" => {
                let element = match what {
                    Json::Null => {
                        self.fail("`$elemMatch` is null, at which GrowthBook's SDK throws")
                    }
                    _ if is_operators(what) => self.value(what, ELEMENT, false),
                    _ => self.condition(what, Root::Element),
                };
                self.within(name, Scope::Present, element)
            }
            "$all" | "$alli" => {
                let Some(list) = list else {
                    return Condition::never();
                };
                let mut parts = vec![self.js(name, Js::Type(kind::LIST))];
                for wanted in list {
                    let element = self.value(wanted, ELEMENT, operator == "$alli");
                    parts.push(self.within(name, Scope::Elements, element));
                }
                all(parts)
            }
            "$regex" | "$regexi" => match what.text() {
                Some(pattern) => self.matches(pattern, operator == "$regexi", name),
                None => Condition::never(),
            },
            "$type" => {
                let kinds = match what.text() {
                    Some("null") => kind::NULL,
                    Some("boolean") => kind::BOOLEAN,
                    Some("number") => kind::NUMBER,
                    Some("string") => kind::TEXT,
                    Some("array") => kind::LIST,
                    Some("object") => kind::OBJECT,
                    _ => return Condition::never(),
                };
                self.js(name, Js::Type(kinds))
            }
            // The SDK says so on the console.
            _ => Condition::never(),
        }
    }

    fn within(&mut self, name: &str, scope: Scope, when: Condition) -> Condition {
        let when = Box::new(when);
        self.attribute(name, |name| Test::Within { name, scope, when })
    }

    /// A regular expression. Slashes that the SDK escapes mean the same as they are.
    fn matches(&mut self, pattern: &str, ignore_case: bool, name: &str) -> Condition {
        match regex::check(Dialect::EcmaScript, pattern, ignore_case) {
            Ok(()) => {
                let pattern = pattern.to_owned();
                self.js(
                    name,
                    Js::Matches {
                        pattern,
                        ignore_case,
                    },
                )
            }
            // JavaScript throws, and the SDK takes that for no.
            Err(PatternError::Syntax { .. }) => Condition::never(),
            Err(error) => self.fail(&format!("the regular expression `{pattern}`: {error}")),
        }
    }

    /// `===`.
    fn strictly(&mut self, json: &Json<'_>, name: &str) -> Condition {
        match scalar(json) {
            Some(scalar) => self.test(name, Matcher::Equals(scalar), STRICT),
            None if json.is_null() => not(self.exists(name)),
            // No two lists are the same.
            None => Condition::never(),
        }
    }

    /// `<` and its like.
    fn compared(&mut self, order: Order, json: &Json<'_>, name: &str) -> Condition {
        let with = match json {
            Json::Null => Scalar::Number(0.0),
            Json::List(_) | Json::Object(_) => Scalar::Text(text(json)),
            other => scalar(other).unwrap_or(Scalar::Number(0.0)),
        };
        self.js(name, Js::Compare(order, with))
    }

    fn version(&mut self, order: Order, json: &Json<'_>, name: &str) -> Condition {
        let version = match json {
            Json::Number(_) => text(json),
            Json::Text(version) if !version.is_empty() => version.clone().into_owned(),
            _ => "0".to_owned(),
        };
        self.js(name, Js::Version(order, version))
    }

    /// Whether a value, or of a list an element, is one of some values. Source: `isIn`.
    pub fn is_in(&mut self, list: &[Json<'_>], name: &str, lower: bool) -> Condition {
        let mut scalars = Vec::new();
        let mut small = Vec::new();
        for json in list {
            match json {
                Json::Text(text) if lower => small.push(js::lower(text).collect()),
                other => scalars.extend(scalar(other)),
            }
        }
        let mut parts = Vec::new();
        if !scalars.is_empty() {
            parts.push(self.test(name, Matcher::OneOf(scalars), STRICT_ELEMENTS));
        }
        if !small.is_empty() {
            let matcher = Matcher::Js(Js::OneOfLower(small));
            parts.push(self.test(name, matcher, STRICT_ELEMENTS));
        }
        if list.iter().any(Json::is_null) {
            parts.push(not(self.exists(name)));
            let null = not(self.exists(ELEMENT));
            parts.push(self.within(name, Scope::Elements, null));
        }
        any(parts)
    }
}

/// A value that is compared with `===`; `None` for null, and for lists and objects, which are never the same.
fn scalar(json: &Json<'_>) -> Option<Scalar> {
    match json {
        Json::Text(text) => Some(Scalar::Text(text.clone().into_owned())),
        Json::Number(number) => Some(Scalar::Number(*number)),
        Json::Boolean(value) => Some(Scalar::Boolean(*value)),
        Json::Null | Json::List(_) | Json::Object(_) => None,
    }
}

//! Constraints, and the segments that hold them.

use super::feature::constant;
use super::notes::Notes;
use super::{date, javascript, names};
use crate::report::Fidelity;
use flagstone_compile::model::{
    Condition, Conversion, Js, Matcher, Order, Reading, Scalar, Test, kind,
};
use flagstone_compile::regex::{self, Dialect, PatternError};
use flagstone_core::{Address, SemVer, UnixMillis, is_js_blank};
use flagstone_json::Json;

/// How the SDK reads what a constraint is about: as text, and what is absent or makes no sense is a no.
const READING: Reading = Reading {
    elements: false,
    missing_is_no: true,
    mistyped_is_no: true,
    conversion: Conversion::JsText,
};

/// The segments of a document by their ids.
#[derive(Default)]
pub(super) struct Segments(Vec<(Id, String, Notes)>);

#[derive(PartialEq)]
enum Id {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
}

impl Id {
    fn of(json: &Json<'_>) -> Option<Self> {
        Some(match json {
            Json::Null => Self::Null,
            Json::Boolean(value) => Self::Boolean(*value),
            Json::Number(number) => Self::Number(*number),
            Json::Text(text) => Self::Text(text.clone().into_owned()),
            Json::List(_) | Json::Object(_) => return None,
        })
    }
}

impl Segments {
    /// Adds a segment; not one whose id nothing can refer to.
    pub fn add(&mut self, id: &Json<'_>, key: &str, notes: Notes) -> bool {
        let id = Id::of(id);
        let is_usable = id.is_some();
        self.0.extend(id.map(|id| (id, key.to_owned(), notes)));
        is_usable
    }

    /// Whether the unit belongs to each of the segments that a strategy lists.
    pub fn condition(&self, ids: Option<&Json<'_>>, notes: &mut Notes) -> Condition {
        let ids = match ids {
            None | Some(Json::Null) => return Condition::always(),
            Some(Json::List(ids)) => ids,
            Some(_) => return notes.fail("the segments of a strategy are no list"),
        };
        let one = |id| {
            let id = Id::of(id);
            let found = self.0.iter().find(|(of, ..)| Some(of) == id.as_ref());
            let Some((_, key, of_segment)) = found else {
                notes.malformed("a strategy refers to a segment that is not there, and is off");
                return Condition::never();
            };
            notes.extend(of_segment);
            Condition::Test(Test::Segment(key.clone()))
        };
        Condition::All(ids.iter().map(one).collect())
    }
}

/// Whether all of a list of constraints hold.
pub(super) fn all(constraints: Option<&Json<'_>>, notes: &mut Notes) -> Condition {
    match javascript::truthy(constraints) {
        None => Condition::always(),
        Some(Json::List(list)) => {
            let list = list.iter().map(|one| condition(one, notes)).collect();
            notes.bounded(Condition::All(list))
        }
        // Its letters are no constraints.
        Some(Json::Text(_)) => Condition::never(),
        Some(_) => notes.fail("the constraints are no list"),
    }
}

fn condition(constraint: &Json<'_>, notes: &mut Notes) -> Condition {
    let operator = constraint.get("operator").and_then(Json::text);
    let Some(holds) = operator.and_then(|operator| operation(operator, constraint, notes)) else {
        // An operator that the SDK does not know holds for nobody, inverted or not.
        notes.malformed("a constraint has an operator that is not known, and holds for nobody");
        return Condition::never();
    };
    // What is compared with is no number, no version or no date.
    let is_compared = operator.is_some_and(|operator| {
        ["NUM_", "SEMVER_", "DATE_"]
            .iter()
            .any(|kind| operator.starts_with(kind))
    });
    notes.is_malformed |= is_compared && constant(&holds) == Some(false);
    if javascript::is_truthy(constraint.get("inverted")) {
        Condition::Not(Box::new(holds))
    } else {
        holds
    }
}

fn operation(operator: &str, constraint: &Json<'_>, notes: &mut Notes) -> Option<Condition> {
    use Order::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    let value = constraint.get("value");
    let field = javascript::text(constraint.get("contextName"));
    let mut number = |order| looked_up(&field, &|| number(order, value), notes);
    Some(match operator {
        "NUM_EQ" => number(Equal),
        "NUM_GT" => number(Greater),
        "NUM_GTE" => number(GreaterOrEqual),
        "NUM_LT" => number(Less),
        "NUM_LTE" => number(LessOrEqual),
        "DATE_AFTER" => now(Greater, value, notes),
        "DATE_BEFORE" => now(Less, value, notes),
        "IN" => among(operator, &field, constraint, notes),
        "NOT_IN" => Condition::Not(Box::new(among("IN", &field, constraint, notes))),
        "STR_STARTS_WITH" | "STR_ENDS_WITH" | "STR_CONTAINS" | "IN_CIDR" => {
            among(operator, &field, constraint, notes)
        }
        "REGEX" => matches(&field, constraint, notes),
        _ => {
            let order = match operator {
                "SEMVER_EQ" => Equal,
                "SEMVER_GT" => Greater,
                "SEMVER_GTE" => GreaterOrEqual,
                "SEMVER_LT" => Less,
                "SEMVER_LTE" => LessOrEqual,
                _ => return None,
            };
            looked_up(&field, &|| version(order, value), notes)
        }
    })
}

/// What is asked about the value of a context field: all of this. `None` if the answer is no anyway.
type Asked = Option<Vec<(Matcher, Reading)>>;

/// A question about the text of a value.
fn text_is(matcher: Option<Matcher>) -> Asked {
    Some(vec![(matcher?, READING)])
}

/// Whether the answer is yes for a context field. What is asked is made for each attribute that may hold it.
fn looked_up(field: &str, ask: &dyn Fn() -> Asked, notes: &mut Notes) -> Condition {
    let mut asked = ask();
    if asked.is_none() {
        return Condition::never();
    }
    let Some(attributes) = names::attributes(field) else {
        return notes.fail("a context field has a name that cannot be looked up here");
    };
    let of_attribute = |name: String| {
        let asked = asked.take().or_else(ask).unwrap_or_default().into_iter();
        let tests = asked.map(|(matcher, reading)| {
            Condition::Test(Test::Attribute {
                name: name.clone(),
                matcher,
                reading,
            })
        });
        Condition::All(tests.collect())
    };
    Condition::Any(attributes.into_iter().map(of_attribute).collect())
}

/// Whether the text of a context field is one of some.
pub(super) fn is_one_of(field: &str, texts: &[&str], notes: &mut Notes) -> Condition {
    let one_of = || text_is(Some(Matcher::OneOf(scalars(texts))));
    looked_up(field, &one_of, notes)
}

fn scalars(texts: &[&str]) -> Vec<Scalar> {
    let texts = texts.iter().map(|text| Scalar::Text((*text).to_owned()));
    texts.collect()
}

/// The values without those that are empty, and without white space around them. `None` if that cannot be had.
fn values<'c>(constraint: &'c Json<'_>) -> Option<Vec<&'c str>> {
    let Json::List(values) = constraint.get("values")? else {
        return None;
    };
    let values = values
        .iter()
        .filter(|value| javascript::is_truthy(Some(value)));
    values
        .map(|value| Some(value.text()?.trim_matches(is_js_blank)))
        .collect()
}

/// A question about some values.
fn among(operator: &str, field: &str, constraint: &Json<'_>, notes: &mut Notes) -> Condition {
    let Some(values) = values(constraint) else {
        return notes.fail("the values of a constraint are no list of texts");
    };
    let is_lower = javascript::is_truthy(constraint.get("caseInsensitive"));
    let ask = || {
        if operator == "IN_CIDR" {
            return text_is(networks(values.iter().copied(), true));
        }
        let texts = || values.iter().map(|value| (*value).to_owned()).collect();
        let matcher = match (operator, is_lower) {
            ("STR_STARTS_WITH", false) => Matcher::StartsWithOneOf(texts()),
            ("STR_ENDS_WITH", false) => Matcher::EndsWithOneOf(texts()),
            ("STR_CONTAINS", false) => Matcher::ContainsOneOf(texts()),
            ("STR_STARTS_WITH", true) => Matcher::StartsWithOneOfLower(texts()),
            ("STR_ENDS_WITH", true) => Matcher::EndsWithOneOfLower(texts()),
            ("STR_CONTAINS", true) => Matcher::ContainsOneOfLower(texts()),
            _ => Matcher::OneOf(scalars(&values)),
        };
        text_is((!values.is_empty()).then_some(matcher))
    };
    looked_up(field, &ask, notes)
}

/// The networks among some texts; `None` if there is none.
pub(super) fn networks<'t>(
    texts: impl Iterator<Item = &'t str>,
    or_equal: bool,
) -> Option<Matcher> {
    let networks: Vec<String> = texts
        .filter(|text| Address::parse(text).is_some())
        .map(str::to_owned)
        .collect();
    (!networks.is_empty()).then_some(Matcher::InNpmNetwork { networks, or_equal })
}

fn number(order: Order, value: Option<&Json<'_>>) -> Asked {
    let number = javascript::number(value);
    if number.is_nan() {
        return None;
    }
    let asked = match order {
        Order::Equal => Js::Number(number),
        order => Js::Compare(order, Scalar::Number(number)),
    };
    // The SDK makes text of a value before it makes a number of it: `true` is none then, nor is what is absent.
    let types = kind::NUMBER | kind::TEXT | kind::LIST;
    let matchers = [Js::Type(types), asked].map(Matcher::Js);
    let matchers = matchers.into_iter();
    Some(
        matchers
            .map(|matcher| (matcher, Reading::default()))
            .collect(),
    )
}

fn version(order: Order, value: Option<&Json<'_>>) -> Asked {
    let version = value.and_then(Json::text);
    let version = version.filter(|version| SemVer::parse_npm_strict(version).is_some());
    text_is(version.map(|version| Matcher::NpmSemVerStrict(order, version.to_owned())))
}

/// Whether a regular expression matches; one that RE2 refuses matches nothing.
fn matches(field: &str, constraint: &Json<'_>, notes: &mut Notes) -> Condition {
    let Some(pattern) = constraint.get("value").and_then(Json::text) else {
        return Condition::never();
    };
    let ignore_case = javascript::is_truthy(constraint.get("caseInsensitive"));
    let what = match regex::check(Dialect::Re2, pattern, ignore_case) {
        Ok(()) => {
            let ask = || {
                text_is(Some(Matcher::MatchesIn {
                    dialect: Dialect::Re2,
                    pattern: pattern.to_owned(),
                    ignore_case,
                }))
            };
            return looked_up(field, &ask, notes);
        }
        Err(PatternError::Syntax { .. }) => return Condition::never(),
        Err(PatternError::Unsupported { what, .. }) => what,
        Err(PatternError::TooLarge) => "too many parts",
    };
    // Nothing is lost where the value is absent.
    let is_there = looked_up(field, &|| text_is(Some(Matcher::Exists)), notes);
    let fails = notes.fail(&["a regular expression has ", what].concat());
    Condition::All(vec![is_there, fails])
}

fn now(order: Order, value: Option<&Json<'_>>, notes: &mut Notes) -> Condition {
    let Some(time) = date::of(value) else {
        return Condition::never();
    };
    if let Some(Json::Text(text)) = value
        && date::is_local(text)
    {
        notes.add(
            Fidelity::Noted,
            "a date has no zone: here it is UTC, to an SDK it is its own zone",
        );
    }
    let now = |order, time| Condition::Test(Test::Now { order, time });
    match order {
        // A time that is no date is before all dates, and to the SDK it is before none.
        Order::Less => Condition::All(vec![
            now(order, UnixMillis(time)),
            now(Order::GreaterOrEqual, UnixMillis(date::FIRST)),
        ]),
        _ => now(order, UnixMillis(time)),
    }
}

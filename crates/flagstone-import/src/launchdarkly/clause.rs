//! Clauses: what rules of flags and of segments are made of.

use super::document::{Document, is_truthy, list};
use super::flag::{FEW, MOST, fail, one_of};
use super::reference::{self, KIND, Reference};
use super::segment::Segments;
use crate::report::Fidelity;
use crate::service::Sdk;
use flagstone_compile::model::{Condition, Matcher, Order, Reading, Scalar, TARGETING_KEY, Test};
use flagstone_compile::regex::{self, Dialect, PatternError};
use flagstone_core::{SemVer, parse_v8};
use flagstone_json::{Elements, Node, View};

/// How LaunchDarkly reads an attribute: of a list each element, and what is of another type does not match; what is missing
/// or null makes a clause false whether it is negated or not.
const READING: Reading = Reading {
    elements: true,
    missing_is_no: false,
    mistyped_is_no: true,
    conversion: flagstone_compile::model::Conversion::None,
};

/// Segments that a clause may name whose condition is as deep as they are many.
const DEEPEST: usize = 500;

/// Clauses as parts of a condition, in their order.
pub(super) struct Clauses {
    pub parts: Vec<Condition>,
    /// How many tests they are made of.
    pub tests: usize,
    /// The places of the segments that they refer to.
    pub segments: Vec<usize>,
    /// What there is to know.
    pub notes: Vec<(Fidelity, String)>,
}

/// Lowers the clauses of a rule; `None` for one that matches nobody.
pub(super) fn conditions(
    document: &Document<'_>,
    segments: &Segments,
    rule: Node<'_>,
) -> Option<Clauses> {
    let clauses = rule.some("clauses");
    // COMPAT(launchdarkly): without `clauses` a rule matches nobody, with an empty list everybody.
    if clauses.is_none() && document.sdk == Sdk::Node {
        return None;
    }
    let mut lowered = Clauses {
        parts: Vec::new(),
        tests: 0,
        segments: Vec::new(),
        notes: Vec::new(),
    };
    if clauses.is_none() {
        lowered.parts.push(fail());
        let note = "a rule has no clauses, of which SDKs for other languages make different things";
        lowered
            .notes
            .push((Fidelity::NotEvaluable, note.to_owned()));
    }
    let clauses = clauses.map_or(Elements::none(rule), Node::elements);
    let mut clauses = clauses.peekable();
    while let Some(clause) = clauses.next() {
        let is_last = clauses.peek().is_none();
        let part = lowered.clause(document, segments, clause, is_last);
        // COMPAT(launchdarkly): what is wrong with a clause is forgotten when another comes after it.
        if !matches!(part, Condition::Test(Test::Fail)) || is_last {
            lowered.parts.push(part);
        }
    }
    if lowered.tests > MOST {
        lowered.parts = vec![Condition::Test(Test::Abort)];
        lowered.tests = 1;
        let note = "one of its rules is larger than a snapshot has room for".to_owned();
        lowered.notes.push((Fidelity::NotEvaluable, note));
    }
    Some(lowered)
}

impl Clauses {
    #[inline(never)]
    fn clause(
        &mut self,
        document: &Document<'_>,
        segments: &Segments,
        clause: Node<'_>,
        is_last: bool,
    ) -> Condition {
        let op = clause.get("op").and_then(Node::text).unwrap_or("");
        let is_negated = is_truthy(clause.get("negate"));
        let values = list(clause, "values");
        if op == "segmentMatch" {
            return self.segments(document, segments, values, is_negated, is_last);
        }
        let attribute = clause.get("attribute").and_then(Node::text).unwrap_or("");
        let kind = clause.some("contextKind");
        let name = match reference::read(attribute, kind, document.sdk) {
            Reference::Attribute(name) => name,
            Reference::Nowhere => return Condition::never(),
            Reference::Invalid => return fail(),
        };
        if op == "in" && name == KIND {
            return self.kinds(values, is_negated);
        }
        if attribute.ends_with("anonymous") {
            let of = reference::kind(kind).unwrap_or("");
            if name == reference::anonymous_of(of) {
                return self.anonymous(name, of, op, values, is_negated);
            }
        }
        if is_inherited(op) && values.len() > 0 {
            let some = exists(name.clone(), true);
            return if is_negated {
                Condition::All(vec![exists(name, false), Condition::Not(Box::new(some))])
            } else {
                some
            };
        }
        let mut tests = Vec::new();
        match op {
            "in" => equal(&name, values, &mut tests),
            "matches" => self.patterns(document.sdk, &name, values, &mut tests),
            _ => {
                let matchers = matchers(op, values).into_iter();
                tests.extend(matchers.map(|matcher| held_against(&name, matcher)));
            }
        }
        self.tests += tests.len() + 2;
        let is_abort = |test: &Condition| matches!(test, Condition::Test(Test::Abort));
        let may_fail = tests.iter().any(is_abort);
        let mut condition = match tests.len() {
            1 => tests.swap_remove(0),
            _ => Condition::Any(tests),
        };
        let nothing = matches!(&condition, Condition::Any(tests) if tests.is_empty());
        if is_negated && nothing {
            return exists(name, false);
        }
        if is_negated {
            condition = Condition::Not(Box::new(condition));
        }
        if may_fail {
            // Without a value nothing is compared.
            return Condition::All(vec![exists(name, false), condition]);
        }
        condition
    }

    /// Whether somebody is of one of some kinds. Requests say no kinds: there one has those whose keys one has.
    #[inline(never)]
    fn kinds(&mut self, values: Elements<'_>, is_negated: bool) -> Condition {
        let kinds: Vec<&str> = values.filter_map(Node::text).collect();
        self.tests += 2 * kinds.len() + 4;
        let told = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let reading = Reading {
            missing_is_no: true,
            ..READING
        };
        let told = Condition::Test(one_of(KIND.to_owned(), told, reading));
        let known = kinds.iter().filter(|kind| reference::is_kind(kind));
        let known = known.map(|kind| exists(reference::key_of(kind), false));
        let is_told = || exists(KIND.to_owned(), false);
        let any = Condition::Any(vec![
            told,
            Condition::All(vec![
                Condition::Not(Box::new(is_told())),
                Condition::Any(known.collect()),
            ]),
        ]);
        if !is_negated {
            return any;
        }
        let is_somebody = Condition::Any(vec![is_told(), exists(TARGETING_KEY.to_owned(), false)]);
        Condition::All(vec![is_somebody, Condition::Not(Box::new(any))])
    }

    /// Whether somebody is anonymous, or not: who does not say is not.
    #[inline(never)]
    fn anonymous(
        &mut self,
        name: String,
        kind: &str,
        op: &str,
        values: Elements<'_>,
        is_negated: bool,
    ) -> Condition {
        let is = |value: Node<'_>, wanted| matches!(value.view(), View::Boolean(value) if value == wanted);
        // No other operator takes a boolean.
        let has = |wanted| match op {
            "in" => { values }.any(|value| is(value, wanted)),
            _ => is_inherited(op) && values.len() > 0,
        };
        self.tests += 3;
        let is_somebody = exists(reference::key_of(kind), false);
        let is_anonymous = Condition::Test(Test::Attribute {
            name,
            matcher: Matcher::Equals(Scalar::Boolean(true)),
            reading: Reading {
                missing_is_no: true,
                ..READING
            },
        });
        match (has(true) != is_negated, has(false) != is_negated) {
            (true, true) => is_somebody,
            (true, false) => Condition::All(vec![is_somebody, is_anonymous]),
            (false, true) => {
                Condition::All(vec![is_somebody, Condition::Not(Box::new(is_anonymous))])
            }
            (false, false) => Condition::never(),
        }
    }

    /// What a value is held against for `matches`.
    #[inline(never)]
    fn patterns(&mut self, sdk: Sdk, name: &str, values: Elements<'_>, tests: &mut Vec<Condition>) {
        let dialect = match sdk {
            Sdk::Node => Dialect::EcmaScript,
            Sdk::Other => Dialect::Re2,
        };
        for pattern in values.filter_map(Node::text) {
            match regex::check(dialect, pattern, false) {
                Ok(()) => {
                    let matcher = Matcher::MatchesIn {
                        dialect,
                        pattern: pattern.to_owned(),
                        ignore_case: false,
                    };
                    tests.push(held_against(name, matcher));
                }
                // What is no pattern matches nothing.
                Err(PatternError::Syntax { .. }) => {}
                Err(problem) => {
                    tests.push(Condition::Test(Test::Abort));
                    let note = format!("the pattern `{pattern}` cannot be evaluated: {problem}");
                    self.notes.push((Fidelity::NotEvaluable, note));
                }
            }
        }
    }

    /// Whether the unit belongs to one of some segments.
    #[inline(never)]
    fn segments(
        &mut self,
        document: &Document<'_>,
        segments: &Segments,
        values: Elements<'_>,
        is_negated: bool,
        is_last: bool,
    ) -> Condition {
        let mut names = Vec::new();
        for key in values.filter_map(Node::text) {
            // One that there is not is passed over.
            let Some(place) = document.segment(key) else {
                continue;
            };
            names.push(segments.name(place));
            self.segments.push(place);
        }
        self.tests += 3 * names.len();
        if is_negated && !is_last && names.len() > 1 {
            if names.len() > DEEPEST {
                self.tests += MOST;
                return Condition::never();
            }
            return none_unless_fails(&names);
        }
        let test = |name| {
            Condition::Test(if is_last {
                Test::Segment(name)
            } else {
                Test::SegmentUnlessFails(name)
            })
        };
        let any = match names.len() {
            1 => test(names.swap_remove(0)),
            _ => Condition::Any(names.into_iter().map(test).collect()),
        };
        if is_negated {
            Condition::Not(Box::new(any))
        } else {
            any
        }
    }
}

/// Whether the unit belongs to none of some segments; the first that fails makes it true, and those behind it are not asked.
fn none_unless_fails(names: &[String]) -> Condition {
    let test = |name: &String| Condition::Test(Test::SegmentUnlessFails(name.clone()));
    let not = |name| Condition::Not(Box::new(test(name)));
    let mut names = names.iter().rev();
    let last = names.next().map_or_else(Condition::always, not);
    names.fold(last, |behind, name| {
        // Only what fails holds as well as its opposite.
        let fails = Condition::All(vec![test(name), not(name)]);
        Condition::Any(vec![fails, Condition::All(vec![not(name), behind])])
    })
}

/// Whether an attribute is there; of a list, with `elements`, whether it has any.
fn exists(name: String, elements: bool) -> Condition {
    Condition::Test(Test::Attribute {
        name,
        matcher: Matcher::Exists,
        reading: Reading {
            elements,
            ..Reading::default()
        },
    })
}

fn held_against(name: &str, matcher: Matcher) -> Condition {
    Condition::Test(Test::Attribute {
        name: name.to_owned(),
        matcher,
        reading: READING,
    })
}

/// What a value is held against for `in`.
#[inline(never)]
fn equal(name: &str, values: Elements<'_>, tests: &mut Vec<Condition>) {
    let mut texts = Vec::new();
    let mut others = Vec::new();
    let mut has_null = false;
    for value in values {
        match value.view() {
            View::Text(text) => texts.push(text.to_owned()),
            View::Number(number) => others.push(Scalar::Number(number)),
            View::Boolean(value) => others.push(Scalar::Boolean(value)),
            View::Null => has_null = true,
            // Never the same as another.
            View::List(_) | View::Object(_) => {}
        }
    }
    let mut test = |matcher| tests.push(held_against(name, matcher));
    match (&*others, &*texts) {
        ([], []) => {}
        ([], _) => tests.push(Condition::Test(one_of(name.to_owned(), texts, READING))),
        ([_], []) => test(Matcher::Equals(others.swap_remove(0))),
        (_, texts) if texts.len() <= FEW => {
            others.extend(texts.iter().cloned().map(Scalar::Text));
            test(Matcher::OneOf(others));
        }
        _ => {
            test(Matcher::OneOf(others));
            test(Matcher::InSet(texts));
        }
    }
    if has_null {
        // COMPAT(launchdarkly): null counts as missing, but not in a list.
        tests.push(Condition::Test(Test::Attribute {
            name: name.to_owned(),
            matcher: Matcher::IncludesNull,
            reading: Reading {
                elements: false,
                ..READING
            },
        }));
    }
}

/// What a value is held against, any of which will do. Values that an operator cannot use are left out.
#[inline(never)]
fn matchers(op: &str, values: Elements<'_>) -> Vec<Matcher> {
    let texts = |matcher: fn(String) -> Matcher| {
        let texts = values.filter_map(Node::text);
        texts.map(|text| matcher(text.to_owned())).collect()
    };
    let versions = |order| {
        let texts = values.filter_map(Node::text);
        let versions = texts.filter(|text| SemVer::parse_npm(text).is_some());
        versions
            .map(|text| Matcher::NpmSemVer(order, text.to_owned()))
            .collect()
    };
    // Of several bounds the one that lets most through decides.
    let numbers = || values.filter_map(Node::number);
    let below = |order| {
        let bound = numbers().max_by(f64::total_cmp);
        let bound = bound.map(|bound| Matcher::Number(order, bound));
        bound.into_iter().collect()
    };
    let above = |order| {
        let bound = numbers().min_by(f64::total_cmp);
        let bound = bound.map(|bound| Matcher::Number(order, bound));
        bound.into_iter().collect()
    };
    let dates = || {
        values.filter_map(|value| match value.view() {
            View::Number(millis) => Some(millis),
            View::Text(text) => parse_v8(text).map(|at| at.0 as f64),
            _ => None,
        })
    };
    match op {
        "startsWith" => texts(Matcher::StartsWith),
        "endsWith" => texts(Matcher::EndsWith),
        "contains" => texts(Matcher::Contains),
        "lessThan" => below(Order::Less),
        "lessThanOrEqual" => below(Order::LessOrEqual),
        "greaterThan" => above(Order::Greater),
        "greaterThanOrEqual" => above(Order::GreaterOrEqual),
        "before" => {
            let bound = dates().max_by(f64::total_cmp);
            bound.map(Matcher::JsDateBefore).into_iter().collect()
        }
        "after" => {
            let bound = dates().min_by(f64::total_cmp);
            bound.map(Matcher::JsDateAfter).into_iter().collect()
        }
        "semVerEqual" => versions(Order::Equal),
        "semVerLessThan" => versions(Order::Less),
        "semVerGreaterThan" => versions(Order::Greater),
        // An operator that the SDK does not know matches nothing.
        _ => Vec::new(),
    }
}

/// Whether the SDK finds an operator of this name that JavaScript gives to every object, and takes its result for true.
fn is_inherited(op: &str) -> bool {
    // COMPAT(launchdarkly): operators are looked up without `hasOwnProperty`.
    matches!(
        op,
        "constructor" | "toString" | "toLocaleString" | "valueOf"
    )
}

//! A flag's targeting as rules of the model.
//!
//! Where targeting is `{"if": […]}`, each of its pairs becomes a rule, so that explanations and the edge see it; shares
//! with fixed weights become allocations, and conditions that cannot fail become tests. All else is an expression.

use super::method::{Method, Stop, operator};
use super::rule::{Rule, apply, detailed, on_all};
use super::scope::{Scope, names};
use flagstone_compile::model::{
    self, Absent, Algorithm, Allocation, Bucketing, Condition, Expression, Matcher, Operation,
    Range, Reading, Relation, Rest, Scalar, Serve, TARGETING_KEY, Test,
};
use flagstone_json::Json;
use std::fmt::{self, Write};

/// Rules that one flag may have; a longer `if` is one expression.
const MOST_RULES: usize = 1000;
/// Bytes of a condition's JSON that are kept for explanations.
const LONGEST_SOURCE: usize = 200;

/// The variants of a flag: the key in the document, the key in the model.
pub(super) type Variants = [(String, String)];

impl Rule<'_> {
    /// The rules that targeting is lowered to.
    pub(super) fn rules(
        &mut self,
        targeting: &Json<'_>,
        variants: &Variants,
    ) -> Result<Vec<model::Rule>, Stop> {
        let whole = self.compiled(targeting, &Scope::OUTSIDE)?;
        let mut rules = Vec::new();
        let rest = if self.is_whole {
            Some(whole)
        } else {
            self.pairs(targeting, whole, variants, &mut rules)?
        };
        if let Some(whole) = rest {
            let always = Condition::always();
            let serve = Part {
                name: "targeting",
                json: targeting,
                expression: whole,
                is_interpreted: false,
            };
            self.serve(always, serve, variants, &mut rules)?;
        }
        Ok(rules)
    }

    /// Lowers an `if` that was compiled to an expression; gives that back if it cannot be lowered.
    fn pairs(
        &mut self,
        json: &Json<'_>,
        expression: Expression,
        variants: &Variants,
        rules: &mut Vec<model::Rule>,
    ) -> Result<Option<Expression>, Stop> {
        let items = match operator(json) {
            Some(("if" | "?:", Json::List(items), 1)) if items.len() >= 2 => items,
            _ => return Ok(Some(expression)),
        };
        let count = items.len() + usize::from(items.len().is_multiple_of(2));
        let mut arguments = match expression {
            Expression::Apply {
                operation: Operation::If,
                arguments,
                ..
            } if arguments.len() == count && count + rules.len() <= MOST_RULES => {
                arguments.into_iter()
            }
            other => return Ok(Some(other)),
        };
        // COMPAT(flagd): an `if` without an answer for the rest is interpreted.
        let is_interpreted = items.len() == 2;
        for pair in items.chunks(2) {
            match pair {
                [question, answer] => {
                    let (Some(when), Some(expression)) = (arguments.next(), arguments.next())
                    else {
                        break;
                    };
                    let when = self.condition(question, asked(when), is_interpreted)?;
                    let part = Part {
                        name: "if",
                        json: answer,
                        expression,
                        is_interpreted,
                    };
                    self.serve(when, part, variants, rules)?;
                }
                [rest] => {
                    let Some(expression) = arguments.next() else {
                        break;
                    };
                    if let Some(expression) = self.pairs(rest, expression, variants, rules)? {
                        let part = Part {
                            name: "else",
                            json: rest,
                            expression,
                            is_interpreted: false,
                        };
                        self.serve(Condition::always(), part, variants, rules)?;
                    }
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Adds rules for what a part of targeting serves, given the expression that it is.
    fn serve(
        &mut self,
        when: Condition,
        part: Part<'_>,
        variants: &Variants,
        rules: &mut Vec<model::Rule>,
    ) -> Result<(), Stop> {
        let Part {
            name,
            json,
            expression,
            is_interpreted,
        } = part;
        if let Some(serve) = known(&expression, variants) {
            rules.push(rule(name, when, serve));
            return Ok(());
        }
        if let Some(serve) = self.shares(json, variants, is_interpreted)? {
            // A list in place of text that is bucketed by may itself be a bucket.
            let is_all = !matches!(&serve, Serve::Allocation(of) if of.absent == Absent::Next);
            rules.push(rule(name, when.clone(), serve));
            if is_all {
                return Ok(());
            }
        }
        let serve = Serve::Expression(renamed(expression, variants));
        rules.push(rule(name, when, serve));
        Ok(())
    }

    /// A rollout with fixed weights.
    fn shares(
        &mut self,
        json: &Json<'_>,
        variants: &Variants,
        is_interpreted: bool,
    ) -> Result<Option<Serve>, Stop> {
        let Some((name, Json::List(items), 1)) = operator(json) else {
            return Ok(None);
        };
        if Method::named(name) != Ok(Method::Own(Operation::Fractional)) {
            return Ok(None);
        }
        let (by, salt, algorithm, buckets) = match items.as_slice() {
            [by @ Json::Object(_), buckets @ ..] => {
                let Some(Expression::Attribute(by)) = self.read(by, is_interpreted)? else {
                    return Ok(None);
                };
                (by, "", Algorithm::FlagdText, buckets)
            }
            buckets => (
                TARGETING_KEY.to_owned(),
                self.flag,
                Algorithm::Flagd,
                buckets,
            ),
        };
        let mut ranges = Vec::new();
        let mut end = 0u64;
        for bucket in buckets {
            let Json::List(bucket) = bucket else {
                return Ok(None);
            };
            let (variant, weight) = match bucket.as_slice() {
                [Json::Text(variant)] => (variant, 1.0),
                [Json::Text(variant), Json::Number(weight)] => (variant, *weight),
                _ => return Ok(None),
            };
            let known = variants.iter().find(|(key, _)| key == variant);
            let is_weight = weight == weight.trunc() && weight.abs() <= f64::from(i32::MAX);
            let (Some((_, variant)), true) = (known, is_weight) else {
                return Ok(None);
            };
            let from = end;
            end += weight.max(0.0) as u64;
            ranges.push(Range {
                from,
                to: end,
                variant: variant.clone(),
            });
        }
        let total = u32::try_from(end)
            .ok()
            .filter(|end| *end <= i32::MAX as u32);
        let (Some(modulus), false) = (total, buckets.is_empty()) else {
            return Ok(None);
        };
        if modulus == 0 {
            return Ok((algorithm == Algorithm::Flagd).then_some(Serve::Default));
        }
        ranges.retain(|range| range.from < range.to);
        Ok(Some(Serve::Allocation(Allocation {
            bucketing: Bucketing {
                algorithm,
                by: vec![by],
                salt: salt.to_owned(),
                seed: 0,
                modulus,
            },
            ranges,
            rest: Rest::Default,
            absent: match algorithm {
                Algorithm::FlagdText => Absent::Next,
                _ => Absent::Default,
            },
        })))
    }

    /// The attribute, if something is a plain path to one.
    fn read(&mut self, json: &Json<'_>, is_interpreted: bool) -> Result<Option<Expression>, Stop> {
        let Some(("var", path, 1)) = operator(json) else {
            return Ok(None);
        };
        let path = match path {
            Json::List(items) => match items.as_slice() {
                [path] => path,
                _ => return Ok(None),
            },
            path => path,
        };
        match path.text() {
            Some(path) if !path.is_empty() && !path.contains("../") => {
                let names = names(path);
                // COMPAT(flagd): an interpreted rule may end a path at what is not true, with that.
                if is_interpreted && names.len() > 1 {
                    return Ok(None);
                }
                self.path(&names, &Scope::OUTSIDE).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Whether an expression is true, as tests where they say exactly the same.
    fn condition(
        &mut self,
        json: &Json<'_>,
        expression: Expression,
        is_interpreted: bool,
    ) -> Result<Condition, Stop> {
        if let Some(condition) = self.tests(json, is_interpreted)? {
            return Ok(condition);
        }
        let mut source = Source::default();
        if write!(source, "{json}").is_err() {
            source.text.push('…');
        }
        let source = source.text;
        Ok(Condition::Test(Test::Expression { expression, source }))
    }

    /// A condition that cannot fail, as tests.
    fn tests(&mut self, json: &Json<'_>, is_interpreted: bool) -> Result<Option<Condition>, Stop> {
        let Some((name, lower, 1)) = operator(json) else {
            return Ok(None);
        };
        let items = match lower {
            Json::List(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        // An interpreted part may have operators that there are not, and fails where it is reached.
        let Ok(method) = Method::named(name) else {
            return Ok(None);
        };
        Ok(match (method, items) {
            (Method::And | Method::Or, [_, ..]) if matches!(lower, Json::List(_)) => {
                let mut parts = Vec::new();
                for item in items {
                    let Some(part) = self.tests(item, is_interpreted)? else {
                        return Ok(None);
                    };
                    parts.push(part);
                }
                Some(match method {
                    Method::And => Condition::All(parts),
                    _ => Condition::Any(parts),
                })
            }
            (Method::Not, [one @ Json::Object(_)]) => {
                let Some(("and" | "or" | "in" | "starts_with" | "ends_with" | "===" | "!==", ..)) =
                    operator(one)
                else {
                    return Ok(None);
                };
                self.tests(one, is_interpreted)?
                    .map(|inner| Condition::Not(Box::new(inner)))
            }
            (Method::Compare(relation @ (Relation::Same | Relation::NotSame)), [a, b]) => {
                let (of, with) = if matches!(a, Json::Object(_)) {
                    (a, b)
                } else {
                    (b, a)
                };
                let with = match with {
                    Json::Text(text) => Scalar::Text(text.clone().into_owned()),
                    Json::Number(number) => Scalar::Number(*number),
                    Json::Boolean(value) => Scalar::Boolean(*value),
                    _ => return Ok(None),
                };
                let test = self.test(of, is_interpreted, Matcher::Equals(with))?;
                match relation {
                    Relation::Same => test,
                    _ => test.map(|test| Condition::Not(Box::new(test))),
                }
            }
            (Method::In, [of, Json::List(among)]) if !among.is_empty() => {
                let text = |item: &Json<'_>| item.text().map(|text| Scalar::Text(text.to_owned()));
                match among.iter().map(text).collect() {
                    Some(texts) => self.test(of, is_interpreted, Matcher::OneOf(texts))?,
                    None => None,
                }
            }
            (Method::Own(Operation::StartsWith), [of, Json::Text(start)]) => self.test(
                of,
                is_interpreted,
                Matcher::StartsWith(start.clone().into_owned()),
            )?,
            (Method::Own(Operation::EndsWith), [of, Json::Text(end)]) => self.test(
                of,
                is_interpreted,
                Matcher::EndsWith(end.clone().into_owned()),
            )?,
            _ => None,
        })
    }

    fn test(
        &mut self,
        of: &Json<'_>,
        is_interpreted: bool,
        matcher: Matcher,
    ) -> Result<Option<Condition>, Stop> {
        let Some(Expression::Attribute(name)) = self.read(of, is_interpreted)? else {
            return Ok(None);
        };
        Ok(Some(Condition::Test(Test::Attribute {
            name,
            matcher,
            reading: Reading {
                missing_is_no: true,
                mistyped_is_no: true,
                ..Reading::default()
            },
        })))
    }
}

fn rule(name: &str, when: Condition, serve: Serve) -> model::Rule {
    model::Rule {
        name: name.to_owned(),
        when,
        serve,
    }
}

/// A part of targeting that serves something.
struct Part<'p> {
    name: &'static str,
    json: &'p Json<'p>,
    expression: Expression,
    /// Whether json-logic-engine interprets it.
    is_interpreted: bool,
}

/// A question of an `if` without its conversion to truth, which every condition has.
fn asked(question: Expression) -> Expression {
    match question {
        Expression::Apply {
            operation: Operation::Truth,
            mut arguments,
            ..
        } if arguments.len() == 1 => arguments.pop().unwrap_or(Expression::Undefined),
        other => other,
    }
}

/// The beginning of a condition's JSON.
#[derive(Default)]
struct Source {
    text: String,
}

impl Write for Source {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let left = LONGEST_SOURCE.saturating_sub(self.text.len());
        if text.len() <= left {
            self.text.push_str(text);
            return Ok(());
        }
        let end = text.floor_char_boundary(left);
        self.text.push_str(text.get(..end).unwrap_or_default());
        Err(fmt::Error)
    }
}

/// What a constant serves.
fn known(expression: &Expression, variants: &Variants) -> Option<Serve> {
    let key = match expression {
        Expression::Null | Expression::Undefined => return Some(Serve::Default),
        Expression::Text(text) => text.clone(),
        Expression::Boolean(value) => value.to_string(),
        Expression::Number(number) => super::rule::json_text(*number),
        _ => return None,
    };
    let known = variants.iter().find(|(of, _)| *of == key)?;
    Some(Serve::Variant(known.1.clone()))
}

/// An expression that gives keys of the document, as one that gives keys of the model.
fn renamed(expression: Expression, variants: &Variants) -> Expression {
    let mut arguments = Vec::new();
    for (of, key) in variants.iter().filter(|(of, key)| of != key) {
        let is = if arguments.is_empty() {
            let written = apply(Operation::Written, [expression.clone()]);
            apply(Operation::Keep, [written])
        } else {
            apply(Operation::Kept, [])
        };
        let of = Expression::Text(of.clone());
        arguments.push(detailed(
            Operation::Compare,
            Relation::Same as u16,
            [is, of],
        ));
        arguments.push(Expression::Text(key.clone()));
    }
    if arguments.is_empty() {
        return expression;
    }
    arguments.push(apply(Operation::Kept, []));
    on_all(Operation::If, 0, arguments)
}

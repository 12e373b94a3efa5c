//! Rules as json-logic-engine interprets them: parts of a compiled rule that it does not compile, and constants.
//!
//! Source: `optimize` and the `method` of each operator. What is an exception when a part is prepared fails where the part
//! is reached.

use super::compiled::{arguments, not};
use super::method::{Iterate, Method, Stop, is_fixed, operator};
use super::rule::{Rule, apply, computed, constant, detailed, is_true, list, on_all};
use super::scope::{Scope, names};
use flagstone_compile::model::{Arithmetic, Around, Expression, Operation, Relation};
use flagstone_json::Json;

type Result<T> = core::result::Result<T, Stop>;

fn or_nothing(value: Expression) -> Expression {
    apply(Operation::Or, [value, Expression::Constants(Vec::new())])
}

/// Operators with shapes that are prepared in a way of their own, in the order in which they are looked for.
const IDIOMS: [&str; 12] = [
    "if", "?:", "filter", "<", "<=", ">", ">=", "==", "===", "!=", "!==", "reduce",
];

impl Rule<'_> {
    /// The expression that a part of a rule is prepared as.
    pub(super) fn interpreted(&mut self, json: &Json<'_>, scope: &Scope) -> Result<Expression> {
        let (name, lower, count) = match json {
            Json::List(items) => {
                let items: Result<Vec<_>> = items
                    .iter()
                    .map(|item| self.interpreted(item, scope))
                    .collect();
                return Ok(list(items?));
            }
            Json::Object(_) => match operator(json) {
                None => return Ok(Expression::Object(0)),
                Some(first) => first,
            },
            constant => return Ok(self::constant(constant)),
        };
        // COMPAT(flagd): these are looked for before it is seen that there is more than one operator.
        for name in IDIOMS {
            if let Some(lower) = json.get(name)
                && let Some(value) = self.idiom(Method::named(name)?, lower, scope)?
            {
                return Ok(value);
            }
        }
        if count > 1 {
            return Err(Stop::Throws);
        }
        let fixed = is_fixed(json, false)?;
        let scope = if fixed { &Scope::NOWHERE } else { scope };
        let value = self.prepared(Method::named(name)?, lower, scope)?;
        if fixed { computed(value) } else { Ok(value) }
    }

    /// A part that is prepared when it is reached.
    fn run(&mut self, json: &Json<'_>, scope: &Scope) -> Result<Expression> {
        match self.interpreted(json, &scope.running()) {
            Err(Stop::Throws) => Ok(apply(Operation::Fail, [])),
            other => other,
        }
    }

    /// Shapes that are prepared in a way of their own. Source: `checkIdioms`.
    fn idiom(
        &mut self,
        method: Method,
        lower: &Json<'_>,
        scope: &Scope,
    ) -> Result<Option<Expression>> {
        let Json::List(items) = lower else {
            return Ok(None);
        };
        Ok(match (method, items.as_slice()) {
            (Method::If, [question, then, otherwise]) => {
                let question = self.interpreted(question, scope)?;
                let then = self.interpreted(then, scope)?;
                let otherwise = self.interpreted(otherwise, scope)?;
                Some(if !question.is_constant() {
                    let question = apply(Operation::Truth, [question]);
                    apply(Operation::If, [question, then, otherwise])
                } else if is_true(&question) {
                    then
                } else {
                    otherwise
                })
            }
            (Method::Iterate(Iterate::Filter), [of, kept_if]) => {
                let wanted = self.interpreted(kept_if, &scope.within(false, false))?;
                Some(if !wanted.is_constant() {
                    // As below, but what is kept is not prepared again: filters in filters would take very long.
                    let fixed = is_fixed(of, false)? && is_fixed(kept_if, true)?;
                    let of = or_nothing(self.run(of, scope)?);
                    let value = detailed(Operation::Filter, Around::Pair as u16, [of, wanted]);
                    if fixed { computed(value)? } else { value }
                } else if is_true(&wanted) {
                    self.interpreted(of, scope)?
                } else {
                    Expression::Constants(Vec::new())
                })
            }
            (Method::Compare(relation), [_, _] | [_, _, _]) => {
                let parts: Result<Vec<_>> = items
                    .iter()
                    .map(|item| self.interpreted(item, scope))
                    .collect();
                let parts = parts?;
                let fixed = parts.iter().all(Expression::is_constant);
                let value = on_all(Operation::Ordered, relation as u16, parts);
                Some(if fixed { computed(value)? } else { value })
            }
            (Method::Reduce, [] | [_] | [_, Json::Null, ..]) => return Err(Stop::Throws),
            (Method::Reduce, [of, mapper, rest @ ..]) => {
                let Some(which) = total(mapper) else {
                    return Ok(None);
                };
                let initial = match (which, rest.first()) {
                    (Arithmetic::Add, Some(initial)) if !is_falsy(initial) => initial.clone(),
                    (Arithmetic::Add, _) => Json::Number(0.0),
                    (_, Some(initial)) => initial.clone(),
                    (_, None) => Json::Number(1.0),
                };
                let name = if which == Arithmetic::Add { "+" } else { "*" };
                let inner = Json::Object(vec![(name.into(), of.clone())]);
                let outer = Json::List(vec![inner, initial]);
                let rule = Json::Object(vec![(name.into(), outer)]);
                Some(self.interpreted(&rule, scope)?)
            }
            _ => None,
        })
    }

    /// Any other operator.
    fn prepared(&mut self, method: Method, lower: &Json<'_>, scope: &Scope) -> Result<Expression> {
        if method.is_lazy() {
            return self.lazily(method, lower, scope);
        }
        let items = match (method.takes_one(), lower) {
            (true, Json::List(items)) => match items.as_slice() {
                [Json::List(_)] => Some(items.iter().collect::<Vec<_>>()),
                [one] => return self.of_one(method, one, scope),
                items => Some(items.iter().collect()),
            },
            (true, one) => return self.of_one(method, one, scope),
            (false, lower) => arguments(lower),
        };
        let Some(items) = items else {
            let value = self.interpreted(lower, scope)?;
            let value = apply(Operation::AsList, [value]);
            return self.of_list(method, value, scope);
        };
        let parts: Result<Vec<_>> = items
            .iter()
            .map(|item| self.interpreted(item, scope))
            .collect();
        let parts = parts?;
        match method {
            Method::Var => self.var_of(parts, scope),
            Method::Missing => self.missing_of(parts, scope),
            Method::MissingSome => match parts.as_slice() {
                [need, Expression::Constants(wanted)]
                    if !scope.is_inside() && need.is_constant() =>
                {
                    let count = wanted.len() as f64;
                    let missing = self.missing_of(wanted.clone(), scope)?;
                    Ok(enough(count, need.clone(), missing))
                }
                _ => self.of_list(method, list(parts), scope),
            },
            _ => self.of_list(method, list(parts), scope),
        }
    }

    /// An operator on a list of arguments that is computed first.
    fn of_list(&mut self, method: Method, list: Expression, scope: &Scope) -> Result<Expression> {
        Ok(match method {
            Method::Missing => apply(Operation::Missing, [list]),
            Method::MissingSome => apply(Operation::MissingSome, [list]),
            Method::Arithmetic(which) => detailed(Operation::Total, which as u16, [list]),
            Method::Not | Method::Truth => {
                let first = apply(Operation::Head, [list]);
                let opposite = not(apply(Operation::Truth, [first]));
                match method {
                    Method::Not => opposite,
                    _ => not(opposite),
                }
            }
            Method::Cat => apply(Operation::Cat, [list]),
            Method::Var => apply(Operation::Lookup, [list]),
            _ => self.function(method, list, scope)?,
        })
    }

    /// An operator on one argument that is not in a list.
    fn of_one(&mut self, method: Method, json: &Json<'_>, scope: &Scope) -> Result<Expression> {
        let value = self.interpreted(json, scope)?;
        if method != Method::Var || !value.is_constant() {
            return self.of_list(method, value, scope);
        }
        let path = match &value {
            value
                if !is_true(value)
                    && !matches!(value, Expression::Constants(_) | Expression::Object(_)) =>
            {
                // COMPAT(flagd): 0 and false are no paths here.
                let whole = scope.whole();
                return Ok(apply(Operation::Defined, [whole, Expression::Null]));
            }
            Expression::Number(number) => {
                let name = super::rule::json_text(*number);
                return self.single(&[name], scope);
            }
            Expression::Text(text) => text,
            Expression::Constants(items) => {
                // COMPAT(flagd): a list is asked for what text would be asked for.
                let is_path = |item: &Expression| matches!(item, Expression::Text(text) if text == "." || text == "\\");
                let written = apply(Operation::Written, [value.clone()]);
                return match computed(written)? {
                    Expression::Text(name) if !items.iter().any(is_path) => {
                        self.single(&[name], scope)
                    }
                    _ => Err(Stop::Throws),
                };
            }
            _ => return Err(Stop::Throws),
        };
        if !path.contains(['.', '\\']) {
            return self.single(std::slice::from_ref(path), scope);
        }
        let steps = names(path);
        if !path.starts_with("../") && matches!(steps.len(), 2 | 3) {
            let value = self.path_while_true(&steps, scope)?;
            return Ok(apply(Operation::Defined, [value, Expression::Null]));
        }
        self.var(&value, Expression::Undefined, scope)
    }

    /// A path of one name.
    fn single(&mut self, name: &[String], scope: &Scope) -> Result<Expression> {
        let value = self.path(name, scope)?;
        let value = apply(Operation::Defined, [value, Expression::Null]);
        Ok(if scope.is_inside() {
            let question = scope.whole();
            apply(Operation::If, [question, value, Expression::Null])
        } else {
            value
        })
    }

    /// An operator that takes its arguments as they are written.
    pub(super) fn lazily(
        &mut self,
        method: Method,
        lower: &Json<'_>,
        scope: &Scope,
    ) -> Result<Expression> {
        let fails = || apply(Operation::Fail, []);
        let Json::List(items) = lower else {
            return Ok(fails());
        };
        Ok(match method {
            Method::If => match items.as_slice() {
                [] => Expression::Null,
                [one] => self.run(one, scope)?,
                items => {
                    let mut arguments = Vec::new();
                    for pair in items.chunks(2) {
                        match pair {
                            [question, answer] => {
                                let question = self.run(question, scope)?;
                                arguments.push(apply(Operation::Truth, [question]));
                                arguments.push(self.run(answer, scope)?);
                            }
                            rest => {
                                for last in rest {
                                    arguments.push(self.run(last, scope)?);
                                }
                            }
                        }
                    }
                    if items.len().is_multiple_of(2) {
                        arguments.push(Expression::Null);
                    }
                    on_all(Operation::If, 0, arguments)
                }
            },
            Method::And | Method::Or => {
                if items.is_empty() {
                    return Ok(Expression::Null);
                }
                let parts: Result<Vec<_>> =
                    items.iter().map(|item| self.run(item, scope)).collect();
                let until = u16::from(method == Method::Or);
                on_all(Operation::First, until, parts?)
            }
            Method::Compare(relation) => self.long_comparison(relation, items, scope)?,
            Method::Iterate(which) => {
                let selector = match items.first() {
                    Some(selector) => self.run(selector, scope)?,
                    None => Expression::Undefined,
                };
                let (operation, around) = match which {
                    Iterate::Map => (Operation::Map, Around::Pair),
                    Iterate::Filter => (Operation::Filter, Around::Pair),
                    Iterate::Some | Iterate::None => (Operation::SomeOf, Around::List),
                    Iterate::All => (Operation::EveryOf, Around::List),
                };
                let mapper = match items.get(1) {
                    Some(mapper) => self.run(mapper, &scope.within(false, false))?,
                    None => Expression::Undefined,
                };
                let value = detailed(operation, around as u16, [or_nothing(selector), mapper]);
                if which == Iterate::None {
                    not(value)
                } else {
                    value
                }
            }
            Method::Reduce => {
                let selector = match items.first() {
                    Some(selector) => self.run(selector, scope)?,
                    None => Expression::Undefined,
                };
                let mapper = match items.get(1) {
                    Some(mapper) => self.run(mapper, &scope.within(true, false))?,
                    None => Expression::Undefined,
                };
                let mut arguments = vec![or_nothing(selector), mapper];
                if let Some(initial) = items.get(2) {
                    arguments.push(self.run(initial, scope)?);
                }
                on_all(Operation::Reduce, Around::List as u16, arguments)
            }
            _ => fails(),
        })
    }

    fn long_comparison(
        &mut self,
        relation: Relation,
        items: &[Json<'_>],
        scope: &Scope,
    ) -> Result<Expression> {
        if items.len() < 2 {
            return Ok(apply(Operation::Fail, []));
        }
        let parts: Result<Vec<_>> = items.iter().map(|item| self.run(item, scope)).collect();
        let operation = if items.len() > 3 {
            Operation::Chained
        } else {
            Operation::Ordered
        };
        Ok(on_all(operation, relation as u16, parts?))
    }
}

/// What `missing_some` gives: none if enough are there.
fn enough(count: f64, need: Expression, missing: Expression) -> Expression {
    let name = Expression::Text("length".to_owned());
    let length = apply(Operation::Member, [missing.clone(), name]);
    let found = apply(Operation::Subtract, [Expression::Number(count), length]);
    let relation = Relation::AtLeast as u16;
    let question = detailed(Operation::Compare, relation, [found, need]);
    let none = Expression::Constants(Vec::new());
    apply(Operation::If, [question, none, missing])
}

/// Whether a `reduce` is the sum or the product of a list, for json-logic-engine.
fn total(mapper: &Json<'_>) -> Option<Arithmetic> {
    let which = |name: &str| {
        let items = match mapper.get(name)? {
            Json::List(items) => items,
            _ => return None,
        };
        let [a, b] = items.as_slice() else {
            return None;
        };
        let (a, b) = (a.get("var")?, b.get("var")?);
        if is_falsy(a) || is_falsy(b) {
            return None;
        }
        let either = |name: &str| a.text() == Some(name) || b.text() == Some(name);
        (either("accumulator") && either("current")).then_some(())
    };
    if which("+").is_some() {
        return Some(Arithmetic::Add);
    }
    which("*").map(|()| Arithmetic::Multiply)
}

/// What JavaScript does not take for true.
fn is_falsy(json: &Json<'_>) -> bool {
    match json {
        Json::Null | Json::Boolean(false) => true,
        Json::Number(number) => *number == 0.0 || number.is_nan(),
        Json::Text(text) => text.is_empty(),
        _ => false,
    }
}

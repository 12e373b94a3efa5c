//! Rules as json-logic-engine compiles them to JavaScript. Source: `buildString` and the `compile` of each operator.

use super::code::{Code, Test};
use super::method::{Iterate, Method, Stop, is_fixed, operator};
use super::rule::{Rule, apply, computed, constant, detailed, json_text, list, on_all};
use super::scope::{Scope, names};
use flagstone_compile::model::{Around, Expression, Operation, Relation};
use flagstone_json::Json;

pub(super) type Result<T> = core::result::Result<T, Stop>;

pub(super) fn kept() -> Expression {
    apply(Operation::Kept, [])
}

pub(super) fn keep(expression: Expression) -> Expression {
    apply(Operation::Keep, [expression])
}

fn truth(expression: Expression) -> Expression {
    apply(Operation::Truth, [expression])
}

pub(super) fn not(expression: Expression) -> Expression {
    apply(Operation::Not, [expression])
}

pub(super) fn compare(relation: Relation, a: Expression, b: Expression) -> Expression {
    detailed(Operation::Compare, relation as u16, [a, b])
}

pub(super) fn length(of: Expression) -> Expression {
    apply(
        Operation::Member,
        [of, Expression::Text("length".to_owned())],
    )
}

pub(super) fn nothing() -> Expression {
    Expression::Constants(Vec::new())
}

/// The arguments of an operator that is not lazy: those of a list, or the only one; `None` if they are computed.
pub(super) fn arguments<'j>(lower: &'j Json<'j>) -> Option<Vec<&'j Json<'j>>> {
    match lower {
        Json::List(items) => Some(items.iter().collect()),
        Json::Object(_) => None,
        one => Some(vec![one]),
    }
}

impl Rule<'_> {
    /// The expression that a rule is compiled to.
    pub(super) fn compiled(&mut self, json: &Json<'_>, scope: &Scope) -> Result<Expression> {
        Ok(self.code(json, scope)?.expression())
    }

    pub(super) fn code(&mut self, json: &Json<'_>, scope: &Scope) -> Result<Code> {
        let (name, lower) = match json {
            Json::List(items) => {
                let items: Result<Vec<_>> = items
                    .iter()
                    .map(|item| self.compiled(item, scope))
                    .collect();
                return Ok(Code::Whole(list(items?)));
            }
            Json::Object(_) => match operator(json) {
                None => return Ok(Code::Whole(Expression::Object(0))),
                Some(("", _, count)) => return Ok(Code::Whole(Expression::Object(count))),
                Some((_, _, 2..)) => return Err(Stop::Throws),
                Some((name, lower, _)) => (name, lower),
            },
            // `-0` is written as `0`.
            Json::Number(0.0) => return Ok(Code::Whole(Expression::Number(0.0))),
            constant => return Ok(Code::Whole(self::constant(constant))),
        };
        let method = Method::named(name)?;
        if is_fixed(json, false)? {
            let value = self.interpreted(json, &Scope::BEFORE)?;
            return Ok(Code::Whole(computed(value)?));
        }
        let items = if method.is_lazy() && !matches!(lower, Json::List(_)) {
            None
        } else {
            arguments(lower)
        };
        match (method, items) {
            (Method::Var, items) => self.compiled_var(lower, items.as_deref(), scope),
            (Method::If, Some(items)) if items.len() >= 3 => self.compiled_if(&items, scope),
            (Method::And | Method::Or, Some(items)) => {
                let mut code = Code::Whole(kept());
                let items: Result<Vec<_>> = items
                    .iter()
                    .map(|item| self.compiled(item, scope))
                    .collect();
                for item in items?.into_iter().rev() {
                    let question = truth(keep(item));
                    let question = match method {
                        Method::And => not(question),
                        _ => question,
                    };
                    code = Code::choice(Test::Whole(question), Code::Whole(kept()), code);
                }
                Ok(code)
            }
            (Method::Compare(relation), Some(items)) if items.len() >= 2 => {
                self.compiled_comparison(relation, &items, scope)
            }
            (Method::Iterate(which), Some(items)) => self.compiled_iteration(which, &items, scope),
            (Method::Reduce, Some(items)) => {
                let [selector, mapper, ..] = items.as_slice() else {
                    return Err(Stop::Throws);
                };
                let selector = self.code(selector, scope)?.or_nothing().expression();
                let initial = match items.get(2) {
                    Some(initial) => Some(self.compiled(initial, scope)?),
                    None => None,
                };
                let inside = scope.within(true, scope.names_index);
                let mapper = self.compiled(mapper, &inside)?;
                let mut arguments = vec![selector, mapper];
                arguments.extend(initial);
                Ok(Code::Whole(on_all(
                    Operation::Reduce,
                    Around::Nothing as u16,
                    arguments,
                )))
            }
            // They throw when they are compiled.
            (Method::Iterate(_) | Method::Reduce, None) => Err(Stop::Throws),
            (Method::Arithmetic(which), items) => {
                self.compiled_arithmetic(which, items.as_deref(), lower, scope)
            }
            (Method::In, Some(items)) => {
                let [item, of] = [items.first(), items.get(1)];
                let of = match of {
                    Some(of) => self.code(of, scope)?,
                    None => Code::Whole(Expression::Undefined),
                };
                let item = match item {
                    Some(item) => self.compiled(item, scope)?,
                    None => Expression::Undefined,
                };
                let of = of.or_nothing().expression();
                Ok(Code::Whole(apply(Operation::Includes, [of, item])))
            }
            (Method::Missing, Some(items)) => self.compiled_missing(&items, scope),
            (Method::Missing, None) => {
                let names = apply(Operation::AsList, [self.compiled(lower, scope)?]);
                Ok(Code::Whole(apply(Operation::Missing, [names])))
            }
            (Method::MissingSome, items) => self.compiled_missing_some(items.as_deref(), scope),
            (Method::Not | Method::Truth, items) => {
                let value = match &items {
                    Some(items) => match items.first() {
                        Some(first) => self.compiled(first, scope)?,
                        None => Expression::Undefined,
                    },
                    None => self.compiled(lower, scope)?,
                };
                let opposite = not(truth(value));
                Ok(Code::Whole(match method {
                    Method::Not => opposite,
                    _ => not(opposite),
                }))
            }
            (Method::Cat, Some(items)) => {
                let mut code = Code::Whole(Expression::Text(String::new()));
                for item in items {
                    let item = self.code(item, scope)?;
                    code = code.plus(item);
                }
                Ok(Code::Whole(code.expression()))
            }
            (Method::Cat, None) => {
                let value = self.compiled(lower, scope)?;
                Ok(Code::Whole(apply(Operation::Cat, [value])))
            }
            (Method::List(_) | Method::Own(_) | Method::In, items) => {
                let arguments = match items {
                    Some(items) => {
                        let items: Result<Vec<_>> = items
                            .iter()
                            .map(|item| self.compiled(item, scope))
                            .collect();
                        list(items?)
                    }
                    None => apply(Operation::AsList, [self.compiled(lower, scope)?]),
                };
                Ok(Code::Whole(self.function(method, arguments, scope)?))
            }
            (Method::If | Method::And | Method::Or | Method::Compare(_), _) => {
                Ok(Code::Whole(self.lazily(method, lower, scope)?))
            }
        }
    }

    /// A function of a list of arguments.
    pub(super) fn function(
        &mut self,
        method: Method,
        arguments: Expression,
        scope: &Scope,
    ) -> Result<Expression> {
        Ok(match method {
            Method::List(operation) => apply(operation, [arguments]),
            Method::In => apply(Operation::In, [arguments]),
            // COMPAT(flagd): flagd's own operators look for their logger in what is looked at, and fail where that is not the
            // context: in iterations, and in constants.
            Method::Own(_) if !scope.has_flag() => apply(Operation::Fail, []),
            Method::Own(Operation::Fractional) => {
                let salt = Expression::Text(self.flag.to_owned());
                let unit = self.path(&["targetingKey".to_owned()], &Scope::OUTSIDE)?;
                apply(Operation::Fractional, [arguments, salt, unit])
            }
            Method::Own(operation) => apply(operation, [arguments]),
            _ => return Err(Stop::Throws),
        })
    }

    fn compiled_var(
        &mut self,
        lower: &Json<'_>,
        items: Option<&[&Json<'_>]>,
        scope: &Scope,
    ) -> Result<Code> {
        let Some(items) = items else {
            let key = self.compiled(lower, scope)?;
            return Ok(Code::Whole(apply(Operation::Lookup, [key])));
        };
        if items.len() <= 2 {
            let path = match items.first() {
                None | Some(Json::Null) => return Ok(Code::Whole(scope.whole())),
                Some(Json::Text(text)) if text.is_empty() => {
                    return Ok(Code::Whole(scope.whole()));
                }
                Some(Json::Text(text)) if text == "../index" && scope.names_index => {
                    return Ok(Code::Whole(scope.position()));
                }
                Some(Json::Text(text)) => Some(text.clone().into_owned()),
                Some(Json::Number(number)) => Some(json_text(*number)),
                Some(_) => None,
            };
            if let Some(path) = path.filter(|path| !path.contains("../")) {
                let value = self.path(&names(&path), scope)?;
                let otherwise = match items.get(1) {
                    Some(otherwise) => self.code(otherwise, scope)?,
                    None => Code::Whole(Expression::Null),
                };
                // COMPAT(flagd): then what was kept elsewhere in the rule may be the value.
                self.is_whole |= otherwise.is_choice();
                let value = otherwise.unless_there(value)?.expression();
                return Ok(Code::Whole(keep(value)));
            }
        }
        let parts: Result<Vec<_>> = items
            .iter()
            .map(|item| self.compiled(item, scope))
            .collect();
        let mut parts = parts?;
        if let [Json::Null | Json::Boolean(_) | Json::Number(_) | Json::Text(_) | Json::Object(_)] =
            items
            && let Some(key) = parts.pop()
        {
            return Ok(Code::Whole(if key.is_constant() {
                self.var(&key, Expression::Undefined, scope)?
            } else {
                apply(Operation::Lookup, [key])
            }));
        }
        Ok(Code::Whole(self.var_of(parts, scope)?))
    }

    /// The function `var` of a list of arguments that are computed first.
    pub(super) fn var_of(&mut self, parts: Vec<Expression>, scope: &Scope) -> Result<Expression> {
        let key = parts.first().unwrap_or(&Expression::Undefined);
        let is_plain = !matches!(key, Expression::Constants(_) | Expression::Object(_));
        if is_plain && parts.iter().all(Expression::is_constant) {
            let otherwise = parts.get(1).cloned().unwrap_or(Expression::Undefined);
            return self.var(key, otherwise, scope);
        }
        Ok(apply(Operation::Lookup, [list(parts)]))
    }

    fn compiled_if(&mut self, items: &[&Json<'_>], scope: &Scope) -> Result<Code> {
        let mut arguments = Vec::new();
        for pair in items.chunks(2) {
            match pair {
                [question, answer] => {
                    arguments.push(truth(self.compiled(question, scope)?));
                    arguments.push(self.compiled(answer, scope)?);
                }
                rest => {
                    for last in rest {
                        arguments.push(self.compiled(last, scope)?);
                    }
                }
            }
        }
        if items.len().is_multiple_of(2) {
            arguments.push(Expression::Null);
        }
        Ok(Code::Whole(on_all(Operation::If, 0, arguments)))
    }

    fn compiled_comparison(
        &mut self,
        relation: Relation,
        items: &[&Json<'_>],
        scope: &Scope,
    ) -> Result<Code> {
        let is_strict = matches!(relation, Relation::Same | Relation::NotSame);
        let checked = |item: Expression| {
            if is_strict {
                item
            } else {
                apply(Operation::Comparable, [item, kept()])
            }
        };
        let parts: Result<Vec<_>> = items
            .iter()
            .map(|item| self.compiled(item, scope))
            .collect();
        let mut parts = parts?.into_iter();
        let (Some(first), Some(second)) = (parts.next(), parts.next()) else {
            return Err(Stop::Throws);
        };
        if items.len() == 2 {
            return Ok(Code::Whole(compare(relation, keep(first), checked(second))));
        }
        let mut all = vec![compare(relation, keep(first), keep(checked(second)))];
        all.extend(parts.map(|next| compare(relation, kept(), keep(checked(next)))));
        Ok(Code::Whole(on_all(Operation::And, 0, all)))
    }

    fn compiled_iteration(
        &mut self,
        which: Iterate,
        items: &[&Json<'_>],
        scope: &Scope,
    ) -> Result<Code> {
        let [selector, mapper, ..] = items else {
            return Err(Stop::Throws);
        };
        let selector = self.code(selector, scope)?;
        let mapper = self.compiled(mapper, &scope.within(false, true))?;
        let over =
            |operation, selector| detailed(operation, Around::Pair as u16, [selector, mapper]);
        Ok(match which {
            Iterate::Map => Code::Whole(over(Operation::Map, selector.or_nothing().expression())),
            Iterate::Filter => {
                Code::Whole(over(Operation::Filter, selector.or_nothing().expression()))
            }
            Iterate::Some => Code::Whole(over(Operation::Some, selector.or_nothing().expression())),
            Iterate::None => {
                let some = over(Operation::Some, selector.or_nothing().expression());
                Code::Whole(not(some))
            }
            Iterate::All => {
                let is_list = apply(Operation::IsList, [keep(selector.expression())]);
                let is_empty = compare(Relation::Same, length(kept()), Expression::Number(0.0));
                let test = Test::And(Box::new(Test::Whole(is_list)), is_empty);
                let every = over(Operation::Every, apply(Operation::Or, [kept(), nothing()]));
                Code::choice(
                    test,
                    Code::Whole(Expression::Boolean(false)),
                    Code::Whole(every),
                )
            }
        })
    }
}

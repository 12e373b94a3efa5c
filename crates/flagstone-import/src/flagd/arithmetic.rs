//! Arithmetic as compiled rules have it.

use super::code::{Code, Test};
use super::compiled::{Result, compare, keep, kept, length, not};
use super::method::{Stop, is_fixed, operator};
use super::rule::{Rule, apply, detailed, on_all};
use super::scope::Scope;
use flagstone_compile::model::{Arithmetic, Expression, Operation, Relation};
use flagstone_core::js_number;
use flagstone_json::Json;

impl Rule<'_> {
    pub(super) fn compiled_arithmetic(
        &mut self,
        which: Arithmetic,
        items: Option<&[&Json<'_>]>,
        lower: &Json<'_>,
        scope: &Scope,
    ) -> Result<Code> {
        let Some(items) = items else {
            let list = self.compiled(lower, scope)?;
            return Ok(gathered(which, list));
        };
        let mut numbers = Vec::new();
        for item in items {
            numbers.push(self.number(item, scope)?);
        }
        let operation = match which {
            Arithmetic::Add => Operation::Add,
            Arithmetic::Subtract => Operation::Subtract,
            Arithmetic::Multiply => Operation::Multiply,
            Arithmetic::Divide => Operation::Divide,
            Arithmetic::Remainder => Operation::Remainder,
        };
        match (which, numbers.as_slice()) {
            (Arithmetic::Add, []) => return Ok(Code::Whole(Expression::Number(0.0))),
            (Arithmetic::Multiply, []) => return Ok(Code::Whole(Expression::Number(1.0))),
            (_, []) | (Arithmetic::Remainder, [_]) => return Err(Stop::Throws),
            (Arithmetic::Divide, [_]) => numbers.insert(0, (Expression::Number(1.0), false)),
            _ => {}
        }
        let mut arguments = Vec::new();
        for (at, (number, is_zero)) in numbers.into_iter().enumerate() {
            arguments.push(if which == Arithmetic::Divide && at > 0 {
                if is_zero {
                    return Err(Stop::Throws);
                }
                let nan = Expression::Number(f64::NAN);
                numeric(apply(Operation::Or, [number, nan]))
            } else {
                number
            });
        }
        let is_one = arguments.len() == 1;
        let value = if is_one {
            arguments.pop().unwrap_or(Expression::Undefined)
        } else {
            on_all(operation, 0, arguments)
        };
        let value = numeric(value);
        Ok(Code::Whole(if is_one && which == Arithmetic::Subtract {
            apply(Operation::Negate, [value])
        } else {
            value
        }))
    }

    /// An operand of arithmetic, and whether it is written as `+0`. Source: `numberCoercion`.
    fn number(&mut self, json: &Json<'_>, scope: &Scope) -> Result<(Expression, bool)> {
        let text = |text: &str| {
            let number = js_number(text);
            if number.is_nan() {
                return Err(Stop::Throws);
            }
            Ok((Expression::Number(number), number == 0.0))
        };
        let plain = |number: f64| Ok((Expression::Number(number), false));
        match json {
            Json::List(_) => Err(Stop::Throws),
            Json::Number(number) => Ok((Expression::Number(*number), *number == 0.0)),
            Json::Boolean(value) => plain(f64::from(u8::from(*value))),
            Json::Text(written) => text(written),
            Json::Null => plain(0.0),
            Json::Object(_) => match self.compiled(json, scope)? {
                Expression::Number(number) => Ok((Expression::Number(number), number == 0.0)),
                Expression::Text(written) => text(&written),
                Expression::Boolean(value) => plain(f64::from(u8::from(value))),
                Expression::Null => plain(0.0),
                // COMPAT(flagd): an object that is written down is found out here, one that was computed later.
                Expression::Object(_)
                    if operator(json).is_none_or(|(name, ..)| name.is_empty()) =>
                {
                    Err(Stop::Throws)
                }
                Expression::Undefined => Err(Stop::Throws),
                // What is fixed and no constant is half a character, and so no number.
                value if !value.is_constant() && is_fixed(json, false)? => Err(Stop::Throws),
                value => Ok((apply(Operation::ToNumber, [numeric(value)]), false)),
            },
        }
    }
}

/// Arithmetic on a list that is computed, or on a single value.
fn gathered(which: Arithmetic, list: Expression) -> Code {
    let gather = |list| detailed(Operation::Gather, which as u16, [list]);
    let first = || apply(Operation::Member, [kept(), Expression::Number(0.0)]);
    let has_one = || compare(Relation::Same, length(kept()), Expression::Number(1.0));
    let single = || numeric(apply(Operation::ToNumber, [kept()]));
    let at_least = |count, list| detailed(Operation::Sized, count, [list]);
    let is_list = |list| apply(Operation::IsList, [keep(list)]);
    let negative = |value| apply(Operation::Negate, [value]);
    match which {
        Arithmetic::Add => Code::Whole(apply(
            Operation::If,
            [is_list(list), gather(kept()), single()],
        )),
        Arithmetic::Subtract => Code::Whole(apply(
            Operation::If,
            [
                not(is_list(list)),
                negative(single()),
                has_one(),
                negative(numeric(first())),
                gather(at_least(1, kept())),
            ],
        )),
        Arithmetic::Multiply => Code::Whole(gather(list)),
        Arithmetic::Remainder => Code::Whole(gather(at_least(2, list))),
        Arithmetic::Divide => {
            let sized = Test::Whole(at_least(1, keep(list)));
            let nan = Expression::Number(f64::NAN);
            let number = numeric(apply(Operation::Or, [first(), nan]));
            let one = apply(Operation::Divide, [Expression::Number(1.0), number]);
            Code::choice(
                Test::And(Box::new(sized), has_one()),
                Code::Whole(one),
                Code::Whole(gather(kept())),
            )
        }
    }
}

fn numeric(expression: Expression) -> Expression {
    apply(Operation::Numeric, [expression])
}

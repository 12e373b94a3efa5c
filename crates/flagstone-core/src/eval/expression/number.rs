//! Arithmetic, as compiled and as interpreted rules do it.

use super::value::Value;
use super::{Machine, Place};
use crate::layout::{Arithmetic, Relation};

impl<'v> Machine<'_, 'v> {
    /// `precoerceNumber` of json-logic-engine: fails for NaN, lists and objects.
    pub(super) fn numeric(&self, value: Value<'v>) -> Option<Value<'v>> {
        let is_nan = matches!(value, Value::Number(number) if number.is_nan());
        (!is_nan && !value.is_object()).then_some(value)
    }

    fn numeric_number(&mut self, value: Value<'v>) -> Option<f64> {
        let value = self.numeric(value)?;
        self.number_of(value)
    }

    /// `compareCheck` of json-logic-engine: an operand as it is compared with another.
    pub(super) fn comparable(&mut self, item: Value<'v>, other: Value<'v>) -> Option<Value<'v>> {
        let is_text = |value: Value<'_>| value.is_text() || matches!(value, Value::Null);
        if is_text(item) && is_text(other) {
            return Some(item);
        }
        if self.numeric_number(item)?.is_nan() && !matches!(other, Value::Null) {
            return None;
        }
        if self.numeric_number(other)?.is_nan() {
            return None;
        }
        if matches!(other, Value::Null) && !self.is_true(item) {
            return Some(Value::Null);
        }
        if matches!(item, Value::Null) && !self.is_true(other) {
            return Some(Value::Number(0.0));
        }
        Some(item)
    }

    /// Whether two values stand in a relation, as interpreted rules compare.
    fn ordered(&mut self, relation: Relation, a: Value<'v>, b: Value<'v>) -> Option<bool> {
        let is_text = |value: Value<'_>| value.is_text() || matches!(value, Value::Null);
        let is_strict = matches!(relation, Relation::Same | Relation::NotSame);
        if is_strict || (is_text(a) && is_text(b)) {
            return self.compare(relation, a, b);
        }
        let first = self.numeric_number(a)?;
        if first.is_nan() {
            return None;
        }
        let second = self.numeric_number(b)?;
        if second.is_nan() && !matches!(a, Value::Null) {
            return None;
        }
        self.compare(relation, Value::Number(first), Value::Number(second))
    }

    /// Whether each argument stands in a relation to the next.
    #[inline(never)]
    pub(super) fn in_order(
        &mut self,
        place: Place<'_, 'v>,
        relation: Relation,
        is_long: bool,
    ) -> Option<Value<'v>> {
        let mut last = self.argument(place, 0)?;
        for at in 1..place.node.b {
            let next = self.argument(place, at)?;
            let holds = if is_long {
                self.chained(relation, last, next, at == 1)?
            } else {
                self.ordered(relation, last, next)?
            };
            if !holds {
                return Some(Value::Boolean(false));
            }
            last = next;
        }
        Some(Value::Boolean(true))
    }

    /// A step of json-logic-engine's loop over four and more. COMPAT(flagd): it checks for numbers also what it has
    /// compared as text.
    fn chained(
        &mut self,
        relation: Relation,
        last: Value<'v>,
        next: Value<'v>,
        is_first: bool,
    ) -> Option<bool> {
        let is_text = |value: Value<'_>| value.is_text() || matches!(value, Value::Null);
        let is_strict = matches!(relation, Relation::Same | Relation::NotSame);
        if (is_strict || (is_text(last) && is_text(next))) && !self.compare(relation, last, next)? {
            return Some(false);
        }
        let second = self.numeric_number(next)?;
        if second.is_nan() && !matches!(last, Value::Null) {
            return None;
        }
        let first = if is_first {
            let first = self.numeric_number(last)?;
            if first.is_nan() {
                return None;
            }
            first
        } else {
            self.number_of(last)?
        };
        self.compare(relation, Value::Number(first), Value::Number(second))
    }

    /// The elements of a list brought together, as compiled rules do it.
    pub(super) fn gather(&mut self, list: Value<'v>, how: Arithmetic) -> Option<Value<'v>> {
        let list = list.elements()?;
        let (mut total, begin) = match how {
            Arithmetic::Add => (Value::Number(0.0), 0),
            Arithmetic::Multiply => (Value::Number(1.0), 0),
            _ if list.len() == 0 => return None,
            _ => (list.element(self, 0), 1),
        };
        for index in begin..list.len() {
            self.step()?;
            let mut next = list.element(self, index);
            if how == Arithmetic::Divide && !self.is_true(next) {
                return None;
            }
            next = self.numeric(next)?;
            // A sum may be NaN; anything else must be a number before it goes on.
            let a = if how == Arithmetic::Add {
                self.number_of(total)?
            } else {
                self.numeric_number(total)?
            };
            let b = self.number_of(next)?;
            total = Value::Number(apply(how, a, b));
        }
        Some(total)
    }

    /// The elements of a list, or one value, brought together as interpreted rules do it.
    pub(super) fn total(&mut self, value: Value<'v>, how: Arithmetic) -> Option<Value<'v>> {
        let sign = if how == Arithmetic::Subtract {
            -1.0
        } else {
            1.0
        };
        let Some(list) = value.elements() else {
            // Only `+` and `-` get here.
            if !self.is_true(value) {
                return Some(Value::Number(0.0));
            }
            let number = sign * self.numeric_number(value)?;
            return (!number.is_nan()).then_some(Value::Number(number));
        };
        let first = list.element(self, 0);
        let count = list.len();
        let must_not_be_object = !matches!(how, Arithmetic::Add | Arithmetic::Multiply);
        if must_not_be_object && first.is_object() {
            return None;
        }
        let (mut total, begin) = match (how, count) {
            (Arithmetic::Add, _) => (0.0, 0),
            (Arithmetic::Multiply, _) => (1.0, 0),
            (_, 0) | (Arithmetic::Remainder, 1) => return None,
            (Arithmetic::Subtract, 1) => return Some(Value::Number(-self.number_of(first)?)),
            (Arithmetic::Divide, 1) => {
                let number = self.number_of(first)?;
                let is_usable = number != 0.0 && !number.is_nan();
                return is_usable.then_some(Value::Number(1.0 / number));
            }
            _ => (self.number_of(first)?, 1),
        };
        for index in begin..count {
            self.step()?;
            let next = list.element(self, index);
            if next.is_object() || (how == Arithmetic::Divide && !self.is_true(next)) {
                return None;
            }
            total = apply(how, total, self.number_of(next)?);
        }
        let fails = total.is_nan() || (how == Arithmetic::Divide && total == f64::INFINITY);
        (!fails).then_some(Value::Number(total))
    }

    /// The largest or smallest of a list of numbers.
    pub(super) fn extreme(
        &mut self,
        list: Value<'v>,
        is_better: fn(f64, f64) -> bool,
    ) -> Option<Value<'v>> {
        let list = list.elements()?;
        let Value::Number(mut best) = list.element(self, 0) else {
            return None;
        };
        for index in 1..list.len() {
            self.step()?;
            let Value::Number(number) = list.element(self, index) else {
                return None;
            };
            if is_better(number, best) {
                best = number;
            }
        }
        Some(Value::Number(best))
    }
}

fn apply(how: Arithmetic, a: f64, b: f64) -> f64 {
    match how {
        Arithmetic::Add => a + b,
        Arithmetic::Subtract => a - b,
        Arithmetic::Multiply => a * b,
        Arithmetic::Divide => a / b,
        Arithmetic::Remainder => a % b,
    }
}

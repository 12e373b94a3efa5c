//! JavaScript's conversions and comparisons.

use super::Machine;
use super::text::Units;
use super::value::Value;
use crate::layout::Relation;
use crate::number::javascript;
use crate::text;
use core::cmp::Ordering;

/// How deep lists may lie in lists to become text.
const DEPTH: u8 = 32;

impl<'v> Machine<'_, 'v> {
    /// Truth to JavaScript: every list and object is true.
    pub(super) fn is_true(&self, value: Value<'v>) -> bool {
        match value {
            Value::Undefined | Value::Null => false,
            Value::Boolean(value) => value,
            Value::Number(number) => number != 0.0 && !number.is_nan(),
            Value::Text(text) => !text.is_empty(),
            Value::Written { len, .. } => len != 0,
            _ => true,
        }
    }

    /// Truth to JsonLogic: a list or an object without anything in it is not true.
    pub(super) fn truth(&self, value: Value<'v>) -> bool {
        match value.size() {
            Some(size) => size > 0,
            None => self.is_true(value),
        }
    }

    /// The bytes of text.
    pub(super) fn bytes(&self, value: Value<'v>) -> Option<&[u8]> {
        match value {
            Value::Text(text) => Some(text.as_bytes()),
            Value::Written { at, len } => self.memory.bytes(at, len),
            _ => None,
        }
    }

    /// Any value as text.
    pub(super) fn written(&mut self, value: Value<'v>) -> Option<Value<'v>> {
        if value.is_text() {
            return Some(value);
        }
        let begin = self.memory.text_begin();
        self.write(begin, value)?;
        self.memory.text_since(begin)
    }

    /// Adds a value as text to the one that begins at `begin`.
    pub(super) fn write(&mut self, begin: usize, value: Value<'v>) -> Option<()> {
        self.write_inside(begin, value, DEPTH)
    }

    fn write_inside(&mut self, begin: usize, value: Value<'v>, depth: u8) -> Option<()> {
        let word = match value {
            Value::Undefined => "undefined",
            Value::Null => "null",
            Value::Boolean(true) => "true",
            Value::Boolean(false) => "false",
            Value::Text(text) => text,
            Value::Object(_) | Value::Unknown { .. } | Value::Pair { .. } => "[object Object]",
            Value::Number(number) => {
                let digits = text::number(number);
                return self.memory.push(begin, digits.text().as_bytes());
            }
            Value::Written { at, len } => return self.memory.push_made(begin, at, len),
            Value::List(_) | Value::Made { .. } | Value::Constants { .. } => {
                let depth = depth.checked_sub(1)?;
                let list = value.elements()?;
                for index in 0..list.len() {
                    self.step()?;
                    if index > 0 {
                        self.memory.push(begin, b",")?;
                    }
                    let element = list.element(self, index);
                    if !element.is_nothing() {
                        self.write_inside(begin, element, depth)?;
                    }
                }
                return Some(());
            }
        };
        self.memory.push(begin, word.as_bytes())
    }

    /// `Number(value)`. `None` if there is no room for the text of a list.
    pub(super) fn number_of(&mut self, value: Value<'v>) -> Option<f64> {
        Some(match value {
            Value::Null | Value::Boolean(false) => 0.0,
            Value::Boolean(true) => 1.0,
            Value::Number(number) => number,
            Value::Text(text) => javascript(text),
            Value::Written { at, len } => {
                let text = core::str::from_utf8(self.memory.bytes(at, len)?);
                text.map_or(f64::NAN, javascript)
            }
            Value::List(_) | Value::Made { .. } | Value::Constants { .. } => {
                let mark = self.memory.mark();
                let text = self.written(value)?;
                let number = self.number_of(text)?;
                self.memory.reset(mark);
                number
            }
            Value::Undefined | Value::Object(_) | Value::Unknown { .. } | Value::Pair { .. } => {
                f64::NAN
            }
        })
    }

    /// What JavaScript's operators take an object for.
    fn primitive(&mut self, value: Value<'v>) -> Option<Value<'v>> {
        if value.is_object() {
            self.written(value)
        } else {
            Some(value)
        }
    }

    /// `a + b`
    pub(super) fn add(&mut self, a: Value<'v>, b: Value<'v>) -> Option<Value<'v>> {
        if a.is_text() || b.is_text() || a.is_object() || b.is_object() {
            let begin = self.memory.text_begin();
            self.write(begin, a)?;
            self.write(begin, b)?;
            return self.memory.text_since(begin);
        }
        Some(Value::Number(self.number_of(a)? + self.number_of(b)?))
    }

    /// Whether two values stand in a relation, by JavaScript's operator.
    pub(super) fn compare(
        &mut self,
        relation: Relation,
        a: Value<'v>,
        b: Value<'v>,
    ) -> Option<bool> {
        Some(match relation {
            Relation::Equal => self.loosely_equal(a, b)?,
            Relation::NotEqual => !self.loosely_equal(a, b)?,
            Relation::Same => self.same(a, b)?,
            Relation::NotSame => !self.same(a, b)?,
            Relation::Less => self.order(a, b)? == Some(Ordering::Less),
            Relation::Greater => self.order(a, b)? == Some(Ordering::Greater),
            Relation::AtMost => matches!(self.order(a, b)?, Some(Ordering::Less | Ordering::Equal)),
            Relation::AtLeast => {
                matches!(self.order(a, b)?, Some(Ordering::Greater | Ordering::Equal))
            }
        })
    }

    /// `a === b`
    pub(super) fn same(&self, a: Value<'v>, b: Value<'v>) -> Option<bool> {
        Some(match (a, b) {
            (Value::Undefined, Value::Undefined) | (Value::Null, Value::Null) => true,
            (Value::Boolean(a), Value::Boolean(b)) => a == b,
            (Value::Number(a), Value::Number(b)) => a == b,
            (Value::List(a), Value::List(b)) => core::ptr::addr_eq(a, b),
            (Value::Object(a), Value::Object(b)) => core::ptr::addr_eq(a, b),
            (Value::Made { at, len }, Value::Made { at: to, len: of }) => (at, len) == (to, of),
            (Value::Pair { at, .. }, Value::Pair { at: to, .. }) => at == to,
            (
                Value::Constants { first, count },
                Value::Constants {
                    first: to,
                    count: of,
                },
            ) => (first, count) == (to, of),
            _ if a.is_text() && b.is_text() => self.bytes(a)? == self.bytes(b)?,
            _ => false,
        })
    }

    /// `a == b`
    fn loosely_equal(&mut self, a: Value<'v>, b: Value<'v>) -> Option<bool> {
        if a.is_nothing() || b.is_nothing() {
            return Some(a.is_nothing() && b.is_nothing());
        }
        if a.is_object() && b.is_object() {
            return self.same(a, b);
        }
        let (a, b) = (self.primitive(a)?, self.primitive(b)?);
        if a.is_text() && b.is_text() {
            return self.same(a, b);
        }
        Some(self.number_of(a)? == self.number_of(b)?)
    }

    /// How two values stand to each other; inside, `None` if one is not a number.
    fn order(&mut self, a: Value<'v>, b: Value<'v>) -> Option<Option<Ordering>> {
        let (a, b) = (self.primitive(a)?, self.primitive(b)?);
        if a.is_text() && b.is_text() {
            let (a, b) = (self.bytes(a)?, self.bytes(b)?);
            // The order of UTF-16 is not that of UTF-8.
            return Some(Some(Units::of(a).cmp(Units::of(b))));
        }
        Some(self.number_of(a)?.partial_cmp(&self.number_of(b)?))
    }
}

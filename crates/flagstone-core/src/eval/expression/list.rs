//! Lists: what goes through them, and what is made of them.

use super::value::{Elements, Frame, Looked, Value};
use super::{Machine, Place};
use crate::layout::{Around, Operation};
use core::cell::Cell;

impl<'v> Machine<'_, 'v> {
    /// Whether text or a list includes a value.
    pub(super) fn includes(&mut self, of: Value<'v>, item: Value<'v>) -> Option<Value<'v>> {
        if of.is_text() {
            let mark = self.memory.mark();
            let item = self.written(item)?;
            let found = super::text::contains(self.bytes(of)?, self.bytes(item)?);
            self.memory.reset(mark);
            return Some(Value::Boolean(found));
        }
        let list = of.elements()?;
        for index in 0..list.len() {
            self.step()?;
            let element = list.element(self, index);
            // A list is searched with NaN being itself.
            let both_nan = matches!((element, item), (Value::Number(a), Value::Number(b)) if a.is_nan() && b.is_nan());
            if both_nan || self.same(element, item)? {
                return Some(Value::Boolean(true));
            }
        }
        Some(Value::Boolean(false))
    }

    /// `map`, `filter`, `some` and `every`: the second argument for each element of the first.
    #[inline(never)]
    pub(super) fn iterate(
        &mut self,
        operation: Operation,
        place: Place<'_, 'v>,
        around: Around,
    ) -> Option<Value<'v>> {
        let value = self.argument(place, 0)?;
        let is_loop = matches!(operation, Operation::SomeOf | Operation::EveryOf);
        let count = match (value.elements(), is_loop) {
            (Some(list), _) => list.len(),
            (None, true) if value.is_text() => super::text::len(self.bytes(value)?),
            (None, true) => 0,
            (None, false) => return None,
        };
        let is_list = value.elements().is_some();
        if operation == Operation::EveryOf && is_list && count == 0 {
            return Some(Value::Boolean(false));
        }
        // Results follow each other, so their places come first.
        let results = match operation {
            Operation::Map | Operation::Filter => {
                Some(self.memory.reserve(u32::try_from(count).ok()?)?)
            }
            _ => None,
        };
        let mut kept = 0u32;
        for index in 0..count {
            self.step()?;
            let mark = self.memory.mark();
            let element = match value.elements() {
                Some(list) => list.element(self, index),
                None => self.part(value, index, index + 1)?,
            };
            let frame = Frame {
                looked: Looked::Element(element),
                around,
                list: value,
                position: u32::try_from(index).ok()?,
                kept: Cell::new(Value::Undefined),
                outer: Some(place.frame),
            };
            let inner = place.within(&frame);
            let result = self.argument(inner, 1)?;
            let holds = self.truth(result);
            match (operation, results) {
                (Operation::Map, Some(at)) => {
                    self.memory.set(at, kept, result)?;
                    kept += 1;
                    if result.is_made() {
                        continue;
                    }
                }
                (Operation::Filter, Some(at)) if holds => {
                    self.memory.set(at, kept, element)?;
                    kept += 1;
                }
                (Operation::Some | Operation::SomeOf, _) if holds => {
                    return Some(Value::Boolean(true));
                }
                (Operation::Every | Operation::EveryOf, _) if !holds => {
                    return Some(Value::Boolean(false));
                }
                _ => {}
            }
            self.memory.reset(mark);
        }
        Some(match results {
            Some(at) => Value::Made {
                at,
                len: u16::try_from(kept).ok()?,
            },
            None => Value::Boolean(matches!(operation, Operation::Every | Operation::EveryOf)),
        })
    }

    /// `reduce`
    #[inline(never)]
    pub(super) fn reduce(&mut self, place: Place<'_, 'v>, around: Around) -> Option<Value<'v>> {
        let value = self.argument(place, 0)?;
        let initial = if place.node.b > 2 {
            let initial = self.argument(place, 2)?;
            Some(self.shallow(initial)?)
        } else {
            None
        };
        let list = value.elements()?;
        // COMPAT(flagd): an interpreted rule takes what is undefined for no beginning.
        let initial = match (initial, around) {
            (Some(Value::Undefined), Around::List) => None,
            (initial, _) => initial,
        };
        let (mut accumulator, begin) = match initial {
            Some(initial) => (initial, 0),
            None if list.len() == 0 => return None,
            None => (list.element(self, 0), 1),
        };
        for index in begin..list.len() {
            self.step()?;
            let mark = self.memory.mark();
            let frame = Frame {
                looked: Looked::Fold {
                    accumulator,
                    current: list.element(self, index),
                },
                around,
                list: value,
                position: 0,
                kept: Cell::new(Value::Undefined),
                outer: Some(place.frame),
            };
            let result = self.argument(place.within(&frame), 1)?;
            accumulator = self.shallow(result)?;
            if !accumulator.is_made() {
                self.memory.reset(mark);
            }
        }
        Some(accumulator)
    }

    /// `assertAllowedDepth` of json-logic-engine: fails for a list or an object with another one inside.
    fn shallow(&mut self, value: Value<'v>) -> Option<Value<'v>> {
        let is_deep = match value {
            Value::Object(object) => (0..object.len()).any(|index| {
                object
                    .member(index)
                    .is_some_and(|(_, member)| Value::from(member).is_object())
            }),
            Value::Pair { at, .. } => {
                let at = usize::from(at);
                [at, at + 1]
                    .into_iter()
                    .any(|at| self.memory.get(at).is_object())
            }
            _ => {
                let mut is_deep = false;
                if let Some(list) = value.elements() {
                    for index in 0..list.len() {
                        self.step()?;
                        is_deep |= list.element(self, index).is_object();
                    }
                }
                is_deep
            }
        };
        (!is_deep).then_some(value)
    }

    /// The elements of a list, and of the lists among them.
    pub(super) fn merge(&mut self, value: Value<'v>) -> Option<Value<'v>> {
        let outer = value.elements()?;
        let count = |element: Value<'v>| element.elements().map_or(1, Elements::len);
        let mut total = 0usize;
        for index in 0..outer.len() {
            self.step()?;
            total = total.checked_add(count(outer.element(self, index)))?;
        }
        let at = self.memory.reserve(u32::try_from(total).ok()?)?;
        let mut len = 0u16;
        for index in 0..outer.len() {
            let element = outer.element(self, index);
            for index in 0..count(element) {
                self.step()?;
                let value = match element.elements() {
                    Some(inner) => inner.element(self, index),
                    None => element,
                };
                self.memory.set(at, len.into(), value)?;
                len = len.checked_add(1)?;
            }
        }
        Some(Value::Made { at, len })
    }

    /// json-logic-engine's function `cat`.
    pub(super) fn cat(&mut self, value: Value<'v>) -> Option<Value<'v>> {
        let Some(list) = value.elements() else {
            // What is null has no text at all.
            return if value.is_nothing() {
                None
            } else {
                self.written(value)
            };
        };
        let begin = self.memory.text_begin();
        for index in 0..list.len() {
            self.step()?;
            let element = list.element(self, index);
            if !element.is_nothing() {
                self.write(begin, element)?;
            }
        }
        self.memory.text_since(begin)
    }

    /// Of pairs of a name and a value, the names whose value is undefined.
    #[inline(never)]
    pub(super) fn undefineds(&mut self, place: Place<'_, 'v>) -> Option<Value<'v>> {
        let at = self.memory.reserve(place.node.b / 2)?;
        let mut len = 0;
        for pair in 0..place.node.b / 2 {
            if matches!(self.argument(place, pair * 2 + 1)?, Value::Undefined) {
                let name = self.argument(place, pair * 2)?;
                self.memory.set(at, len.into(), name)?;
                len += 1;
            }
        }
        Some(Value::Made { at, len })
    }
}

impl<'f, 'v> Place<'f, 'v> {
    /// The same node inside an iteration.
    fn within<'g>(self, frame: &'g Frame<'g, 'v>) -> Place<'g, 'v> {
        Place {
            index: self.index,
            node: self.node,
            frame,
            depth: self.depth,
        }
    }
}

impl Value<'_> {
    /// Whether it lies in the memory of the evaluation.
    fn is_made(self) -> bool {
        matches!(
            self,
            Self::Written { .. } | Self::Made { .. } | Self::Pair { .. }
        ) || matches!(self.elements(), Some(Elements::Made { .. }))
    }
}

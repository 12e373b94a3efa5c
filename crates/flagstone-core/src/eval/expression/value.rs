//! Values while an expression is computed, and the iterations they are computed in.

use super::Machine;
use crate::context::{AttributeValue, List, Object};
use crate::layout::Around;
use core::cell::Cell;

/// A value of JavaScript. What was made during the evaluation is a place in its memory.
#[derive(Clone, Copy)]
pub(super) enum Value<'v> {
    Undefined,
    Null,
    Boolean(bool),
    Number(f64),
    /// Text of the context or of the snapshot.
    Text(&'v str),
    /// Text that was made: UTF-8, but for halves of characters beyond U+FFFF, which JavaScript can cut off.
    Written {
        at: u16,
        len: u16,
    },
    /// A list of the context.
    List(&'v dyn List),
    /// A list that was made.
    Made {
        at: u16,
        len: u16,
    },
    /// A list of constants.
    Constants {
        first: u32,
        count: u32,
    },
    /// An object of the context.
    Object(&'v dyn Object),
    /// An object of which only the number of members is known.
    Unknown {
        members: u32,
    },
    /// An object with two members, in two values that were made: `iterator` and `index`, or `accumulator` and `current`.
    Pair {
        at: u16,
        of_list: bool,
    },
}

impl<'v> From<AttributeValue<'v>> for Value<'v> {
    #[inline]
    fn from(value: AttributeValue<'v>) -> Self {
        match value {
            AttributeValue::Missing => Self::Undefined,
            AttributeValue::Null => Self::Null,
            AttributeValue::Boolean(value) => Self::Boolean(value),
            AttributeValue::Number(number) => Self::Number(number),
            AttributeValue::Text(text) => Self::Text(text),
            AttributeValue::List(list) => Self::List(list),
            AttributeValue::Object(object) => Self::Object(object),
        }
    }
}

impl<'v> Value<'v> {
    /// Whether it is null or undefined.
    #[inline]
    pub(super) fn is_nothing(self) -> bool {
        matches!(self, Self::Undefined | Self::Null)
    }

    #[inline]
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Text(_) | Self::Written { .. })
    }

    /// Whether JavaScript's `typeof` says `object`; not so for null.
    #[inline]
    pub(super) fn is_object(self) -> bool {
        self.elements().is_some()
            || matches!(
                self,
                Self::Object(_) | Self::Unknown { .. } | Self::Pair { .. }
            )
    }

    /// The list, if it is one.
    #[inline]
    pub(super) fn elements(self) -> Option<Elements<'v>> {
        match self {
            Self::List(list) => Some(Elements::Context(list)),
            Self::Made { at, len } => Some(Elements::Made { at, len }),
            Self::Constants { first, count } => Some(Elements::Constants { first, count }),
            _ => None,
        }
    }

    /// The number of elements or members; `None` if it is neither list nor object.
    pub(super) fn size(self) -> Option<usize> {
        match self {
            Self::Object(object) => Some(object.len()),
            Self::Unknown { members } => Some(members as usize),
            Self::Pair { .. } => Some(2),
            _ => self.elements().map(Elements::len),
        }
    }
}

/// A list of any origin.
#[derive(Clone, Copy)]
pub(super) enum Elements<'v> {
    Context(&'v dyn List),
    Made { at: u16, len: u16 },
    Constants { first: u32, count: u32 },
}

impl<'v> Elements<'v> {
    #[inline]
    pub(super) fn len(self) -> usize {
        match self {
            Self::Context(list) => list.len(),
            Self::Made { len, .. } => len.into(),
            Self::Constants { count, .. } => count as usize,
        }
    }

    /// The element at a position; undefined behind the end.
    pub(super) fn element(self, machine: &Machine<'_, 'v>, index: usize) -> Value<'v> {
        match self {
            Self::Context(list) => list.element(index).into(),
            Self::Made { at, len } if index < usize::from(len) => {
                machine.memory.get(usize::from(at) + index)
            }
            Self::Constants { first, count } if index < count as usize => first
                .checked_add(index as u32)
                .and_then(|index| machine.constant_at(index))
                .unwrap_or(Value::Undefined),
            _ => Value::Undefined,
        }
    }
}

/// What an iteration looks at.
#[derive(Clone, Copy)]
pub(super) enum Looked<'v> {
    /// The context: there is no iteration.
    Context,
    /// An element of a list.
    Element(Value<'v>),
    /// What `reduce` brings together.
    Fold {
        accumulator: Value<'v>,
        current: Value<'v>,
    },
}

/// An iteration, in the iterations around it.
pub(super) struct Frame<'f, 'v> {
    pub(super) looked: Looked<'v>,
    pub(super) around: Around,
    /// The list that is gone through.
    pub(super) list: Value<'v>,
    pub(super) position: u32,
    /// COMPAT(flagd): one variable for the whole of a compiled function.
    pub(super) kept: Cell<Value<'v>>,
    pub(super) outer: Option<&'f Frame<'f, 'v>>,
}

impl<'f, 'v> Frame<'f, 'v> {
    /// The iteration so many further out.
    pub(super) fn outer(&'f self, count: u16) -> Option<&'f Frame<'f, 'v>> {
        let mut frame = self;
        for _ in 0..count {
            frame = frame.outer?;
        }
        Some(frame)
    }
}

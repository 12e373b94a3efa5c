//! Evaluation contexts: JSON objects, read as the attributes of one snapshot.
//!
//! Where an attribute is looked for is decided once for a snapshot, by [`Names`]. A context is then read in one pass:
//! members that no attribute can come from are passed over, the others land in cells, and nothing is searched later but what
//! lies inside lists. For expressions, which may compute what they look for, the whole context is kept too.

mod names;
mod read;

pub use names::Names;

use flagstone_core::{AttributeIndex, AttributeValue, Attributes, List, Object};
use std::borrow::Cow;
use std::rc::Rc;

/// The attributes of one unit at a time. `'l` is the text that contexts are read from.
#[derive(Debug)]
pub struct Context<'n, 'l> {
    names: &'n Names<'n>,
    cells: Vec<Cell<'l>>,
    /// All of it, if an expression may ask for that.
    whole: Option<Members<'l>>,
}

/// What a member of a context holds. What has others inside is counted, so that it is cheap to keep twice, and to drop where it
/// is not.
#[derive(Clone, Debug, PartialEq)]
enum Cell<'l> {
    Missing,
    Null,
    Boolean(bool),
    Number(f64),
    Text(Cow<'l, str>),
    List(Rc<Elements<'l>>),
    Object(Rc<Members<'l>>),
}

#[derive(Clone, Debug, PartialEq)]
struct Elements<'l>(Vec<Cell<'l>>);

/// The members of an object, as they were written.
#[derive(Clone, Debug, Default, PartialEq)]
struct Members<'l>(Vec<(Cow<'l, str>, Cell<'l>)>);

impl<'n> Context<'n, '_> {
    /// Nobody: every attribute is missing.
    pub fn new(names: &'n Names<'n>) -> Self {
        Self {
            names,
            cells: vec![Cell::Missing; names.cell_count()],
            whole: names.whole.then(Members::default),
        }
    }

    /// What was read into a cell, or else lies in what was read further out.
    fn at(&self, cell: usize) -> AttributeValue<'_> {
        match self.cells.get(cell) {
            Some(cell) if cell.is_there() => cell.value(),
            _ => match self.names.outer(cell) {
                Some((outer, name)) => self.at(outer).step(name),
                None => AttributeValue::Missing,
            },
        }
    }
}

impl Attributes for Context<'_, '_> {
    #[inline]
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        let cells = self.names.cells_of(index).iter();
        let mut found = cells.map(|cell| self.at(*cell));
        found
            .find(|value| !matches!(value, AttributeValue::Missing | AttributeValue::Null))
            .unwrap_or(AttributeValue::Missing)
    }

    fn root(&self) -> AttributeValue<'_> {
        match &self.whole {
            Some(members) => AttributeValue::Object(members),
            None => AttributeValue::Missing,
        }
    }
}

impl Cell<'_> {
    /// What is null is as good as missing, but among elements and members.
    fn is_there(&self) -> bool {
        !matches!(self, Self::Missing | Self::Null)
    }

    fn value(&self) -> AttributeValue<'_> {
        match self {
            Self::Missing => AttributeValue::Missing,
            Self::Null => AttributeValue::Null,
            Self::Boolean(is) => AttributeValue::Boolean(*is),
            Self::Number(is) => AttributeValue::Number(*is),
            Self::Text(is) => AttributeValue::Text(is),
            Self::List(elements) => AttributeValue::List(elements.as_ref()),
            Self::Object(members) => AttributeValue::Object(members.as_ref()),
        }
    }
}

/// A value as JSON; null if it is missing.
pub fn json(value: AttributeValue<'_>) -> serde_json::Value {
    match value {
        AttributeValue::Missing | AttributeValue::Null => serde_json::Value::Null,
        AttributeValue::Boolean(is) => is.into(),
        // Whole numbers are shown as they were written.
        AttributeValue::Number(is) if is == is as i64 as f64 => (is as i64).into(),
        AttributeValue::Number(is) => is.into(),
        AttributeValue::Text(is) => is.into(),
        AttributeValue::List(list) => (0..list.len()).map(|at| json(list.element(at))).collect(),
        AttributeValue::Object(object) => (0..object.len())
            .filter_map(|at| object.member(at))
            .map(|(name, value)| (name, json(value)))
            .collect(),
    }
}

impl List for Elements<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn element(&self, index: usize) -> AttributeValue<'_> {
        self.0
            .get(index)
            .map_or(AttributeValue::Missing, Cell::value)
    }
}

impl Object for Members<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn member(&self, index: usize) -> Option<(&str, AttributeValue<'_>)> {
        let (name, cell) = self.0.get(index)?;
        Some((name, cell.value()))
    }
}

#[cfg(test)]
mod tests;

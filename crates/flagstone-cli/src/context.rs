//! Evaluation contexts: JSON objects, read as the attributes of one snapshot.
//!
//! Where an attribute is looked for is decided once for a snapshot, by [`Names`]. A context is then read in one pass:
//! members that no attribute can come from are passed over, the others land in cells, and nothing is searched later.

mod names;
mod read;

pub use names::Names;

use flagstone_core::{AttributeIndex, AttributeValue, Attributes, List};
use std::borrow::Cow;

/// The attributes of one unit at a time. `'l` is the text that contexts are read from.
#[derive(Debug)]
pub struct Context<'n, 'l> {
    names: &'n Names<'n>,
    cells: Vec<Cell<'l>>,
}

/// What a member of a context holds.
#[derive(Clone, Debug, PartialEq)]
enum Cell<'l> {
    Missing,
    Boolean(bool),
    Number(f64),
    Text(Cow<'l, str>),
    List(Elements<'l>),
    Other,
}

#[derive(Clone, Debug, PartialEq)]
struct Elements<'l>(Vec<Cell<'l>>);

impl<'n> Context<'n, '_> {
    /// Nobody: every attribute is missing.
    pub fn new(names: &'n Names<'n>) -> Self {
        Self {
            names,
            cells: vec![Cell::Missing; names.cell_count()],
        }
    }

    /// An attribute as JSON; `None` if it is missing or an object.
    pub fn json(&self, index: AttributeIndex) -> Option<serde_json::Value> {
        self.cell(index)?.json()
    }

    fn cell(&self, index: AttributeIndex) -> Option<&Cell<'_>> {
        let mut cells = self.names.cells_of(index).iter();
        cells.find_map(|cell| self.cells.get(*cell).filter(|cell| **cell != Cell::Missing))
    }
}

impl Attributes for Context<'_, '_> {
    #[inline]
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        self.cell(index)
            .map_or(AttributeValue::Missing, Cell::value)
    }
}

impl Cell<'_> {
    fn value(&self) -> AttributeValue<'_> {
        match self {
            Self::Missing => AttributeValue::Missing,
            Self::Boolean(is) => AttributeValue::Boolean(*is),
            Self::Number(is) => AttributeValue::Number(*is),
            Self::Text(is) => AttributeValue::Text(is),
            Self::List(elements) => AttributeValue::List(elements),
            Self::Other => AttributeValue::Object(&()),
        }
    }

    fn json(&self) -> Option<serde_json::Value> {
        Some(match self {
            Self::Missing | Self::Other => return None,
            Self::Boolean(is) => (*is).into(),
            // Whole numbers are shown as they were written.
            Self::Number(is) if *is == *is as i64 as f64 => (*is as i64).into(),
            Self::Number(is) => (*is).into(),
            Self::Text(is) => is.as_ref().into(),
            Self::List(Elements(elements)) => elements
                .iter()
                .map(|element| element.json().unwrap_or_default())
                .collect(),
        })
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

#[cfg(test)]
mod tests;

//! Evaluation contexts: JSON objects, read as the attributes of one snapshot.
//!
//! Where an attribute is looked for is decided once for a snapshot, by [`Names`]. A context is then read in one pass:
//! members that no attribute can come from are passed over, the others land in cells, and nothing is searched later. For
//! expressions, which may compute what they look for, the whole context is kept too.

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

    /// An attribute as JSON; `None` if it is missing or an object.
    pub fn json(&self, index: AttributeIndex) -> Option<serde_json::Value> {
        let cell = self.cell(index)?;
        (!matches!(cell, Cell::Object(_))).then(|| cell.json())
    }

    fn cell(&self, index: AttributeIndex) -> Option<&Cell<'_>> {
        let mut cells = self.names.cells_of(index).iter();
        cells.find_map(|cell| self.cells.get(*cell).filter(|cell| cell.is_there()))
    }
}

impl Attributes for Context<'_, '_> {
    #[inline]
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        self.cell(index)
            .map_or(AttributeValue::Missing, Cell::value)
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

    fn json(&self) -> serde_json::Value {
        match self {
            Self::Missing | Self::Null => serde_json::Value::Null,
            Self::Boolean(is) => (*is).into(),
            // Whole numbers are shown as they were written.
            Self::Number(is) if *is == *is as i64 as f64 => (*is as i64).into(),
            Self::Number(is) => (*is).into(),
            Self::Text(is) => is.as_ref().into(),
            Self::List(elements) => elements.0.iter().map(Self::json).collect(),
            Self::Object(members) => {
                let members = members.0.iter();
                members
                    .map(|(name, cell)| (name.as_ref(), cell.json()))
                    .collect()
            }
        }
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

//! JSON as a tree, as JavaScript sees it: every number is a 64-bit float, members keep their order.
//!
//! ```
//! use flagstone_json::Json;
//!
//! let json = Json::read(r#"{"plan": "pro", "seats": 5}"#).expect("this is JSON");
//! assert_eq!(json.get("seats").and_then(Json::number), Some(5.0));
//! ```

mod read;
mod tape;

pub use tape::{Elements, Members, Node, Tape, View};

use flagstone_core::{AttributeValue, JsNumber, List, Object};
use std::borrow::Cow;
use std::fmt;

/// How deep values may be nested.
const MAX_DEPTH: u8 = 250;

/// A text is not JSON, or nested too deep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Line of the problem, from 1.
    pub line: usize,
    /// Column of the problem in bytes, from 1.
    pub column: usize,
    /// How deep values may be nested, if it is there that they are nested deeper.
    pub deepest: Option<usize>,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            deepest,
        } = self;
        match deepest {
            None => f.write_str("is not JSON: problem")?,
            Some(deepest) => write!(f, "is nested more than {deepest} deep")?,
        }
        write!(f, " at line {line} column {column}")
    }
}

impl std::error::Error for SyntaxError {}

/// A value of JSON. Text without escapes is borrowed from the document.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Json<'j> {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// Text.
    Text(Cow<'j, str>),
    /// A list.
    List(Vec<Json<'j>>),
    /// Names and values, in the order in which they were written; of two with the same name the last counts.
    Object(Vec<(Cow<'j, str>, Json<'j>)>),
}

impl<'j> Json<'j> {
    /// Reads a document.
    ///
    /// # Errors
    /// If it is not JSON, or nested more than 250 deep.
    pub fn read(text: &'j str) -> Result<Self, SyntaxError> {
        Self::read_within(text, MAX_DEPTH)
    }

    /// Reads a document of somebody who is not to be trusted with so much.
    ///
    /// # Errors
    /// If it is not JSON, or nested more than `depth` deep.
    pub fn read_within(text: &'j str, depth: u8) -> Result<Self, SyntaxError> {
        Ok(read::read(text, depth)?.tree())
    }

    /// The member of an object; `None` if there is none or this is no object.
    pub fn get(&self, name: &str) -> Option<&Json<'j>> {
        let members = self.members().iter();
        members
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// The member of an object, where null counts as absent.
    pub fn some(&self, name: &str) -> Option<&Json<'j>> {
        self.get(name).filter(|value| !value.is_null())
    }

    /// The text, if this is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if this is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The boolean, if this is one.
    pub fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    /// The elements; none if this is no list.
    pub fn elements(&self) -> &[Json<'j>] {
        match self {
            Self::List(elements) => elements,
            _ => &[],
        }
    }

    /// The members as they were written; none if this is no object.
    pub fn members(&self) -> &[(Cow<'j, str>, Json<'j>)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// As the evaluator sees it.
    pub fn value(&self) -> AttributeValue<'_> {
        match self {
            Self::Null => AttributeValue::Null,
            Self::Boolean(value) => AttributeValue::Boolean(*value),
            Self::Number(number) => AttributeValue::Number(*number),
            Self::Text(text) => AttributeValue::Text(text),
            Self::List(_) => AttributeValue::List(self),
            Self::Object(_) => AttributeValue::Object(self),
        }
    }
}

impl List for Json<'_> {
    fn len(&self) -> usize {
        self.elements().len()
    }

    fn element(&self, index: usize) -> AttributeValue<'_> {
        self.elements()
            .get(index)
            .map_or(AttributeValue::Missing, Json::value)
    }
}

impl Object for Json<'_> {
    fn len(&self) -> usize {
        self.members().len()
    }

    fn member(&self, index: usize) -> Option<(&str, AttributeValue<'_>)> {
        let (name, value) = self.members().get(index)?;
        Some((name, value.value()))
    }
}

/// As JSON without white space; numbers as `JSON.stringify` writes them.
impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Number(number) if number.is_finite() => write!(f, "{}", JsNumber(*number)),
            Self::Number(_) => f.write_str("null"),
            Self::Text(text) => quoted(text, f),
            Self::List(elements) => {
                f.write_str("[")?;
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        f.write_str(",")?;
                    }
                    element.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        f.write_str(",")?;
                    }
                    quoted(name, f)?;
                    f.write_str(":")?;
                    value.fmt(f)?;
                }
                f.write_str("}")
            }
        }
    }
}

/// Text in quotes, as `JSON.stringify` writes it.
fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    let mut plain = text;
    while let Some(at) = plain.find(|c: char| matches!(c, '"' | '\\') || c < ' ') {
        let (before, rest) = plain.split_at_checked(at).ok_or(fmt::Error)?;
        f.write_str(before)?;
        let mut rest = rest.chars();
        match rest.next() {
            Some('"') => f.write_str("\\\"")?,
            Some('\\') => f.write_str("\\\\")?,
            Some('\u{8}') => f.write_str("\\b")?,
            Some('\u{c}') => f.write_str("\\f")?,
            Some('\n') => f.write_str("\\n")?,
            Some('\r') => f.write_str("\\r")?,
            Some('\t') => f.write_str("\\t")?,
            other => write!(f, "\\u{:04x}", other.map_or(0, u32::from))?,
        }
        plain = rest.as_str();
    }
    f.write_str(plain)?;
    f.write_str("\"")
}

#[cfg(test)]
mod tests;

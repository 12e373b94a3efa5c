//! JSON as a tree, as JavaScript sees it: every number is a 64-bit float, members keep their order.

use crate::error::ImportError;
use flagstone_core::{AttributeValue, JsNumber, List, Object};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

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
    /// If it is not JSON, or nested more than 128 deep.
    pub fn read(text: &'j str) -> Result<Self, ImportError> {
        serde_json::from_str(text).map_err(|error| ImportError::Syntax {
            message: error.to_string(),
        })
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

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

impl<'j> Deserialize<'j> for Json<'j> {
    fn deserialize<D: Deserializer<'j>>(json: D) -> Result<Self, D::Error> {
        struct Tree;
        impl<'j> Visitor<'j> for Tree {
            type Value = Json<'j>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Json<'j>, E> {
                Ok(Json::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Json<'j>, E> {
                Ok(Json::Boolean(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Json<'j>, E> {
                Ok(Json::Number(value as f64))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Json<'j>, E> {
                Ok(Json::Number(value as f64))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Json<'j>, E> {
                Ok(Json::Number(value))
            }

            fn visit_borrowed_str<E>(self, text: &'j str) -> Result<Json<'j>, E> {
                Ok(Json::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Json<'j>, E> {
                Ok(Json::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_seq<S: SeqAccess<'j>>(self, mut list: S) -> Result<Json<'j>, S::Error> {
                let mut elements = Vec::new();
                while let Some(element) = list.next_element()? {
                    elements.push(element);
                }
                Ok(Json::List(elements))
            }

            fn visit_map<M: MapAccess<'j>>(self, mut map: M) -> Result<Json<'j>, M::Error> {
                let mut members = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Json::Object(members))
            }
        }
        json.deserialize_any(Tree)
    }
}

/// A member's name, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'j>(#[serde(borrow)] Cow<'j, str>);

//! The evaluation context that JavaScript has written.

use flagstone_core::{AttributeIndex, AttributeValue, Attributes, List, js_number};
use flagstone_edge::wire::texts;

/// The values of the attributes that a snapshot reads, in its order.
pub struct Context(Vec<Value>);

enum Value {
    Missing,
    Boolean(bool),
    Number(f64),
    Text(String),
    List(Elements),
}

/// The elements of a list.
struct Elements(Vec<Value>);

impl Context {
    /// Nothing is known of so many attributes.
    pub fn of(attributes: u16) -> Self {
        Self((0..attributes).map(|_| Value::Missing).collect())
    }

    /// Takes the values from texts, one for each attribute. The first letter is the kind: `t` and `f`, `n` with a number,
    /// `s` with text, `[` with elements, each behind its length and a colon; absent is missing. `None` if they are not so.
    pub fn write(&mut self, room: &[u8]) -> Option<()> {
        let texts = texts(room, self.0.len())?;
        for (value, text) in self.0.iter_mut().zip(texts) {
            match text {
                None => *value = Value::Missing,
                Some(text) => value.write(str::from_utf8(text).ok()?)?,
            }
        }
        Some(())
    }
}

impl Value {
    /// Becomes another; text in the place of text, which is as it is mostly.
    fn write(&mut self, text: &str) -> Option<()> {
        match (self, text.strip_prefix('s')) {
            (Self::Text(old), Some(new)) => {
                old.clear();
                old.push_str(new);
            }
            (value, _) => *value = Self::parse(text)?,
        }
        Some(())
    }

    fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_at_checked(1)?;
        Some(match kind {
            "t" => Self::Boolean(true),
            "f" => Self::Boolean(false),
            "n" => Self::Number(js_number(rest)),
            "s" => Self::Text(rest.to_owned()),
            "[" => Self::List(Elements(Self::elements(rest)?)),
            _ => return None,
        })
    }

    fn elements(mut text: &str) -> Option<Vec<Self>> {
        let mut elements = Vec::new();
        while !text.is_empty() {
            let (len, rest) = text.split_once(':')?;
            let (element, rest) = rest.split_at_checked(len.parse().ok()?)?;
            // Lists have no lists.
            elements.push(match element.strip_prefix('[') {
                Some(_) => Self::Missing,
                None => Self::parse(element)?,
            });
            text = rest;
        }
        Some(elements)
    }

    fn get(&self) -> AttributeValue<'_> {
        match self {
            Self::Missing => AttributeValue::Missing,
            Self::Boolean(value) => AttributeValue::Boolean(*value),
            Self::Number(value) => AttributeValue::Number(*value),
            Self::Text(text) => AttributeValue::Text(text),
            Self::List(list) => AttributeValue::List(list),
        }
    }
}

impl List for Elements {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn element(&self, index: usize) -> AttributeValue<'_> {
        let element = self.0.get(index);
        element.map_or(AttributeValue::Missing, Value::get)
    }
}

impl Attributes for Context {
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        let value = self.0.get(usize::from(index.0));
        value.map_or(AttributeValue::Missing, Value::get)
    }
}

#[cfg(test)]
mod tests;

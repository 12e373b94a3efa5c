//! The evaluation context that JavaScript has written.

use flagstone_core::{AttributeIndex, AttributeValue, Attributes, List, Object, js_number};
use flagstone_edge::wire::texts;

/// The values of the attributes that a snapshot reads, in its order.
pub struct Context(Vec<Value>);

enum Value {
    Missing,
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    List(Elements),
    Object(Elements),
}

/// The elements of a list; of an object names and values by turns.
struct Elements(Vec<Value>);

impl Context {
    /// Nothing is known of so many attributes.
    pub fn of(attributes: u16) -> Self {
        Self((0..attributes).map(|_| Value::Missing).collect())
    }

    /// Takes the values from texts, one for each attribute. The first letter is the kind: `t` and `f`, `n` with a number,
    /// `s` with text, `[` with elements, each behind its length and a colon, `{` with names and values likewise, `0` null;
    /// absent is missing. `None` if they are not so.
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
            "0" => Self::Null,
            "t" => Self::Boolean(true),
            "f" => Self::Boolean(false),
            "n" => Self::Number(js_number(rest)),
            "s" => Self::Text(rest.to_owned()),
            "[" | "{" => {
                let inside = Elements(Self::elements(rest)?);
                if kind == "[" {
                    Self::List(inside)
                } else {
                    Self::Object(inside)
                }
            }
            _ => return None,
        })
    }

    fn elements(mut text: &str) -> Option<Vec<Self>> {
        let mut elements = Vec::new();
        while !text.is_empty() {
            let (len, rest) = text.split_once(':')?;
            let (element, rest) = rest.split_at_checked(len.parse().ok()?)?;
            elements.push(Self::parse(element)?);
            text = rest;
        }
        Some(elements)
    }

    fn get(&self) -> AttributeValue<'_> {
        match self {
            Self::Missing => AttributeValue::Missing,
            Self::Null => AttributeValue::Null,
            Self::Boolean(value) => AttributeValue::Boolean(*value),
            Self::Number(value) => AttributeValue::Number(*value),
            Self::Text(text) => AttributeValue::Text(text),
            Self::List(list) => AttributeValue::List(list),
            Self::Object(members) => AttributeValue::Object(members),
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

impl Object for Elements {
    fn len(&self) -> usize {
        self.0.len() / 2
    }

    fn member(&self, index: usize) -> Option<(&str, AttributeValue<'_>)> {
        match (self.element(2 * index), self.element(2 * index + 1)) {
            (AttributeValue::Text(name), value) => Some((name, value)),
            _ => None,
        }
    }

    // No name comes twice.
    fn get(&self, name: &str) -> AttributeValue<'_> {
        let mut index = 0;
        while let Some((of, value)) = self.member(index) {
            if of == name {
                return value;
            }
            index += 1;
        }
        AttributeValue::Missing
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

//! Evaluation contexts as JSON values.

use flagstone_core::{AttributeIndex, AttributeValue, Attributes, List, Snapshot};
use serde_json::Value;
use std::collections::BTreeMap;

/// Attributes by their dotted names; null counts as missing.
pub type Context = BTreeMap<String, Value>;

/// A context as one snapshot numbers its attributes.
pub struct Bound<'c>(Vec<Slot<'c>>);

enum Slot<'c> {
    One(Option<&'c Value>),
    Many(Elements<'c>),
}

struct Elements<'c>(&'c [Value]);

impl<'c> Bound<'c> {
    /// Looks up every attribute that the snapshot reads.
    pub fn new(snapshot: &Snapshot<'_>, context: &'c Context) -> Self {
        let slots = (0..snapshot.attribute_count()).map(|index| {
            let attribute = snapshot.attribute(AttributeIndex(index));
            match attribute.and_then(|attribute| context.get(attribute.name)) {
                Some(Value::Array(elements)) => Slot::Many(Elements(elements)),
                other => Slot::One(other),
            }
        });
        Self(slots.collect())
    }
}

impl Attributes for Bound<'_> {
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        match self.0.get(usize::from(index.0)) {
            Some(Slot::Many(elements)) => AttributeValue::List(elements),
            Some(Slot::One(Some(value))) => scalar(value),
            Some(Slot::One(None)) | None => AttributeValue::Missing,
        }
    }
}

impl List for Elements<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn element(&self, index: usize) -> AttributeValue<'_> {
        self.0.get(index).map_or(AttributeValue::Missing, scalar)
    }
}

fn scalar(value: &Value) -> AttributeValue<'_> {
    match value {
        Value::Null => AttributeValue::Null,
        Value::Bool(value) => AttributeValue::Boolean(*value),
        Value::Number(value) => value
            .as_f64()
            .map_or(AttributeValue::Missing, AttributeValue::Number),
        Value::String(text) => AttributeValue::Text(text),
        Value::Array(_) | Value::Object(_) => AttributeValue::Object(&()),
    }
}

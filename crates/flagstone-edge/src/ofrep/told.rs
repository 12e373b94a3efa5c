//! What a program tells of the one that it asks about.

use crate::members::members;
use flagstone_core::{AttributeIndex, AttributeValue, Attributes, Snapshot};
use flagstone_json::Json;
use std::cell::OnceCell;

/// The context of a body; each attribute is looked for once.
pub(super) struct Told<'j, 's> {
    context: &'j Json<'j>,
    snapshot: Snapshot<'s>,
    found: Vec<OnceCell<Option<AttributeValue<'j>>>>,
}

impl<'j, 's> Told<'j, 's> {
    /// Reads a body. A context that is absent or null tells nothing.
    ///
    /// # Errors
    /// If it is not as it must be: what must be.
    pub fn read(body: &'j Json<'j>, snapshot: Snapshot<'s>) -> Result<Self, &'static str> {
        if !matches!(body, Json::Object(_)) {
            return Err("the body must be an object, `{\"context\": {}}`");
        }
        let context = body.some("context").unwrap_or(&Json::Null);
        if !matches!(context, Json::Object(_) | Json::Null) {
            return Err("`context` must be an object");
        }
        if !matches!(context.some("targetingKey"), None | Some(Json::Text(_))) {
            return Err("`context.targetingKey` must be a string");
        }
        Ok(Self {
            context,
            snapshot,
            found: vec![OnceCell::new(); snapshot.attribute_count().into()],
        })
    }

    fn find(&self, index: AttributeIndex) -> Option<AttributeValue<'j>> {
        let name = self.snapshot.attribute(index)?.name;
        let context = self.context.value();
        let at = |way: Vec<&str>| way.into_iter().fold(context, AttributeValue::step);
        let mut found = members(name).into_iter().map(at);
        found.find(|value| !matches!(value, AttributeValue::Missing | AttributeValue::Null))
    }
}

impl Attributes for Told<'_, '_> {
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        let place = self.found.get(usize::from(index.0));
        let found = place.and_then(|place| *place.get_or_init(|| self.find(index)));
        found.unwrap_or(AttributeValue::Missing)
    }

    fn root(&self) -> AttributeValue<'_> {
        match self.context {
            Json::Null => AttributeValue::Missing,
            context => context.value(),
        }
    }
}

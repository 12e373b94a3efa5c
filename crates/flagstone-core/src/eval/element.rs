//! Conditions on the elements of a list.
//!
//! While such a condition is decided, attributes of source [`SourceKind::Element`] are looked up in the element that it
//! is asked about, and all others as ever.

use super::{MAX_DEPTH, Run, Trace, way::Way};
use crate::context::{AttributeValue, Attributes, List};
use crate::layout::{Scope, SourceKind, TestRecord};
use crate::snapshot::AttributeIndex;
use crate::text::split;

impl<'c, A: Attributes, T: Trace> Run<'_, '_, 'c, A, T> {
    /// The value of an attribute where the evaluation is now.
    #[inline]
    pub(super) fn value(&self, attribute: u16) -> AttributeValue<'c> {
        let attribute = AttributeIndex(attribute);
        match self.element {
            None => {
                let attributes: &'c A = self.input.attributes;
                attributes.attribute(attribute)
            }
            Some(element) => self.value_in(element, attribute),
        }
    }

    #[inline(never)]
    fn value_in(
        &self,
        element: AttributeValue<'c>,
        attribute: AttributeIndex,
    ) -> AttributeValue<'c> {
        match self.input.snapshot.attribute(attribute) {
            Some(found) if found.source == SourceKind::Element => {
                let Some(path) = found.source_name.strip_prefix('.') else {
                    return element;
                };
                split(path, b'.').fold(element, AttributeValue::step)
            }
            _ => {
                let attributes: &'c A = self.input.attributes;
                attributes.attribute(attribute)
            }
        }
    }

    /// Whether a condition holds for what its test says: an element of the list, or its length.
    #[inline(never)]
    pub(super) fn within(&mut self, test: TestRecord, way: &Way<'_>) -> Option<bool> {
        let AttributeValue::List(list) = self.value(test.attribute) else {
            return Some(false);
        };
        if self.scopes >= MAX_DEPTH {
            return self.abort();
        }
        self.scopes += 1;
        let outer = self.element;
        let found = self.within_list(test, list, way);
        // Also where it failed: whoever tolerates that goes on outside.
        self.element = outer;
        self.scopes -= 1;
        found
    }

    fn within_list(&mut self, test: TestRecord, list: &'c dyn List, way: &Way<'_>) -> Option<bool> {
        let count = test.b as u16;
        let scope = Scope::from_code((test.b >> 16) as u16)?;
        if scope == Scope::Length {
            self.element = Some(AttributeValue::Number(list.len() as f64));
            return self.condition(test.a, count, way);
        }
        for index in 0..list.len() {
            let element = list.element(index);
            let is_null = matches!(element, AttributeValue::Missing | AttributeValue::Null);
            if scope == Scope::Present && is_null {
                continue;
            }
            self.element = Some(element);
            if self.condition(test.a, count, way)? {
                return Some(true);
            }
        }
        Some(false)
    }
}

//! The evaluation context as the evaluator asks for it.

use crate::snapshot::AttributeIndex;

/// Answers questions about the one that is decided for.
///
/// The evaluator asks for an attribute when a test is about it, maybe several times; an implementation that has to
/// fetch something keeps it.
pub trait Attributes {
    /// The attribute's value; [`AttributeValue::Missing`] if it has none.
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_>;
}

/// Nobody: every attribute is missing.
impl Attributes for () {
    fn attribute(&self, _: AttributeIndex) -> AttributeValue<'_> {
        AttributeValue::Missing
    }
}

/// The value of an attribute.
#[derive(Clone, Copy)]
pub enum AttributeValue<'a> {
    /// There is none, or it is null.
    Missing,
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// Text.
    Text(&'a str),
    /// A list.
    List(&'a dyn List),
    /// Something that exists and that no test looks into, such as an object.
    Other,
}

/// A list among the attributes.
pub trait List {
    /// Whether one of the elements passes a test.
    fn any(&self, test: &mut dyn FnMut(AttributeValue<'_>) -> bool) -> bool;
}

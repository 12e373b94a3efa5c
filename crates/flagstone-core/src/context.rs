//! The evaluation context as the evaluator asks for it.

use crate::snapshot::AttributeIndex;

/// Answers questions about the one that is decided for.
///
/// The evaluator asks for an attribute when a test is about it, maybe several times; an implementation that has to
/// fetch something keeps it.
pub trait Attributes {
    /// The attribute's value; [`AttributeValue::Missing`] if it has none.
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_>;

    /// All that there is, as one object; [`AttributeValue::Missing`] where attributes are only known one by one. Only
    /// expressions ask for it, where they compute which attribute to read.
    fn root(&self) -> AttributeValue<'_> {
        AttributeValue::Missing
    }
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
    /// There is none.
    Missing,
    /// It is there and null; most questions treat it as if it were not there.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// Text.
    Text(&'a str),
    /// A list.
    List(&'a dyn List),
    /// An object, as JSON means it.
    Object(&'a dyn Object),
}

impl AttributeValue<'_> {
    /// What lies inside under a name: a member of an object; of a list the element at that place, or `length`.
    /// [`AttributeValue::Missing`] if there is nothing, and inside all other values.
    #[must_use]
    pub fn step(self, name: &str) -> Self {
        match self {
            Self::Object(object) => object.get(name),
            Self::List(list) if name == "length" => Self::Number(list.len() as f64),
            Self::List(list) => match crate::js::array_index(name) {
                Some(index) => list.element(index as usize),
                None => Self::Missing,
            },
            _ => Self::Missing,
        }
    }
}

/// A list among the attributes.
pub trait List {
    /// The number of elements.
    fn len(&self) -> usize;

    /// The element at a position from 0 on; [`AttributeValue::Missing`] behind the end.
    fn element(&self, index: usize) -> AttributeValue<'_>;

    /// Whether there are no elements.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An object among the attributes.
pub trait Object {
    /// The number of members.
    fn len(&self) -> usize;

    /// The member at a position from 0 on, in the order in which they were written; `None` behind the end.
    fn member(&self, index: usize) -> Option<(&str, AttributeValue<'_>)>;

    /// The value of a member; [`AttributeValue::Missing`] if there is none of that name. Of several with the same name
    /// the last counts. Takes time in proportion to the number of members, unless an implementation does better.
    fn get(&self, name: &str) -> AttributeValue<'_> {
        (0..self.len())
            .rev()
            .filter_map(|index| self.member(index))
            .find(|(key, _)| *key == name)
            .map_or(AttributeValue::Missing, |(_, value)| value)
    }

    /// Whether there are no members.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An object without members, for contexts that know that there is one and not what is in it.
impl Object for () {
    fn len(&self) -> usize {
        0
    }

    fn member(&self, _: usize) -> Option<(&str, AttributeValue<'_>)> {
        None
    }
}

//! Expressions over the evaluation context: JsonLogic, in terms of what JavaScript does.

pub use flagstone_core::layout::{Arithmetic, Around, Operation, Relation};

/// An expression. What an operation does is said at [`Operation`].
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// Nothing at all.
    Undefined,
    /// Null.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number; any, NaN too.
    Number(f64),
    /// Text.
    Text(String),
    /// An object of which only the number of members matters.
    Object(u32),
    /// A list of such constants.
    Constants(Vec<Expression>),
    /// An attribute, by its dotted name.
    Attribute(String),
    /// Anything else.
    Apply {
        /// What is done.
        operation: Operation,
        /// What else there is to know, as the operation has it; 0 for most.
        detail: u16,
        /// To what.
        arguments: Vec<Expression>,
    },
}

impl Expression {
    /// An operation on arguments.
    pub fn apply(operation: Operation, arguments: impl Into<Vec<Self>>) -> Self {
        Self::detailed(operation, 0, arguments)
    }

    /// An operation that has a detail.
    pub fn detailed(operation: Operation, detail: u16, arguments: impl Into<Vec<Self>>) -> Self {
        Self::Apply {
            operation,
            detail,
            arguments: arguments.into(),
        }
    }

    /// Whether the value is known beforehand.
    pub fn is_constant(&self) -> bool {
        !matches!(self, Self::Attribute(_) | Self::Apply { .. })
    }

    /// Adds the names of the attributes that it reads.
    pub fn attributes<'e>(&'e self, names: &mut impl Extend<&'e str>) {
        match self {
            Self::Attribute(name) => names.extend([name.as_str()]),
            Self::Apply { arguments, .. } => {
                for argument in arguments {
                    argument.attributes(names);
                }
            }
            _ => {}
        }
    }

    /// How deep it is nested: 1 for one without arguments.
    pub fn depth(&self) -> usize {
        let inside = match self {
            Self::Constants(inside)
            | Self::Apply {
                arguments: inside, ..
            } => inside.as_slice(),
            _ => &[],
        };
        1 + inside.iter().map(Self::depth).max().unwrap_or(0)
    }
}

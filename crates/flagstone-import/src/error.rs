//! Why a document cannot be imported at all.

use flagstone_json::SyntaxError;
use std::fmt;

/// Why a document is not one of the service's. What is wrong with single flags is in the [`Report`](crate::Report).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportError {
    /// It is not JSON.
    Syntax(SyntaxError),
    /// It is JSON of another shape.
    Shape {
        /// Where: a JSON pointer, empty for the whole.
        path: String,
        /// What must be there.
        expected: &'static str,
    },
    /// This program was built without the importer.
    NotBuilt,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(error) => error.fmt(f),
            Self::Shape { path, expected } if path.is_empty() => write!(f, "must be {expected}"),
            Self::Shape { path, expected } => write!(f, "`{path}` must be {expected}"),
            Self::NotBuilt => f.write_str("the importer for this service is not built in"),
        }
    }
}

impl std::error::Error for ImportError {}

impl From<SyntaxError> for ImportError {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

//! Where in the document something is.

use std::fmt;

/// A path into the document, as a chain of borrowed steps from the innermost outwards.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path<'a> {
    /// The document.
    Root,
    /// A member of a table.
    Key(&'a Path<'a>, &'a str),
    /// An element of an array, from 0.
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    pub(crate) fn key<'a>(&'a self, key: &'a str) -> Path<'a> {
        Path::Key(self, key)
    }

    pub(crate) fn index(&self, index: usize) -> Path<'_> {
        Path::Index(self, index)
    }
}

/// As TOML writes it, with elements of arrays in brackets: `flags."a b".rules[0]`.
impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Key(parent, key) => {
                parent.fmt(f)?;
                if !matches!(parent, Path::Root) {
                    f.write_str(".")?;
                }
                if is_bare(key) {
                    f.write_str(key)
                } else {
                    write!(f, "{key:?}")
                }
            }
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Where a flag is in the document, as findings have it: `flags."a/b"`.
pub fn flag_path(key: &str) -> String {
    Path::Root.key("flags").key(key).to_string()
}

/// Whether TOML takes a key without quotes.
pub(crate) fn is_bare(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

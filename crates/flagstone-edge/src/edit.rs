//! Changes to headers, as data.

use std::borrow::Cow;

/// A change to a list of headers. Names are in lower case, values visible ASCII; edits are applied in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Removes every header whose name begins with this.
    RemovePrefix(&'static str),
    /// Removes every line of a header; nothing happens if there is none.
    Remove(&'static str),
    /// Replaces every line of a header by one.
    Set(Cow<'static, str>, String),
    /// Adds a line of a header to those that are there.
    Append(Cow<'static, str>, String),
}

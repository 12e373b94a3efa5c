//! Changes to headers, as data.

use std::borrow::Cow;

/// A change to a list of headers. Names are in lower case, values visible ASCII; edits are applied in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Removes every header whose name begins with this. A shell that makes a list of edits with one of these also removes each header
    /// that another of them is about or that begins so, but has `_` for `-` in its name: many servers take the two for the same.
    RemovePrefix(&'static str),
    /// Removes every line of a header; nothing happens if there is none.
    Remove(Cow<'static, str>),
    /// Replaces every line of a header by one.
    Set(Cow<'static, str>, String),
    /// Adds a line of a header to those that are there.
    Append(Cow<'static, str>, String),
}

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

impl Edit {
    /// Whether a header that visitors send, its name in lower case, is one to be removed with a [`RemovePrefix`](Self::RemovePrefix)
    /// among these edits.
    ///
    /// ```
    /// use flagstone_edge::Edit;
    ///
    /// let edits = [Edit::RemovePrefix("flagstone-"), Edit::Remove("x-release".into())];
    /// for name in ["flagstone-status", "flagstone_status", "x_release"] {
    ///     assert!(Edit::removes(&edits, "flagstone-", name), "{name}");
    /// }
    /// for name in ["x-release", "x_other", "flagstone"] {
    ///     assert!(!Edit::removes(&edits, "flagstone-", name), "{name}");
    /// }
    /// ```
    pub fn removes(edits: &[Self], prefix: &str, name: &str) -> bool {
        let is_alias = || {
            let plain = name.replace('_', "-");
            edits.iter().any(|edit| match edit {
                Self::RemovePrefix(prefix) => plain.starts_with(prefix),
                Self::Remove(name) | Self::Set(name, _) | Self::Append(name, _) => *name == plain,
            })
        };
        name.starts_with(prefix) || name.contains('_') && is_alias()
    }
}

//! Responses that the edge makes itself.

use crate::edit::Edit;
use std::borrow::Cow;

/// A response that the edge makes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Its headers, as edits of an empty list.
    pub edits: Vec<Edit>,
    /// Its body.
    pub body: Cow<'static, str>,
    /// What was learned, as lines of JSON, each with its end: for whoever takes the node's reports.
    pub lines: Vec<String>,
}

impl Answer {
    /// A response that no cache may keep, with these headers.
    pub(crate) fn new<const N: usize>(status: u16, headers: [(&'static str, &str); N]) -> Self {
        let mut answer = Self {
            status,
            edits: Vec::with_capacity(N + 4),
            body: Cow::Borrowed(""),
            lines: Vec::new(),
        };
        answer.set("cache-control", "no-store");
        for (name, value) in headers {
            answer.set(name, value);
        }
        answer
    }

    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.edits.push(Edit::Set(name.into(), value.to_owned()));
    }
}

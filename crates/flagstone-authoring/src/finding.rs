//! What is reported to the author of a file.

use std::ops::Range;

use crate::code::Code;
use crate::path::Path;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file gives no model.
    Error,
    /// The file gives a model that is probably not what was meant.
    Warning,
}

/// Something to say about the file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Error or warning.
    pub severity: Severity,
    /// Its kind, one of [`CODES`](crate::CODES).
    pub code: &'static str,
    /// One sentence, lower case, without full stop.
    pub message: String,
    /// The forms that are allowed, or what was probably meant.
    pub help: Option<String>,
    /// Where in the document: `flags.new-checkout.rules[1].when`. Empty for the whole document.
    pub path: String,
    /// Where in the text: byte offsets on character boundaries, possibly empty.
    pub span: Range<usize>,
    /// Other places that matter.
    pub labels: Vec<Label>,
}

/// A further place of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Byte offsets on character boundaries.
    pub span: Range<usize>,
    /// What is there.
    pub message: String,
}

impl Finding {
    pub(crate) fn new(
        code: Code,
        path: Path<'_>,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity: code.severity,
            code: code.name,
            message: message.into(),
            help: None,
            path: path.to_string(),
            span,
            labels: Vec::new(),
        }
    }

    /// With the forms that are allowed, or what was probably meant, if there is something to say.
    pub(crate) fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    /// With a further place.
    pub(crate) fn label(mut self, span: Range<usize>, message: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            message: message.into(),
        });
        self
    }
}

/// Findings as they come.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Finding>);

impl Report {
    pub(crate) fn add(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// Whether there is an error among them.
    pub(crate) fn has_errors(&self) -> bool {
        self.0
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }

    /// All of them in the order of the text.
    pub(crate) fn into_findings(mut self) -> Vec<Finding> {
        self.0.sort_by_key(|finding| finding.span.start);
        self.0
    }
}

/// Line and column of a byte offset, both from 1, the column in characters. Offsets behind the end give the end.
///
/// Takes time in proportion to `offset`.
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..text.floor_char_boundary(offset)).unwrap_or(text);
    // The mark of the bytes' order, with which some editors begin a file, is no character to them.
    let before = before.strip_prefix('\u{feff}').unwrap_or(before);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(start..).map_or(0, |rest| rest.chars().count()) + 1;
    (line, column)
}

//! Findings for people and for programs.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde_json::{Value, json};

use crate::finding::{Finding, Severity, line_column};

/// A finding as text with the lines concerned, in the manner of rustc; `color` puts in ANSI escapes.
///
/// `source_name` is what the file is called, `text` its content.
pub fn render(finding: &Finding, source_name: &str, text: &str, color: bool) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let primary = AnnotationKind::Primary.span(clamp(text, &finding.span));
    let labels = finding.labels.iter().map(|label| {
        AnnotationKind::Context
            .span(clamp(text, &label.span))
            .label(label.message.as_str())
    });
    let snippet = Snippet::source(text)
        .path(source_name)
        .annotation(primary)
        .annotations(labels);
    let mut group = level
        .primary_title(&finding.message)
        .id(finding.code)
        .element(snippet);
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.render(&[group])
}

/// A finding as JSON: `file`, `line`, `column`, `end_line`, `end_column` (from 1, columns in characters), `code`,
/// `severity` (`error` or `warning`), `message`, `help` (text or null), `path`.
pub fn to_json(finding: &Finding, source_name: &str, text: &str) -> Value {
    let (line, column) = line_column(text, finding.span.start);
    let (end_line, end_column) = line_column(text, finding.span.end);
    json!({
        "file": source_name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "code": finding.code,
        "severity": match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "message": finding.message,
        "help": finding.help,
        "path": finding.path,
    })
}

/// A span that lies within a text, on boundaries of characters.
fn clamp(text: &str, span: &Range<usize>) -> Range<usize> {
    let end = text.ceil_char_boundary(span.end);
    text.floor_char_boundary(span.start).min(end)..end
}

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
    let shown = lines(text, finding);
    let (line, _) = line_column(text, shown.start);
    let within = |span: &Range<usize>| {
        let span = clamp(text, span);
        span.start.saturating_sub(shown.start)..span.end.saturating_sub(shown.start)
    };
    let primary = AnnotationKind::Primary.span(within(&finding.span));
    let labels = finding.labels.iter().map(|label| {
        AnnotationKind::Context
            .span(within(&label.span))
            .label(label.message.as_str())
    });
    let snippet = Snippet::source(text.get(shown.clone()).unwrap_or_default())
        .line_start(line)
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

/// The lines that a finding is about. The others are not looked at, so that many findings of a long text are shown in time.
fn lines(text: &str, finding: &Finding) -> Range<usize> {
    let spans = finding.labels.iter().map(|label| &label.span);
    let around = spans.chain([&finding.span]).map(|span| clamp(text, span));
    let around = around.reduce(|one, other| one.start.min(other.start)..one.end.max(other.end));
    let around = around.unwrap_or_default();
    let before = text.get(..around.start).unwrap_or_default();
    let behind = text.get(around.end..).unwrap_or_default();
    let marked = text.len() - text.strip_prefix('\u{feff}').unwrap_or(text).len();
    let start = before.rfind('\n').map_or(marked, |newline| newline + 1);
    let end = behind
        .find('\n')
        .map_or(text.len(), |newline| around.end + newline + 1);
    start..end
}

/// A span that lies within a text, on boundaries of characters.
fn clamp(text: &str, span: &Range<usize>) -> Range<usize> {
    let end = text.ceil_char_boundary(span.end);
    text.floor_char_boundary(span.start).min(end)..end
}

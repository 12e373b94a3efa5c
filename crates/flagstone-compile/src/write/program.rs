//! Regular expressions of other languages as programs.

use super::{Writer, rows};
use crate::finding::Finding;
use crate::regex::{self, Dialect, MAX_PROGRAM, PatternError};
use flagstone_core::layout::{PROGRAM_CODE_POINTS, PROGRAM_IGNORES_CASE, ProgramRecord, Section};

impl Writer<'_> {
    /// Writes a pattern and gives the number of its program.
    pub(super) fn program(
        &mut self,
        dialect: Dialect,
        source: &str,
        ignore_case: bool,
        path: &str,
    ) -> u32 {
        let program = match regex::compile(dialect, source, ignore_case) {
            Ok(program) => program,
            Err(error) => {
                self.findings.push(finding(&error, dialect, source, path));
                return 0;
            }
        };
        let (source_offset, source_len) = self.tables.long_text(source);
        let mut flags = 0;
        if dialect == Dialect::Re2 {
            flags |= PROGRAM_CODE_POINTS;
        }
        if ignore_case {
            flags |= PROGRAM_IGNORES_CASE;
        }
        let record = ProgramRecord {
            code_offset: self.tables.data(&rows(&program.code)),
            spans_offset: self.tables.data(&rows(&program.spans)),
            code_count: program.code.len() as u16,
            spans_count: program.spans.len() as u16,
            start: program.start,
            flags,
            source_offset,
            source_len,
        };
        self.tables.push(Section::Programs, &record)
    }
}

fn finding(error: &PatternError, dialect: Dialect, source: &str, path: &str) -> Finding {
    let language = match dialect {
        Dialect::EcmaScript => "JavaScript",
        Dialect::Re2 => "RE2",
    };
    match error {
        PatternError::Syntax { at, message } => Finding::error(
            "invalid-pattern",
            path,
            text!("`{source}` is no regular expression of {language}: {message}, at byte {at}"),
        )
        .help(text!("{language} refuses it too")),
        PatternError::Unsupported { at, what } => Finding::error(
            "unsupported-pattern",
            path,
            text!("`{source}` has {what}, at byte {at}"),
        )
        .help(match dialect {
            Dialect::EcmaScript => {
                "patterns run in linear time: no look-around, no back-references"
            }
            Dialect::Re2 => r"write the characters, as in [A-Za-z], or [[:alpha:]]",
        }),
        PatternError::TooLarge => Finding::error(
            "large-pattern",
            path,
            text!("`{source}` needs more than {MAX_PROGRAM} instructions"),
        )
        .help("use smaller repetitions, and nest groups less"),
    }
}

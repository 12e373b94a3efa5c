//! What goes to the terminal, and in which form.

mod failure;

pub use failure::Failure;

use crate::files::is_output;
use crate::source::Source;
use anstream::{AutoStream, ColorChoice};
use flagstone_authoring::Finding;
use std::io::{self, StderrLock, StdoutLock, Write};
use std::path::Path;

/// How every command reports.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct ReportArguments {
    /// Form of the output: for people, or JSON for programs
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    format: Format,
    /// When to use colours
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    color: Color,
}

/// The form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Color {
    /// On terminals that can, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How a command ended that could do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is wrong.
    Fine,
    /// There are findings that must not be.
    Errors,
    /// A rule says no.
    Refused,
    /// Somebody else did something at the same time.
    Overtaken,
}

/// Where output goes. Colours are taken out where they are not wanted.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    pub format: Format,
    color: ColorChoice,
}

impl Report {
    pub fn new(arguments: &ReportArguments) -> Self {
        Self {
            format: arguments.format,
            color: match arguments.color {
                Color::Auto => ColorChoice::Auto,
                Color::Always => ColorChoice::Always,
                Color::Never => ColorChoice::Never,
            },
        }
    }

    /// Standard output: what was asked for.
    pub fn output(&self) -> AutoStream<StdoutLock<'static>> {
        AutoStream::new(io::stdout().lock(), self.color)
    }

    /// Where to say what was written to these files: standard output, unless one of them is that.
    pub fn beside<'p>(&self, written: impl IntoIterator<Item = &'p Path>) -> Box<dyn Write> {
        match written.into_iter().any(is_output) {
            true => Box::new(self.messages()),
            false => Box::new(self.output()),
        }
    }

    /// Standard error: everything else.
    pub fn messages(&self) -> AutoStream<StderrLock<'static>> {
        AutoStream::new(io::stderr().lock(), self.color)
    }

    /// Writes findings to standard error: as text with the lines concerned, or one JSON object a line.
    pub fn findings(&self, source: &Source, findings: &[Finding]) -> Result<(), Failure> {
        let mut out = self.messages();
        let written = findings.iter().try_for_each(|finding| match self.format {
            Format::Text => writeln!(out, "{}\n", source.render(finding)),
            Format::Json => writeln!(out, "{}", source.json(finding)),
        });
        written.map_err(Failure::Output)
    }

    /// Writes why a command could not do its work.
    pub fn failure(&self, failure: &Failure) {
        let mut out = self.messages();
        // There is nowhere left to say that standard error is closed.
        let _ = match self.format {
            Format::Text => writeln!(out, "\x1b[1;31merror\x1b[0m: {failure}"),
            Format::Json => writeln!(
                out,
                "{}",
                serde_json::json!({ "error": failure.to_string() })
            ),
        };
    }

    /// Writes what is going on.
    pub fn note(&self, message: &str) -> Result<(), Failure> {
        let mut out = self.messages();
        let written = match self.format {
            Format::Text => writeln!(out, "{message}"),
            Format::Json => writeln!(out, "{}", serde_json::json!({ "note": message })),
        };
        written.map_err(Failure::Output)
    }

    /// Writes a remark about something that was done all the same.
    pub fn warning(&self, message: &str) -> Result<(), Failure> {
        self.message(false, message)
    }

    /// Writes why something was not done.
    pub fn refusal(&self, message: &str) -> Result<(), Failure> {
        let mut out = self.messages();
        let written = match self.format {
            Format::Text => writeln!(out, "\x1b[1;31mrefused\x1b[0m: {message}"),
            Format::Json => writeln!(out, "{}", serde_json::json!({ "refused": message })),
        };
        written.map_err(Failure::Output)
    }

    /// Writes a remark: an error, or a warning.
    pub fn message(&self, is_error: bool, message: &str) -> Result<(), Failure> {
        let mut out = self.messages();
        let (word, color) = match is_error {
            true => ("error", 31),
            false => ("warning", 33),
        };
        let written = match self.format {
            Format::Text => writeln!(out, "\x1b[1;{color}m{word}\x1b[0m: {message}"),
            Format::Json => writeln!(out, "{}", serde_json::json!({ word: message })),
        };
        written.map_err(Failure::Output)
    }
}

//! What goes to the terminal, and in which form.

mod failure;

pub use failure::Failure;

use crate::files::is_output;
use crate::source::Source;
use anstream::{AutoStream, ColorChoice};
use flagstone_authoring::Finding;
use serde_json::json;
use std::io::{self, Write};
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

    /// Standard output: what was asked for. What its reader does not want any more is passed over.
    pub fn output(&self) -> impl Write + use<> {
        Passing(AutoStream::new(io::stdout().lock(), self.color))
    }

    /// Where to say what was written to these files: standard output, unless one of them is that.
    pub fn beside<'p>(&self, written: impl IntoIterator<Item = &'p Path>) -> Box<dyn Write> {
        match written.into_iter().any(is_output) {
            true => Box::new(self.messages()),
            false => Box::new(self.output()),
        }
    }

    /// Standard error: everything else.
    fn messages(&self) -> impl Write + use<> {
        Passing(AutoStream::new(io::stderr().lock(), self.color))
    }

    /// Writes a line to standard error, for people or for programs. Where that cannot be written, there is nowhere left to say so, and
    /// the work goes on.
    fn say(&self, text: impl FnOnce() -> String, json: impl FnOnce() -> String) {
        let line = match self.format {
            Format::Text => text(),
            Format::Json => json(),
        };
        let _ = writeln!(self.messages(), "{line}");
    }

    /// Writes findings to standard error: as text with the lines concerned, or one JSON object a line.
    pub fn findings(&self, source: &Source, findings: &[Finding]) {
        for finding in findings {
            let text = || format!("{}\n", source.render(finding));
            self.say(text, || source.json(finding).to_string());
        }
    }

    /// Writes why a command could not do its work.
    pub fn failure(&self, failure: &Failure) {
        self.message(true, &failure.to_string());
    }

    /// Writes what is going on.
    pub fn note(&self, message: &str) {
        let json = || json!({ "note": message }).to_string();
        self.say(|| message.to_owned(), json);
    }

    /// Writes a remark about something that was done all the same.
    pub fn warning(&self, message: &str) {
        self.message(false, message);
    }

    /// Writes why something was not done.
    pub fn refusal(&self, message: &str) {
        self.remark("refused", 31, message);
    }

    /// Writes a remark: an error, or a warning.
    pub fn message(&self, is_error: bool, message: &str) {
        match is_error {
            true => self.remark("error", 31, message),
            false => self.remark("warning", 33, message),
        }
    }

    fn remark(&self, word: &str, color: u8, message: &str) {
        let text = || format!("\x1b[1;{color}m{word}\x1b[0m: {message}");
        self.say(text, || json!({ word: message }).to_string());
    }
}

/// A stream whose reader may go: what it does not want any more is passed over, so that the work goes on.
struct Passing<W>(W);

impl<W: Write> Write for Passing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        passing(self.0.write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        passing(self.0.flush(), ())
    }
}

fn passing<T>(written: io::Result<T>, all: T) -> io::Result<T> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(all),
        other => other,
    }
}

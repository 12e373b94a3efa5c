//! How a step is run and shown: one line saying what it does and how long it took.

use std::io::{IsTerminal, Read, Write, pipe};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Where steps report to: standard error.
#[derive(Clone, Copy)]
pub struct Console {
    /// Whether to show the output of every step, not only of one that fails.
    pub verbose: bool,
    /// Whether other steps are run at the same time, whose lines come between.
    is_shared: bool,
    /// Whether what a command prints is shown as a whole when it has ended.
    collects: bool,
}

impl Console {
    /// A console of one step at a time.
    pub const fn new(verbose: bool) -> Self {
        Self {
            verbose,
            is_shared: false,
            collects: false,
        }
    }

    /// Does two things at the same time, each with a console to report to. What commands of the first print is shown as it comes.
    ///
    /// # Errors
    /// Those of the first; those of the second if it alone fails.
    pub fn together(
        self,
        first: impl FnOnce(Self) -> Result<()>,
        second: impl FnOnce(Self) -> Result<()> + Send,
    ) -> Result<()> {
        let shared = Self {
            is_shared: true,
            ..self
        };
        let collecting = Self {
            collects: true,
            ..shared
        };
        thread::scope(|scope| {
            let second = scope.spawn(move || second(collecting));
            let first = first(shared);
            first.and(second.join().unwrap_or_else(|_| bail!("a step panicked")))
        })
    }

    /// Runs `command` to its end. Its output is shown when it fails, or always with `--verbose`.
    ///
    /// # Errors
    /// When the command cannot be started or does not exit with 0.
    pub fn run(self, what: &str, command: &mut Command) -> Result<()> {
        if self.verbose {
            return self.show(what, command);
        }
        self.step(what, || {
            let (text, status) = collected(command)?;
            if !status.success() {
                eprintln!();
                std::io::stderr().write_all(&text)?;
            }
            succeeded(command, status)
        })
    }

    /// Runs `command` and shows its output: for what takes minutes, and for tests.
    ///
    /// # Errors
    /// When the command cannot be started or does not exit with 0.
    pub fn show(self, what: &str, command: &mut Command) -> Result<()> {
        let start = Instant::now();
        let status = if self.collects {
            eprintln!("{what} …");
            let (mut text, status) = collected(command)?;
            text.splice(..0, format!("{what}:\n").into_bytes());
            std::io::stderr().write_all(&text)?;
            status
        } else {
            eprintln!("{what}:");
            command.status().with_context(|| started(command))?
        };
        succeeded(command, status)?;
        eprintln!("{what}: {}", seconds(start));
        Ok(())
    }

    /// Does `work`, and says how long it took.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn step<T>(self, what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let start = Instant::now();
        let is_seen = std::io::stderr().is_terminal() && !self.verbose;
        let live = is_seen && !self.is_shared;
        if live {
            eprint!("{what} …");
        } else if is_seen {
            eprintln!("{what} …");
        }
        let result = work();
        let outcome = if result.is_ok() { "" } else { "failed after " };
        let lead = if live { "\r" } else { "" };
        eprintln!("{lead}{what}: {outcome}{}", seconds(start));
        result
    }
}

/// Runs a command to its end; gives what it printed.
fn collected(command: &mut Command) -> Result<(Vec<u8>, ExitStatus)> {
    let (mut output, writer) = pipe()?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = command.spawn().with_context(|| started(command))?;
    // The command holds the writing end; the pipe ends once it and the child have let go of it.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut text = Vec::new();
    output.read_to_end(&mut text)?;
    Ok((text, child.wait()?))
}

fn succeeded(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("{} ended with {status}", started(command));
    }
    Ok(())
}

fn seconds(start: Instant) -> String {
    format!("{:.1} s", start.elapsed().as_secs_f64())
}

/// The command as one would type it.
fn started(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    format!("`{line}`")
}

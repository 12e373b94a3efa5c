//! The command line of Flagstone: check, compile, evaluate, explain and roll out feature flags.
//!
//! Each command is a module of [`commands`]; what several of them need lies beside it.

mod clock;
mod commands;
mod context;
mod environment;
mod files;
mod force;
mod listing;
mod report;
mod source;
mod store;
mod suggest;

use clap::Parser;
use commands::Command;
use report::{Outcome, Report, ReportArguments};
use std::process::ExitCode;

/// Feature flags decided at the CDN edge: check, compile, import, evaluate and explain them
#[derive(Debug, Parser)]
#[command(
    name = "flagstone",
    version,
    after_help = "\
Start with:
  flagstone check flagstone.toml
  flagstone explain flagstone.toml new-checkout --context '{\"targetingKey\": \"u-1\"}'
  flagstone compile flagstone.toml --environment production -o shop.snapshot

Exit codes:
  0  everything is fine
  1  the source has errors, or there is what `--deny` or `--deny-warnings` forbids, or what cannot be converted
  2  wrong arguments, or something could not be read or written
  3  refused: the rollout's state, its dwell, a window or a freeze says no
  4  somebody else changed the control document at the same time"
)]
struct Arguments {
    #[command(flatten)]
    report: ReportArguments,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let report = Report::new(&arguments.report);
    match arguments.command.run(&report) {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Errors) => ExitCode::from(1),
        Ok(Outcome::Refused) => ExitCode::from(3),
        Ok(Outcome::Overtaken) => ExitCode::from(4),
        // Whoever read the output has seen enough.
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            report.failure(&failure);
            ExitCode::from(2)
        }
    }
}

//! One module for each command.

mod advise;
mod check;
mod compile;
mod convert;
mod eval;
mod explain;
mod guard;
mod import;
mod inspect;
mod manifest;
pub(crate) mod rollout;
mod schema;
mod status;
mod types;

use crate::report::{Failure, Outcome, Report};

/// What is to be done.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Advise(advise::Arguments),
    Advance(rollout::Advance),
    Check(check::Arguments),
    Compile(compile::Arguments),
    Convert(convert::Arguments),
    Eval(eval::Arguments),
    Explain(explain::Arguments),
    Guard(guard::Arguments),
    Import(import::Arguments),
    Inspect(inspect::Arguments),
    Kill(rollout::Kill),
    Manifest(manifest::Arguments),
    Pause(rollout::Pause),
    Resume(rollout::Resume),
    Rollback(rollout::Rollback),
    Schema(schema::Arguments),
    Status(status::Arguments),
    Types(types::Arguments),
}

impl Command {
    pub fn run(&self, report: &Report) -> Result<Outcome, Failure> {
        match self {
            Self::Advise(arguments) => advise::run(arguments, report),
            Self::Advance(arguments) => arguments.run(report),
            Self::Check(arguments) => check::run(arguments, report),
            Self::Compile(arguments) => compile::run(arguments, report),
            Self::Convert(arguments) => convert::run(arguments, report),
            Self::Eval(arguments) => eval::run(arguments, report),
            Self::Explain(arguments) => explain::run(arguments, report),
            Self::Guard(arguments) => guard::run(arguments, report),
            Self::Import(arguments) => import::run(arguments, report),
            Self::Inspect(arguments) => inspect::run(arguments, report),
            Self::Kill(arguments) => arguments.run(report),
            Self::Manifest(arguments) => manifest::run(arguments, report),
            Self::Pause(arguments) => arguments.run(report),
            Self::Resume(arguments) => arguments.run(report),
            Self::Rollback(arguments) => arguments.run(report),
            Self::Schema(arguments) => schema::run(arguments, report),
            Self::Status(arguments) => status::run(arguments, report),
            Self::Types(arguments) => types::run(arguments, report),
        }
    }
}

//! `flagstone explain`: why a flag is decided as it is.

mod explanation;
mod missed;
mod rollout;
mod routes;
mod text;
mod trace;

use crate::clock;
use crate::context::{Context, Names};
use crate::force::ForceArguments;
use crate::report::{Failure, Format, Outcome, Report};
use crate::source::{self, SourceArguments};
use crate::suggest::similar;
use explanation::Explanation;
use flagstone_core::{Evaluator, FlagIndex, Snapshot, UnixMillis};
use rollout::{Rollout, rollout};
use routes::{Route, routes};
use serde::Serialize;
use serde::de::DeserializeSeed;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Explain why somebody gets a variant of a flag
///
/// Shows rule by rule what was asked, what the context had to say to it, where the unit fell in a rollout, and which
/// rules were missed by a single test.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flagstone explain flagstone.toml new-checkout --context '{\"targetingKey\": \"u-1\", \"plan\": \"pro\"}'
  flagstone explain shop.snapshot new-checkout --context @visitor.json --now 2026-12-01T08:00:00Z
  flagstone explain shop.snapshot new-checkout --context @visitor.json --control control.json

The context is a JSON object. The attribute `user.plan` is its member \"user.plan\", or \"plan\" inside \"user\", or
\"plan\" itself; `user.key` is \"targetingKey\".")]
pub struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    /// Key of the flag
    #[arg(value_name = "FLAG")]
    flag: String,
    /// The one to decide for: a JSON object, or `@` and the name of a file with one
    #[arg(long, value_name = "JSON|@FILE", default_value = "{}")]
    context: ContextArgument,
    #[command(flatten)]
    force: ForceArguments,
    /// Time of the evaluation, instead of the current time
    #[arg(long, value_name = "RFC3339", value_parser = clock::parse)]
    now: Option<UnixMillis>,
}

/// A context, or where it is.
#[derive(Clone, Debug)]
enum ContextArgument {
    Text(String),
    File(PathBuf),
}

impl FromStr for ContextArgument {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.strip_prefix('@') {
            Some(path) => Self::File(path.into()),
            None => Self::Text(text.to_owned()),
        })
    }
}

impl ContextArgument {
    fn text(&self) -> Result<String, Failure> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::File(path) => fs::read_to_string(path).map_err(Failure::read(path)),
        }
    }
}

/// An explanation and the moment it is for.
#[derive(Debug, Serialize)]
struct Answer {
    now: String,
    #[serde(flatten)]
    explanation: Explanation,
    /// How far its rollout has come; `None` without a plan, or without a control document.
    rollout: Option<Rollout>,
    /// Where it acts at the edge.
    routes: Vec<Route>,
}

pub fn run(arguments: &Arguments, report: &Report) -> Result<Outcome, Failure> {
    let path = arguments.source.path.as_path();
    let text = arguments.context.text()?;
    let Some(bytes) = source::load(&arguments.source, report)? else {
        return Ok(Outcome::Errors);
    };
    let snapshot = Snapshot::open(&bytes).map_err(Failure::open(path))?;
    let names = Names::new(&snapshot);
    let mut context = Context::new(&names);
    let mut json = serde_json::Deserializer::from_str(&text);
    (&mut context)
        .deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|error| Failure::Context { error })?;
    let now = arguments.now.unwrap_or_else(clock::now);
    let force = arguments.force.load(&snapshot, report)?;
    let evaluator = Evaluator::new(snapshot, &context, now)
        .with_kills(&force.in_force.kills)
        .with_rollouts(&force.in_force.rollouts);
    let flag = find(&snapshot, &arguments.flag, path)?;
    let Some(explanation) = explanation::explain(&evaluator, flag) else {
        return Err(Failure::Undecided {
            path: path.to_owned(),
            key: arguments.flag.clone(),
        });
    };
    let answer = Answer {
        now: now.to_string(),
        explanation,
        rollout: force
            .control
            .and_then(|control| rollout(&snapshot, flag, &control)),
        routes: routes(&snapshot, &arguments.flag),
    };
    let mut out = report.output();
    let written = match report.format {
        Format::Text => text::write(&mut out, &answer),
        Format::Json => serde_json::to_writer_pretty(&mut out, &answer)
            .map_err(Into::into)
            .and_then(|()| writeln!(out)),
    };
    written.map_err(Failure::Output)?;
    Ok(Outcome::Fine)
}

fn find(snapshot: &Snapshot<'_>, key: &str, path: &Path) -> Result<FlagIndex, Failure> {
    snapshot.find(key).ok_or_else(|| {
        let keys: Vec<&str> = snapshot.flags().map(|flag| flag.key()).collect();
        Failure::UnknownFlag {
            path: path.to_owned(),
            key: key.to_owned(),
            similar: similar(key, &keys).map(str::to_owned),
        }
    })
}

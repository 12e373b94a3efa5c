//! `flagstone eval`: decides flags for many requests.

mod answer;
mod lines;
mod native;
mod request;

use crate::clock;
use crate::context::{Context, Names};
use crate::force::{Force, ForceArguments};
use crate::report::{Failure, Outcome, Report};
use crate::source::{self, Input, SourceArguments};
use answer::ErrorCode;
use flagstone_core::{Evaluator, Snapshot, UnixMillis};
use request::Request;
use std::io;
use std::path::PathBuf;

/// Decide flags for many requests, one JSON object a line
///
/// Reads lines such as {"flag": "new-checkout", "context": {"targetingKey": "u-1"}} and writes a line for each, in
/// the same order: {"flag": …, "value": …, "variant": …, "reason": …, "rule": …}. A line that cannot be used is
/// answered with {"error": …, "line": N}, and the run goes on.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  echo '{\"flag\": \"new-checkout\", \"context\": {\"targetingKey\": \"u-1\"}}' |
    flagstone eval flagstone.toml --requests -
  flagstone eval shop.snapshot --requests requests.ndjson --now 2026-12-01T08:00:00Z > answers.ndjson
  flagstone eval shop.snapshot --requests requests.ndjson --control control.json > answers.ndjson

A line may also have `default` (the value if no variant is given), `type` (boolean, string, number or object) and
`now` (RFC 3339). Unusable lines do not change the exit code.

With --from, `context` is in the service's own form, and answers have what its SDK gives as `native`.")]
pub struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    /// File of requests, `-` for standard input
    #[arg(long, value_name = "FILE")]
    requests: PathBuf,
    #[command(flatten)]
    force: ForceArguments,
    /// Time of the evaluation for lines without `now`, instead of the current time
    #[arg(long, value_name = "RFC3339", value_parser = clock::parse)]
    now: Option<UnixMillis>,
}

pub fn run(arguments: &Arguments, report: &Report) -> Result<Outcome, Failure> {
    let now = arguments.now.unwrap_or_else(clock::now);
    if let Some(service) = arguments.source.options.from.service() {
        let path = &arguments.source.path;
        let Input::Source(source) = source::open(path)? else {
            return Err(Failure::ServiceOfSnapshot {
                path: path.clone(),
                service,
            });
        };
        if arguments.force.control.is_some() {
            report.warning("--control is passed over: answers in a service's own terms know no control document");
        }
        let imported = source.import(service, arguments.source.options.sdk)?;
        let (bytes, findings) = source.compile_imported(&imported.model)?;
        let Some(bytes) = bytes else {
            report.findings(&source, &findings);
            return Ok(Outcome::Errors);
        };
        let snapshot = Snapshot::open(&bytes).map_err(Failure::open(&arguments.source.path))?;
        let answers = native::Answers {
            snapshot,
            native: imported.native.as_ref(),
            now,
        };
        return lines::answer_all(&arguments.requests, |mut lines, out| {
            lines.try_for_each(|(line, text)| match text {
                Ok(text) => answers.answer(text, line, out),
                Err(problem) => answer::unusable(out, line, &problem),
            })
        });
    }
    let Some(bytes) = source::load(&arguments.source, report)? else {
        return Ok(Outcome::Errors);
    };
    let snapshot = Snapshot::open(&bytes).map_err(Failure::open(&arguments.source.path))?;
    let run = Run {
        names: Names::new(&snapshot),
        force: arguments.force.load(&snapshot, report)?,
        snapshot,
        now,
    };
    lines::answer_all(&arguments.requests, |lines, out| {
        let mut context = Context::new(&run.names);
        for (line, text) in lines {
            let text = match text {
                Ok(text) => text,
                Err(problem) => {
                    answer::unusable(out, line, &problem)?;
                    continue;
                }
            };
            match Request::read(text, &mut context) {
                Ok(request) => run.decide(&request, &context, out)?,
                Err(problem) => answer::unusable(out, line, &problem)?,
            }
        }
        Ok(())
    })
}

/// What is the same for all lines.
struct Run<'s> {
    snapshot: Snapshot<'s>,
    names: Names<'s>,
    force: Force,
    now: UnixMillis,
}

impl Run<'_> {
    #[inline]
    fn decide(
        &self,
        request: &Request<'_>,
        context: &Context<'_, '_>,
        answers: &mut Vec<u8>,
    ) -> io::Result<()> {
        let evaluator = Evaluator::new(self.snapshot, context, request.now.unwrap_or(self.now))
            .with_kills(&self.force.in_force.kills)
            .with_rollouts(&self.force.in_force.rollouts);
        let Some(flag) = evaluator.find(&request.flag) else {
            return answer::error(answers, request, ErrorCode::FlagNotFound);
        };
        let decision = evaluator.evaluate(flag);
        answer::decision(answers, &self.snapshot, request, &decision)
    }
}

//! `flagstone eval`: decides flags for many requests.

mod answer;
mod request;

use crate::clock;
use crate::context::{Context, Names};
use crate::report::{Failure, Outcome, Report};
use crate::source::{self, SourceArguments};
use answer::ErrorCode;
use flagstone_core::{Evaluator, Snapshot, UnixMillis};
use request::Request;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Bytes that are read at once. Fits the second-level cache beside a snapshot.
const CHUNK: usize = 128 * 1024;

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

A line may also have `default` (the value if nothing can be decided), `type` (boolean, string, number or object) and
`now` (RFC 3339). Unusable lines do not change the exit code.")]
pub struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    /// File of requests, `-` for standard input
    #[arg(long, value_name = "FILE")]
    requests: PathBuf,
    /// Time of the evaluation for lines without `now`, instead of the current time
    #[arg(long, value_name = "RFC3339", value_parser = clock::parse)]
    now: Option<UnixMillis>,
}

pub fn run(arguments: &Arguments, report: &Report) -> Result<Outcome, Failure> {
    let Some(bytes) = source::load(&arguments.source, report)? else {
        return Ok(Outcome::Errors);
    };
    let snapshot = Snapshot::open(&bytes).map_err(Failure::open(&arguments.source.path))?;
    let run = Run {
        names: Names::new(&snapshot),
        snapshot,
        now: arguments.now.unwrap_or_else(clock::now),
    };
    let path = arguments.requests.as_path();
    let unreadable = Failure::read(path);
    if path == Path::new("-") {
        return run.answer_all(&mut io::stdin().lock(), unreadable);
    }
    match File::open(path) {
        Ok(mut file) => run.answer_all(&mut file, unreadable),
        Err(error) => Err(unreadable(error)),
    }
}

/// What is the same for all lines.
struct Run<'s> {
    snapshot: Snapshot<'s>,
    names: Names<'s>,
    now: UnixMillis,
}

impl Run<'_> {
    /// Answers each line as soon as it has been read, so that another program can ask and wait.
    fn answer_all(
        &self,
        input: &mut impl Read,
        unreadable: impl Fn(io::Error) -> Failure,
    ) -> Result<Outcome, Failure> {
        let mut output = io::stdout().lock();
        let mut answers = Vec::with_capacity(2 * CHUNK);
        let mut buffer = vec![0; CHUNK];
        let mut filled = 0;
        let mut line = 0;
        loop {
            if filled == buffer.len() {
                buffer.resize(2 * filled, 0); // for a line that is longer than the buffer
            }
            let read = input.read(buffer.get_mut(filled..).unwrap_or_default());
            let read = match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other.map_err(&unreadable)?,
            };
            let end = filled + read;
            let known = buffer.get(..end).unwrap_or_default();
            // Only what is new can have the last end of a line.
            let new = known.get(filled..).unwrap_or_default();
            let complete = match new.iter().rposition(|byte| *byte == b'\n') {
                Some(at) => filled + at + 1,
                None if read == 0 => end,
                None => 0,
            };
            let lines = known.get(..complete).unwrap_or_default();
            self.answer(lines, &mut line, &mut answers)
                .and_then(|()| output.write_all(&answers))
                .map_err(Failure::Output)?;
            answers.clear();
            if read == 0 {
                output.flush().map_err(Failure::Output)?;
                return Ok(Outcome::Fine);
            }
            buffer.copy_within(complete..end, 0);
            filled = end - complete;
        }
    }

    /// Answers whole lines. `line` counts those answered before.
    fn answer(&self, lines: &[u8], line: &mut u64, answers: &mut Vec<u8>) -> io::Result<()> {
        let mut context = Context::new(&self.names);
        for text in lines.split_inclusive(|byte| *byte == b'\n') {
            *line += 1;
            let text = text.strip_suffix(b"\n").unwrap_or(text);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            let text = match str::from_utf8(text) {
                Ok(text) => text,
                Err(error) => {
                    let column = error.valid_up_to() + 1;
                    let problem = format_args!("invalid UTF-8 at column {column}");
                    answer::unusable(answers, *line, &problem)?;
                    continue;
                }
            };
            match Request::read(text, &mut context) {
                Ok(request) => self.decide(&request, &context, answers)?,
                Err(problem) => answer::unusable(answers, *line, &problem)?,
            }
        }
        Ok(())
    }

    #[inline]
    fn decide(
        &self,
        request: &Request<'_>,
        context: &Context<'_, '_>,
        answers: &mut Vec<u8>,
    ) -> io::Result<()> {
        let Some(flag) = self.snapshot.find(&request.flag) else {
            return answer::default(answers, request, ErrorCode::FlagNotFound);
        };
        let evaluator = Evaluator {
            snapshot: self.snapshot,
            attributes: context,
            now: request.now.unwrap_or(self.now),
            kills: &[],
        };
        let decision = evaluator.evaluate(flag);
        answer::decision(answers, &self.snapshot, request, &decision)
    }
}

//! `flagstone import`: what becomes of a flag service's flags.

pub mod fidelity;

use crate::commands::compile;
use crate::files::{distinct, replace};
use crate::report::{Failure, Format, Outcome, Report};
use crate::source::{DocumentArguments, Source};
use fidelity::Fidelities;
use flagstone_authoring::Severity;
use flagstone_core::Snapshot;
use flagstone_import::Fidelity;
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;

/// Report how a flag service's flags are taken over, and write their snapshot
///
/// Reads the service's own JSON and says of each flag whether it is decided as the service's SDK decides it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flagstone import flags.json --from launchdarkly
  flagstone import splitChanges.json --from split --report --deny not-evaluable
  flagstone import features.json --from unleash --sdk other -o flags.snapshot

Exit code 0 if the document was read, whatever is said about its flags; 1 if --deny forbids it; 2 if it is no document of
the service.")]
pub struct Arguments {
    #[command(flatten)]
    document: DocumentArguments,
    /// List every flag, also those of which there is nothing to say
    #[arg(long)]
    report: bool,
    /// Exit with 1 if there is a flag that is no better than this
    #[arg(long, value_name = "FIDELITY", value_enum)]
    deny: Option<Deny>,
    /// Where to write the snapshot; replaced in one step
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What must not be.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Deny {
    /// Flags that cannot be evaluated at the edge
    NotEvaluable,
    /// These, and flags that there is something to know about
    Noted,
}

pub fn run(arguments: &Arguments, report: &Report) -> Result<Outcome, Failure> {
    if let Some(output) = &arguments.output {
        distinct(
            1,
            &[("DOCUMENT", &arguments.document.path), ("--output", output)],
        )?;
    }
    let (source, imported) = Source::document(&arguments.document)?;
    let (bytes, findings) = source.compile_imported(&imported.model)?;
    let fidelities = Fidelities::new(imported.report, &findings);
    let denied = match arguments.deny {
        None => false,
        Some(Deny::NotEvaluable) => fidelities.count(Fidelity::NotEvaluable) > 0,
        Some(Deny::Noted) => {
            fidelities.count(Fidelity::NotEvaluable) + fidelities.count(Fidelity::Noted) > 0
        }
    };
    let errors: Vec<_> = findings
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    report.findings(&source, &errors);
    let mut written = None;
    if let (Some(path), Some(bytes), false) = (&arguments.output, &bytes, denied) {
        let snapshot = Snapshot::open(bytes).map_err(Failure::open(path))?;
        replace(path, bytes).map_err(Failure::write(path))?;
        written = Some((path, snapshot));
    }
    let mut out = report.beside(arguments.output.as_deref());
    let shown = match report.format {
        Format::Text => text(
            arguments,
            &source,
            &fidelities,
            imported.model.segments.len(),
            &mut out,
        )
        .and_then(|()| match &written {
            Some((path, snapshot)) => compile::announce(path, snapshot, &imported.model, &mut out),
            None => Ok(()),
        }),
        Format::Json => {
            let snapshot = written.as_ref().map(|(path, snapshot)| {
                json!({
                    "file": path.display().to_string(),
                    "digest": snapshot.digest().to_string(),
                    "key": compile::store_key(snapshot),
                    "bytes": snapshot.bytes().len(),
                })
            });
            let all = json!({
                "file": source.name(),
                "service": arguments.document.from.name(),
                "sdk": arguments.document.sdk.name(),
                "flags": fidelities.counts(),
                "segments": imported.model.segments.len(),
                "report": fidelities.entries(true),
                "notes": fidelities.others(),
                "snapshot": snapshot,
            });
            writeln!(out, "{all:#}")
        }
    };
    shown.map_err(Failure::Output)?;
    Ok(if denied || bytes.is_none() {
        Outcome::Errors
    } else {
        Outcome::Fine
    })
}

fn text(
    arguments: &Arguments,
    source: &Source,
    fidelities: &Fidelities,
    segments: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    fidelities.summary(source.name(), segments, out)?;
    fidelities.list(arguments.report, out)?;
    if arguments.output.is_some() {
        writeln!(out)?;
    }
    Ok(())
}

//! `flagstone compile`: writes a snapshot.

mod against;
mod control;
mod cut;

use super::check::contents;
use crate::files::replace;
use crate::report::{Failure, Format, Outcome, Report};
use crate::source::{self, Input, SourceOptions};
use control::Control;
use cut::Cut;
use flagstone_authoring::Severity;
use flagstone_compile::Model;
use flagstone_core::Snapshot;
use flagstone_core::layout::FORMAT_VERSION;
use serde_json::json;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Compile a source to a snapshot, the form that is read at the edge
///
/// A snapshot is named by the digest of its content, so equal sources give the same name. The command prints the key
/// under which the snapshot belongs into the KV store.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flagstone compile flagstone.toml --environment production -o shop.snapshot
  flagstone compile flagstone.toml -o shop.snapshot --control control.json
  flagstone compile flagstone.toml -o shop.snapshot --cut shop.cut --control control.json
  flagstone compile frame.toml --document flags.json -o frame.snapshot

With --control, the control document that puts the snapshot into force is written too: as revision N, or as the one
after the revision that the file holds. Everything else in the file, such as kills, stays.")]
pub struct Arguments {
    /// A file in the format of flagstone.toml
    #[arg(value_name = "SOURCE")]
    path: PathBuf,
    #[command(flatten)]
    options: SourceOptions,
    /// Where to write the snapshot; replaced in one step
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// The flag service's document to check a file with `[source]` against: flags and variants it does not have are
    /// warnings
    #[arg(long, value_name = "DOCUMENT")]
    document: Option<PathBuf>,
    /// Where to write the cut: a snapshot of no more than requests at the edge can ask for, which nodes read instead
    #[arg(long, value_name = "FILE")]
    cut: Option<PathBuf>,
    /// Where to write the control document
    #[arg(long, value_name = "FILE")]
    control: Option<PathBuf>,
    /// The control document's revision, above the one that the file holds
    #[arg(long, value_name = "N", requires = "control", value_parser = clap::value_parser!(u64).range(1..=control::MAX_REVISION))]
    revision: Option<u64>,
}

pub fn run(arguments: &Arguments, report: &Report) -> Result<Outcome, Failure> {
    let Arguments { path, output, .. } = arguments;
    let Input::Source(source) = source::open(path)? else {
        return Err(Failure::IsSnapshot { path: path.clone() });
    };
    let mut compiled = source.compile(&arguments.options)?;
    if let Some(document) = &arguments.document {
        let found = against::findings(path, &compiled, document)?;
        if found
            .iter()
            .any(|finding| finding.severity == Severity::Error)
        {
            compiled.snapshot = None;
        }
        compiled.findings.extend(found);
    }
    report.findings(&source, &compiled.findings)?;
    let (Some(model), Some(bytes)) = (compiled.model, compiled.snapshot) else {
        return Ok(Outcome::Errors);
    };
    let snapshot = Snapshot::open(&bytes).map_err(Failure::open(path))?;
    let cut = arguments.cut.as_ref().map(|path| Cut::of(path, &model));
    let cut = cut.transpose()?;
    let cut = match &cut {
        Some(cut) => Some((cut, cut.snapshot()?)),
        None => None,
    };
    let control = match &arguments.control {
        Some(path) => {
            let cut = cut.as_ref().map(|(_, snapshot)| snapshot.digest());
            Some(Control::next(path, arguments.revision, &snapshot, cut)?)
        }
        None => None,
    };
    replace(output, &bytes).map_err(Failure::write(output))?;
    if let Some((Cut { path, bytes, .. }, _)) = cut {
        replace(path, bytes).map_err(Failure::write(path))?;
    }
    if let Some(control) = &control {
        let idle = control.idle_kills(&snapshot).into_iter();
        for message in idle.chain(control.idle_rollouts(&snapshot)) {
            report.warning(&message)?;
        }
        let text = control.to_string();
        replace(control.path, text.as_bytes()).map_err(Failure::write(control.path))?;
    }
    let written = Written {
        arguments,
        model: &model,
        snapshot: &snapshot,
        cut,
        control: control.as_ref(),
    };
    written.report(report).map_err(Failure::Output)?;
    Ok(Outcome::Fine)
}

/// What there is to say about what was written.
struct Written<'a> {
    arguments: &'a Arguments,
    model: &'a Model,
    snapshot: &'a Snapshot<'a>,
    cut: Option<(&'a Cut<'a>, Snapshot<'a>)>,
    control: Option<&'a Control<'a>>,
}

impl Written<'_> {
    fn report(&self, report: &Report) -> io::Result<()> {
        let mut out = report.output();
        if report.format == Format::Json {
            let all = json!({
                "file": self.arguments.output.display().to_string(),
                "digest": self.snapshot.digest().to_string(),
                "key": store_key(self.snapshot),
                "bytes": self.snapshot.bytes().len(),
                "flags": self.model.flags.len(),
                "segments": self.model.segments.len(),
                "routes": self.model.edge.routes.len(),
                "cut": self.cut.map(|(cut, snapshot)| cut.data(&snapshot)),
                "revision": self.control.map(Control::revision),
            });
            return writeln!(out, "{all:#}");
        }
        announce(&self.arguments.output, self.snapshot, self.model, &mut out)?;
        if let Some((cut, snapshot)) = self.cut {
            let (file, bytes) = (cut.path.display(), cut.bytes.len());
            writeln!(
                out,
                "cut      {file}, {bytes} bytes: {}",
                contents(&cut.model)
            )?;
            writeln!(out, "KV key   {}", store_key(&snapshot))?;
        }
        if let Some(control) = self.control {
            let revision = control.revision();
            writeln!(
                out,
                "control  {}, revision {revision}",
                control.path.display()
            )?;
        }
        Ok(())
    }
}

/// Writes what a snapshot is and where it belongs.
pub fn announce(
    path: &Path,
    snapshot: &Snapshot<'_>,
    model: &Model,
    out: &mut impl Write,
) -> io::Result<()> {
    let (file, bytes) = (path.display(), snapshot.bytes().len());
    writeln!(out, "wrote    {file}, {bytes} bytes: {}", contents(model))?;
    writeln!(out, "digest   {}", snapshot.digest())?;
    writeln!(out, "KV key   {}", store_key(snapshot))
}

/// The key under which a snapshot belongs into the store.
pub fn store_key(snapshot: &Snapshot<'_>) -> String {
    format!("snapshot/v{FORMAT_VERSION}/{}", snapshot.digest())
}

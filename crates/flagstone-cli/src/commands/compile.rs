//! `flagstone compile`: writes a snapshot.

mod against;
mod control;
mod cut;

use super::check::contents;
use crate::files::{distinct, replace};
use crate::report::{Failure, Format, Outcome, Report};
use crate::source::{self, Input, SourceOptions};
use crate::store::{Place, put};
use control::{Control, Next};
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
  flagstone compile flagstone.toml -o shop.snapshot --control cloudflare:0f2ac74b498b48028cb68387c421e279
  flagstone compile flagstone.toml -o shop.snapshot --control fastly-config:1b2c3d --snapshot fastly-kv:4e5f6a

With --control, the control document that puts the snapshot into force is written too: as revision N, or as the one
after the revision that is there. Everything else in it, such as kills, stays. Where that is a platform's store, the
snapshot and its cut are put into the store before.

Credentials come from the environment: CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID, FASTLY_API_TOKEN, or
FLAGSTONE_CONTROL_TOKEN.")]
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
    /// Where to write the control document: a file, cloudflare:NAMESPACE_ID, fastly-config:STORE_ID, fastly-kv:STORE_ID, or
    /// the https://HOST of a Worker with a Durable Object
    #[arg(long, value_name = "STORE")]
    control: Option<Place>,
    /// Which store the snapshot and its cut are put into, if not that of the control document
    #[arg(long, value_name = "STORE", requires = "control")]
    snapshot: Option<Place>,
    /// The control document's revision, above the one that is there
    #[arg(long, value_name = "N", requires = "control", value_parser = clap::value_parser!(u64).range(1..=control::MAX_REVISION))]
    revision: Option<u64>,
}

impl Arguments {
    /// The store that nodes find the snapshot in, if it is to be put there.
    fn shelf(&self) -> Result<Option<&Place>, Failure> {
        let place = match (&self.snapshot, &self.control) {
            (Some(place), _) => place,
            (None, None | Some(Place::File(_))) => return Ok(None),
            (None, Some(place)) => place,
        };
        match place.has_snapshots() {
            true => Ok(Some(place)),
            false => Err(Failure::Argument {
                name: "--snapshot",
                problem: format!(
                    "snapshots are not put into `{place}`: say cloudflare:NAMESPACE_ID or fastly-kv:STORE_ID"
                ),
            }),
        }
    }

    /// The store with the control document that is in force until there is one at the place itself: nodes with an object look into
    /// their namespace until somebody writes to it.
    fn initial(&self) -> Option<&Place> {
        match (&self.control, &self.snapshot) {
            (Some(Place::Worker(_)), namespace @ Some(Place::Cloudflare(_))) => namespace.as_ref(),
            _ => None,
        }
    }

    /// Refuses to write one file twice, or over what is read.
    fn distinct(&self) -> Result<(), Failure> {
        let control = self.control.as_ref().and_then(|place| match place {
            Place::File(path) => Some(Path::new(path)),
            _ => None,
        });
        let mut files = vec![("SOURCE", self.path.as_path())];
        files.extend(self.document.as_deref().map(|path| ("--document", path)));
        let read = files.len();
        files.push(("--output", &self.output));
        files.extend(self.cut.as_deref().map(|path| ("--cut", path)));
        files.extend(control.map(|path| ("--control", path)));
        distinct(read, &files)
    }
}

pub fn run(arguments: &Arguments, report: &Report) -> Result<Outcome, Failure> {
    let Arguments { path, output, .. } = arguments;
    let shelf = arguments.shelf()?;
    arguments.distinct()?;
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
    report.findings(&source, &compiled.findings);
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
    let next = Next {
        revision: arguments.revision,
        snapshot: &snapshot,
        cut: cut.as_ref().map(|(_, snapshot)| snapshot.digest()),
        initial: arguments.initial(),
    };
    let control = arguments.control.as_ref();
    let control = control.map(|place| Control::after(place, &next));
    let control = control.transpose()?;
    let write = |path: &Path, bytes: &[u8]| {
        replace(path, bytes).map_err(|error| match &control {
            // Who reads no more must not believe that it is in force.
            Some(_) => Failure::Write {
                path: path.to_owned(),
                error,
            },
            None => Failure::write(path)(error),
        })
    };
    write(output, &bytes)?;
    if let Some((Cut { path, bytes, .. }, _)) = cut {
        write(path, bytes)?;
    }
    if let Some(place) = shelf {
        // What a control document names is there before it.
        let store = place.open().map_err(Failure::store(place))?;
        let cut = cut.as_ref().map(|(_, snapshot)| snapshot);
        let cut = cut.filter(|cut| cut.digest() != snapshot.digest());
        for snapshot in [Some(&snapshot), cut].into_iter().flatten() {
            let put = put(store.as_ref(), &store_key(snapshot), snapshot.bytes());
            put.map_err(Failure::store(place))?;
        }
    }
    let control = match control {
        Some(control) => {
            let place = control.place;
            let Some(control) = control.write(&next)? else {
                report.refusal(&format!(
                    "somebody else goes on changing `{place}`; the snapshot is written and not in force"
                ));
                return Ok(Outcome::Overtaken);
            };
            let idle = control.idle_kills(&snapshot).into_iter();
            for message in idle.chain(control.idle_rollouts(&snapshot)) {
                report.warning(&message);
            }
            Some(control)
        }
        None => None,
    };
    let written = Written {
        arguments,
        model: &model,
        snapshot: &snapshot,
        cut,
        shelf,
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
    shelf: Option<&'a Place>,
    control: Option<&'a Control<'a>>,
}

impl Written<'_> {
    fn report(&self, report: &Report) -> io::Result<()> {
        let Arguments { output, cut, .. } = self.arguments;
        let mut out = report.beside([output].into_iter().chain(cut).map(PathBuf::as_path));
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
                "store": self.shelf.map(Place::to_string),
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
        if let Some(place) = self.shelf {
            writeln!(out, "store    {place}")?;
        }
        if let Some(control) = self.control {
            let revision = control.revision();
            writeln!(out, "control  {}, revision {revision}", control.place)?;
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

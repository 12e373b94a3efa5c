//! `flagstone convert`: a flag service's flags as a `flagstone.toml`.

use super::check::counted;
use super::import::fidelity::Fidelities;
use crate::files::replace;
use crate::report::{Failure, Format, Outcome, Report};
use crate::source::{DocumentArguments, SdkForm, Source};
use flagstone_authoring::{LeftOut, Part, Remarks, Written, write};
use flagstone_compile::Model;
use flagstone_import::{Fidelity, Imported};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Segments with more keys than this have them in files beside the converted one.
const MOST_KEYS: usize = 100;

/// Turn a flag service's flags into a flagstone.toml that decides alike
///
/// Every flag keeps its bucketing and every decision, so nobody's variant changes on the day of the move. What flagstone.toml
/// has its own form for is written in that form, the rest in the notation for flags that came from a service.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flagstone convert flags.json --from launchdarkly -o flagstone.toml
  flagstone convert splitChanges.json --from split --partial -o flagstone.toml
  flagstone convert features.json --from unleash | less

Exit code 0 if all was converted, or --partial allows it not to be; 1 if something would be left out, then nothing is
written; 2 if it is no document of the service, or the file is there already.")]
pub struct Arguments {
    #[command(flatten)]
    document: DocumentArguments,
    /// Where to write the flagstone.toml, a file that is not there yet; standard output if absent
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Leave out what cannot be converted, and what depends on it
    #[arg(long)]
    partial: bool,
}

pub fn run(arguments: &Arguments, report: &Report) -> Result<Outcome, Failure> {
    let (source, imported) = Source::document(&arguments.document)?;
    let (_, findings) = source.compile_imported(&imported.model)?;
    let Imported {
        model,
        report: fidelity,
        ..
    } = imported;
    let keyless = keyless(&fidelity, &model);
    let fidelities = Fidelities::new(fidelity, &findings);
    let remarks = Remarks {
        head: &head(arguments, &source),
        of_flag: &|flag| notes(&fidelities, flag),
        most_keys: match arguments.output {
            Some(_) => MOST_KEYS,
            None => usize::MAX,
        },
    };
    let mut written = write(&model, &remarks).ok_or_else(|| Failure::Conversion {
        path: arguments.document.path.clone(),
    })?;
    let gone = |is: fn(&Part) -> bool| {
        let parts = written.left_out.iter().map(|left_out| &left_out.part);
        parts.filter(|part| is(part)).count()
    };
    let flags = model.flags.len() - gone(|part| matches!(part, Part::Flag(_)));
    let segments = model.segments.len() - gone(|part| matches!(part, Part::Segment(_)));
    written.left_out.splice(0..0, keyless);
    let is_refused = !written.left_out.is_empty() && !arguments.partial;
    let converted = Converted {
        written: &written,
        flags,
        segments,
    };
    if let (Some(path), false) = (&arguments.output, is_refused) {
        write_files(path, &written)?;
    }
    let mut out = report.output();
    match report.format {
        Format::Json => writeln!(out, "{:#}", converted.json(arguments, &source, is_refused)),
        Format::Text => {
            for left_out in &written.left_out {
                report.message(is_refused, &said(left_out));
            }
            match &arguments.output {
                _ if is_refused => Ok(()),
                Some(path) => converted.text(path, &mut out),
                None => write!(out, "{}", written.text),
            }
        }
    }
    .map_err(Failure::Output)?;
    Ok(match is_refused {
        true => Outcome::Errors,
        false => Outcome::Fine,
    })
}

/// What the document has and the model has not: flags whose keys cannot be keys here.
fn keyless(fidelity: &flagstone_import::Report, model: &Model) -> Vec<LeftOut> {
    let known: HashSet<&str> = model.flags.iter().map(|flag| flag.key.as_str()).collect();
    let entries = fidelity.entries.iter();
    let keyless = entries.filter(|entry| !known.contains(entry.flag.as_str()));
    let left_out = keyless.map(|entry| LeftOut {
        part: Part::Flag(entry.flag.clone()),
        why: entry.notes.join("; "),
    });
    left_out.collect()
}

/// What the file begins with.
fn head(arguments: &Arguments, source: &Source) -> [String; 1] {
    let service = arguments.document.from.name();
    let sdk = match arguments.document.sdk {
        SdkForm::Node => "",
        SdkForm::Other => " --sdk other",
    };
    [format!(
        "Made by `flagstone convert --from {service}{sdk}` of {}.",
        source.name()
    )]
}

/// What there is to know about a flag, as comments.
fn notes(fidelities: &Fidelities, flag: &str) -> Vec<String> {
    let Some(entry) = fidelities.of(flag) else {
        return Vec::new();
    };
    let notes = entry.notes.iter();
    match entry.fidelity {
        Fidelity::NotEvaluable => notes.map(|note| format!("NOT EVALUABLE: {note}")).collect(),
        Fidelity::Kept | Fidelity::Noted => notes.cloned().collect(),
    }
}

fn said(left_out: &LeftOut) -> String {
    let LeftOut { part, why } = left_out;
    format!("{part} cannot be converted: {why}")
}

/// Writes the file and those that it names.
fn write_files(path: &Path, written: &Written) -> Result<(), Failure> {
    let folder = path.with_file_name("");
    let paths = written.files.iter().map(|(name, _)| folder.join(name));
    let paths: Vec<PathBuf> = paths.chain([path.to_owned()]).collect();
    if let Some(path) = paths.iter().find(|path| path.exists()) {
        return Err(Failure::IsThere { path: path.clone() });
    }
    let texts = written.files.iter().map(|(_, content)| content);
    for (path, text) in paths.iter().zip(texts.chain([&written.text])) {
        if path != paths.last().unwrap_or(path) {
            fs::create_dir_all(path.with_file_name("")).map_err(Failure::write(path))?;
        }
        replace(path, text.as_bytes()).map_err(Failure::write(path))?;
    }
    Ok(())
}

/// What came of it.
struct Converted<'w> {
    written: &'w Written,
    flags: usize,
    segments: usize,
}

impl Converted<'_> {
    fn text(&self, path: &Path, out: &mut impl Write) -> io::Result<()> {
        let flags = counted(self.flags, "flag");
        let segments = counted(self.segments, "segment");
        writeln!(out, "wrote    {}: {flags}, {segments}", path.display())?;
        for (name, content) in &self.written.files {
            let path = path.with_file_name("").join(name);
            let keys = counted(content.lines().count(), "key");
            writeln!(out, "wrote    {}: {keys}", path.display())?;
        }
        Ok(())
    }

    fn json(&self, arguments: &Arguments, source: &Source, is_refused: bool) -> Value {
        let left_out = self.written.left_out.iter().map(|LeftOut { part, why }| {
            let (kind, key) = match part {
                Part::Flag(key) => ("flag", key),
                Part::Segment(key) => ("segment", key),
            };
            json!({ "kind": kind, "key": key, "why": why })
        });
        let files = self.written.files.iter().map(|(name, _)| name.as_str());
        let text = match &arguments.output {
            None if !is_refused => Some(&self.written.text),
            _ => None,
        };
        json!({
            "file": source.name(),
            "service": arguments.document.from.name(),
            "sdk": arguments.document.sdk.name(),
            "output": arguments.output.as_ref().map(|path| path.display().to_string()),
            "written": !is_refused,
            "flags": self.flags,
            "segments": self.segments,
            "files": files.collect::<Vec<_>>(),
            "left_out": left_out.collect::<Vec<_>>(),
            "text": text,
        })
    }
}

//! `flagstone inspect`: what is in a snapshot.

use crate::report::{Failure, Format, Outcome, Report};
use crate::source::{self, Input};
use flagstone_core::layout::{FORMAT_VERSION, Section};
use flagstone_core::{AttributeIndex, Snapshot};
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;

/// Show what a snapshot is made of, and check all of it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  flagstone inspect shop.snapshot")]
pub struct Arguments {
    /// A snapshot that `flagstone compile` wrote
    #[arg(value_name = "SNAPSHOT")]
    path: PathBuf,
}

pub fn run(arguments: &Arguments, report: &Report) -> Result<Outcome, Failure> {
    let path = &arguments.path;
    let Input::Snapshot(bytes) = source::open(path)? else {
        return Err(Failure::IsSource { path: path.clone() });
    };
    let snapshot = source::verify(&bytes, path)?;
    let mut out = report.output();
    let written = match report.format {
        Format::Text => text(&snapshot, &mut out),
        Format::Json => writeln!(out, "{:#}", data(&snapshot)),
    };
    written.map_err(Failure::Output)?;
    Ok(Outcome::Fine)
}

/// Each section that is not empty: its name, records, bytes.
fn sections(snapshot: &Snapshot<'_>) -> impl Iterator<Item = (String, u32, usize)> {
    let snapshot = *snapshot;
    Section::SIZES
        .into_iter()
        .filter_map(move |(section, size)| {
            let count = snapshot.count(section);
            (count > 0).then(|| (format!("{section:?}"), count, count as usize * size))
        })
}

fn attributes<'s>(snapshot: &Snapshot<'s>) -> impl Iterator<Item = &'s str> {
    let snapshot = *snapshot;
    (0..snapshot.attribute_count())
        .filter_map(move |index| Some(snapshot.attribute(AttributeIndex(index))?.name))
}

fn text(snapshot: &Snapshot<'_>, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "digest   {}", snapshot.digest())?;
    writeln!(out, "format   {FORMAT_VERSION}")?;
    writeln!(out, "bytes    {}", snapshot.bytes().len())?;
    let attributes: Vec<&str> = attributes(snapshot).collect();
    writeln!(out, "reads    {}", attributes.join(", "))?;
    writeln!(out, "\n{:<12} {:>9} {:>11}", "section", "records", "bytes")?;
    for (name, records, bytes) in sections(snapshot) {
        writeln!(out, "{name:<12} {records:>9} {bytes:>11}")?;
    }
    Ok(())
}

fn data(snapshot: &Snapshot<'_>) -> serde_json::Value {
    let sections = sections(snapshot)
        .map(|(name, records, bytes)| json!({ "name": name, "records": records, "bytes": bytes }));
    json!({
        "digest": snapshot.digest().to_string(),
        "format": FORMAT_VERSION,
        "bytes": snapshot.bytes().len(),
        "attributes": attributes(snapshot).collect::<Vec<_>>(),
        "sections": sections.collect::<Vec<_>>(),
    })
}

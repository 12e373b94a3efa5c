//! Sizes of what is deployed, against the ceilings in `bench/budgets.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use toml::{Table, Value};

use crate::console::Console;
use crate::setup::Setup;
use crate::{build, paths, workload};

/// The table of sizes that are not those of compressed files.
const RAW: &str = "raw";

/// Builds what the edge runs, and prints the size of each artefact beside its ceiling.
///
/// # Errors
/// When a build fails, or an artefact is above its ceiling.
pub fn check(console: Console, setup: &Setup) -> Result<()> {
    build::all(console, setup, None)?;
    // The workload comes from the command line, which cargo builds apart from wasm.
    console.together(
        |console| {
            build::worker_alone(console, setup)?;
            build::worker_pageless(console, setup)?;
            build::core(console, setup)?;
            build::imports(console, setup)
        },
        workload::build,
    )?;
    check_table("gzip")?;
    check_table(RAW)
}

/// Gzip sizes of some artefacts of the edge, in bytes.
///
/// # Errors
/// When one of them is not in `bench/budgets.toml` or has not been built.
pub fn measure(names: &[&str]) -> Result<BTreeMap<String, u64>> {
    let artefacts = artefacts("gzip")?;
    let size = |name: &&str| {
        let budget = artefacts.get(*name);
        let budget = budget.with_context(|| format!("bench/budgets.toml: no gzip.{name}"))?;
        Ok(((*name).to_owned(), measure_one("gzip", name, budget)?.1))
    };
    names.iter().map(size).collect()
}

/// The same for the artefacts of one table of `bench/budgets.toml`.
///
/// # Errors
/// When an artefact is above its ceiling or has not been built.
pub fn check_table(table: &str) -> Result<()> {
    let artefacts = artefacts(table)?;
    let mut over = Vec::new();
    for (name, budget) in &artefacts {
        let (ceiling, size) = measure_one(table, name, budget)?;
        let form = if table == RAW { RAW } else { "gzip" };
        eprintln!("size of {name}, {form}: {size} of {ceiling} B");
        if size > ceiling {
            over.push(name.as_str());
        }
    }
    ensure!(over.is_empty(), "too big: {}", over.join(", "));
    Ok(())
}

/// A table of `bench/budgets.toml`.
fn artefacts(table: &str) -> Result<Table> {
    let text = fs::read_to_string(paths::root().join("bench/budgets.toml"))
        .context("bench/budgets.toml")?;
    let mut budgets: Table = text.parse().context("bench/budgets.toml")?;
    match budgets.remove(table) {
        Some(Value::Table(artefacts)) => Ok(artefacts),
        _ => bail!("bench/budgets.toml has no [{table}]"),
    }
}

/// Ceiling and size of one artefact, in bytes.
fn measure_one(table: &str, name: &str, budget: &Value) -> Result<(u64, u64)> {
    let malformed = || format!("bench/budgets.toml: {name} needs `ceiling` in bytes and `files`");
    let ceiling = budget
        .get("ceiling")
        .and_then(Value::as_integer)
        .with_context(malformed)?;
    let sum = |key: &str| {
        let mut size = 0;
        for file in budget
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let path = paths::root().join(file.as_str().with_context(malformed)?);
            let of_file = folder_or_file(&path, table == RAW);
            size += of_file.with_context(|| format!("{}: build it first", path.display()))?;
        }
        anyhow::Ok(size)
    };
    // What is in `without` is in `files` too, and is another's.
    let size = sum("files")?.saturating_sub(sum("without")?);
    ensure!(size > 0, malformed());
    Ok((u64::try_from(ceiling)?, size))
}

/// What the file, or all files below the folder, take up: as they are, or each compressed on its own.
fn folder_or_file(path: &Path, raw: bool) -> Result<u64> {
    if !path.is_dir() {
        let bytes = fs::read(path)?;
        return if raw {
            Ok(bytes.len().try_into()?)
        } else {
            gzip_size(&bytes)
        };
    }
    let mut size = 0;
    for entry in fs::read_dir(path)? {
        size += folder_or_file(&entry?.path(), raw)?;
    }
    Ok(size)
}

fn gzip_size(bytes: &[u8]) -> Result<u64> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(u64::try_from(encoder.finish()?.len())?)
}

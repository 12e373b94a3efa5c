//! Sizes of what is deployed, against the ceilings in `bench/budgets.toml`.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use toml::{Table, Value};

use crate::paths;

/// Prints the gzip size of each artefact of the edge beside its ceiling.
///
/// # Errors
/// When an artefact is above its ceiling or has not been built.
pub fn check() -> Result<()> {
    check_table("gzip")
}

/// The same for the artefacts of one table of `bench/budgets.toml`.
///
/// # Errors
/// When an artefact is above its ceiling or has not been built.
pub fn check_table(table: &str) -> Result<()> {
    let text = fs::read_to_string(paths::root().join("bench/budgets.toml"))
        .context("bench/budgets.toml")?;
    let budgets: Table = text.parse().context("bench/budgets.toml")?;
    let artefacts = budgets
        .get(table)
        .and_then(Value::as_table)
        .with_context(|| format!("bench/budgets.toml has no [{table}]"))?;
    let mut over = Vec::new();
    for (name, budget) in artefacts {
        let (ceiling, size) = measure(name, budget)?;
        eprintln!("size of {name}, gzip: {size} of {ceiling} B");
        if size > ceiling {
            over.push(name.as_str());
        }
    }
    ensure!(over.is_empty(), "too big: {}", over.join(", "));
    Ok(())
}

/// Ceiling and size of one artefact, in bytes.
fn measure(name: &str, budget: &Value) -> Result<(u64, u64)> {
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
            let of_file = folder_or_file(&path);
            size += of_file.with_context(|| format!("{}: build it first", path.display()))?;
        }
        anyhow::Ok(size)
    };
    // What is in `without` is in `files` too, and is another's.
    let size = sum("files")?.saturating_sub(sum("without")?);
    ensure!(size > 0, malformed());
    Ok((u64::try_from(ceiling)?, size))
}

/// What the file, or all files below the folder, take up when each is compressed on its own.
fn folder_or_file(path: &Path) -> Result<u64> {
    if !path.is_dir() {
        return gzip_size(&fs::read(path)?);
    }
    let mut size = 0;
    for entry in fs::read_dir(path)? {
        size += folder_or_file(&entry?.path())?;
    }
    Ok(size)
}

fn gzip_size(bytes: &[u8]) -> Result<u64> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(u64::try_from(encoder.finish()?.len())?)
}

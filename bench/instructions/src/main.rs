//! Counts instructions, against the budgets in `bench/budgets.toml`: they are the same on every run, unlike times.
//!
//! `cargo run --release -p flagstone-instructions` counts everything. It runs itself under valgrind, which counts a whole
//! process; the difference between many and twice as many repetitions is what the repetitions cost.

mod model;
mod operation;
mod pipeline;
mod rollout;

use anyhow::{Context, Result, bail, ensure};
use operation::Operation;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Repetitions, and twice as many: as many digits, so that both take the same to be read.
const REPETITIONS: u64 = 2_000;
/// Flags of the snapshots.
const FLAGS: [u32; 3] = [10, 1_000, 10_000];

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => check(),
        [operation, snapshot, repetitions] => {
            let operation = Operation::parse(operation).context("no such operation")?;
            let bytes = fs::read(snapshot).with_context(|| (*snapshot).to_owned())?;
            operation.repeat(&bytes, repetitions.parse()?)?;
            Ok(ExitCode::SUCCESS)
        }
        _ => bail!("takes no arguments"),
    }
}

/// Counts, prints and compares everything.
fn check() -> Result<ExitCode> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!(
            "instructions: not checked, valgrind is not installed (apt-get install valgrind)"
        );
        // Where changes are judged, what cannot be checked has failed.
        let is_required = env::var_os("CI").is_some_and(|value| !value.is_empty());
        return Ok(ExitCode::from(u8::from(is_required)));
    }
    let budgets = budgets()?;
    let folder = Folder::new()?;
    let mut failed = false;
    for operation in Operation::ALL {
        let budget = budgets
            .get(operation.name())
            .and_then(toml::Value::as_integer)
            .with_context(|| format!("bench/budgets.toml: no instructions.{}", operation.name()))?;
        let budget = u64::try_from(budget)?;
        let mut counts = Vec::new();
        for flags in FLAGS {
            let snapshot = folder.snapshot(flags)?;
            counts.push(count(*operation, &snapshot)?);
        }
        let largest = counts.iter().copied().max().unwrap_or(0);
        let listed: Vec<String> = counts.iter().map(u64::to_string).collect();
        let listed = listed.join(", ");
        eprintln!("instructions of {}: {listed} of {budget}", operation.name());
        if largest > budget {
            eprintln!("  more than the budget");
            failed = true;
        }
        if operation.is_constant() && counts.iter().any(|count| *count != largest) {
            eprintln!("  differs with the number of flags, {FLAGS:?}");
            failed = true;
        }
    }
    Ok(ExitCode::from(u8::from(failed)))
}

fn budgets() -> Result<toml::Table> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../budgets.toml");
    let text = fs::read_to_string(path).context("bench/budgets.toml")?;
    let mut budgets: toml::Table = text.parse().context("bench/budgets.toml")?;
    match budgets.remove("instructions") {
        Some(toml::Value::Table(instructions)) => Ok(instructions),
        _ => bail!("bench/budgets.toml has no [instructions]"),
    }
}

/// Instructions of one repetition.
fn count(operation: Operation, snapshot: &Path) -> Result<u64> {
    let once = process(operation, snapshot, REPETITIONS)?;
    let twice = process(operation, snapshot, 2 * REPETITIONS)?;
    Ok((twice - once + REPETITIONS / 2) / REPETITIONS)
}

/// Instructions of this program as it repeats an operation.
fn process(operation: Operation, snapshot: &Path, repetitions: u64) -> Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .arg(operation.name())
        .arg(snapshot)
        .arg(repetitions.to_string())
        .output()
        .context("valgrind")?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "valgrind: {text}");
    let count = text.lines().find_map(|line| line.split_once("Collected :"));
    let (_, count) = count.with_context(|| format!("valgrind gave no count: {text}"))?;
    Ok(count.trim().parse()?)
}

/// Holds the snapshots while they are needed.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let path = env::temp_dir().join(format!("flagstone-instructions-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Self(path))
    }

    fn snapshot(&self, flags: u32) -> Result<PathBuf> {
        let path = self.0.join(flags.to_string());
        if !path.exists() {
            fs::write(&path, model::bytes(flags)?)?;
        }
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system.
        let _ = fs::remove_dir_all(&self.0);
    }
}

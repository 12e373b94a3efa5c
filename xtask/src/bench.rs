//! Benchmarks beside others' programs, in the real runtimes; what they find is written to `docs/benchmarks.md`.
//!
//! Time is compared within one run only, as ratios, and never fails anything.

mod documents;
mod peers;

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};

use crate::console::Console;
use crate::setup::Setup;
use crate::{build, paths, sizes};

/// Which peers, and how often.
#[derive(Clone, Copy)]
pub enum Plan {
    /// Those that come nearest, in some minutes.
    Quick,
    /// All of them; half an hour on a quiet machine.
    Full,
}

impl Plan {
    fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Full => "full",
        }
    }
}

/// Runs all benchmarks and writes the document.
///
/// # Errors
/// When something does not build or run, or answers differently than the workload says.
pub fn run(console: Console, setup: &Setup, plan: Plan) -> Result<()> {
    build::all(console, setup, None)?;
    build::worker_alone(console, setup)?;
    build::core(console, setup)?;
    fs::create_dir_all(results())?;
    let weighed = sizes::measure(&["worker", "worker-alone", "core"])?;
    fs::write(results().join("sizes.json"), serde_json::to_vec(&weighed)?)?;
    documents::measure(console, setup, plan)?;
    peers::measure(console, setup, plan)?;
    write(setup)
}

/// Writes `docs/benchmarks.md` from what was measured.
fn write(setup: &Setup) -> Result<()> {
    let mut node = setup.tool("node");
    node.arg(paths::root().join("bench/peers/tables.mjs"));
    node.arg(out()).stderr(Stdio::inherit());
    let output = node.output().context("node")?;
    ensure!(
        output.status.success(),
        "bench/peers/tables.mjs: {}",
        output.status
    );
    let mut text = format!(
        "# Benchmarks\n\nMade by `cargo xtask bench`. All programs run on the same machine in the same minutes, in turn; compare within a \
         table only. Where time goes, and what the limits are, is in [performance.md](performance.md).\n\n{} ",
        machine()?
    );
    text += std::str::from_utf8(&output.stdout)?;
    fs::write(paths::root().join("docs/benchmarks.md"), text).context("docs/benchmarks.md")
}

/// What benchmarks make and find.
fn out() -> PathBuf {
    paths::root().join("target/bench/peers")
}

fn results() -> PathBuf {
    out().join("results")
}

/// The machine and the day.
pub fn machine() -> Result<String> {
    let days = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() / 86_400;
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("an unknown processor", |line| {
        line.trim_start_matches(['\t', ':', ' '])
    });
    let cores = std::thread::available_parallelism()?;
    Ok(format!("{model}, {cores} cores, {}.", date(days)))
}

/// A day as `2026-11-28`; days since 1970 in the proleptic Gregorian calendar.
fn date(days: u64) -> String {
    // Years begin in March here, so that the leap day is the last of its year.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (month, day) = (month, day - (153 * month + 2) / 5 + 1);
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + carry)
}

#[cfg(test)]
mod tests {
    #[test]
    fn days_are_dates() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_785, "2026-11-28"),
        ] {
            assert_eq!(super::date(days), expected);
        }
    }
}

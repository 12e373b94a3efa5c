//! Benchmarks beside others' programs, in the real runtimes; what they find is written to `docs/benchmarks.md`.
//!
//! Time is compared within one run only, as ratios, and never fails anything.

use std::fmt::Write as _;
use std::fs;
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::console::Console;
use crate::setup::{Setup, host_cargo};
use crate::{build, npm, paths};

/// Runs all benchmarks, prints their tables and writes the document.
///
/// # Errors
/// When something does not build or run.
pub fn run(console: Console, setup: &Setup) -> Result<()> {
    let found = documents(console, setup)?;
    let mut text = String::from(
        "# Benchmarks\n\nMade by `cargo xtask bench`. Other programs run on the same machine in the same minutes, in turn with ours; \
         compare within a table only.\n\n",
    );
    writeln!(text, "{}\n", machine()?)?;
    text += &found;
    print!("{found}");
    fs::write(paths::root().join("docs/benchmarks.md"), text).context("docs/benchmarks.md")
}

/// How long it takes until a LaunchDarkly document can be evaluated, in workerd.
fn documents(console: Console, setup: &Setup) -> Result<String> {
    let folder = paths::root().join("bench/documents");
    npm::ensure(console, &folder)?;
    build::imports(console, setup)?;
    let out = paths::root().join("target/bench/documents");
    fs::create_dir_all(&out)?;
    let frame = out.join("frame.snapshot");
    let mut compile = host_cargo();
    compile.args([
        "run",
        "--quiet",
        "--package",
        "flagstone-cli",
        "--",
        "compile",
    ]);
    compile.arg(folder.join("frame.toml")).arg("-o").arg(&frame);
    console.run("compile the frame", &mut compile)?;

    eprintln!("measuring in workerd: 20 starts of it, about a minute");
    let mut node = setup.tool("node");
    node.arg(folder.join("bench.mjs")).arg(&out);
    node.arg(paths::wasm_target().join("import-launchdarkly.wasm"));
    node.arg(&frame).stderr(Stdio::inherit());
    let output = node.output().context("node")?;
    ensure!(
        output.status.success(),
        "bench/documents/bench.mjs: {}",
        output.status
    );
    let found: Value = serde_json::from_slice(&output.stdout)?;

    let versions = found.get("versions").and_then(Value::as_object);
    let versions: Vec<String> = versions
        .into_iter()
        .flatten()
        .map(|(name, version)| format!("{name} {}", version.as_str().unwrap_or("unknown")))
        .collect();
    let mut table = format!(
        "## A LaunchDarkly document, until it can be evaluated\n\nIn workerd, milliseconds of CPU: ours compiles the bytes to a \
         snapshot, LaunchDarkly's edge SDK parses them and prepares its own form. \"First\" is the first time in a fresh \
         isolate, \"warm\" the mean of several after it; the least of five rounds. That is the CPU of the thread that runs the \
         Worker, which is what a platform counts; in brackets that of all threads, which also compile the code that runs and \
         collect garbage. With {}.\n\n\
         | flags | document | ours, first | ours, warm | LaunchDarkly, first | LaunchDarkly, warm | ratio, warm |\n\
         |--:|--:|--:|--:|--:|--:|--:|\n",
        versions.join(", "),
    );
    let results = found.get("results").and_then(Value::as_array);
    for row in results.into_iter().flatten() {
        let number = |path: &str| {
            row.pointer(path)
                .and_then(Value::as_f64)
                .unwrap_or(f64::NAN)
        };
        let own = |which: &str| number(&format!("/{which}/own"));
        let time = |which: &str| {
            format!(
                "{:.1} ({:.1})",
                own(which),
                number(&format!("/{which}/all"))
            )
        };
        writeln!(
            table,
            "| {} | {:.0} KB | {} | {} | {} | {} | {:.2} |",
            number("/flags"),
            number("/bytes") / 1000.0,
            time("flagstone/first"),
            time("flagstone/warm"),
            time("launchdarkly/first"),
            time("launchdarkly/warm"),
            own("flagstone/warm") / own("launchdarkly/warm"),
        )?;
    }
    Ok(table)
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

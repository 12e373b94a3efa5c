//! Simulated rollouts: the statistics of `flagstone-rollout`, as they are shipped, against their targets, and beside the
//! rules of other tools.
//!
//! `cargo run --release -p flagstone-simulate` makes few runs of each, in seconds; `-- --full` all of them, in minutes;
//! `-- --full --write` also docs/rollout-statistics.md. Names of targets, as T9, choose some. Seeds are fixed: equal
//! arguments give equal numbers.

#![expect(clippy::expect_used, reason = "shares and ladders here are constants")]

mod evidence;
mod node;
mod others;
mod plot;
mod random;
mod rollout;
mod table;
mod world;

use anyhow::{Context, Result, bail};
use others::Comparison;
use std::env;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use table::Row;

/// Simulates so many runs.
type Simulation = fn(usize) -> Vec<Row>;

/// The targets, in how many runs they are judged, in how many quickly, and what simulates them.
const SIMULATIONS: [(&str, usize, usize, Simulation); 16] = [
    ("T1", 2_000, 10, node::healthy),
    ("T2", 1, 1, |_| node::hard_down()),
    ("T3", 2_000, 1, node::shared_incidents),
    ("T4", 2_000, 8, node::unlucky_visitors),
    ("T5", 2_000, 1, node::cold_cache),
    ("T6", 4_000, 40, node::harm),
    ("T7 T12 T13", 20_000, 4, rollout::healthy),
    ("T8", 5_000, 1, evidence::long_healthy),
    ("T9 T10", 2_000, 8, evidence::harm),
    ("T11", 2_000, 2, evidence::drift),
    ("T14", 2_000, 4, rollout::harm),
    ("T15", 2_000, 10, rollout::forecast),
    ("T16", 2_000, 1, evidence::healthy_latency),
    ("T17", 2_000, 10, evidence::slow),
    ("T18", 2_000, 4, evidence::lost_goal),
    ("T19", 4_000, 8, evidence::sample_ratio),
];

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (options, targets): (Vec<&str>, Vec<&str>) = arguments
        .iter()
        .map(String::as_str)
        .partition(|argument| argument.starts_with("--"));
    if let Some(unknown) = options
        .iter()
        .find(|option| !["--full", "--write"].contains(option))
    {
        bail!("no such option: `{unknown}`; there are --full and --write");
    }
    let (full, write) = (options.contains(&"--full"), options.contains(&"--write"));
    let found = simulate(!full, &targets);
    print!("{}", table::markdown(&found.rows));
    if let Some(comparison) = &found.comparison {
        print!("\n{}", comparison.markdown());
    }
    if let (true, Some(comparison)) = (write, &found.comparison) {
        found.write(comparison)?;
    }
    let outside: Vec<&Row> = found.rows.iter().filter(|row| !row.holds(!full)).collect();
    for row in &outside {
        eprintln!("outside: {}", row.markdown());
    }
    Ok(ExitCode::from(u8::from(!outside.is_empty())))
}

/// What was found.
struct Found {
    rows: Vec<Row>,
    comparison: Option<Comparison>,
}

/// Simulates the named targets, or all.
fn simulate(quick: bool, targets: &[&str]) -> Found {
    let is_wanted =
        |names: &str| targets.is_empty() || names.split(' ').any(|name| targets.contains(&name));
    let mut rows = Vec::new();
    for (names, many, few, simulation) in SIMULATIONS {
        if is_wanted(names) {
            let begin = Instant::now();
            rows.extend(simulation(if quick { few } else { many }));
            eprintln!("{names}: {:.1} s", begin.elapsed().as_secs_f64());
        }
    }
    if is_wanted("T20") {
        rows.extend(node::fleet(if quick { 1 } else { 20 }));
    }
    let comparison = is_wanted("T22").then(|| Comparison::new(if quick { 40 } else { 4_000 }));
    rows.extend(comparison.iter().flat_map(Comparison::rows));
    Found { rows, comparison }
}

impl Found {
    /// Writes the page, and its plots into a folder beside it.
    fn write(&self, comparison: &Comparison) -> Result<()> {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        let machine =
            env::var("FLAGSTONE_MACHINE").unwrap_or_else(|_| "An unknown machine.".into());
        let page = include_str!("../page.md")
            .replace("{machine}", &machine)
            .replace("{targets}\n", &table::markdown(&self.rows))
            .replace("{methods}\n", &comparison.markdown());
        fs::write(docs.join("rollout-statistics.md"), page)
            .context("docs/rollout-statistics.md")?;
        let folder = docs.join("rollout-statistics");
        fs::create_dir_all(&folder).context("docs/rollout-statistics")?;
        for (scenario, name, title) in [
            (0, "healthy.svg", "Healthy canaries that are stopped"),
            (
                1,
                "incidents.svg",
                "Healthy canaries that are stopped; both variants fail at times",
            ),
        ] {
            let axes = ["minutes", "stopped, per cent"];
            let plot = plot::lines(title, axes, &comparison.false_alarms(scenario));
            fs::write(folder.join(name), plot).context(name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    /// A few runs of each, which find gross mistakes; `--full` has the numbers.
    #[test]
    fn what_must_hold_may() {
        for row in super::simulate(true, &[]).rows {
            assert!(row.holds(true), "{}", row.markdown());
        }
    }
}

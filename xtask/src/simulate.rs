//! Simulated rollouts: `bench/simulate` does the work.

use anyhow::Result;

use crate::bench::machine;
use crate::console::Console;
use crate::setup::host_cargo;

/// Simulates, and prints what was found; all of it in full is written to `docs/rollout-statistics.md`.
///
/// # Errors
/// When something does not build, or a figure is outside of its bounds.
pub fn run(console: Console, arguments: &[&str]) -> Result<()> {
    let mut cargo = host_cargo();
    cargo.args(["run", "--quiet", "--release"]);
    cargo.args(["--package", "flagstone-simulate", "--"]);
    cargo.args(arguments);
    if arguments == ["--full"] {
        cargo.arg("--write").env("FLAGSTONE_MACHINE", machine()?);
    }
    console.show("simulate", &mut cargo)
}

//! Instruction counts against their budgets: `bench/instructions` does the work, under valgrind.

use anyhow::Result;

use crate::console::Console;
use crate::debian;
use crate::setup::host_cargo;

/// Counts and compares. Without valgrind nothing is checked, but in CI, where it is installed first.
///
/// # Errors
/// When a count is above its budget, or in CI valgrind cannot be installed.
pub fn check(console: Console) -> Result<()> {
    debian::ensure(console, "valgrind", "valgrind")?;
    let mut cargo = host_cargo();
    cargo.args(["run", "--quiet", "--release"]);
    cargo.args(["--package", "flagstone-instructions"]);
    console.show("instructions", &mut cargo)
}

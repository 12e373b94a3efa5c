//! Instruction counts against their budgets: `bench/instructions` does the work, under valgrind.

use std::env;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::console::Console;
use crate::setup::host_cargo;

/// Counts and compares. Without valgrind nothing is checked, but in CI, where it is installed first.
///
/// # Errors
/// When a count is above its budget, or in CI valgrind cannot be installed.
pub fn check(console: Console) -> Result<()> {
    let is_ci = env::var_os("CI").is_some_and(|value| !value.is_empty());
    if is_ci && !has_valgrind() {
        let mut install = Command::new("apt-get");
        install.args(["install", "--yes", "--no-install-recommends", "valgrind"]);
        console.run("install valgrind", &mut install)?;
    }
    let mut cargo = host_cargo();
    cargo.args(["run", "--quiet", "--release"]);
    cargo.args(["--package", "flagstone-instructions"]);
    console.show("instructions", &mut cargo)
}

fn has_valgrind() -> bool {
    let mut valgrind = Command::new("valgrind");
    valgrind.arg("--version").stdout(Stdio::null());
    valgrind.status().is_ok_and(|status| status.success())
}

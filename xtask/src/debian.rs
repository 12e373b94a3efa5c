//! Packages that CI's machine gets, and that other machines have or go without.

use std::env;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::console::Console;

/// Installs a package in CI, unless its program runs already.
///
/// # Errors
/// When it cannot be installed.
pub fn ensure(console: Console, package: &str, program: &str) -> Result<()> {
    let is_ci = env::var_os("CI").is_some_and(|value| !value.is_empty());
    if is_ci && !runs(program) {
        let mut install = Command::new("apt-get");
        install.args(["install", "--yes", "--no-install-recommends", package]);
        console.run(&format!("install {package}"), &mut install)?;
    }
    Ok(())
}

fn runs(program: &str) -> bool {
    let mut program = Command::new(program);
    program.arg("--version").stdout(Stdio::null());
    program.status().is_ok_and(|status| status.success())
}

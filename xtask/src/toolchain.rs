//! A Rust compiler with the two wasm targets.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::console::Console;
use crate::paths;

/// Makes sure that some toolchain has both targets, and names it.
///
/// `None` where there is no rustup and plain `cargo` is right. The work is done by `xtask/setup-wasm-targets`,
/// which also copes with machines that cannot reach rustup's server.
///
/// # Errors
/// When the targets are missing and cannot be installed.
pub fn ensure(console: Console) -> Result<Option<String>> {
    console.step("wasm targets", || {
        let output = Command::new(paths::root().join("xtask/setup-wasm-targets"))
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("xtask/setup-wasm-targets needs bash")?;
        ensure!(output.status.success(), "the wasm targets are missing");
        let name = String::from_utf8(output.stdout)?;
        Ok(Some(name.trim().to_owned()).filter(|name| !name.is_empty()))
    })
}

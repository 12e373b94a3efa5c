//! What every build needs: the wasm targets, the tools, the npm packages.

use std::env;
use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context, Result};

use crate::console::Console;
use crate::paths;
use crate::{npm, toolchain, tools};

/// A machine that is ready to build and run everything.
pub struct Setup {
    toolchain: Option<String>,
    path: OsString,
}

/// Fetches what is missing. A second run only looks.
///
/// # Errors
/// When something can neither be found nor fetched.
pub fn run(console: Console) -> Result<Setup> {
    let toolchain = toolchain::ensure(console)?;
    // Before the tools, which take minutes: whoever has no Node hears of it at once.
    let packages = npm::ensure(console, paths::root())?;
    let mut folders = tools::ensure(console)?;
    folders.push(packages);
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let path = env::join_paths(folders).context("a folder's name cannot be part of PATH")?;
    Ok(Setup { toolchain, path })
}

impl Setup {
    /// A command that finds our tools first, in the repository's root.
    pub fn tool(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(paths::root()).env("PATH", &self.path);
        command
    }

    /// The same for a program that builds wasm with cargo.
    pub fn wasm_builder(&self, program: &str) -> Command {
        let mut command = self.tool(program);
        command.env("CARGO_TARGET_DIR", paths::wasm_target());
        if let Some(toolchain) = &self.toolchain {
            command.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        command
    }
}

/// `cargo` for this machine itself, in the repository's root.
pub fn host_cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(paths::root());
    command
}

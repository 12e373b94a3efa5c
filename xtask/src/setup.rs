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
        let mut command = at_root(program);
        command.env("PATH", &self.path);
        command
    }

    /// The same for a program that builds wasm with cargo.
    pub fn wasm_builder(&self, program: &str) -> Command {
        let mut command = self.tool(program);
        command.env("CARGO_TARGET_DIR", paths::wasm_target());
        // Cargo would take it in place of what `.cargo/config.toml` and builds say.
        command.env_remove("RUSTFLAGS");
        // What cargo itself is built with: libraries for other languages have the hash of their features in their name, as
        // others do. Otherwise each form of a package overwrites the one before, and all are linked anew each time.
        command.env("__CARGO_DEFAULT_LIB_METADATA", "flagstone");
        if let Some(toolchain) = &self.toolchain {
            command.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        command
    }
}

/// `cargo` for this machine itself, in the repository's root.
pub fn host_cargo() -> Command {
    at_root("cargo")
}

/// A command in the repository's root, which is not told what cargo told this program of its own package: the build script of
/// a dependency looks at that, so all above it would be compiled anew after whoever was told something else, or nothing.
fn at_root(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(paths::root());
    for (name, _) in env::vars_os() {
        let of_package = ["CARGO_MANIFEST_", "CARGO_PKG_"];
        let text = name.to_string_lossy();
        if of_package.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
}

//! Programs that `cargo install` brings, at exact versions, in a folder that outlives the clone.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::console::Console;
use crate::paths;

struct Tool {
    package: &'static str,
    version: &'static str,
    program: &'static str,
    /// Whether the dependencies are those of the package's own lock file. wasm-bindgen-cli's names some that
    /// not every registry mirror has yet.
    locked: bool,
}

const TOOLS: [Tool; 2] = [
    // For other programs that we measure beside; must equal the version in bench/peers/crates/Cargo.toml.
    Tool {
        package: "wasm-bindgen-cli",
        version: "0.2.130",
        program: "wasm-bindgen",
        locked: false,
    },
    Tool {
        package: "viceroy",
        version: "0.22.0",
        program: "viceroy",
        locked: true,
    },
];

/// Installs the tools that are missing; gives the folders to put on PATH.
///
/// # Errors
/// When a tool cannot be installed.
pub fn ensure(console: Console) -> Result<Vec<PathBuf>> {
    let cache = paths::cache()?;
    TOOLS
        .iter()
        .map(|tool| tool.ensure(console, &cache))
        .collect()
}

impl Tool {
    fn ensure(&self, console: Console, cache: &Path) -> Result<PathBuf> {
        let Self {
            package,
            version,
            program,
            ..
        } = self;
        let folder = cache.join(format!("tools/{package}-{version}"));
        let bin = folder.join("bin");
        let installed = bin
            .join(program)
            .with_extension(std::env::consts::EXE_EXTENSION);
        if installed.is_file() {
            return Ok(bin);
        }
        // Two clones on one machine may want the same tool at the same time.
        fs::create_dir_all(&folder)?;
        let lock = File::create(folder.join(".lock"))?;
        if lock.try_lock().is_err() {
            eprintln!("another run installs {package} {version}: waiting for it");
            lock.lock()?;
        }
        if !installed.is_file() {
            let what = format!("install {package} {version} (once, some minutes)");
            console
                .show(&what, &mut self.install(cache, &folder))
                .with_context(|| {
                    format!(
                        "or put {package} {version} into {} yourself",
                        folder.display()
                    )
                })?;
        }
        ensure!(
            installed.is_file(),
            "{package} {version} has no {}",
            installed.display()
        );
        Ok(bin)
    }

    fn install(&self, cache: &Path, folder: &Path) -> Command {
        let mut command = Command::new("cargo");
        command
            .args(["install", self.package, "--version", self.version, "--root"])
            .arg(folder);
        if self.locked {
            command.arg("--locked");
        }
        // A quarter of the usual time to build; these tools are not what we measure.
        command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        command.env("CARGO_PROFILE_RELEASE_LTO", "off");
        command.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        command.env("CARGO_TARGET_DIR", cache.join("build"));
        command
    }
}

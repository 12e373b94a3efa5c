//! The npm packages that the root's package.json names: the Workers runtime, wasm-opt, the platforms' own tools.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::console::Console;
use crate::paths;

/// Installs the packages when package.json has changed since; gives the folder to put on PATH.
///
/// There is no lock file: npm writes only this platform's optional packages into one and then refuses it
/// elsewhere. Versions in package.json are exact instead. No package's install script is run.
///
/// # Errors
/// When Node or npm is missing, or a package cannot be fetched.
pub fn ensure(console: Console) -> Result<PathBuf> {
    let root = paths::root();
    let modules = root.join("node_modules");
    let stamp = modules.join(".package.json");
    let wanted = fs::read(root.join("package.json")).context("package.json")?;
    let current = || fs::read(&stamp).is_ok_and(|installed| installed == wanted);
    if !current() {
        fs::create_dir_all(&modules)?;
        fs::create_dir_all(root.join("target"))?;
        let lock = File::create(root.join("target/npm.lock"))?;
        lock.lock()?;
        if !current() {
            let mut install = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
            install.current_dir(root).args([
                "install",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--no-package-lock",
            ]);
            console
                .run("install npm packages", &mut install)
                .context("npm comes with Node, from nodejs.org")?;
            fs::write(&stamp, &wanted)?;
        }
    }
    Ok(modules.join(".bin"))
}

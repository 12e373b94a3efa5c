//! npm packages: those of the root's package.json (the Workers runtime, wasm-opt, the platforms' own tools), and those
//! of folders with one of their own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::console::Console;
use crate::paths;

/// Installs the packages that `folder`'s package.json names, when it has changed since; gives the folder to put on PATH.
///
/// There is no lock file: npm writes only this platform's optional packages into one and then refuses it
/// elsewhere. Versions in package.json are exact instead. No package's install script is run.
///
/// # Errors
/// When Node or npm is missing, or a package cannot be fetched.
pub fn ensure(console: Console, folder: &Path) -> Result<PathBuf> {
    let root = paths::root();
    let modules = folder.join("node_modules");
    let stamp = modules.join(".package.json");
    let wanted = fs::read(folder.join("package.json")).context("package.json")?;
    let current = || fs::read(&stamp).is_ok_and(|installed| installed == wanted);
    if !current() {
        fs::create_dir_all(&modules)?;
        fs::create_dir_all(root.join("target"))?;
        let lock = File::create(root.join("target/npm.lock"))?;
        lock.lock()?;
        if !current() {
            let mut install = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
            install.current_dir(folder).args([
                "install",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--no-package-lock",
            ]);
            let place = folder.strip_prefix(root).unwrap_or(folder).display();
            let place = place.to_string();
            let what = match place.as_str() {
                "" => "install npm packages".to_owned(),
                place => format!("install npm packages of {place}"),
            };
            console
                .run(&what, &mut install)
                .context("npm comes with Node, from nodejs.org")?;
            fs::write(&stamp, &wanted)?;
        }
    }
    Ok(modules.join(".bin"))
}

//! Packages that tests need beside the npm packages and cargo's tools: a container gets them, CI's among them; people's machines
//! have them or go without.

use std::env;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::Result;

use crate::console::Console;

/// Debian's tools refuse to work beside each other.
static INSTALLING: Mutex<()> = Mutex::new(());

/// Installs a package, unless its program runs already, where that can be done without asking: as root, with Debian's tools.
/// Elsewhere the tests that need it say so.
///
/// # Errors
/// When it cannot be installed in CI.
pub fn ensure(console: Console, package: &str, program: &str) -> Result<()> {
    if says(program, &["--version"]).is_some() {
        return Ok(());
    }
    let is_root = says("id", &["-u"]).is_some_and(|user| user.trim() == "0");
    let is_debian = says("apt-get", &["--version"]).is_some();
    if !is_root || !is_debian {
        return Ok(());
    }
    let _alone = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let apt_get = |arguments: &[&str]| {
        let mut apt_get = Command::new("apt-get");
        apt_get.env("DEBIAN_FRONTEND", "noninteractive");
        apt_get.args(arguments);
        apt_get
    };
    let installed = console
        .run("look for packages", &mut apt_get(&["update"]))
        .and_then(|()| {
            let install = ["install", "--yes", "--no-install-recommends", package];
            console.run(&format!("install {package}"), &mut apt_get(&install))
        });
    let is_ci = env::var_os("CI").is_some_and(|value| !value.is_empty());
    match installed {
        Err(error) if !is_ci => {
            eprintln!("{package} could not be installed: {error}");
            Ok(())
        }
        installed => installed,
    }
}

/// What a program prints; `None` if it is not there or fails.
fn says(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    let output = command
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let is_done = output.status.success();
    is_done.then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

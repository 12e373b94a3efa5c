//! The command line, as its users have it.

use std::env;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::hosts::scratch::root;

/// The program `flagstone`, which is built first.
///
/// # Errors
/// When it cannot be built.
pub fn flagstone() -> io::Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // As `cargo xtask test` builds it, so that nothing is compiled anew: for no package, and without what cargo told this
    // program of its own, since the build script of a dependency looks at that.
    build.current_dir(root());
    for (name, _) in env::vars_os() {
        let of_package = ["CARGO_MANIFEST_", "CARGO_PKG_"];
        let text = name.to_string_lossy();
        if of_package.iter().any(|prefix| text.starts_with(prefix)) {
            build.env_remove(name);
        }
    }
    build.args(["build", "--quiet", "--bin", "flagstone"]);
    let built = build.status()?;
    if !built.success() {
        return Err(io::Error::other("flagstone-cli cannot be built"));
    }
    // Tests lie in `deps`, beside which programs are.
    let test = env::current_exe()?;
    let folder = test.parent().and_then(|deps| deps.parent());
    let folder = folder.ok_or_else(|| io::Error::other("no folder of programs"))?;
    Ok(folder.join(format!("flagstone{}", env::consts::EXE_SUFFIX)))
}

//! The command line, as its users have it.

use std::env;
use std::io;
use std::path::PathBuf;
use std::process::Command;

/// The program `flagstone`, which is built first.
///
/// # Errors
/// When it cannot be built.
pub fn flagstone() -> io::Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    let built = build
        .args(["build", "--quiet", "--package", "flagstone-cli"])
        .status()?;
    if !built.success() {
        return Err(io::Error::other("flagstone-cli cannot be built"));
    }
    // Tests lie in `deps`, beside which programs are.
    let test = env::current_exe()?;
    let folder = test.parent().and_then(|deps| deps.parent());
    let folder = folder.ok_or_else(|| io::Error::other("no folder of programs"))?;
    Ok(folder.join(format!("flagstone{}", env::consts::EXE_SUFFIX)))
}

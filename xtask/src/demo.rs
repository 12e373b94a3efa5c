//! The demonstrations: `tests/examples/demo.rs` and `rollout.rs` on a service that was just built.

use std::process::Command;

use anyhow::{Result, bail};

use crate::build;
use crate::console::Console;
use crate::setup::Setup;

/// Looks at a demonstration's options, before anything is built for it.
///
/// # Errors
/// When there is no such option.
pub fn check(arguments: &[&str]) -> Result<()> {
    if arguments.contains(&"--rollout") {
        return options(arguments, &["--rollout", "--check"]);
    }
    options(arguments, &["--fastly", "--check", "--port"])
}

/// Looks whether all arguments are among `known` options, and whether a port is one.
///
/// # Errors
/// When they are not.
pub fn options(arguments: &[&str], known: &[&str]) -> Result<()> {
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if !known.contains(argument) {
            bail!(
                "`{argument}` is no option here; there are {}",
                known.join(", ")
            );
        }
        if *argument == "--port" {
            let port = arguments.next();
            if port.is_none_or(|port| port.parse::<u16>().is_err()) {
                bail!("--port takes a number up to 65535");
            }
        }
    }
    Ok(())
}

/// Builds one of the services and the demo, and becomes the demo, so that Ctrl-C reaches just that.
///
/// # Errors
/// When something does not build or cannot be started.
pub fn run(console: Console, setup: &Setup, arguments: &[&str]) -> Result<()> {
    if arguments.contains(&"--fastly") {
        build::fastly(console, setup, None)?;
    } else {
        build::worker(console, setup, None)?;
    }
    let mut example = "demo";
    if arguments.contains(&"--rollout") {
        example = "rollout";
        build::command_line(console, "dev")?;
    }
    let demo = ["--example", example];
    let mut cargo = setup.tool("cargo");
    console.run("build the demo", cargo.arg("build").args(demo))?;
    let mut cargo = setup.tool("cargo");
    cargo.args(["run", "--quiet"]).args(demo);
    cargo.arg("--").args(arguments);
    become_it(console, &mut cargo)
}

/// `cargo run` becomes the program in its turn.
#[cfg(unix)]
pub fn become_it(_: Console, command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(command.exec().into())
}

#[cfg(not(unix))]
pub fn become_it(console: Console, command: &mut Command) -> Result<()> {
    console.show("run", command)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn options_are_looked_at_before_anything_is_built() {
        for right in [
            &["--fastly", "--port", "8080"][..],
            &["--check"],
            &["--rollout", "--check"],
        ] {
            assert!(check(right).is_ok(), "{right:?}");
        }
        for wrong in [
            &["--fasly"][..],
            &["fastly"],
            &["--port"],
            &["--port", "--check"],
            &["--port", "65536"],
            &["--rollout", "--fastly"],
        ] {
            assert!(check(wrong).is_err(), "{wrong:?}");
        }
    }
}

//! The demonstrations: `tests/examples/demo.rs` and `rollout.rs` on a service that was just built.

use std::process::Command;

use anyhow::Result;

use crate::build;
use crate::console::Console;
use crate::setup::Setup;

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
        let mut cargo = setup.tool("cargo");
        cargo.args(["build", "--package", "flagstone-cli"]);
        console.run("build the command line", &mut cargo)?;
    }
    let demo = ["--package", "flagstone-tests", "--example", example];
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

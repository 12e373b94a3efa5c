//! What must hold before a change is merged.

use std::env;
use std::process::Command;

use anyhow::Result;

use crate::console::Console;
use crate::setup::{self, host_cargo};
use crate::{dependencies, instructions, panics, sizes, test};

/// The cheap checks first. Warnings are errors here, and only here.
///
/// # Errors
/// With the first check that fails.
pub fn run(console: Console) -> Result<()> {
    console.run("format", &mut cargo(&["fmt", "--all", "--check"]))?;
    dependencies::check(console)?;
    // The shells compile for the host too, so that one run sees everything.
    console.run(
        "lints",
        &mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "--deny",
            "warnings",
        ]),
    )?;
    let mut doc = cargo(&[
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ]);
    console.run("docs", doc.env("RUSTDOCFLAGS", "--deny warnings"))?;
    let setup = setup::run(console)?;
    sizes::check(console, &setup)?;
    panics::check(console, &setup)?;
    // Counts of instructions are the same beside others' work, and many tests and the demos wait for most of their time.
    console.together(
        |console| test::run(console, &setup),
        |console| {
            instructions::check(console)?;
            demos(console)
        },
    )
}

/// Each demo as one runs it, with a check of what it shows.
fn demos(console: Console) -> Result<()> {
    for runtime in [
        ["demo", "--check"].as_slice(),
        &["demo", "--check", "--fastly"],
        &["demo", "--check", "--rollout"],
    ] {
        // A process of its own, which becomes the demo.
        let mut demo = Command::new(env::current_exe()?);
        console.run(&runtime.join(" "), demo.args(runtime))?;
    }
    Ok(())
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = host_cargo();
    command.args(arguments);
    command
}

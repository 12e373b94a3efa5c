//! The examples: built, run behind an edge, and tested in Chromium behind both.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::console::Console;
use crate::demo::{self, become_it};
use crate::setup::Setup;
use crate::{build, client, npm, paths};

const EXAMPLES: [&str; 2] = ["plain", "react"];

/// Looks at an example's name and options, before anything is built for it.
///
/// # Errors
/// When there is no such example, or option.
pub fn check(name: &str, arguments: &[&str]) -> Result<()> {
    if !EXAMPLES.contains(&name) {
        bail!(
            "no such example: `{name}`; there are {}",
            EXAMPLES.join(", ")
        );
    }
    demo::options(arguments, &["--fastly", "--port"])
}

/// Builds an example and the service, and becomes the example, so that Ctrl-C reaches just that.
///
/// # Errors
/// When something does not build or cannot be started.
pub fn run(console: Console, setup: &Setup, name: &str, arguments: &[&str]) -> Result<()> {
    if arguments.contains(&"--fastly") {
        build::fastly(console, setup, None)?;
    } else {
        build::worker(console, setup, None)?;
    }
    bundle(console, setup)?;
    become_it(console, node(setup, "run.mjs").arg(name).args(arguments))
}

/// Tests the examples, and what only a browser can say of the edge, in Chromium behind both edges, which must be built, and
/// the guard's health page.
///
/// # Errors
/// When something does not build, or a test fails.
pub fn test(console: Console, setup: &Setup) -> Result<()> {
    bundle(console, setup)?;
    // Profiles and pictures of the run before.
    let left = paths::root().join("target/browser");
    if left.exists() {
        fs::remove_dir_all(left)?;
    }
    let mut tests = node(setup, "--test");
    tests.arg("--test-reporter=spec");
    let files = ["browser", "stream", "ofrep", "health"];
    tests.args(files.map(|name| format!("test/{name}.test.mjs")));
    console.show("examples: tests in Chromium", &mut tests)
}

/// Takes the pictures that the documentation has of the examples.
///
/// # Errors
/// When something does not build, or there is no Chromium.
pub fn pictures(console: Console, setup: &Setup) -> Result<()> {
    build::worker(console, setup, None)?;
    bundle(console, setup)?;
    console.run("docs/images", &mut node(setup, "pictures.mjs"))
}

/// Builds what stands in front of the examples, the client, the types of their flags, and what their pages load.
fn bundle(console: Console, setup: &Setup) -> Result<()> {
    let mut edges = setup.tool("cargo");
    edges.args(["build", "--example", "edges"]);
    console.run("build the examples' edges", &mut edges)?;
    client::build(console)?;
    npm::ensure(console, &folder())?;
    fs::create_dir_all(folder().join("build"))?;
    let mut types = Command::new(build::command_line(console, "dev")?);
    types
        .current_dir(paths::root())
        .args(["types", "examples/shop/flagstone.toml"])
        .args(["--exposed", "browser", "--values", "--openfeature", "-o"])
        .arg(folder().join("build/flags.ts"));
    console.run("examples: types of the flags", &mut types)?;
    let mut tsc = node(setup, "node_modules/typescript/bin/tsc");
    console.run("examples: check types", tsc.args(["-p", "."]))?;
    console.run("examples: bundle", &mut node(setup, "build.mjs"))
}

fn folder() -> PathBuf {
    paths::root().join("examples")
}

/// Node with a program or an option, in the examples' folder.
fn node(setup: &Setup, program: &str) -> Command {
    let mut node = setup.tool("node");
    node.current_dir(folder()).arg(program);
    node
}

//! What a rollout costs a node in wasm: `bench/node-cost` does the work.

use std::process::Command;

use anyhow::Result;

use crate::build;
use crate::console::Console;
use crate::paths;
use crate::setup::Setup;

/// Builds it as the Worker is built, and times it in Node.
///
/// # Errors
/// When a step fails; no time is too long.
pub fn measure(console: Console, setup: &Setup) -> Result<()> {
    console.run(
        "build a node",
        &mut build::bare(setup, "flagstone-node-cost"),
    )?;
    let mut node = Command::new("node");
    node.arg("bench/node-cost/measure.mjs")
        .arg(build::bare_wasm("flagstone_node_cost"))
        .current_dir(paths::root());
    console.show("what a rollout costs a node", &mut node)
}

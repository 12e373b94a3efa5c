//! The snapshot of the benchmarks' workload, to be weighed.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::console::Console;
use crate::{build, paths};

/// Flags of the workload.
const FLAGS: &str = "1000";

/// Writes the workload as `flagstone.toml` and compiles it, into `target/bench/workload`.
///
/// # Errors
/// When Node is missing, or it does not compile.
pub fn build(console: Console) -> Result<()> {
    let mut node = Command::new("node");
    node.arg(paths::root().join("bench/peers/workload/write.mjs"));
    node.arg(folder()).arg(FLAGS);
    console.run("write the workload", &mut node)?;
    let files = folder().join(format!("F{FLAGS}"));
    let mut compile = Command::new(build::command_line(console, "dev")?);
    compile.arg("compile").arg(files.join("flagstone.toml"));
    compile.arg("-o").arg(files.join("flagstone.snapshot"));
    console.run("compile the workload", &mut compile)
}

fn folder() -> PathBuf {
    paths::root().join("target/bench/workload")
}

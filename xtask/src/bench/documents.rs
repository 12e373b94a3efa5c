//! How long it takes until a LaunchDarkly document can be evaluated, in workerd.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::{Plan, results};
use crate::console::Console;
use crate::setup::Setup;
use crate::{build, npm, paths};

/// Measures, and leaves the results in `documents.json`.
pub fn measure(console: Console, setup: &Setup, plan: Plan) -> Result<()> {
    let folder = paths::root().join("bench/documents");
    npm::ensure(console, &folder)?;
    build::imports(console, setup)?;
    let out = paths::root().join("target/bench/documents");
    fs::create_dir_all(&out)?;
    let frames = ["frame", "five"].map(|name| (name, out.join(name).with_extension("snapshot")));
    let flagstone = build::command_line(console, "release")?;
    for (name, frame) in &frames {
        let mut compile = Command::new(&flagstone);
        compile.arg("compile");
        compile.arg(folder.join(name).with_extension("toml"));
        compile.arg("-o").arg(frame);
        console.run("compile the frame", &mut compile)?;
    }

    let mut node = setup.tool("node");
    node.arg(folder.join("bench.mjs")).arg(&out);
    node.arg(paths::wasm_target().join("import-launchdarkly.wasm"));
    node.args(frames.map(|(_, frame)| frame)).arg(plan.name());
    node.stderr(Stdio::inherit());
    let output = console.step("documents in workerd", || node.output().context("node"))?;
    ensure!(
        output.status.success(),
        "bench/documents/bench.mjs: {}",
        output.status
    );
    fs::write(results().join("documents.json"), output.stdout).context("documents.json")
}

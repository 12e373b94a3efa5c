//! The npm package around the core: built, type-checked, tested and weighed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::console::Console;
use crate::setup::Setup;
use crate::{build, npm, paths, sizes};

/// The other side of the border, which the package shares with the Worker.
const SHARED: [&str; 4] = ["instance.mjs", "wire.mjs", "headers.mjs", "page.mjs"];

/// Builds `js/wasm` into `dist`, and has its tests use it from there, as programs do: in Node, in Chromium and in the
/// Workers runtime.
///
/// # Errors
/// When something does not compile that should, or compiles that should not; when a test fails; when it is too big.
pub fn test(console: Console, setup: &Setup) -> Result<()> {
    let folder = package(console, setup)?;
    for project in ["test/types", "test/types/tsconfig.node.json"] {
        let what = format!("js/wasm: what compiles and what does not, {project}");
        type_check(console, &folder, project, &what)?;
    }
    let flagstone = snapshot(console, &folder)?;
    let mut tests = node(&folder, "--test");
    tests
        .arg("--test-reporter=spec")
        .env("FLAGSTONE_CLI", flagstone);
    for test in ["node", "environments", "readme"] {
        tests.arg(format!("test/{test}.test.mjs"));
    }
    console.show("js/wasm: tests", &mut tests)?;
    sizes::check_table("wasm")
}

/// Makes what is published, in `js/wasm/dist`; gives the package's folder.
///
/// # Errors
/// When something does not compile.
pub fn package(console: Console, setup: &Setup) -> Result<PathBuf> {
    let folder = paths::root().join("js/wasm");
    npm::ensure(console, &folder)?;
    let dist = folder.join("dist");
    if dist.exists() {
        fs::remove_dir_all(&dist)?;
    }
    fs::create_dir_all(&dist)?;
    for (what, features, wasm) in [
        ("js/wasm", "", "flagstone.wasm"),
        ("js/wasm, the full one", "full", "full.wasm"),
    ] {
        let features = ["--features", features].map(str::to_owned);
        // Optimized where it stays until something changes.
        let built = paths::wasm_target().join("js").join(wasm);
        build::optimized(console, setup, what, "flagstone-js", &features, &built)?;
        fs::copy(&built, dist.join(wasm))?;
    }
    for file in SHARED {
        fs::copy(paths::root().join("worker").join(file), dist.join(file))?;
    }
    for types in [
        "instance.d.mts",
        "wire.d.mts",
        "headers.d.mts",
        "flagstone.d.wasm.ts",
        "full.d.wasm.ts",
    ] {
        fs::copy(folder.join("src").join(types), dist.join(types))?;
    }
    type_check(console, &folder, "src", "build js/wasm")?;
    Ok(folder)
}

/// Has the command line write the example's snapshot, and gives the path of that program, whose answers are compared.
fn snapshot(console: Console, folder: &Path) -> Result<PathBuf> {
    let flagstone = build::command_line(console, "dev")?;
    let build = folder.join("build");
    fs::create_dir_all(&build).with_context(|| build.display().to_string())?;
    let mut compile = Command::new(&flagstone);
    compile.current_dir(paths::root());
    compile.args(["compile", "examples/shop/flagstone.toml", "-o"]);
    compile.arg(build.join("shop.snapshot"));
    console.run("flagstone compile examples/shop", &mut compile)?;
    Ok(flagstone)
}

/// Runs the TypeScript compiler over a project of the package's.
fn type_check(console: Console, folder: &Path, project: &str, what: &str) -> Result<()> {
    let mut tsc = node(folder, "node_modules/typescript/bin/tsc");
    console.run(what, tsc.args(["-p", project]))
}

/// Node with a program or an option, in the package's folder.
fn node(folder: &Path, program: &str) -> Command {
    let mut node = Command::new("node");
    node.current_dir(folder).arg(program);
    node
}

//! The TypeScript client: built, type-checked, tested and weighed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::console::Console;
use crate::{build, npm, paths, sizes};

/// Builds `js/client` into `dist`.
///
/// # Errors
/// When it does not compile.
pub fn build(console: Console) -> Result<()> {
    let folder = folder();
    npm::ensure(console, &folder)?;
    remove(&folder.join("dist"))?;
    type_check(console, &folder, "src", "build js/client")
}

/// Builds `js/client`, and has its tests use it from `dist`, as programs do.
///
/// # Errors
/// When something does not compile that should, or compiles that should not; when a test fails; when a bundle is too big.
pub fn test(console: Console) -> Result<()> {
    build(console)?;
    let folder = folder();
    remove(&folder.join("build"))?;
    types(console, &folder)?;
    let projects = [
        "tsconfig.json",
        "tsconfig.untyped.json",
        "tsconfig.openfeature.json",
    ];
    for project in projects.map(|name| format!("test/types/{name}")) {
        let what = format!("js/client: what compiles and what does not, {project}");
        type_check(console, &folder, &project, &what)?;
    }
    type_check(console, &folder, "test", "js/client: build its tests")?;
    let mut tests = node(&folder, "--test");
    tests.arg("--test-reporter=spec").args(test_files(&folder)?);
    console.show("js/client: tests", &mut tests)?;
    bundle(console, &folder)?;
    sizes::check_table("client")
}

fn folder() -> PathBuf {
    paths::root().join("js/client")
}

fn remove(built: &Path) -> Result<()> {
    if built.exists() {
        fs::remove_dir_all(built)?;
    }
    Ok(())
}

/// Runs the TypeScript compiler over a project of the client's.
fn type_check(console: Console, folder: &Path, project: &str, what: &str) -> Result<()> {
    let mut tsc = node(folder, "node_modules/typescript/bin/tsc");
    console.run(what, tsc.args(["-p", project]))
}

/// Has the command line write the types of the example's flags, which the client's programs are then checked with.
fn types(console: Console, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder.join("build"))?;
    let program = build::command_line(console, "dev")?;
    for (option, file) in [
        ("--values", "flags.ts"),
        ("--openfeature", "openfeature.d.ts"),
    ] {
        let mut flagstone = Command::new(&program);
        flagstone
            .current_dir(paths::root())
            .args(["types", "examples/shop/flagstone.toml", option, "-o"])
            .arg(folder.join("build").join(file));
        let what = format!("flagstone types examples/shop {option}");
        console.run(&what, &mut flagstone)?;
    }
    Ok(())
}

/// Node 20 takes folders and Node 22 takes patterns; both take files.
fn test_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder.join("build/test"))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.js") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Bundles what `bench/budgets.toml` has ceilings for, as a frontend's build does.
fn bundle(console: Console, folder: &Path) -> Result<()> {
    let mut esbuild = node(folder, "node_modules/esbuild/bin/esbuild");
    for entry in fs::read_dir(folder.join("test/sizes"))? {
        esbuild.arg(entry?.path());
    }
    esbuild.args([
        "--bundle",
        "--minify",
        "--format=esm",
        "--target=es2022",
        "--external:@openfeature/*",
        "--outdir=build/sizes",
    ]);
    console.run("js/client: bundle", &mut esbuild)
}

/// Node with a program or an option, in the client's folder.
fn node(folder: &Path, program: &str) -> Command {
    let mut node = Command::new("node");
    node.current_dir(folder).arg(program);
    node
}

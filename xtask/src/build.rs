//! The two wasm builds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::console::Console;
use crate::paths;
use crate::setup::Setup;

/// The shim's own files: what stands around `pkg/` in every form of the Worker.
const SHIM: [&str; 3] = ["shim.mjs", "guard.mjs", "headers.mjs"];

/// Builds the Worker and the Fastly service.
///
/// # Errors
/// When one of them does not build.
pub fn all(console: Console, setup: &Setup) -> Result<()> {
    worker(console, setup, None)?;
    fastly(console, setup, None)
}

/// Builds the Cloudflare Worker into `worker/pkg`, which `worker/shim.mjs` imports.
///
/// wasm-opt is a step of its own, because wasm-pack passes over a missing one without an error. It takes longer
/// than the rest, so it runs only when the wasm has changed.
///
/// `imports` names the services whose documents it compiles, with commas; those of the first users if it is `None`.
///
/// # Errors
/// When a step fails.
pub fn worker(console: Console, setup: &Setup, imports: Option<&str>) -> Result<()> {
    let built = paths::wasm_target().join("worker");
    wasm_pack(
        console,
        setup,
        "build the Worker",
        &built,
        &features(imports),
    )?;

    let pkg = paths::root().join("worker/pkg");
    let (source, target) = (built.join("index_bg.wasm"), pkg.join("index_bg.wasm"));
    let stamp = built.join("optimized_from.wasm");
    let current = target.is_file() && fs::read(&stamp).ok() == Some(fs::read(&source)?);
    if !current {
        fs::create_dir_all(&pkg)?;
        let mut wasm_opt = setup.tool("wasm-opt");
        wasm_opt.arg("-Os").arg(&source).arg("-o").arg(&target);
        console.run("optimize the Worker's wasm", &mut wasm_opt)?;
        fs::copy(&source, &stamp)?;
    }
    fs::copy(built.join("index.js"), pkg.join("index.js"))?;
    replace_folder(&built.join("snippets"), &pkg.join("snippets"))
}

/// Builds the Worker that compiles no service's documents, to be weighed, into `target/wasm/worker-alone`.
///
/// # Errors
/// When a step fails.
pub fn worker_alone(console: Console, setup: &Setup) -> Result<()> {
    let folder = paths::wasm_target().join("worker-alone");
    let what = "build the Worker without importers";
    wasm_pack(console, setup, what, &folder, &features(Some("none")))?;
    let wasm = folder.join("index_bg.wasm");
    let mut wasm_opt = setup.tool("wasm-opt");
    wasm_opt.arg("-Os").arg(&wasm).arg("-o").arg(&wasm);
    console.run("optimize its wasm", &mut wasm_opt)
}

/// Builds the Worker with the feature `faults` and its shim into `target/wasm/worker-faults`.
///
/// For tests only: on paths below `/.flagstone/faults/` the wasm breaks.
///
/// # Errors
/// When a step fails.
pub fn faulty_worker(console: Console, setup: &Setup) -> Result<()> {
    let folder = paths::wasm_target().join("worker-faults");
    wasm_pack(
        console,
        setup,
        "build the Worker with faults",
        &folder.join("pkg"),
        &["--no-default-features", "--features", "faults"],
    )?;
    for file in SHIM {
        fs::copy(paths::root().join("worker").join(file), folder.join(file))?;
    }
    Ok(())
}

/// Builds the Fastly service into `fastly/bin/main.wasm`, where the `fastly` program looks for it.
///
/// # Errors
/// When it does not build.
pub fn fastly(console: Console, setup: &Setup, imports: Option<&str>) -> Result<()> {
    let mut cargo = setup.wasm_builder("cargo");
    cargo.args([
        "build",
        "--package",
        "flagstone-fastly",
        "--profile",
        "wasm",
        "--target",
        "wasm32-wasip1",
    ]);
    cargo.args(features(imports));
    console.run("build the Fastly service", &mut cargo)?;
    let built = paths::wasm_target().join("wasm32-wasip1/wasm/flagstone-fastly.wasm");
    let bin = paths::root().join("fastly/bin");
    fs::create_dir_all(&bin)?;
    fs::copy(&built, bin.join("main.wasm")).with_context(|| built.display().to_string())?;
    Ok(())
}

/// Builds the core alone, to be weighed, into `target/wasm/core.wasm`.
///
/// # Errors
/// When a step fails.
pub fn core(console: Console, setup: &Setup) -> Result<()> {
    console.run("build the core", &mut bare(setup, "flagstone-core-size"))?;
    let built = bare_wasm("flagstone_core_size");
    let mut wasm_opt = setup.tool("wasm-opt");
    wasm_opt.args(["-Os", "--strip-debug", "--strip-producers"]);
    wasm_opt.arg(built).arg("-o");
    wasm_opt.arg(paths::wasm_target().join("core.wasm"));
    console.run("optimize the core", &mut wasm_opt)
}

/// The flag services whose documents can be compiled at the edge: features of both shells.
pub const SERVICES: [&str; 5] = ["launchdarkly", "split", "unleash", "flagd", "growthbook"];

/// Builds what compiles each service's documents, to be weighed, into `target/wasm/import-<service>.wasm`; what they share
/// into `import-none.wasm`.
///
/// # Errors
/// When a step fails.
pub fn imports(console: Console, setup: &Setup) -> Result<()> {
    for service in ["none"].into_iter().chain(SERVICES) {
        let mut cargo = bare(setup, "flagstone-import-size");
        if service != "none" {
            cargo.args(["--features", service]);
        }
        console.run(&format!("build the importer for {service}"), &mut cargo)?;
        let mut wasm_opt = setup.tool("wasm-opt");
        wasm_opt.args([
            "-Os",
            "--all-features",
            "--strip-debug",
            "--strip-producers",
        ]);
        wasm_opt.arg(bare_wasm("flagstone_import_size")).arg("-o");
        wasm_opt.arg(paths::wasm_target().join(format!("import-{service}.wasm")));
        console.run(
            &format!("optimize the importer for {service}"),
            &mut wasm_opt,
        )?;
    }
    Ok(())
}

/// A build of a package of ours without any platform, into [`bare_wasm`].
pub fn bare(setup: &Setup, package: &str) -> Command {
    let mut cargo = setup.wasm_builder("cargo");
    cargo.args(["build", "--package", package, "--profile", "wasm"]);
    cargo.args(["--target", "wasm32-unknown-unknown"]);
    cargo
}

/// What [`bare`] makes of a library.
pub fn bare_wasm(library: &str) -> PathBuf {
    let folder = paths::wasm_target().join("wasm32-unknown-unknown/wasm");
    folder.join(library).with_extension("wasm")
}

/// Arguments for a shell that compiles documents of some services only.
fn features(imports: Option<&str>) -> Vec<&str> {
    match imports {
        None => Vec::new(),
        Some("" | "none") => vec!["--no-default-features", "--features", "services"],
        Some(services) => vec!["--no-default-features", "--features", services],
    }
}

fn wasm_pack(
    console: Console,
    setup: &Setup,
    what: &str,
    out: &Path,
    features: &[&str],
) -> Result<()> {
    let mut command = setup.wasm_builder("wasm-pack");
    command.args([
        "build",
        "worker",
        "--mode",
        "no-install",
        "--target",
        "web",
        "--profile",
        "wasm",
        "--no-opt",
    ]);
    command
        .args([
            "--no-typescript",
            "--no-pack",
            "--out-name",
            "index",
            "--out-dir",
        ])
        .arg(out);
    command.args(features);
    console.run(what, &mut command)
}

/// Makes `target` a copy of the folder `source`, which may be absent.
fn replace_folder(source: &Path, target: &Path) -> Result<()> {
    if target.exists() {
        fs::remove_dir_all(target)?;
    }
    if source.exists() {
        copy_folder(source, target)
    } else {
        Ok(())
    }
}

fn copy_folder(source: &Path, target: &Path) -> Result<()> {
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let (from, to) = (entry.path(), target.join(entry.file_name()));
        if from.is_dir() {
            copy_folder(&from, &to)?;
        } else {
            fs::copy(from, to)?;
        }
    }
    Ok(())
}

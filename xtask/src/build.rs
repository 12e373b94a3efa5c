//! The two wasm builds, and what else others of these tasks need built.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

use crate::console::Console;
use crate::paths;
use crate::setup::{Setup, host_cargo};

/// Cargo writes every form of a package to the same place.
static BUILDING: Mutex<()> = Mutex::new(());

/// The Worker's package.
const WORKER: &str = "flagstone-worker";

/// The Worker's JavaScript: what stands around `pkg/` in every form of it.
const SHIM: [&str; 10] = [
    "shim.mjs",
    "origin.mjs",
    "store.mjs",
    "reports.mjs",
    "control.mjs",
    "answer.mjs",
    "headers.mjs",
    "page.mjs",
    "wire.mjs",
    "instance.mjs",
];

/// Builds the Worker, with its guard, and the Fastly service. `imports` is what [`worker`] takes.
///
/// # Errors
/// When one of them does not build.
pub fn all(console: Console, setup: &Setup, imports: Option<&str>) -> Result<()> {
    // Two profiles, which cargo keeps apart.
    console.together(
        |console| {
            worker(console, setup, imports)?;
            guard(console, setup)
        },
        |console| fastly(console, setup, imports),
    )
}

/// Builds the Cloudflare Worker's wasm into `worker/pkg`, which `worker/shim.mjs` imports.
///
/// `imports` names the services whose documents it compiles, with commas; those of the first users if it is `None`.
///
/// # Errors
/// When a step fails.
pub fn worker(console: Console, setup: &Setup, imports: Option<&str>) -> Result<()> {
    let target = paths::root().join("worker/pkg/flagstone.wasm");
    optimized(
        console,
        setup,
        "the Worker",
        WORKER,
        &features("answers,pages,services", imports),
        &target,
    )?;
    bundled(console, setup)
}

/// Builds the Worker that does nothing but decide requests, to be weighed, into `target/wasm/worker-alone`.
///
/// # Errors
/// When a step fails.
pub fn worker_alone(console: Console, setup: &Setup) -> Result<()> {
    let target = paths::wasm_target().join("worker-alone/flagstone.wasm");
    let what = "the Worker without importers";
    optimized(
        console,
        setup,
        what,
        WORKER,
        &features("pages,services", Some("none")),
        &target,
    )?;
    bundled(console, setup)
}

/// Builds that Worker once more without what writes flags into pages, into `target/wasm/worker-pageless`.
///
/// # Errors
/// When a step fails.
pub fn worker_pageless(console: Console, setup: &Setup) -> Result<()> {
    let target = paths::wasm_target().join("worker-pageless/flagstone.wasm");
    let what = "the Worker that writes into no pages";
    let features = features("services", Some("none"));
    optimized(console, setup, what, WORKER, &features, &target)
}

/// Bundles the Worker's JavaScript as `wrangler deploy` does, into `target/wasm/worker.mjs`, to be weighed.
fn bundled(console: Console, setup: &Setup) -> Result<()> {
    let mut esbuild = setup.tool("esbuild");
    esbuild.args(["worker/shim.mjs", "--bundle", "--format=esm", "--minify"]);
    esbuild.args(["--external:*.wasm", "--external:cloudflare:*"]);
    esbuild.args(["--log-level=warning", "--outfile=target/wasm/worker.mjs"]);
    console.run("bundle the Worker's JavaScript", &mut esbuild)
}

/// Builds the Worker with the feature `faults` and its shim into `target/wasm/worker-faults`.
///
/// For tests only: on paths below `/.flagstone/faults/` the wasm breaks.
///
/// # Errors
/// When a step fails.
pub fn faulty_worker(console: Console, setup: &Setup) -> Result<()> {
    let folder = paths::wasm_target().join("worker-faults");
    let target = folder.join("pkg/flagstone.wasm");
    optimized(
        console,
        setup,
        "the Worker with faults",
        WORKER,
        &features("faults,pages", Some("none")),
        &target,
    )?;
    for file in SHIM {
        fs::copy(paths::root().join("worker").join(file), folder.join(file))?;
    }
    Ok(())
}

/// Builds a package of ours for JavaScript. Optimizing takes longer than the rest, so it is done only when something has
/// changed.
///
/// # Errors
/// When a step fails.
pub fn optimized(
    console: Console,
    setup: &Setup,
    what: &str,
    package: &str,
    features: &[String],
    target: &Path,
) -> Result<()> {
    let stamp = paths::wasm_target()
        .join(what.replace([' ', '/'], "-"))
        .with_extension("wasm");
    {
        let _alone = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut cargo = bare(setup, package);
        cargo.args(features);
        console.run(&format!("build {what}"), &mut cargo)?;
        let source = bare_wasm(&package.replace('-', "_"));
        // The passes are in this program, and the version of their tool is in the root's `package.json`.
        let inputs = [
            &stamp,
            &env::current_exe()?,
            &paths::root().join("package.json"),
        ];
        let is_current = inputs.iter().all(|input| is_newer(target, input));
        if is_current && fs::read(&stamp).ok() == Some(fs::read(&source)?) {
            return Ok(());
        }
        fs::copy(&source, &stamp)?;
    }
    fs::create_dir_all(target.parent().unwrap_or(target))?;
    let mut wasm_opt = optimizer(setup);
    wasm_opt.arg(&stamp).arg("-o").arg(target);
    console.run(&format!("optimize {what}"), &mut wasm_opt)
}

/// `wasm-opt` with the passes that our packages for JavaScript go through.
fn optimizer(setup: &Setup) -> Command {
    let mut wasm_opt = setup.tool("wasm-opt");
    // Twice: what the first leaves takes a thousandth. Until nothing becomes smaller takes three times as long, for nothing.
    wasm_opt.args(["-Os", "-Os"]);
    // The first kilobyte is the end of the stack, so that no address wraps around to it: offsets go into the accesses.
    wasm_opt.arg("--low-memory-unused");
    // V8 compiles whole functions, when they are first called: what few requests need stays apart.
    wasm_opt.arg("--one-caller-inline-max-function-size=100");
    // Functions and locals by how often they are used: their numbers are shorter, and it compresses better.
    wasm_opt.args(["--reorder-locals", "--reorder-functions"]);
    wasm_opt.args(["--strip-debug", "--strip-producers"]);
    wasm_opt
}

/// Whether a file has been written since another: not when either has come from elsewhere.
fn is_newer(file: &Path, than: &Path) -> bool {
    let written = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    written(file).is_some_and(|at| written(than).is_some_and(|before| at >= before))
}

/// Builds the wasm of the guard's Worker into `worker/guard/pkg`.
///
/// # Errors
/// When a step fails.
pub fn guard(console: Console, setup: &Setup) -> Result<()> {
    let target = paths::root().join("worker/guard/pkg/guard.wasm");
    let what = "the guard's Worker";
    optimized(console, setup, what, "flagstone-worker-guard", &[], &target)
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
        "fastly",
        "--target",
        "wasm32-wasip1",
    ]);
    cargo.args(features("services", imports));
    console.run("build the Fastly service", &mut cargo)?;
    let built = paths::wasm_target().join("wasm32-wasip1/fastly/flagstone-fastly.wasm");
    let bin = paths::root().join("fastly/bin");
    fs::create_dir_all(&bin)?;
    let target = bin.join("main.wasm");
    let wasm = fs::read(&built).with_context(|| built.display().to_string())?;
    // Whoever runs it meanwhile finds it whole.
    if fs::read(&target).ok().as_ref() != Some(&wasm) {
        fs::write(&target, wasm)?;
    }
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

/// Builds the command line in a profile, `dev` or `release`; gives its place.
///
/// # Errors
/// When it does not build.
pub fn command_line(console: Console, profile: &str) -> Result<PathBuf> {
    // Without a package, here and wherever tests need something of ours, cargo takes the features of dependencies of all members,
    // as for the tests, which then build only what dev-dependencies add to.
    let mut cargo = host_cargo();
    cargo.args(["build", "--bin", "flagstone", "--profile", profile]);
    console.run("build the command line", &mut cargo)?;
    let mut metadata = MetadataCommand::new();
    let metadata = metadata.current_dir(paths::root()).no_deps().exec()?;
    let folder = if profile == "dev" { "debug" } else { profile };
    let name = format!("flagstone{}", env::consts::EXE_SUFFIX);
    Ok(metadata.target_directory.join(folder).join(name).into())
}

/// The flag services whose documents can be compiled at the edge: features of both shells.
pub const SERVICES: [&str; 5] = ["launchdarkly", "split", "unleash", "flagd", "growthbook"];

/// Builds what compiles each service's documents, to be weighed, into `target/wasm/import-<service>.wasm`; what they share
/// into `import-none.wasm`.
///
/// # Errors
/// When a step fails.
pub fn imports(console: Console, setup: &Setup) -> Result<()> {
    let services = Mutex::new(["none"].into_iter().chain(SERVICES));
    let next = || {
        services
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next()
    };
    // One is built while another is optimized.
    let lane = |console| {
        while let Some(service) = next() {
            let what = format!("the importer for {service}");
            let mut features = Vec::new();
            if service != "none" {
                features = ["--features", service].map(str::to_owned).to_vec();
            }
            let target = paths::wasm_target().join(format!("import-{service}.wasm"));
            let package = "flagstone-import-size";
            optimized(console, setup, &what, package, &features, &target)?;
        }
        Ok(())
    };
    console.together(lane, lane)
}

/// A build of a package of ours without any platform, into [`bare_wasm`].
pub fn bare(setup: &Setup, package: &str) -> Command {
    let mut cargo = setup.wasm_builder("cargo");
    cargo.args(["build", "--package", package, "--profile", "wasm"]);
    cargo.args(["--target", "wasm32-unknown-unknown"]);
    cargo
}

/// Arguments for cargo that give the compiler more flags for wasm without a platform, besides those of `.cargo/config.toml`.
pub fn rustflags(flags: &[&str]) -> [String; 2] {
    let flags = format!("target.wasm32-unknown-unknown.rustflags={flags:?}");
    ["--config".to_owned(), flags]
}

/// What [`bare`] makes of a library.
pub fn bare_wasm(library: &str) -> PathBuf {
    let folder = paths::wasm_target().join("wasm32-unknown-unknown/wasm");
    folder.join(library).with_extension("wasm")
}

/// Arguments for a shell that compiles documents of some services only, and `always` has these features.
fn features(always: &str, imports: Option<&str>) -> Vec<String> {
    let features = match imports {
        None => return Vec::new(),
        Some("" | "none") => always.to_owned(),
        Some(services) => format!("{always},{services}"),
    };
    ["--no-default-features", "--features", &features]
        .map(str::to_owned)
        .to_vec()
}

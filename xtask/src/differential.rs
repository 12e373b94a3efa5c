//! Our decisions against those of the flag services' own SDKs, over random definitions and contexts.
//!
//! `tests/differential` makes them and has the SDKs decide; `flagstone eval` decides the same; every answer must be equal. So must be the
//! variants by which a snapshot of the definitions decides what can be asked at the edge.

mod compare;
mod documents;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::console::Console;
use crate::{build, npm, paths};
use compare::Tally;
use documents::Document;

const SERVICES: [&str; 5] = ["launchdarkly", "split", "unleash", "flagd", "growthbook"];

/// Requests about one document of definitions: few enough that there are many documents.
const CASES_OF_A_DOCUMENT: u64 = 500;

/// How many differences of a service are shown, and how many are written as files.
const SHOWN: usize = 3;
const WRITTEN: usize = 200;

/// What to compare.
pub struct Plan {
    /// Whose definitions.
    pub services: Vec<&'static str>,
    /// How many comparisons a service, at the least.
    pub cases: u64,
    /// What is drawn depends on this alone.
    pub seed: u64,
    /// How our side is built: without optimization it answers a few thousand cases in less time than optimizing takes.
    pub profile: &'static str,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            services: SERVICES.to_vec(),
            cases: 200_000,
            seed: 1,
            profile: "release",
        }
    }
}

impl Plan {
    /// Reads the words after `cargo xtask differential`.
    ///
    /// # Errors
    /// With the first word that is not understood.
    pub fn read(words: &[&str]) -> Result<Self> {
        let mut plan = Self::default();
        let mut services = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut number = || -> Result<u64> {
                let text = words
                    .next()
                    .with_context(|| format!("{word} is followed by a number"))?;
                text.parse().with_context(|| format!("{word} {text}"))
            };
            match *word {
                "--cases" => plan.cases = number()?,
                "--seed" => plan.seed = number()?,
                name => match SERVICES.iter().find(|service| **service == name) {
                    Some(service) => services.push(*service),
                    None => bail!("`{name}` is none of {}", SERVICES.join(", ")),
                },
            }
        }
        if !services.is_empty() {
            plan.services = services;
        }
        Ok(plan)
    }
}

/// The folder of the programs that run the SDKs.
pub fn folder() -> PathBuf {
    paths::root().join("tests/differential")
}

/// Generates, decides and compares; says what came out.
///
/// # Errors
/// When something does not build or run, or an answer differs.
pub fn run(console: Console, plan: &Plan) -> Result<()> {
    npm::ensure(console, &folder())?;
    let flagstone = build::command_line(console, plan.profile)?;
    let mut tallies = Vec::new();
    for service in &plan.services {
        tallies.push(compare_service(console, plan, service, &flagstone)?);
    }
    println!(
        "{:<14}{:>12}{:>12}{:>12}{:>12}{:>8}{:>9}",
        "service", "comparisons", "at the edge", "differences", "unsupported", "throws", "seconds"
    );
    for tally in &tallies {
        println!(
            "{:<14}{:>12}{:>12}{:>12}{:>12}{:>8}{:>9.1}",
            tally.service,
            tally.comparisons,
            tally.at_edge,
            tally.differences,
            tally.unsupported,
            tally.throws,
            tally.seconds
        );
    }
    let differing: Vec<&str> = tallies
        .iter()
        .filter(|tally| tally.differences > 0)
        .map(|tally| tally.service)
        .collect();
    if !differing.is_empty() {
        bail!(
            "answers differ from the SDKs of {}; cases are in {}",
            differing.join(", "),
            work().display()
        );
    }
    Ok(())
}

fn work() -> PathBuf {
    paths::root().join("target/differential")
}

fn compare_service(
    console: Console,
    plan: &Plan,
    service: &'static str,
    flagstone: &Path,
) -> Result<Tally> {
    let start = Instant::now();
    let folder = work().join(service);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let documents = plan.cases.div_ceil(CASES_OF_A_DOCUMENT);
    let cases = CASES_OF_A_DOCUMENT.min(plan.cases);
    let mut node = Command::new("node");
    node.current_dir(self::folder())
        .args(["main.mjs", service])
        .args(["--seed", &plan.seed.to_string()])
        .args(["--documents", &documents.to_string()])
        .args(["--cases", &cases.to_string()])
        .arg("--out")
        .arg(&folder);
    console.run(&format!("{service}: its SDK decides"), &mut node)?;

    let mut tally = Tally::new(service, plan.seed, folder.join("differences"));
    console.step(&format!("{service}: flagstone decides"), || {
        for index in 0..documents {
            let document = Document::new(&folder, index);
            let before = tally.differences;
            document.answer(service, flagstone)?;
            tally.document(&document)?;
            tally.at_edge(&document, flagstone)?;
            // What agrees is of no more use, and there is much of it.
            if tally.differences == before {
                document.remove()?;
            }
        }
        Ok(())
    })?;
    tally.seconds = start.elapsed().as_secs_f64();
    Ok(tally)
}

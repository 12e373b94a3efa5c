//! Which dependencies are allowed: by licence, by source, and once per wasm build.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use cargo_metadata::{
    CargoOpt, DependencyKind, Metadata, MetadataCommand, Package, PackageId, TargetKind,
};
use spdx::{Expression, LicenseReq};

use crate::console::Console;
use crate::paths;

/// Licences that a dependency may have. Each lets us ship under Apache-2.0 OR MIT.
const LICENCES: [&str; 9] = [
    "Apache-2.0",
    "MIT",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "BSL-1.0",             // asks for nothing from who ships binaries
    "Zlib",                // as MIT, for our purposes
    "Unicode-3.0",         // tables of the Unicode standard
    "CDLA-Permissive-2.0", // data: the authorities that browsers trust, for the command line
];

/// Versions of one crate that a wasm build may hold side by side, with the reason.
const TWICE: [&str; 0] = [];

/// The wasm builds, by package and target.
const WASM: [(&str, &str); 4] = [
    ("flagstone-worker", "wasm32-unknown-unknown"),
    ("flagstone-worker-guard", "wasm32-unknown-unknown"),
    ("flagstone-js", "wasm32-unknown-unknown"),
    ("flagstone-fastly", "wasm32-wasip1"),
];

/// Checks every dependency of the workspace.
///
/// # Errors
/// Names each dependency that is not allowed.
pub fn check(console: Console) -> Result<()> {
    console.step("check dependencies", || {
        let mut findings = Vec::new();
        for package in metadata(None)?.packages {
            if package.source.is_some() {
                findings.extend(licence(&package));
                findings.extend(source(&package));
            }
        }
        for (package, target) in WASM {
            findings.extend(twice(&metadata(Some(target))?, package, target)?);
        }
        ensure!(
            findings.is_empty(),
            "dependencies:\n  {}",
            findings.join("\n  ")
        );
        Ok(())
    })
}

fn metadata(target: Option<&str>) -> Result<Metadata> {
    let mut command = MetadataCommand::new();
    command
        .current_dir(paths::root())
        .features(CargoOpt::AllFeatures);
    if let Some(target) = target {
        command.other_options(["--filter-platform".to_owned(), target.to_owned()]);
    }
    command.exec().context("cargo metadata")
}

fn licence(package: &Package) -> Option<String> {
    let name = format!("{} {}", package.name, package.version);
    let Some(text) = &package.license else {
        return Some(format!("{name}: no licence in its manifest"));
    };
    // Older manifests write `MIT/Apache-2.0`.
    let Ok(expression) = Expression::parse(&text.replace('/', " OR ")) else {
        return Some(format!("{name}: `{text}` is no licence expression"));
    };
    let allowed = |required: &LicenseReq| {
        required
            .license
            .id()
            .is_some_and(|id| LICENCES.contains(&id.name))
    };
    (!expression.evaluate(allowed))
        .then(|| format!("{name}: licence `{text}` is not among the allowed ones"))
}

fn source(package: &Package) -> Option<String> {
    let registry = package
        .source
        .as_ref()
        .is_some_and(|source| source.is_crates_io());
    (!registry).then(|| format!("{} {}: not from crates.io", package.name, package.version))
}

/// Crates that one wasm build holds in two incompatible versions: the same code shipped twice.
fn twice(metadata: &Metadata, root: &str, target: &str) -> Result<Vec<String>> {
    let mut versions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for id in linked(metadata, root)? {
        let package = &metadata[&id];
        versions
            .entry(&package.name)
            .or_default()
            .insert(package.version.to_string());
    }
    let findings = versions
        .into_iter()
        .filter(|(name, found)| found.len() > 1 && !TWICE.contains(name));
    Ok(findings
        .map(|(name, found)| {
            let found: Vec<_> = found.into_iter().collect();
            format!(
                "{name}: versions {} in the build for {target}",
                found.join(" and ")
            )
        })
        .collect())
}

/// What is linked into the package: normal dependencies, without procedural macros and what they use.
fn linked(metadata: &Metadata, root: &str) -> Result<BTreeSet<PackageId>> {
    let graph = metadata
        .resolve
        .as_ref()
        .context("cargo metadata gave no graph")?;
    let start = metadata
        .packages
        .iter()
        .find(|package| package.name == root)
        .with_context(|| root.to_owned())?;
    let mut seen = BTreeSet::new();
    let mut next = vec![start.id.clone()];
    while let Some(id) = next.pop() {
        let macros = metadata[&id]
            .targets
            .iter()
            .any(|target| target.kind.contains(&TargetKind::ProcMacro));
        if macros || !seen.insert(id.clone()) {
            continue;
        }
        for dependency in &graph[&id].deps {
            if dependency
                .dep_kinds
                .iter()
                .any(|kind| kind.kind == DependencyKind::Normal)
            {
                next.push(dependency.pkg.clone());
            }
        }
    }
    Ok(seen)
}

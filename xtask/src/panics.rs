//! What is left of panics in the wasm: which of our functions the compiler could not free of them.
//!
//! A panic on Fastly is a 500 for the visitor, and lints see only what the source says. So this looks at the result:
//! a function that may panic calls one that calls … `core::panicking::panic_fmt`. Each function of ours that is there is looked at,
//! so behind trait objects and function pointers too; what others call through them is not followed. Arithmetic wraps in a
//! release; the stack and the memory have ends.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;

use anyhow::{Context, Result, ensure};
use rustc_demangle::demangle;
use wasmparser::{KnownCustom, Name, Operator, Parser, Payload, TypeRef};

use crate::build;
use crate::console::Console;
use crate::setup::Setup;

/// Where each panic arrives.
const ROOT: &str = "core::panicking::panic_fmt";

/// The one function of `bench/panics`, whose name is all of its name.
const PIPELINE: &str = "pipeline";

/// Functions of the standard library whose panics are let be, by the beginning of their name.
const TRUSTED: [&str; 11] = [
    // More memory than there is, or an allocator that finds itself damaged.
    "alloc::raw_vec::",
    "<alloc::raw_vec::",
    "__rustc::__rust_",
    "alloc::str::join_generic_copy",
    "<[&str] as alloc::slice::Concat<str>>::concat",
    // Indices into text that these keep within it.
    "<core::str::iter::Split",
    "<core::str::pattern::",
    // Indices into tables of letters that these keep within them.
    "core::unicode::unicode_data::",
    "<f64 as core::str::traits::FromStr>",
    "<core::net::ip_addr::IpAddr as core::str::traits::FromStr>",
    // Written to a string they do not fail.
    "<core::net::ip_addr::IpAddr as core::fmt::Display>",
];

/// Calls that may panic and may stay: the beginnings of the caller's name and of that of what it calls.
const ALLOWED: [(&str, &str); 3] = [
    // Loops over text, as above, that have become a part of their caller. Our own indices are refused by lints.
    ("pipeline", "core::slice::index::slice_index_fail"),
    // A value that is asked for while it is being made: each of ours asks only for others.
    ("<core::cell::once::OnceCell<", "core::panicking::panic_fmt"),
    // Insertion where a search in the same vector has found the place.
    (
        "flagstone_edge::",
        "<alloc::vec::Vec<_, _>>::insert_mut::assert_failed",
    ),
];

/// Builds the pipeline alone and looks at it.
///
/// # Errors
/// Names each function of ours that may panic, and what it calls.
pub fn check(console: Console, setup: &Setup) -> Result<()> {
    let mut cargo = setup.wasm_builder("cargo");
    cargo.args([
        "build",
        "--package",
        "flagstone-panics",
        "--profile",
        "wasm",
    ]);
    cargo.args(["--target", "wasm32-unknown-unknown"]);
    // Names of the form that tells what a generic function was made for.
    cargo.args(build::rustflags(&["-Csymbol-mangling-version=v0"]));
    console.run("build the pipeline alone", &mut cargo)?;
    console.step("look for panics", || {
        let path = build::bare_wasm("flagstone_panics");
        let wasm = fs::read(&path).with_context(|| path.display().to_string())?;
        let found: Vec<_> = calls(&wasm)?.into_iter().collect();
        ensure!(found.is_empty(), "may panic:\n  {}", found.join("\n  "));
        Ok(())
    })
}

/// Our functions with those they call that may panic and must not.
fn calls(wasm: &[u8]) -> Result<BTreeSet<String>> {
    let graph = Graph::read(wasm)?;
    let may_panic = graph.reaching(ROOT)?;
    let mut found = BTreeSet::new();
    for (caller, callees) in &graph.calls {
        let caller = graph.name(*caller);
        for callee in callees.iter().filter(|callee| may_panic.contains(callee)) {
            let callee = graph.name(*callee);
            if is_ours(caller) && !is_ours(callee) && !is_allowed(caller, callee) {
                found.insert(format!("{caller} calls {callee}"));
            }
        }
    }
    Ok(found)
}

fn is_allowed(caller: &str, callee: &str) -> bool {
    ALLOWED
        .iter()
        .any(|(from, to)| caller.starts_with(from) && callee.starts_with(to))
}

/// Ours, or an instance for our types and closures of what others wrote.
fn is_ours(name: &str) -> bool {
    name.contains("flagstone_") || name == PIPELINE
}

/// Functions by number, with names and the numbers of those they call.
#[derive(Default)]
struct Graph {
    names: HashMap<u32, String>,
    calls: BTreeMap<u32, BTreeSet<u32>>,
}

impl Graph {
    fn read(wasm: &[u8]) -> Result<Self> {
        let mut graph = Self::default();
        let mut next = 0;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        next += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    let mut callees = BTreeSet::new();
                    for operator in body.get_operators_reader()? {
                        if let Operator::Call { function_index } = operator? {
                            callees.insert(function_index);
                        }
                    }
                    graph.calls.insert(next, callees);
                    next += 1;
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        for name in names {
                            if let Name::Function(functions) = name? {
                                for naming in functions {
                                    let naming = naming?;
                                    // Without the hashes that tell versions of a crate apart.
                                    let name = format!("{:#}", demangle(naming.name));
                                    graph.names.insert(naming.index, name);
                                }
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(graph)
    }

    fn name(&self, function: u32) -> &str {
        self.names.get(&function).map_or("", String::as_str)
    }

    /// The functions that call those of this name, through whatever others that are not trusted.
    fn reaching(&self, root: &str) -> Result<HashSet<u32>> {
        let roots = self.names.iter().filter(|(_, name)| name.starts_with(root));
        let mut next: Vec<u32> = roots.map(|(function, _)| *function).collect();
        ensure!(!next.is_empty(), "there is no `{root}` among the names");
        let mut callers: HashMap<u32, Vec<u32>> = HashMap::new();
        for (caller, callees) in &self.calls {
            for callee in callees {
                callers.entry(*callee).or_default().push(*caller);
            }
        }
        let mut seen: HashSet<u32> = HashSet::new();
        while let Some(function) = next.pop() {
            let is_trusted = TRUSTED
                .iter()
                .any(|start| self.name(function).starts_with(start));
            if !is_trusted && seen.insert(function) {
                next.extend(callers.get(&function).into_iter().flatten());
            }
        }
        Ok(seen)
    }
}

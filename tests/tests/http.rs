//! The cases of `cases/http`, on every host that is there.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::io;
use std::path::Path;
use std::thread;

use flagstone_tests::hosts::{Build, Host, Setting, Viceroy, Workerd, if_present};
use flagstone_tests::http::{File, Memory, Outcome, Runner, Start, check, compare};

/// A file of cases with the snapshot of its configuration.
struct Loaded {
    name: String,
    file: File,
    snapshot: Vec<u8>,
}

fn load() -> Vec<Loaded> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/http");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(path).unwrap();
            let file: File =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let read =
                flagstone_authoring::read(&file.config, None, &flagstone_authoring::no_files);
            let model = read
                .model
                .unwrap_or_else(|| panic!("{name}: {:#?}", read.findings));
            let compiled = flagstone_compile::compile(&model);
            let snapshot = compiled
                .snapshot
                .unwrap_or_else(|| panic!("{name}: {:#?}", compiled.findings));
            Loaded {
                name,
                file,
                snapshot,
            }
        })
        .collect()
}

/// What a host does with all cases; `None` if it is not on this machine.
fn run(files: &[Loaded], start: impl Start) -> Option<Vec<Vec<Option<Outcome>>>> {
    let configured = files.iter().map(|of| (&of.file, of.snapshot.as_slice()));
    let mut runner = Runner::new(start, configured).unwrap();
    let outcomes = files.iter().map(|loaded| {
        let outcomes = runner.run(&loaded.file, &loaded.snapshot);
        let named =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", loaded.name));
        if_present(outcomes.map_err(named)).unwrap()
    });
    outcomes.collect()
}

fn boxed<H: Host + 'static>(host: io::Result<H>) -> io::Result<Box<dyn Host>> {
    host.map(|host| Box::new(host) as Box<dyn Host>)
}

#[test]
fn cases() {
    let files = load();
    let memory = |setting: Setting<'_>| boxed(Ok(Memory::start(setting)));
    let workerd = |setting: Setting<'_>| boxed(Workerd::start(Build::Release, setting));
    let viceroy = |setting: Setting<'_>| boxed(Viceroy::start(setting));
    let (memory, workerd, viceroy) = thread::scope(|scope| {
        let workerd = scope.spawn(|| run(&files, workerd));
        let viceroy = scope.spawn(|| run(&files, viceroy));
        let memory = run(&files, memory);
        (
            memory.unwrap(),
            workerd.join().unwrap(),
            viceroy.join().unwrap(),
        )
    });

    let mut problems = Vec::new();
    for (name, host) in [
        ("memory", Some(&memory)),
        ("workerd", workerd.as_ref()),
        ("viceroy", viceroy.as_ref()),
    ] {
        let Some(host) = host else { continue };
        let (mut run, mut other) = (0, 0);
        for ((loaded, outcomes), references) in files.iter().zip(host).zip(&memory) {
            for ((case, outcome), reference) in
                loaded.file.cases.iter().zip(outcomes).zip(references)
            {
                let Some(outcome) = outcome else {
                    other += 1;
                    continue;
                };
                run += 1;
                let mut found = check(case, outcome);
                if let Some(reference) = reference.as_ref().filter(|_| found.is_empty()) {
                    found.extend(compare(reference, outcome));
                }
                problems.extend(
                    found.iter().map(|problem| {
                        format!("{}: {}: {name}: {problem}", loaded.name, case.name)
                    }),
                );
            }
        }
        println!("{name}: {run} cases, {other} where it differs");
    }
    assert!(
        problems.is_empty(),
        "{} problems\n{}",
        problems.len(),
        problems.join("\n")
    );
}

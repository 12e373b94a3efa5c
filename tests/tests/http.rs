//! The cases of `cases/http`, on every host that is there.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::io;
use std::path::Path;
use std::thread;

use flagstone_tests::hosts::{Build, Host, Setting, Viceroy, Workerd, if_present};
use flagstone_tests::http::{File, Memory, Outcome, Runner, Start, check, compare};
use flagstone_tests::published::Published;

/// A file of cases with its configuration.
#[derive(Clone)]
struct Loaded {
    name: String,
    file: File,
    published: Published,
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
            let published = Published::of_more(&file.config);
            Loaded {
                name,
                file,
                published,
            }
        })
        .collect()
}

/// What a host does with all cases; `None` if it is not on this machine.
fn run(files: &[Loaded], start: impl Start) -> Option<Vec<Vec<Option<Outcome>>>> {
    let configured = files.iter().map(|of| (&of.file, &of.published));
    let mut runner = Runner::new(start, configured).unwrap();
    let outcomes = files.iter().map(|loaded| {
        let outcomes = runner.run(&loaded.file, &loaded.published);
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
    // Hosts read the cut where there is one; without it all must be the same.
    let mut whole = files.clone();
    let cuts = whole.iter_mut().filter_map(|of| of.published.cut.take());
    println!("{} of {} files have a cut", cuts.count(), files.len());
    let memory = |setting: Setting<'_>| boxed(Ok(Memory::start(setting)));
    let workerd = |setting: Setting<'_>| boxed(Workerd::start(Build::Release, setting));
    let viceroy = |setting: Setting<'_>| boxed(Viceroy::start(setting));
    let (of_whole, memory, workerd, viceroy) = thread::scope(|scope| {
        let workerd = scope.spawn(|| run(&files, workerd));
        let viceroy = scope.spawn(|| run(&files, viceroy));
        let of_whole = run(&whole, memory);
        let memory = run(&files, memory);
        (
            of_whole.unwrap(),
            memory.unwrap(),
            workerd.join().unwrap(),
            viceroy.join().unwrap(),
        )
    });

    let mut problems = Vec::new();
    for (name, host) in [
        ("memory, without cuts", Some(&of_whole)),
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

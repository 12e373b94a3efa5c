//! Rust engines on one workload, beside one another.
//!
//! usage: engines DATA FLAGS NAME
//!
//! DATA is the folder that `workload/write.mjs` has filled. NAME is an engine's; or `segments`, of two sizes; or `primitives`, operations that
//! engines are made of. Prints what was found as a JSON object: an engine's answers are compared with the workload's before it is measured.
//! A process measures one of them, once: to have them take turns is the caller's.

mod clock;
mod engine;
mod memory;
mod primitives;
mod segments;
mod workload;

use clock::{Cpu, lower_quartile, nanoseconds};
use engine::{Engine, engine};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use workload::{KINDS, Workload};

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

type Result<T> = std::result::Result<T, Box<dyn Error>>;
/// Each quantity, and what it was.
type Results = BTreeMap<String, f64>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, flags, name] = arguments.as_slice() else {
        return Err("usage: engines DATA FLAGS NAME".into());
    };
    let data = Path::new(data);
    let folder = data.join(format!("F{flags}"));
    let results = match name.as_str() {
        "segments" => segments::measure(data)?,
        "primitives" => primitives::measure(&folder, &Workload::read(data, &folder)?)?,
        name => measure(
            engine(name, &folder)?.as_mut(),
            &Workload::read(data, &folder)?,
        ),
    };
    println!("{}", serde_json::to_string(&results)?);
    Ok(())
}

/// What an engine takes of memory, whether its answers are right, and how long it takes.
fn measure(engine: &mut dyn Engine, workload: &Workload) -> Results {
    let used = memory::used(|| engine.load()) as f64;
    engine.prepare(&workload.users);
    let compared = workload.compare(|key, user| engine.evaluate(key, user));
    let mut results = Results::from([
        ("memory.bytes".into(), used + engine.borrowed() as f64),
        ("compared".into(), compared.decisions.into()),
        ("mismatches".into(), compared.mismatches.into()),
        ("rollouts".into(), compared.rollouts.into()),
        ("share".into(), compared.share_difference),
    ]);
    let mut loads = Vec::new();
    let begin = Cpu::now();
    while loads.len() < 3 || (begin.nanoseconds() < 2.5e8 && loads.len() < 200) {
        engine.unload();
        let start = Cpu::now();
        engine.load();
        loads.push(start.nanoseconds());
    }
    results.insert("load.warm.ns".into(), lower_quartile(loads));
    engine.prepare(&workload.users);
    for kind in KINDS {
        let keys = workload.keys(kind);
        let (mut key, mut user) = (0, 0);
        let time = nanoseconds(60.0, || {
            let answer = engine.evaluate(keys[key], user);
            key = (key + 1) % keys.len();
            if key & 7 == 7 {
                user = (user + 1) % workload.users.len();
            }
            answer.into()
        });
        results.insert(format!("one.{kind}.ns"), time);
    }
    let keys: Vec<&str> = workload
        .flags
        .iter()
        .map(|flag| flag.key.as_str())
        .collect();
    let mut user = 0;
    let time = nanoseconds(80.0, || {
        user = (user + 1) % workload.users.len();
        engine.evaluate_all(&keys, user).into()
    });
    results.insert("all.ns".into(), time);
    results
}

//! Rust engines on one workload, beside one another.
//!
//! usage: engines DATA FLAGS ROUNDS
//!
//! DATA is the folder that `workload/write.mjs` has filled. Prints a JSON object a line: one for each engine, one for segments
//! of two sizes, one for primitive operations. Every round visits every engine once. With 0 rounds the answers are compared
//! with the workload's, and nothing is measured.

mod clock;
mod engine;
mod memory;
mod primitives;
mod segments;
mod workload;

use clock::{Cpu, lower_quartile, nanoseconds};
use engine::{Engine, engines};
use serde_json::json;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use workload::{KINDS, Workload};

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

type Result<T> = std::result::Result<T, Box<dyn Error>>;
/// Each measured quantity, and what it was in each round.
type Times = BTreeMap<String, Vec<f64>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, flags, rounds] = arguments.as_slice() else {
        return Err("usage: engines DATA FLAGS ROUNDS".into());
    };
    let (data, rounds): (PathBuf, u32) = (data.into(), rounds.parse()?);
    let folder = data.join(format!("F{flags}"));
    let workload = Workload::read(&data, &folder)?;
    let mut engines = engines(&folder)?;
    let mut times: Vec<Times> = engines
        .iter_mut()
        .map(|engine| first(engine.as_mut(), &workload))
        .collect();
    for _ in 0..rounds {
        for (engine, times) in engines.iter_mut().zip(&mut times) {
            round(engine.as_mut(), &workload, times);
        }
    }
    for (engine, times) in engines.iter().zip(times) {
        print(engine.name(), flags, times)?;
    }
    if rounds > 0 {
        print("segments", flags, segments::measure(&data, rounds)?)?;
        print(
            "primitives",
            flags,
            primitives::measure(&folder, &workload, rounds)?,
        )?;
    }
    Ok(())
}

fn print(name: &str, flags: &str, times: Times) -> Result<()> {
    let results: BTreeMap<_, _> = times
        .into_iter()
        .map(|(of, times)| (of, lower_quartile(times)))
        .collect();
    let flags: u32 = flags.parse()?;
    println!(
        "{}",
        json!({ "engine": name, "flags": flags, "results": results })
    );
    Ok(())
}

/// What an engine takes of memory, and whether its answers are right.
fn first(engine: &mut dyn Engine, workload: &Workload) -> Times {
    let mut times = Times::new();
    let used = memory::used(|| engine.load()) as f64;
    times.insert(
        "memory.bytes".into(),
        vec![used + engine.borrowed() as f64],
    );
    engine.prepare(&workload.users);
    let compared = workload.compare(|key, user| engine.evaluate(key, user));
    for (of, value) in [
        ("compared", f64::from(compared.decisions)),
        ("mismatches", f64::from(compared.mismatches)),
        ("rollouts", f64::from(compared.rollouts)),
        ("share", compared.share_difference),
    ] {
        times.insert(of.into(), vec![value]);
    }
    times
}

fn round(engine: &mut dyn Engine, workload: &Workload, times: &mut Times) {
    let mut add = |of: String, time: f64| times.entry(of).or_default().push(time);
    let mut loads = Vec::new();
    let begin = Cpu::now();
    while loads.len() < 3 || (begin.nanoseconds() < 2.5e8 && loads.len() < 200) {
        engine.unload();
        let start = Cpu::now();
        engine.load();
        loads.push(start.nanoseconds());
    }
    add("load.warm.ns".into(), lower_quartile(loads));
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
        add(format!("one.{kind}.ns"), time);
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
    add("all.ns".into(), time);
}

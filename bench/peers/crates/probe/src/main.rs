//! usage: probe NEUTRAL OUT
//!
//! Reads a workload as JSON, writes its snapshot.

use std::error::Error;
use std::fs;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [neutral, out] = arguments.as_slice() else {
        return Err("usage: probe NEUTRAL OUT".into());
    };
    let workload: probe::build::Workload = serde_json::from_slice(&fs::read(neutral)?)?;
    Ok(fs::write(out, probe::build::build(&workload))?)
}

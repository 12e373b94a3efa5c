//! What is written as a `flagstone.toml` and read again is the same snapshot.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "roundtrip/imported.rs"]
mod imported;

use flagstone_authoring::{Remarks, Written, no_files, read, write};
use flagstone_compile::{Model, compile, compile_imported};
use flagstone_tests::random::{Random, shrink};

/// Models of a normal run; `FLAGSTONE_MODELS` asks for more.
const MODELS: u64 = 500;

/// `None` if the text means something else, which the writer checks itself.
fn written(model: &Model) -> Option<Written> {
    let remarks = Remarks {
        head: &[],
        of_flag: &|_| Vec::new(),
        most_keys: usize::MAX,
    };
    write(model, &remarks)
}

/// Why a part of a random model may be left out: the format has no moments before the year 0 and behind the year 9999 for
/// ramps, names each flag once among the prerequisites, and spells names in one way where they stand alone.
fn is_foreseen(why: &str) -> bool {
    [
        "a ramp has no date",
        "it needs flag",
        "it depends on",
        "there is no spelling for attribute",
    ]
    .iter()
    .any(|known| why.starts_with(known))
        || why.contains("depends on itself")
}

/// Whether a model comes back; if so, how much of it was left out.
fn comes_back(model: &Model) -> Result<usize, String> {
    let Some(written) = written(model) else {
        return Err("the text means something else".to_owned());
    };
    for left_out in &written.left_out {
        if !is_foreseen(&left_out.why) {
            return Err(format!("{left_out:?}"));
        }
    }
    if written.left_out.is_empty() {
        let read = read(&written.text, None, &no_files).model.unwrap();
        let again = Model {
            edge: model.edge.clone(),
            ..read
        };
        if compile(&again).snapshot != compile_imported(model).snapshot {
            return Err(written.text);
        }
    }
    Ok(written.left_out.len())
}

fn check(model_of: impl Fn(&mut Random) -> Model) {
    let models = std::env::var("FLAGSTONE_MODELS").map_or(MODELS, |models| models.parse().unwrap());
    let (mut all, mut out) = (0, 0);
    for seed in 0..models {
        let model = model_of(&mut Random::new(seed));
        all += model.flags.len() + model.segments.len();
        match comes_back(&model) {
            Ok(count) => out += count,
            Err(_) => {
                let is_bad = |model: &Model| {
                    compile_imported(model).snapshot.is_some() && comes_back(model).is_err()
                };
                let model = shrink(model, is_bad);
                panic!(
                    "seed {seed}: {}\n{model:#?}",
                    comes_back(&model).unwrap_err()
                );
            }
        }
    }
    assert!(out * 10 < all, "{out} of {all} are left out");
}

#[test]
fn random_models_come_back() {
    check(Random::model);
}

#[test]
fn so_do_flags_of_services() {
    check(|random| {
        let mut model = random.model();
        imported::Parts(random).put(&mut model);
        model
    });
}

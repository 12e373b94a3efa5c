//! The compiled form agrees with the oracle on random models.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use flagstone_compile::{Model, compile};
use flagstone_core::{Snapshot, UnixMillis};
use flagstone_tests::oracle::{self, Context, Kills, Outcome};
use flagstone_tests::random::{Random, shrink};
use std::thread;

/// Models of a normal run; `FLAGSTONE_MODELS` asks for more.
const MODELS: u64 = 10_000;
/// Contexts, each with a moment and kills, that a model is tried with.
const CONTEXTS: usize = 12;

/// What was asked, and both answers.
#[derive(Debug)]
#[expect(dead_code, reason = "printed when a test fails")]
struct Difference {
    flag: String,
    context: Context,
    now: UnixMillis,
    kills: Kills,
    plain: Option<Outcome>,
    compiled: Option<Outcome>,
}

type Question = (Context, UnixMillis, Kills);

fn questions(random: &mut Random, model: &Model) -> Vec<Question> {
    let questions = (0..CONTEXTS).map(|_| (random.context(), random.time(), random.kills(model)));
    questions.collect()
}

fn bytes_of(model: &Model) -> Option<Vec<u8>> {
    compile(model).snapshot
}

fn difference(model: &Model, bytes: &[u8], questions: &[Question]) -> Option<Difference> {
    let snapshot = Snapshot::open(bytes).unwrap();
    for (context, now, kills) in questions {
        let keys: Vec<&str> = model.flags.iter().map(|flag| flag.key.as_str()).collect();
        let compiled = oracle::all_compiled(snapshot, &keys, context, *now, kills);
        for (flag, compiled) in model.flags.iter().zip(compiled) {
            let plain = oracle::plain(model, &flag.key, context, *now, kills);
            if plain != compiled {
                return Some(Difference {
                    flag: flag.key.clone(),
                    context: context.clone(),
                    now: *now,
                    kills: kills.clone(),
                    plain,
                    compiled,
                });
            }
        }
    }
    None
}

fn check(seed: u64) {
    let mut random = Random::new(seed);
    let model = random.model();
    let questions = questions(&mut random, &model);
    let compiled = compile(&model);
    let Some(bytes) = compiled.snapshot else {
        panic!("seed {seed}: {:#?}\n{model:#?}", compiled.findings);
    };
    Snapshot::open(&bytes).unwrap().verify().unwrap();
    if difference(&model, &bytes, &questions).is_some() {
        let differs = |model: &Model| {
            bytes_of(model).is_some_and(|bytes| difference(model, &bytes, &questions).is_some())
        };
        let model = shrink(model, differs);
        let found = difference(&model, &bytes_of(&model).unwrap(), &questions);
        panic!("seed {seed}: {found:#?}\n{model:#?}");
    }
}

#[test]
fn compiled_models_agree_with_the_oracle() {
    let models = std::env::var("FLAGSTONE_MODELS").map_or(MODELS, |models| models.parse().unwrap());
    let threads = thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    thread::scope(|scope| {
        for first in 0..threads {
            scope.spawn(move || (first..models).step_by(threads as usize).for_each(check));
        }
    });
}

//! Smaller models that still show a failure.

use flagstone_compile::model::{Condition, Keys, Model};

/// The smallest model that can be reached by leaving out parts while `fails` stays true.
pub fn shrink(mut model: Model, fails: impl Fn(&Model) -> bool) -> Model {
    while let Some(smaller) = smaller(&model).into_iter().find(|model| fails(model)) {
        model = smaller;
    }
    model
}

/// The model with one part less, in each possible way.
fn smaller(model: &Model) -> Vec<Model> {
    let mut models = Vec::new();
    let mut with = |change: &dyn Fn(&mut Model)| {
        let mut model = model.clone();
        change(&mut model);
        models.push(model);
    };
    for segment in 0..model.segments.len() {
        with(&|model| drop(model.segments.remove(segment)));
        with(&|model| model.segments[segment].included = Keys::default());
        with(&|model| model.segments[segment].excluded = Keys::default());
        for part in parts(&model.segments[segment].when) {
            with(&|model| model.segments[segment].when = part.clone());
        }
    }
    for flag in 0..model.flags.len() {
        with(&|model| drop(model.flags.remove(flag)));
        for required in 0..model.flags[flag].prerequisites.len() {
            with(&|model| drop(model.flags[flag].prerequisites.remove(required)));
        }
        for rule in 0..model.flags[flag].rules.len() {
            with(&|model| drop(model.flags[flag].rules.remove(rule)));
            for part in parts(&model.flags[flag].rules[rule].when) {
                with(&|model| model.flags[flag].rules[rule].when = part.clone());
            }
        }
    }
    // Clearing what is empty makes nothing smaller.
    models.retain(|smaller| smaller != model);
    models
}

/// Conditions that are one step smaller.
fn parts(condition: &Condition) -> Vec<Condition> {
    match condition {
        Condition::Test(_) => vec![Condition::always()],
        Condition::Not(inner) => {
            let mut smaller = vec![(**inner).clone()];
            let wrapped = parts(inner).into_iter().map(Box::new).map(Condition::Not);
            smaller.extend(wrapped.filter(|smaller| smaller != condition));
            smaller
        }
        Condition::All(list) => lists(list, Condition::All),
        Condition::Any(list) => lists(list, Condition::Any),
    }
}

fn lists(list: &[Condition], make: impl Fn(Vec<Condition>) -> Condition) -> Vec<Condition> {
    let mut smaller = list.to_vec();
    for index in 0..list.len() {
        let mut rest = list.to_vec();
        rest.remove(index);
        smaller.push(make(rest));
        for part in parts(&list[index]) {
            let mut list = list.to_vec();
            list[index] = part;
            smaller.push(make(list));
        }
    }
    smaller
}

//! A plain flag is decided as the same flag is whose rule has a name: by the same steps, and nothing else is asked of the visitor.

use crate::build::bytes;
use flagstone_compile::model::{Condition, Model, Test};
use flagstone_core::layout::{Conversion, FLAG_PLAIN, FlagRecord, Section};
use flagstone_core::{
    Answer, AttributeIndex, AttributeValue, Attributes, Evaluator, Snapshot, Trace, UnixMillis,
    VariantIndex,
};
use flagstone_tests::oracle::{Bound, Context};
use flagstone_tests::random::Random;
use std::cell::RefCell;
use std::collections::BTreeSet;

const MODELS: u64 = 600;
const CONTEXTS: usize = 6;

/// Keeps what is asked for.
struct Asked<'c> {
    of: Bound<'c>,
    attributes: RefCell<BTreeSet<u16>>,
}

impl Attributes for Asked<'_> {
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        self.attributes.borrow_mut().insert(index.0);
        self.of.attribute(index)
    }
}

/// Keeps the steps.
#[derive(Default)]
struct Steps(Vec<String>);

impl Trace for Steps {
    fn enter_rule(&mut self, rule: u16) {
        self.0.push(format!("rule {rule}"));
    }

    fn leave_rule(&mut self, rule: u16, matched: bool) {
        self.0.push(format!("rule {rule}: {matched}"));
    }

    fn enter_segment(&mut self, segment: u32) {
        self.0.push(format!("segment {segment}"));
    }

    fn test(&mut self, test: u32, answer: Answer, holds: bool) {
        self.0.push(format!("test {test}: {answer:?}, {holds}"));
    }

    fn split(
        &mut self,
        split: u32,
        by: AttributeIndex,
        position: Option<u64>,
        variant: Option<VariantIndex>,
    ) {
        let step = format!("split {split}: {by:?}, {position:?}, {variant:?}");
        self.0.push(step);
    }
}

/// What a flag comes to for somebody of whom nothing is known yet, and what was asked for, by an evaluator that listens and by one
/// that does not; and what was heard.
fn decided(snapshot: Snapshot<'_>, flag: &str, context: &Context) -> Vec<String> {
    let mut steps = Steps::default();
    let outcomes = [true, false].map(|listens| {
        let asked = Asked {
            of: Bound::new(&snapshot, context),
            attributes: RefCell::default(),
        };
        let flag = snapshot.find(flag).unwrap();
        let evaluator = Evaluator::new(snapshot, &asked, UnixMillis(0));
        let decision = match listens {
            true => evaluator.explain(flag, &mut steps),
            false => evaluator.evaluate(flag),
        };
        format!("{decision:?} {:?}", asked.attributes.borrow())
    });
    outcomes.into_iter().chain(steps.0).collect()
}

/// Has tests read values as those of services do.
fn read(condition: &mut Condition, random: &mut Random) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter_mut().for_each(|part| read(part, random));
        }
        Condition::Not(inner) => read(inner, random),
        Condition::Test(Test::Attribute { reading, .. }) => {
            let rng = random.rng();
            reading.elements = rng.bool();
            reading.missing_is_no = rng.bool();
            reading.mistyped_is_no = rng.bool();
            if rng.u32(..8) == 0 {
                reading.conversion = *rng.choice(Conversion::ALL).unwrap();
            }
        }
        Condition::Test(_) => {}
    }
}

#[test]
fn plain_flags_are_decided_as_others() {
    let mut plain = 0;
    for seed in 0..MODELS {
        let mut random = Random::new(seed);
        let mut model = random.model();
        for flag in &mut model.flags {
            for rule in &mut flag.rules {
                read(&mut rule.when, &mut random);
            }
        }
        let mut named: Model = model.clone();
        for flag in &mut named.flags {
            for rule in &mut flag.rules {
                rule.name = "named".to_owned();
            }
        }
        let contexts: Vec<Context> = (0..CONTEXTS).map(|_| random.context()).collect();
        let (model_bytes, named_bytes) = (bytes(&model), bytes(&named));
        let snapshot = Snapshot::open(&model_bytes).unwrap();
        let named = Snapshot::open(&named_bytes).unwrap();
        for flag in &model.flags {
            let index = snapshot.find(&flag.key).unwrap();
            let record: FlagRecord = snapshot.record(Section::Flags, index.0).unwrap();
            if record.flags & FLAG_PLAIN == 0 || flag.rules.is_empty() {
                continue;
            }
            plain += 1;
            for context in &contexts {
                assert_eq!(
                    decided(snapshot, &flag.key, context),
                    decided(named, &flag.key, context),
                    "seed {seed}, {flag:#?}, {context:?}"
                );
            }
        }
    }
    assert!(plain > MODELS / 5, "{plain}");
}

//! Whatever the bytes are: nothing panics, everything ends, and a decision is a variant of the flag or an error.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::{Bound, Context};
use flagstone_core::{
    Answer, AttributeIndex, Evaluator, Flag, FlagIndex, Kill, Reason, Snapshot, Trace, UnixMillis,
    VariantIndex,
};
use std::fmt::Write;

/// Looks at every test it is told of.
struct Reader<'s> {
    snapshot: Snapshot<'s>,
    text: String,
    tests: u32,
}

impl Trace for Reader<'_> {
    fn test(&mut self, test: u32, _: Answer, _: bool) {
        self.tests += 1;
        // Describing is not bounded by the evaluation's budget.
        if self.tests < 64
            && let Some(described) = self.snapshot.describe_test(test)
        {
            self.text.clear();
            write!(self.text, "{described}").unwrap();
            assert!(!self.text.is_empty());
            described.attribute();
        }
    }
}

/// Asks of some bytes everything that can be asked; whether they are a snapshot that may be published.
///
/// # Panics
/// If a flag is decided otherwise than by one of its own variants or by an error.
pub fn survive(bytes: &[u8], context: &Context, keys: &[String]) -> bool {
    let Ok(snapshot) = Snapshot::open(bytes) else {
        return false;
    };
    let is_whole = snapshot.verify().is_ok();
    snapshot.digest();
    for key in keys {
        snapshot.find(key);
    }
    for attribute in 0..snapshot.attribute_count().min(300) {
        snapshot.attribute(AttributeIndex(attribute));
    }
    let attributes = Bound::new(&snapshot, context);
    let kills = [Kill {
        flag: FlagIndex(1),
        variant: VariantIndex(7),
    }];
    for flag in snapshot.flags().take(40) {
        for kills in [&[][..], &kills] {
            let evaluator = Evaluator::new(snapshot, &attributes, UnixMillis(1_795_376_100_000))
                .with_kills(kills);
            let decision = evaluator.evaluate(flag.index());
            let mut reader = Reader {
                snapshot,
                text: String::new(),
                tests: 0,
            };
            let explained = evaluator.explain(flag.index(), &mut reader);
            assert!(same(&decision, &explained), "{decision:?} {explained:?}");
            // By now the evaluator knows what the flag asks of the visitor.
            let again = evaluator.evaluate(flag.index());
            assert!(same(&decision, &again), "{decision:?} {again:?}");
            match decision.variant {
                Some(variant) => {
                    let own = flag.variant(variant.index).unwrap();
                    assert_eq!(own.key(), variant.key());
                    assert_ne!(decision.reason, Reason::Error);
                }
                None if decision.reason == Reason::Error => assert_eq!(decision.rule, None),
                // A flag without a default of its own.
                None => assert_eq!(flag.default(), None),
            }
        }
        describe(&flag);
    }
    is_whole
}

/// Equal, and NaN counts as equal to itself.
fn same(a: &flagstone_core::Decision<'_>, b: &flagstone_core::Decision<'_>) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

fn describe(flag: &Flag<'_>) {
    flag.key();
    flag.is_enabled();
    flag.default().map(|default| flag.variant(default));
    flag.variants().take(300).count();
    flag.find_variant("a");
    (0..300).map_while(|rule| flag.rule_name(rule)).count();
}

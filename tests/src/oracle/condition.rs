//! Conditions, by the words of the model.

use super::matcher::answer;
use super::{Oracle, Truth};
use flagstone_compile::model::{Condition, Order, Segment, Test};
use std::cmp::Ordering;

impl Oracle<'_> {
    pub(super) fn condition(&self, condition: &Condition) -> Truth {
        match condition {
            Condition::All(parts) => parts
                .iter()
                .map(|part| self.condition(part))
                .fold(Truth::True, Truth::and),
            Condition::Any(parts) => parts
                .iter()
                .map(|part| self.condition(part))
                .fold(Truth::False, Truth::or),
            Condition::Not(inner) => !self.condition(inner),
            Condition::Test(test) => self.test(test),
        }
    }

    fn test(&self, test: &Test) -> Truth {
        match test {
            Test::Attribute { name, matcher, .. } => answer(matcher, self.context.get(name)),
            // The services' own SDKs are the oracle of what only their definitions have.
            Test::Bucket { .. }
            | Test::Within { .. }
            | Test::SegmentUnlessFails(_)
            | Test::Inside(_)
            | Test::Expression { .. }
            | Test::Fail
            | Test::Abort => Truth::Unknown,
            Test::Now { order, time } => stands(*order, self.now.cmp(time)).into(),
            Test::Segment(key) => {
                let mut segments = self.model.segments.iter();
                let segment = segments.find(|segment| segment.key == *key);
                segment.is_some_and(|segment| self.belongs(segment)).into()
            }
            Test::Flag { key, variants, .. } => {
                let outcome = self.find(key).map(|flag| self.flag(flag));
                let variant = outcome.and_then(|outcome| outcome.variant);
                variant
                    .is_some_and(|(key, _)| variants.contains(&key))
                    .into()
            }
        }
    }

    fn belongs(&self, segment: &Segment) -> bool {
        let key = self
            .context
            .get(&segment.by)
            .and_then(serde_json::Value::as_str);
        let listed = |list: &[String]| key.is_some_and(|key| list.iter().any(|of| of == key));
        if listed(segment.included.texts()) {
            return true;
        }
        if listed(segment.excluded.texts()) {
            return false;
        }
        self.condition(&segment.when) == Truth::True
    }
}

/// Whether an outcome of a comparison is what was asked for.
pub(super) fn stands(order: Order, outcome: Ordering) -> bool {
    match order {
        Order::Equal => outcome.is_eq(),
        Order::Less => outcome.is_lt(),
        Order::LessOrEqual => outcome.is_le(),
        Order::Greater => outcome.is_gt(),
        Order::GreaterOrEqual => outcome.is_ge(),
    }
}

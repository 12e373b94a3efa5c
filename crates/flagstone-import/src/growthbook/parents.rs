//! Prerequisites: conditions on the values of other features.
//!
//! A feature has as many values as it has variants, so the condition is decided here for each of them, by the evaluator,
//! and what is left is a test of the feature's variants.

use super::condition::{Conditions, all, any};
use super::feature::Known;
use super::names::Names;
use super::wire::{is_truthy, json_text, text, truthy};
use flagstone_compile::model::{Condition, Flag, Model, Rule, Serve, Test, Value, Variant};
use flagstone_compile::{Index, compile_imported};
use flagstone_core::{
    AttributeIndex, AttributeValue, Attributes, Evaluator, Reason, Snapshot, UnixMillis,
};
use flagstone_json::Json;

/// A prerequisite of a rule.
pub(super) struct Parent<'d> {
    /// Key of the feature.
    pub key: String,
    /// What must hold of its value; `None` if that does not matter.
    pub condition: Option<&'d Json<'d>>,
    /// Whether the feature is null if it does not hold; otherwise the rule is passed over.
    pub is_gate: bool,
}

/// The prerequisites of a rule; `None` if the SDK throws at them.
pub(super) fn of_rule<'d>(rule: &'d Json<'d>) -> Option<Vec<Parent<'d>>> {
    match truthy(rule, "parentConditions") {
        None => Some(Vec::new()),
        Some(Json::List(parents)) => parents.iter().map(parent).collect(),
        Some(_) => None,
    }
}

fn parent<'d>(json: &'d Json<'d>) -> Option<Parent<'d>> {
    (!json.is_null()).then(|| Parent {
        key: json.get("id").map_or("undefined".to_owned(), text),
        condition: truthy(json, "condition"),
        is_gate: json.get("gate").is_some_and(is_truthy),
    })
}

/// The conditions on values that a document has.
pub(super) struct Parents {
    /// A snapshot of one flag for each condition, which has the variant `yes` if the condition holds.
    snapshot: Option<Vec<u8>>,
    /// The number of each condition, by its JSON.
    numbers: Index,
    /// What cannot be kept of each.
    problems: Vec<Vec<String>>,
    names: Names,
}

impl Parents {
    /// Reads all conditions on values.
    pub fn read<'d>(
        parents: impl Iterator<Item = Parent<'d>>,
        conditions: &mut Conditions<'d>,
    ) -> Self {
        let mut flags = Vec::new();
        let mut numbers = Index::default();
        let mut problems = Vec::new();
        for json in parents.filter_map(|parent| parent.condition) {
            let text = json_text(json);
            if numbers.get(text.as_bytes()).is_some() {
                continue;
            }
            let number = flags.len();
            numbers.insert(text.as_bytes(), number as u32);
            let when = conditions.bounded(json);
            problems.push(conditions.take_problems());
            flags.push(question(number, when));
        }
        let model = Model {
            flags,
            segments: std::mem::take(&mut conditions.segments),
            ..Model::default()
        };
        let snapshot = match model.flags.is_empty() {
            true => None,
            false => compile_imported(&model).snapshot,
        };
        conditions.segments = model.segments;
        Self {
            snapshot,
            numbers,
            problems,
            names: conditions.names.clone(),
        }
    }

    /// Whether a prerequisite holds, as a test of the feature.
    pub fn test<'d>(
        &self,
        parent: &Parent<'d>,
        features: &Known<'d>,
        conditions: &mut Conditions<'d>,
    ) -> Condition {
        let number = parent
            .condition
            .and_then(|json| self.numbers.get(json_text(json).as_bytes()));
        let problems = number.and_then(|number| self.problems.get(number as usize));
        for problem in problems.into_iter().flatten() {
            conditions.fail(problem);
        }
        let key = parent.key.as_str();
        let (mut yes, mut failing) = (Vec::new(), Vec::new());
        match features.values(key) {
            // A feature that there is not is null.
            None => {
                return match self.holds(number, &Json::Null) {
                    Some(true) => Condition::always(),
                    Some(false) => Condition::never(),
                    None => conditions.fail("a condition on a prerequisite cannot be decided"),
                };
            }
            Some(None) => return conditions.fail("a prerequisite has a key that cannot be kept"),
            Some(Some(variants)) => {
                for (variant, value) in variants.iter() {
                    match self.holds(number, value) {
                        Some(true) => yes.push(variant.to_owned()),
                        Some(false) => {}
                        None => failing.push(variant.to_owned()),
                    }
                }
            }
        }
        let has = |variants| {
            Condition::Test(Test::Flag {
                key: key.to_owned(),
                variants,
                enabled_only: false,
            })
        };
        if failing.is_empty() {
            return has(yes);
        }
        let fails = all(vec![has(failing), Condition::Test(Test::Fail)]);
        any(vec![has(yes), fails])
    }

    /// Whether a condition holds of a value; `None` if that cannot be decided.
    fn holds(&self, number: Option<u32>, value: &Json<'_>) -> Option<bool> {
        let Some(number) = number else {
            return Some(true);
        };
        let snapshot = Snapshot::open(self.snapshot.as_deref()?).ok()?;
        let flag = snapshot.find(&number.to_string())?;
        let attributes = Of {
            snapshot,
            names: &self.names,
            value: value.value(),
        };
        let evaluator = Evaluator::new(snapshot, &attributes, UnixMillis(0));
        let decision = evaluator.evaluate(flag);
        (decision.reason != Reason::Error).then_some(decision.rule.is_some())
    }
}

/// A flag that asks whether a condition holds.
fn question(number: usize, when: Condition) -> Flag {
    let variant = |key: &str, is| Variant {
        key: key.to_owned(),
        value: Value::Boolean(is),
    };
    Flag {
        key: number.to_string(),
        variants: vec![variant("no", false), variant("yes", true)],
        default: Some("no".to_owned()),
        enabled: true,
        expires: None,
        prerequisites: Vec::new(),
        rules: vec![Rule {
            name: String::new(),
            when,
            serve: Serve::Variant("yes".to_owned()),
        }],
    }
}

/// A value as the attribute `value`, the only one.
struct Of<'a> {
    snapshot: Snapshot<'a>,
    names: &'a Names,
    value: AttributeValue<'a>,
}

impl Attributes for Of<'_> {
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        let attribute = self.snapshot.attribute(index);
        let path = attribute.and_then(|attribute| self.names.path(attribute.name));
        match path {
            Some([first, rest @ ..]) if first == "value" => {
                rest.iter().fold(self.value, |value, step| value.step(step))
            }
            _ => AttributeValue::Missing,
        }
    }
}

/// Which features depend on themselves, and which over more steps than are taken.
pub(super) struct Reach {
    pub circular: Vec<bool>,
    pub too_deep: Vec<bool>,
}

impl Reach {
    /// For each feature the places of those that it refers to.
    pub fn of(parents: &[Vec<usize>]) -> Self {
        let mut depth = vec![0u8; parents.len()];
        for _ in 0..=flagstone_core::MAX_DEPTH {
            let next = parents.iter().map(|parents| {
                let depths = parents.iter().filter_map(|parent| depth.get(*parent));
                depths.map(|depth| depth + 1).max().unwrap_or(0)
            });
            depth = next.collect();
        }
        // What is left when all have been taken away of which no parent is left.
        let mut left: Vec<bool> = depth
            .iter()
            .map(|depth| *depth > flagstone_core::MAX_DEPTH)
            .collect();
        let too_deep = left.clone();
        let mut changed = true;
        while changed {
            changed = false;
            for (place, parents) in parents.iter().enumerate() {
                let stays = parents
                    .iter()
                    .any(|parent| left.get(*parent).copied().unwrap_or(false));
                if let Some(is_left) = left.get_mut(place)
                    && *is_left
                    && !stays
                {
                    *is_left = false;
                    changed = true;
                }
            }
        }
        Self {
            circular: left,
            too_deep,
        }
    }
}

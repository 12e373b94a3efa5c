//! Small models, made in one line.

use flagstone_compile::compile;
use flagstone_compile::model::{
    Condition, Flag, Model, Rule, Segment, Serve, Share, Split, TARGETING_KEY, Value, Variant,
};
use flagstone_core::{AttributeIndex, AttributeValue, Attributes, Snapshot, UnixMillis, Weight};

/// Somebody who has a targeting key and nothing else.
pub struct Unit<'u>(pub &'u str);

impl Attributes for Unit<'_> {
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        if index == AttributeIndex::TARGETING_KEY {
            AttributeValue::Text(self.0)
        } else {
            AttributeValue::Missing
        }
    }
}

/// The bytes of a model in which nothing is wrong.
pub fn bytes(model: &Model) -> Vec<u8> {
    let compiled = compile(model);
    compiled
        .snapshot
        .unwrap_or_else(|| panic!("{:#?}", compiled.findings))
}

/// A flag with variants `v0` (the default), `v1` and so on, and one rule for everybody.
pub fn flag(key: &str, treatments: usize, serve: Option<Serve>) -> Flag {
    let variant = |index: usize| Variant {
        key: format!("v{index}"),
        value: Value::Boolean(index > 0),
    };
    let rule = |serve| Rule {
        name: String::new(),
        when: Condition::always(),
        serve,
    };
    Flag {
        key: key.to_owned(),
        variants: (0..=treatments).map(variant).collect(),
        default: Some("v0".to_owned()),
        enabled: true,
        expires: None,
        prerequisites: vec![],
        rules: serve.into_iter().map(rule).collect(),
    }
}

pub fn flags(flags: Vec<Flag>) -> Model {
    Model {
        flags,
        ..Model::default()
    }
}

/// A rollout of `v1`, `v2` and so on.
pub fn split(shares: Vec<Share>, reserve: &[u32]) -> Split {
    let key = |index: usize| format!("v{}", index + 1);
    Split {
        by: TARGETING_KEY.to_owned(),
        shares: shares
            .into_iter()
            .enumerate()
            .map(|(index, share)| (key(index), share))
            .collect(),
        reserve: reserve
            .iter()
            .enumerate()
            .map(|(index, size)| (key(index), Weight(*size)))
            .collect(),
    }
}

pub fn segment(key: &str, when: Condition) -> Segment {
    Segment {
        key: key.to_owned(),
        by: TARGETING_KEY.to_owned(),
        included: vec![].into(),
        excluded: vec![].into(),
        when,
    }
}

/// The position of the variant that a unit gets of the flag `f`.
pub fn variant(snapshot: Snapshot<'_>, unit: &str, now: UnixMillis) -> u16 {
    let unit = Unit(unit);
    let evaluator = flagstone_core::Evaluator::new(snapshot, &unit, now);
    let decision = evaluator.evaluate(snapshot.find("f").unwrap());
    decision.variant.unwrap().index.0
}

//! What is counted.

use crate::model::key;
use anyhow::{Context, Result, ensure};
use flagstone_core::{
    AttributeIndex, AttributeValue, Attributes, Evaluator, Reason, Snapshot, UnixMillis,
};
use std::hint::black_box;

/// Something that is repeated.
#[derive(Clone, Copy)]
pub enum Operation {
    /// Opens the snapshot.
    Open,
    /// Finds a flag by its key.
    Find,
    /// Evaluates a rule of three tests and a rollout.
    Evaluate,
    /// Finds a flag and evaluates it, each time another one.
    FindAndEvaluate,
}

impl Operation {
    pub const ALL: &'static [Self] = &[
        Self::Open,
        Self::Find,
        Self::Evaluate,
        Self::FindAndEvaluate,
    ];

    /// As the budgets call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Find => "find",
            Self::Evaluate => "evaluate",
            Self::FindAndEvaluate => "find-and-evaluate",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|of| of.name() == name)
    }

    /// Whether it must take the same for any number of flags. The others compare text, which takes a few instructions
    /// more or less by where it lies in memory.
    pub fn is_constant(self) -> bool {
        matches!(self, Self::Open)
    }

    pub fn repeat(self, bytes: &[u8], repetitions: u64) -> Result<()> {
        let snapshot = Snapshot::open(bytes)?;
        let visitor = Visitor::new(&snapshot);
        let evaluator = Evaluator {
            snapshot,
            attributes: &visitor,
            now: UnixMillis(1_795_376_100_000),
            kills: &[],
        };
        let keys: Vec<String> = (0..snapshot.flag_count().min(1_000)).map(key).collect();
        let first = keys.first().context("no flags")?;
        let flag = snapshot.find(first).context("no flag")?;
        ensure!(
            evaluator.evaluate(flag).reason == Reason::Split,
            "the rule does not match"
        );
        match self {
            Self::Open => {
                for _ in 0..repetitions {
                    let _ = black_box(Snapshot::open(black_box(bytes)));
                }
            }
            Self::Find => {
                for _ in 0..repetitions {
                    black_box(snapshot.find(black_box(first)));
                }
            }
            Self::Evaluate => {
                for _ in 0..repetitions {
                    black_box(evaluator.evaluate(black_box(flag)));
                }
            }
            Self::FindAndEvaluate => {
                for key in keys.iter().cycle().take(repetitions.try_into()?) {
                    let flag = snapshot.find(black_box(key)).context("no flag")?;
                    black_box(evaluator.evaluate(flag));
                }
            }
        }
        Ok(())
    }
}

/// A visitor whose attributes lie at hand.
struct Visitor(Vec<AttributeValue<'static>>);

impl Visitor {
    fn new(snapshot: &Snapshot<'_>) -> Self {
        let values = (0..snapshot.attribute_count()).map(|index| {
            let attribute = snapshot.attribute(AttributeIndex(index));
            match attribute.map_or("", |attribute| attribute.name) {
                "user.key" => AttributeValue::Text("0f8fad5bd9cb469fa16570867728950e"),
                "user.email" => AttributeValue::Text("zoe.muster@shop.example"),
                "geo.country" => AttributeValue::Text("DE"),
                "app.version" => AttributeValue::Text("2.14.3"),
                _ => AttributeValue::Missing,
            }
        });
        Self(values.collect())
    }
}

impl Attributes for Visitor {
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        let value = self.0.get(usize::from(index.0)).copied();
        value.unwrap_or(AttributeValue::Missing)
    }
}

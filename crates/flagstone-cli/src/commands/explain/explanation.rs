//! Why a flag was decided as it was, as data.

use super::missed::{Missed, missed};
use super::trace::{FlagTrace, Listener, RuleTrace, SplitTrace, TestTrace};
use crate::context::{self, Context};
use flagstone_core::layout::{
    Algorithm, NONE, NONE16, RANGE_BACKWARD, RangeRecord, Section, SourceKind, SplitRecord, rest,
};
use flagstone_core::{
    Answer, AttributeIndex, AttributeValue, Attributes, Evaluator, Flag, FlagIndex, Progress,
    Snapshot, UnixMillis, Value, VariantIndex, range_share,
};
use serde::Serialize;
use serde_json::value::RawValue;

/// Why a flag was decided as it was.
#[derive(Debug, Serialize)]
pub struct Explanation {
    pub flag: String,
    /// The value of the variant; `None` where the caller's default is right.
    pub value: Option<Box<RawValue>>,
    pub variant: Option<String>,
    pub reason: &'static str,
    /// The rule that decided, counted from 0.
    pub rule: Option<u16>,
    /// The control document holds the flag at this variant.
    pub killed: bool,
    /// What is required of other flags; `None` if there is nothing or it was not asked for.
    pub prerequisites: Option<Prerequisites>,
    /// All rules of the flag.
    pub rules: Vec<Rule>,
}

/// What is required of other flags.
#[derive(Debug, Serialize)]
pub struct Prerequisites {
    pub hold: bool,
    pub tests: Vec<Test>,
}

#[derive(Debug, Serialize)]
pub struct Rule {
    /// Counted from 0.
    pub index: u16,
    /// `None` if it has none.
    pub name: Option<String>,
    pub outcome: RuleOutcome,
    /// The tests that were run; what they were about decided before the others were reached.
    pub tests: Vec<Test>,
    pub split: Option<Split>,
    /// Single tests that would have made the rule match, had they gone the other way.
    pub missed_by: Vec<MissedBy>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleOutcome {
    Matched,
    NotMatched,
    NotReached,
}

#[derive(Debug, Serialize)]
pub struct Test {
    /// In words: what must be for the test to hold.
    pub test: String,
    pub holds: Holds,
    /// The attribute it is about, if it is about one; not of elements of a list, which are gone by now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<Attribute>,
    /// The other flag it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<Box<Explanation>>,
    /// The tests of the segment it is about; empty if the segment's lists decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub segment: Vec<Test>,
}

/// Whether a test holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    Yes,
    No,
    /// The attribute is missing or of another type; counts as no.
    Unknown,
}

#[derive(Debug, Serialize)]
pub struct Attribute {
    pub name: String,
    pub is: Presence,
    /// Left out if it is missing or an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<serde_json::Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    Missing,
    Object,
    Value,
}

/// A percentage rollout, in positions of its algorithm: for a native one, buckets of a millionth of all units.
#[derive(Debug, Serialize)]
pub struct Split {
    /// What is hashed.
    pub by: Attribute,
    /// Where the unit falls; `None` if the attribute has no value to be hashed.
    pub bucket: Option<u64>,
    /// Of how many positions; 1,000,000 for a native rollout.
    pub total: u64,
    /// Who has which buckets at the time of the evaluation, in ascending order.
    pub ranges: Vec<Range>,
    /// The variant of all other buckets.
    pub rest: String,
    /// The range that is the next to the bucket, if the bucket is in none.
    pub closest: Option<Closest>,
}

/// Buckets `from` to `to`, the last not included.
#[derive(Clone, Debug, Serialize)]
pub struct Range {
    pub variant: String,
    pub from: u64,
    pub to: u64,
    /// Whether the unit is in it.
    pub here: bool,
}

#[derive(Debug, Serialize)]
pub struct Closest {
    pub variant: String,
    /// How many buckets away.
    pub distance: u64,
}

#[derive(Debug, Serialize)]
pub struct MissedBy {
    pub test: String,
    /// What would have been served.
    pub variant: Option<String>,
}

/// Decides a flag and says why. `None` if the bytes of the snapshot make no sense.
pub fn explain(
    evaluator: &Evaluator<'_, '_, Context<'_, '_>>,
    flag: FlagIndex,
) -> Option<Explanation> {
    let mut listener = Listener::new(evaluator.snapshot);
    evaluator.explain(flag, &mut listener);
    let trace = listener.into_trace()?;
    let missed = missed(evaluator, &trace);
    let explainer = Explainer {
        snapshot: evaluator.snapshot,
        context: evaluator.attributes,
        now: evaluator.now,
        rollouts: evaluator.rollouts,
    };
    explainer.flag(&trace, &missed)
}

/// Puts names and words to a trace.
struct Explainer<'e, 's, 'n, 'l> {
    snapshot: Snapshot<'s>,
    context: &'e Context<'n, 'l>,
    now: UnixMillis,
    rollouts: &'e [Progress],
}

impl Explainer<'_, '_, '_, '_> {
    fn flag(&self, trace: &FlagTrace, missed: &[Missed]) -> Option<Explanation> {
        let flag = self.snapshot.flag(trace.flag)?;
        let variant = trace.variant.and_then(|index| flag.variant(index));
        let mut rules: Vec<Rule> = Vec::new();
        for index in 0.. {
            let Some(name) = flag.rule_name(index) else {
                break;
            };
            let tried = trace.rules.iter().find(|rule| rule.rule == index);
            let mut rule = Rule {
                index,
                name: (!name.is_empty()).then(|| name.to_owned()),
                outcome: RuleOutcome::NotReached,
                tests: Vec::new(),
                split: None,
                missed_by: self.missed_by(&flag, index, missed),
            };
            if let Some(tried) = tried {
                self.tried(&flag, &mut rule, tried);
            }
            rules.push(rule);
        }
        Some(Explanation {
            flag: flag.key().to_owned(),
            value: variant.and_then(|variant| json(&variant.value())),
            variant: variant.map(|variant| variant.key().to_owned()),
            reason: trace.reason.as_str(),
            rule: trace.rule,
            killed: trace.killed,
            prerequisites: trace.prerequisites.as_ref().map(|tests| Prerequisites {
                hold: trace.prerequisites_hold,
                tests: self.tests(tests),
            }),
            rules,
        })
    }

    /// Fills in what happened to a rule.
    fn tried(&self, flag: &Flag<'_>, rule: &mut Rule, trace: &RuleTrace) {
        rule.outcome = match trace.matched {
            true => RuleOutcome::Matched,
            false => RuleOutcome::NotMatched,
        };
        rule.tests = self.tests(&trace.tests);
        rule.split = trace.split.and_then(|split| self.split(flag, &split));
    }

    fn tests(&self, traces: &[TestTrace]) -> Vec<Test> {
        traces.iter().map(|trace| self.test(trace)).collect()
    }

    fn test(&self, trace: &TestTrace) -> Test {
        let described = self.snapshot.describe_test(trace.test);
        let attribute = described.and_then(|test| test.attribute());
        Test {
            test: self.words(trace.test),
            holds: match (trace.answer, trace.holds) {
                (Answer::Unknown, _) => Holds::Unknown,
                (_, true) => Holds::Yes,
                (_, false) => Holds::No,
            },
            attribute: attribute.and_then(|index| self.asked(index)),
            flag: trace
                .flag
                .as_ref()
                .and_then(|flag| self.flag(flag, &[]))
                .map(Box::new),
            segment: self.tests(&trace.inner),
        }
    }

    fn words(&self, test: u32) -> String {
        let described = self.snapshot.describe_test(test);
        described.map_or_else(|| "?".to_owned(), |test| test.to_string())
    }

    /// The attribute that a test was about; `None` if it is an element of a list.
    fn asked(&self, index: AttributeIndex) -> Option<Attribute> {
        let source = self.snapshot.attribute(index)?.source;
        (source != SourceKind::Element).then(|| self.attribute(index))
    }

    fn attribute(&self, index: AttributeIndex) -> Attribute {
        let attribute = self.snapshot.attribute(index);
        let (is, value) = match self.context.attribute(index) {
            AttributeValue::Missing => (Presence::Missing, None),
            AttributeValue::Object(_) => (Presence::Object, None),
            value => (Presence::Value, Some(context::json(value))),
        };
        Attribute {
            name: attribute.map_or("?", |attribute| attribute.name).to_owned(),
            is,
            value,
        }
    }

    fn split(&self, flag: &Flag<'_>, trace: &SplitTrace) -> Option<Split> {
        let split = self
            .snapshot
            .record::<SplitRecord>(Section::Splits, trace.split)?;
        let mut ranges: Vec<Range> = Vec::new();
        for record in self.snapshot.ranges(&split) {
            let (from, to) = self.filled(&record)?;
            let here = trace
                .bucket
                .is_some_and(|bucket| (from..to).contains(&bucket));
            ranges.push(Range {
                variant: name(flag, VariantIndex(record.variant)),
                from,
                to,
                here,
            });
        }
        ranges.sort_by_key(|range| range.from);
        let closest = match trace.bucket {
            Some(bucket) if !ranges.iter().any(|range| range.here) => closest(&ranges, bucket),
            _ => None,
        };
        Some(Split {
            by: self.attribute(trace.by),
            bucket: trace.bucket,
            total: total(&split),
            closest,
            ranges,
            rest: match split.rest {
                NONE16 => "the flag's default".to_owned(),
                rest::NEXT => "the next rule decides".to_owned(),
                rest::FAIL => "nothing, an error".to_owned(),
                variant => name(flag, VariantIndex(variant)),
            },
        })
    }

    /// The buckets of a range that its variant has now.
    fn filled(&self, range: &RangeRecord) -> Option<(u64, u64)> {
        if range.ramp == NONE {
            return Some((range.from, range.to));
        }
        let share = range_share(&self.snapshot, range, self.now, self.rollouts)?;
        let filled = share.0.saturating_sub(range.base);
        let filled = u64::from(filled).min(range.to.saturating_sub(range.from));
        Some(match range.flags & RANGE_BACKWARD {
            0 => (range.from, range.from + filled),
            _ => (range.to - filled, range.to),
        })
    }

    fn missed_by(&self, flag: &Flag<'_>, rule: u16, missed: &[Missed]) -> Vec<MissedBy> {
        let missed = missed.iter().filter(|missed| missed.rule == rule);
        let missed = missed.map(|missed| MissedBy {
            test: self.words(missed.test),
            variant: missed.variant.map(|variant| name(flag, variant)),
        });
        missed.collect()
    }
}

/// How many positions a split's algorithm has.
fn total(split: &SplitRecord) -> u64 {
    let algorithm = Algorithm::from_code(split.algorithm).unwrap_or(Algorithm::Native);
    let positions = algorithm.positions(split.modulus);
    positions.end - positions.start
}

/// The range that is the next to a bucket outside of all.
fn closest(ranges: &[Range], bucket: u64) -> Option<Closest> {
    let filled = ranges.iter().filter(|range| range.from < range.to);
    let distances = filled.map(|range| Closest {
        variant: range.variant.clone(),
        distance: match bucket < range.from {
            true => range.from - bucket,
            false => bucket.saturating_sub(range.to) + 1,
        },
    });
    distances.min_by_key(|closest| closest.distance)
}

/// The key of a variant.
fn name(flag: &Flag<'_>, index: VariantIndex) -> String {
    let variant = flag.variant(index);
    variant.map_or("?", |variant| variant.key()).to_owned()
}

/// A value as JSON, just as it lies in the snapshot.
fn json(value: &Value<'_>) -> Option<Box<RawValue>> {
    let text = match value {
        Value::Boolean(is) => is.to_string(),
        Value::String(text) => serde_json::to_string(text).ok()?,
        Value::Number { text, .. } | Value::Json(text) => (*text).to_owned(),
    };
    RawValue::from_string(text).ok()
}

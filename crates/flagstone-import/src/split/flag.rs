//! Flags.

use super::condition::{Shape, is_rollout};
use super::dependency::Met;
use super::javascript::{number, truthy, unsigned};
use super::partitions::{Part, Partitions};
use super::{Reader, not};
use crate::report::Fidelity;
use crate::service::Sdk;
use crate::size::{TOO_LARGE, are_too_large};
use flagstone_compile::model::{
    Absent, Algorithm, Allocation, Bucketing, Condition, Flag, Range, Rest, Rule, Serve,
    TARGETING_KEY, Test, Value, Variant,
};
use flagstone_json::Json;

/// The treatment of whoever cannot be given one.
pub(super) const CONTROL: &str = "control";
/// The attribute of a bucketing key that is another than the key.
pub(super) const BUCKETING_KEY: &str = "user.bucketingKey";

/// What is known of a flag before it is lowered.
#[derive(Clone, Debug)]
pub(super) struct Known<'d> {
    pub json: &'d Json<'d>,
    /// Whether its name can be a key.
    pub is_key: bool,
    pub is_killed: bool,
    pub shape: Shape,
    /// Every treatment that it can give, the default one first.
    pub treatments: Vec<&'d str>,
}

impl<'d> Known<'d> {
    pub fn read(name: &str, json: &'d Json<'d>, sdk: Sdk) -> Self {
        let shape = Shape::of(json.get("conditions"), sdk);
        let default = json.get("defaultTreatment").and_then(Json::text);
        let mut treatments = vec![default.unwrap_or(CONTROL)];
        let mut add = |treatment| {
            if !treatments.contains(&treatment) {
                treatments.push(treatment);
            }
        };
        match shape {
            Shape::Throws(_) => {}
            Shape::Unsupported => add(CONTROL),
            Shape::Sound => {
                for condition in json.get("conditions").map_or(&[][..], Json::elements) {
                    let partitions = Partitions::read(condition.get("partitions"), sdk);
                    if let Partitions::Ranges(parts, open) = partitions {
                        let texts = parts.iter().filter_map(|part| part.treatment?.text());
                        texts.for_each(&mut add);
                        if open {
                            add(CONTROL);
                        }
                    }
                }
            }
        }
        Self {
            json,
            is_key: is_key(name),
            is_killed: truthy(json.get("killed")),
            shape,
            treatments,
        }
    }

    /// The default treatment.
    pub fn default(&self) -> &'d str {
        self.treatments.first().copied().unwrap_or(CONTROL)
    }

    /// The variant of a treatment: the treatment itself, if it can be a key.
    pub fn variant(&self, treatment: &str) -> String {
        if is_key(treatment) {
            return treatment.to_owned();
        }
        let place = self.treatments.iter().position(|of| *of == treatment);
        let mut key = format!("treatment {}", place.unwrap_or_default());
        while self.treatments.contains(&key.as_str()) {
            key.push('\'');
        }
        key
    }

    fn variants(&self) -> Vec<Variant> {
        let variants = self.treatments.iter().map(|treatment| Variant {
            key: self.variant(treatment),
            value: Value::String((*treatment).to_owned()),
        });
        variants.collect()
    }
}

/// Whether text can be the key of a flag, a variant or a segment.
pub(super) fn is_key(text: &str) -> bool {
    (1..=255).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// A flag, and for each of its rules what the SDK calls it.
pub(super) struct Lowered {
    pub flag: Flag,
    #[cfg_attr(
        not(feature = "answers"),
        expect(dead_code, reason = "only answers say it")
    )]
    pub labels: Vec<String>,
}

/// The rules of a flag while they are written.
#[derive(Default)]
struct Rules {
    rules: Vec<Rule>,
    labels: Vec<String>,
}

impl Rules {
    fn push(&mut self, label: &str, when: Condition, serve: Serve) {
        self.labelled(label, &Json::Text(label.into()), when, serve);
    }

    fn labelled(&mut self, name: &str, label: &Json<'_>, when: Condition, serve: Serve) {
        const LONGEST: usize = 200;
        self.rules.push(Rule {
            name: name.chars().take(LONGEST).collect(),
            when,
            serve,
        });
        if cfg!(feature = "answers") {
            self.labels.push(label.to_string());
        }
    }
}

impl<'d> Reader<'d> {
    pub(super) fn flag(&mut self, name: &str, json: &'d Json<'d>, known: &Known<'d>) -> Lowered {
        let mut rules = Rules::default();
        let throws = matches!(known.shape, Shape::Throws(_));
        match known.shape {
            Shape::Throws(why) => {
                let when = self.fail(why);
                rules.push("exception", when, Serve::Default);
            }
            _ if known.is_killed => {}
            shape => {
                if self.prerequisites(json, &mut rules) {
                    self.conditions(json, known, shape, &mut rules);
                }
            }
        }
        if are_too_large(&rules.rules) {
            rules = Rules::default();
            rules.push("exception", self.fail(TOO_LARGE), Serve::Default);
        }
        self.remarks(json, known);
        Lowered {
            flag: Flag {
                key: name.to_owned(),
                variants: known.variants(),
                default: Some(known.variant(known.default())),
                enabled: throws || !known.is_killed,
                expires: None,
                prerequisites: Vec::new(),
                rules: rules.rules,
            },
            labels: rules.labels,
        }
    }

    /// What there is to know of a flag that is evaluated as it should be.
    fn remarks(&mut self, json: &Json<'_>, known: &Known<'_>) {
        let configurations = json.get("configurations").map_or(&[][..], Json::members);
        if configurations.iter().any(|(_, text)| truthy(Some(text))) {
            self.note(
                Fidelity::Noted,
                "its configurations are in answers, but are not values that the edge serves",
            );
        }
        if known.shape == Shape::Unsupported && !known.is_killed {
            self.note(
                Fidelity::Noted,
                "it has a matcher that the SDK does not support either, or none at all: everybody gets `control`",
            );
        }
        let algo = json.some("algo").and_then(Json::number);
        if self.sdk == Sdk::Node && algo.is_some_and(|algo| algo != 2.0) {
            self.note(
                Fidelity::Noted,
                "its algorithm is the legacy hash, which the JavaScript SDK does not use, but others do",
            );
        }
    }

    /// One rule for each prerequisite that is not met; `false` if one of them never is.
    fn prerequisites(&mut self, json: &Json<'d>, rules: &mut Rules) -> bool {
        const LABEL: &str = "prerequisites not met";
        let list = match json.get("prerequisites") {
            None | Some(Json::Null) => return true,
            Some(Json::List(list)) => list,
            Some(_) => {
                let when = self.fail("its prerequisites are no list");
                rules.push("exception", when, Serve::Default);
                return false;
            }
        };
        for prerequisite in list {
            match self.met(prerequisite) {
                Met::Always => {}
                Met::Never => {
                    rules.push(LABEL, Condition::always(), Serve::Default);
                    return false;
                }
                Met::If(test) => rules.push(LABEL, not(test), Serve::Default),
                Met::Throws => {
                    let when = self.fail("the SDK throws at one of its prerequisites");
                    rules.push("exception", when, Serve::Default);
                    return false;
                }
                Met::LeftOut => {
                    let when = self.fail("it depends on a flag that cannot have a place here");
                    rules.push("exception", when, Serve::Default);
                    return false;
                }
            }
        }
        true
    }

    fn conditions(
        &mut self,
        json: &'d Json<'d>,
        known: &Known<'d>,
        shape: Shape,
        rules: &mut Rules,
    ) {
        if shape == Shape::Unsupported {
            let label = "targeting rule type unsupported by sdk";
            let serve = Serve::Variant(known.variant(CONTROL));
            rules.push(label, Condition::always(), serve);
            return;
        }
        let algorithm = match (self.sdk, json.get("algo").and_then(Json::number)) {
            (Sdk::Other, algo) if algo != Some(2.0) => Algorithm::SplitLegacy,
            _ => Algorithm::Split,
        };
        let bucketing = |seed| Bucketing {
            algorithm,
            by: vec![BUCKETING_KEY.to_owned(), TARGETING_KEY.to_owned()],
            salt: String::new(),
            seed,
            modulus: 0,
        };
        let seed = unsigned(json.get("seed"));
        let mut allocated = false;
        for condition in json.get("conditions").map_or(&[][..], Json::elements) {
            if is_rollout(condition) && !allocated {
                allocated = true;
                let share = number(json.get("trafficAllocation"));
                if share < 100.0 {
                    // Buckets are 1 to 100, and one beyond the share is out.
                    let end = (share.floor() as u64).saturating_add(1);
                    let inside = Condition::Test(Test::Bucket {
                        bucketing: bucketing(unsigned(json.get("trafficAllocationSeed"))),
                        ranges: vec![(1, end)],
                        absent: Absent::Fail,
                    });
                    let outside = if end == 1 {
                        Condition::always()
                    } else {
                        not(inside)
                    };
                    rules.push("not in split", outside, Serve::Default);
                    if end == 1 {
                        return;
                    }
                }
            }
            self.condition(condition, known, &bucketing(seed), rules);
        }
    }

    fn condition(
        &mut self,
        condition: &'d Json<'d>,
        known: &Known<'d>,
        bucketing: &Bucketing,
        rules: &mut Rules,
    ) {
        let mut when = self.matches(condition);
        let serve = match Partitions::read(condition.get("partitions"), self.sdk) {
            Partitions::Ranges(parts, open) => match self.serve(&parts, open, known, bucketing) {
                Some(serve) => serve,
                None => {
                    let fail = self.fail("a treatment of its partitions is no text");
                    when = Condition::All(vec![when, fail]);
                    Serve::Default
                }
            },
            Partitions::None | Partitions::Invalid => {
                return rules.push("default rule", when, Serve::Default);
            }
        };
        match condition.get("label") {
            None => rules.push("default rule", when, serve),
            Some(label) => {
                rules.labelled(label.text().unwrap_or_default(), label, when, serve);
            }
        }
    }

    /// What partitions serve; `None` if a treatment is no text.
    fn serve(
        &mut self,
        parts: &[Part<'d>],
        open: bool,
        known: &Known<'d>,
        bucketing: &Bucketing,
    ) -> Option<Serve> {
        let mut ranges: Vec<Range> = Vec::with_capacity(parts.len());
        for Part {
            treatment,
            from,
            to,
        } in parts
        {
            let treatment = match treatment {
                Some(treatment) => treatment.text()?,
                None => known.default(),
            };
            ranges.push(Range {
                from: *from,
                to: *to,
                variant: known.variant(treatment),
            });
        }
        if ranges.len() == 1 && !open {
            return ranges.pop().map(|range| Serve::Variant(range.variant));
        }
        Some(Serve::Allocation(Allocation {
            bucketing: bucketing.clone(),
            ranges,
            rest: if open {
                Rest::Variant(known.variant(CONTROL))
            } else {
                Rest::Fail
            },
            absent: Absent::Fail,
        }))
    }
}

//! Flags.

use super::clause::{Clauses, conditions};
use super::document::{self, Document, index, is_truthy, texts};
use super::reference::{self, USER};
use super::rollout::{self, Experiment};
use super::segment::Segments;
use crate::report::{Entry, Fidelity};
use flagstone_compile::model::{
    Condition, Flag, Matcher, Reading, Rule, Scalar, Serve, Test, Value, Variant,
};
use flagstone_json::{Elements, Node, View};

/// Bytes of the longest key, and of the longest variant key that is made of a value.
const LONGEST_KEY: usize = 255;
const LONGEST_VALUE: usize = 40;
/// Numbers of variations, of rules, of tests in a condition and bytes of a name that a snapshot has room for.
pub(super) const MOST: usize = 60_000;
/// Above so many, texts are a set.
pub(super) const FEW: usize = 16;

/// What a rule of the model was in the document.
#[cfg_attr(
    not(feature = "answers"),
    allow(dead_code, reason = "only answers tell it")
)]
#[derive(Clone, Copy)]
pub(super) enum Origin<'d> {
    /// The prerequisite with this flag.
    Prerequisite(&'d str),
    /// A list of targets.
    Target,
    /// A rule.
    Rule {
        /// Its place.
        index: usize,
        /// Its id, if it has one.
        id: Option<Node<'d>>,
    },
    /// What is served otherwise.
    Fallthrough,
}

/// A flag as it goes into the model, and what its rules were.
#[cfg_attr(
    not(feature = "answers"),
    allow(dead_code, reason = "only answers tell it")
)]
pub(super) struct Lowered<'d> {
    pub flag: Flag,
    /// Whether the model can hold the flag.
    pub is_usable: bool,
    /// For each rule what it was, and the experiment that it serves.
    pub meanings: Vec<(Origin<'d>, Option<Experiment>)>,
}

/// Lowers a flag, and says in its entry of the report what there is to know.
#[inline(never)]
pub(super) fn lower<'d>(
    document: &'d Document<'d>,
    segments: &Segments,
    flag: &document::Flag<'d>,
    entry: &mut Entry,
) -> Lowered<'d> {
    let keys = variant_keys(flag.variations);
    let mut lowering = Lowering {
        document,
        segments,
        flag,
        keys,
        entry,
        rules: Vec::with_capacity(most_rules(flag)),
        meanings: Vec::new(),
    };
    let off = lowering.off();
    let is_on = is_truthy(flag.on);
    let problem = problem(flag);
    let is_usable = problem.is_none();
    if let Some(problem) = problem {
        lowering.entry.note(Fidelity::NotEvaluable, problem);
    } else {
        match (is_on, &off) {
            (true, _) => lowering.rules(&off),
            (false, Off::Fail) => lowering.push("off", fail(), Serve::Default, Origin::Fallthrough),
            (false, _) => {}
        }
    }
    let Lowering {
        keys,
        rules,
        meanings,
        ..
    } = lowering;
    let mut variants = Vec::with_capacity(keys.len().max(1));
    for (key, json) in keys.into_iter().zip(flag.variations) {
        let value = value(json);
        variants.push(Variant { key, value });
    }
    if variants.is_empty() {
        // Nothing can be served then, and the model wants a variant.
        variants.push(Variant {
            key: "none".to_owned(),
            value: Value::Json("null".to_owned()),
        });
    }
    let default = match off {
        Off::Variation(index) => variants.get(index).map(|variant| variant.key.clone()),
        Off::Caller | Off::Fail => None,
    };
    Lowered {
        flag: Flag {
            key: flag.key.to_owned(),
            variants,
            default,
            enabled: is_on || !rules.is_empty(),
            expires: None,
            prerequisites: Vec::new(),
            rules,
        },
        is_usable,
        meanings,
    }
}

/// What a flag serves that is off or whose prerequisites fail.
enum Off {
    Variation(usize),
    /// The default of whoever asks.
    Caller,
    /// The variation does not exist.
    Fail,
}

/// What is served to whom a rule matches.
enum Outcome {
    Serve(Serve, Option<Experiment>),
    Malformed,
}

struct Lowering<'l, 'd> {
    document: &'d Document<'d>,
    segments: &'l Segments,
    flag: &'l document::Flag<'d>,
    /// Keys of the variants, by variation.
    keys: Vec<String>,
    entry: &'l mut Entry,
    rules: Vec<Rule>,
    meanings: Vec<(Origin<'d>, Option<Experiment>)>,
}

impl<'d> Lowering<'_, 'd> {
    fn off(&self) -> Off {
        match self.flag.off_variation {
            Some(json) if json.number().is_some() => {
                index(Some(json), self.keys.len()).map_or(Off::Fail, Off::Variation)
            }
            _ => Off::Caller,
        }
    }

    fn push(&mut self, name: &str, when: Condition, serve: Serve, origin: Origin<'d>) {
        self.serve(name, when, Outcome::Serve(serve, None), origin);
    }

    /// Adds a rule.
    fn serve(&mut self, name: &str, when: Condition, outcome: Outcome, origin: Origin<'d>) {
        let (when, serve, experiment) = match outcome {
            Outcome::Serve(serve, experiment) => (when, serve, experiment),
            Outcome::Malformed => {
                let when = match when {
                    Condition::All(mut parts) => {
                        parts.push(fail());
                        Condition::All(parts)
                    }
                    other => Condition::All(vec![other, fail()]),
                };
                (when, Serve::Default, None)
            }
        };
        self.rules.push(Rule {
            name: name.to_owned(),
            when,
            serve,
        });
        if cfg!(feature = "answers") {
            self.meanings.push((origin, experiment));
        }
    }

    /// Prerequisites, targets, rules and fallthrough, up to what takes everybody.
    #[inline(never)]
    fn rules(&mut self, off: &Off) {
        for required in self.flag.prerequisites {
            if self.prerequisite(required, off) {
                return;
            }
        }
        self.circles();
        self.targets();
        for (index, rule) in self.flag.rules.enumerate() {
            let Some(Clauses {
                parts,
                segments,
                notes,
                ..
            }) = conditions(self.document, self.segments, rule)
            else {
                continue;
            };
            let of_segments = segments
                .iter()
                .flat_map(|place| self.segments.notes(*place));
            for (fidelity, note) in notes.iter().chain(of_segments) {
                self.entry.note(*fidelity, &**note);
            }
            let takes_everybody = parts.is_empty();
            let id = rule.some("id");
            let origin = Origin::Rule { index, id };
            let outcome = self.outcome(rule);
            let name = id.and_then(Node::text).filter(|id| is_name(id));
            match name {
                Some(name) => self.serve(name, Condition::All(parts), outcome, origin),
                None => {
                    let name = format!("rule-{index}");
                    self.serve(&name, Condition::All(parts), outcome, origin);
                }
            }
            if takes_everybody {
                return;
            }
        }
        let outcome = match self.flag.fallthrough {
            Some(fallthrough) => self.outcome(fallthrough),
            None => Outcome::Malformed,
        };
        self.serve(
            "fallthrough",
            Condition::always(),
            outcome,
            Origin::Fallthrough,
        );
    }

    /// A rule for whom a prerequisite fails; says whether that is everybody.
    #[inline(never)]
    fn prerequisite(&mut self, required: Node<'d>, off: &Off) -> bool {
        let key = required.some("key").and_then(Node::text).unwrap_or("");
        let outcome = match off {
            Off::Variation(_) | Off::Caller => Outcome::Serve(Serve::Default, None),
            Off::Fail => Outcome::Malformed,
        };
        let flag = self.document.flag(key);
        let when = match flag {
            None => Condition::always(),
            // A flag that the model cannot hold cannot be asked.
            Some(flag) if problem(flag).is_some() => Condition::Test(Test::Abort),
            Some(flag) => {
                let wanted = index(required.some("variation"), flag.variations.len());
                let keys = wanted.map(|index| variant_key(&variant_keys(flag.variations), index));
                let failed = Condition::Not(Box::new(Condition::Test(Test::Flag {
                    key: key.to_owned(),
                    variants: keys.into_iter().collect(),
                    enabled_only: true,
                })));
                if self.document.is_circular(key) {
                    Condition::All(vec![Condition::Not(Box::new(inside(key))), failed])
                } else {
                    failed
                }
            }
        };
        let name = if is_name(key) { key } else { "prerequisite" };
        self.serve(name, when, outcome, Origin::Prerequisite(key));
        flag.is_none()
    }

    /// Fails a flag that requires itself.
    #[inline(never)]
    fn circles(&mut self) {
        // COMPAT(launchdarkly): a prerequisite that fails, also one that comes later, counts before a circle.
        let required = self.flag.prerequisites;
        let keys = required.filter_map(|required| required.get("key").and_then(Node::text));
        let circular = keys.filter(|key| self.document.is_circular(key));
        let circles: Vec<Condition> = circular.map(inside).collect();
        if !circles.is_empty() {
            let when = Condition::All(vec![Condition::Any(circles), fail()]);
            self.push("circle", when, Serve::Default, Origin::Fallthrough);
        }
    }

    fn targets(&mut self) {
        let targets = self.flag.targets;
        let by_kind = self.flag.context_targets;
        if by_kind.len() == 0 {
            for target in targets {
                self.target(target);
            }
            return;
        }
        for target in by_kind {
            let kind = target.some("contextKind");
            if is_truthy(kind) && kind.and_then(Node::text) != Some(USER) {
                self.target(target);
                continue;
            }
            // COMPAT(launchdarkly): for users it only says when the list of the same variation has its turn.
            let variation = target.some("variation");
            let same = |target: &Node<'_>| target.some("variation") == variation;
            if let Some(target) = { targets }.find(same) {
                self.target(target);
            }
        }
    }

    #[inline(never)]
    fn target(&mut self, target: Node<'_>) {
        let Some(kind) = reference::kind(target.get("contextKind")) else {
            return;
        };
        let keys: Vec<String> = texts(target, "values").map(str::to_owned).collect();
        if keys.is_empty() {
            return;
        }
        let outcome = self.variation(target.some("variation"));
        let when = Condition::Test(one_of(reference::key_of(kind), keys, Reading::default()));
        self.serve("targets", when, outcome, Origin::Target);
    }

    fn variation(&self, json: Option<Node<'_>>) -> Outcome {
        match index(json, self.keys.len()) {
            Some(index) => Outcome::Serve(Serve::Variant(variant_key(&self.keys, index)), None),
            None => Outcome::Malformed,
        }
    }

    /// A variation, or a rollout if there is none.
    fn outcome(&self, json: Node<'_>) -> Outcome {
        if let Some(variation) = json.some("variation") {
            return self.variation(Some(variation));
        }
        let lowered = json.some("rollout").and_then(|rollout| {
            rollout::lower(self.document.sdk, self.flag.names, &self.keys, rollout)
        });
        match lowered {
            Some((allocation, experiment)) => {
                Outcome::Serve(Serve::Allocation(allocation), experiment)
            }
            None => Outcome::Malformed,
        }
    }
}

/// As many rules as a flag can come to have.
fn most_rules(flag: &document::Flag<'_>) -> usize {
    let targets = flag.targets.len().max(flag.context_targets.len());
    // One for circles, and the fallthrough.
    flag.rules.len() + targets + flag.prerequisites.len() + 2
}

/// Why the model cannot hold a flag, if so.
fn problem(flag: &document::Flag<'_>) -> Option<&'static str> {
    if !is_name(flag.key) {
        return Some("its key must have 1 to 255 bytes and no control characters");
    }
    let targets = flag.targets.len() + flag.context_targets.len();
    let rules = flag.rules.len() + targets + flag.prerequisites.len();
    let is_large = flag.variations.len() > MOST || rules > MOST || flag.names.len() > MOST;
    is_large.then_some("it is larger than a snapshot has room for")
}

/// Whether the evaluation is in a flag already.
fn inside(key: &str) -> Condition {
    Condition::Test(Test::Inside(key.to_owned()))
}

/// Fails whoever comes here.
pub(super) fn fail() -> Condition {
    Condition::Test(Test::Fail)
}

/// Whether an attribute is one of some texts.
pub(super) fn one_of(name: String, mut texts: Vec<String>, reading: Reading) -> Test {
    let matcher = match texts.len() {
        1 => Matcher::Equals(Scalar::Text(texts.swap_remove(0))),
        2..=FEW => Matcher::OneOf(texts.into_iter().map(Scalar::Text).collect()),
        _ => Matcher::InSet(texts),
    };
    Test::Attribute {
        name,
        matcher,
        reading,
    }
}

/// Whether a text can be the name or key of something.
pub(super) fn is_name(text: &str) -> bool {
    (1..=LONGEST_KEY).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn value(json: Node<'_>) -> Value {
    match json.view() {
        View::Boolean(value) => Value::Boolean(value),
        View::Number(number) if number.is_finite() => Value::Number(number),
        View::Text(text) => Value::String(text.to_owned()),
        _ => Value::Json(json.tree().to_string()),
    }
}

/// The key of a variant.
pub(super) fn variant_key(keys: &[String], index: usize) -> String {
    keys.get(index).cloned().unwrap_or_default()
}

/// Keys for the variations of a flag: their values where these are short and different, else their indices.
fn variant_keys(variations: Elements<'_>) -> Vec<String> {
    let text = |json: Node<'_>| match json.view() {
        View::Boolean(value) => Some(if value { "true" } else { "false" }.to_owned()),
        View::Number(_) => Some(json.tree().to_string()),
        View::Text(text) if is_name(text) && text.len() <= LONGEST_VALUE => Some(text.to_owned()),
        _ => None,
    };
    let few = variations.len() <= FEW;
    let keys: Option<Vec<String>> = variations.map(text).take_while(|_| few).collect();
    let distinct = |keys: &Vec<String>| {
        let mut seen = keys.iter().enumerate();
        few && seen.all(|(at, key)| !keys.iter().take(at).any(|other| other == key))
    };
    keys.filter(distinct).unwrap_or_else(|| {
        (0..variations.len())
            .map(|index| index.to_string())
            .collect()
    })
}

//! The steps of an evaluation, in words.

use flagstone_core::{Answer, AttributeIndex, Decision, FlagIndex, Snapshot, Trace, VariantIndex};
use flagstone_edge::wire::Message;

/// Hears the steps, or nothing: one listener for both, since the evaluator is built once for each.
pub struct Steps<'s> {
    snapshot: Snapshot<'s>,
    is_listening: bool,
    /// The flags that are being decided, the last inside the others.
    flags: Vec<FlagIndex>,
    depth: u32,
    steps: Vec<Step>,
}

impl<'s> Steps<'s> {
    pub fn new(snapshot: Snapshot<'s>, is_listening: bool) -> Self {
        Self {
            snapshot,
            is_listening,
            flags: Vec::new(),
            depth: 0,
            steps: Vec::new(),
        }
    }

    /// Writes how many steps there were, and for each its kind, as `STEPS` in `js/wasm/src/full.ts` has them, how deep
    /// it lies in steps that began before, a text, and an outcome (0 none, 1 no, 2 yes, 3 unknown).
    pub fn write(&self, message: &mut Message) {
        message.count(self.steps.len());
        for step in &self.steps {
            message.number(step.kind as u32);
            message.number(step.depth);
            message.text(&step.text);
            message.number(step.outcome);
        }
    }
}

#[derive(Clone, Copy)]
pub enum Kind {
    Flag,
    Killed,
    Prerequisites,
    Rule,
    Test,
    Split,
    Decision,
}

pub struct Step {
    kind: Kind,
    depth: u32,
    text: String,
    outcome: u32,
}

/// What is written down. Each is a function of its own, so that it is compiled when somebody listens: most isolates never do.
impl Steps<'_> {
    #[inline(never)]
    fn add(&mut self, kind: Kind, text: String, outcome: u32) {
        let depth = self.depth;
        self.steps.push(Step {
            kind,
            depth,
            text,
            outcome,
        });
    }

    #[inline(never)]
    fn flag(&mut self, flag: FlagIndex) {
        let key = self.snapshot.flag(flag).map_or("?", |flag| flag.key());
        self.add(Kind::Flag, key.to_owned(), 0);
        self.flags.push(flag);
        self.depth += 1;
    }

    #[inline(never)]
    fn decision(&mut self, decision: &Decision<'_>) {
        let variant = decision.variant.map_or("", |variant| variant.key());
        let text = format!("{variant} {}", decision.reason);
        self.add(Kind::Decision, text.trim_start().to_owned(), 0);
        self.flags.pop();
        self.depth = self.depth.saturating_sub(1);
    }

    #[inline(never)]
    fn rule(&mut self, rule: u16, outcome: u32) {
        let flag = self.flags.last().and_then(|flag| self.snapshot.flag(*flag));
        let name = flag.and_then(|flag| flag.rule_name(rule));
        let text = match name.filter(|name| !name.is_empty()) {
            Some(name) => format!("{rule}: {name}"),
            None => rule.to_string(),
        };
        self.add(Kind::Rule, text, outcome);
    }

    #[inline(never)]
    fn tested(&mut self, test: u32, answer: Answer, holds: bool) {
        let described = self.snapshot.describe_test(test);
        let text = described.map_or_else(|| "?".to_owned(), |test| test.to_string());
        let outcome = match answer {
            Answer::Unknown => 3,
            Answer::Yes | Answer::No => 1 + u32::from(holds),
        };
        self.add(Kind::Test, text, outcome);
    }

    #[inline(never)]
    fn fell(&mut self, by: AttributeIndex, position: Option<u64>, variant: Option<VariantIndex>) {
        let name = self.snapshot.attribute(by).map_or("?", |of| of.name);
        let flag = self.flags.last().and_then(|flag| self.snapshot.flag(*flag));
        let variant = variant.and_then(|variant| flag?.variant(variant));
        let position = position.map_or_else(|| "has no value".to_owned(), |at| format!("at {at}"));
        let place = variant.map_or("in no range", |variant| variant.key());
        self.add(Kind::Split, format!("{name} {position}: {place}"), 0);
    }
}

impl Trace for Steps<'_> {
    fn enter_flag(&mut self, flag: FlagIndex) {
        if self.is_listening {
            self.flag(flag);
        }
    }

    fn leave_flag(&mut self, decision: &Decision<'_>) {
        if self.is_listening {
            self.decision(decision);
        }
    }

    fn killed(&mut self) {
        if self.is_listening {
            self.add(Kind::Killed, String::new(), 0);
        }
    }

    fn enter_prerequisites(&mut self) {
        if self.is_listening {
            self.add(Kind::Prerequisites, String::new(), 0);
        }
    }

    fn prerequisites_failed(&mut self) {
        if self.is_listening {
            self.add(Kind::Prerequisites, String::new(), 1);
        }
    }

    fn enter_rule(&mut self, rule: u16) {
        if self.is_listening {
            self.rule(rule, 0);
            self.depth += 1;
        }
    }

    fn leave_rule(&mut self, rule: u16, matched: bool) {
        if self.is_listening {
            self.depth = self.depth.saturating_sub(1);
            self.rule(rule, 1 + u32::from(matched));
        }
    }

    fn test(&mut self, test: u32, answer: Answer, holds: bool) {
        if self.is_listening {
            self.tested(test, answer, holds);
        }
    }

    fn split(
        &mut self,
        _split: u32,
        by: AttributeIndex,
        position: Option<u64>,
        variant: Option<VariantIndex>,
    ) {
        if self.is_listening {
            self.fell(by, position, variant);
        }
    }
}

//! The evaluator. Total: whatever the bytes and the context are, it ends and answers.

mod condition;
mod conversion;
mod element;
mod expression;
mod js;
mod list;
mod split;
mod tables;
mod trace;
mod way;

pub use expression::{EXPRESSION_TEXT, EXPRESSION_VALUES, MAX_EXPRESSION_DEPTH};
pub use js::padded;
pub use split::{plan_share, range_share};
pub use trace::{Answer, Trace};

use crate::context::{AttributeValue, Attributes};
use crate::decision::{Decision, Reason};
use crate::hash::{self, Ending};
use crate::layout::{
    EXPRESSION, FLAG_DISABLED, FLAG_GATED, FlagRecord, NONE, NONE16, Record, RuleRecord, SHARE,
    SetRecord,
};
use crate::progress::Progress;
use crate::semver::SemVer;
use crate::snapshot::{AttributeIndex, FlagIndex, Snapshot, Variant, VariantIndex};
use crate::units::UnixMillis;
use core::cell::Cell;
use split::Outcome;
use tables::{Tables, record};
use way::Way;

/// Whether the operations that only flags of services have are built in. What is not is an error where it is met.
pub(crate) const SERVICES: bool = cfg!(feature = "services");
/// Whether flagd's expressions are built in.
const EXPRESSIONS: bool = cfg!(feature = "expressions");

/// How deep flags may require flags and segments may refer to segments. The compiler refuses more.
pub const MAX_DEPTH: u8 = 16;
/// How many tests one evaluation may run, those of required flags and of segments included. Damaged bytes could otherwise
/// keep it busy for ever. The compiler refuses more.
pub const MAX_TESTS: u32 = 1 << 20;

/// A flag that is held at a variant, from the control document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kill {
    /// The flag.
    pub flag: FlagIndex,
    /// What it serves to everybody, with reason `DISABLED`.
    pub variant: VariantIndex,
}

/// A snapshot, a context and a moment: all that decisions follow from.
///
/// ```
/// # fn demo(bytes: &[u8]) -> Result<(), flagstone_core::OpenError> {
/// use flagstone_core::{Evaluator, Reason, Snapshot, UnixMillis};
///
/// let snapshot = Snapshot::open(bytes)?;
/// let nobody = Evaluator::new(snapshot, &(), UnixMillis(1_795_376_100_000));
/// if let Some(flag) = snapshot.find("new-checkout") {
///     let decision = nobody.evaluate(flag);
///     assert_ne!(decision.reason, Reason::Split, "nobody has no key to be bucketed by");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Evaluator<'s, 'c, A> {
    /// Where the flags are.
    pub snapshot: Snapshot<'s>,
    /// Whom it is decided for.
    pub attributes: &'c A,
    /// When.
    pub now: UnixMillis,
    /// Flags that are held at a variant.
    pub kills: &'c [Kill],
    /// How far the rollout of each plan has come, in the order of the plans; of those that are missing it has not begun.
    pub rollouts: &'c [Progress],
    tables: Tables<'s>,
    /// The hash of the targeting key, which sets are asked by.
    key_hash: Cell<Option<u128>>,
    /// The targeting key as rollouts hash it, behind the flag's key.
    unit: Ending,
    /// Which word the text of an attribute is, for some of them: the attribute's number from 1 on, and behind it the bit or
    /// [`NO_WORD`].
    words: [Cell<u32>; WORDS],
    /// An attribute and the rank of the version that its text is; [`NONE16`] for none yet.
    version: (Cell<u16>, Cell<u64>),
}

/// Attributes for which an evaluator keeps which word they are; as a rule all that are asked for words.
const WORDS: usize = 4;
/// A bit behind those of a mask.
const NO_WORD: u32 = u64::BITS;

impl<'s, 'c, A: Attributes> Evaluator<'s, 'c, A> {
    /// Without flags that are held, and no rollout has begun. One evaluator serves all flags of a request, and keeps what they have in common.
    #[inline]
    pub fn new(snapshot: Snapshot<'s>, attributes: &'c A, now: UnixMillis) -> Self {
        Self {
            snapshot,
            attributes,
            now,
            kills: &[],
            rollouts: &[],
            tables: Tables::of(snapshot),
            key_hash: Cell::new(None),
            unit: Ending::default(),
            words: Default::default(),
            version: (Cell::new(NONE16), Cell::new(0)),
        }
    }

    /// The same with flags that are held at a variant.
    #[must_use]
    pub fn with_kills(self, kills: &'c [Kill]) -> Self {
        Self { kills, ..self }
    }

    /// The same with rollouts that have come so far, in the order of the snapshot's plans.
    #[must_use]
    pub fn with_rollouts(self, rollouts: &'c [Progress]) -> Self {
        Self { rollouts, ..self }
    }

    /// Decides a flag. Allocates nothing; the time is that of the tests on the way.
    #[inline]
    pub fn evaluate(&self, flag: FlagIndex) -> Decision<'s> {
        self.explain(flag, &mut ())
    }

    /// Decides a flag as [`evaluate`](Self::evaluate) does, and tells a listener each step.
    #[inline]
    pub fn explain(&self, flag: FlagIndex, trace: &mut impl Trace) -> Decision<'s> {
        trace.enter_flag(flag);
        let Some((row, record)) = self.flag(flag) else {
            return Decision::error(flag);
        };
        let choice = match self.settled(&record, trace) {
            Some(choice) => choice,
            None => Run {
                input: self,
                trace: &mut *trace,
                tests_left: MAX_TESTS,
                element: None,
                scopes: 0,
            }
            .choice(flag, row, &Way::START),
        };
        let decision = self.decision(flag, &record, choice);
        if decision.reason != Reason::Error {
            trace.leave_flag(&decision);
        }
        decision
    }

    #[inline]
    fn flag(&self, index: FlagIndex) -> Option<(&'s [u8; FlagRecord::SIZE], FlagRecord)> {
        let row = self.tables.flags.get(index.0 as usize)?;
        Some((row, FlagRecord::read(row)?))
    }

    /// What a flag comes to that is decided in a few steps, and without a call: one without rules, or whose first rule gives a
    /// share to everybody. `None` for others, and if some are held.
    #[inline(always)]
    fn settled(&self, flag: &FlagRecord, trace: &mut impl Trace) -> Option<Choice> {
        if !self.kills.is_empty() {
            return None;
        }
        if let Some(choice) = without_rules(flag) {
            return Some(choice);
        }
        let rule: RuleRecord = record(self.tables.rules, flag.rules)?;
        if flag.flags & FLAG_GATED != 0 || (rule.tests_count, rule.variant) != (0, SHARE) {
            return None;
        }
        let share = self.share(rule.split)?;
        trace.enter_rule(0);
        trace.leave_rule(0, true);
        Some(share.choice(flag.default, 0, rule.split, trace))
    }

    #[inline(always)]
    fn decision(&self, index: FlagIndex, flag: &FlagRecord, choice: Choice) -> Decision<'s> {
        let variant = if choice.variant == NONE16 {
            // So it is where the bytes make no sense.
            if choice.reason == Reason::Error {
                return Decision::error(index);
            }
            None
        } else {
            let variant = flag.place(VariantIndex(choice.variant)).and_then(|place| {
                let record = record(self.tables.variants, place)?;
                Variant::of(self.snapshot, choice.variant, place, record)
            });
            if variant.is_none() {
                return Decision::error(index);
            }
            variant
        };
        Decision {
            flag: index,
            variant,
            reason: choice.reason,
            rule: (choice.rule != NONE16).then_some(choice.rule),
        }
    }
}

impl<A: Attributes> Evaluator<'_, '_, A> {
    /// The hash of an attribute that is text, as sets know it.
    #[inline]
    fn text_hash(&self, index: AttributeIndex) -> Option<u128> {
        if index == AttributeIndex::TARGETING_KEY
            && let Some(hash) = self.key_hash.get()
        {
            return Some(hash);
        }
        self.new_text_hash(index)
    }

    #[inline(never)]
    fn new_text_hash(&self, index: AttributeIndex) -> Option<u128> {
        let hash = hash::key(self.text(index.0)?.as_bytes());
        if index == AttributeIndex::TARGETING_KEY {
            self.key_hash.set(Some(hash));
        }
        Some(hash)
    }

    /// Whether the text of an attribute is a member of a set.
    #[inline(never)]
    fn is_member(&self, set: u32, by: AttributeIndex) -> Option<bool> {
        let Some(hash) = self.text_hash(by) else {
            return Some(false);
        };
        let set: SetRecord = record(self.tables.sets, set)?;
        set.contains(self.tables.entries, hash)
    }
}

impl<'c, A: Attributes> Evaluator<'_, 'c, A> {
    /// Which word the text of an attribute is, by its bit or [`NO_WORD`]; `None` if it is no text.
    #[inline(always)]
    fn word(&self, attribute: u16) -> Option<u32> {
        let number = u32::from(attribute) + 1;
        let known = self.words.get(usize::from(attribute) % WORDS)?.get();
        if known >> 8 == number {
            return Some(known & 0xff);
        }
        self.new_word(attribute)
    }

    #[inline(never)]
    fn new_word(&self, attribute: u16) -> Option<u32> {
        let text = self.text(attribute)?;
        let bit = match self.snapshot.word(attribute, text) {
            Some(bit) => bit.min(NO_WORD),
            None => NO_WORD,
        };
        let place = self.words.get(usize::from(attribute) % WORDS)?;
        place.set((u32::from(attribute) + 1) << 8 | bit);
        Some(bit)
    }

    /// The [rank](SemVer::rank) of the version that the text of an attribute is; `None` if it is none.
    #[inline(always)]
    fn rank(&self, attribute: u16) -> Option<u64> {
        let (known, rank) = &self.version;
        if known.get() == attribute {
            return Some(rank.get());
        }
        self.new_rank(attribute)
    }

    #[inline(never)]
    fn new_rank(&self, attribute: u16) -> Option<u64> {
        let rank = SemVer::parse(self.text(attribute)?)?.rank();
        self.version.0.set(attribute);
        self.version.1.set(rank);
        Some(rank)
    }

    /// The value of an attribute if it is text: two words, which stay in registers where any value would go through memory.
    #[inline(always)]
    fn text(&self, attribute: u16) -> Option<&'c str> {
        let attributes: &'c A = self.attributes;
        match attributes.attribute(AttributeIndex(attribute)) {
            AttributeValue::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// One evaluation on its way. `None` from any step means that the bytes make no sense.
struct Run<'e, 's, 'c, A, T> {
    input: &'e Evaluator<'s, 'c, A>,
    trace: &'e mut T,
    tests_left: u32,
    /// The element of a list that a condition is asked about.
    element: Option<AttributeValue<'c>>,
    /// How many such conditions lie in each other here.
    scopes: u8,
}

/// What a flag serves and why. Plain numbers, which stay in registers where options of them would go through memory.
#[derive(Clone, Copy)]
struct Choice {
    /// The variant's place in its flag; [`NONE16`] for none.
    variant: u16,
    /// The rule that says so; [`NONE16`] if it is none.
    rule: u16,
    /// [`Reason::Error`] if the bytes make no sense.
    reason: Reason,
}

impl Choice {
    const ERROR: Self = Self::new(NONE16, NONE16, Reason::Error);

    #[inline]
    const fn new(variant: u16, rule: u16, reason: Reason) -> Self {
        Self {
            variant,
            rule,
            reason,
        }
    }
}

/// What a flag comes to that no rule decides.
#[inline(always)]
fn without_rules(flag: &FlagRecord) -> Option<Choice> {
    let reason = if flag.flags & FLAG_DISABLED != 0 {
        Reason::Disabled
    } else if flag.rules_count == 0 {
        Reason::Static
    } else {
        return None;
    };
    Some(Choice::new(flag.default, NONE16, reason))
}

impl<'s, A: Attributes, T: Trace> Run<'_, 's, '_, A, T> {
    /// Decides a flag that another requires.
    #[inline(never)]
    fn required(&mut self, index: FlagIndex, way: &Way<'_>) -> Option<Decision<'s>> {
        if way.depth > MAX_DEPTH {
            return self.abort();
        }
        self.trace.enter_flag(index);
        let (row, flag) = self.input.flag(index)?;
        let choice = match self.input.settled(&flag, self.trace) {
            Some(choice) => choice,
            None => self.choice(index, row, way),
        };
        let decision = self.input.decision(index, &flag, choice);
        if decision.reason == Reason::Error {
            return None;
        }
        self.trace.leave_flag(&decision);
        Some(decision)
    }

    /// Fails, and lets no test go on.
    #[cold]
    fn abort<R>(&mut self) -> Option<R> {
        self.tests_left = 0;
        None
    }

    /// What a flag comes to.
    #[inline(never)]
    fn choice(&mut self, index: FlagIndex, row: &[u8; FlagRecord::SIZE], way: &Way<'_>) -> Choice {
        let Some(flag) = FlagRecord::read(row) else {
            return Choice::ERROR;
        };
        let default = flag.default;
        let kills = self.input.kills;
        if !kills.is_empty() {
            if let Some(kill) = kills.iter().find(|kill| kill.flag == index) {
                self.trace.killed();
                return Choice::new(kill.variant.0, NONE16, Reason::Disabled);
            }
            if let Some(choice) = without_rules(&flag) {
                return choice;
            }
        }
        if flag.flags & FLAG_GATED != 0 {
            self.trace.enter_prerequisites();
            match self.gate(flag.rules, way) {
                Some(true) => {}
                Some(false) => {
                    self.trace.prerequisites_failed();
                    return Choice::new(default, NONE16, Reason::Default);
                }
                None => return Choice::ERROR,
            }
        }
        let rules = self.input.tables.rules.get(flag.rules as usize..);
        let Some(rules) = rules.and_then(|rules| rules.get(..flag.rules_count.into())) else {
            return Choice::ERROR;
        };
        for (place, rule) in (0..).zip(rules) {
            let Some(rule) = RuleRecord::read(rule) else {
                return Choice::ERROR;
            };
            self.trace.enter_rule(place);
            let matched = match rule.tests_count {
                0 => Some(true),
                count => self.holds(rule.tests, count, way),
            };
            let Some(matched) = matched else {
                return Choice::ERROR;
            };
            self.trace.leave_rule(place, matched);
            if !matched {
                continue;
            }
            if rule.variant == SHARE
                && let Some(share) = self.input.any_share(rule.split)
            {
                return share.choice(default, place, rule.split, self.trace);
            }
            if rule.variant == EXPRESSION {
                if !EXPRESSIONS {
                    return Choice::ERROR;
                }
                return match self.expression_variant(rule.split, index) {
                    Some(Some(variant)) => Choice::new(variant.0, place, Reason::TargetingMatch),
                    Some(None) => Choice::new(default, place, Reason::Default),
                    None => Choice::ERROR,
                };
            }
            if rule.split == NONE {
                return match rule.variant {
                    NONE16 => Choice::new(default, place, Reason::Default),
                    variant => Choice::new(variant, place, Reason::TargetingMatch),
                };
            }
            match self.split(rule.split) {
                Outcome::Variant(variant) => {
                    let variant = if variant == NONE16 { default } else { variant };
                    return Choice::new(variant, place, Reason::Split);
                }
                Outcome::Default => return Choice::new(default, place, Reason::Default),
                Outcome::Next => {}
                Outcome::Error => return Choice::ERROR,
            }
        }
        Choice::new(default, NONE16, Reason::Default)
    }

    /// Whether a flag's prerequisites hold, whose gate lies before the first rule.
    #[inline(never)]
    fn gate(&mut self, rules: u32, way: &Way<'_>) -> Option<bool> {
        let gate: RuleRecord = record(self.input.tables.rules, rules.checked_sub(1)?)?;
        self.condition(gate.tests, gate.tests_count, way)
    }
}

//! The evaluator. Total: whatever the bytes and the context are, it ends and answers.

mod condition;
mod conversion;
mod element;
mod expression;
mod js;
mod list;
mod plain;
mod split;
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
    EXPRESSION, FLAG_DISABLED, FLAG_GATED, FLAG_PLAIN, FlagRecord, NONE, NONE16, Record,
    RuleRecord, SHARE, Section, SplitRecord, VariantRecord,
};
use crate::progress::Progress;
use crate::semver::SemVer;
use crate::snapshot::{AttributeIndex, FlagIndex, Flags, Seeds, Snapshot, Variant, VariantIndex};
use crate::units::UnixMillis;
use core::cell::Cell;
use core::hint::select_unpredictable;
use split::Outcome;
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
/// if let Some(flag) = nobody.find("new-checkout") {
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
    // The sections that most decisions read, found once for all flags of a request; to have those of tests and entries here, too, made no
    // decision faster.
    seeds: Seeds<'s>,
    flags: Flags<'s>,
    variants: &'s [[u8; VariantRecord::SIZE]],
    splits: &'s [[u8; SplitRecord::SIZE]],
    /// The hash of the targeting key, which sets are asked by; 0 if it is not known.
    key_hash: Cell<u128>,
    /// The targeting key as rollouts hash it, behind the flag's key.
    unit: Ending,
    /// Which word the text of an attribute is, for some of them.
    words: [Word; WORDS],
    /// What was asked about text, and is asked alike by other flags.
    asked: [Asked; ASKED],
    /// An attribute and the rank of the version that its text is; [`NONE16`] for none yet.
    version: (Cell<u16>, Cell<u64>),
}

/// Attributes for which an evaluator keeps which word they are; as a rule all that are asked for words.
const WORDS: usize = 4;

/// Questions about text whose answers an evaluator keeps.
const ASKED: usize = 4;

/// A question about text, and its answer.
#[derive(Clone, Default)]
struct Asked {
    /// The constant: its place and its length.
    constant: Cell<u64>,
    /// The test's operation, flags and attribute; 0 for none yet.
    question: Cell<u32>,
    answer: Cell<bool>,
}

/// Which word the text of an attribute is.
#[derive(Clone, Default)]
struct Word {
    /// The attribute's number from 1 on; 0 for none yet.
    attribute: Cell<u32>,
    /// Its bit; 0 if it is none.
    bit: Cell<u64>,
}

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
            seeds: snapshot.all(Section::Seeds),
            flags: snapshot.all(Section::Flags),
            variants: snapshot.all(Section::Variants),
            splits: snapshot.all(Section::Splits),
            key_hash: Cell::new(0),
            unit: Ending::default(),
            words: Default::default(),
            asked: Default::default(),
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

    /// The position of the flag with this key, as [`Snapshot::find`] gives it; sooner, since more is known here.
    #[inline]
    pub fn find(&self, key: &str) -> Option<FlagIndex> {
        self.snapshot.find_in(self.seeds, self.flags, key)
    }

    /// Decides a flag. Allocates nothing; the time is that of the tests on the way.
    #[inline(always)]
    pub fn evaluate(&self, flag: FlagIndex) -> Decision<'s> {
        self.explain(flag, &mut ())
    }

    /// Decides a flag as [`evaluate`](Self::evaluate) does, and tells a listener each step.
    // Inlined also where it is asked for in many places: else a decision is handed over in memory (docs/performance.md).
    #[inline(always)]
    pub fn explain(&self, flag: FlagIndex, trace: &mut impl Trace) -> Decision<'s> {
        trace.enter_flag(flag);
        let Some(row) = self.flags.get(flag.0 as usize) else {
            return Decision::error(flag);
        };
        let known = match trace.listens() {
            true => None,
            false => self.known(row),
        };
        let choice = match known {
            Some(choice) => choice,
            None => self.ruled(flag, row, trace),
        };
        let decision = self.decision(flag, row, choice);
        if decision.reason != Reason::Error {
            trace.leave_flag(&decision);
        }
        decision
    }

    /// What a flag comes to, whatever it is and asks.
    #[inline(never)]
    fn ruled(
        &self,
        index: FlagIndex,
        row: &[u8; FlagRecord::SIZE],
        trace: &mut impl Trace,
    ) -> Choice {
        match self.simple(index, row, trace) {
            Some(choice) => choice,
            None => Run::new(self, trace).choice(index, row, &Way::START),
        }
    }

    /// What a flag comes to that is held or plain. `None` for others.
    #[inline(never)]
    fn simple(
        &self,
        index: FlagIndex,
        row: &[u8; FlagRecord::SIZE],
        trace: &mut impl Trace,
    ) -> Option<Choice> {
        if let Some(kill) = self.kills.iter().find(|kill| kill.flag == index) {
            trace.killed();
            return Some(Choice::new(kill.variant.0, NONE16, Reason::Disabled));
        }
        let is_plain = FlagRecord::read(row)?.flags & FLAG_PLAIN != 0;
        is_plain.then(|| self.plain(row, trace))
    }

    /// The decision that follows from a choice. The flag's record is read again: nothing of it need be kept until now.
    #[inline(always)]
    fn decision(
        &self,
        index: FlagIndex,
        row: &[u8; FlagRecord::SIZE],
        choice: Choice,
    ) -> Decision<'s> {
        let variant = FlagRecord::read(row).and_then(|flag| {
            let place = flag.place(VariantIndex(choice.variant))?;
            let record = VariantRecord::read(self.variants.get(place as usize)?)?;
            Variant::of(self.snapshot, choice.variant, place, record)
        });
        // Without one is what serves the caller's own default; other bytes make no sense.
        let is_own = choice.variant == NONE16 && choice.reason != Reason::Error;
        if variant.is_none() && !is_own {
            return Decision::error(index);
        }
        Decision {
            flag: index,
            variant,
            reason: choice.reason,
            rule: (choice.rule != NONE16).then_some(choice.rule),
        }
    }
}

impl<A: Attributes> Evaluator<'_, '_, A> {
    /// The hash of an attribute as sets know it; 0 if it is no text, and of no text.
    fn text_hash(&self, index: AttributeIndex) -> u128 {
        let text = self.text(index.0);
        let hash = text.map_or(0, |text| hash::key(text.as_bytes()).max(1));
        if index == AttributeIndex::TARGETING_KEY {
            self.key_hash.set(hash);
        }
        hash
    }

    /// Whether the text of an attribute is a member of a set.
    #[inline(never)]
    fn is_member(&self, set: u32, by: AttributeIndex) -> Option<bool> {
        match self.text_hash(by) {
            0 => Some(false),
            hash => self.snapshot.set_contains(set, hash),
        }
    }
}

impl<'c, A: Attributes> Evaluator<'_, 'c, A> {
    /// The bit of the word that the text of an attribute is, 0 if it is none; `None` if it is no text.
    #[inline(never)]
    fn word(&self, attribute: u16) -> Option<u64> {
        let word = self.snapshot.word(attribute, self.text(attribute)?);
        let bit = word.and_then(|word| 1u64.checked_shl(word)).unwrap_or(0);
        let known = self.words.get(usize::from(attribute) % WORDS)?;
        known.attribute.set(u32::from(attribute) + 1);
        known.bit.set(bit);
        Some(bit)
    }

    /// The [rank](SemVer::rank) of the version that the text of an attribute is; `None` if it is none.
    #[inline(never)]
    fn rank(&self, attribute: u16) -> Option<u64> {
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

impl FlagRecord {
    /// Whether its rules are asked.
    #[inline(always)]
    fn is_ruled(&self) -> bool {
        (self.rules_count != 0) & (self.flags & FLAG_DISABLED == 0)
    }
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

    /// That of a flag that has no rules, or asks none of them.
    #[inline(always)]
    fn unruled(flag: &FlagRecord) -> Self {
        let reason = if flag.flags & FLAG_DISABLED != 0 {
            Reason::Disabled
        } else {
            Reason::Static
        };
        Self::new(flag.default, NONE16, reason)
    }

    /// That of a plain rule without a share, whose variant may be [`NONE16`] for the default.
    #[inline(always)]
    fn served(variant: u16, default: u16) -> Self {
        match variant {
            NONE16 => Self::new(default, 0, Reason::Default),
            variant => Self::new(variant, 0, Reason::TargetingMatch),
        }
    }

    /// One of two, where nobody foresees which.
    #[inline(always)]
    fn select(is_first: bool, first: Self, second: Self) -> Self {
        Self {
            variant: select_unpredictable(is_first, first.variant, second.variant),
            rule: select_unpredictable(is_first, first.rule, second.rule),
            reason: select_unpredictable(is_first, first.reason, second.reason),
        }
    }
}

impl<'e, 's, 'c, A: Attributes, T: Trace> Run<'e, 's, 'c, A, T> {
    fn new(input: &'e Evaluator<'s, 'c, A>, trace: &'e mut T) -> Self {
        Self {
            input,
            trace,
            tests_left: MAX_TESTS,
            element: None,
            scopes: 0,
        }
    }

    /// Decides a flag that another requires.
    #[inline(never)]
    fn required(&mut self, index: FlagIndex, way: &Way<'_>) -> Option<Decision<'s>> {
        if way.depth > MAX_DEPTH {
            return self.abort();
        }
        self.trace.enter_flag(index);
        let row = self.input.flags.get(index.0 as usize)?;
        let choice = match self.input.simple(index, row, self.trace) {
            Some(choice) => choice,
            None => self.choice(index, row, way),
        };
        let decision = self.input.decision(index, row, choice);
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
        if !flag.is_ruled() {
            return Choice::unruled(&flag);
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
        let rules = self.input.snapshot.few::<{ RuleRecord::SIZE }>(
            Section::Rules,
            flag.rules,
            flag.rules_count.into(),
        );
        let Some(rules) = rules else {
            return Choice::ERROR;
        };
        for (place, rule) in (0..).zip(rules) {
            let Some(rule) = RuleRecord::read(rule) else {
                return Choice::ERROR;
            };
            self.trace.enter_rule(place);
            let matched = match rule.tests_count {
                0 => Some(true),
                count => self.condition(rule.tests, count, way),
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
                share.tell(rule.split, self.trace);
                return share.choice(default, place);
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
        let snapshot = self.input.snapshot;
        let gate = snapshot.record::<RuleRecord>(Section::Rules, rules.checked_sub(1)?)?;
        self.condition(gate.tests, gate.tests_count, way)
    }
}

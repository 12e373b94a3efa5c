//! Flagstone's core for programs in JavaScript: the wasm of the npm package in `js/wasm`, which decides; with the feature `full`
//! that of its entry `full`, which explains decisions and plans requests besides.
//!
//! An instance holds one snapshot for as long as it lives, and one evaluation context at a time. JavaScript writes texts
//! into the room and reads messages, as [`flagstone_edge::wire`] describes; a decision is a number and needs neither.
//! `js/wasm/src/held.ts` is the other side. Addresses are 0 where there is no answer.

use std::cell::RefCell;

use context::Context;
#[cfg(feature = "full")]
use explain::Steps;
use flagstone_core::{
    AttributeIndex, Decision, Evaluator, FlagIndex, Reason, Snapshot, UnixMillis, Value,
};
use flagstone_edge::Options;
use flagstone_edge::wire::{Engine, Message, texts};
use self_cell::self_cell;

mod context;
#[cfg(feature = "full")]
mod explain;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// No variant: the caller's own default is right.
const NO_VARIANT: u32 = 0xffff;

/// What an instance holds.
struct State {
    snapshot: Option<Snapshot<'static>>,
    /// Whom decisions are for, once there is a snapshot.
    visitor: Option<Visitor>,
    decisions: Vec<u32>,
    message: Message,
    /// Has the room; plans requests, once somebody wants that.
    engine: Engine,
    #[cfg(feature = "full")]
    is_planning: bool,
}

type OfContext<'c> = Evaluator<'static, 'c, Context>;

self_cell! {
    /// A context, and the evaluator that decides for it, which keeps what it has found out.
    struct Visitor {
        owner: Context,
        #[covariant]
        dependent: OfContext,
    }
}

thread_local! {
    static STATE: RefCell<State> = const {
        RefCell::new(State {
            snapshot: None,
            visitor: None,
            decisions: Vec::new(),
            message: Message::new(),
            engine: Engine::new(Options::DEFAULT),
            #[cfg(feature = "full")]
            is_planning: false,
        })
    };
}

impl State {
    /// Takes the snapshot that lies in the room. Gives what is wrong with it, as text, or an empty one; then the names of the
    /// attributes that its rules read, the number of its flags, and its digest as four numbers.
    fn open(&mut self, len: usize) -> &[u8] {
        let mut bytes = self.engine.take_room();
        bytes.truncate(len);
        // For as long as the instance lives.
        let bytes: &'static [u8] = bytes.leak();
        let opened = Snapshot::open(bytes);
        self.message.clear();
        match opened {
            Ok(snapshot) if snapshot.is_intact() => self.hold(snapshot),
            Ok(_) => self
                .message
                .text("the content does not have the digest that the header names"),
            Err(error) => self.message.text(&error.to_string()),
        }
        self.message.finish()
    }

    fn hold(&mut self, snapshot: Snapshot<'static>) {
        let count = snapshot.attribute_count();
        let name = |index| {
            snapshot
                .attribute(AttributeIndex(index))
                .map_or("", |of| of.name)
        };
        self.message.text("");
        self.message.texts((0..count).map(name));
        self.message.number(snapshot.flag_count());
        for at in [96, 64, 32, 0] {
            self.message.number((snapshot.digest().0 >> at) as u32);
        }
        self.decide_for(snapshot, Context::of(count), UnixMillis(0));
        self.snapshot = Some(snapshot);
    }

    fn decide_for(&mut self, snapshot: Snapshot<'static>, context: Context, now: UnixMillis) {
        let visitor = Visitor::new(context, |context| Evaluator::new(snapshot, context, now));
        self.visitor = Some(visitor);
    }

    /// The flag whose key lies in the room; -1 if there is none.
    fn find(&self) -> i32 {
        let key = texts(self.engine.written(), 1);
        let key = key.and_then(|key| key.first().copied().flatten());
        let key = key.and_then(|key| str::from_utf8(key).ok());
        let found = key.and_then(|key| self.snapshot?.find(key));
        found.map_or(-1, |flag| i32::try_from(flag.0).unwrap_or(-1))
    }

    /// A flag's key, and for each variant its key, the kind of its value (0 boolean, 1 string, 2 number, 3 JSON) and the
    /// value as text.
    fn flag(&mut self, flag: u32) -> Option<&[u8]> {
        let flag = self.snapshot?.flag(FlagIndex(flag))?;
        self.message.clear();
        self.message.text(flag.key());
        self.message.count(flag.variants().count());
        for variant in flag.variants() {
            let (kind, text) = match variant.value() {
                Value::Boolean(value) => (0, if value { "true" } else { "false" }),
                Value::String(text) => (1, text),
                Value::Number { text, .. } => (2, text),
                Value::Json(text) => (3, text),
            };
            self.message.text(variant.key());
            self.message.number(kind);
            self.message.text(text);
        }
        Some(self.message.finish())
    }

    /// Takes a context from the room, and a time.
    fn context(&mut self, now: f64) -> Option<()> {
        // The texts of the one before are written over.
        let mut context = self.visitor.take()?.into_owner();
        let is_read = context.write(self.engine.written());
        self.decide_for(self.snapshot?, context, UnixMillis(now as i64));
        is_read
    }

    /// The variant, and above its 16 bits the reason.
    fn evaluate(&self, flag: u32) -> u32 {
        match &self.visitor {
            Some(visitor) => decided(visitor.borrow_dependent(), FlagIndex(flag)),
            None => NO_VARIANT | code(Reason::Error) << 16,
        }
    }

    /// The same for all flags in their order, in consecutive numbers.
    fn evaluate_all(&mut self) -> usize {
        let Some(visitor) = &self.visitor else {
            return 0;
        };
        let evaluator = visitor.borrow_dependent();
        let flags = (0..evaluator.snapshot.flag_count()).map(FlagIndex);
        self.decisions.clear();
        self.decisions
            .extend(flags.map(|flag| decided(evaluator, flag)));
        self.decisions.as_ptr().addr()
    }

    /// The rule that decided a flag, counted from 1 (0 if none did), and the steps of its evaluation.
    #[cfg(feature = "full")]
    fn explain(&mut self, flag: u32) -> Option<&[u8]> {
        let evaluator = self.visitor.as_ref()?.borrow_dependent();
        let mut steps = Steps::new(evaluator.snapshot, true);
        let decision = evaluator.explain(FlagIndex(flag), &mut steps);
        self.message.clear();
        self.message
            .number(decision.rule.map_or(0, |rule| 1 + u32::from(rule)));
        steps.write(&mut self.message);
        Some(self.message.finish())
    }

    /// Has the engine plan requests with the snapshot.
    #[cfg(feature = "full")]
    fn prepare(&mut self) -> Option<()> {
        if !self.is_planning {
            self.engine.hold(self.snapshot?.bytes());
            self.is_planning = true;
        }
        Some(())
    }
}

/// What is decided about a flag.
#[inline(never)]
fn decided(evaluator: &OfContext<'_>, flag: FlagIndex) -> u32 {
    number(&evaluator.explain(flag, &mut deaf(evaluator.snapshot)))
}

/// Hears no steps. It is the listener that also hears them, where there is that one, since the evaluator is built once for each.
#[cfg(feature = "full")]
fn deaf(snapshot: Snapshot<'_>) -> Steps<'_> {
    Steps::new(snapshot, false)
}

#[cfg(not(feature = "full"))]
fn deaf(_: Snapshot<'_>) -> impl flagstone_core::Trace {}

/// The variant of a decision, and above its 16 bits the reason.
fn number(decision: &Decision<'_>) -> u32 {
    let variant = decision.variant.map_or(NO_VARIANT, |of| of.index.0.into());
    variant | code(decision.reason) << 16
}

/// OpenFeature's reasons by number, as `REASONS` in `js/wasm/src/held.ts` has them.
fn code(reason: Reason) -> u32 {
    match reason {
        Reason::Static => 0,
        Reason::Default => 1,
        Reason::TargetingMatch => 2,
        Reason::Split => 3,
        Reason::Disabled => 4,
        Reason::Error => 5,
    }
}

fn with<T>(work: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(work)
}

/// The address of what the state gives; 0 if it gives nothing.
fn address(work: impl FnOnce(&mut State) -> Option<&[u8]>) -> usize {
    STATE.with_borrow_mut(|state| work(state).map_or(0, |bytes| bytes.as_ptr().addr()))
}

/// Declares functions that JavaScript calls.
macro_rules! exports {
    ($($(#[$meta:meta])* fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty $body:block)*) => {$(
        $(#[$meta])*
        // On other targets names such as `open` are taken.
        #[cfg_attr(
            target_family = "wasm",
            expect(unsafe_code, reason = "the name is the only one, and needed for the linker"),
            unsafe(no_mangle)
        )]
        pub extern "C" fn $name($($argument: $type),*) -> $result $body
    )*};
}

exports! {
    /// Where texts and the snapshot are written, at least this many bytes.
    fn room(len: usize) -> usize {
        address(|state| Some(state.engine.room(len)))
    }

    /// Opens the snapshot that is written there; comes first. A message: what is wrong, or what it has.
    fn open(len: usize) -> usize {
        address(|state| Some(state.open(len)))
    }

    /// The number of the flag whose key is written; -1 if there is none.
    fn find() -> i32 {
        with(|state| state.find())
    }

    /// A flag's key and variants.
    fn flag(flag: u32) -> usize {
        address(|state| state.flag(flag))
    }

    /// Takes the context that is written, and a time, for what is decided next; 0 if it cannot be read.
    fn context(now: f64) -> u32 {
        with(|state| state.context(now).is_some().into())
    }

    /// Decides a flag: the variant, and above its 16 bits the reason.
    fn evaluate(flag: u32) -> u32 {
        with(|state| state.evaluate(flag))
    }

    /// Decides all flags; the address of as many numbers.
    fn evaluate_all() -> usize {
        with(|state| state.evaluate_all())
    }

    /// Decides a flag and says why.
    #[cfg(feature = "full")]
    fn explain(flag: u32) -> usize {
        address(|state| state.explain(flag))
    }

    /// Where 16 random bytes are kept.
    #[cfg(feature = "full")]
    fn random() -> usize {
        address(|state| Some(state.engine.random()))
    }

    /// What texts a request has.
    #[cfg(feature = "full")]
    fn asks() -> usize {
        address(|state| {
            state.prepare()?;
            Some(state.engine.asks())
        })
    }

    /// Plans the request that is written.
    #[cfg(feature = "full")]
    fn plan(now: f64) -> usize {
        address(|state| {
            state.prepare()?;
            state.engine.plan(UnixMillis(now as i64))
        })
    }

    /// Decides what depends on the origin's response.
    #[cfg(feature = "full")]
    fn respond() -> usize {
        address(|state| state.engine.respond())
    }

    /// Finds the place of an element in a page.
    #[cfg(feature = "full")]
    fn place(len: usize) -> i32 {
        STATE.with_borrow(|state| state.engine.place(len))
    }

    /// Answers for an origin that cannot be reached.
    #[cfg(feature = "full")]
    fn unreachable() -> usize {
        address(|state| state.engine.unreachable())
    }
}

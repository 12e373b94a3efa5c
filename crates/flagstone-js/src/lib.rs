//! Flagstone's core for programs in JavaScript: the wasm of the npm package in `js/wasm`.
//!
//! An instance holds one snapshot for as long as it lives, and one evaluation context at a time. JavaScript writes texts
//! into the room and reads messages, as [`flagstone_edge::wire`] describes; a decision is a number and needs neither.
//! `js/wasm/src/snapshot.ts` is the other side. Addresses are 0 where there is no answer.

use std::cell::RefCell;

use context::Context;
use explain::Steps;
use flagstone_core::{Decision, Evaluator, FlagIndex, Reason, Snapshot, UnixMillis, Value};
use flagstone_edge::Options;
use flagstone_edge::wire::{Engine, Message, texts};

mod context;
mod explain;

/// No variant: the caller's own default is right.
const NO_VARIANT: u32 = 0xffff;

/// What an instance holds.
struct State {
    snapshot: Option<Snapshot<'static>>,
    /// Decides for nobody; those for somebody come of it.
    nobody: Option<Evaluator<'static, 'static, ()>>,
    context: Context,
    now: UnixMillis,
    /// The rule that decided last.
    rule: Option<u16>,
    decisions: Vec<u32>,
    message: Message,
    /// Plans requests, once somebody wants that.
    engine: Engine,
    is_planning: bool,
}

thread_local! {
    static STATE: RefCell<State> = const {
        RefCell::new(State {
            snapshot: None,
            nobody: None,
            context: Context::new(),
            now: UnixMillis(0),
            rule: None,
            decisions: Vec::new(),
            message: Message::new(),
            engine: Engine::new(Options::DEFAULT),
            is_planning: false,
        })
    };
}

impl State {
    /// Takes the snapshot that lies in the room; gives an error's text, or nothing.
    fn open(&mut self, len: usize) -> &[u8] {
        let mut bytes = self.engine.take_room();
        bytes.truncate(len);
        // For as long as the instance lives.
        let bytes: &'static [u8] = bytes.leak();
        let opened = Snapshot::open(bytes);
        self.message.clear();
        match opened {
            Ok(snapshot) if snapshot.is_intact() => {
                self.context.read(&snapshot);
                self.snapshot = Some(snapshot);
                self.nobody = Some(Evaluator::new(snapshot, &(), self.now));
            }
            Ok(_) => self
                .message
                .text("the content does not have the digest that the header names"),
            Err(error) => self.message.text(&error.to_string()),
        }
        self.message.finish()
    }

    /// The names of the attributes that its rules read, then the number of flags and the digest.
    fn describe(&mut self) -> Option<&[u8]> {
        let snapshot = self.snapshot?;
        self.message.clear();
        self.message
            .texts(self.context.names().iter().map(String::as_str));
        self.message.number(snapshot.flag_count());
        self.message.text(&snapshot.digest().to_string());
        Some(self.message.finish())
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
    fn context(&mut self, now: f64) -> bool {
        self.now = UnixMillis(now as i64);
        self.context.write(self.engine.written()).is_some()
    }

    /// The variant, and above its 16 bits the reason.
    fn evaluate(&mut self, flag: u32) -> u32 {
        let Some(nobody) = &self.nobody else {
            return NO_VARIANT | code(Reason::Error) << 16;
        };
        let evaluator = nobody.renew(&self.context, self.now);
        let mut steps = Steps::new(nobody.snapshot, false);
        let decision = evaluator.explain(FlagIndex(flag), &mut steps);
        self.rule = decision.rule;
        number(&decision)
    }

    /// The same for all flags in their order, in consecutive numbers.
    fn evaluate_all(&mut self) -> usize {
        let Some(snapshot) = self.snapshot else {
            return 0;
        };
        let evaluator = Evaluator::new(snapshot, &self.context, self.now);
        let mut steps = Steps::new(snapshot, false);
        let flags = (0..snapshot.flag_count()).map(FlagIndex);
        self.decisions.clear();
        self.decisions
            .extend(flags.map(|flag| number(&evaluator.explain(flag, &mut steps))));
        self.decisions.as_ptr().addr()
    }

    /// The steps of a flag's evaluation.
    fn explain(&mut self, flag: u32) -> Option<&[u8]> {
        let snapshot = self.snapshot?;
        let evaluator = Evaluator::new(snapshot, &self.context, self.now);
        let mut steps = Steps::new(snapshot, true);
        evaluator.explain(FlagIndex(flag), &mut steps);
        self.message.clear();
        steps.write(&mut self.message);
        Some(self.message.finish())
    }

    /// Has the engine plan requests with the snapshot.
    fn prepare(&mut self) -> Option<()> {
        if !self.is_planning {
            self.engine.hold(self.snapshot?.bytes());
            self.is_planning = true;
        }
        Some(())
    }
}

/// The variant of a decision, and above its 16 bits the reason.
fn number(decision: &Decision<'_>) -> u32 {
    let variant = decision.variant.map_or(NO_VARIANT, |of| of.index.0.into());
    variant | code(decision.reason) << 16
}

/// OpenFeature's reasons by number, as `REASONS` in `js/wasm/src/snapshot.ts` has them.
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

    /// Opens the snapshot that is written there; comes first. A message: nothing, or what is wrong.
    fn open(len: usize) -> usize {
        address(|state| Some(state.open(len)))
    }

    /// What the snapshot has.
    fn describe() -> usize {
        address(State::describe)
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
        with(|state| state.context(now).into())
    }

    /// Decides a flag: the variant, and above its 16 bits the reason.
    fn evaluate(flag: u32) -> u32 {
        with(|state| state.evaluate(flag))
    }

    /// The rule that decided last; -1 if none did.
    fn rule() -> i32 {
        with(|state| state.rule.map_or(-1, i32::from))
    }

    /// Decides all flags; the address of as many numbers.
    fn evaluate_all() -> usize {
        with(|state| state.evaluate_all())
    }

    /// Decides a flag and says why.
    fn explain(flag: u32) -> usize {
        address(|state| state.explain(flag))
    }

    /// Where 16 random bytes are kept.
    fn random() -> usize {
        address(|state| Some(state.engine.random()))
    }

    /// What texts a request has.
    fn asks() -> usize {
        address(|state| {
            state.prepare()?;
            Some(state.engine.asks())
        })
    }

    /// Plans the request that is written.
    fn plan(now: f64) -> usize {
        address(|state| {
            state.prepare()?;
            state.engine.plan(UnixMillis(now as i64))
        })
    }

    /// Decides what depends on the origin's response.
    fn respond() -> usize {
        address(|state| state.engine.respond())
    }

    /// Finds the place of an element in a page.
    fn place(len: usize) -> i32 {
        STATE.with_borrow(|state| state.engine.place(len))
    }

    /// Answers for an origin that cannot be reached.
    fn unreachable() -> usize {
        address(|state| state.engine.unreachable())
    }
}

//! Flagstone on Cloudflare Workers: the side of the border that is wasm.
//!
//! [`flagstone_edge::wire`] says what crosses it; here are the functions by which it does, called by `worker/wire.mjs`.
//! Each runs to its end, so nothing of a request is in here while it waits. They give the address of a message, or 0 if
//! they were not given what they should be. All I/O is in JavaScript, and so is what happens when this code breaks:
//! `worker/shim.mjs`.

use std::cell::RefCell;
use std::panic;

use flagstone_core::UnixMillis;
use flagstone_edge::wire::{Engine, Outcome};
use flagstone_edge::{Compile, Options};

#[cfg(feature = "faults")]
mod faults;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// What compiles flag services' documents.
#[cfg(feature = "import")]
const COMPILE: Option<Compile> = Some(flagstone_import::document::compile_document);
#[cfg(not(feature = "import"))]
const COMPILE: Option<Compile> = None;

thread_local! {
    /// The isolate's engine.
    static ENGINE: RefCell<Engine> = const {
        RefCell::new(Engine::new(Options { compile: COMPILE, ..Options::DEFAULT }))
    };
}

/// Runs `work` with the engine; gives the address of what it gives.
fn with(work: impl FnOnce(&mut Engine) -> Option<&[u8]>) -> usize {
    ENGINE.with_borrow_mut(|engine| work(engine).map_or(0, |bytes| bytes.as_ptr().addr()))
}

/// The time, which on this platform stands still between one I/O and the next.
fn time(now: f64) -> UnixMillis {
    UnixMillis(now as i64)
}

/// Declares functions that JavaScript calls.
macro_rules! exports {
    ($($(#[$meta:meta])* fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? $body:block)*) => {$(
        $(#[$meta])*
        #[expect(unsafe_code, reason = "the name is the only one, and needed for the linker")]
        #[unsafe(no_mangle)]
        pub extern "C" fn $name($($argument: $type),*) $(-> $result)? $body
    )*};
}

exports! {
    /// Comes first. `ttl` is how long a control document is served without asking for a newer one, in seconds; not a
    /// number if nobody has said.
    fn start(ttl: f64) {
        panic::set_hook(Box::new(|info| log(&info.to_string())));
        let ttl = if ttl >= 0.0 { (ttl * 1_000.0) as u32 } else { Options::DEFAULT.ttl };
        ENGINE.with_borrow_mut(|engine| engine.set_options(Options { ttl, compile: COMPILE }));
    }

    /// Where 16 random bytes are kept.
    fn random() -> usize {
        with(|engine| Some(engine.random()))
    }

    /// Takes the secret that signs what visitors keep of rollouts, so many bytes of the room.
    fn sign(len: usize) {
        ENGINE.with_borrow_mut(|engine| engine.sign_with(len));
    }

    /// Where texts and values are written.
    fn room(len: usize) -> usize {
        with(|engine| Some(engine.room(len)))
    }

    /// What texts a request has.
    fn asks() -> usize {
        with(|engine| Some(engine.asks()))
    }

    /// Says what to do about the configuration, and plans the request unless that comes first.
    fn serve(now: f64) -> usize {
        with(|engine| {
            #[cfg(feature = "faults")]
            faults::before_sending(engine.written())?;
            engine.serve(time(now))
        })
    }

    /// Plans the request, but for a fallback.
    fn plan(now: f64) -> usize {
        with(|engine| engine.first(time(now)))
    }

    /// Plans the fallback of a request that failed.
    fn fallback(now: f64) -> usize {
        with(|engine| engine.fallback(time(now)))
    }

    /// Answers a request that is for the edge itself.
    #[cfg(feature = "answers")]
    fn answer(now: f64) -> usize {
        with(|engine| engine.answer(time(now)))
    }

    /// Decides what depends on the origin's response.
    fn respond() -> usize {
        with(|engine| {
            #[cfg(feature = "faults")]
            faults::after_sending()?;
            engine.respond()
        })
    }

    /// Takes how an attempt at an origin has ended.
    fn ended(now: f64) -> usize {
        with(|engine| {
            #[cfg(feature = "faults")]
            faults::after_sending()?;
            engine.ended(time(now))
        })
    }

    /// What is due to be sent to whoever adds it up.
    fn reports(now: f64) -> usize {
        with(|engine| Some(engine.reports(time(now))))
    }

    /// Finds the place of an element in a page.
    #[cfg(feature = "pages")]
    fn place(len: usize) -> i32 {
        ENGINE.with_borrow(|engine| engine.place(len))
    }

    /// Answers for an origin that cannot be reached.
    fn unreachable() -> usize {
        with(|engine| {
            #[cfg(feature = "faults")]
            faults::after_sending()?;
            engine.unreachable()
        })
    }

    /// Begins to fetch the configuration.
    fn fetch() -> usize {
        with(|engine| Some(engine.fetch()))
    }

    /// Takes what was fetched. `len` is the number of bytes, -1 if there is no such key, -2 if the store did not answer.
    fn take(need: u32, len: i32, now: f64) -> usize {
        let outcome = match usize::try_from(len) {
            Ok(len) => Outcome::Bytes(len),
            Err(_) if len == -1 => Outcome::Absent,
            Err(_) => Outcome::Failed,
        };
        with(|engine| Some(engine.take(need, outcome, time(now))))
    }
}

/// Writes a line for whoever reads the Worker's log.
fn log(line: &str) {
    #[cfg(target_family = "wasm")]
    {
        #[link(wasm_import_module = "shim")]
        #[expect(
            unsafe_code,
            reason = "JavaScript's function is not known to the compiler"
        )]
        unsafe extern "C" {
            fn log(address: *const u8, len: usize);
        }
        #[expect(unsafe_code, reason = "as above")]
        // SAFETY: it only reads those bytes, at once.
        unsafe {
            log(line.as_ptr(), line.len());
        }
    }
    #[cfg(not(target_family = "wasm"))]
    eprintln!("{line}");
}

//! The request pipeline as a bare wasm: `flagstone-edge` and `flagstone-core` with no platform around them.
//!
//! `cargo xtask panics` looks at what the compiler has left of panics in it. It is never run.

use std::borrow::Cow;
use std::hint::black_box;
use std::net::{IpAddr, Ipv6Addr};

use flagstone_core::UnixMillis;
use flagstone_edge::ledger::{Isolate, Ledger, Pop, Shared};
use flagstone_edge::wire::{Engine, Outcome};
use flagstone_edge::{
    Asked, Ended, Fetched, GeoField, HeadFinder, Need, Node, Options, RequestHead, ResponseHead,
    Step,
};

/// An attempt at an origin that failed.
const FAILED: Ended = Ended {
    outcome: flagstone_rollout::Outcome::Connection,
    latency_ms: 1,
    from_cache: false,
    events: String::new(),
};

/// A request and a response of which the compiler knows nothing.
struct Head;

impl RequestHead for Head {
    fn method(&self) -> &str {
        black_box("")
    }

    fn scheme(&self) -> &str {
        black_box("")
    }

    fn host(&self) -> &str {
        black_box("")
    }

    fn path(&self) -> &str {
        black_box("")
    }

    fn query(&self) -> Option<&str> {
        black_box(None)
    }

    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        black_box(name);
        black_box(None)
    }

    fn geo(&self, field: GeoField) -> Option<Cow<'_, str>> {
        black_box(field);
        black_box(None)
    }

    fn client_ip(&self) -> Option<IpAddr> {
        black_box(Some(IpAddr::V6(Ipv6Addr::LOCALHOST)))
    }
}

impl ResponseHead for Head {
    fn status(&self) -> u16 {
        black_box(0)
    }

    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        RequestHead::header(self, name)
    }
}

/// What a platform shares, of which the compiler knows nothing.
struct Counters;

impl Shared for Counters {
    fn increment(&self, counter: &str) {
        black_box(counter);
    }

    fn count(&self, counter: &str) -> u64 {
        black_box(counter);
        black_box(0)
    }

    fn shut(&self, name: &str, millis: u32) {
        black_box((name, millis));
    }

    fn is_shut(&self, name: &str) -> bool {
        black_box(name);
        black_box(false)
    }

    fn secret(&self) -> Option<Vec<u8>> {
        black_box(None)
    }
}

/// All that a shell does with the pipeline.
#[expect(
    unsafe_code,
    reason = "the name is the only one, and needed for the linker"
)]
#[unsafe(no_mangle)]
pub extern "C" fn pipeline() {
    let now = UnixMillis(black_box(0));
    let mut node = Node::new(black_box(Options::DEFAULT));
    if node.next(now) != Step::Serve {
        let mut need = Some(Need::Control);
        while let Some(wanted) = need {
            black_box(wanted.key());
            need = node.take(wanted, black_box(Fetched::Absent), now);
        }
    }
    let asked = Asked {
        body: black_box(Some(b"{}")),
        ..black_box(Asked::default())
    };
    black_box(node.answers(&Head));
    black_box(node.is_behind(&Head));
    black_box(node.answer(&Head, &asked, now, || black_box([0; 16])));
    let mut isolate = Isolate::new();
    isolate.sign_with(black_box(b"0123456789abcdef"));
    carry_out(&node, &mut isolate, now);
    black_box(isolate.reports(now.0));
    let mut pop = Pop::new(Counters, &black_box([0; 16]));
    carry_out(&node, &mut pop, now);
    black_box(pop.lines());
    black_box(HeadFinder::new().place(black_box(b"<head>")));

    let mut engine = Engine::new(black_box(Options::DEFAULT));
    engine.set_options(black_box(Options::DEFAULT));
    black_box(engine.random());
    engine.sign_with(black_box(1));
    black_box(engine.room(black_box(1)));
    black_box(engine.fetch());
    black_box(engine.take(black_box(1), black_box(Outcome::Bytes(1)), now));
    black_box(engine.asks());
    black_box(engine.serve(now));
    black_box(engine.plan(now));
    black_box(engine.answer(now));
    black_box(engine.ended(now));
    black_box(engine.reports(now));
    black_box(engine.respond());
    black_box(engine.unreachable());
    black_box(engine.place(black_box(1)));
}

/// Plans a request, whose attempts fail.
fn carry_out(node: &Node, ledger: &mut impl Ledger, now: UnixMillis) {
    let plan = node.plan(ledger, &Head, now, || black_box([0; 16]));
    black_box(plan.respond(&Head));
    black_box(plan.unreachable());
    black_box(plan.ended(ledger, &black_box(FAILED), now));
    black_box(plan.stood_in(ledger, &black_box(FAILED), &black_box(FAILED), now));
}

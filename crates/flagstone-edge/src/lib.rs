//! The request pipeline of Flagstone: who the visitor is, which flags matter, and what is to be done.
//!
//! Pure: no I/O, no clock, no randomness. A shell (the Worker, the Fastly service) does four things:
//!
//! 1. **Keep a [`Node`]**, one for each process or isolate, and do what it says. [`Node::next`] answers with a
//!    [`Step`]; for [`Step::Load`] fetch before the request is planned, for [`Step::Refresh`] after the response has
//!    been sent. Fetching is one loop: read the value that the [`Need`] names, give it to [`Node::take`], until that
//!    returns `None`. It is in the store; with a cache that nodes share, [`Need::Compiled`] is there, and [`Need::Keep`] is put there.
//! 2. **Plan**: [`Node::plan`], with the request as a [`RequestHead`], the time and 16 random bytes on demand. It gives
//!    a [`Plan`], owned data: apply [`Plan::request_edits`] in order to a copy of the request's headers, send it to
//!    [`Plan::origin`] with [`Plan::path_and_query`], method and body untouched, redirects not followed.
//! 3. **Attempt**: say how that ended, [`Plan::ended`]. If it says so, do the same by [`Plan::fallback`], and say how that ended,
//!    [`Plan::stood_in`]; a [`ledger`] keeps what it learns.
//! 4. **Respond**: apply the edits of [`Plan::respond`] to a copy of the response's headers, put its element into the page where
//!    [`HeadFinder`] says, if it has one, or answer with [`Plan::unreachable`]
//!    when the origin cannot be reached.
//!
//! ```
//! use flagstone_core::UnixMillis;
//! use flagstone_edge::{Fetched, Need, Node, RequestHead, ResponseHead, Step};
//!
//! fn handle(
//!     node: &mut Node,
//!     now: UnixMillis,
//!     request: &impl RequestHead,
//!     read: impl Fn(&Need) -> Fetched,
//!     send: impl Fn(&flagstone_edge::Plan) -> Option<Box<dyn ResponseHead>>,
//! ) {
//!     let mut fetch = |node: &mut Node| {
//!         let mut need = Some(Need::Control);
//!         while let Some(wanted) = need {
//!             let fetched = read(&wanted);
//!             need = node.take(wanted, fetched, now);
//!         }
//!     };
//!     let step = node.next(now);
//!     if step == Step::Load {
//!         fetch(node);
//!     }
//!     let plan = node.plan(&mut (), request, now, || [0x5a; 16]);
//!     let _edits = match send(&plan) {
//!         Some(response) => plan.respond(response.as_ref()).edits,
//!         None => plan.unreachable().edits,
//!     };
//!     // ... the response goes out ...
//!     if step == Step::Refresh {
//!         fetch(node);
//!     }
//! }
//! ```
//!
//! What the headers mean, and why they are as they are: `docs/http.md`.

// `#[inline(never)]` keeps apart what few requests need: V8 compiles a function whole, when it is first called.

mod answer;
mod append;
mod bot;
mod cache;
mod character;
mod configuration;
mod context;
mod control;
mod cookies;
#[cfg(feature = "answers")]
mod desk;
mod dictionary;
mod digits;
mod edit;
#[cfg(feature = "answers")]
mod exposure;
mod forms;
mod head;
mod html;
mod identity;
mod language;
pub mod ledger;
mod members;
#[cfg(feature = "answers")]
mod ofrep;
mod page;
mod parts;
mod path;
mod plan;
mod query;
mod refresh;
mod rollouts;
mod route;
mod status;
pub mod wire;

pub use answer::Answer;
pub use configuration::{Configuration, InForce};
pub use control::{Control, ControlError, Rollout};
#[cfg(feature = "answers")]
pub use desk::Asked;
pub use edit::Edit;
pub use head::{GeoField, RequestHead, ResponseHead};
pub use html::HeadFinder;
pub use members::members;
pub use plan::{Changes, Compared, Ended, Key, Next, Plan};
pub use query::decoded;
pub use refresh::{Compile, Compiled, Document, Fetched, Keep, Need, Node, Options, Step};
pub use rollouts::{Staged, rollout_id, timetable};
pub use status::Problem;

#[cfg(test)]
mod fixture;

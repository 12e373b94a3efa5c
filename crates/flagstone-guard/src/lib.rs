//! What a guard of rollouts does between its inputs and its outputs, wherever it runs.
//!
//! A [`Desk`] has all rollouts that are under way. Its host, `flagstone guard` or the Durable Object, reads and writes:
//!
//! 1. [`Desk::follow`] the control document and the [plans](plans::all) of its snapshot; what was known of a rollout comes
//!    from the host's store.
//! 2. [`Desk::take`] each batch of lines.
//! 3. [`Desk::lead`]: decide. Then write the [`Changes`] all together or not at all; if that fails, throw away what is in
//!    memory ([`Desk::forget`]), since nobody may see what the store does not have.
//! 4. Answer whoever sent lines, and put each [`Publication`] into the control document, over the one that was read. What
//!    cannot be written is decided again.
//!
//! People look at [`Health`], and do what an [`Action`] says by the [`page`] that shows it.
//!
//! Nothing here reads a clock or does I/O. What is decided, and why, is [`flagstone_rollout::guard`]'s affair.

mod action;
mod activity;
mod control;
mod desk;
mod event;
mod health;
mod metrics;
pub mod page;
pub mod plans;
mod status;
mod wish;

pub use action::{Action, ActionError, What};
pub use activity::{Activity, Counts, Node, Seen};
pub use control::{Document, Stamp, entry};
pub use desk::{Changes, Desk, Judgement, Publication, Taken, phase, reason};
pub use health::Health;
pub use metrics::metrics;
pub use plans::{Planned, Unfit};
pub use status::{Arms, Goal, Point, Status, asked};
pub use wish::{Wish, Wished, not_begun, refusal};

//! From a [`Model`] of flags to the bytes of a snapshot: check, then write.
//!
//! Every source of flags is lowered to one model; there is no other way into a snapshot.

pub mod model;

pub use model::Model;

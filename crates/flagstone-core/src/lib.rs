//! Reads a snapshot of feature flags in place and decides variants.
//!
//! [`Snapshot::open`] takes bytes that the compiler wrote; an [`Evaluator`] holds a snapshot beside one evaluation
//! context and a moment, and answers with a [`Decision`] for each flag it is asked for. Nothing here allocates, does
//! I/O, reads a clock or panics, and there is no `unsafe`.
#![no_std]

#[cfg(test)]
extern crate std;

mod address;
mod bucket;
mod context;
mod decision;
mod describe;
mod eval;
mod geo;
pub mod hash;
pub mod js;
pub mod layout;
mod number;
mod program;
mod progress;
mod scratch;
mod semver;
mod snapshot;
mod text;
mod time;
mod units;
mod value;

pub use address::Address;
pub use bucket::bucket;
pub use context::{AttributeValue, Attributes, List, Object};
pub use decision::{Decision, Reason};
pub use describe::Described;
pub use eval::{
    Answer, EXPRESSION_TEXT, EXPRESSION_VALUES, Evaluator, Kill, MAX_DEPTH, MAX_EXPRESSION_DEPTH,
    MAX_TESTS, Trace, padded as padded_version, plan_share, range_share,
};
pub use geo::GeoField;
pub use hash::Digest;
pub use number::javascript as js_number;
pub use number::parse_number;
pub use progress::Progress;
pub use semver::{SemVer, SplitVersion};
pub use snapshot::{
    Attribute, AttributeIndex, Flag, FlagIndex, Goal, OpenError, Plan, Snapshot, Variant,
    VariantIndex, VerifyError,
};
pub use text::{
    JsNumber, find as text_find, is_blank as is_js_blank, split as text_split,
    split_once as text_split_once,
};
pub use time::{parse_rfc3339, parse_v8, ramp_share};
pub use units::{Day, UnixMillis, Weight};
pub use value::Value;

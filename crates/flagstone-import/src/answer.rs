//! Evaluation in a service's own terms: its contexts in, its results out.
//!
//! For the command line and for tests. It is the one evaluator that decides; here its steps are told in the service's
//! words.

mod steps;

#[cfg(feature = "flagd")]
pub use crate::flagd::answers::json_logic;
pub use steps::{Step, Steps};

use flagstone_core::{Reason, Snapshot, UnixMillis};
use flagstone_json::Json;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// Key of the flag.
    pub flag: &'r str,
    /// The evaluation context, in the service's own form.
    pub context: &'r Json<'r>,
    /// What is answered when the flag has no value.
    pub default: Option<&'r Json<'r>>,
    /// The type that the value must have.
    pub wanted: Option<Type>,
    /// When.
    pub now: UnixMillis,
}

/// A type of values, in OpenFeature's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `true` or `false`.
    Boolean,
    /// Text.
    String,
    /// A number.
    Number,
    /// Any other JSON.
    Object,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The value as JSON text.
    pub value: String,
    /// Key of the variant; `None` if the value is the default of whoever asks.
    pub variant: Option<String>,
    /// Why.
    pub reason: Reason,
    /// OpenFeature's error code, with reason `ERROR`.
    pub error: Option<&'static str>,
    /// Name of the rule that decided, if one did.
    pub rule: Option<String>,
    /// The result as the service's SDK gives it, as JSON text.
    pub native: String,
}

/// Answers as a service's SDK does.
pub trait Native {
    /// Evaluates one flag of a snapshot, which must have been compiled from the model that came with this.
    fn answer(&self, snapshot: Snapshot<'_>, request: &Request<'_>) -> Answer;

    /// What the service says about a flag beside each answer, as the JSON text of an object: flagd's `flagMetadata`. `None`
    /// for services that say nothing.
    fn metadata(&self, flag: &str) -> Option<String> {
        let _ = flag;
        None
    }
}

//! From a [`Model`] of flags to the bytes of a snapshot: check, then write.
//!
//! Every source of flags is lowered to one model; there is no other way into a snapshot.
//!
//! ```
//! use flagstone_compile::{Model, compile};
//! use flagstone_compile::model::{Flag, Value, Variant};
//! use flagstone_core::Snapshot;
//!
//! let variant = |key: &str, on| Variant { key: key.into(), value: Value::Boolean(on) };
//! let flag = Flag {
//!     key: "new-checkout".into(),
//!     variants: vec![variant("control", false), variant("treatment", true)],
//!     default: Some("control".into()),
//!     enabled: true,
//!     expires: None,
//!     prerequisites: vec![],
//!     rules: vec![],
//! };
//! let compiled = compile(&Model { flags: vec![flag], ..Model::default() });
//! let bytes = compiled.snapshot.expect("nothing is wrong with it");
//! assert!(Snapshot::open(&bytes).unwrap().find("new-checkout").is_some());
//! ```

/// Text for people: what is wrong, and where. At the edge nobody reads it, so without the feature `findings` it is empty and
/// costs neither time nor bytes; that something is wrong is found all the same.
macro_rules! text {
    ($($part:tt)*) => {{
        #[cfg(feature = "findings")]
        {
            format!($($part)*)
        }
        #[cfg(not(feature = "findings"))]
        {
            let _ = || format!($($part)*);
            String::new()
        }
    }};
}

#[cfg(feature = "findings")]
mod check;
mod cut;
mod finding;
mod frame;
mod glob;
mod index;
pub mod model;
pub mod regex;
mod slots;
mod sort;
mod write;

#[cfg(feature = "findings")]
pub use check::wrong_sum;
pub use cut::cut;
pub use finding::{Finding, Severity};
pub use frame::{read_edge, source};
pub use glob::matches_pattern;
pub use index::Index;
pub use model::Model;
pub use slots::peak;
#[cfg(feature = "patterns")]
pub use write::check_pattern;

/// What came of compiling a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    /// The snapshot; `None` if there was an error.
    pub snapshot: Option<Vec<u8>>,
    /// Everything that was found, errors and warnings, in the order of the model.
    pub findings: Vec<Finding>,
}

/// Checks a model as a whole and writes it. Equal models give equal bytes.
#[cfg(feature = "findings")]
pub fn compile(model: &Model) -> Compiled {
    finish(model, check::check(model, false))
}

/// Compiles a model that was imported from a flag service. Flags that depend on themselves or on too many others are
/// warnings here, not errors: the services' SDKs find that out when they evaluate such a flag, and fail for it alone. So
/// does our evaluator, with reason `ERROR`. Each flag that depends on too many others has a warning.
///
/// Without the feature `findings` the model is not checked as a whole: importers make none that has other errors.
pub fn compile_imported(model: &Model) -> Compiled {
    #[cfg(feature = "findings")]
    let findings = {
        const TOLERATED: [&str; 3] = ["circle", "too-deep", "too-many-tests"];
        let mut findings = check::check(model, true);
        for finding in &mut findings {
            if TOLERATED.contains(&finding.code) {
                finding.severity = Severity::Warning;
            }
        }
        findings
    };
    #[cfg(not(feature = "findings"))]
    let findings = Vec::new();
    finish(model, findings)
}

/// Writes a snapshot without flags, whose expression 0 is this one:
/// [`write_expression`](flagstone_core::Evaluator::write_expression) gives its value. For sources of flags that fold
/// constants, and for tests.
pub fn compile_expression(expression: &model::Expression) -> Vec<u8> {
    write::alone(expression)
}

fn finish(model: &Model, mut findings: Vec<Finding>) -> Compiled {
    let (bytes, more) = write::write(model);
    findings.extend(more);
    let failed = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    Compiled {
        snapshot: (!failed).then_some(bytes),
        findings,
    }
}

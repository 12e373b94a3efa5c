//! LaunchDarkly: `{flags, segments}` as its SDKs and edge stores hold them.
//!
//! What decides is what the server-side SDK for Node does (`@launchdarkly/node-server-sdk` 9.13, with
//! `@launchdarkly/js-server-sdk-common` 2.x), also where it does odd things; they are marked `COMPAT(launchdarkly)`. With
//! [`Sdk::Other`](crate::Sdk::Other) it is the SDKs for Go and Rust where those differ in what a document may contain: a
//! seed of 0 counts, references are read by their rules, and patterns are RE2's. Whoever comes to a rule without clauses fails:
//! it is for everybody in Go, and in Rust it is none.
//!
//! - Flags become rules in the order of evaluation: one for each prerequisite, for each list of targets, for each rule, and
//!   one for the fallthrough. A flag that is off is disabled.
//! - What is malformed fails where the SDK would fail, and only for whom it would: a [`Test::Fail`] in just that place.
//! - Attributes are named by kind and path: `user.email`, `org.name`, `user["a/b"]`; `kind` is the list of kinds,
//!   `user.anonymous` a boolean.
//! - Unbounded segments are decided as by an SDK without a store for them: their rules alone count, and the result says
//!   `"bigSegmentsStatus": "NOT_CONFIGURED"`.
//!
//! [`Test::Fail`]: flagstone_compile::model::Test::Fail

#[cfg(feature = "answers")]
mod answer;
mod clause;
#[cfg(feature = "answers")]
mod context;
mod document;
mod flag;
mod reference;
mod rollout;
mod segment;

use crate::error::ImportError;
use crate::report::Report;
use crate::service::{Imported, IsAsked, Options};
use document::Document;
use flagstone_compile::Model;
use flagstone_json::Tape;

pub(crate) fn import(
    document: &str,
    options: &Options,
    is_asked: Option<IsAsked<'_>>,
) -> Result<Imported, ImportError> {
    let tape = Tape::read(document)?;
    let mut document = Document::read(tape.root(), options.sdk)?;
    let mut model = Model::default();
    if let Some(is_asked) = is_asked {
        model.edge.is_cut = document.reach(is_asked);
    }
    let mut report = Report::default();
    let segments = segment::lower(&document, &mut model);
    #[cfg(feature = "answers")]
    let mut native = answer::LaunchDarkly::new(&segments);
    for flag in document.flags().iter().filter(|flag| !flag.is_left_out) {
        let entry = report.flag(flag.key);
        let lowered = flag::lower(&document, &segments, flag, entry);
        #[cfg(feature = "answers")]
        native.flag(flag.key, lowered.is_usable, &lowered.meanings);
        if lowered.is_usable {
            model.flags.push(lowered.flag);
        }
    }
    #[cfg(feature = "answers")]
    crate::settle::settle(&model, &[], None, &mut report);
    Ok(Imported {
        model,
        report,
        #[cfg(feature = "answers")]
        native: Box::new(native),
    })
}

//! GrowthBook.
//!
//! Reads the payload of the SDK endpoint, `{"features": …, "savedGroups": …, "contextualBandits": …}`, and decides as
//! `@growthbook/growthbook` 1.8.0 does, the SDK for JavaScript.
//!
//! - A feature is a flag, its values are the variants; equal values of different rules are one variant. Attribute `id` is
//!   the targeting key `user.key`, every other attribute `x` is `user.x`, `x` itself named `key` is `user["key"]`.
//! - A condition has no "unknown" and compares as JavaScript does: [`Js`](flagstone_compile::model::Js). A saved group
//!   that is a condition is a segment.
//! - A prerequisite is a test of the other flag's variants: the condition on its value is decided here, for each value
//!   that it can have. Prerequisites in a circle give null in GrowthBook, and reason `ERROR` in a decision.
//! - Where the SDK throws, a decision is `ERROR`, and the report says so.
//! - Null is a value here; to who asks with a default of their own, GrowthBook's SDKs give that default for it.
//! - Sticky buckets need a store, which the edge has not: without one, `fallbackAttribute` and all that is about sticky
//!   buckets has no effect, as in the SDK. Answers know the buckets that their context has
//!   (`stickyBucketAssignmentDocs`); what the SDK would add to them on the way, for another experiment with the same key
//!   in the same evaluation, they do not.
//! - COMPAT(growthbook): the SDK keeps compiled patterns under their text, and `/i` for those that ignore case; that `a`
//!   which does and `a/i` which does not are one pattern then is not copied.
//!
//! Not copied are names that every JavaScript object has, such as `constructor`: the SDK finds them on attributes that
//! have no such member.

#[cfg(feature = "answers")]
mod answers;
mod condition;
mod experiment;
mod feature;
mod groups;
mod names;
mod operator;
mod overrides;
mod parents;
mod positions;
#[cfg(feature = "answers")]
mod sticky;
mod variants;
mod wire;

use crate::error::ImportError;
use crate::report::Report;
use crate::service::{Imported, Options};
use feature::lower;
use flagstone_json::Json;
use overrides::Overrides;
use wire::Definitions;

pub(crate) fn import(document: &Json<'_>, _: &Options) -> Result<Imported, ImportError> {
    let definitions = Definitions::read(document)?;
    let mut report = Report::default();
    let lowered = lower(&definitions, &Overrides::default(), &mut report);
    #[cfg(feature = "answers")]
    crate::settle::settle(&lowered.model, &[], None, &mut report);
    Ok(Imported {
        model: lowered.model,
        #[cfg(feature = "answers")]
        native: Box::new(answers::Features::new(
            document,
            lowered.meanings,
            lowered.names,
        )),
        report,
    })
}

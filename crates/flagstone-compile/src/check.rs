//! What must hold of a model as a whole, one file a rule.

mod depth;
mod expose;
mod names;
mod plan;
mod routes;
mod sources;
mod split;

pub use split::wrong_sum;

use crate::finding::Finding;
use crate::model::Model;

/// Everything that is wrong with a model, but for names that lead nowhere: the writer finds those. Where flags follow each other
/// too far, each of them is named if `each_flag`.
pub(crate) fn check(model: &Model, each_flag: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    names::check(model, &mut findings);
    depth::check(model, each_flag, &mut findings);
    split::check(model, &mut findings);
    plan::check(model, &mut findings);
    routes::check(model, &mut findings);
    sources::check(model, &mut findings);
    expose::check(model, &mut findings);
    findings
}

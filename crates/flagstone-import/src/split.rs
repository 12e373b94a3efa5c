//! Split, now Harness FME.
//!
//! The JavaScript SDK is what decisions agree with: `@splitsoftware/splitio` 11.11.2 with `splitio-commons` 2.12.1. With
//! [`Sdk::Other`] it is the Java SDK where that differs: other algorithms than 2 are the legacy hash, who is beyond the
//! sum of the partitions gets `control`, and an attribute that is missing or null matches nothing, negated or not.
//!
//! A flag's rules are, in this order: one that gives up, where the SDK throws; one for each prerequisite; one for
//! everybody, where the SDK finds a type of matcher that it does not know; the conditions, and before the first of
//! type `ROLLOUT` the traffic allocation. Keys of variants are the treatments.
//!
//! Where the SDK differs from what one expects of it, we do as it does:
//!
//! - It reads all conditions of a flag before it looks whether the flag is killed. What it cannot read, such as partitions
//!   that do not add up to 100, makes it throw even then. A flag that depends on such a one by a matcher sees no match, one
//!   that depends on it by a prerequisite throws too.
//! - A condition without partitions serves the default treatment, with label `default rule`.
//! - A traffic allocation that is null keeps everybody out; one that is absent nobody.
//! - Matchers of numbers, sets and booleans match no key.
//! - A rule-based segment with a type of matcher that is not known holds everybody who is not excluded.
//! - A list for `CONTAINS_ALL_OF_SET` that names a value twice takes a list of at least as many different elements.
//!
//! What differs: circles of flags and segments end with an error, where the SDK exhausts its stack; text that is made of
//! lists or objects may have 1,024 bytes; names such as `constructor` mean nothing special.

mod condition;
mod dependency;
mod document;
mod flag;
mod javascript;
mod matcher;
mod named;
#[cfg(feature = "answers")]
mod native;
mod number;
mod partitions;
mod segment;
mod set;

use crate::error::ImportError;
use crate::report::{Fidelity, Report};
use crate::service::{Imported, Options, Sdk};
use document::Document;
use flag::Known;
use flagstone_compile::Model;
use flagstone_compile::model::{Condition, Test};
use flagstone_json::Json;
use named::Named;
use segment::Segments;

/// Reads `{"splitChanges": …, "segments": …}` or a body of `/splitChanges` as it is.
pub(crate) fn import(document: &Json<'_>, options: &Options) -> Result<Imported, ImportError> {
    let document = Document::read(document)?;
    let mut reader = Reader {
        sdk: options.sdk,
        known: Named::default(),
        segments: Segments::default(),
        notes: Vec::new(),
        document: &document,
    };
    for (name, flag) in document.flags.iter() {
        let known = Known::read(name, flag, options.sdk);
        reader.known.set(name, known);
    }
    let mut model = Model::default();
    let mut report = Report::default();
    #[cfg(feature = "answers")]
    let mut native = native::Split::default();
    for (name, json) in document.flags.iter() {
        let Some((_, known)) = reader.known.get(name) else {
            continue;
        };
        let known = known.clone();
        let entry = report.flag(name);
        if !known.is_key {
            entry.note(
                Fidelity::NotEvaluable,
                "its name cannot be a key here: 1 to 255 bytes without control characters",
            );
            #[cfg(feature = "answers")]
            native.leave_out(name);
            continue;
        }
        let read = reader.flag(name, json, &known);
        for (fidelity, note) in reader.notes.drain(..) {
            entry.note(fidelity, note);
        }
        #[cfg(feature = "answers")]
        native.flag(name, json, &known, read.labels);
        model.flags.push(read.flag);
    }
    for place in &document.nameless {
        report
            .flag(place)
            .note(Fidelity::NotEvaluable, "it has no name");
    }
    reader.write_segments(&mut model);
    #[cfg(feature = "answers")]
    {
        let of_circles = "it depends on itself, at which the SDK runs out of stack";
        let of_segments = &reader.segments.notes;
        crate::settle::settle(&model, of_segments, Some(of_circles), &mut report);
    }
    Ok(Imported {
        model,
        report,
        #[cfg(feature = "answers")]
        native: Box::new(native),
    })
}

/// What is known while flags and segments are lowered.
struct Reader<'d> {
    sdk: Sdk,
    document: &'d Document<'d>,
    known: Named<'d, Known<'d>>,
    segments: Segments<'d>,
    /// About the flag or segment that is being lowered.
    notes: Vec<(Fidelity, String)>,
}

impl Reader<'_> {
    fn note(&mut self, fidelity: Fidelity, note: impl Into<String>) {
        self.notes.push((fidelity, note.into()));
    }

    /// Where the evaluation gives up, and why.
    fn fail(&mut self, why: impl Into<String>) -> Condition {
        self.note(Fidelity::NotEvaluable, why);
        Condition::Test(Test::Fail)
    }
}

/// A condition or its opposite.
fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

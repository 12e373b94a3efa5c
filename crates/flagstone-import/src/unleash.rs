//! Unleash.
//!
//! Read are the body of `/api/client/features` (`{features, segments}`) and that of the delta API (`{events}`). Decisions
//! are those of the SDK for Node (`unleash-client` 6.12.1, from its source and its behaviour), down to what it does with
//! values of the wrong type. Where it would throw, the evaluation fails.
//!
//! A feature becomes one flag. Without variants it has `off` (false) and `on` (true). With variants it has `disabled`
//! (false), `enabled` (true: it is enabled and gives no variant) and one for each variant that a strategy or the feature can
//! give, by its name; the value is the payload, as its type says, or the name where there is none. Each strategy becomes a
//! rule, behind those for dependencies and for overrides.
//!
//! # Attributes
//! | Unleash | attribute |
//! | --- | --- |
//! | `userId` | `user.key`, the targeting key |
//! | `sessionId`, `environment`, `appName`, a property `plan` | `user.sessionId`, `user.environment`, … |
//! | a property `a/b`, or `key` | `user["a/b"]`, `user["key"]` |
//! | `remoteAddress` | `client.ip` |
//! | a property that is named as one of those three fields | `user.properties.userId`, … |
//! | chance | `request.random` |
//!
//! Strategies take `userId`, `sessionId` and `remoteAddress` from the fields themselves; constraints, overrides and custom
//! stickiness also from properties of these names. So what these see has two attributes, of which one at most is there.
//!
//! `request.random` is a number from 1 to 10,001 as text. The SDK draws anew for each decision that needs chance; here it
//! is drawn once a request, so that who has no id sees one consistent state.
//!
//! # Other SDKs
//! [`Sdk::Other`] hashes UTF-8, as all SDKs but the one for Node do, takes the feature's name where a group is missing, and
//! leaves the address out of the stickiness of variants. A percentage that is not whole is none. A feature is off as a whole
//! if it refers to a segment that is not there, has an operator that is not known, or compares with what is no number, version
//! or date. Everything else is as in Node; what the others do differently with numbers as text, white space and patterns is
//! not copied.
//!
//! # Not here
//! - `applicationHostname`: there is no backend whose name it could be; it is off.
//! - The context field `featureToggle`, which the SDK takes for a missing group; only answers look at it.
//! - What JavaScript's objects inherit: a context field named `toString`, `constructor` and the like.
//! - Dates without a zone are those of UTC.

#[cfg(feature = "answers")]
mod answer;
mod constraint;
mod date;
mod document;
mod feature;
mod javascript;
mod names;
mod notes;
mod payload;
mod strategy;
mod variants;

use crate::error::ImportError;
use crate::report::{Fidelity, Report};
use crate::service::{Imported, Options, Sdk};
use constraint::Segments;
use document::Document;
use flagstone_compile::model::{Condition, Keys, Segment, TARGETING_KEY, Test};
use flagstone_compile::{Index, Model};
use flagstone_json::Json;
use notes::Notes;

pub(crate) fn import(json: &Json<'_>, options: &Options) -> Result<Imported, ImportError> {
    import_for(json, options.sdk, "")
}

/// Reads a document for a context with a field `featureToggle`.
fn import_for(json: &Json<'_>, sdk: Sdk, toggle: &str) -> Result<Imported, ImportError> {
    let document = Document::read(json)?;
    let mut lowering = Lowering {
        sdk,
        toggle,
        document: &document,
        segments: Segments::default(),
        model: Model::default(),
        taken: Index::default(),
        parts: 0,
    };
    lowering.segments();
    let mut report = Report::default();
    #[cfg(feature = "answers")]
    let mut native = answer::Answers::default();
    for (name, feature) in document.features() {
        let entry = report.flag(name);
        if !is_key(name) {
            entry.note(
                Fidelity::NotEvaluable,
                "its name cannot be a flag's key: 1 to 255 bytes without control characters",
            );
            continue;
        }
        let lowered = lowering.feature(name, feature);
        for (fidelity, note) in lowered.notes.list {
            entry.note(fidelity, note);
        }
        #[cfg(feature = "answers")]
        native.add(name, feature, &lowered.outcomes, lowered.asks_toggle);
        lowering.model.flags.push(lowered.flag);
    }
    #[cfg(feature = "answers")]
    native.keep(json, sdk);
    #[cfg(feature = "answers")]
    crate::settle::settle(&lowering.model, &[], None, &mut report);
    Ok(Imported {
        model: lowering.model,
        report,
        #[cfg(feature = "answers")]
        native: Box::new(native),
    })
}

/// A document on its way into a model.
struct Lowering<'d, 'j> {
    sdk: Sdk,
    /// The group where there is none.
    toggle: &'d str,
    document: &'d Document<'d, 'j>,
    segments: Segments,
    model: Model,
    /// Keys of its segments.
    taken: Index,
    /// Segments that were made of conditions needed several times.
    parts: usize,
}

impl Lowering<'_, '_> {
    fn segments(&mut self) {
        for segment in &self.document.segments {
            let mut notes = Notes::default();
            let when = constraint::all(segment.get("constraints"), &mut notes);
            let name = segment.get("name").and_then(Json::text).unwrap_or_default();
            let id = segment.get("id").unwrap_or(&Json::Null);
            let text = javascript::text(Some(id));
            let key = if is_key(name) && !self.is_taken(name) {
                name.to_owned()
            } else {
                self.free(&["segment ", &text].concat())
            };
            if self.segments.add(id, &key, notes) {
                self.push(key, when);
            }
        }
    }

    /// A condition that is needed several times: a segment holds it.
    fn often(&mut self, when: Condition) -> Often {
        if feature::constant(&when) == Some(true) {
            return Often::Always;
        }
        self.parts += 1;
        let key = self.free(&["part ", &self.parts.to_string()].concat());
        self.push(key.clone(), when);
        Often::Segment(key)
    }

    fn push(&mut self, key: String, when: Condition) {
        self.taken.insert(key.as_bytes(), 0);
        self.model.segments.push(Segment {
            key,
            by: TARGETING_KEY.to_owned(),
            included: Keys::default(),
            excluded: Keys::default(),
            when,
        });
    }

    /// A key for a segment that no other has.
    fn free(&self, wanted: &str) -> String {
        let wanted = if is_key(wanted) { wanted } else { "segment" };
        unique(wanted, |key| self.is_taken(key))
    }

    fn is_taken(&self, key: &str) -> bool {
        self.taken.get(key.as_bytes()).is_some()
    }
}

/// A condition that is needed several times.
enum Often {
    Always,
    Segment(String),
}

impl Often {
    fn condition(&self) -> Condition {
        match self {
            Self::Always => Condition::always(),
            Self::Segment(key) => Condition::Test(Test::Segment(key.clone())),
        }
    }
}

/// Whether text can be a key in the model.
fn is_key(text: &str) -> bool {
    (1..=255).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// The name that is wanted, with a number behind it if it is taken; shortened to stay a key.
fn unique(wanted: &str, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(wanted) {
        return wanted.to_owned();
    }
    let end = (0..=wanted.len().min(230))
        .rev()
        .find(|end| wanted.is_char_boundary(*end));
    let base = wanted.get(..end.unwrap_or(0)).unwrap_or_default();
    let mut number = 2u32;
    loop {
        let key = [base, " ", &number.to_string()].concat();
        if !is_taken(&key) {
            return key;
        }
        number = number.saturating_add(1);
    }
}

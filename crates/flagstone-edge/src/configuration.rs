//! A configuration that decides requests: a snapshot and the control document that named it.

use crate::control::Control;
use crate::status::Problem;
use flagstone_core::layout::{EdgeRecord, Section};
use flagstone_core::{Digest, Kill, Snapshot};
use std::sync::Arc;

/// A snapshot's bytes, which have been checked, beside the kills that are in force.
#[derive(Clone, Debug)]
pub struct Configuration {
    bytes: Vec<u8>,
    control: Control,
    kills: Vec<Kill>,
    problem: Option<Problem>,
    frame: Option<Frame>,
}

/// What the bytes were compiled from, where that happened here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Key of the flag service's document in the store.
    pub key: String,
    /// The snapshot that names it.
    pub bytes: Arc<Vec<u8>>,
    /// Of the document.
    pub document: Digest,
}

/// Checks that bytes are the snapshot that a control document names. Takes time in proportion to their number.
///
/// # Errors
/// If they are not.
pub(crate) fn check(bytes: &[u8], control: &Control) -> Result<(), Problem> {
    let snapshot = Snapshot::open(bytes).map_err(|_| Problem::SnapshotInvalid)?;
    if snapshot.digest() != control.snapshot || !snapshot.is_intact() {
        return Err(Problem::SnapshotDamaged);
    }
    Ok(())
}

/// The key of the document that holds a snapshot's flags; `None` if it holds them itself.
pub(crate) fn document_key(bytes: &[u8]) -> Option<String> {
    let snapshot = Snapshot::open(bytes).ok()?;
    let edge = snapshot.record::<EdgeRecord>(Section::Edge, 0)?;
    let key = snapshot.text(edge.document_offset, edge.document_len.into())?;
    (edge.service != 0).then(|| key.to_owned())
}

impl Configuration {
    /// Puts a snapshot that was checked, or compiled here from a `frame`, under its control document.
    ///
    /// # Errors
    /// If the bytes are no snapshot.
    pub(crate) fn new(
        bytes: Vec<u8>,
        control: Control,
        frame: Option<Frame>,
    ) -> Result<Self, Problem> {
        let snapshot = Snapshot::open(&bytes).map_err(|_| Problem::SnapshotInvalid)?;
        let (kills, problem) = resolve(&snapshot, &control);
        Ok(Self {
            bytes,
            control,
            kills,
            problem,
            frame,
        })
    }

    /// Puts the kills of a later control document in force, and no others.
    pub(crate) fn hold(&mut self, control: &Control) {
        if let Ok(snapshot) = Snapshot::open(&self.bytes) {
            (self.kills, self.problem) = resolve(&snapshot, control);
        }
    }

    /// Takes over a control document that names the same snapshot, after its kills.
    pub(crate) fn confirm(&mut self, control: Control) {
        self.control = control;
    }

    /// What the snapshot was compiled from, if that happened here.
    pub(crate) fn frame(&self) -> Option<&Frame> {
        self.frame.as_ref()
    }

    /// The control document.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// The snapshot. Takes constant time.
    pub fn snapshot(&self) -> Option<Snapshot<'_>> {
        Snapshot::open(&self.bytes).ok()
    }

    /// The kills of flags and variants that the snapshot has.
    pub fn kills(&self) -> &[Kill] {
        &self.kills
    }

    /// What is wrong with a part of it.
    pub fn problem(&self) -> Option<Problem> {
        self.problem
    }
}

/// Finds the kills' flags and variants, each for itself.
fn resolve(snapshot: &Snapshot<'_>, control: &Control) -> (Vec<Kill>, Option<Problem>) {
    let kill = |(flag, variant): &(String, String)| {
        let flag = snapshot.flag(snapshot.find(flag)?)?;
        Some(Kill {
            flag: flag.index(),
            variant: flag.find_variant(variant)?.index,
        })
    };
    let kills: Vec<_> = control.kills.iter().filter_map(kill).collect();
    let is_whole = kills.len() == control.kills.len() && !control.has_bad_kill;
    (kills, (!is_whole).then_some(Problem::KillUnknown))
}

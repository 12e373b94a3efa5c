//! A configuration that decides requests: a snapshot and the control document that named it.

use crate::control::Control;
use crate::status::Problem;
use flagstone_core::{Kill, Snapshot};

/// A snapshot's bytes, which have been checked, beside the kills that are in force.
#[derive(Clone, Debug)]
pub struct Configuration {
    bytes: Vec<u8>,
    control: Control,
    kills: Vec<Kill>,
    problem: Option<Problem>,
}

impl Configuration {
    /// Puts a snapshot under its control document. With `check` its content is hashed, which takes time in proportion
    /// to its size; its name is compared in any case.
    ///
    /// # Errors
    /// If the bytes are no snapshot or not the one that the control document names.
    pub fn new(bytes: Vec<u8>, control: Control) -> Result<Self, Problem> {
        let snapshot = Snapshot::open(&bytes).map_err(|_| Problem::SnapshotInvalid)?;
        if snapshot.digest() != control.snapshot || !snapshot.is_intact() {
            return Err(Problem::SnapshotDamaged);
        }
        let (kills, problem) = resolve(&snapshot, &control);
        Ok(Self {
            bytes,
            control,
            kills,
            problem,
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

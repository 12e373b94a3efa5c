//! A configuration that decides requests: a snapshot and the control document that named it.

use crate::control::{Control, compiled_key};
use crate::rollouts::{Rollouts, Staged};
use crate::status::Problem;
use flagstone_core::layout::{EdgeRecord, Section, switch};
use flagstone_core::{Digest, FlagIndex, Kill, Plan, Progress, Snapshot, UnixMillis};
use std::sync::Arc;

/// A snapshot's bytes, which have been checked, beside the kills that are in force.
#[derive(Clone, Debug)]
pub struct Configuration {
    bytes: Arc<Vec<u8>>,
    control: Control,
    kills: Vec<Kill>,
    rollouts: Rollouts,
    problem: Option<Problem>,
    frame: Option<Frame>,
}

/// What a control document has to say about a snapshot, whichever it names: for whoever evaluates and serves nobody.
#[derive(Clone, Debug, Default)]
pub struct InForce {
    /// The kills of flags and variants that the snapshot has.
    pub kills: Vec<Kill>,
    /// How far the rollouts of the snapshot's plans have come, in their order.
    pub rollouts: Vec<Progress>,
    /// What of the document the snapshot does not have.
    pub problem: Option<Problem>,
}

impl InForce {
    /// Finds the flags, variants and plans that a control document names.
    pub fn new(snapshot: &Snapshot<'_>, control: &Control) -> Self {
        let (kills, rollouts, problem) = resolve(snapshot, control, None);
        Self {
            kills,
            rollouts: rollouts.progress().to_vec(),
            problem,
        }
    }
}

/// What the bytes were compiled from, where that happened at the edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Key of the flag service's document in the store.
    pub key: String,
    /// The snapshot that names it.
    pub bytes: Arc<Vec<u8>>,
    /// Of the document.
    pub document: Digest,
}

impl Frame {
    /// The key of what the document is compiled to under this snapshot, in a cache.
    pub(crate) fn compiled_key(&self) -> String {
        let frame = Snapshot::open(&self.bytes).map_or(Digest(0), |snapshot| snapshot.digest());
        compiled_key(frame, self.document)
    }
}

/// Checks that bytes are the snapshot of a name. Takes time in proportion to their number.
///
/// # Errors
/// If they are not.
pub(crate) fn check(bytes: Vec<u8>, name: Digest) -> Result<Vec<u8>, Problem> {
    let snapshot = Snapshot::open(&bytes).map_err(|_| Problem::SnapshotInvalid)?;
    if snapshot.digest() != name || !snapshot.is_intact() {
        return Err(Problem::SnapshotDamaged);
    }
    Ok(bytes)
}

/// Whether flags that no request can ask for were left out of a snapshot, so that control documents may speak of flags that it
/// does not have.
pub(crate) fn is_cut(snapshot: &Snapshot<'_>) -> bool {
    let edge = snapshot.record::<EdgeRecord>(Section::Edge, 0);
    edge.is_some_and(|edge| edge.switches & switch::CUT != 0)
}

/// The key of the document that holds a snapshot's flags; `None` if it holds them itself.
pub(crate) fn document_key(bytes: &[u8]) -> Option<String> {
    let snapshot = Snapshot::open(bytes).ok()?;
    let edge = snapshot.record::<EdgeRecord>(Section::Edge, 0)?;
    let key = snapshot.text(edge.document_offset, edge.document_len.into())?;
    (edge.service != 0).then(|| key.to_owned())
}

impl Configuration {
    /// Puts a snapshot that was checked, or compiled from a document under a `frame`, under its control document.
    ///
    /// # Errors
    /// If the bytes are no snapshot.
    pub(crate) fn new(
        bytes: impl Into<Arc<Vec<u8>>>,
        control: Control,
        frame: Option<Frame>,
    ) -> Result<Self, Problem> {
        let bytes = bytes.into();
        let snapshot = Snapshot::open(&bytes).map_err(|_| Problem::SnapshotInvalid)?;
        let (kills, rollouts, problem) = resolve(&snapshot, &control, None);
        Ok(Self {
            bytes,
            control,
            kills,
            rollouts,
            problem,
            frame,
        })
    }

    /// Puts the kills of a later control document in force, and no others, and its rollouts. Those that it does not speak
    /// of, or of whose plan another snapshot is to come, stay as they are.
    pub(crate) fn hold(&mut self, control: &Control) {
        if let Ok(snapshot) = Snapshot::open(&self.bytes) {
            let before = (control.snapshot != self.control.snapshot).then_some(&self.rollouts);
            (self.kills, self.rollouts, self.problem) = resolve(&snapshot, control, before);
        }
    }

    /// Takes over a control document that names the same snapshot, after its kills.
    pub(crate) fn confirm(&mut self, control: Control) {
        self.control = control;
    }

    /// What the snapshot was compiled from, if that happened at the edge.
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

    /// How far the rollouts of the snapshot's plans have come, in their order.
    pub fn rollouts(&self) -> &[Progress] {
        self.rollouts.progress()
    }

    /// The rollout of a flag, if one is under way.
    pub fn staged(&self, flag: FlagIndex, now: UnixMillis) -> Option<Staged> {
        self.rollouts.staged(&self.snapshot()?, flag, now)
    }

    /// The plans with goals whose rollouts are under way.
    pub(crate) fn with_goals(&self, now: UnixMillis) -> impl Iterator<Item = (Plan<'_>, Staged)> {
        let snapshot = self.snapshot().into_iter();
        snapshot.flat_map(move |snapshot| {
            let plans = (0..).zip(snapshot.plans());
            let plans = plans.filter(|(_, plan)| plan.goals().next().is_some());
            plans.filter_map(move |(index, plan)| {
                let staged = self.rollouts.under_way(&snapshot, index, &plan, now)?;
                Some((plan, staged))
            })
        })
    }

    /// What is wrong with a part of it.
    pub fn problem(&self) -> Option<Problem> {
        self.problem
    }
}

/// Finds the kills' flags and variants and the rollouts' plans, each for itself.
fn resolve(
    snapshot: &Snapshot<'_>,
    control: &Control,
    before: Option<&Rollouts>,
) -> (Vec<Kill>, Rollouts, Option<Problem>) {
    let is_cut = is_cut(snapshot);
    let mut kills = Vec::with_capacity(control.kills.len());
    let mut is_whole = !control.has_bad_kill;
    for (flag, variant) in &control.kills {
        let flag = snapshot.find(flag).and_then(|index| snapshot.flag(index));
        let variant = flag.and_then(|flag| {
            Some(Kill {
                flag: flag.index(),
                variant: flag.find_variant(variant)?.index,
            })
        });
        is_whole &= variant.is_some() || is_cut && flag.is_none();
        kills.extend(variant);
    }
    let (rollouts, has_all) = Rollouts::resolve(snapshot, control, before);
    let problem = (!is_whole).then_some(Problem::KillUnknown);
    let problem = problem.or((!has_all).then_some(Problem::RolloutUnknown));
    (kills, rollouts, problem)
}

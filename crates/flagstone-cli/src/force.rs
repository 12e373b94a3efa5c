//! The control document that decisions are made under.

use crate::commands::rollout::{document, read};
use crate::report::{Failure, Report};
use crate::store::Place;
use flagstone_core::Snapshot;
use flagstone_edge::{Control, InForce, Problem};

/// Which control document, if any.
#[derive(Debug, clap::Args)]
pub struct ForceArguments {
    /// Decide as nodes with this control document do, whichever snapshot it names: a file, or a store as `status` takes it
    #[arg(long, value_name = "STORE")]
    pub control: Option<Place>,
}

/// Its kills and rollouts, as a snapshot has them.
pub struct Force {
    /// What the evaluator goes by.
    pub in_force: InForce,
    /// The document, if there is one.
    pub control: Option<Control>,
}

impl ForceArguments {
    /// Reads the document. What of it names nothing in the snapshot is said, and passed over as nodes do.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn load(&self, snapshot: &Snapshot<'_>, report: &Report) -> Result<Force, Failure> {
        let Some(place) = &self.control else {
            return Ok(Force {
                in_force: InForce::default(),
                control: None,
            });
        };
        let store = place.open().map_err(Failure::store(place))?;
        let held = read(store.as_ref(), place)?;
        let control = document(&held, place)?.control;
        let in_force = InForce::new(snapshot, &control);
        if let Some(problem) = in_force.problem {
            let what = match problem {
                Problem::KillUnknown => "kills a flag, or to a variant, that is not there",
                _ => "has a rollout of a plan or a stage that is not there",
            };
            report.warning(&format!("`{place}` {what}; nodes pass over that"));
        }
        Ok(Force {
            in_force,
            control: Some(control),
        })
    }
}

//! How far rollouts have come.

use crate::units::UnixMillis;

/// How far a rollout has come on its plan's own time, which is the sum of the dwells of the stages so far.
///
/// The snapshot has the share at every moment of that time, the control document says which moment it is.
///
/// ```
/// use flagstone_core::{Progress, UnixMillis};
///
/// let growing = Progress { at: 3_600_000, since: UnixMillis(1_000), until: 3_660_000 };
/// assert_eq!(growing.moment(UnixMillis(31_000)), UnixMillis(3_630_000));
/// assert_eq!(growing.moment(UnixMillis(99_000)), UnixMillis(3_660_000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The plan's time, in milliseconds, that was reached at `since`.
    pub at: i64,
    /// From when on it goes on.
    pub since: UnixMillis,
    /// Where it stops until the control document says otherwise; `at` if it stands still.
    pub until: i64,
}

impl Progress {
    /// Before the first stage: nobody is in.
    pub const NONE: Self = Self::still(-1);

    /// Stands still at a moment of the plan's time.
    pub const fn still(at: i64) -> Self {
        Self {
            at,
            since: UnixMillis(0),
            until: at,
        }
    }

    /// The plan's time now. A clock that went back does not take it back.
    pub fn moment(self, now: UnixMillis) -> UnixMillis {
        let elapsed = now.0.saturating_sub(self.since.0).max(0);
        UnixMillis(self.at.saturating_add(elapsed).min(self.until))
    }
}

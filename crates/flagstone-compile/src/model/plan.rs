//! Rollouts in stages.

use flagstone_core::{UnixMillis, Weight};

/// The plan of a flag's rollout. Which stage of it is in force is not part of the model: the control document says that.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Key of the flag.
    pub flag: String,
    /// Key of the variant that is rolled out: the one whose share is [`Share::Planned`](super::Share::Planned).
    pub variant: String,
    /// 1 to 64 bytes. A rollout under way goes on in a later snapshot if this stays the same.
    pub id: String,
    /// 1 to 16, with ascending shares, each above 0 and below 100 %. After the last one everybody is in.
    pub stages: Vec<Stage>,
    /// Whether the share grows on a straight line from each stage's to the next one's, instead of in steps.
    pub straight: bool,
    /// When it may grow.
    pub calendar: Calendar,
    /// Names of goals that its guard compares, up to [`Plan::MAX_GOALS`]; the first weighs more than the others together.
    pub goals: Vec<String>,
}

impl Plan {
    /// The most stages that a plan has.
    pub const MAX_STAGES: usize = 16;
    /// The least dwell, in milliseconds.
    pub const LEAST_DWELL: i64 = 30_000;
    /// The greatest, in milliseconds: 366 days.
    pub const MOST_DWELL: i64 = 366 * 86_400_000;
    /// The most bytes of an id.
    pub const MAX_ID: usize = 64;
    /// The most goals of a plan.
    pub const MAX_GOALS: usize = 4;
}

/// A stage of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// At its beginning.
    pub share: Weight,
    /// The least time in it, in milliseconds.
    pub dwell: i64,
}

/// When a rollout may grow. It changes no decision; whoever advances the rollout keeps to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calendar {
    /// The name of the windows' zone; empty without windows.
    pub zone: String,
    /// What it adds to UTC, in ascending time; at least one if there are windows.
    pub offsets: Vec<Offset>,
    /// Until when the offsets are known.
    pub known_until: UnixMillis,
    /// When it may grow; at any time if there are none.
    pub windows: Vec<Window>,
    /// When it may not.
    pub freezes: Vec<Freeze>,
}

/// A time of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Bit 0 is Monday, bit 6 Sunday.
    pub days: u8,
    /// The first minute of the day.
    pub from: u16,
    /// The minute after the last; up to 1440.
    pub to: u16,
}

/// A stretch of time in which nothing is to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// Its beginning.
    pub from: UnixMillis,
    /// Its end, not included.
    pub to: UnixMillis,
    /// Why; may be empty.
    pub why: String,
}

/// What a zone adds to UTC from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// From when on.
    pub at: UnixMillis,
    /// Seconds.
    pub seconds: i32,
}

//! The control document's entries about rollouts.

use flagstone_rollout::json::Reader;
use flagstone_rollout::{Course, State};

/// How far a flag's rollout has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// Key of the flag.
    pub flag: String,
    /// Id of the plan it goes by. An entry about another plan than the snapshot's counts for nothing.
    pub plan: String,
    /// Its attempt, stage and state.
    pub course: Course,
}

impl Rollout {
    /// Reads an entry's value; `Some(None)` if it is JSON, but not what it should be.
    #[inline(never)]
    pub(super) fn read(flag: &str, value: &mut Reader<'_>) -> Option<Option<Self>> {
        if value.peek()? != b'{' {
            value.skip()?;
            return Some(None);
        }
        let (mut plan, mut state) = (None, None);
        let (mut attempt, mut stage, mut since, mut held) = (None, None, None, None);
        value.object(|name, value| {
            let number = match name {
                "attempt" => &mut attempt,
                "stage" => &mut stage,
                "since" => &mut since,
                "held" => &mut held,
                "plan" | "state" if value.peek()? == b'"' => {
                    let text = value.string()?;
                    match name {
                        "plan" => plan = Some(text.into_owned()),
                        _ => state = State::parse(&text),
                    }
                    return Some(());
                }
                _ => return value.skip(),
            };
            *number = None;
            match value.peek()? {
                b'0'..=b'9' => *number = Some(value.integer()?),
                _ => value.skip()?,
            }
            Some(())
        })?;
        let rollout = || {
            let state = state?;
            let held = match state {
                State::Paused => held?,
                _ => 0,
            };
            Some(Self {
                flag: flag.to_owned(),
                plan: plan?,
                course: Course {
                    attempt: u32::try_from(attempt?)
                        .ok()
                        .filter(|attempt| *attempt > 0)?,
                    stage: u8::try_from(stage?).ok()?,
                    state,
                    since_ms: i64::try_from(since?).ok()?,
                    held_ms: i64::try_from(held).ok()?,
                },
            })
        };
        Some(rollout())
    }
}

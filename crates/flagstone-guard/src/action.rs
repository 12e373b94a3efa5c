//! What people do from the page.

use crate::{Document, Stamp, Wish, Wished};
use flagstone_core::{Snapshot, UnixMillis};
use flagstone_edge::timetable;
use flagstone_rollout::json::Reader;
use std::fmt;

/// The longest reason, in bytes.
const LONGEST: usize = 500;

/// What is to be done, and why: the body of a POST to [`page::ACTIONS`](crate::page::ACTIONS).
///
/// ```
/// use flagstone_guard::{Action, What};
///
/// let action = Action::read(r#"{"what": "pause", "flag": "checkout", "who": "ada", "why": "we look at it"}"#).unwrap();
/// assert_eq!((action.what, action.flag.as_str()), (What::Pause, "checkout"));
/// let error = Action::read(r#"{"what": "pause", "flag": "checkout", "who": "ada", "why": " "}"#).unwrap_err();
/// assert_eq!(error.to_string(), "`why` is missing: say it in up to 500 bytes");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What.
    pub what: What,
    /// Key of the flag.
    pub flag: String,
    /// Who says so, for the audit line.
    pub who: String,
    /// Why, for the audit line.
    pub why: String,
}

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Hold the flag at its default.
    Kill,
    /// Hold it no longer.
    Lift,
    /// Keep the rollout where it is.
    Pause,
    /// Let it go on.
    Resume,
}

impl What {
    const ALL: [Self; 4] = [Self::Kill, Self::Lift, Self::Pause, Self::Resume];

    /// The command that does it.
    const fn command(self) -> &'static str {
        match self {
            Self::Kill | Self::Lift => "kill",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Lift => "lift",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }
}

/// Why a text is no action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionError {
    /// It is no JSON object.
    Json {
        /// Bytes before the problem.
        at: usize,
    },
    /// A member is not there, or empty, or too long.
    Missing(&'static str),
    /// `what` is none of the words.
    What,
}

impl fmt::Display for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { at } => write!(f, "is no JSON object of strings: problem at byte {at}"),
            Self::Missing(name) => {
                write!(f, "`{name}` is missing: say it in up to {LONGEST} bytes")
            }
            Self::What => f.write_str("`what` is kill, lift, pause or resume"),
        }
    }
}

impl std::error::Error for ActionError {}

impl Action {
    /// Reads an object of strings; members of other names are passed over.
    ///
    /// # Errors
    /// If something is missing or makes no sense.
    pub fn read(text: &str) -> Result<Self, ActionError> {
        let [mut what, mut flag, mut who, mut why] = [const { String::new() }; 4];
        let mut reader = Reader::new(text);
        let read = reader.object(|name, value| {
            let slot = match name {
                "what" => &mut what,
                "flag" => &mut flag,
                "who" => &mut who,
                "why" => &mut why,
                _ => return value.skip(),
            };
            *slot = value.string()?.trim().to_owned();
            Some(())
        });
        read.and_then(|()| reader.end()).ok_or(ActionError::Json {
            at: reader.position(),
        })?;
        for (name, text) in [
            ("what", &what),
            ("flag", &flag),
            ("who", &who),
            ("why", &why),
        ] {
            if text.is_empty() || text.len() > LONGEST {
                return Err(ActionError::Missing(name));
            }
        }
        let what = What::ALL.into_iter().find(|of| of.word() == what);
        Ok(Self {
            what: what.ok_or(ActionError::What)?,
            flag,
            who,
            why,
        })
    }
}

impl Action {
    /// What is to be done to the document of this snapshot, as the command of that name does it.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn wish(&self, document: &Document, snapshot: &Snapshot<'_>, now_ms: i64) -> Wished {
        let flag = &self.flag;
        let found = snapshot.find(flag).and_then(|index| snapshot.flag(index));
        let known = found.ok_or_else(|| format!("there is no flag `{flag}`"));
        match self.what {
            What::Kill => {
                let known = known?;
                let default = known.default().and_then(|index| known.variant(index));
                let default = default.map(|variant| variant.key().to_owned());
                Ok(Wish::Kill(Some(default.ok_or("it has no default")?)))
            }
            What::Lift => document.lift(flag),
            What::Pause => document.step(flag, |course| course.pause(now_ms)),
            What::Resume => {
                let index = known?.index();
                let plan = snapshot.plans().find(|plan| plan.flag == index);
                let plan = plan.ok_or("it has no plan")?;
                document.resume(flag, plan.id, &timetable(&plan), now_ms)
            }
        }
    }

    /// Who does it and why, for the audit line; `mark` tells this change from others at the same moment.
    pub fn stamp(&self, now_ms: i64, mark: &str) -> Stamp {
        Stamp {
            who: self.who.clone(),
            when: UnixMillis(now_ms).to_string(),
            why: self.why.clone(),
            what: self.what.command(),
            mark: mark.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;

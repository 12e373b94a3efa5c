//! The control document: the small, quick one that points to a snapshot and can turn things off.

mod rollout;

pub use rollout::Rollout;

use crate::append::Append;
use crate::digits::{push_hex, push_number};
use crate::status::Problem;
use flagstone_core::Digest;
use flagstone_core::layout::FORMAT_VERSION;
use flagstone_rollout::json::Reader;
use std::fmt;

/// The greatest version of the control document that is read.
const VERSION: u64 = 1;
/// Revisions have at most 15 digits, as integers of RFC 9651 do.
const MAX_REVISION: u64 = 999_999_999_999_999;
/// The members that have a type.
const MEMBERS: [&str; 7] = [
    "version", "sequence", "revision", "snapshot", "cuts", "kills", "rollouts",
];

/// Which snapshot is in force, which flags are held at a variant, and how far rollouts have come.
///
/// ```
/// use flagstone_edge::Control;
///
/// let control = Control::read(
///     br#"{"version": 1, "revision": 7, "snapshot": "99aa06d3014798d86001c324468d497f", "kills": {"new-checkout": "control"}}"#,
/// )?;
/// assert_eq!(control.revision, 7);
/// assert_eq!(control.snapshot_key(), "snapshot/v1/99aa06d3014798d86001c324468d497f");
/// # Ok::<(), flagstone_edge::ControlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// The number of the document: of two, the one with the greater number is newer. At most 15 digits; the revision in
    /// documents that do not say.
    pub sequence: u64,
    /// The number of the publication; only ever grows. At most 15 digits.
    pub revision: u64,
    /// The name of the snapshot.
    pub snapshot: Digest,
    /// The name of its cut, if it has one: a snapshot of no more than requests can ask for.
    pub cut: Option<Digest>,
    /// Flag key and variant key, in the order of the document.
    pub kills: Vec<(String, String)>,
    /// In the order of the document.
    pub rollouts: Vec<Rollout>,
    /// Whether a kill was left out because its variant is not a string.
    pub(crate) has_bad_kill: bool,
    /// Whether a rollout was left out because it is not what it should be.
    pub(crate) has_bad_rollout: bool,
}

impl Control {
    /// The key of the control document in a store.
    pub const KEY: &'static str = "control";

    /// That of a snapshot that was never published: revision 0.
    pub(crate) fn first(snapshot: Digest) -> Self {
        Self {
            sequence: 0,
            revision: 0,
            snapshot,
            cut: None,
            kills: Vec::new(),
            rollouts: Vec::new(),
            has_bad_kill: false,
            has_bad_rollout: false,
        }
    }

    /// Reads a control document: JSON with `version`, `revision`, `snapshot` and, if there are any, `sequence`, `cuts`, `kills`
    /// and `rollouts`. Members of other names are passed over; of two with the same name the last counts.
    ///
    /// # Errors
    /// If it is of a later version, or one of those members is missing or of another type.
    pub fn read(bytes: &[u8]) -> Result<Self, ControlError> {
        let text = str::from_utf8(bytes).map_err(|error| ControlError::Syntax {
            at: error.valid_up_to(),
        })?;
        let mut reader = Reader::new(text);
        let (mut version, mut revision, mut snapshot) = (None, None, None);
        let mut sequence = None;
        let mut cut = None;
        let mut kills = Vec::new();
        let mut rollouts = Vec::new();
        let mut bad = None;
        let (mut has_bad_kill, mut has_bad_rollout) = (false, false);
        // A member of another type is only an error once the version is known to be one that gives it this type.
        let read = reader.object(|name, value| match (name, value.peek()?) {
            ("version", b'0'..=b'9') => set(&mut version, value.integer()),
            ("revision", b'0'..=b'9') => set(&mut revision, value.integer()),
            ("snapshot", b'"') => set(
                &mut snapshot,
                value.string().map(|name| Digest::parse(&name)),
            ),
            ("cuts", b'{') => {
                cut = None;
                value.object(|of, value| {
                    if value.peek()? == b'"' {
                        cut = Digest::parse(of).zip(Digest::parse(&value.string()?));
                        return Some(());
                    }
                    value.skip()
                })
            }
            ("kills", b'{') => {
                kills.clear();
                value.object(|flag, value| {
                    if value.peek()? == b'"' {
                        kills.push((flag.to_owned(), value.string()?.into_owned()));
                        return Some(());
                    }
                    has_bad_kill = true;
                    value.skip()
                })
            }
            ("sequence", b'0'..=b'9') => set(&mut sequence, value.integer()),
            ("rollouts", b'{') => {
                rollouts.clear();
                value.object(|flag, value| {
                    match Rollout::read(flag, value)? {
                        Some(rollout) => rollouts.push(rollout),
                        None => has_bad_rollout = true,
                    }
                    Some(())
                })
            }
            _ => {
                bad = bad.or(MEMBERS.into_iter().find(|member| *member == name));
                value.skip()
            }
        });
        if read.and_then(|()| reader.end()).is_none() {
            return Err(ControlError::Syntax {
                at: reader.position(),
            });
        }
        if let Some(found) = version.filter(|version| *version > VERSION) {
            return Err(ControlError::Version { found });
        }
        if let Some(name) = bad {
            return Err(ControlError::Member { name });
        }
        version
            .filter(|version| *version == VERSION)
            .ok_or(ControlError::Member { name: "version" })?;
        let number = |number: Option<u64>, name| {
            number
                .filter(|number| *number <= MAX_REVISION)
                .ok_or(ControlError::Member { name })
        };
        let revision = number(revision, "revision")?;
        let snapshot = snapshot
            .flatten()
            .ok_or(ControlError::Member { name: "snapshot" })?;
        let cut = cut.filter(|(of, _)| *of == snapshot);
        Ok(Self {
            sequence: number(sequence.or(Some(revision)), "sequence")?,
            revision,
            snapshot,
            cut: cut.map(|(_, cut)| cut),
            kills,
            rollouts,
            has_bad_kill,
            has_bad_rollout,
        })
    }

    /// The key of the snapshot in a store.
    pub fn snapshot_key(&self) -> String {
        snapshot_key(self.snapshot)
    }
}

/// The key in a store of the snapshot with this name.
pub(crate) fn snapshot_key(name: Digest) -> String {
    let mut key = "snapshot/v".to_owned();
    push_number(&mut key, FORMAT_VERSION.into());
    push_digest(&mut key, name);
    key
}

/// The key in a cache of what a document was compiled to under the snapshot with this name.
pub(crate) fn compiled_key(frame: Digest, document: Digest) -> String {
    let mut key = "compiled".to_owned();
    push_digest(&mut key, frame);
    push_digest(&mut key, document);
    key
}

fn push_digest(key: &mut String, digest: Digest) {
    key.append("/");
    for half in [(digest.0 >> 64) as u64, digest.0 as u64] {
        push_hex(key, half, 16);
    }
}

fn set<T>(place: &mut Option<T>, value: Option<T>) -> Option<()> {
    *place = value;
    place.is_some().then_some(())
}

/// Why bytes are not a control document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ControlError {
    /// It is not JSON, no object, or has a number that is none of HTTP's integers.
    Syntax {
        /// Bytes before the problem.
        at: usize,
    },
    /// It is of a later version.
    Version {
        /// That version.
        found: u64,
    },
    /// A member is missing or not what it should be.
    Member {
        /// Its name.
        name: &'static str,
    },
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { at } => write!(f, "cannot be read: problem at byte {at}"),
            Self::Version { found } => {
                write!(f, "is of version {found}, only {VERSION} can be read")
            }
            Self::Member { name } => {
                write!(f, "has no `{name}`, or one that is not what it should be")
            }
        }
    }
}

impl std::error::Error for ControlError {}

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Version { .. } => Self::ControlVersion,
            ControlError::Syntax { .. } | ControlError::Member { .. } => Self::ControlInvalid,
        }
    }
}

#[cfg(test)]
mod tests;

//! The control document: which snapshot is in force.

use crate::report::Failure;
use crate::source::is_frame;
use crate::store::{Held, Place, Store, StoreError, replace};
use flagstone_core::{Digest, Snapshot};
use flagstone_edge::Control as Document;
use serde_json::{Map, Value, json};
use std::thread::sleep;
use std::time::Duration;

/// The greatest revision: 15 digits, as integers of HTTP's structured fields have.
pub const MAX_REVISION: u64 = 999_999_999_999_999;
/// The version of the document that this program writes.
const VERSION: u64 = 1;
/// How often it is written over what somebody else has written meanwhile.
const RETRIES: u32 = 9;
const PAUSE: Duration = Duration::from_millis(100);

/// A control document that is to be written.
pub struct Control<'p> {
    /// Where.
    pub place: &'p Place,
    store: Box<dyn Store>,
    /// What it follows.
    held: Option<Held>,
    revision: u64,
    document: Value,
}

/// What a control document is to say.
pub struct Next<'a> {
    /// The revision, if it is not the one after that of the document before.
    pub revision: Option<u64>,
    pub snapshot: &'a Snapshot<'a>,
    pub cut: Option<Digest>,
    /// Where the document is that is in force until there is one at the place itself.
    pub initial: Option<&'a Place>,
}

impl<'p> Control<'p> {
    /// The document that follows the one at a place, or the initial one, if there is one: another snapshot, with its cut if that is
    /// smaller, and a greater revision, and all else as it was.
    ///
    /// # Errors
    /// If there is one that is no control document, or whose revision is not below the one asked for.
    pub fn after(place: &'p Place, next: &Next<'_>) -> Result<Self, Failure> {
        let (store, held) = open(place)?;
        let mut members = match (&held, next.initial) {
            (Some(held), _) => members(held, place)?,
            (None, Some(initial)) => match open(initial)?.1 {
                Some(held) => members(&held, initial)?,
                None => Map::new(),
            },
            (None, None) => Map::new(),
        };
        let before = members.get("revision").and_then(Value::as_u64).unwrap_or(0);
        let revision = next.revision.unwrap_or(before + 1);
        if revision <= before || revision > MAX_REVISION {
            return Err(Failure::Revision {
                place: place.clone(),
                held: before,
                asked: revision,
            });
        }
        if let Some(sequence) = members.get("sequence").and_then(Value::as_u64) {
            members.insert("sequence".into(), (sequence + 1).into());
        }
        members.insert("version".into(), VERSION.into());
        members.insert("revision".into(), revision.into());
        let digest = next.snapshot.digest();
        let name = digest.to_string();
        match next.cut.filter(|cut| *cut != digest) {
            Some(cut) => {
                let cuts = json!({ name.as_str(): cut.to_string() });
                members.insert("cuts".into(), cuts)
            }
            None => members.remove("cuts"),
        };
        members.insert("snapshot".into(), name.into());
        let control = Self {
            place,
            store,
            held,
            revision,
            document: Value::Object(members),
        };
        // What nodes do not read would leave them with the snapshot before.
        match Document::read(control.text().as_bytes()) {
            Ok(_) => Ok(control),
            Err(error) => Err(Failure::BadControl {
                place: place.clone(),
                error,
            }),
        }
    }

    /// Writes it over the one that it follows. If there is another one by now, the one that follows that is written; `None` if
    /// that goes on for too long.
    ///
    /// # Errors
    /// If it cannot be written, or what is there by now cannot be followed.
    pub fn write(self, next: &Next<'_>) -> Result<Option<Self>, Failure> {
        let mut control = self;
        let mut left = RETRIES;
        loop {
            let text = control.text();
            let held = control.held.as_ref();
            match replace(control.store.as_ref(), Document::KEY, text.as_bytes(), held) {
                Ok(()) => return Ok(Some(control)),
                Err(StoreError::Overtaken) if left == 0 => return Ok(None),
                Err(StoreError::Overtaken) => {}
                Err(error) => return Err(Failure::store(control.place)(error)),
            }
            left -= 1;
            sleep(PAUSE);
            control = Self::after(control.place, next)?;
        }
    }

    /// For people if it is in a file; stores count characters.
    fn text(&self) -> String {
        match self.place {
            Place::File(_) => format!("{:#}\n", self.document),
            _ => self.document.to_string(),
        }
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Says of each kill that the snapshot does not know its flag or variant. Where the flags are a service's, only its document has
    /// all of them.
    pub fn idle_kills(&self, snapshot: &Snapshot<'_>) -> Vec<String> {
        if is_frame(snapshot) {
            return Vec::new();
        }
        let kills = self.document.get("kills").and_then(Value::as_object);
        let idle = kills.into_iter().flatten().filter_map(|(key, variant)| {
            let Some(flag) = snapshot.find(key).and_then(|index| snapshot.flag(index)) else {
                return Some(format!(
                    "flag `{key}` is killed, but is not in the snapshot"
                ));
            };
            let known = variant
                .as_str()
                .and_then(|variant| flag.find_variant(variant));
            known.is_none().then(|| {
                format!("flag `{key}` is killed to {variant}, which is none of its variants")
            })
        });
        idle.collect()
    }
}

impl Control<'_> {
    /// Says of each rollout that takes everybody out since the snapshot has not its plan, or its plan not the stage that it is at. What is
    /// complete may do without its plan.
    pub fn idle_rollouts(&self, snapshot: &Snapshot<'_>) -> Vec<String> {
        let plan = |key: &str, id: &str| {
            snapshot.plans().find(|plan| {
                let flag = snapshot.flag(plan.flag);
                plan.id == id && flag.is_some_and(|flag| flag.key() == key)
            })
        };
        let rollouts = self.document.get("rollouts").and_then(Value::as_object);
        let idle = rollouts.into_iter().flatten().filter_map(|(key, entry)| {
            let word = |name| entry.get(name).and_then(Value::as_str).unwrap_or("?");
            let (id, state) = (word("plan"), word("state"));
            let stage = entry.get("stage").and_then(Value::as_u64).unwrap_or(0);
            let why = match (plan(key, id), state) {
                (None, "running" | "paused") => "the snapshot has no such plan".to_owned(),
                (Some(plan), "running" | "paused") if stage >= plan.stages().count() as u64 => {
                    format!("the snapshot's plan has no stage {}", stage + 1)
                }
                _ => return None,
            };
            Some(format!(
                "the rollout of `{key}` by plan `{id}` ends: {why}, nobody is in any more"
            ))
        });
        idle.collect()
    }
}

/// A store, and the control document in it.
fn open(place: &Place) -> Result<(Box<dyn Store>, Option<Held>), Failure> {
    let store = place.open().map_err(Failure::store(place))?;
    let held = store.read(Document::KEY).map_err(Failure::store(place))?;
    Ok((store, held))
}

/// The members of a control document of some place.
fn members(held: &Held, place: &Place) -> Result<Map<String, Value>, Failure> {
    checked(&held.bytes).map_err(|problem| Failure::Control {
        place: place.clone(),
        problem,
    })
}

/// The same, or what is wrong with it.
fn checked(bytes: &[u8]) -> Result<Map<String, Value>, &'static str> {
    let Ok(Value::Object(members)) = serde_json::from_slice(bytes) else {
        return Err("it is no JSON object");
    };
    let number = |name| members.get(name).and_then(Value::as_u64);
    match number("version") {
        Some(VERSION) => {}
        Some(_) => return Err("it is of another version"),
        None => return Err("it has no `version`"),
    }
    if !matches!(number("revision"), Some(..=MAX_REVISION)) {
        return Err("its `revision` is no number of at most 15 digits");
    }
    let has_sequence = members.contains_key("sequence");
    if has_sequence && !matches!(number("sequence"), Some(..MAX_REVISION)) {
        return Err("its `sequence` is no number of at most 15 digits, or the last one");
    }
    Ok(members)
}

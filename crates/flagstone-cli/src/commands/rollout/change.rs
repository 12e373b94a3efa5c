//! Changes of the control document: what is wanted, what of it may be, how it is written.

use super::{Stores, document, missing, not_begun, read, refusal};
use crate::clock;
use crate::report::Failure;
use crate::store::{Held, Place, Store, StoreError, keep, replace};
use flagstone_core::UnixMillis;
use flagstone_edge::Control;
use flagstone_guard::{Action, Document, Stamp, What};
use flagstone_rollout::{Course, Refusal};
use std::thread::sleep;
use std::time::Duration;

/// How often a store is asked whether it has what was written, a second apart.
const LOOKS: u32 = 5;

/// What is to be done.
pub enum Wish {
    Kill(Option<String>),
    Rollout(String, Course),
}

/// What is to be done, or why not.
pub type Wished = Result<Wish, String>;

/// What became of it.
pub enum Change {
    /// It was written, if it was to be, and the store shows it, or does not yet.
    Made { document: Document, is_seen: bool },
    /// Why not.
    Refused(String),
    /// Somebody else has changed the document at the same time.
    Overtaken,
}

/// How it is to be done.
pub struct Order<'a> {
    pub flag: &'a str,
    /// Where the document is read if there is none yet.
    pub initial: Option<&'a Place>,
    pub dry_run: bool,
    pub stamp: Stamp,
}

/// Does what somebody asks for on the health page, as the command of that name does it.
pub fn act(stores: &Stores, action: &Action, now: UnixMillis) -> Result<Change, Failure> {
    let flag = &action.flag;
    let what = match action.what {
        What::Kill | What::Lift => "kill",
        What::Pause => "pause",
        What::Resume => "resume",
    };
    let order = Order {
        flag,
        initial: None,
        dry_run: false,
        stamp: stamp(what, action.who.clone(), action.why.clone(), now),
    };
    stores.change(&order, |document| match action.what {
        What::Kill => kill(flag, stores, document),
        What::Lift => Ok(lift(flag, document)),
        What::Pause => Ok(step(flag, document, |course| course.pause(now.0))),
        What::Resume => resume(flag, stores, document, now),
    })
}

/// Holds a flag at its default.
pub fn kill(flag: &str, stores: &Stores, document: &Document) -> Result<Wished, Failure> {
    let default = stores.planned(&document.control)?.default(flag)?;
    Ok(match default {
        Some(variant) => Ok(Wish::Kill(Some(variant))),
        None => Err("it has no default; give --variant".to_owned()),
    })
}

pub fn lift(flag: &str, document: &Document) -> Wished {
    match document.kill(flag) {
        Some(_) => Ok(Wish::Kill(None)),
        None => Err("it is not killed".to_owned()),
    }
}

/// Takes a step of a rollout that needs no plan.
pub fn step(
    flag: &str,
    document: &Document,
    step: impl Fn(&Course) -> Result<Course, Refusal>,
) -> Wished {
    let Some(entry) = document.rollout(flag) else {
        return Err("no rollout of it has begun".to_owned());
    };
    let course = step(&entry.course).map_err(refusal)?;
    Ok(Wish::Rollout(entry.plan.clone(), course))
}

pub fn resume(
    flag: &str,
    stores: &Stores,
    document: &Document,
    now: UnixMillis,
) -> Result<Wished, Failure> {
    let (plan, timetable) = stores.planned(&document.control)?.timetable(flag)?;
    let entry = document.rollout(flag);
    let Some(entry) = entry.filter(|entry| entry.plan == plan) else {
        return Ok(Err(not_begun(&plan)));
    };
    let course = entry.course.resume(&timetable, now.0);
    Ok(course
        .map(|course| Wish::Rollout(plan, course))
        .map_err(refusal))
}

/// Who does something, when and why.
pub fn stamp(what: &'static str, who: String, why: String, now: UnixMillis) -> Stamp {
    Stamp {
        who,
        when: now.to_string(),
        why,
        what,
        mark: format!("{:x}-{:x}", clock::now().0, std::process::id()),
    }
}

impl Stores {
    /// Reads the document, finds out what is wanted, writes it and looks whether it is there.
    pub fn change(
        &self,
        order: &Order<'_>,
        wish: impl FnOnce(&Document) -> Result<Wished, Failure>,
    ) -> Result<Change, Failure> {
        let place = &self.control;
        let store = place.open().map_err(Failure::store(place))?;
        let held = store.read(Control::KEY).map_err(Failure::store(place))?;
        let document = match (&held, order.initial) {
            (Some(held), _) => document(held, place)?,
            (None, Some(initial)) => {
                let store = initial.open().map_err(Failure::store(initial))?;
                document(&read(store.as_ref(), initial)?, initial)?
            }
            (None, None) => return Err(missing(place)),
        };
        let Order { flag, stamp, .. } = order;
        let next = match wish(&document)? {
            Ok(Wish::Kill(variant)) => document.with_kill(flag, variant.as_deref(), stamp),
            Ok(Wish::Rollout(plan, course)) => document.with_rollout(flag, &plan, &course, stamp),
            Err(why) => return Ok(Change::Refused(why)),
        };
        let is_seen = match order.dry_run {
            true => Ok(true),
            false => write(store.as_ref(), held.as_ref(), &next),
        };
        match is_seen {
            Ok(is_seen) => Ok(Change::Made {
                document: next,
                is_seen,
            }),
            Err(StoreError::Overtaken) => Ok(Change::Overtaken),
            Err(error) => Err(Failure::store(place)(error)),
        }
    }
}

/// Writes a document over the one that was read, if there was one, and its audit line; whether it can be seen in the store.
fn write(store: &dyn Store, held: Option<&Held>, next: &Document) -> Result<bool, StoreError> {
    replace(store, Control::KEY, next.text().as_bytes(), held)?;
    keep(store, next.control.sequence, &next.audit())?;
    for look in 0..LOOKS {
        let seen = store.read(Control::KEY)?;
        let seen = seen.and_then(|seen| Document::read(&seen.bytes).ok());
        let Some(seen) = seen else { continue };
        if seen.mark() == next.mark() || seen.control.sequence > next.control.sequence {
            return Ok(true);
        }
        if seen.control.sequence == next.control.sequence {
            return Err(StoreError::Overtaken);
        }
        if look + 1 < LOOKS {
            sleep(Duration::from_secs(1));
        }
    }
    Ok(false)
}

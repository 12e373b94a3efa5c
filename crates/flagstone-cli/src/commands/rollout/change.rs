//! Changes of the control document: what is wanted, what of it may be, how it is written.

use super::{Stores, document, missing, read};
use crate::clock;
use crate::report::Failure;
use crate::store::{Held, Place, Store, StoreError, keep, replace};
use flagstone_core::UnixMillis;
use flagstone_edge::Control;
use flagstone_guard::{Action, Document, Stamp, Wished};
use std::thread::sleep;
use std::time::Duration;

/// How often a store is asked whether it has what was written, a second apart.
const LOOKS: u32 = 5;

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
    let order = Order {
        flag: &action.flag,
        initial: None,
        dry_run: false,
        stamp: action.stamp(now.0, &mark()),
    };
    stores.change(&order, |document| {
        let planned = stores.planned(&document.control)?;
        Ok(action.wish(document, &planned.snapshot()?, now.0))
    })
}

/// Who does something, when and why.
pub fn stamp(what: &'static str, who: String, why: String, now: UnixMillis) -> Stamp {
    Stamp {
        who,
        when: now.to_string(),
        why,
        what,
        mark: mark(),
    }
}

/// Tells a change from others.
fn mark() -> String {
    format!("{:x}-{:x}", clock::now().0, std::process::id())
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
            Ok(wish) => document.with(flag, &wish, stamp),
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

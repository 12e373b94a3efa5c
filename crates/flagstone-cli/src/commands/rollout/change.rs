//! Changes of the control document: what is wanted, what of it may be, how it is written.

use super::{Stores, document, missing, read, unfit};
use crate::clock;
use crate::report::Failure;
use crate::store::{Held, Place, Store, StoreError, keep, replace};
use flagstone_core::UnixMillis;
use flagstone_edge::Control;
use flagstone_guard::{Action, Document, Stamp, Wished};
use std::cmp::Ordering;
use std::thread::sleep;
use std::time::Duration;

/// How often a store is asked whether it has what was written, a second apart.
const LOOKS: u32 = 5;

/// What became of it.
pub enum Change {
    /// It was written, if it was to be.
    Made {
        document: Document,
        /// What is to be said of it besides.
        remark: Option<String>,
    },
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
            Ok(wish) => document.with(flag, &wish, stamp).map_err(unfit(place))?,
            Err(why) => return Ok(Change::Refused(why)),
        };
        let remark = match order.dry_run {
            true => Ok(None),
            false => write(store.as_ref(), held.as_ref(), &next),
        };
        match remark {
            Ok(remark) => Ok(Change::Made {
                document: next,
                remark,
            }),
            Err(StoreError::Overtaken) => Ok(Change::Overtaken),
            Err(error) => Err(Failure::store(place)(error)),
        }
    }
}

/// Writes a document over the one that was read, if there was one, and its audit line; what is to be said of that.
///
/// Once the document is in the store, nothing makes it a failure: whoever hears of one makes the change again.
fn write(
    store: &dyn Store,
    held: Option<&Held>,
    next: &Document,
) -> Result<Option<String>, StoreError> {
    if let Err(error) = replace(store, Control::KEY, next.text().as_bytes(), held) {
        // Where an answer was lost, the document may be there all the same.
        let is_lost = matches!(
            error,
            StoreError::Unreachable(_) | StoreError::Refused { status: 500.., .. }
        );
        if !is_lost || !matches!(look(store, next), Ok(Seen::Ours)) {
            return Err(error);
        }
    }
    let unkept = keep(store, next.control.sequence, &next.audit()).err();
    let unkept =
        unkept.map(|error| format!("the change is made, but its audit line is not kept: {error}"));
    for number in 1..=LOOKS {
        match look(store, next) {
            Ok(Seen::Ours | Seen::Later) => return Ok(unkept),
            Ok(Seen::Others) => return Err(StoreError::Overtaken),
            Ok(Seen::Older) | Err(_) if number < LOOKS => sleep(Duration::from_secs(1)),
            Ok(Seen::Older) | Err(_) => {}
        }
    }
    let unseen = "the store does not show the change yet; look again with `flagstone status`";
    Ok(unkept.or(Some(unseen.to_owned())))
}

/// What a store shows after a change.
enum Seen {
    /// The change.
    Ours,
    /// What came after it.
    Later,
    /// Another change in its place.
    Others,
    /// What was there before.
    Older,
}

fn look(store: &dyn Store, next: &Document) -> Result<Seen, StoreError> {
    let seen = store.read(Control::KEY)?;
    let Some(seen) = seen.and_then(|seen| Document::read(&seen.bytes).ok()) else {
        return Ok(Seen::Older);
    };
    if seen.mark() == next.mark() {
        return Ok(Seen::Ours);
    }
    Ok(match seen.control.sequence.cmp(&next.control.sequence) {
        Ordering::Less => Seen::Older,
        Ordering::Equal => Seen::Others,
        Ordering::Greater => Seen::Later,
    })
}

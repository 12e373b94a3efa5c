//! The control document, as the guard reads and changes it.

use super::super::rollout::{self, Stores, document, read};
use crate::report::Failure;
use crate::store::{Held, Place, Store, StoreError, keep, replace};
use flagstone_core::{Digest, Snapshot};
use flagstone_edge::Control;
use flagstone_guard::{Document, Planned, Publication, Unfit, plans};

/// Between looks at a store that is not a file, in milliseconds.
const LOOK_MS: u64 = 5_000;

/// The control document's store, and the plans of the snapshot that it names.
pub struct Followed {
    stores: Stores,
    store: Box<dyn Store>,
    /// As they were last read, and when.
    held: Option<(Held, Document)>,
    looked_ms: i64,
    snapshot: Option<(Digest, rollout::Planned)>,
    pub plans: Vec<Planned>,
    /// Flags whose rollouts cannot be led, and why, until that is told.
    pub unfit: Vec<(String, Unfit)>,
}

impl Followed {
    /// The document in its store.
    ///
    /// # Errors
    /// If the store cannot be used at all.
    pub fn open(stores: Stores) -> Result<Self, Failure> {
        let store = stores.control.open();
        Ok(Self {
            store: store.map_err(Failure::store(&stores.control))?,
            stores,
            held: None,
            looked_ms: i64::MIN,
            snapshot: None,
            plans: Vec::new(),
            unfit: Vec::new(),
        })
    }

    /// Reads the document anew if it is time, and the plans of its snapshot if that is another one.
    ///
    /// # Errors
    /// If it cannot be read, or its snapshot cannot: then everything stays as it is.
    pub fn look(&mut self, now_ms: i64) -> Result<(), Failure> {
        let is_file = matches!(self.stores.control, Place::File(_));
        // A clock may go back.
        let is_due = now_ms.abs_diff(self.looked_ms) >= LOOK_MS;
        if self.held.is_none() || is_file || is_due {
            self.looked_ms = now_ms;
            let held = read(self.store.as_ref(), &self.stores.control)?;
            let document = document(&held, &self.stores.control)?;
            let digest = document.control.snapshot;
            if self.snapshot.as_ref().is_none_or(|(of, _)| *of != digest) {
                let planned = self.stores.planned(&document.control)?;
                (self.plans, self.unfit) = plans::all(&planned.snapshot()?);
                self.snapshot = Some((digest, planned));
            }
            self.held = Some((held, document));
        }
        Ok(())
    }

    /// Has the next look read it in any case.
    pub const fn suspect(&mut self) {
        self.looked_ms = i64::MIN;
    }

    /// The document, once it has been read.
    pub fn control(&self) -> Option<&Control> {
        self.held.as_ref().map(|(_, document)| &document.control)
    }

    /// The document, if it has been read, and the snapshot that it names.
    pub fn seen(&self) -> Option<(&Document, Snapshot<'_>)> {
        let (_, document) = self.held.as_ref()?;
        let (_, planned) = self.snapshot.as_ref()?;
        Some((document, planned.snapshot().ok()?))
    }

    /// Puts a rollout's next step into the document, if what it says of the rollout is still what the step was decided by;
    /// and keeps its audit line, or gives back why not.
    ///
    /// # Errors
    /// If it cannot be written, or somebody else has written meanwhile. The step is decided again then.
    pub fn put(
        &mut self,
        publication: &Publication,
        now_ms: i64,
    ) -> Result<Option<StoreError>, StoreError> {
        if self.looked_ms == i64::MIN {
            // The step before this one has changed it. If it cannot be read, the store says below that it is another.
            let _ = self.look(now_ms);
        }
        self.suspect();
        let Some((held, document)) = &self.held else {
            return Err(StoreError::Overtaken);
        };
        let mark = format!("{now_ms:x}-{:x}", std::process::id());
        let next = publication.put(document, now_ms, &mark);
        let next = next.ok_or(StoreError::Overtaken)?;
        let text = next.text();
        replace(
            self.store.as_ref(),
            Control::KEY,
            text.as_bytes(),
            Some(held),
        )?;
        Ok(keep(self.store.as_ref(), next.control.sequence, &next.audit()).err())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What cannot be read: whoever looks is told.
    struct Gone;

    impl Store for Gone {
        fn read(&self, _: &str) -> Result<Option<Held>, StoreError> {
            Err(StoreError::TooSoon)
        }

        fn replace(&self, _: &str, _: &[u8], _: Option<&Held>) -> Result<(), StoreError> {
            Err(StoreError::TooSoon)
        }

        fn keep(&self, _: u64, _: &str) -> Result<(), StoreError> {
            Err(StoreError::TooSoon)
        }

        fn compares(&self) -> bool {
            true
        }
    }

    #[test]
    fn it_looks_again_in_time_also_when_the_clock_goes_back() {
        const NOW_MS: i64 = 1_800_000_000_000;
        let control =
            br#"{"version":1,"revision":7,"snapshot":"99aa06d3014798d86001c324468d497f"}"#;
        let held = Held {
            bytes: control.to_vec(),
            generation: None,
        };
        let looks = [0, 4_999, 5_000, -4_999, -3_600_000].map(|passed| {
            let document = Document::read(control).map(|document| (held.clone(), document));
            let mut followed = Followed {
                stores: Stores {
                    control: Place::FastlyKv("store".to_owned()),
                    snapshot: None,
                },
                store: Box::new(Gone),
                held: document.ok(),
                looked_ms: NOW_MS,
                snapshot: None,
                plans: Vec::new(),
                unfit: Vec::new(),
            };
            followed.look(NOW_MS + passed).is_err()
        });
        assert_eq!(looks, [false, false, true, false, true]);
    }
}

//! What a snapshot says about rollouts.

use crate::report::Failure;
use crate::source::is_frame;
use crate::store::Place;
use crate::suggest::similar;
use flagstone_core::{Flag, Plan, Snapshot};
use flagstone_edge::{Control, timetable};
use flagstone_rollout::Timetable;
use serde_json::Value;
use std::path::PathBuf;

/// A snapshot that a control document names.
pub struct Planned {
    bytes: Vec<u8>,
    place: PathBuf,
}

impl Planned {
    pub fn new(bytes: Vec<u8>, control: &Control, place: &Place) -> Result<Self, Failure> {
        let path = PathBuf::from(place.to_string());
        let snapshot = Snapshot::open(&bytes).map_err(Failure::open(&path))?;
        if snapshot.digest() != control.snapshot || !snapshot.is_intact() {
            return Err(Failure::OtherSnapshot {
                path,
                digest: control.snapshot.to_string(),
            });
        }
        Ok(Self { bytes, place: path })
    }

    pub fn snapshot(&self) -> Result<Snapshot<'_>, Failure> {
        Snapshot::open(&self.bytes).map_err(Failure::open(&self.place))
    }

    /// The key of a flag's default variant.
    pub fn default(&self, key: &str) -> Result<Option<String>, Failure> {
        let snapshot = self.snapshot()?;
        let flag = self.flag(&snapshot, key)?;
        let variant = flag.default().and_then(|index| flag.variant(index));
        Ok(variant.map(|variant| variant.key().to_owned()))
    }

    /// Looks whether a flag, and a variant of it, are in the snapshot. Where the flags are a service's, only its document has all.
    ///
    /// # Errors
    /// If they are not.
    pub fn check(&self, key: &str, variant: Option<&str>) -> Result<(), Failure> {
        let snapshot = self.snapshot()?;
        if is_frame(&snapshot) {
            return Ok(());
        }
        let flag = self.flag(&snapshot, key)?;
        match variant.filter(|variant| flag.find_variant(variant).is_none()) {
            None => Ok(()),
            Some(variant) => {
                let keys: Vec<&str> = flag.variants().map(|variant| variant.key()).collect();
                Err(Failure::UnknownVariant {
                    path: self.place.clone(),
                    flag: key.to_owned(),
                    variant: variant.to_owned(),
                    similar: similar(variant, &keys).map(str::to_owned),
                })
            }
        }
    }

    /// The id of a flag's plan and what a rollout of it goes by.
    pub fn timetable(&self, key: &str) -> Result<(String, Timetable), Failure> {
        let snapshot = self.snapshot()?;
        let flag = self.flag(&snapshot, key)?;
        let plan = snapshot.plans().find(|plan| plan.flag == flag.index());
        match plan {
            Some(plan) => Ok((plan.id.to_owned(), timetable(&plan))),
            None => Err(Failure::NoPlan {
                flag: key.to_owned(),
            }),
        }
    }

    fn flag<'s>(&self, snapshot: &Snapshot<'s>, key: &str) -> Result<Flag<'s>, Failure> {
        let found = snapshot.find(key).and_then(|index| snapshot.flag(index));
        found.ok_or_else(|| {
            let keys: Vec<&str> = snapshot.flags().map(|flag| flag.key()).collect();
            Failure::UnknownFlag {
                path: self.place.clone(),
                key: key.to_owned(),
                similar: similar(key, &keys).map(str::to_owned),
            }
        })
    }
}

/// The share of a stage in per cent.
pub fn per_cent(plan: &Plan<'_>, stage: usize) -> Option<String> {
    let share = plan.stages().nth(stage)?.share;
    let text = format!("{}.{:04}", share / 10_000, share % 10_000);
    Some(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}

/// An entry of the control document in words, in which stages count from 1.
pub fn words(entry: &Value) -> String {
    let number = |name| entry.get(name).and_then(Value::as_u64);
    match entry {
        Value::Null => "nothing".to_owned(),
        Value::String(variant) => format!("held at `{variant}`"),
        _ => format!(
            "{}, stage {}, attempt {}",
            entry.get("state").and_then(Value::as_str).unwrap_or("?"),
            number("stage").unwrap_or_default().saturating_add(1),
            number("attempt").unwrap_or_default(),
        ),
    }
}

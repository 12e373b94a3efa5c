//! Flags that depend on flags.

use super::condition::Shape;
use super::flag::{CONTROL, Known};
use super::{Reader, not};
use flagstone_compile::model::{Condition, Test};
use flagstone_json::Json;
use std::collections::HashSet;

/// When a prerequisite is met.
pub(super) enum Met {
    Always,
    Never,
    If(Condition),
    /// The SDK throws.
    Throws,
    /// The flag that it is about is not in the model.
    LeftOut,
}

impl Reader<'_> {
    /// When a prerequisite is met.
    pub(super) fn met(&self, prerequisite: &Json<'_>) -> Met {
        if prerequisite.is_null() {
            return Met::Throws;
        }
        let name = prerequisite.get("n").and_then(Json::text);
        let known = name.and_then(|name| self.known.get(name));
        if let Some((_, known)) = known
            && let Shape::Throws(_) = known.shape
        {
            return Met::Throws;
        }
        let wanted = |treatment: &str| match prerequisite.get("ts") {
            Some(Json::List(list)) => Some(list.iter().any(|of| of.text() == Some(treatment))),
            // JavaScript looks for text in text, too.
            Some(Json::Text(text)) => Some(text.contains(treatment)),
            _ => None,
        };
        let Some(control) = wanted(CONTROL) else {
            return Met::Throws;
        };
        match known {
            // A flag that is not there gives `control`.
            None if control => Met::Always,
            None => Met::Never,
            Some((_, known)) if !known.is_key => Met::LeftOut,
            Some((name, known)) => {
                let wanted = |treatment: &&str| wanted(treatment).unwrap_or(false);
                Met::If(has_treatment(name, known, wanted))
            }
        }
    }

    /// When another flag gives one of some treatments.
    pub(super) fn in_treatment(&mut self, data: Option<&Json<'_>>) -> Condition {
        let Some(data) = data.filter(|data| !data.is_null()) else {
            return Condition::never();
        };
        let list = data.get("treatments").map_or(&[][..], Json::elements);
        let wanted = |treatment: &&str| list.iter().any(|of| of.text() == Some(treatment));
        let name = data.get("split").and_then(Json::text);
        let Some((name, known)) = name.and_then(|name| self.known.get(name)) else {
            // A flag that is not there gives `control`.
            return if wanted(&CONTROL) {
                Condition::always()
            } else {
                Condition::never()
            };
        };
        if let Shape::Throws(_) = known.shape {
            return Condition::never();
        }
        if !known.is_key {
            return self.fail("it depends on a flag that cannot have a place here");
        }
        // Whatever it fails at, it does not match then.
        if !known.treatments.iter().any(wanted) {
            return Condition::never();
        }
        let has = has_treatment(name, known, wanted);
        if !self.flag_may_throw(name) {
            return has;
        }
        let mut budget = MOST_PREREQUISITES;
        match self.throws(name, &mut budget) {
            Some(throws) => Condition::All(vec![not(throws), has]),
            None => self.fail("it depends on flags at which the SDK throws, in too many ways"),
        }
    }

    /// Whether there is a prerequisite, however far away, at which the SDK throws.
    fn flag_may_throw(&self, name: &str) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![name];
        while let Some(name) = open.pop() {
            let Some((name, known)) = self.known.get(name) else {
                continue;
            };
            if known.is_killed || !seen.insert(name) {
                continue;
            }
            let list = match known.json.get("prerequisites") {
                None | Some(Json::Null) => continue,
                Some(Json::List(list)) => list,
                Some(_) => return true,
            };
            for prerequisite in list {
                if let Met::Throws = self.met(prerequisite) {
                    return true;
                }
                open.extend(prerequisite.get("n").and_then(Json::text));
            }
        }
        false
    }

    /// When the SDK throws at a flag that it can read: at one of its prerequisites. `None` if that would be too much to say.
    fn throws(&self, name: &str, budget: &mut u32) -> Option<Condition> {
        let mut ways = Vec::new();
        let known = self.known.get(name).filter(|(_, known)| !known.is_killed);
        let list = known.and_then(|(_, known)| known.json.get("prerequisites"));
        let list = match list {
            None | Some(Json::Null) => return Some(Condition::never()),
            Some(Json::List(list)) => list,
            Some(_) => return Some(Condition::always()),
        };
        let mut reached = Vec::new();
        for prerequisite in list {
            *budget = budget.checked_sub(1)?;
            let mut way = |throws| {
                let parts = reached.iter().cloned().chain([throws]);
                ways.push(Condition::All(parts.collect()));
            };
            if let Some(other) = prerequisite.get("n").and_then(Json::text)
                && self.flag_may_throw(other)
            {
                way(self.throws(other, budget)?);
            }
            match self.met(prerequisite) {
                Met::Throws => {
                    way(Condition::always());
                    break;
                }
                Met::Always => {}
                Met::Never | Met::LeftOut => break,
                Met::If(test) => reached.push(test),
            }
        }
        Some(Condition::Any(ways))
    }
}

/// How many prerequisites of prerequisites are looked at to say when the SDK throws.
const MOST_PREREQUISITES: u32 = 100;

/// Whether a flag gives one of some treatments. It is asked even if it can give none of them, since it may fail.
fn has_treatment(name: &str, known: &Known<'_>, wanted: impl Fn(&&str) -> bool) -> Condition {
    let treatments = known.treatments.iter().copied().filter(wanted);
    let variants: Vec<String> = treatments.map(|of| known.variant(of)).collect();
    Condition::Test(Test::Flag {
        key: name.to_owned(),
        variants,
        enabled_only: false,
    })
}

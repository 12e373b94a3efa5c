//! Goals of rollouts: who was exposed in which arm, and who reaches what, within half an hour and once.

mod notes;

use crate::append::Append;
pub use notes::Key;
use notes::{COOKIE, KEPT, Note};

use super::harm::names;
use super::watched::decoded;
use super::{Ended, Plan, Watched};
use crate::configuration::Configuration;
use crate::dictionary::push_encoded;
use crate::digits::{hex, number, push_hex, push_number};
use crate::edit::Edit;
use crate::head::RequestHead;
use crate::identity::may_store;
use crate::ledger::{Ledger, Progress};
use crate::parts::Parts;
use crate::path;
use crate::plan::pending::CDN_CACHE_CONTROLS;
use crate::rollouts::Staged;
use crate::status::Problem;
use flagstone_core::layout::EdgeRecord;
use flagstone_core::{Goal, Snapshot, UnixMillis, text_split};
use flagstone_rollout::{Arm, GOALS, Outcome, Share};

/// For so long after being exposed a visitor can reach goals, in seconds.
const WINDOW_S: u32 = 30 * 60;

/// What a request may bring a visitor nearer to; signed notes of what was before.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Goals {
    notes: Vec<Note>,
    chances: Vec<Chance>,
}

/// What may come of a request for one rollout.
#[derive(Clone, Debug, PartialEq)]
struct Chance {
    flag: String,
    rollout: u64,
    /// The present stage, and its share.
    stage: u8,
    share: Share,
    /// Of a visitor who is exposed for the first time.
    exposed: Option<Arm>,
    /// A bit for each goal that an answer of 200 to 399 is enough for.
    answered: u8,
    /// The other ones, each with the event that it takes.
    events: Vec<(u8, String)>,
}

/// The request that is looked at.
pub(super) struct Looked<'a, 'n, H> {
    pub configuration: &'a Configuration,
    pub snapshot: Snapshot<'a>,
    pub edge: &'a EdgeRecord,
    pub parts: &'a Parts<'n, H>,
    pub now: UnixMillis,
}

/// Notes in a plan what the request may count for.
#[inline(never)]
pub(super) fn look(
    plan: &mut Plan,
    ledger: &mut dyn Ledger,
    looked: &Looked<'_, '_, impl RequestHead>,
    watched: &[Watched],
) {
    let Looked {
        configuration,
        snapshot,
        parts,
        now,
        ..
    } = looked;
    let fits = |goal: &Goal<'_>| {
        (goal.method.is_empty() || goal.method == parts.head.method())
            && path::is_host(goal.host, &parts.host)
            && path::captures(goal.path, &parts.path).is_some()
    };
    let goals = (0..snapshot.goal_count()).map(|index| snapshot.goal(index).filter(fits));
    let goals: Vec<Option<Goal<'_>>> = goals.collect();
    let mut reachable = goals.iter().flatten();
    // Whoever the visitor is, so that what a cache has is the same for all.
    plan.response.hides_events |= reachable.any(|goal| !goal.event.is_empty());
    if parts.is_bot() || parts.is_prefetch() || !may_store(parts, snapshot, looked.edge) {
        return;
    }
    let is_noted = parts.cookie(COOKIE).is_some();
    let entrants = |rollout| watched.iter().find_map(|watched| watched.entrant(rollout));
    if !is_noted && !watched.iter().any(Watched::is_drawn) {
        return;
    }
    let Some(key) = ledger.key() else {
        let misses = |staged: &Staged| entrants(staged.id).is_some();
        if configuration
            .with_goals(*now)
            .any(|(_, staged)| misses(&staged))
        {
            plan.pending.status.problem = plan
                .pending
                .status
                .problem
                .or(Some(Problem::GoalsKeyAbsent));
        }
        return;
    };
    let notes = notes::verified(parts.cookie(COOKIE).unwrap_or_default(), key);
    let at_s = seconds(*now);
    let chance = |(of, staged): (flagstone_core::Plan<'_>, Staged)| {
        let note = notes.iter().find(|note| note.rollout == staged.id);
        let exposed = match note {
            Some(note) if at_s.saturating_sub(note.at_s) >= WINDOW_S => return None,
            Some(_) => None,
            None => Some(entrants(staged.id)?),
        };
        let mut chance = Chance {
            flag: snapshot.flag(of.flag)?.key().to_owned(),
            rollout: staged.id,
            stage: staged.stage,
            share: staged.share,
            exposed,
            answered: 0,
            events: Vec::new(),
        };
        let reached = note.map_or(0, |note| note.reached);
        for (bit, index) in (0..GOALS as u8).zip(of.goals()) {
            let goal = goals.get(index as usize).copied().flatten();
            match goal.filter(|_| reached >> bit & 1 == 0) {
                Some(goal) if goal.event.is_empty() => chance.answered |= 1 << bit,
                Some(goal) => chance.events.push((bit, goal.event.to_owned())),
                None => {}
            }
        }
        let is_one = exposed.is_some() || chance.answered != 0 || !chance.events.is_empty();
        is_one.then_some(chance)
    };
    let chances: Vec<Chance> = configuration.with_goals(*now).filter_map(chance).collect();
    if !chances.is_empty() {
        plan.pending.goals = Some(Goals { notes, chances });
    }
}

impl Goals {
    /// Whether what an origin reports matters.
    pub fn reads_events(&self) -> bool {
        self.chances.iter().any(|chance| !chance.events.is_empty())
    }

    /// Counts what the visitor's answer has brought; the changes to its headers, so that it counts once.
    pub fn count(&self, ledger: &mut impl Ledger, answer: &Ended, now: UnixMillis) -> Vec<Edit> {
        let (Outcome::Status(status @ 200..), Some(key)) = (answer.outcome, ledger.key()) else {
            return Vec::new();
        };
        let mut notes = self.notes.clone();
        let mut is_new = false;
        for chance in &self.chances {
            if let Some(arm) = chance.exposed {
                notes.push(Note {
                    rollout: chance.rollout,
                    stage: chance.stage,
                    arm,
                    reached: 0,
                    at_s: seconds(now),
                });
            }
            let Some(note) = notes
                .iter_mut()
                .rfind(|note| note.rollout == chance.rollout)
            else {
                continue;
            };
            let mut tell = |goal| {
                is_new = true;
                let progress = Progress {
                    rollout: chance.rollout,
                    stage: chance.stage,
                    share: chance.share,
                    arm: note.arm,
                    exposed_in: note.stage,
                    goal,
                };
                ledger.progress(&chance.flag, &progress, now.0);
            };
            if chance.exposed.is_some() {
                tell(None);
            }
            let is_told =
                |event: &str| !answer.from_cache && names(&answer.events).any(|name| name == event);
            let told = chance.events.iter().filter(|(_, event)| is_told(event));
            let mut reached = told.fold(0, |bits, (goal, _)| bits | 1 << goal);
            if status < 400 {
                reached |= chance.answered;
            }
            (0..GOALS)
                .filter(|goal| reached >> goal & 1 != 0)
                .for_each(|goal| tell(Some(goal)));
            note.reached |= reached;
        }
        if !is_new {
            return Vec::new();
        }
        let cookie = [COOKIE, "=", &notes::signed(&notes, key), KEPT].concat();
        let mut edits = vec![
            Edit::Append("set-cookie".into(), cookie),
            Edit::Set("cache-control".into(), "no-store".to_owned()),
        ];
        edits.extend(CDN_CACHE_CONTROLS.map(|name| Edit::Remove(name.into())));
        edits
    }

    /// Adds it as text that [`parse`](Self::parse) reads, parts between semicolons.
    pub fn push(&self, text: &mut String) {
        notes::push(text, &self.notes);
        for chance in &self.chances {
            text.append(";");
            push_encoded(text, &chance.flag);
            for part in [chance.rollout, chance.share.as_f64().to_bits()] {
                text.append(",");
                push_hex(text, part, 1);
            }
            text.append(match chance.exposed {
                None => ",,",
                Some(Arm::Control) => ",0,",
                Some(Arm::Canary) => ",1,",
            });
            for part in [chance.stage, chance.answered] {
                push_number(text, part.into());
                text.append(",");
            }
            for (goal, event) in &chance.events {
                push_number(text, (*goal).into());
                text.append(event);
                text.append(" ");
            }
        }
    }

    /// Reads what [`push`](Self::push) wrote. `None` for what it would never write.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text_split(text, b';');
        Some(Self {
            notes: notes::parse(parts.next()?)?,
            chances: parts.map(Chance::parse).collect::<Option<_>>()?,
        })
    }
}

impl Chance {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text_split(text, b',');
        Some(Self {
            flag: decoded(parts.next()?)?,
            rollout: hex(parts.next()?)?,
            share: Share::new(f64::from_bits(hex(parts.next()?)?))?,
            exposed: match parts.next()? {
                "" => None,
                "0" => Some(Arm::Control),
                _ => Some(Arm::Canary),
            },
            stage: number(parts.next()?)?,
            answered: number(parts.next()?)?,
            events: text_split(parts.next()?, b' ')
                .filter(|event| !event.is_empty())
                .map(|event| {
                    let (goal, name) = event.split_at_checked(1)?;
                    Some((
                        number(goal).filter(|goal| *goal < GOALS as u8)?,
                        name.to_owned(),
                    ))
                })
                .collect::<Option<_>>()?,
        })
    }
}

/// Until 2106.
fn seconds(now: UnixMillis) -> u32 {
    u32::try_from(now.0.max(0) / 1_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;

//! All rollouts of a guard: lines in; states, decisions and what is to be published out.

use crate::event;
use crate::plans::{Planned, Unfit};
use crate::status::{Arms, Goal, Point, Status};
use crate::{Activity, Document, Stamp};
use flagstone_core::{Digest, UnixMillis};
use flagstone_edge::{Control, rollout_id};
use flagstone_rollout::guard::{Hold, Phase, Plan, Rollout, Terms, Took, Watch};
use flagstone_rollout::{Course, GOALS, Line, PerArm, State};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// A rollout that began so long ago, pauses not counted, was under way before this guard knew of it.
const FRESH_MS: i64 = 120_000;

/// Where the store has when flags were last reported, beside the rollouts: the id of none of them.
const ACTIVITY: u64 = 0;

/// What came of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Counted now.
    pub counted: u64,
    /// Counted before.
    pub repeats: u64,
    /// Of rollouts that are not under way here, or of stages that they have not entered.
    pub other: u64,
    /// That begin as a report's line, and are none.
    pub broken: u64,
    /// Of other kinds.
    pub passed: u64,
}

impl Taken {
    /// As JSON, for whoever sent them.
    pub fn json(&self) -> String {
        let Self {
            counted,
            repeats,
            other,
            broken,
            passed,
        } = self;
        format!(
            "{{\"counted\":{counted},\"repeats\":{repeats},\"other\":{other},\"broken\":{broken},\"passed\":{passed}}}\n"
        )
    }
}

/// A step that the control document is to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Publication {
    /// Key of the flag.
    pub flag: String,
    /// The plan's id.
    pub plan: String,
    /// What the document said of the rollout when this was decided.
    pub held: Course,
    /// What it is to say.
    pub course: Course,
    /// Why, for the audit line.
    pub why: String,
}

impl Publication {
    /// The document with this step; `None` if it says something else of the rollout than what was decided by, or nodes could
    /// not read it. `mark` tells this change from another at the same moment.
    pub fn put(&self, document: &Document, now_ms: i64, mark: &str) -> Option<Document> {
        let entry = document.rollout(&self.flag)?;
        if entry.plan != self.plan || entry.course != self.held {
            return None;
        }
        let stamp = Stamp {
            who: "guard".to_owned(),
            when: UnixMillis(now_ms).to_string(),
            why: self.why.clone(),
            what: "guard",
            mark: mark.to_owned(),
        };
        let next = document.with_rollout(&self.flag, &self.plan, &self.course, &stamp);
        next.ok()
    }
}

/// What a host's store is to have: all of it, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// States that changed, by the rollout's id; under 0, when flags were last reported.
    pub rollouts: Vec<(u64, Vec<u8>)>,
    /// Decisions in their order, each a CloudEvent as JSON.
    pub decisions: Vec<String>,
}

/// How rollouts are judged.
#[derive(Clone, Copy, Debug)]
pub struct Judgement {
    /// What their owner allows.
    pub terms: Terms,
    /// What is compared, beside the goals of each plan.
    pub watch: Watch,
    /// Whether rollouts that began without this guard are led, and not only held.
    pub adopt: bool,
}

/// A rollout that is under way.
struct Led {
    plan: Planned,
    course: Course,
    rollout: Rollout,
    /// As it is in the store.
    saved: Vec<u8>,
}

/// All of them.
pub struct Desk {
    judgement: Judgement,
    /// By id.
    led: BTreeMap<u64, Led>,
    /// Rollouts at a stage that there is not.
    astray: Vec<u64>,
    /// Whether it knows which rollouts are under way.
    is_ready: bool,
    /// Decisions that are not in the store yet.
    decisions: Vec<String>,
    /// Lines since the start.
    pub lines: Taken,
    /// What nodes have reported lately, for display.
    pub activity: Activity,
}

impl Desk {
    /// One that has no rollout yet, and counts from now on.
    pub const fn new(judgement: Judgement, now_ms: i64) -> Self {
        Self {
            judgement,
            led: BTreeMap::new(),
            astray: Vec::new(),
            is_ready: false,
            decisions: Vec::new(),
            lines: Taken {
                counted: 0,
                repeats: 0,
                other: 0,
                broken: 0,
                passed: 0,
            },
            activity: Activity::new(now_ms),
        }
    }

    /// Takes over which rollouts are under way. `state` gives what the store has of a rollout, if anything. Says which flags' rollouts
    /// cannot be led, as of now, and why.
    ///
    /// # Errors
    /// If `state` fails, or gives what cannot be read.
    pub fn follow(
        &mut self,
        control: &Control,
        plans: &[Planned],
        mut state: impl FnMut(u64) -> Result<Option<Vec<u8>>, String>,
        now_ms: i64,
    ) -> Result<Vec<(String, Unfit)>, String> {
        if !self.is_ready
            && let Some(kept) = state(ACTIVITY)?
        {
            self.activity.remember(&kept);
        }
        let (mut current, mut astray, mut unfit) = (Vec::new(), Vec::new(), Vec::new());
        for plan in plans {
            let is_meant = |entry: &&flagstone_edge::Rollout| {
                entry.flag == plan.flag && entry.plan == plan.plan
            };
            let Some(entry) = control.rollouts.iter().rfind(is_meant) else {
                continue;
            };
            let id = rollout_id(&plan.flag, &plan.plan, entry.course.attempt);
            // Nobody is in a stage that there is not.
            if usize::from(entry.course.stage) >= plan.ladder.len() {
                astray.push(id);
                if !self.astray.contains(&id) && !has_ended(&entry.course) {
                    unfit.push((plan.flag.clone(), Unfit::Stage(entry.course.stage)));
                }
                continue;
            }
            current.push(id);
            let led = match self.led.entry(id) {
                Entry::Occupied(led) => led.into_mut(),
                Entry::Vacant(place) => {
                    let state = state(id)?;
                    let mut rollout = match &state {
                        Some(bytes) => read(plan, bytes)?,
                        None => begin(id, plan, &entry.course, &self.judgement, now_ms),
                    };
                    if state.is_none() && has_ended(&entry.course) {
                        // Before this guard knew of it: that is no news.
                        rollout.lead(&entry.course, &plan.timetable, now_ms);
                    }
                    place.insert(Led {
                        plan: plan.clone(),
                        course: entry.course,
                        rollout,
                        saved: state.unwrap_or_default(),
                    })
                }
            };
            led.course = entry.course;
            // A new snapshot may have another plan of the same id.
            if led.plan != *plan {
                led.plan = plan.clone();
            }
        }
        self.led.retain(|id, _| current.contains(id));
        self.astray = astray;
        self.is_ready = true;
        Ok(unfit)
    }

    /// Takes over what another guard has stored of a rollout. One that is not under way here is passed over.
    ///
    /// # Errors
    /// If it cannot be read. What is in memory is not to be gone by then: [`forget`](Self::forget) it.
    pub fn renew(&mut self, id: u64, state: Vec<u8>) -> Result<(), String> {
        if id == ACTIVITY {
            self.activity.remember(&state);
        } else if let Some(led) = self.led.get_mut(&id) {
            led.rollout = read(&led.plan, &state)?;
            led.saved = state;
        }
        Ok(())
    }

    /// Whether it knows which rollouts are under way. Before that it would pass over their lines.
    pub const fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// Counts the lines of a batch.
    pub fn take(&mut self, text: &str, now_ms: i64) -> Taken {
        let digest = batch_id(text);
        let mut taken = Taken::default();
        let mut by_rollout: BTreeMap<u64, Vec<Line>> = BTreeMap::new();
        self.activity.take(digest, text, now_ms);
        for line in text.lines() {
            match Line::read(line) {
                None => taken.passed += u64::from(!line.trim_ascii().is_empty()),
                Some(Err(_)) => taken.broken += 1,
                Some(Ok(line)) => by_rollout
                    .entry(line.report.rollout)
                    .or_default()
                    .push(line),
            }
        }
        for (id, lines) in &by_rollout {
            let Some(led) = self.led.get_mut(id) else {
                taken.other += lines.len() as u64;
                continue;
            };
            let Took {
                counted,
                repeats,
                other,
            } = led.rollout.merge_lines(digest, lines, now_ms);
            taken.counted += counted;
            taken.repeats += repeats;
            taken.other += other;
        }
        for (sum, more) in [
            (&mut self.lines.counted, taken.counted),
            (&mut self.lines.repeats, taken.repeats),
            (&mut self.lines.other, taken.other),
            (&mut self.lines.broken, taken.broken),
            (&mut self.lines.passed, taken.passed),
        ] {
            *sum += more;
        }
        taken
    }

    /// Looks at every rollout; what the control document is to say, once the decisions are in the store. Whoever knows that its
    /// document has been replaced does not look: it may have the shares of before.
    pub fn lead(&mut self, now_ms: i64) -> Vec<Publication> {
        let mut publications = Vec::new();
        for (id, led) in &mut self.led {
            let Led { plan, course, .. } = led;
            if !led.rollout.is_over() {
                // What was counted by other shares says nothing of these.
                if led.rollout.guard().plan().ladder != plan.ladder {
                    led.rollout = begin(*id, plan, course, &self.judgement, now_ms);
                }
                // Its owner may have said something else since it began.
                let Judgement { terms, adopt, .. } = self.judgement;
                led.rollout.go_by(terms, adopt);
            }
            let done = led.rollout.lead(course, &plan.timetable, now_ms);
            for decision in &done.decisions {
                let event = event::cloud_event(*id, plan, &led.rollout, decision);
                self.decisions.push(event);
            }
            publications.extend(done.publish.map(|next| Publication {
                flag: plan.flag.clone(),
                plan: plan.plan.clone(),
                held: *course,
                course: next,
                why: event::why(plan, &led.rollout),
            }));
        }
        publications
    }

    /// What the store does not have yet.
    pub fn changes(&mut self) -> Changes {
        let rollouts = self.led.iter().filter_map(|(id, led)| {
            let state = led.rollout.to_bytes();
            (state != led.saved).then_some((*id, state))
        });
        let kept = self.activity.to_keep();
        let kept = kept.map(|state| (ACTIVITY, state));
        Changes {
            rollouts: rollouts.chain(kept).collect(),
            decisions: std::mem::take(&mut self.decisions),
        }
    }

    /// Notes that the store has them.
    pub fn saved(&mut self, changes: Changes) {
        for (id, state) in changes.rollouts {
            if id == ACTIVITY {
                self.activity.kept();
            } else if let Some(led) = self.led.get_mut(&id) {
                led.saved = state;
            }
        }
    }

    /// Forgets what the store does not have: it is read anew when the control document is.
    pub fn forget(&mut self) {
        self.led.clear();
        self.is_ready = false;
        self.decisions.clear();
    }

    /// Whether a rollout is under way, so that there is something to look at every ten seconds.
    pub fn is_leading(&self) -> bool {
        let mut led = self.led.values();
        led.any(|led| !led.rollout.is_over())
    }

    /// The rollout of an id, if it is under way here.
    pub fn rollout(&self, id: u64) -> Option<&Rollout> {
        self.led.get(&id).map(|led| &led.rollout)
    }

    /// What there is to say of each rollout.
    pub fn statuses(&self, now_ms: i64) -> Vec<Status> {
        let statuses = self.led.iter();
        statuses
            .map(|(id, led)| status(*id, &led.plan, &led.rollout, now_ms))
            .collect()
    }
}

/// A number for the content of a batch, so that it counts once.
fn batch_id(text: &str) -> u64 {
    Digest::of(text.as_bytes()).0 as u64
}

fn read(plan: &Planned, state: &[u8]) -> Result<Rollout, String> {
    let rollout = Rollout::from_bytes(state);
    rollout.map_err(|error| format!("the state of `{}`: {error}", plan.flag))
}

const fn has_ended(course: &Course) -> bool {
    matches!(course.state, State::Complete | State::RolledBack)
}

fn begin(id: u64, plan: &Planned, course: &Course, judgement: &Judgement, now_ms: i64) -> Rollout {
    // What is watched, and how much it weighs, stays as it is until the rollout ends.
    let watch = Watch {
        goals: plan.goals.len().min(GOALS) as u8,
        ..judgement.watch
    };
    let (terms, guard) = (judgement.terms, Plan::new(plan.ladder, watch));
    let rollout = Rollout::join(id, guard, terms, course.stage, now_ms);
    let is_fresh = course.stage == 0 && course.dwelt_ms(now_ms) < FRESH_MS;
    if is_fresh || judgement.adopt {
        rollout
    } else {
        rollout.without_state()
    }
}

fn status(id: u64, plan: &Planned, rollout: &Rollout, now_ms: i64) -> Status {
    let figures = rollout.figures();
    let guard = rollout.guard();
    let arms = |counts: PerArm<f64>| Arms {
        control: counts.control,
        canary: counts.canary,
    };
    let floats = |counts: PerArm<u64>| PerArm {
        control: counts.control as f64,
        canary: counts.canary as f64,
    };
    Status {
        flag: plan.flag.clone(),
        rollout: format!("{id:016x}"),
        phase: phase(rollout.state().phase()).to_owned(),
        reason: rollout.hold().map(|hold| reason(hold).to_owned()),
        stage: guard.stage(),
        shares: plan
            .ladder
            .shares()
            .iter()
            .map(|share| share.as_f64())
            .collect(),
        at_ms: now_ms,
        stage_since_ms: rollout.state().entered_ms(),
        last_report_ms: guard.last_report_ms(),
        fetches: arms(figures.counts.fetches),
        failures: arms(figures.counts.failures),
        exposed: arms(floats(figures.activation.exposed)),
        goals: plan
            .goals
            .iter()
            .zip(figures.activation.hits)
            .map(|(name, hits)| Goal {
                name: name.clone(),
                hits: arms(floats(hits)),
            })
            .collect(),
        evidence: figures.evidence.total,
        rate: figures.rate,
        coverage: figures.coverage,
        visible: figures.visible,
        instances: figures.instances,
        budget: rollout.terms().budget,
        reaction_s: rollout.terms().reaction_s,
        reach: rollout
            .reach()
            .iter()
            .map(|point| Point {
                at_s: point.at_s,
                units: point.units,
            })
            .collect(),
    }
}

/// A phase in a word.
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Pending => "pending",
        Phase::Running { .. } => "running",
        Phase::Held { .. } => "held",
        Phase::Complete => "complete",
        Phase::RolledBack => "rolled-back",
        Phase::Stopped => "stopped",
    }
}

/// Why a rollout is held, in a word.
pub fn reason(hold: Hold) -> &'static str {
    match hold {
        Hold::Stale => "stale",
        Hold::Outage => "outage",
        Hold::Ceiling => "ceiling",
        Hold::Mismatch => "srm",
        Hold::Evidence => "evidence",
        Hold::Insufficient => "insufficient",
        Hold::Lost => "lost",
        Hold::Manual => "manual",
        Hold::Closed => "closed",
    }
}

#[cfg(test)]
mod tests;

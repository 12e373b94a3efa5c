//! A rollout under guard: reports in, decisions out. The one implementation of what a guard does, wherever it runs.

use super::batch::Sieve;
use super::{
    Activation, Assessment, Baseline, Facts, Growth, Guard, Hold, Merged, Phase, Plan, State, Step,
};
use crate::advance::{Prospect, Rule, Stage, Traffic};
use crate::advise::Reach;
use crate::bytes::{ReadError, Reader, write_f64};
use crate::course::{self, Course, Refusal, Timetable};
use crate::{Report, ReportId, ratio};

const VERSION: u8 = 1;

/// What the owner of a rollout allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// What harm is accepted, and what a detection takes.
    pub rule: Rule,
    /// The risk budget: so many visitors may see a failure before harm ends.
    pub budget: f64,
    /// Seconds from a failure until all nodes have heard of the rollback it leads to.
    pub reaction_s: f64,
    /// The part of a stage's requests, of both arms together, that may fail hard at all: above it the rollout holds. 1 is
    /// without limit.
    pub ceiling: f64,
}

impl Terms {
    /// 100 visitors, 15 seconds, no ceiling.
    pub const DEFAULT: Self = Self {
        rule: Rule::DEFAULT,
        budget: Traffic::DEFAULT.budget,
        reaction_s: Traffic::DEFAULT.reaction_s,
        ceiling: 1.0,
    };

    fn numbers(&mut self) -> [&mut f64; 7] {
        let rule = &mut self.rule;
        [
            &mut rule.evidence,
            &mut rule.level,
            &mut rule.accepted,
            &mut rule.accepted_part,
            &mut self.budget,
            &mut self.reaction_s,
            &mut self.ceiling,
        ]
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What a decision rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// The counts of the stage.
    pub counts: Stage,
    /// Whom it has exposed, and what they have reached.
    pub activation: Activation,
    /// What all reports say.
    pub evidence: Assessment,
    /// What the next step may bring; `None` in the last stage.
    pub prospect: Option<Prospect>,
    /// See [`Guard::sample_ratio`].
    pub sample_ratio: f64,
    /// See [`Guard::rate`].
    pub rate: f64,
    /// See [`Guard::coverage`].
    pub coverage: f64,
    /// See [`Guard::visible`].
    pub visible: f64,
    /// See [`Guard::instances`].
    pub instances: usize,
}

/// Something that changed: a step to be published, a hold that began or ended, a hold that has lasted for a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// The stage to which it applies, from 0: the one that was left, where one was.
    pub stage: u8,
    /// Where the rollout stood.
    pub before: Phase,
    /// Where it stands.
    pub after: Phase,
    /// What is to be published.
    pub step: Step,
    /// What it rests on.
    pub figures: Figures,
}

/// What a guard has to say and to do; see [`Rollout::lead`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Led {
    /// What has changed: by people, and by the guard.
    pub decisions: Vec<Decision>,
    /// What the control document must say of the rollout, if it says something else.
    pub publish: Option<Course>,
}

/// A rollout with its guard. Feed it reports, and let it [`look`](Self::look) after reports of events and every ten
/// seconds.
///
/// ```
/// use flagstone_rollout::guard::{Phase, Plan, Rollout, Step, Terms, Watch, slowness::Baseline};
/// use flagstone_rollout::{Ladder, Report, ReportId, interval};
///
/// let plan = Plan::new(Ladder::DEFAULT, Watch::DEFAULT);
/// let mut rollout = Rollout::begin(7, plan, Terms::DEFAULT, Baseline::EMPTY, 0);
/// let mut report = Report { rollout: 7, interval: interval(5_000), ..Report::default() };
/// report.arms.control.fetches = 990;
/// report.arms.canary.fetches = 10;
/// report.arms.canary.hard_requests = 5;
/// report.arms.canary.hard = 5;
/// rollout.merge(ReportId { instance: 1, sequence: 0 }, &report, 6_000);
/// let decision = rollout.look(6_000).unwrap();
/// assert_eq!((decision.step, decision.after), (Step::RollBack, Phase::RolledBack));
/// assert_eq!(decision.figures.counts.failures.canary, 5.0);
/// assert_eq!(rollout.look(7_000), None);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    guard: Guard,
    state: State,
    terms: Terms,
    paused: bool,
    /// Whether people have been told of the present hold's age.
    reminded: bool,
    /// Of the present stage.
    reach: Vec<Reach>,
    /// Whether an earlier guard has lost its state: this attempt's error budget may have been spent.
    lost: bool,
    /// Units that have failed on nodes without filters of their own.
    pub(super) hard: Sieve,
    pub(super) soft: Sieve,
}

/// So many points of the reach are kept, each a quarter later than the one before.
const REACH: usize = 12;
const LATER: f64 = 1.25;

impl Rollout {
    /// A rollout that enters its first stage now; its share is to be published. `baseline` are control's latencies from
    /// before.
    pub fn begin(id: u64, plan: Plan, terms: Terms, baseline: Baseline, now_ms: i64) -> Self {
        let mut state = State::new();
        state.start(now_ms);
        Self {
            guard: Guard::new(id, plan, baseline, now_ms),
            state,
            terms,
            paused: false,
            reminded: false,
            reach: Vec::new(),
            lost: false,
            hard: Sieve::EMPTY,
            soft: Sieve::EMPTY,
        }
    }

    /// A rollout that is in a stage already, and of which no guard knew before; in the first, if there is no such stage.
    pub fn join(id: u64, plan: Plan, terms: Terms, stage: u8, now_ms: i64) -> Self {
        let mut rollout = Self::begin(id, plan, terms, Baseline::EMPTY, now_ms);
        rollout.guard.enter_stage(stage, now_ms);
        let stage = rollout.guard.stage();
        rollout.state.follow(Phase::Running { stage }, now_ms);
        rollout
    }

    /// The same, of which another guard may have known more: it holds until it ends, or is [adopted](Self::go_by). With
    /// evidence from zero under the same attempt the error budget would be spent twice.
    #[must_use]
    pub const fn without_state(mut self) -> Self {
        self.lost = true;
        self
    }

    /// Goes by these terms from now on; with `adopt` it is led though another guard may have known more. What has been counted
    /// stays, and what of the error budget is spent: terms say when it may advance, and whenever it does, a false rollback is no
    /// likelier.
    pub const fn go_by(&mut self, terms: Terms, adopt: bool) {
        self.terms = terms;
        self.lost &= !adopt;
    }

    /// Adds a report; see [`Guard::merge`].
    pub fn merge(&mut self, id: ReportId, report: &Report, now_ms: i64) -> Merged {
        self.guard.merge(id, report, now_ms)
    }

    /// Goes by what the control document says, looks at what is known, and says what has changed and what is to be
    /// published. To be asked after reports of events, every ten seconds, and until what was to be published has been:
    /// nothing is lost if a write fails, or the process ends before it.
    ///
    /// `course` is the document's entry about this attempt, `timetable` the plan's.
    pub fn lead(&mut self, course: &Course, timetable: &Timetable, now_ms: i64) -> Led {
        let is_decided = self.state.phase() == Phase::Complete;
        if is_decided && course.state != course::State::Complete {
            // The document does not say so yet, or not any more: until it does, harm may be done, and all is looked at again.
            let stage = self.guard.stage();
            let since_ms = self.state.entered_ms();
            self.state.follow(Phase::Running { stage }, since_ms);
        }
        let followed = self.follow(course, now_ms);
        let growth = if course.stage < self.guard.stage() {
            // The step before has not been published yet.
            Growth::Early
        } else {
            match course.advance(timetable, now_ms) {
                Ok(_) => Growth::Allowed,
                // Of a pause people are told as such.
                Err(Refusal::Dwell { .. } | Refusal::Paused) => Growth::Early,
                Err(_) => Growth::Closed,
            }
        };
        let looked = self.look_at(growth, now_ms);
        let is_news = |decision: &Decision| !is_decided || decision.step != Step::Complete;
        let looked = looked.filter(is_news);
        Led {
            decisions: followed.into_iter().chain(looked).collect(),
            publish: self.publish(course, timetable, now_ms),
        }
    }

    /// Takes over what people have changed in the control document.
    fn follow(&mut self, course: &Course, now_ms: i64) -> Option<Decision> {
        if self.is_over() {
            return None;
        }
        self.paused = course.state == course::State::Paused;
        let stage = self.guard.stage();
        let stages = self.guard.plan().ladder.len();
        let is_later = course.stage > stage && usize::from(course.stage) < stages;
        let phase = match course.state {
            course::State::RolledBack => Phase::Stopped,
            course::State::Complete => Phase::Complete,
            course::State::Running | course::State::Paused if is_later => Phase::Running {
                stage: course.stage,
            },
            course::State::Running | course::State::Paused => return None,
        };
        let (before, figures) = (self.state.phase(), self.figures());
        self.state.follow(phase, now_ms);
        if let Phase::Running { stage } = phase {
            self.guard.enter_stage(stage, now_ms);
            self.reach.clear();
        }
        self.reminded = false;
        Some(Decision {
            at_ms: now_ms,
            stage,
            before,
            after: phase,
            step: Step::Stay,
            figures,
        })
    }

    fn publish(&self, course: &Course, timetable: &Timetable, now_ms: i64) -> Option<Course> {
        match self.state.phase() {
            Phase::RolledBack | Phase::Stopped => course.roll_back(now_ms).ok(),
            Phase::Complete => course.advance(timetable, now_ms).ok(),
            Phase::Running { stage } if stage > course.stage => {
                course.advance(timetable, now_ms).ok()
            }
            // Of a stage that nobody is in yet too little is known; whatever comes before that speaks against it.
            Phase::Held { stage, reason }
                if stage > course.stage && reason >= Hold::Insufficient =>
            {
                course.advance(timetable, now_ms).ok()
            }
            Phase::Pending | Phase::Running { .. } | Phase::Held { .. } => None,
        }
    }

    /// Looks at what is known; what has changed, if anything. Any number of looks is allowed. Cost: some ten
    /// microseconds.
    pub fn look(&mut self, now_ms: i64) -> Option<Decision> {
        self.look_at(Growth::Allowed, now_ms)
    }

    fn look_at(&mut self, growth: Growth, now_ms: i64) -> Option<Decision> {
        if self.is_over() {
            return None;
        }
        self.guard.close(now_ms);
        self.note_reach(now_ms);
        let before = self.state.phase();
        let stage = self.guard.stage();
        let figures = self.figures();
        let facts = self.facts(&figures, growth);
        let step = self.state.step(&facts, &self.guard.plan().ladder, now_ms);
        if let Step::Enter(stage) = step {
            self.guard.enter_stage(stage, now_ms);
            self.reach.clear();
        }
        let after = self.state.phase();
        if after != before {
            self.reminded = false;
        }
        let reminds = !self.reminded && self.state.wants_attention(now_ms);
        self.reminded |= reminds;
        (step != Step::Stay || after != before || reminds).then_some(Decision {
            at_ms: now_ms,
            stage,
            before,
            after,
            step,
            figures,
        })
    }

    fn note_reach(&mut self, now_ms: i64) {
        let at_s = now_ms.saturating_sub(self.state.entered_ms()) as f64 / 1000.0;
        let exposed = self.guard.exposed();
        let units = (exposed.control.saturating_add(exposed.canary)) as f64;
        let last = self.reach.last();
        if units > 0.0 && last.is_none_or(|last| at_s >= LATER * last.at_s) && at_s > 0.0 {
            if self.reach.len() >= REACH {
                self.reach.remove(0);
            }
            self.reach.push(Reach { at_s, units });
        }
    }

    /// How many units, of both arms, have been exposed since the stage began, at twelve points of time at most; for
    /// [`growth`](crate::advise::growth).
    pub fn reach(&self) -> &[Reach] {
        &self.reach
    }

    /// What a decision would rest on now.
    pub fn figures(&self) -> Figures {
        let guard = &self.guard;
        let counts = guard.stage_counts();
        let ladder = &guard.plan().ladder;
        let next = ladder.share(usize::from(guard.stage()) + 1);
        let traffic = self.traffic();
        Figures {
            counts,
            activation: guard.activation(),
            evidence: guard.assess(),
            prospect: next.map(|next| self.terms.rule.judge(&traffic, &counts, next)),
            sample_ratio: guard.sample_ratio(),
            rate: traffic.rate,
            coverage: guard.coverage(),
            visible: traffic.visible,
            instances: guard.instances(),
        }
    }

    /// What the cost of harm depends on, as it is now.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            rate: self.guard.rate(),
            reaction_s: self.terms.reaction_s,
            visible: self.guard.visible(),
            budget: self.terms.budget,
        }
    }

    fn facts(&self, figures: &Figures, growth: Growth) -> Facts {
        let Stage { fetches, failures } = figures.counts;
        let all = fetches.control + fetches.canary;
        let failed = failures.control + failures.canary;
        Facts {
            verdict: figures.evidence.verdict,
            last_report_ms: self.guard.last_report_ms(),
            coverage: figures.coverage,
            outage: self.guard.is_outage(),
            ceiling: failed > self.terms.ceiling * all,
            mismatch: ratio::is_mismatch(figures.sample_ratio),
            may_advance: figures.prospect.is_some_and(|prospect| prospect.advance),
            manual: self.paused,
            lost: self.lost,
            growth,
        }
    }

    /// Whether it is complete, rolled back or stopped.
    pub const fn is_over(&self) -> bool {
        matches!(
            self.state.phase(),
            Phase::Complete | Phase::RolledBack | Phase::Stopped
        )
    }

    /// Why it does not go on, if it is held.
    pub const fn hold(&self) -> Option<Hold> {
        match self.state.phase() {
            Phase::Held { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// The counts and the evidence.
    pub const fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Where it stands.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// What its owner allows.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Whether a person holds it.
    pub const fn is_paused(&self) -> bool {
        self.paused
    }

    /// The whole state, so that it outlives its process: as [`Guard::to_bytes`], and 8 KiB.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        self.state.write(&mut out);
        let mut terms = self.terms;
        for number in terms.numbers() {
            write_f64(&mut out, *number);
        }
        out.extend([self.paused, self.reminded].map(u8::from));
        out.push(self.reach.len() as u8);
        for point in &self.reach {
            write_f64(&mut out, point.at_s);
            write_f64(&mut out, point.units);
        }
        out.push(self.lost.into());
        for word in self.hard.words().chain(self.soft.words()) {
            out.extend(word.to_le_bytes());
        }
        out.extend(self.guard.to_bytes());
        out
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// Where the bytes are not a rollout's; see [`Guard::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut reader = Reader::new(bytes, VERSION)?;
        let state = State::read(&mut reader)?;
        let mut terms = Terms::DEFAULT;
        for number in terms.numbers() {
            *number = reader.f64()?;
            if !(*number >= 0.0 && number.is_finite()) {
                return Err(ReadError::Range);
            }
        }
        let (paused, reminded) = (reader.byte()? != 0, reader.byte()? != 0);
        let points = reader.byte()?;
        let mut reach = Vec::with_capacity(REACH);
        for _ in 0..points {
            let (at_s, units) = (reader.f64()?, reader.f64()?);
            if reach.len() >= REACH || !(at_s > 0.0 && units > 0.0) {
                return Err(ReadError::Range);
            }
            reach.push(Reach { at_s, units });
        }
        let lost = reader.byte()? != 0;
        let mut sieve = || -> Result<Sieve, ReadError> {
            let words = Sieve::EMPTY.words().map(|_| reader.u64());
            Ok(Sieve::from_words(words.collect::<Result<Vec<_>, _>>()?))
        };
        let (hard, soft) = (sieve()?, sieve()?);
        let guard = Guard::from_bytes(reader.rest())?;
        let is_known = match state.phase() {
            Phase::Running { stage } | Phase::Held { stage, .. } => stage == guard.stage(),
            _ => true,
        };
        if !is_known {
            return Err(ReadError::Range);
        }
        Ok(Self {
            guard,
            state,
            terms,
            paused,
            reminded,
            reach,
            lost,
            hard,
            soft,
        })
    }
}

#[cfg(test)]
mod tests;

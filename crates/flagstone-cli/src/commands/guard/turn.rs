//! Turns: lines in; what is stored, answered, published and told out.

use super::control::Followed;
use super::http::Question;
use super::store::{Kept, Store, Turn};
use crate::clock;
use crate::report::{Failure, Format, Report};
use crate::store::StoreError;
use flagstone_guard::{Activity, Changes, Desk, Health, Publication, Taken, metrics};
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// What the thread that has the rollouts is told.
pub enum Message {
    Lines(Batch),
    /// A question.
    Ask {
        question: Question,
        reply: oneshot::Sender<Answer>,
    },
    /// There will be no more lines: they have ended, or cannot be read.
    End(Result<(), Failure>),
}

/// A batch of lines.
pub struct Batch {
    pub text: String,
    /// The file they are of, and how far it has been read with them.
    pub input: Option<(String, u64)>,
    /// What came of them, as JSON, once that is on the disk; `None` if it cannot be.
    pub reply: oneshot::Sender<Option<String>>,
}

/// What a question is answered with.
pub enum Answer {
    Text(String),
    /// There is no such thing.
    Nothing,
    /// It cannot be known now, and why.
    Unknown(String),
}

/// So many decisions are at `/decisions`, and on the health page.
const DECISIONS: usize = 100;
const SHOWN: usize = 50;
/// Between looks without lines.
const TICK: Duration = Duration::from_secs(1);
/// So much is gathered before it is stored, and for so long where guards wait for each other.
const GATHERED: usize = 4 << 20;
const GATHERING: Duration = Duration::from_millis(50);
/// A step that another guard has decided is left to it for so long, in milliseconds.
const LEFT_MS: i64 = 2_000;
/// What this guard has heard is told to others so often, in milliseconds.
const TOLD_MS: i64 = 2_000;

/// The thread that has the rollouts.
pub struct Guard<'a> {
    desk: Desk,
    followed: Followed,
    store: Box<dyn Store>,
    is_told: bool,
    report: &'a Report,
    /// What is wrong; it is said once.
    problem: Option<String>,
    /// Why a decision could not be said on standard output; it counts all the same.
    unsaid: Option<Failure>,
    /// Since when the control document lacks a step that is decided.
    owed_ms: Option<i64>,
    /// When others were told last what was heard here.
    told_ms: i64,
    /// How far the clock that turns go by is ahead of this machine's.
    ahead_ms: i64,
}

/// What a turn has brought.
struct Done {
    now_ms: i64,
    taken: Vec<Taken>,
    decisions: Vec<String>,
    publications: Vec<Publication>,
}

impl<'a> Guard<'a> {
    pub fn new(
        desk: Desk,
        followed: Followed,
        store: Box<dyn Store>,
        is_told: bool,
        report: &'a Report,
    ) -> Self {
        Self {
            desk,
            followed,
            store,
            is_told,
            report,
            problem: None,
            unsaid: None,
            owed_ms: None,
            told_ms: i64::MIN,
            ahead_ms: 0,
        }
    }

    /// Has turns until there will be no more lines.
    pub fn run(&mut self, messages: &Receiver<Message>) -> Result<(), Failure> {
        // What cannot be read at the start is told at once, and not tried for ever.
        self.followed.look(clock::now().0)?;
        loop {
            let (mut batches, mut questions, mut ended) = (Vec::new(), Vec::new(), None);
            let mut size = 0;
            let mut wait = TICK;
            let mut until = None;
            while size < GATHERED && ended.is_none() {
                match messages.recv_timeout(wait) {
                    Ok(Message::Lines(batch)) => {
                        size += batch.text.len();
                        batches.push(batch);
                    }
                    Ok(Message::Ask { question, reply }) => questions.push((question, reply)),
                    Ok(Message::End(how)) => ended = Some(how),
                    Err(RecvTimeoutError::Disconnected) => ended = Some(Ok(())),
                    Err(RecvTimeoutError::Timeout) => break,
                }
                let until = *until.get_or_insert_with(|| moment() + self.gathering());
                wait = until.saturating_duration_since(moment());
            }
            self.turn(batches);
            for (question, reply) in questions {
                // Whoever went away does not want to know.
                let _ = reply.send(self.answer(&question));
            }
            if let Some(how) = ended {
                return how.and_then(|()| self.unsaid.take().map_or(Ok(()), Err));
            }
        }
    }

    fn gathering(&self) -> Duration {
        if self.store.is_shared() {
            GATHERING
        } else {
            Duration::ZERO
        }
    }

    /// Takes batches, looks, stores, and then answers, publishes and tells.
    fn turn(&mut self, batches: Vec<Batch>) {
        let looked = self.followed.look(clock::now().0);
        let mut problem = looked.err().map(|failure| failure.to_string());
        let done = self.count(&batches);
        let taken = done.as_ref().ok().map(|done| done.taken.clone());
        let mut taken = taken.into_iter().flatten();
        for batch in batches {
            // Whoever went away sends it again.
            let _ = batch.reply.send(taken.next().map(|taken| taken.json()));
        }
        for (flag, why) in std::mem::take(&mut self.followed.unfit) {
            self.report
                .warning(&format!("the rollout of `{flag}` is not guarded: {why}"));
        }
        match done {
            Ok(done) => {
                // What is decided must be in force before anybody is told, who may not listen.
                problem = self.publish(&done).or(problem);
                for decision in &done.decisions {
                    if let Err(error) = self.announce(decision) {
                        let failure = Failure::Output(error);
                        problem.get_or_insert_with(|| failure.to_string());
                        self.unsaid.get_or_insert(failure);
                    }
                }
            }
            Err(why) => problem = Some(why),
        }
        if let Some(problem) = problem.as_ref()
            && self.problem.as_ref() != Some(problem)
        {
            self.report.warning(problem);
        }
        self.problem = problem;
    }

    /// The store's turn: whatever fails, nothing of it has been.
    fn count(&mut self, batches: &[Batch]) -> Result<Done, String> {
        let (turn, is_current) = self.begin()?;
        self.ahead_ms = turn.now_ms.saturating_sub(clock::now().0);
        let lines = self.desk.lines;
        // Where a batch may come again to another guard, this one must not have heard it if it could not be stored.
        let heard = turn.batches.is_some().then(|| self.desk.activity.clone());
        let counted = self.counted(turn, is_current, batches);
        if counted.is_err() {
            // What is in memory is ahead of the store, and nobody may have seen it.
            self.store.end();
            self.desk.forget();
            self.desk.lines = lines;
            if let Some(heard) = heard {
                self.desk.activity = heard;
            }
        }
        counted
    }

    /// Begins a turn with the control document that others have gone by, or a newer one. Whether that is so.
    fn begin(&mut self) -> Result<(Turn, bool), String> {
        let turn = self.store.begin().map_err(|error| error.to_string())?;
        if turn.sequence <= self.sequence() {
            return Ok((turn, true));
        }
        // Others have their turns while the document is read.
        self.store.end();
        self.followed.suspect();
        // If it cannot be read now, the next look says so.
        let _ = self.followed.look(clock::now().0);
        let turn = self.store.begin().map_err(|error| error.to_string())?;
        let is_current = turn.sequence <= self.sequence();
        Ok((turn, is_current))
    }

    fn sequence(&self) -> u64 {
        let control = self.followed.control();
        control.map_or(0, |control| control.sequence)
    }

    fn counted(&mut self, turn: Turn, is_current: bool, batches: &[Batch]) -> Result<Done, String> {
        let now_ms = turn.now_ms;
        if let Some(batches) = &turn.batches {
            self.desk.activity.know(batches.iter().copied());
        }
        self.take_over(turn.news, now_ms)?;
        let taken = batches
            .iter()
            .map(|batch| self.desk.take(&batch.text, now_ms));
        let taken: Vec<Taken> = taken.collect();
        // By a document that has been replaced nothing is decided, and no line is passed over.
        if !is_current && taken.iter().any(|taken| taken.other > 0) {
            return Err("another guard goes by a newer control document".to_owned());
        }
        let publications = match is_current {
            true => self.desk.lead(now_ms),
            false => Vec::new(),
        };
        let changes = self.desk.changes();
        self.keep(&changes, is_current, batches, turn.batches.as_ref(), now_ms)?;
        let decisions = changes.decisions.clone();
        self.desk.saved(changes);
        Ok(Done {
            now_ms,
            taken,
            decisions,
            publications,
        })
    }

    /// Takes over what others have stored, and which rollouts are under way.
    fn take_over(&mut self, news: Option<Vec<(u64, Vec<u8>)>>, now_ms: i64) -> Result<(), String> {
        match news {
            Some(states) => {
                for (id, state) in states {
                    self.desk.renew(id, state)?;
                }
            }
            None => self.desk.forget(),
        }
        let Some(control) = self.followed.control() else {
            return Err("there is no control document".to_owned());
        };
        let state = |id| self.store.rollout(id).map_err(|error| error.to_string());
        let plans = &self.followed.plans;
        let unfit = self.desk.follow(control, plans, state, now_ms)?;
        self.followed.unfit.extend(unfit);
        Ok(())
    }

    fn keep(
        &mut self,
        changes: &Changes,
        is_current: bool,
        batches: &[Batch],
        known: Option<&Vec<u64>>,
        now_ms: i64,
    ) -> Result<(), String> {
        let activity = &self.desk.activity;
        // Of a file that was read in pieces the last one counts.
        let inputs = batches.iter().filter_map(|batch| batch.input.clone());
        let inputs: BTreeMap<String, u64> = inputs.collect();
        let counted = known.map(|known| (known, activity.batches().collect::<Vec<_>>()));
        let counted = counted.filter(|(known, counted)| *known != counted);
        let is_due = self.store.is_shared()
            && activity.heard_ms() > self.told_ms
            && now_ms.saturating_sub(self.told_ms) >= TOLD_MS;
        let heard = is_due.then(|| activity.to_text(now_ms));
        let kept = Kept {
            changes,
            is_told: self.is_told,
            inputs: &inputs.into_iter().collect::<Vec<_>>(),
            batches: counted.as_ref().map(|(_, counted)| counted.as_slice()),
            sequence: is_current.then(|| self.sequence()),
            heard: heard.as_deref(),
        };
        let stored = self.store.store(&kept);
        stored.map_err(|error| error.to_string())?;
        if is_due {
            self.told_ms = now_ms;
        }
        Ok(())
    }

    /// Writes steps into the control document; what is wrong. What could not be written is decided again.
    fn publish(&mut self, done: &Done) -> Option<String> {
        if done.publications.is_empty() {
            self.owed_ms = None;
            return None;
        }
        let now_ms = done.now_ms;
        let owed_ms = *self.owed_ms.get_or_insert(now_ms);
        let is_others = self.store.is_shared() && done.decisions.is_empty();
        if is_others && now_ms.saturating_sub(owed_ms) < LEFT_MS {
            self.followed.suspect();
            return None;
        }
        let mut problem = None;
        for publication in &done.publications {
            match self.followed.put(publication, now_ms) {
                // Another guard was faster; if not, the step is decided again.
                Err(StoreError::Overtaken) if self.store.is_shared() => {}
                Err(error) => {
                    problem = Some(format!("the step of `{}`: {error}", publication.flag));
                }
                Ok(Some(error)) => {
                    problem = Some(format!(
                        "the step of `{}` is made, but its audit line is not kept: {error}",
                        publication.flag
                    ));
                }
                Ok(None) => {}
            }
        }
        problem
    }

    fn answer(&mut self, question: &Question) -> Answer {
        let now_ms = clock::now().0.saturating_add(self.ahead_ms);
        let statuses = self.desk.statuses(now_ms);
        let json = match question {
            Question::Rollouts if !self.desk.is_ready() => return self.missing(),
            Question::Rollouts => serde_json::to_string_pretty(&statuses),
            Question::Rollout(flag) => match statuses.iter().find(|status| status.flag == *flag) {
                Some(status) => serde_json::to_string_pretty(status),
                None => return self.missing(),
            },
            Question::Decisions => {
                return match self.store.decisions(DECISIONS) {
                    Ok(decisions) => Answer::Text(format!("[{}]\n", decisions.join(",\n"))),
                    Err(error) => Answer::Unknown(error.to_string()),
                };
            }
            Question::Health => return self.health(now_ms),
            Question::Metrics => {
                let untold = self.store.untold().ok();
                let problem = Some(self.problem.is_some());
                let lines = &self.desk.lines;
                return Answer::Text(metrics(lines, untold, problem, &statuses));
            }
        };
        match json {
            Ok(json) => Answer::Text(json + "\n"),
            Err(error) => Answer::Unknown(error.to_string()),
        }
    }

    /// That there is no such thing, if that is known.
    fn missing(&self) -> Answer {
        match &self.problem {
            Some(problem) if !self.desk.is_ready() => Answer::Unknown(problem.clone()),
            _ => Answer::Nothing,
        }
    }

    fn health(&mut self, now_ms: i64) -> Answer {
        // A step that was just written is to be seen.
        let _ = self.followed.look(clock::now().0);
        let decisions = self.store.decisions(SHOWN).unwrap_or_default();
        let others = self.store.heard().unwrap_or_default();
        let Some((document, snapshot)) = self.followed.seen() else {
            return self.missing();
        };
        let all: Activity;
        let activity = match others.is_empty() {
            true => &self.desk.activity,
            false => {
                let mut sum = self.desk.activity.clone();
                others.iter().for_each(|heard| sum.add(heard, now_ms));
                all = sum;
                &all
            }
        };
        let health = Health {
            at_ms: now_ms,
            document,
            snapshot,
            desk: &self.desk,
            activity,
            decisions: &decisions,
            problem: self.problem.as_deref(),
        };
        Answer::Text(health.json() + "\n")
    }

    /// Says on standard output what was decided.
    fn announce(&self, event: &str) -> io::Result<()> {
        let mut out = self.report.output();
        let written = match self.report.format {
            Format::Json => writeln!(out, "{event}"),
            Format::Text => {
                let event: serde_json::Value = serde_json::from_str(event).unwrap_or_default();
                let text = |pointer| event.pointer(pointer).and_then(|text| text.as_str());
                let (time, text) = (text("/time"), text("/data/text"));
                writeln!(
                    out,
                    "{} {}",
                    time.unwrap_or_default(),
                    text.unwrap_or_default()
                )
            }
        };
        written.and_then(|()| out.flush())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "for how long is gathered changes no decision"
)]
fn moment() -> Instant {
    Instant::now()
}

//! `flagstone kill`, `pause`, `resume`, `advance` and `rollback`: changes of the control document.

mod planned;

pub use planned::{Planned, per_cent, words};

use crate::clock;
use crate::environment::variable;
use crate::report::{Failure, Format, Outcome, Report};
use crate::store::{Held, Place, Store, StoreError, keep, replace};
use flagstone_core::UnixMillis;
use flagstone_edge::Control;
use flagstone_guard::{Document, Stamp};
use flagstone_rollout::{Course, Refusal};
use serde_json::{Value, json};
use std::io::Write;
use std::thread::sleep;
use std::time::Duration;

/// How often a store is asked whether it has what was written, a second apart.
const LOOKS: u32 = 5;

/// Where a control document is, and who changes it.
#[derive(Debug, clap::Args)]
pub struct Target {
    /// The flag
    #[arg(value_name = "FLAG")]
    flag: String,
    #[command(flatten)]
    stores: Stores,
    /// Why; kept with the change
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Who; by default the variable USER says
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// Where to begin from if `--control` has no document yet; it must still have none when the change is written
    #[arg(long, value_name = "STORE")]
    initial: Option<Place>,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// When; by default now
    #[arg(long, value_name = "RFC3339", value_parser = clock::parse)]
    now: Option<UnixMillis>,
}

/// Where the control document and the snapshot lie.
#[derive(Clone, Debug, clap::Args)]
pub struct Stores {
    /// A file, cloudflare:NAMESPACE_ID, fastly-config:STORE_ID, fastly-kv:STORE_ID, or the https://HOST of a Worker with a
    /// Durable Object
    #[arg(long, value_name = "STORE")]
    pub control: Place,
    /// Where the snapshot is that the document names, if not in the same store: a file or a store
    #[arg(long, value_name = "STORE")]
    pub snapshot: Option<Place>,
}

/// Hold a flag at a variant for everybody, or lift that
///
/// Nodes follow within the time that they keep the control document for; see docs/rollout.md.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flagstone kill new-checkout --control cloudflare:0f2ac74b498b48028cb68387c421e279 --why 'orders fail'
  flagstone kill new-checkout --lift --control control.json --snapshot shop.snapshot --why 'mended'

Credentials come from the environment: CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID, FASTLY_API_TOKEN, or
FLAGSTONE_CONTROL_TOKEN.")]
pub struct Kill {
    #[command(flatten)]
    target: Target,
    /// The variant; by default the flag's default, which is looked up in the snapshot
    #[arg(long, value_name = "VARIANT")]
    variant: Option<String>,
    /// Hold it no longer
    #[arg(long, conflicts_with = "variant")]
    lift: bool,
}

/// Keep a rollout where it is
#[derive(Debug, clap::Args)]
pub struct Pause {
    #[command(flatten)]
    target: Target,
}

/// Let a rollout go on that is paused
#[derive(Debug, clap::Args)]
pub struct Resume {
    #[command(flatten)]
    target: Target,
}

/// Begin a rollout, enter its next stage, or complete it
///
/// Refused, with exit code 3, while the stage's dwell is not over, outside of the plan's windows and during freezes.
#[derive(Debug, clap::Args)]
pub struct Advance {
    #[command(flatten)]
    target: Target,
    /// Begin the first attempt, or another one after a rollback
    #[arg(long)]
    begin: bool,
    /// Enter the next stage whatever dwell, windows and freezes say
    #[arg(long, conflicts_with = "begin")]
    force: bool,
}

/// Take everybody out of a rollout; final for this attempt
#[derive(Debug, clap::Args)]
pub struct Rollback {
    #[command(flatten)]
    target: Target,
}

/// What a command wants to be done, or why not.
enum Wish {
    Kill(Option<String>),
    Rollout(String, Course),
}

impl Kill {
    pub fn run(&self, report: &Report) -> Result<Outcome, Failure> {
        self.target.change("kill", report, |document, _| {
            if self.lift {
                return match document.kill(&self.target.flag) {
                    Some(_) => Ok(Ok(Wish::Kill(None))),
                    None => Ok(Err("it is not killed".to_owned())),
                };
            }
            if let Some(variant) = &self.variant {
                return Ok(Ok(Wish::Kill(Some(variant.clone()))));
            }
            let planned = self.target.stores.planned(&document.control)?;
            let variant = planned.default(&self.target.flag)?;
            match variant {
                Some(variant) => Ok(Ok(Wish::Kill(Some(variant)))),
                None => Ok(Err("it has no default; give --variant".to_owned())),
            }
        })
    }
}

impl Pause {
    pub fn run(&self, report: &Report) -> Result<Outcome, Failure> {
        self.target
            .step("pause", report, |course, now| course.pause(now))
    }
}

impl Rollback {
    pub fn run(&self, report: &Report) -> Result<Outcome, Failure> {
        self.target
            .step("rollback", report, |course, now| course.roll_back(now))
    }
}

impl Resume {
    pub fn run(&self, report: &Report) -> Result<Outcome, Failure> {
        self.target.change("resume", report, |document, now| {
            let planned = self.target.stores.planned(&document.control)?;
            let (plan, timetable) = planned.timetable(&self.target.flag)?;
            let Some(entry) = document
                .rollout(&self.target.flag)
                .filter(|entry| entry.plan == plan)
            else {
                return Ok(Err(not_begun(&plan)));
            };
            let course = entry.course.resume(&timetable, now.0);
            Ok(course
                .map(|course| Wish::Rollout(plan, course))
                .map_err(refusal))
        })
    }
}

impl Advance {
    pub fn run(&self, report: &Report) -> Result<Outcome, Failure> {
        self.target.change("advance", report, |document, now| {
            let planned = self.target.stores.planned(&document.control)?;
            let (plan, timetable) = planned.timetable(&self.target.flag)?;
            let entry = document.rollout(&self.target.flag);
            let entry = entry.filter(|entry| entry.plan == plan);
            let course = match (entry, self.begin, self.force) {
                (entry, true, _) => {
                    Course::begin(entry.map(|entry| &entry.course), &timetable, now.0)
                }
                (None, false, _) => return Ok(Err(not_begun(&plan))),
                (Some(entry), false, true) => entry.course.force(&timetable, now.0),
                (Some(entry), false, false) => entry.course.advance(&timetable, now.0),
            };
            Ok(course
                .map(|course| Wish::Rollout(plan, course))
                .map_err(refusal))
        })
    }
}

fn not_begun(plan: &str) -> String {
    format!("the rollout of plan `{plan}` has not begun; begin it with `flagstone advance --begin`")
}

/// A refusal in words, with the moment from which on it may be otherwise.
pub fn refusal(refusal: Refusal) -> String {
    let opens = match &refusal {
        Refusal::Closed { opens_ms } | Refusal::Frozen { opens_ms, .. } => *opens_ms,
        _ => None,
    };
    match opens {
        Some(opens) => format!("{refusal}; it may grow from {} on", UnixMillis(opens)),
        None => refusal.to_string(),
    }
}

impl Stores {
    /// What the snapshot says that a control document names.
    pub fn planned(&self, control: &Control) -> Result<Planned, Failure> {
        let place = self.snapshot.as_ref().unwrap_or(&self.control);
        let has_one = matches!(place, Place::Cloudflare(_) | Place::FastlyKv(_));
        if self.snapshot.is_none() && !has_one {
            return Err(Failure::SnapshotPlace);
        }
        let store = place.open().map_err(Failure::store(place))?;
        let held = store.read(&control.snapshot_key());
        let Some(held) = held.map_err(Failure::store(place))? else {
            return Err(Failure::Missing {
                place: place.clone(),
                key: control.snapshot_key(),
            });
        };
        Planned::new(held.bytes, control, place)
    }
}

impl Target {
    /// Takes a step of a rollout that needs no plan.
    fn step(
        &self,
        what: &'static str,
        report: &Report,
        step: impl Fn(&Course, i64) -> Result<Course, Refusal>,
    ) -> Result<Outcome, Failure> {
        self.change(what, report, |document, now| {
            let Some(entry) = document.rollout(&self.flag) else {
                return Ok(Err("no rollout of it has begun".to_owned()));
            };
            let course = step(&entry.course, now.0);
            Ok(course
                .map(|course| Wish::Rollout(entry.plan.clone(), course))
                .map_err(refusal))
        })
    }

    /// Reads the document, finds out what is wanted, writes it and looks whether it is there.
    fn change(
        &self,
        what: &'static str,
        report: &Report,
        wish: impl FnOnce(&Document, UnixMillis) -> Result<Result<Wish, String>, Failure>,
    ) -> Result<Outcome, Failure> {
        let place = &self.stores.control;
        let store = place.open().map_err(Failure::store(place))?;
        let held = store.read(Control::KEY).map_err(Failure::store(place))?;
        let document = match (&held, &self.initial) {
            (Some(held), _) => document(held, place)?,
            (None, Some(initial)) => {
                let store = initial.open().map_err(Failure::store(initial))?;
                document(&read(store.as_ref(), initial)?, initial)?
            }
            (None, None) => return Err(missing(place)),
        };
        let now = self.now.unwrap_or_else(clock::now);
        let stamp = Stamp {
            who: self
                .who
                .clone()
                .or_else(|| variable("USER"))
                .unwrap_or_default(),
            when: now.to_string(),
            why: self.why.clone(),
            what,
            mark: format!("{:x}-{:x}", clock::now().0, std::process::id()),
        };
        let next = match wish(&document, now)? {
            Ok(Wish::Kill(variant)) => document.with_kill(&self.flag, variant.as_deref(), &stamp),
            Ok(Wish::Rollout(plan, course)) => {
                document.with_rollout(&self.flag, &plan, &course, &stamp)
            }
            Err(why) => {
                report.refusal(&format!("`{}` stays as it is: {why}", self.flag))?;
                return Ok(Outcome::Refused);
            }
        };
        if !self.dry_run {
            match self.write(store.as_ref(), held.as_ref(), &next) {
                Ok(is_seen) if !is_seen => report.warning(
                    "the store does not show the change yet; look again with `flagstone status`",
                )?,
                Ok(_) => {}
                Err(StoreError::Overtaken) => {
                    report.refusal(&format!(
                        "somebody else changed `{place}` at the same time; look at it with `flagstone status`, and \
                         say again what you want"
                    ))?;
                    return Ok(Outcome::Overtaken);
                }
                Err(error) => return Err(Failure::store(place)(error)),
            }
        }
        self.report(&next, report)?;
        Ok(Outcome::Fine)
    }

    /// Writes a document over the one that was read, if there was one, and its audit line; whether it can be seen in the store.
    fn write(
        &self,
        store: &dyn Store,
        held: Option<&Held>,
        next: &Document,
    ) -> Result<bool, StoreError> {
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

    fn report(&self, next: &Document, report: &Report) -> Result<(), Failure> {
        let nothing = Value::Null;
        let last = next.last().unwrap_or(&nothing);
        let (before, after) = (last.get("before"), last.get("after"));
        let (before, after) = (before.unwrap_or(&nothing), after.unwrap_or(&nothing));
        let mut out = report.output();
        let place = &self.stores.control;
        let written = match report.format {
            Format::Json => writeln!(
                out,
                "{:#}",
                json!({
                    "flag": self.flag,
                    "before": before,
                    "after": after,
                    "sequence": next.control.sequence,
                    "written": !self.dry_run,
                })
            ),
            Format::Text => {
                let verb = if self.dry_run { "would write" } else { "wrote" };
                writeln!(
                    out,
                    "{}: {}, before {}\n{verb} {place}, sequence {}",
                    self.flag,
                    words(after),
                    words(before),
                    next.control.sequence,
                )
            }
        };
        written.map_err(Failure::Output)
    }
}

/// The control document's bytes.
pub fn read(store: &dyn Store, place: &Place) -> Result<Held, Failure> {
    let held = store.read(Control::KEY).map_err(Failure::store(place))?;
    held.ok_or_else(|| missing(place))
}

fn missing(place: &Place) -> Failure {
    Failure::Missing {
        place: place.clone(),
        key: Control::KEY.to_owned(),
    }
}

/// The control document.
pub fn document(held: &Held, place: &Place) -> Result<Document, Failure> {
    Document::read(&held.bytes).map_err(|error| Failure::BadControl {
        place: place.clone(),
        error,
    })
}

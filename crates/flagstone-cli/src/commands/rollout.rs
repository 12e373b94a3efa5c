//! `flagstone kill`, `pause`, `resume`, `advance` and `rollback`: changes of the control document.

mod change;
mod planned;

pub use change::{Change, act};
pub use planned::{Planned, per_cent, words};

use crate::clock;
use crate::environment::variable;
use crate::report::{Failure, Format, Outcome, Report};
use crate::store::{Held, Place, Store};
use change::{Order, stamp};
use clap::builder::NonEmptyStringValueParser;
use flagstone_core::UnixMillis;
use flagstone_edge::{Control, ControlError};
use flagstone_guard::{Document, Wish, Wished, not_begun, refusal};
use flagstone_rollout::Course;
use serde_json::{Value, json};
use std::io::Write;

/// Where a control document is, and who changes it.
#[derive(Debug, clap::Args)]
pub struct Target {
    /// The flag
    #[arg(value_name = "FLAG")]
    flag: String,
    #[command(flatten)]
    stores: Stores,
    /// Why; kept with the change
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
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
    #[arg(long, value_name = "VARIANT", value_parser = NonEmptyStringValueParser::new())]
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

impl Kill {
    pub fn run(&self, report: &Report) -> Result<Outcome, Failure> {
        let Target { flag, stores, .. } = &self.target;
        self.target.change("kill", report, |document, _| {
            if self.lift {
                return Ok(document.lift(flag));
            }
            match &self.variant {
                // A kill does not wait for a snapshot that it does not need.
                Some(variant) => {
                    if stores.snapshot.is_some() {
                        let planned = stores.planned(&document.control)?;
                        planned.check(flag, Some(variant))?;
                    }
                    Ok(Ok(Wish::Kill(Some(variant.clone()))))
                }
                None => {
                    let default = stores.planned(&document.control)?.default(flag)?;
                    let default = default.ok_or("it has no default; give --variant".to_owned());
                    Ok(default.map(|variant| Wish::Kill(Some(variant))))
                }
            }
        })
    }
}

impl Pause {
    pub fn run(&self, report: &Report) -> Result<Outcome, Failure> {
        let flag = &self.target.flag;
        self.target.change("pause", report, |document, now| {
            Ok(document.step(flag, |course| course.pause(now.0)))
        })
    }
}

impl Rollback {
    pub fn run(&self, report: &Report) -> Result<Outcome, Failure> {
        let flag = &self.target.flag;
        self.target.change("rollback", report, |document, now| {
            Ok(document.step(flag, |course| course.roll_back(now.0)))
        })
    }
}

impl Resume {
    pub fn run(&self, report: &Report) -> Result<Outcome, Failure> {
        let Target { flag, stores, .. } = &self.target;
        self.target.change("resume", report, |document, now| {
            let (plan, timetable) = stores.planned(&document.control)?.timetable(flag)?;
            Ok(document.resume(flag, &plan, &timetable, now.0))
        })
    }
}

impl Advance {
    pub fn run(&self, report: &Report) -> Result<Outcome, Failure> {
        self.target.change("advance", report, |document, now| {
            let planned = self.target.stores.planned(&document.control)?;
            let (plan, timetable) = planned.timetable(&self.target.flag)?;
            let last = document.rollout(&self.target.flag);
            let entry = last.filter(|entry| entry.plan == plan);
            let course = match (entry, self.begin, self.force) {
                (entry, true, _) => {
                    let last = last.map(|last| &last.course);
                    Course::begin(last, entry.is_some(), &timetable, now.0)
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

impl Stores {
    /// What the snapshot says that a control document names.
    pub fn planned(&self, control: &Control) -> Result<Planned, Failure> {
        let place = self.snapshot.as_ref().unwrap_or(&self.control);
        if self.snapshot.is_none() && !place.has_snapshots() {
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
    /// Changes the document, and says what became of that.
    fn change(
        &self,
        what: &'static str,
        report: &Report,
        wish: impl FnOnce(&Document, UnixMillis) -> Result<Wished, Failure>,
    ) -> Result<Outcome, Failure> {
        let now = self.now.unwrap_or_else(clock::now);
        let who = self.who.clone().or_else(|| variable("USER"));
        let who = who.unwrap_or_else(|| "unknown".to_owned());
        let stamp = stamp(what, who, self.why.clone(), now);
        let order = Order {
            flag: &self.flag,
            initial: self.initial.as_ref(),
            dry_run: self.dry_run,
            stamp,
        };
        let place = &self.stores.control;
        match self.stores.change(&order, |document| wish(document, now))? {
            Change::Made { document, remark } => {
                if let Some(remark) = remark {
                    report.warning(&remark);
                }
                self.report(&document, report)?;
                Ok(Outcome::Fine)
            }
            Change::Refused(why) => {
                report.refusal(&format!("`{}` stays as it is: {why}", self.flag));
                Ok(Outcome::Refused)
            }
            Change::Overtaken => {
                report.refusal(&format!(
                    "somebody else changed `{place}` at the same time; look at it with `flagstone status`, and \
                     say again what you want"
                ));
                Ok(Outcome::Overtaken)
            }
        }
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
    Document::read(&held.bytes).map_err(unfit(place))
}

/// That a control document cannot be, or become, what is in a place.
fn unfit(place: &Place) -> impl Fn(ControlError) -> Failure {
    |error| Failure::BadControl {
        place: place.clone(),
        error,
    }
}

//! `flagstone status`: what the control document says, and what may come next.

use super::rollout::{Planned, Stores, document, read, words};
use crate::clock;
use crate::report::{Failure, Format, Outcome, Report};
use flagstone_core::UnixMillis;
use flagstone_edge::timetable;
use flagstone_guard::{entry, refusal};
use flagstone_rollout::State;
use serde::Serialize;
use serde_json::Value;
use std::io::{self, Write};

/// Show which flags are held, and how far rollouts have come
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  flagstone status --control control.json --snapshot shop.snapshot")]
pub struct Arguments {
    /// Only this flag
    #[arg(value_name = "FLAG")]
    flag: Option<String>,
    #[command(flatten)]
    stores: Stores,
    /// For what moment; by default now
    #[arg(long, value_name = "RFC3339", value_parser = clock::parse)]
    now: Option<UnixMillis>,
}

/// What there is to say.
#[derive(Serialize)]
struct Status {
    control: String,
    sequence: u64,
    revision: u64,
    snapshot: String,
    /// What nodes read in its place.
    cut: Option<String>,
    /// The last change by a command.
    last: Option<Value>,
    flags: Vec<FlagStatus>,
}

/// What there is to say of a flag.
#[derive(Serialize)]
struct FlagStatus {
    flag: String,
    /// The variant that it is held at.
    killed: Option<String>,
    /// Whether nodes pass over that: the snapshot does not have the flag, or the variant.
    passed_over: bool,
    /// The entry of its rollout.
    rollout: Option<Value>,
    /// The share of the stage in force, in per cent.
    share: Option<String>,
    /// Why it may not advance, if it may not.
    refused: Option<String>,
    /// From when on it may, if that is known.
    advances: Option<String>,
}

pub fn run(arguments: &Arguments, report: &Report) -> Result<Outcome, Failure> {
    let place = &arguments.stores.control;
    let store = place.open().map_err(Failure::store(place))?;
    let document = document(&read(store.as_ref(), place)?, place)?;
    let control = &document.control;
    let now = arguments.now.unwrap_or_else(clock::now);
    // Without the snapshot there is less to say.
    let planned = match arguments.stores.planned(control) {
        Ok(planned) => Some(planned),
        Err(Failure::SnapshotPlace) => None,
        Err(failure) => return Err(failure),
    };
    let mut keys: Vec<String> = control.kills.iter().map(|(key, _)| key.clone()).collect();
    keys.extend(control.rollouts.iter().map(|rollout| rollout.flag.clone()));
    if let Some(planned) = &planned {
        let snapshot = planned.snapshot()?;
        let flags = snapshot.plans().filter_map(|plan| snapshot.flag(plan.flag));
        keys.extend(flags.map(|flag| flag.key().to_owned()));
    }
    keys.sort();
    keys.dedup();
    if let Some(flag) = &arguments.flag {
        if let (Some(planned), false) = (&planned, keys.contains(flag)) {
            planned.check(flag, None)?;
        }
        keys = vec![flag.clone()];
    }
    let flags = keys.into_iter().map(|flag| {
        let mut status = FlagStatus {
            killed: document.kill(&flag).map(str::to_owned),
            passed_over: false,
            rollout: document
                .rollout(&flag)
                .map(|held| entry(&held.plan, &held.course)),
            share: None,
            refused: None,
            advances: None,
            flag,
        };
        if let (Some(planned), Some(variant)) = (&planned, &status.killed) {
            status.passed_over = planned.check(&status.flag, Some(variant)).is_err();
        }
        if let (Some(planned), Some(held)) = (&planned, document.rollout(&status.flag)) {
            foresee(planned, held, now.0, &mut status)?;
        }
        Ok(status)
    });
    let status = Status {
        control: place.to_string(),
        sequence: control.sequence,
        revision: control.revision,
        snapshot: control.snapshot.to_string(),
        cut: control.cut.map(|cut| cut.to_string()),
        last: document.last().cloned(),
        flags: flags.collect::<Result<_, Failure>>()?,
    };
    let mut out = report.output();
    let written = match report.format {
        Format::Json => serde_json::to_writer_pretty(&mut out, &status)
            .map_err(Into::into)
            .and_then(|()| writeln!(out)),
        Format::Text => text(&status, &mut out),
    };
    written.map_err(Failure::Output)?;
    Ok(Outcome::Fine)
}

/// Says of a rollout when it may take its next step.
fn foresee(
    planned: &Planned,
    held: &flagstone_edge::Rollout,
    now_ms: i64,
    status: &mut FlagStatus,
) -> Result<(), Failure> {
    let snapshot = planned.snapshot()?;
    let is_its = |plan: &flagstone_core::Plan<'_>| {
        let flag = snapshot.flag(plan.flag);
        plan.id == held.plan && flag.is_some_and(|flag| flag.key() == held.flag)
    };
    let Some(plan) = snapshot.plans().find(is_its) else {
        status.refused = Some(format!("the snapshot has no plan `{}`", held.plan));
        return Ok(());
    };
    let course = &held.course;
    status.share = match course.state {
        State::RolledBack => Some("0".to_owned()),
        State::Complete => Some("100".to_owned()),
        State::Running | State::Paused => super::rollout::per_cent(&plan, course.stage.into()),
    };
    let timetable = timetable(&plan);
    match course.advance(&timetable, now_ms) {
        Ok(_) => status.advances = Some(UnixMillis(now_ms).to_string()),
        Err(why) => {
            let from = why.until_ms(&timetable.calendar, now_ms);
            status.advances = from.map(|from| UnixMillis(from).to_string());
            status.refused = Some(refusal(why));
        }
    }
    Ok(())
}

fn text(status: &Status, out: &mut impl Write) -> io::Result<()> {
    let Status {
        control,
        sequence,
        revision,
        snapshot,
        ..
    } = status;
    writeln!(
        out,
        "control   {control}, sequence {sequence}, revision {revision}"
    )?;
    writeln!(out, "snapshot  {snapshot}")?;
    if let Some(cut) = &status.cut {
        writeln!(out, "cut       {cut}")?;
    }
    if let Some(last) = &status.last {
        // It is one line, whatever people wrote, and tells a terminal nothing.
        let word = |name| {
            let word = last.get(name).and_then(Value::as_str).unwrap_or("?");
            word.replace(char::is_control, " ")
        };
        let (when, who, what) = (word("when"), word("who"), word("what"));
        writeln!(
            out,
            "last      {when} {who}: {what} {}, {}",
            word("flag"),
            word("why")
        )?;
    }
    for flag in &status.flags {
        writeln!(out, "\n{}", flag.flag)?;
        if let Some(variant) = &flag.killed {
            let idle = match flag.passed_over {
                true => ", which is not in the snapshot: nodes pass over that",
                false => "",
            };
            writeln!(out, "  held at `{variant}`{idle}")?;
        }
        match &flag.rollout {
            Some(rollout) => write!(out, "  {}", words(rollout))?,
            None => write!(out, "  no rollout has begun")?,
        }
        match &flag.share {
            Some(share) => writeln!(out, ", {share} %")?,
            None => writeln!(out)?,
        }
        match (&flag.refused, &flag.advances) {
            (None, Some(_)) => writeln!(out, "  may advance now")?,
            (Some(why), Some(from)) => writeln!(out, "  may advance from {from} on: {why}")?,
            (Some(why), None) => writeln!(out, "  may not advance: {why}")?,
            (None, None) => {}
        }
    }
    Ok(())
}

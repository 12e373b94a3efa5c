//! Reports as lines of text, for logs that carry lines: a JSON object each, without a line feed. Counts of 0 are left out.
//!
//! ```json
//! {"flagstone":"report","instance":"9b1c5fd2a7e30846","sequence":3,"rollout":"00d3f1b2c4a59687","flag":"new-checkout",
//!  "stage":1,"interval":179537610,"canary":{"fetches":2,"hard_requests":1,"hard":1,"latency":{"39":1}},"failover_saved":1}
//! ```
//!
//! Numbers of 64 bits that name something are hexadecimal texts, since many readers of JSON take all numbers for floats.

use super::{Counts, Report, ReportId};
use crate::UnitHash;
use crate::json::{Reader, push_member, push_string};
use std::fmt::Write as _;

/// What a line of a report begins with.
const BEGINNING: &str = "{\"flagstone\":\"report\"";

/// A report as a line carries it.
///
/// ```
/// use flagstone_rollout::{Line, Report, ReportId, UnitHash};
///
/// let mut report = Report { rollout: 1, stage: 0, interval: 178_000_000, ..Report::default() };
/// report.arms.canary.fetches = 1;
/// report.arms.canary.latency.record(120);
/// let id = ReportId { instance: 7, sequence: 0 };
/// let line = Line { id, report, flag: "new-checkout".to_owned(), unit: Some(UnitHash(10)) };
/// let text = line.write();
/// assert!(text.ends_with(r#""canary":{"fetches":1,"latency":{"39":1}},"unit":"0000000a"}"#));
/// assert_eq!(Line::read(&text), Some(Ok(line)));
/// assert_eq!(Line::read("{\"flagstone\":\"tally\"}"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which report it is.
    pub id: ReportId,
    /// The counts.
    pub report: Report,
    /// The flag's key, for people.
    pub flag: String,
    /// Of a report of a single fetch by a node without a filter of its own: the unit, so that whoever adds the reports up can
    /// count each failing unit once ([`UnitFilter`](crate::UnitFilter)).
    pub unit: Option<UnitHash>,
}

/// A line begins as a report's does, and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineError {
    /// Bytes before the problem.
    pub at: usize,
}

impl std::fmt::Display for LineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "is no report: problem at byte {}", self.at)
    }
}

impl std::error::Error for LineError {}

impl Line {
    /// The line, without a line feed.
    pub fn write(&self) -> String {
        let mut text = String::from(BEGINNING);
        let report = &self.report;
        // Writing to a string does not fail.
        let _ = write!(
            text,
            ",\"instance\":\"{:016x}\",\"sequence\":{},\"rollout\":\"{:016x}\",\"flag\":",
            self.id.instance, self.id.sequence, report.rollout,
        );
        push_string(&mut text, &self.flag);
        let _ = write!(
            text,
            ",\"stage\":{},\"interval\":{}",
            report.stage, report.interval
        );
        for (name, counts) in [
            ("control", &report.arms.control),
            ("canary", &report.arms.canary),
        ] {
            if *counts != Counts::default() {
                let _ = write!(text, ",\"{name}\":");
                push_object(&mut text, &counts.members());
            }
        }
        for (name, count) in [
            ("failover_saved", report.failover_saved),
            ("failover_failed", report.failover_failed),
            ("tripped", report.tripped),
        ] {
            push_member(&mut text, name, count);
        }
        let mut before = ",\"units\":[";
        for bit in report.units.bits() {
            let _ = write!(text, "{before}{bit}");
            before = ",";
        }
        if before == "," {
            text.push(']');
        }
        if let Some(unit) = self.unit {
            let _ = write!(text, ",\"unit\":\"{:08x}\"", unit.0);
        }
        text.push('}');
        text
    }

    /// Reads a line; `None` if it is of another kind, such as a log has. Members may be in any order but for the first, those of
    /// other names are passed over.
    ///
    /// # Errors
    /// Where a report's line is broken, or its counts cannot be.
    pub fn read(line: &str) -> Option<Result<Self, LineError>> {
        let line = line.trim_ascii();
        if !line.starts_with(BEGINNING) {
            return None;
        }
        let mut reader = Reader::new(line);
        let read = Self::read_members(&mut reader);
        Some(read.ok_or(LineError {
            at: reader.position(),
        }))
    }

    fn read_members(reader: &mut Reader<'_>) -> Option<Self> {
        let (mut instance, mut sequence, mut rollout, mut interval) = (None, None, None, None);
        let mut line = Self {
            id: ReportId::default(),
            report: Report::default(),
            flag: String::new(),
            unit: None,
        };
        let report = &mut line.report;
        reader.object(|name, value| {
            match name {
                "instance" => instance = Some(value.hexadecimal()?),
                "sequence" => sequence = Some(value.number()?),
                "rollout" => rollout = Some(value.hexadecimal()?),
                "flag" => line.flag = value.string()?.into_owned(),
                "stage" => report.stage = value.number()?,
                "interval" => interval = Some(value.number()?),
                "control" => report.arms.control.read_json(value)?,
                "canary" => report.arms.canary.read_json(value)?,
                "units" => value.array(|value| {
                    report.units.set(value.number()?)?;
                    Some(())
                })?,
                "failover_saved" => report.failover_saved = value.number()?,
                "failover_failed" => report.failover_failed = value.number()?,
                "tripped" => report.tripped = value.number()?,
                "unit" => line.unit = Some(UnitHash(u32::try_from(value.hexadecimal()?).ok()?)),
                _ => value.skip()?,
            }
            Some(())
        })?;
        reader.end()?;
        line.id = ReportId {
            instance: instance?,
            sequence: sequence?,
        };
        line.report.rollout = rollout?;
        line.report.interval = interval?;
        let arms = &line.report.arms;
        (arms.control.is_possible() && arms.canary.is_possible()).then_some(line)
    }
}

impl Counts {
    /// Those that are not 0, each with a comma before it.
    fn members(&self) -> String {
        let mut text = String::new();
        for (name, count) in [
            ("fetches", self.fetches),
            ("hard_requests", self.hard_requests),
            ("hard", self.hard),
            ("soft", self.soft),
            ("goal_exposed", self.goal_exposed),
            ("first_exposures", self.first_exposures),
        ] {
            push_member(&mut text, name, count);
        }
        if self.goal_hits != Self::default().goal_hits {
            text.push_str(",\"goal_hits\":");
            for (separator, count) in "[,,,".chars().zip(self.goal_hits) {
                let _ = write!(text, "{separator}{count}");
            }
            text.push(']');
        }
        self.latency.push(&mut text);
        text
    }

    fn read_json(&mut self, value: &mut Reader<'_>) -> Option<()> {
        value.object(|name, value| {
            let count = match name {
                "fetches" => &mut self.fetches,
                "hard_requests" => &mut self.hard_requests,
                "hard" => &mut self.hard,
                "soft" => &mut self.soft,
                "goal_exposed" => &mut self.goal_exposed,
                "first_exposures" => &mut self.first_exposures,
                "goal_hits" => {
                    let mut hits = self.goal_hits.iter_mut();
                    return value.array(|value| {
                        *hits.next()? = value.number()?;
                        Some(())
                    });
                }
                "latency" => return self.latency.read(value),
                _ => return value.skip(),
            };
            *count = value.number()?;
            Some(())
        })
    }
}

impl crate::Histogram {
    /// Adds a member with the buckets that are not empty, if there are any.
    pub(crate) fn push(&self, text: &mut String) {
        if self.total() == 0 {
            return;
        }
        text.push_str(",\"latency\":");
        let mut members = String::new();
        for (bucket, count) in self.counts().iter().enumerate() {
            if *count > 0 {
                let _ = write!(members, ",\"{bucket}\":{count}");
            }
        }
        push_object(text, &members);
    }

    pub(crate) fn read(&mut self, value: &mut Reader<'_>) -> Option<()> {
        value.object(|bucket, value| {
            let bucket = bucket.parse().ok()?;
            if bucket >= crate::latency::BUCKETS {
                return None;
            }
            self.add(bucket, value.number()?);
            Some(())
        })
    }
}

/// Adds an object of members that each have a comma before them.
fn push_object(text: &mut String, members: &str) {
    text.push('{');
    text.push_str(members.strip_prefix(',').unwrap_or(members));
    text.push('}');
}

//! What came of a node's requests, by flag, stage, variant and route. For dashboards; the guard goes by
//! [`Report`](crate::Report)s, which compare.

use crate::json::{Reader, push_member, push_string};
use crate::{Histogram, ReportId};
use std::fmt::Write as _;

/// What a tally's line begins with.
const BEGINNING: &str = "{\"flagstone\":\"tally\"";

/// What requests are counted by. All empty: those for which there was no row left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// The number of the publication that decided; 0 where there was none.
    pub revision: u64,
    /// The flag's key.
    pub flag: String,
    /// The stage of its rollout, from 0.
    pub stage: u8,
    /// The variant that was decided, whichever was served.
    pub variant: String,
    /// The route's pattern: host, if it has one, and path.
    pub route: String,
}

/// Counts of requests. Sums stop at the largest number. Those that control answered in a canary's place are counted in rows of
/// their own, where `guarded` is `requests`: their failures are not the canary's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Responses that visitors got.
    pub requests: u64,
    /// Those among them that were failures.
    pub errors: u64,
    /// Those that were no failures, but harm by what their route says.
    pub harms: u64,
    /// Those that the fallback gave, since the variant's own origin had failed, and that were no failures.
    pub fallbacks: u64,
    /// Those that control gave, since the breaker was not closed.
    pub guarded: u64,
    /// Those that count as exposures: not of declared bots and prefetches.
    pub exposures: u64,
    /// From the fetch to the response head, of responses that were no failures and came from the variant's own origin.
    pub latency: Histogram,
}

/// What came of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// It was a failure.
    pub is_error: bool,
    /// It was none, but harm by what its route says.
    pub is_harm: bool,
    /// The fallback gave it, and it was no failure.
    pub is_fallback: bool,
    /// Control gave it, since the breaker was not closed.
    pub is_guarded: bool,
    /// It counts as an exposure.
    pub is_exposure: bool,
    /// From the fetch to the response head, in milliseconds, if it was no failure and came from the variant's own origin.
    pub latency_ms: Option<u32>,
}

/// Rows that have not been reported, at most [`MOST`](Self::MOST); what there is no row for is counted together.
///
/// ```
/// use flagstone_rollout::tally::{Answer, Key, Line, Tally};
/// use flagstone_rollout::ReportId;
///
/// let mut tally = Tally::default();
/// let key = Key { revision: 7, flag: "new-checkout".into(), stage: 0, variant: "on".into(), route: "/checkout/*".into() };
/// tally.count(&key, &Answer { latency_ms: Some(80), ..Answer::default() });
/// tally.count(&key, &Answer { is_error: true, ..Answer::default() });
/// let (key, row) = tally.take().unwrap();
/// assert_eq!((row.requests, row.errors), (2, 1));
/// assert!(tally.take().is_none());
/// let line = Line { id: ReportId { instance: 7, sequence: 0 }, interval: 178_000_000, key, row };
/// let text = line.write();
/// assert!(text.contains(r#""route":"/checkout/*","requests":2,"errors":1"#));
/// assert_eq!(Line::read(&text), Some(line));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tally {
    rows: Vec<(Key, Row)>,
}

impl Tally {
    /// Without rows.
    pub const fn new() -> Self {
        Self { rows: Vec::new() }
    }

    /// How many rows there may be, at about 600 bytes each.
    pub const MOST: usize = 128;

    /// Counts a request. Cost: a comparison with each row.
    pub fn count(&mut self, key: &Key, answer: &Answer) {
        let is_rest = *key == Key::default();
        let is_its = |(of, row): &&mut (Key, Row)| {
            of == key && (is_rest || row.is_guarded() == answer.is_guarded)
        };
        if let Some((_, row)) = self.rows.iter_mut().find(is_its) {
            row.add(answer);
        } else if self.rows.len() + 1 < Self::MOST || is_rest {
            let mut row = Row::default();
            row.add(answer);
            self.rows.push((key.clone(), row));
        } else {
            self.count(&Key::default(), answer);
        }
    }

    /// A row to report, which begins anew; `None` when there are no more.
    pub fn take(&mut self) -> Option<(Key, Row)> {
        self.rows.pop()
    }

    /// Whether there is nothing to report.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Row {
    /// Whether control gave all of them, since the breaker was not closed.
    pub const fn is_guarded(&self) -> bool {
        self.guarded > 0 && self.guarded >= self.requests
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: &Self) {
        for (mine, others) in [
            (&mut self.requests, other.requests),
            (&mut self.errors, other.errors),
            (&mut self.harms, other.harms),
            (&mut self.fallbacks, other.fallbacks),
            (&mut self.guarded, other.guarded),
            (&mut self.exposures, other.exposures),
        ] {
            *mine = mine.saturating_add(others);
        }
        self.latency.merge(&other.latency);
    }

    /// Counts a request.
    pub fn add(&mut self, answer: &Answer) {
        for (count, more) in [
            (&mut self.requests, true),
            (&mut self.errors, answer.is_error),
            (&mut self.harms, answer.is_harm),
            (&mut self.fallbacks, answer.is_fallback),
            (&mut self.guarded, answer.is_guarded),
            (&mut self.exposures, answer.is_exposure),
        ] {
            *count = count.saturating_add(more.into());
        }
        if let Some(millis) = answer.latency_ms {
            self.latency.record(millis);
        }
    }
}

/// A row as a line carries it, as [`Line`](crate::Line) is for reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Which line it is of which node.
    pub id: ReportId,
    /// See [`interval`](crate::interval).
    pub interval: u64,
    /// What the counts are of.
    pub key: Key,
    /// The counts.
    pub row: Row,
}

impl Line {
    /// JSON without a line feed: which node, what the counts are of, and those that are not 0.
    pub fn write(&self) -> String {
        let Self {
            id,
            interval,
            key,
            row,
        } = self;
        let mut text = String::from(BEGINNING);
        // Writing to a string does not fail.
        let _ = write!(
            text,
            ",\"instance\":\"{:016x}\",\"sequence\":{},\"interval\":{interval}",
            id.instance, id.sequence,
        );
        push_member(&mut text, "revision", key.revision);
        text.push_str(",\"flag\":");
        push_string(&mut text, &key.flag);
        let _ = write!(text, ",\"stage\":{},\"variant\":", key.stage);
        push_string(&mut text, &key.variant);
        text.push_str(",\"route\":");
        push_string(&mut text, &key.route);
        for (name, count) in [
            ("requests", row.requests),
            ("errors", row.errors),
            ("harms", row.harms),
            ("fallbacks", row.fallbacks),
            ("guarded", row.guarded),
            ("exposures", row.exposures),
        ] {
            push_member(&mut text, name, count);
        }
        row.latency.push(&mut text);
        text.push('}');
        text
    }

    /// Reads a line; `None` if it is none of a tally.
    pub fn read(line: &str) -> Option<Self> {
        let text = line.trim_ascii();
        if !text.starts_with(BEGINNING) {
            return None;
        }
        let mut line = Self::default();
        let Self {
            id,
            interval,
            key,
            row,
        } = &mut line;
        let mut reader = Reader::new(text);
        reader.object(|name, value| {
            let count = match name {
                "instance" => {
                    id.instance = value.hexadecimal()?;
                    return Some(());
                }
                "sequence" => {
                    id.sequence = value.number()?;
                    return Some(());
                }
                "flag" | "variant" | "route" => {
                    let text = value.string()?.into_owned();
                    match name {
                        "flag" => key.flag = text,
                        "variant" => key.variant = text,
                        _ => key.route = text,
                    }
                    return Some(());
                }
                "stage" => {
                    key.stage = value.number()?;
                    return Some(());
                }
                "latency" => return row.latency.read(value),
                "interval" => &mut *interval,
                "revision" => &mut key.revision,
                "requests" => &mut row.requests,
                "errors" => &mut row.errors,
                "harms" => &mut row.harms,
                "fallbacks" => &mut row.fallbacks,
                "guarded" => &mut row.guarded,
                "exposures" => &mut row.exposures,
                _ => return value.skip(),
            };
            *count = value.number()?;
            Some(())
        })?;
        reader.end()?;
        Some(line)
    }
}

#[cfg(test)]
mod tests;

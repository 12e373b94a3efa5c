//! Answers in a flag service's own terms.

use super::answer;
use flagstone_core::{Snapshot, UnixMillis, parse_rfc3339};
use flagstone_import::answer::{Answer, Native, Request, Type};
use flagstone_json::Json;
use std::io::{self, Write};

/// What is the same for all lines.
pub struct Answers<'a> {
    pub snapshot: Snapshot<'a>,
    pub native: &'a dyn Native,
    pub now: UnixMillis,
}

impl Answers<'_> {
    /// Answers one line.
    pub fn answer(&self, text: &str, line: u64, out: &mut Vec<u8>) -> io::Result<()> {
        let request = match Json::read(text) {
            Ok(request) => request,
            Err(problem) => return answer::unusable(out, line, &problem),
        };
        match self.read(&request) {
            Ok(request) => {
                let answered = self.native.answer(self.snapshot, &request);
                write(out, request.flag, &answered)
            }
            Err(problem) => answer::unusable(out, line, &problem),
        }
    }

    fn read<'r>(&self, line: &'r Json<'r>) -> Result<Request<'r>, String> {
        let flag = line.get("flag").and_then(Json::text);
        let flag = flag.ok_or("`flag` is missing or not a string")?;
        let context = line.get("context").ok_or("`context` is missing")?;
        let wanted = match line.some("type").map(|wanted| wanted.text()) {
            None => None,
            Some(Some("boolean")) => Some(Type::Boolean),
            Some(Some("string")) => Some(Type::String),
            Some(Some("number")) => Some(Type::Number),
            Some(Some("object")) => Some(Type::Object),
            Some(_) => return Err("`type` is none of boolean, string, number, object".into()),
        };
        let now = match line.some("now") {
            None => self.now,
            Some(now) => now
                .text()
                .and_then(parse_rfc3339)
                .ok_or("`now` is no date-time such as 2026-12-01T08:00:00Z")?,
        };
        Ok(Request {
            flag,
            context,
            default: line.get("default"),
            wanted,
            now,
        })
    }
}

fn write(out: &mut Vec<u8>, flag: &str, answer: &Answer) -> io::Result<()> {
    let text = |text: &str| serde_json::to_string(text);
    let optional = |value: &Option<String>| match value {
        Some(value) => text(value),
        None => Ok("null".to_owned()),
    };
    write!(
        out,
        "{{\"flag\":{},\"value\":{},\"variant\":{},\"reason\":\"{}\",\"rule\":{}",
        text(flag)?,
        answer.value,
        optional(&answer.variant)?,
        answer.reason,
        optional(&answer.rule)?,
    )?;
    if let Some(code) = answer.error {
        write!(out, ",\"errorCode\":\"{code}\"")?;
    }
    writeln!(out, ",\"native\":{}}}", answer.native)
}

//! Lines of answers.

use super::request::Request;
use flagstone_core::{Decision, Flag, Reason, Snapshot, Value};
use std::fmt::Display;
use std::io::{self, Write};

/// Why the default is an error, in OpenFeature's words.
#[derive(Clone, Copy, Debug)]
pub enum ErrorCode {
    FlagNotFound,
    TypeMismatch,
    General,
}

impl ErrorCode {
    fn as_str(self) -> &'static str {
        match self {
            Self::FlagNotFound => "FLAG_NOT_FOUND",
            Self::TypeMismatch => "TYPE_MISMATCH",
            Self::General => "GENERAL",
        }
    }
}

/// Writes what was decided, as one line.
pub fn decision(
    out: &mut Vec<u8>,
    snapshot: &Snapshot<'_>,
    request: &Request<'_>,
    decision: &Decision<'_>,
) -> io::Result<()> {
    if decision.reason == Reason::Error {
        return error(out, request, ErrorCode::General);
    }
    let served = decision.variant.map(|variant| variant.value());
    if let (Some(served), Some(wanted)) = (&served, request.wanted)
        && !wanted.has(served)
    {
        return error(out, request, ErrorCode::TypeMismatch);
    }
    out.write_all(b"{\"flag\":")?;
    json_text(out, &request.flag)?;
    out.write_all(b",\"value\":")?;
    match &served {
        Some(served) => value(out, served)?,
        None => out.write_all(default(request).as_bytes())?,
    }
    out.write_all(b",\"variant\":")?;
    match decision.variant {
        Some(variant) => json_text(out, variant.key())?,
        None => out.write_all(b"null")?,
    }
    out.write_all(b",\"reason\":\"")?;
    out.write_all(decision.reason.as_str().as_bytes())?;
    out.write_all(b"\",\"rule\":")?;
    rule(out, snapshot.flag(decision.flag), decision.rule)?;
    out.write_all(b"}\n")
}

/// Writes an error with the default of whoever asks, as one line.
pub fn error(out: &mut Vec<u8>, request: &Request<'_>, code: ErrorCode) -> io::Result<()> {
    out.write_all(b"{\"flag\":")?;
    json_text(out, &request.flag)?;
    let (default, code) = (default(request), code.as_str());
    writeln!(
        out,
        ",\"value\":{default},\"variant\":null,\"reason\":\"ERROR\",\"rule\":null,\"errorCode\":\"{code}\"}}"
    )
}

/// Writes why a line cannot be used, as one line.
pub fn unusable(out: &mut Vec<u8>, line: u64, problem: &dyn Display) -> io::Result<()> {
    out.write_all(b"{\"error\":")?;
    json_text(out, &problem.to_string())?;
    writeln!(out, ",\"line\":{line}}}")
}

/// The default of whoever asks, as it was written.
fn default<'r>(request: &Request<'r>) -> &'r str {
    request.default.map_or("null", |default| default.get())
}

/// A rule's name, or its number from 0 if it has none.
fn rule(out: &mut Vec<u8>, flag: Option<Flag<'_>>, rule: Option<u16>) -> io::Result<()> {
    let Some(rule) = rule else {
        return out.write_all(b"null");
    };
    match flag.and_then(|flag| flag.rule_name(rule)) {
        None | Some("") => write!(out, "{rule}"),
        Some(name) => json_text(out, name),
    }
}

fn value(out: &mut Vec<u8>, value: &Value<'_>) -> io::Result<()> {
    match value {
        Value::Boolean(true) => out.write_all(b"true"),
        Value::Boolean(false) => out.write_all(b"false"),
        Value::String(text) => json_text(out, text),
        Value::Number { text, .. } | Value::Json(text) => out.write_all(text.as_bytes()),
    }
}

#[inline]
fn json_text(out: &mut Vec<u8>, text: &str) -> io::Result<()> {
    Ok(serde_json::to_writer(out, text)?)
}

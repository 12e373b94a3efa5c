//! Whether two answers are the same, and what is said when they are not.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::documents::Document;
use super::{SHOWN, WRITTEN};

/// Errors that are said of who asks.
const ASKERS: [&str; 3] = ["INVALID_CONTEXT", "TARGETING_KEY_MISSING", "TYPE_MISMATCH"];

/// What came of one service.
pub struct Tally {
    pub service: &'static str,
    /// Answers that were compared.
    pub comparisons: u64,
    /// Those that differ.
    pub differences: u64,
    /// Decisions of a snapshot that were compared with these answers, where a request can have the context.
    pub at_edge: u64,
    /// Those of flags that we refuse, and say so.
    pub unsupported: u64,
    /// Those at which the SDK throws: any answer will do.
    pub throws: u64,
    pub seconds: f64,
    seed: u64,
    cases: PathBuf,
    written: usize,
}

impl Tally {
    pub fn new(service: &'static str, seed: u64, cases: PathBuf) -> Self {
        Self {
            service,
            comparisons: 0,
            differences: 0,
            at_edge: 0,
            unsupported: 0,
            throws: 0,
            seconds: 0.0,
            seed,
            cases,
            written: 0,
        }
    }

    /// Compares the answers about one document.
    pub fn document(&mut self, document: &Document) -> Result<()> {
        let definitions = document.definitions()?;
        let unsupported = document.unsupported()?;
        let expected = document.expected()?;
        let answers = document.answers()?;
        if answers.len() != expected.len() && self.written < SHOWN {
            eprintln!("{}", document.messages()?);
            let (got, wanted) = (answers.len(), expected.len());
            // Answers are in the order of the requests: those that are missing are differences.
            eprintln!(
                "{}: document {}: {got} answers to {wanted} requests",
                self.service, document.index
            );
        }
        let mut answers = answers.into_iter();
        for case in expected {
            let answer = answers.next().unwrap_or_default();
            let wanted = case.get("expect").unwrap_or(&Value::Null);
            let refused = case.get("flag").and_then(Value::as_str);
            // Split's SDK takes the blanks around a key away.
            let refused =
                refused.is_some_and(|flag| unsupported.iter().any(|key| key.trim() == flag.trim()));
            self.comparisons += 1;
            let is_same = || {
                let native = answer.get("native");
                native.is_some_and(|native| same(wanted, native))
            };
            let agrees = if refused {
                self.unsupported += 1;
                // What cannot be evaluated need not be reached.
                is_refusal(&case, &answer) || is_same()
            } else if wanted.get("throws").is_some() {
                self.throws += 1;
                answer.get("native").is_some()
            } else {
                is_same()
            };
            if !agrees {
                self.differences += 1;
                self.report(document, &definitions, &case, &answer, refused)?;
            }
        }
        if answers.next().is_some() {
            bail!("document {}: more answers than requests", document.index);
        }
        Ok(())
    }

    /// Compares what a snapshot decides with the answers about its document.
    pub fn at_edge(&mut self, document: &Document, flagstone: &Path) -> Result<()> {
        let definitions = document.definitions()?;
        let answered = document.at_edge(self.service, flagstone)?;
        for (edge, answer) in answered.into_iter().zip(document.answers()?) {
            // Of types and of who asks only the services' ways know.
            let code = answer.get("errorCode").and_then(Value::as_str);
            let is_askers = code.is_some_and(|code| ASKERS.contains(&code));
            let Some((request, decision)) = edge.filter(|_| !is_askers) else {
                continue;
            };
            self.at_edge += 1;
            if !same(&decided(&answer), &decided(&decision)) {
                self.differences += 1;
                let member = |name| request.get(name).cloned().unwrap_or_default();
                let case = json!({ "flag": member("flag"), "context": member("context"), "expect": answer });
                self.report(document, &definitions, &case, &decision, false)?;
            }
        }
        Ok(())
    }

    fn report(
        &mut self,
        document: &Document,
        definitions: &Value,
        case: &Value,
        answer: &Value,
        refused: bool,
    ) -> Result<()> {
        let key = case.get("flag").and_then(Value::as_str).unwrap_or_default();
        let wanted = match refused {
            true => json!({ "reason": "ERROR", "value": case.get("default") }),
            false => case.get("expect").cloned().unwrap_or_default(),
        };
        if self.written < SHOWN {
            println!(
                "{}: seed {}, document {}",
                self.service, self.seed, document.index
            );
            match flag(definitions, key) {
                Some(flag) => println!("  flag      {key}: {flag}"),
                None => println!("  flag      {key}: not defined"),
            }
            println!(
                "  context   {}",
                case.get("context").unwrap_or(&Value::Null)
            );
            println!("  expected  {wanted}");
            println!("  got       {answer}");
        }
        if self.written < WRITTEN {
            fs::create_dir_all(&self.cases)?;
            let mut request = case.clone();
            if let Some(members) = request.as_object_mut() {
                members.remove("expect");
            }
            let file = json!({
                "service": self.service,
                "seed": self.seed,
                "document": document.index,
                "definitions": definitions,
                "request": request,
                "expect": wanted,
                "got": answer,
            });
            let path = self.cases.join(format!("{:03}.json", self.written));
            fs::write(path, serde_json::to_string_pretty(&file)?)?;
        }
        self.written += 1;
        Ok(())
    }
}

/// The variant that was served, null for none; the value, where the variant has not this name in a snapshot.
fn decided(answer: &Value) -> Value {
    let member = |name| answer.get(name).cloned().unwrap_or_default();
    match answer.get("variant").and_then(Value::as_str) {
        Some("" | "(empty)") => member("value"),
        _ => member("variant"),
    }
}

/// The documented answer about a flag that we do not support: an error, and the value of whoever asks.
fn is_refusal(case: &Value, answer: &Value) -> bool {
    let value = match case.get("default") {
        Some(default) => answer
            .get("value")
            .is_some_and(|value| same(default, value)),
        None => true,
    };
    value && answer.get("reason").and_then(Value::as_str) == Some("ERROR")
}

/// Equality of JSON as JavaScript reads it: every number is a 64-bit float.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let equal = |(name, value)| other.get(name).is_some_and(|other| same(value, other));
            one.len() == other.len() && one.iter().all(equal)
        }
        (one, other) => one == other,
    }
}

/// The definition of a flag, wherever a service has it.
fn flag<'d>(definitions: &'d Value, key: &str) -> Option<&'d Value> {
    let lists = ["/splitChanges/ff/d", "/features"];
    let maps = ["/flags", "/features"];
    let in_map = maps
        .iter()
        .filter_map(|path| definitions.pointer(path)?.get(key));
    let in_list = lists
        .iter()
        .filter_map(|path| definitions.pointer(path)?.as_array())
        .flatten();
    let mut named =
        in_list.filter(|flag| flag.get("name").and_then(Value::as_str) == Some(key.trim()));
    in_map.chain(named.by_ref()).next()
}

#[cfg(test)]
mod tests;

//! How faithfully flags are taken over, for people and for programs.

use crate::commands::check::counted;
use flagstone_authoring::{Finding, flag_path};
use flagstone_import::{Entry, Fidelity, Report};
use serde_json::{Value, json};
use std::io::{self, Write};

/// What the importer says, and what the compiler found.
pub struct Fidelities {
    report: Report,
    /// Sentences that are about no flag.
    others: Vec<String>,
}

impl Fidelities {
    /// Joins both. What the compiler found about a flag is one more note of it. A flag that depends on itself fails as it does in
    /// the service's SDK; all else that can be found is only so here.
    pub fn new(mut report: Report, findings: &[Finding]) -> Self {
        let mut others = Vec::new();
        for note in report.entries.iter_mut().flat_map(|entry| &mut entry.notes) {
            *note = sentence(note);
        }
        for finding in findings {
            let note = said(finding);
            match report
                .entries
                .iter_mut()
                .filter(|entry| is_about(&finding.path, &entry.flag))
                .max_by_key(|entry| entry.flag.len())
            {
                Some(entry) => {
                    entry.fidelity = entry.fidelity.max(match finding.code {
                        "circle" => Fidelity::Noted,
                        _ => Fidelity::NotEvaluable,
                    });
                    if !entry.notes.contains(&note) {
                        entry.notes.push(note);
                    }
                }
                None => others.push(note),
            }
        }
        Self { report, others }
    }

    /// What is said of a flag.
    pub fn of(&self, flag: &str) -> Option<&Entry> {
        self.report.entries.iter().find(|entry| entry.flag == flag)
    }

    /// How many flags were taken over just so.
    pub fn count(&self, fidelity: Fidelity) -> usize {
        let entries = self.report.entries.iter();
        entries.filter(|entry| entry.fidelity == fidelity).count()
    }

    /// The numbers as JSON.
    pub fn counts(&self) -> Value {
        json!({
            "all": self.report.entries.len(),
            "kept": self.count(Fidelity::Kept),
            "noted": self.count(Fidelity::Noted),
            "not_evaluable": self.count(Fidelity::NotEvaluable),
        })
    }

    /// The flags as JSON, all or those of which there is something to say.
    pub fn entries(&self, all: bool) -> Value {
        let entries = self.listed(all).map(|entry| {
            json!({
                "flag": entry.flag,
                "fidelity": match entry.fidelity {
                    Fidelity::Kept => "kept",
                    Fidelity::Noted => "noted",
                    Fidelity::NotEvaluable => "not-evaluable",
                },
                "notes": entry.notes,
            })
        });
        entries.collect()
    }

    /// Sentences that are about no flag.
    pub fn others(&self) -> &[String] {
        &self.others
    }

    /// Writes how many flags there are of which kind.
    pub fn summary(&self, name: &str, segments: usize, out: &mut impl Write) -> io::Result<()> {
        let flags = counted(self.report.entries.len(), "flag");
        writeln!(out, "{name}: {flags}, {}", counted(segments, "segment"))?;
        for fidelity in [Fidelity::Kept, Fidelity::Noted, Fidelity::NotEvaluable] {
            writeln!(out, "{:>6} {}", self.count(fidelity), fidelity.as_str())?;
        }
        Ok(())
    }

    /// Writes the flags with what there is to say of them: all, or only those of which there is something.
    pub fn list(&self, all: bool, out: &mut impl Write) -> io::Result<()> {
        for note in &self.others {
            writeln!(out, "\n{note}")?;
        }
        for entry in self.listed(all) {
            writeln!(out, "\n{}: {}", entry.flag, entry.fidelity.as_str())?;
            for note in &entry.notes {
                writeln!(out, "  {note}")?;
            }
        }
        Ok(())
    }

    fn listed(&self, all: bool) -> impl Iterator<Item = &Entry> {
        let entries = self.report.entries.iter();
        entries
            .filter(move |entry| all || entry.fidelity > Fidelity::Kept || !entry.notes.is_empty())
    }
}

/// Whether a finding's path lies in a flag.
fn is_about(path: &str, flag: &str) -> bool {
    let behind = path.strip_prefix(flag_path(flag).as_str());
    behind.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// A finding as a sentence.
fn said(finding: &Finding) -> String {
    let help = finding.help.iter().map(|help| format!(" ({help})"));
    sentence(&format!("{}{}", finding.message, help.collect::<String>()))
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    let first: String = first.into_iter().flatten().collect();
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

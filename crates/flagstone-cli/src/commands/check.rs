//! `flagstone check`: everything that is wrong with sources.

use crate::report::{Failure, Format, Outcome, Report};
use crate::source::{self, Compiled, Form, Input, SdkForm, Source, SourceOptions};
use flagstone_authoring::{Finding, Severity};
use flagstone_compile::Model;
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;

/// Find everything that is wrong with a source, in all its environments
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flagstone check flagstone.toml
  flagstone check flagstone.toml --environment production --deny-warnings
  flagstone check --format json */flagstone.toml
  flagstone check flags.json --from launchdarkly

Exit code 0 if there are no errors, 1 if there are, 2 if a file cannot be read.")]
pub struct Arguments {
    /// Files in the format of flagstone.toml, or a flag service's documents
    #[arg(value_name = "SOURCE", required = true)]
    paths: Vec<PathBuf>,
    /// What the sources are written in
    #[arg(long, value_enum, default_value_t = Form::Native)]
    from: Form,
    /// Which SDKs the answers must agree with, where a service's SDKs differ
    #[arg(long, value_enum, default_value_t = SdkForm::Node)]
    sdk: SdkForm,
    /// Check only this environment
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Check the source without environments, and with each of them (the default)
    #[arg(long, conflicts_with = "environment")]
    all_environments: bool,
    /// Exit with 1 for warnings too
    #[arg(long)]
    deny_warnings: bool,
}

pub fn run(arguments: &Arguments, report: &Report) -> Result<Outcome, Failure> {
    let mut out = report.output();
    let mut files = Vec::new();
    let mut total = Count::default();
    for path in &arguments.paths {
        let Input::Source(source) = source::open(path)? else {
            return Err(Failure::IsSnapshot { path: path.clone() });
        };
        let checked = Checked::new(&source, arguments)?;
        let count = checked.count();
        total.errors += count.errors;
        total.warnings += count.warnings;
        match report.format {
            Format::Text => checked.text(&source, &mut out).map_err(Failure::Output)?,
            Format::Json => files.push(checked.json(&source)),
        }
    }
    if report.format == Format::Json {
        let Count { errors, warnings } = total;
        let all = json!({ "errors": errors, "warnings": warnings, "files": files });
        writeln!(out, "{all:#}").map_err(Failure::Output)?;
    }
    let failed = total.errors > 0 || arguments.deny_warnings && total.warnings > 0;
    Ok(if failed {
        Outcome::Errors
    } else {
        Outcome::Fine
    })
}

/// What came of one source in all environments that were asked for.
struct Checked {
    /// Each environment; `None` is the source as it stands.
    environments: Vec<(Option<String>, Compiled)>,
    /// Each finding once, with the environment it was first seen in.
    findings: Vec<(Option<String>, Finding)>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    errors: usize,
    warnings: usize,
}

impl Checked {
    fn new(source: &Source, arguments: &Arguments) -> Result<Self, Failure> {
        let compile = |environment: &Option<String>| {
            source.compile(&SourceOptions {
                from: arguments.from,
                sdk: arguments.sdk,
                environment: environment.clone(),
            })
        };
        let only = &arguments.environment;
        let first = compile(only)?;
        let others = match only {
            Some(_) => Vec::new(),
            None => first.environments.clone(),
        };
        let mut environments = vec![(only.clone(), first)];
        for name in others.into_iter().map(Some) {
            let compiled = compile(&name)?;
            environments.push((name, compiled));
        }
        let mut all: Vec<(&Option<String>, &Finding)> = environments
            .iter()
            .flat_map(|(name, compiled)| {
                compiled.findings.iter().map(move |finding| (name, finding))
            })
            .collect();
        all.sort_by_key(|(_, finding)| finding.span.start);
        let mut findings: Vec<(Option<String>, Finding)> = Vec::new();
        for (name, finding) in all {
            let same_place = |(_, known): &&(_, Finding)| known.span.start == finding.span.start;
            let mut known = findings.iter().rev().take_while(same_place);
            if known.all(|(_, known)| known != finding) {
                findings.push((name.clone(), finding.clone()));
            }
        }
        Ok(Self {
            environments,
            findings,
        })
    }

    fn count(&self) -> Count {
        let errors = |(_, finding): &&(_, Finding)| finding.severity == Severity::Error;
        let errors = self.findings.iter().filter(errors).count();
        Count {
            errors,
            warnings: self.findings.len() - errors,
        }
    }

    fn text(&self, source: &Source, out: &mut impl Write) -> io::Result<()> {
        for (environment, finding) in &self.findings {
            writeln!(out, "{}", source.render(finding))?;
            if let Some(environment) = environment {
                writeln!(out, "   = note: in environment `{environment}`")?;
            }
            writeln!(out)?;
        }
        let Count { errors, warnings } = self.count();
        let warnings = match warnings {
            0 => String::new(),
            _ => format!(", {}", counted(warnings, "warning")),
        };
        let name = source.name();
        let model = self
            .environments
            .iter()
            .find_map(|(_, of)| of.model.as_ref());
        match model.filter(|_| errors == 0) {
            None => writeln!(out, "{name}: {}{warnings}", counted(errors, "error")),
            Some(model) => {
                write!(out, "{name}: no errors{warnings}; {}", contents(model))?;
                let names: Vec<&str> = self
                    .environments
                    .iter()
                    .filter_map(|(name, _)| name.as_deref())
                    .collect();
                match names.as_slice() {
                    [] => writeln!(out),
                    names => writeln!(out, "; in {}", names.join(", ")),
                }
            }
        }
    }

    fn json(&self, source: &Source) -> serde_json::Value {
        let findings = self.findings.iter().map(|(environment, finding)| {
            let mut finding = source.json(finding);
            if let Some(members) = finding.as_object_mut() {
                members.insert("environment".into(), json!(environment));
            }
            finding
        });
        let environments = self.environments.iter().map(|(name, compiled)| {
            let bytes = compiled.snapshot.as_ref().map(Vec::len);
            json!({ "environment": name, "compiles": bytes.is_some(), "bytes": bytes })
        });
        json!({
            "file": source.name(),
            "environments": environments.collect::<Vec<_>>(),
            "findings": findings.collect::<Vec<_>>(),
        })
    }
}

/// What there is in a model: `27 flags, 4 segments, 1 route`.
pub fn contents(model: &Model) -> String {
    let flags = counted(model.flags.len(), "flag");
    let segments = counted(model.segments.len(), "segment");
    let routes = counted(model.edge.routes.len(), "route");
    format!("{flags}, {segments}, {routes}")
}

/// `1 flag`, `2 flags`.
pub fn counted(number: usize, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}

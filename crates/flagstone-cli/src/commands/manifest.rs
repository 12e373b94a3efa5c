//! `flagstone manifest`: flags as a manifest for OpenFeature's command line.

use super::types::write;
use crate::files::distinct;
use crate::listing::{self, Exposed, Listed};
use crate::report::{Failure, Outcome, Report};
use crate::source::SourceArguments;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Write the flags of a source as the manifest that `openfeature generate` reads
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  flagstone manifest flagstone.toml -o flags.json
  openfeature generate react --manifest flags.json

The default value of each flag is that of its default variant, or false, 0, \"\" or {} where it has none.")]
pub struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    /// Only flags that the edge tells browsers, or origins
    #[arg(long, value_enum, value_name = "TO")]
    exposed: Option<Exposed>,
    /// Where to write the manifest; replaced in one step. Standard output if absent
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, report: &Report) -> Result<Outcome, Failure> {
    if let Some(output) = &arguments.output {
        distinct(
            1,
            &[("SOURCE", &arguments.source.path), ("--output", output)],
        )?;
    }
    let Some(flags) = listing::list(&arguments.source, arguments.exposed, report)? else {
        return Ok(Outcome::Errors);
    };
    let mut manifest = Map::new();
    for flag in &flags {
        let Some(kind) = Kind::of(flag) else {
            report.warning(&format!(
                "flag `{}` is left out: its variants are of several types",
                flag.key
            ));
            continue;
        };
        manifest.insert(flag.key.clone(), entry(flag, kind));
    }
    let count = manifest.len();
    let text = format!("{:#}\n", json!({ "flags": manifest }));
    write(arguments.output.as_ref(), &text, count, report)
}

fn entry(flag: &Listed, kind: Kind) -> Value {
    let default = flag.default.clone().unwrap_or_else(|| kind.nothing());
    // `5.0` is an integer to TOML's readers and to JSON's, and none to the program that is generated.
    let default = match (kind, default.as_f64()) {
        (Kind::Integer, Some(number)) => json!(number as i64),
        _ => default,
    };
    let mut entry = Map::new();
    entry.insert("flagType".to_owned(), json!(kind.name()));
    entry.insert("defaultValue".to_owned(), default);
    if let Some(description) = &flag.description {
        entry.insert("description".to_owned(), json!(description));
    }
    entry.into()
}

/// A manifest's types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Boolean,
    String,
    Integer,
    Float,
    Object,
}

impl Kind {
    /// The type of all variants; `None` if there is none.
    fn of(flag: &Listed) -> Option<Self> {
        let mut kinds = flag.variants.iter().map(|(_, value)| match value {
            Value::Bool(_) => Self::Boolean,
            Value::String(_) => Self::String,
            Value::Number(number) if number.as_f64().is_some_and(is_integer) => Self::Integer,
            Value::Number(_) => Self::Float,
            Value::Null | Value::Array(_) | Value::Object(_) => Self::Object,
        });
        let first = kinds.next()?;
        kinds.try_fold(first, |one, other| match (one, other) {
            (Self::Integer, Self::Float) | (Self::Float, Self::Integer) => Some(Self::Float),
            (one, other) => (one == other).then_some(one),
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Object => "object",
        }
    }

    fn nothing(self) -> Value {
        match self {
            Self::Boolean => json!(false),
            Self::String => json!(""),
            Self::Integer | Self::Float => json!(0),
            Self::Object => json!({}),
        }
    }
}

/// Whether every language's integers of 64 bits, and JavaScript's, hold it exactly.
fn is_integer(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_991.0
}

//! What flags are read from: a source that is compiled, or a snapshot.

use crate::report::{Failure, Report};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use flagstone_authoring::{Finding, Places, Severity};
use flagstone_compile::{Model, compile};
use flagstone_core::Snapshot;
use flagstone_core::layout::{EdgeRecord, MAGIC, Section};
use flagstone_import::{Imported, Sdk, Service};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Which flags.
#[derive(Debug, clap::Args)]
pub struct SourceArguments {
    /// A flagstone.toml, or a snapshot made from one
    #[arg(value_name = "SOURCE_OR_SNAPSHOT")]
    pub path: PathBuf,
    #[command(flatten)]
    pub options: SourceOptions,
}

/// How a source is read.
#[derive(Debug, clap::Args)]
pub struct SourceOptions {
    /// What the source is written in
    #[arg(long, value_enum, default_value_t = Form::Native)]
    pub from: Form,
    /// Which SDKs the answers must agree with, where a service's SDKs differ
    #[arg(long, value_enum, default_value_t = SdkForm::Node)]
    pub sdk: SdkForm,
    /// The environment whose changes are laid over the source
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
}

/// What a source is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// flagstone.toml
    Native,
    /// LaunchDarkly's `{flags, segments}`
    #[value(name = "launchdarkly")]
    LaunchDarkly,
    /// Split's (Harness FME's) splitChanges
    Split,
    /// Unleash's client features
    Unleash,
    /// OpenFeature flagd's flag definitions
    Flagd,
    /// GrowthBook's SDK payload
    #[value(name = "growthbook")]
    GrowthBook,
}

impl Form {
    /// The service whose definitions these are; `None` for our own.
    pub fn service(self) -> Option<Service> {
        match self {
            Self::Native => None,
            Self::LaunchDarkly => Some(Service::LaunchDarkly),
            Self::Split => Some(Service::Split),
            Self::Unleash => Some(Service::Unleash),
            Self::Flagd => Some(Service::Flagd),
            Self::GrowthBook => Some(Service::GrowthBook),
        }
    }
}

/// Which SDKs a service's definitions are evaluated by in backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SdkForm {
    /// The one for Node
    Node,
    /// Those for other languages
    Other,
}

impl SdkForm {
    /// As the importers have it.
    pub fn sdk(self) -> Sdk {
        match self {
            Self::Node => Sdk::Node,
            Self::Other => Sdk::Other,
        }
    }

    /// Its name as an argument.
    pub fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Other => "other",
        }
    }
}

/// A flag service's document.
#[derive(Debug, clap::Args)]
pub struct DocumentArguments {
    /// The document: the service's own JSON
    #[arg(value_name = "DOCUMENT")]
    pub path: PathBuf,
    /// The service that the document is of
    #[arg(long, value_name = "SERVICE", value_parser = service())]
    pub from: Service,
    /// Which SDKs the answers must agree with, where a service's SDKs differ
    #[arg(long, value_enum, default_value_t = SdkForm::Node)]
    pub sdk: SdkForm,
}

/// Reads the name of a service.
fn service() -> impl TypedValueParser<Value = Service> {
    PossibleValuesParser::new(Service::ALL.map(Service::name))
        .try_map(|name| Service::from_name(&name).ok_or("there is no such service"))
}

/// A file with flags.
#[derive(Debug)]
pub enum Input {
    /// Bytes that begin as a snapshot does.
    Snapshot(Vec<u8>),
    /// Anything else.
    Source(Source),
}

/// The text of a source.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    name: String,
    text: String,
}

/// What came of a source in one environment.
#[derive(Debug)]
pub struct Compiled {
    /// What the source says, if that could be understood.
    pub model: Option<Model>,
    /// The snapshot, verified; `None` if there was an error.
    pub snapshot: Option<Vec<u8>>,
    /// Everything that was found.
    pub findings: Vec<Finding>,
    /// The environments that the source has.
    pub environments: Vec<String>,
    /// Where the parts of the model were written.
    pub places: Places,
}

/// Reads a file and finds out what it is.
///
/// # Errors
/// If it cannot be read, or is neither a snapshot nor text.
pub fn open(path: &Path) -> Result<Input, Failure> {
    let bytes = fs::read(path).map_err(Failure::read(path))?;
    if bytes.starts_with(&MAGIC) {
        return Ok(Input::Snapshot(bytes));
    }
    let text = String::from_utf8(bytes).map_err(|error| Failure::NotText {
        path: path.to_owned(),
        at: error.utf8_error().valid_up_to(),
    })?;
    Ok(Input::Source(Source {
        path: path.to_owned(),
        name: path.display().to_string(),
        text,
    }))
}

/// Gives the verified bytes of a snapshot, compiled if need be. `None` if the source has errors; they have been reported.
///
/// # Errors
/// If the file cannot be used, or does not have the environment.
pub fn load(arguments: &SourceArguments, report: &Report) -> Result<Option<Vec<u8>>, Failure> {
    compiled(open(&arguments.path)?, arguments, report)
}

/// The same for a file that has been read already.
///
/// # Errors
/// If the file cannot be used, or does not have the environment.
pub fn compiled(
    input: Input,
    arguments: &SourceArguments,
    report: &Report,
) -> Result<Option<Vec<u8>>, Failure> {
    let SourceArguments { path, options } = arguments;
    let bytes = match input {
        Input::Snapshot(_) if options.environment.is_some() => {
            return Err(Failure::EnvironmentOfSnapshot { path: path.clone() });
        }
        Input::Snapshot(bytes) => {
            if let Some(service) = options.from.service() {
                let path = path.clone();
                return Err(Failure::ServiceOfSnapshot { path, service });
            }
            verify(&bytes, path)?;
            Some(bytes)
        }
        Input::Source(source) => {
            let compiled = source.compile(options)?;
            if compiled.snapshot.is_none() {
                report.findings(&source, &compiled.findings);
            }
            compiled.snapshot
        }
    };
    if let Some(bytes) = &bytes
        && is_frame(&Snapshot::open(bytes).map_err(Failure::open(path))?)
    {
        report.warning(&format!(
            "`{}` names a flag service's document, and only that has the flags: give the document, and --from",
            path.display()
        ));
    }
    Ok(bytes)
}

/// Whether the flags of a snapshot are a service's: it has no more of them than their names.
pub fn is_frame(snapshot: &Snapshot<'_>) -> bool {
    let edge = snapshot.record::<EdgeRecord>(Section::Edge, 0);
    edge.is_some_and(|edge| edge.document_len > 0)
}

/// Opens a snapshot and checks all of it.
///
/// # Errors
/// If it is not one, or damaged.
pub fn verify<'b>(bytes: &'b [u8], path: &Path) -> Result<Snapshot<'b>, Failure> {
    let snapshot = Snapshot::open(bytes).map_err(Failure::open(path))?;
    snapshot.verify().map_err(Failure::damaged(path))?;
    Ok(snapshot)
}

impl Source {
    /// What it is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads, checks and compiles.
    ///
    /// # Errors
    /// If there is no such environment, or the document is not the service's. Everything else that is wrong is among the
    /// findings.
    pub fn compile(&self, options: &SourceOptions) -> Result<Compiled, Failure> {
        let environment = options.environment.as_deref();
        if let Some(service) = options.from.service() {
            if environment.is_some() {
                return Err(Failure::EnvironmentOfService {
                    path: self.path.clone(),
                });
            }
            let imported = self.import(service, options.sdk)?;
            let (snapshot, findings) = self.compile_imported(&imported.model)?;
            return Ok(Compiled {
                model: Some(imported.model),
                snapshot,
                findings,
                environments: Vec::new(),
                places: Places::default(),
            });
        }
        self.compile_native(environment)
    }

    /// Reads a service's document.
    ///
    /// # Errors
    /// If it is not one of the service's.
    pub fn import(&self, service: Service, sdk: SdkForm) -> Result<Imported, Failure> {
        let options = flagstone_import::Options { sdk: sdk.sdk() };
        flagstone_import::import(service, &self.text, &options).map_err(|error| Failure::Import {
            path: self.path.clone(),
            service,
            error,
        })
    }

    /// Reads a service's document.
    ///
    /// # Errors
    /// If it cannot be read, or is not one of the service's.
    pub fn document(arguments: &DocumentArguments) -> Result<(Self, Imported), Failure> {
        let Input::Source(source) = open(&arguments.path)? else {
            return Err(Failure::IsSnapshot {
                path: arguments.path.clone(),
            });
        };
        let imported = source.import(arguments.from, arguments.sdk)?;
        Ok((source, imported))
    }

    /// Compiles what was imported; the snapshot is verified, `None` if there was an error.
    ///
    /// # Errors
    /// If this program wrote the snapshot wrongly.
    pub fn compile_imported(
        &self,
        model: &Model,
    ) -> Result<(Option<Vec<u8>>, Vec<Finding>), Failure> {
        let compiled = flagstone_compile::compile_imported(model);
        if let Some(bytes) = &compiled.snapshot {
            verify(bytes, &self.path)?;
        }
        let places = Places::of_model(model);
        let findings = compiled.findings.into_iter();
        let findings = findings.map(|finding| placed(finding, &places));
        Ok((compiled.snapshot, findings.collect()))
    }

    /// Reads, checks and compiles a `flagstone.toml`, with an environment's changes or as it stands.
    ///
    /// # Errors
    /// If there is no such environment. Everything else that is wrong is among the findings.
    pub fn compile_native(&self, environment: Option<&str>) -> Result<Compiled, Failure> {
        let read_file = |name: &str| self.read_beside(name);
        let outcome = flagstone_authoring::read(&self.text, environment, &read_file);
        let mut findings = outcome.findings;
        let unknown = |finding: &&Finding| finding.code == "unknown-environment";
        if let Some(finding) = findings.iter().find(unknown) {
            return Err(Failure::UnknownEnvironment {
                path: self.path.clone(),
                message: finding.message.clone(),
                help: finding.help.clone(),
            });
        }
        let mut snapshot = None;
        if let Some(model) = &outcome.model {
            let compiled = compile(model);
            for finding in compiled.findings {
                findings.push(placed(finding, &outcome.places));
            }
            if let Some(bytes) = compiled.snapshot {
                verify(&bytes, &self.path)?;
                snapshot = Some(bytes);
            }
        }
        Ok(Compiled {
            model: outcome.model,
            snapshot,
            findings,
            environments: outcome.environments,
            places: outcome.places,
        })
    }

    /// What flags are for, by key, where the source says so.
    pub fn descriptions(&self, options: &SourceOptions) -> BTreeMap<String, String> {
        match options.from {
            Form::Native => {
                flagstone_authoring::descriptions(&self.text, options.environment.as_deref())
            }
            _ => BTreeMap::new(),
        }
    }

    /// A finding as text, with colours.
    pub fn render(&self, finding: &Finding) -> String {
        flagstone_authoring::render(finding, &self.name, &self.text, true)
    }

    /// A finding as JSON.
    pub fn json(&self, finding: &Finding) -> serde_json::Value {
        flagstone_authoring::to_json(finding, &self.name, &self.text)
    }

    /// The content of a file that lies beside the source.
    fn read_beside(&self, name: &str) -> io::Result<String> {
        fs::read_to_string(self.path.with_file_name("").join(name))
    }
}

/// What the compiler found, with its place in the text.
fn placed(finding: flagstone_compile::Finding, places: &Places) -> Finding {
    let around = || places.find(&format!("/edge{}", finding.path));
    Finding {
        severity: match finding.severity {
            flagstone_compile::Severity::Error => Severity::Error,
            flagstone_compile::Severity::Warning => Severity::Warning,
        },
        code: finding.code,
        span: places.find(&finding.path).or_else(around).unwrap_or(0..0),
        path: places.path(&finding.path),
        message: finding.message,
        help: finding.help,
        labels: Vec::new(),
    }
}

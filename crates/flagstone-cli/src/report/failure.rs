//! Why a command could not do its work.

use crate::files::is_output;
use crate::store::{Place, StoreError};
use flagstone_core::{OpenError, VerifyError};
use flagstone_edge::ControlError;
use flagstone_import::{ImportError, Service};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a command ended with exit code 2.
#[derive(Debug)]
pub enum Failure {
    /// A file could not be read.
    Read {
        /// Which; `-` is standard input.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file could not be written.
    Write {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Standard output or standard error could not be written.
    Output(io::Error),
    /// A source is not UTF-8.
    NotText {
        /// Which.
        path: PathBuf,
        /// Bytes before the problem.
        at: usize,
    },
    /// A snapshot cannot be opened.
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        error: OpenError,
    },
    /// A snapshot is damaged, or this program wrote it wrongly.
    Damaged {
        /// Which, or the source it was compiled from.
        path: PathBuf,
        /// What is wrong.
        error: VerifyError,
    },
    /// A snapshot was given where a source is needed.
    IsSnapshot {
        /// Which.
        path: PathBuf,
    },
    /// A source was given where a snapshot is needed.
    IsSource {
        /// Which.
        path: PathBuf,
    },
    /// Answers in a flag service's terms were asked of a snapshot, which does not know them.
    ServiceOfSnapshot {
        /// Which.
        path: PathBuf,
        /// Whose terms.
        service: Service,
    },
    /// An environment was asked of a snapshot, which is already of one.
    EnvironmentOfSnapshot {
        /// Which.
        path: PathBuf,
    },
    /// An environment was asked of a flag service's document, which is of one.
    EnvironmentOfService {
        /// Which document.
        path: PathBuf,
    },
    /// A document is not one of the flag service's.
    Import {
        /// Which document.
        path: PathBuf,
        /// Whose it should be.
        service: Service,
        /// Why it is not.
        error: ImportError,
    },
    /// What a document was converted to means something else, which is this program's mistake.
    Conversion {
        /// Which document.
        path: PathBuf,
    },
    /// A document was given for a file whose flags do not come from one.
    NoSource {
        /// Which file.
        path: PathBuf,
    },
    /// A file that is not to be replaced.
    IsThere {
        /// Which.
        path: PathBuf,
    },
    /// An environment that the source does not have.
    UnknownEnvironment {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        message: String,
        /// What there is.
        help: Option<String>,
    },
    /// There is no such flag.
    UnknownFlag {
        /// Where.
        path: PathBuf,
        /// The key that was asked for.
        key: String,
        /// A key that looks like it.
        similar: Option<String>,
    },
    /// A flag has no such variant.
    UnknownVariant {
        /// Where.
        path: PathBuf,
        /// Key of the flag.
        flag: String,
        /// The key that was asked for.
        variant: String,
        /// A key that looks like it.
        similar: Option<String>,
    },
    /// The evaluation ended without a decision, which a verified snapshot does not make happen.
    Undecided {
        /// Where.
        path: PathBuf,
        /// Key of the flag.
        key: String,
    },
    /// A context is not a JSON object.
    Context {
        /// What is wrong.
        error: serde_json::Error,
    },
    /// The control document that is to be replaced cannot be understood.
    Control {
        /// Where.
        place: Place,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The revision that was asked for is not above the one in the control document.
    Revision {
        /// Where the document is.
        place: Place,
        /// Its revision.
        held: u64,
        /// The revision asked for.
        asked: u64,
    },
    /// A file is not what it should be.
    Unusable {
        /// Which; `-` is standard input.
        path: PathBuf,
        /// What is wrong: a sentence that begins with "it".
        problem: String,
    },
    /// An argument does not go with the others.
    Argument {
        /// As it is written: `--stages`.
        name: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A store could not be read or written.
    Store {
        /// Which.
        place: Place,
        /// Why.
        error: StoreError,
    },
    /// A store does not have what is needed.
    Missing {
        /// Which.
        place: Place,
        /// The key.
        key: String,
    },
    /// A control document cannot be understood.
    BadControl {
        /// Where.
        place: Place,
        /// What is wrong.
        error: ControlError,
    },
    /// A snapshot is needed, and a control document in a file has none beside it.
    SnapshotPlace,
    /// A snapshot is not the one that the control document names, or damaged.
    OtherSnapshot {
        /// Where.
        path: PathBuf,
        /// The one that it names.
        digest: String,
    },
    /// A flag has no plan.
    NoPlan {
        /// Its key.
        flag: String,
    },
}

impl Failure {
    /// For `map_err`, where a file is read.
    pub fn read(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::Read {
            path: path.to_owned(),
            error,
        }
    }

    /// For `map_err`, where a file is written.
    pub fn write(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| match is_output(path) {
            true => Self::Output(error),
            false => Self::Write {
                path: path.to_owned(),
                error,
            },
        }
    }

    /// For `map_err`, where a snapshot is opened.
    pub fn open(path: &Path) -> impl Fn(OpenError) -> Self {
        move |error| Self::Open {
            path: path.to_owned(),
            error,
        }
    }

    /// For `map_err`, where a snapshot is verified.
    pub fn damaged(path: &Path) -> impl Fn(VerifyError) -> Self {
        move |error| Self::Damaged {
            path: path.to_owned(),
            error,
        }
    }

    /// For `map_err`, where a store is used.
    pub fn store(place: &Place) -> impl Fn(StoreError) -> Self {
        move |error| Self::Store {
            place: place.clone(),
            error,
        }
    }

    /// Whether the program that reads our output has gone.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, error } => write!(f, "cannot read `{}`: {error}", path.display()),
            Self::Write { path, error } => write!(f, "cannot write `{}`: {error}", path.display()),
            Self::Output(error) => write!(f, "cannot write the output: {error}"),
            Self::NotText { path, at } => {
                let path = path.display();
                write!(
                    f,
                    "`{path}` is neither a snapshot nor UTF-8 text: problem at byte {at}"
                )
            }
            Self::Open { path, error } => write!(f, "cannot open `{}`: {error}", path.display()),
            Self::Damaged { path, error } => {
                write!(f, "snapshot `{}` is damaged: {error}", path.display())
            }
            Self::IsSnapshot { path } => {
                write!(f, "`{}` is a snapshot, a source is needed", path.display())
            }
            Self::IsSource { path } => write!(
                f,
                "`{}` is not a snapshot; write one with `flagstone compile`",
                path.display()
            ),
            Self::ServiceOfSnapshot { path, service } => write!(
                f,
                "`{}` is a snapshot, which does not know the contexts and results of {}; give the document that it was \
                 compiled from, or leave out --from",
                path.display(),
                service.name()
            ),
            Self::EnvironmentOfSnapshot { path } => write!(
                f,
                "`{}` is a snapshot, which is of one environment already; leave out --environment",
                path.display()
            ),
            Self::EnvironmentOfService { path } => write!(
                f,
                "`{}` is a flag service's document, which is of one environment; leave out --environment",
                path.display()
            ),
            Self::Import {
                path,
                service,
                error,
            } => {
                // Where it says which part of it, that is what the sentence is about.
                let it = match error {
                    ImportError::Shape { path, .. } if !path.is_empty() => "",
                    _ => "it ",
                };
                let (path, service) = (path.display(), service.name());
                write!(f, "`{path}` is no document of {service}: {it}{error}")
            }
            Self::Conversion { path } => write!(
                f,
                "`{}` was converted to something that decides otherwise; nothing is written. Please report this",
                path.display()
            ),
            Self::NoSource { path } => write!(
                f,
                "`{}` has no `[source]`, so --document says nothing about it",
                path.display()
            ),
            Self::IsThere { path } => write!(
                f,
                "`{}` is there already; remove it or choose another file",
                path.display()
            ),
            Self::UnknownEnvironment {
                path,
                message,
                help,
            } => {
                write!(f, "`{}`: {message}", path.display())?;
                help.iter().try_for_each(|help| write!(f, "; {help}"))
            }
            Self::UnknownFlag { path, key, similar } => {
                write!(f, "`{}` has no flag `{key}`", path.display())?;
                let mut similar = similar.iter();
                similar.try_for_each(|similar| write!(f, "; did you mean `{similar}`?"))
            }
            Self::UnknownVariant {
                path,
                flag,
                variant,
                similar,
            } => {
                let path = path.display();
                write!(f, "flag `{flag}` of `{path}` has no variant `{variant}`")?;
                let mut similar = similar.iter();
                similar.try_for_each(|similar| write!(f, "; did you mean `{similar}`?"))
            }
            Self::Undecided { path, key } => {
                write!(
                    f,
                    "flag `{key}` of `{}` could not be decided",
                    path.display()
                )
            }
            Self::Context { error } => write!(f, "the context cannot be used: {error}"),
            Self::Control { place, problem } => write!(
                f,
                "`{place}` is there, but {problem}; repair it or remove it first"
            ),
            Self::Revision { place, held, asked } => write!(
                f,
                "`{place}` has revision {held}; nodes would ignore revision {asked}, it must be greater"
            ),
            Self::Unusable { path, problem } => {
                write!(f, "`{}` cannot be used: {problem}", path.display())
            }
            Self::Argument { name, problem } => write!(f, "{name}: {problem}"),
            Self::Store { place, error } => write!(f, "`{place}`: {error}"),
            Self::Missing {
                place: Place::File(path),
                ..
            } => write!(f, "there is no file `{path}`"),
            Self::Missing { place, key } => write!(f, "`{place}` has no `{key}`"),
            Self::BadControl { place, error } => {
                write!(f, "the control document in `{place}` {error}")
            }
            Self::SnapshotPlace => f.write_str(
                "the snapshot is needed: say with --snapshot in which file or store it is",
            ),
            Self::OtherSnapshot { path, digest } => write!(
                f,
                "`{}` is not the snapshot {digest} that the control document names",
                path.display()
            ),
            Self::NoPlan { flag } => write!(
                f,
                "flag `{flag}` has no plan in the snapshot; add `[flags.{flag}.plan]`, and publish"
            ),
        }
    }
}

impl std::error::Error for Failure {}

//! The services, and the way into each.

use crate::error::ImportError;
use crate::report::Report;
use flagstone_compile::Model;
use flagstone_json::Json;

/// A flag service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// LaunchDarkly.
    LaunchDarkly,
    /// Split, now Harness FME.
    Split,
    /// Unleash.
    Unleash,
    /// OpenFeature flagd.
    Flagd,
    /// GrowthBook.
    GrowthBook,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::LaunchDarkly,
        Self::Split,
        Self::Unleash,
        Self::Flagd,
        Self::GrowthBook,
    ];

    /// Its name in configuration and arguments.
    pub fn name(self) -> &'static str {
        match self {
            Self::LaunchDarkly => "launchdarkly",
            Self::Split => "split",
            Self::Unleash => "unleash",
            Self::Flagd => "flagd",
            Self::GrowthBook => "growthbook",
        }
    }

    /// The service with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }
}

/// Which SDKs the backends use, where a service's SDKs differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sdk {
    /// The one for Node.
    #[default]
    Node,
    /// Those for other languages.
    Other,
}

/// How a document is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Which SDKs decisions must agree with.
    pub sdk: Sdk,
}

/// What came of reading a document.
pub struct Imported {
    /// Flags and segments; nothing is said about the edge.
    pub model: Model,
    /// What became of each flag.
    pub report: Report,
    /// Answers as the service's SDK gives them.
    #[cfg(feature = "answers")]
    pub native: Box<dyn crate::answer::Native>,
}

/// Which flags are asked for, by key. What they depend on is read with them.
pub(crate) type IsAsked<'a> = &'a dyn Fn(&str) -> bool;

/// Reads a service's document.
///
/// # Errors
/// If it is not JSON, or not of the service's shape. A flag that makes no sense is no error: it is reported, and fails
/// for itself as it does in the service's SDK.
pub fn import(
    service: Service,
    document: &str,
    options: &Options,
) -> Result<Imported, ImportError> {
    import_asked(service, document, options, None)
}

/// The same for a program that asks for some flags only: others may be left out, which the model's
/// [`is_cut`](flagstone_compile::model::Edge::is_cut) says then.
pub(crate) fn import_asked(
    service: Service,
    document: &str,
    options: &Options,
    is_asked: Option<IsAsked<'_>>,
) -> Result<Imported, ImportError> {
    // Where a flag is costly beside its JSON it pays to leave it out here already.
    #[cfg(feature = "launchdarkly")]
    if service == Service::LaunchDarkly {
        return crate::launchdarkly::import(document, options, is_asked);
    }
    let tree = Json::read(document)?;
    let _ = (options, is_asked, &tree);
    match service {
        #[cfg(feature = "split")]
        Service::Split => crate::split::import(&tree, options),
        #[cfg(feature = "unleash")]
        Service::Unleash => crate::unleash::import(&tree, options),
        #[cfg(feature = "flagd")]
        Service::Flagd => crate::flagd::import(&tree, options),
        #[cfg(feature = "growthbook")]
        Service::GrowthBook => crate::growthbook::import(&tree, options),
        #[allow(
            unreachable_patterns,
            reason = "whether it can be reached depends on the features"
        )]
        _ => Err(ImportError::NotBuilt),
    }
}

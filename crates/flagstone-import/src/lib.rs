//! Reads the flag definitions of flag services.
//!
//! A service's own JSON is lowered to the one [`Model`] that everything is compiled from, with the service's bucketing
//! and its ways of comparing as explicit operations; so a visitor gets the same answer at the edge as from the service's
//! SDK in a backend. What cannot be kept is said flag by flag in a [`Report`].
//!
//! ```
//! use flagstone_import::{Options, Service, import};
//!
//! let document = r#"{"flags": {}, "segments": {}}"#;
//! let imported = import(Service::LaunchDarkly, document, &Options::default()).expect("an empty document is one");
//! assert!(imported.model.flags.is_empty());
//! ```

#[cfg(feature = "answers")]
pub mod answer;
pub mod document;
mod error;
#[cfg(feature = "flagd")]
mod flagd;
#[cfg(feature = "growthbook")]
mod growthbook;
#[cfg(feature = "launchdarkly")]
mod launchdarkly;
mod report;
mod service;
#[cfg(feature = "answers")]
mod settle;
#[cfg(any(
    feature = "split",
    feature = "unleash",
    feature = "flagd",
    feature = "growthbook"
))]
mod size;
#[cfg(feature = "split")]
mod split;
#[cfg(feature = "unleash")]
mod unleash;

pub use error::ImportError;
pub use flagstone_compile::Model;
pub use report::{Entry, Fidelity, Report};
pub use service::{Imported, Options, Sdk, Service, import};

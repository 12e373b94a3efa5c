//! What can be wrong with bytes that should be a snapshot.

use crate::layout::{FORMAT_VERSION, Section};
use core::fmt;

/// Why bytes are not a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// The first eight bytes are not those of a snapshot.
    Magic,
    /// It is of another version of the format.
    Version {
        /// That version.
        found: u16,
    },
    /// The header's length disagrees with the buffer.
    Length {
        /// Bytes, by the header.
        declared: usize,
        /// Bytes in the buffer.
        actual: usize,
    },
    /// The number of sections is not that of this version.
    Sections {
        /// That number.
        found: u16,
    },
    /// A section reaches over the end.
    Bounds {
        /// Which.
        section: Section,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => write!(f, "does not begin as a snapshot does"),
            Self::Version { found } => {
                write!(
                    f,
                    "is of format version {found}, only {FORMAT_VERSION} can be read"
                )
            }
            Self::Length { declared, actual } => {
                write!(f, "snapshot says {declared} bytes, buffer has {actual}")
            }
            Self::Sections { found } => {
                write!(f, "has {found} sections instead of {}", Section::COUNT)
            }
            Self::Bounds { section } => write!(f, "section {section:?} reaches over the end"),
        }
    }
}

impl core::error::Error for OpenError {}

/// Why a snapshot that opens must not be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The content does not have the digest that the header names.
    Digest,
    /// A record refers to something that is not there, or says something that has no meaning.
    Record {
        /// The record's section.
        section: Section,
        /// The record's number.
        index: u32,
        /// The field that is wrong.
        field: &'static str,
    },
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest => write!(
                f,
                "the content does not have the digest that the header names"
            ),
            Self::Record {
                section,
                index,
                field,
            } => {
                write!(
                    f,
                    "record {index} of section {section:?}: field `{field}` is out of range"
                )
            }
        }
    }
}

impl core::error::Error for VerifyError {}

//! What comes out.

use crate::snapshot::{FlagIndex, Variant};
use core::fmt;

/// What was decided about a flag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision<'a> {
    /// The flag.
    pub flag: FlagIndex,
    /// The variant; `None` when the caller's own default is right: nothing could be decided (`ERROR`), or the flag has no
    /// default of its own.
    pub variant: Option<Variant<'a>>,
    /// Why.
    pub reason: Reason,
    /// The rule that decided, counted from 0.
    pub rule: Option<u16>,
}

impl Decision<'_> {
    pub(crate) fn error(flag: FlagIndex) -> Self {
        Self {
            flag,
            variant: None,
            reason: Reason::Error,
            rule: None,
        }
    }
}

/// Why a variant was chosen, in OpenFeature's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The flag has no rules.
    Static,
    /// No rule matched, a prerequisite does not hold, or the unit has nothing to be bucketed by.
    Default,
    /// A rule matched that serves one variant.
    TargetingMatch,
    /// A rule matched that splits units between variants.
    Split,
    /// The flag is disabled, or it was killed.
    Disabled,
    /// The snapshot could not be read, or the flag's definition makes no sense where the evaluation came to.
    Error,
}

impl Reason {
    /// OpenFeature's name: `TARGETING_MATCH`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Static => "STATIC",
            Self::Default => "DEFAULT",
            Self::TargetingMatch => "TARGETING_MATCH",
            Self::Split => "SPLIT",
            Self::Disabled => "DISABLED",
            Self::Error => "ERROR",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

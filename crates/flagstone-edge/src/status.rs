//! `Flagstone-Status`: what a response says about how it was made.

use crate::append::Append;
use crate::digits::push_number;

/// The name of the header.
pub(crate) const STATUS: &str = "flagstone-status";

/// Declares problems with their codes.
macro_rules! problems {
    ($($(#[$meta:meta])* $name:ident = $code:literal,)*) => {
        /// Something that went wrong on the way to a decision; [`code`](Self::code) is what `Flagstone-Status` shows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Problem { $($(#[$meta])* #[doc = concat!("Code: `", $code, "`.")] $name,)* }

        impl Problem {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The parameter `error` of `Flagstone-Status`. Codes are stable.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

problems! {
    /// The store has no control document.
    ControlAbsent = "no-control",
    /// The store could not be asked for the control document.
    ControlUnreachable = "control-unreachable",
    /// The control document is not what it should be.
    ControlInvalid = "control-invalid",
    /// The control document is of a later version than this program reads.
    ControlVersion = "control-version",
    /// The control document is older than the one held, which stays in use.
    RevisionOlder = "revision-older",
    /// The store has no snapshot of the name that the control document gives.
    SnapshotAbsent = "no-snapshot",
    /// The store could not be asked for the snapshot.
    SnapshotUnreachable = "snapshot-unreachable",
    /// The bytes are no snapshot, or one of another format version.
    SnapshotInvalid = "snapshot-invalid",
    /// The snapshot does not have the digest that is its name.
    SnapshotDamaged = "snapshot-damaged",
    /// The store has no document of the key that the snapshot names as the source of its flags.
    DocumentAbsent = "no-document",
    /// The store could not be asked for that document.
    DocumentUnreachable = "document-unreachable",
    /// The document is not of the service that the snapshot says, or cannot be compiled.
    DocumentInvalid = "document-invalid",
    /// This program was built without what compiles documents of that service.
    DocumentUnsupported = "document-unsupported",
    /// A kill names a flag or a variant that the snapshot does not have; the other kills are in force.
    KillUnknown = "kill-unknown",
    /// A rollout is of a plan or a stage that the snapshot does not have; nobody is in it.
    RolloutUnknown = "rollout-unknown",
    /// The platform has no secret to sign notes of goals with, so that none are counted.
    GoalsKeyAbsent = "no-goals-key",
    /// A flag could not be decided; it did nothing.
    Undecided = "undecided",
    /// The origin could not be reached.
    OriginUnreachable = "origin-unreachable",
}

impl Problem {
    /// Whether a newer configuration than the one held could not be taken over.
    pub(crate) fn makes_stale(self) -> bool {
        !matches!(
            self,
            Self::RevisionOlder
                | Self::KillUnknown
                | Self::RolloutUnknown
                | Self::GoalsKeyAbsent
                | Self::Undecided
                | Self::OriginUnreachable
        )
    }
}

/// Where the targeting key came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdSource {
    /// A cookie that the configuration names.
    Cookie,
    /// A header that the configuration names.
    Header,
    /// The cookie of the anonymous id.
    Anonymous,
    /// An anonymous id minted for this request.
    Minted,
    /// Nowhere: there is none.
    None,
}

/// Why there is no targeting key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The visitor declares itself a bot.
    Bot,
    /// The visitor sent `Sec-GPC: 1`.
    Gpc,
    /// The visitor has not consented.
    Consent,
}

/// What a breaker that is not closed did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Control was served, since the canary is out of service.
    Open,
    /// The canary was served, to see whether it works again.
    Probe,
}

/// The parts of the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// The revision of the configuration in use.
    pub revision: Option<u64>,
    /// Where the targeting key came from; `None` if nothing asked for it.
    pub id: Option<IdSource>,
    /// Why there is none.
    pub why: Option<Why>,
    /// What is wrong.
    pub problem: Option<Problem>,
    /// What a breaker did.
    pub guard: Option<Guard>,
    /// Whether the fallback answered, since an origin had failed.
    pub is_fallback: bool,
}

impl IdSource {
    pub(crate) const ALL: [Self; 5] = [
        Self::Cookie,
        Self::Header,
        Self::Anonymous,
        Self::Minted,
        Self::None,
    ];

    /// The parameter `id`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Header => "header",
            Self::Anonymous => "anonymous",
            Self::Minted => "minted",
            Self::None => "none",
        }
    }
}

impl Why {
    pub(crate) const ALL: [Self; 3] = [Self::Bot, Self::Gpc, Self::Consent];

    /// The parameter `why`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Gpc => "gpc",
            Self::Consent => "consent",
        }
    }
}

impl Guard {
    pub(crate) const ALL: [Self; 2] = [Self::Open, Self::Probe];

    /// The parameter `guard`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Probe => "probe",
        }
    }
}

impl Status {
    /// The header's value: an RFC 9651 item with parameters.
    pub fn value(&self) -> String {
        let mut text = String::with_capacity(96);
        text.append("flagstone");
        if let Some(revision) = self.revision {
            text.append("; rev=");
            push_number(&mut text, revision);
        }
        if let Some(id) = self.id {
            text.append("; id=");
            text.append(id.code());
        }
        if let Some(why) = self.why {
            text.append("; why=");
            text.append(why.code());
        }
        if let Some(guard) = self.guard {
            text.append("; guard=");
            text.append(guard.code());
        }
        if self.is_fallback {
            text.append("; fallback");
        }
        if let Some(problem) = self.problem {
            if self.revision.is_some() && problem.makes_stale() {
                text.append("; stale");
            }
            text.append("; error=\"");
            text.append(problem.code());
            text.append("\"");
        }
        text
    }
}

#[cfg(test)]
mod tests;

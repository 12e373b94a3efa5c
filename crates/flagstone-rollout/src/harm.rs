//! What counts as harm: which requests are compared, what is a failure, and which failures are events.

use crate::Arm;

/// How an attempt at an origin ended, as far as its response head tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The origin answered with a status.
    Status(u16),
    /// There was no connection, or it broke before the head.
    Connection,
    /// The TLS handshake failed.
    Tls,
    /// The head did not come in time.
    Timeout,
    /// The origin answered with a status that was said to be a failure of it, whatever its number.
    Declared(u16),
    /// The origin answered in a way that was said to be harm where it happened: with this status, too late, or by what it
    /// reported.
    Harmful(u16),
}

/// A class of failing requests; each is tested on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// Status 500 and above or declared, harm, no connection, no TLS, no answer in time.
    Hard,
    /// Status 400 to 499. A new route that answers 404 to everybody fails in this way only; that visitors mistype
    /// addresses does no harm, since both arms suffer from it.
    Soft,
}

impl Outcome {
    /// The failure it is, if it is one.
    ///
    /// ```
    /// use flagstone_rollout::{Failure, Outcome};
    ///
    /// assert_eq!(Outcome::Status(503).failure(), Some(Failure::Hard));
    /// assert_eq!(Outcome::Status(404).failure(), Some(Failure::Soft));
    /// assert_eq!(Outcome::Status(304).failure(), None);
    /// ```
    #[inline]
    pub const fn failure(self) -> Option<Failure> {
        match self {
            Self::Status(500..)
            | Self::Connection
            | Self::Tls
            | Self::Timeout
            | Self::Declared(_)
            | Self::Harmful(_) => Some(Failure::Hard),
            Self::Status(400..=499) => Some(Failure::Soft),
            Self::Status(_) => None,
        }
    }
}

/// What became of a failed canary request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Failover {
    /// Control was not asked.
    #[default]
    None,
    /// Control answered without a hard failure.
    Saved,
    /// Control failed too.
    Failed,
}

/// Whether a failure speaks about the variant. A canary request that fails on control too does not: the request, or
/// what is behind both, is bad. A failure of control always does. The asymmetry makes a test slower, never wrong.
#[inline]
pub const fn is_event(arm: Arm, failover: Failover) -> bool {
    !matches!((arm, failover), (Arm::Canary, Failover::Failed))
}

/// How a request came to its arm and its answer, as far as it decides whether the request is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// The arm was drawn (reason `SPLIT`): not targeted, forced, overridden, nor a preview.
    pub randomised: bool,
    /// Test or quality-assurance traffic.
    pub preview: bool,
    /// The browser fetched it in advance.
    pub prefetch: bool,
    /// Answered from a cache.
    pub cache_hit: bool,
    /// The client went away before the response head.
    pub aborted: bool,
    /// Control answered in the canary's place, since the breaker was not closed.
    pub moved: bool,
    /// The unit has been moved to control before, and its session has not ended.
    pub washout: bool,
}

/// Why a request is not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOut {
    /// Its arm was not drawn.
    NotRandomised,
    /// It is test traffic.
    Preview,
    /// It was fetched in advance.
    Prefetch,
    /// It did not reach an origin.
    CacheHit,
    /// Its client went away.
    Aborted,
    /// Control answered in the canary's place.
    Moved,
    /// Its unit was moved from the canary to control.
    Washout,
}

impl Circumstances {
    /// A request that is compared.
    pub const DRAWN: Self = Self {
        randomised: true,
        preview: false,
        prefetch: false,
        cache_hit: false,
        aborted: false,
        moved: false,
        washout: false,
    };

    /// Whether the unit came to its arm as all do that are compared, whatever answered it.
    pub const fn is_drawn(&self) -> bool {
        self.randomised && !self.preview && !self.prefetch && !self.washout
    }

    /// Why the request is not compared, in whichever arm; `None` if it is.
    ///
    /// ```
    /// use flagstone_rollout::{Circumstances, LeftOut};
    ///
    /// let hit = Circumstances { cache_hit: true, ..Circumstances::DRAWN };
    /// assert_eq!(hit.left_out(), Some(LeftOut::CacheHit));
    /// assert_eq!(Circumstances::DRAWN.left_out(), None);
    /// ```
    pub const fn left_out(&self) -> Option<LeftOut> {
        if !self.randomised {
            Some(LeftOut::NotRandomised)
        } else if self.preview {
            Some(LeftOut::Preview)
        } else if self.prefetch {
            Some(LeftOut::Prefetch)
        } else if self.cache_hit {
            Some(LeftOut::CacheHit)
        } else if self.aborted {
            Some(LeftOut::Aborted)
        } else if self.moved {
            Some(LeftOut::Moved)
        } else if self.washout {
            Some(LeftOut::Washout)
        } else {
            None
        }
    }
}

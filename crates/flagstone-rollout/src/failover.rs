//! When a canary attempt has failed: whether control is asked instead, and how often.

/// A body, as far as it can be sent a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// There is none.
    Absent,
    /// All of it is in memory: so many bytes.
    Buffered(usize),
    /// It was read while it was sent on.
    Streamed,
}

/// The largest body that is sent a second time, in bytes.
pub const LARGEST_BODY: usize = 64 * 1024;

/// What decides whether a request can be sent a second time.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// In capital letters, as in the request.
    pub method: &'a str,
    /// Whether the request has an `Idempotency-Key`, and the flag lets that count.
    pub idempotency_key: bool,
    /// The request's.
    pub body: Body,
    /// Whether the client has received a response head.
    pub head_sent: bool,
}

impl Attempt<'_> {
    /// Whether control may be asked once: a method that is safe or a key that makes it so, a body that is still there,
    /// and a client that has seen nothing.
    ///
    /// ```
    /// use flagstone_rollout::failover::{Attempt, Body};
    ///
    /// let get = Attempt { method: "GET", idempotency_key: false, body: Body::Absent, head_sent: false };
    /// assert!(get.is_replayable());
    /// assert!(!Attempt { method: "POST", ..get }.is_replayable());
    /// assert!(Attempt { method: "POST", idempotency_key: true, ..get }.is_replayable());
    /// ```
    pub fn is_replayable(&self) -> bool {
        let safe = matches!(self.method, "GET" | "HEAD" | "OPTIONS") || self.idempotency_key;
        let body = match self.body {
            Body::Absent => true,
            Body::Buffered(bytes) => bytes <= LARGEST_BODY,
            Body::Streamed => false,
        };
        safe && body && !self.head_sent
    }
}

/// How long the canary may take, so that time for control is left: the configured timeout, at most 60 % of what the
/// request has. Milliseconds.
pub const fn canary_timeout(configured_ms: u32, deadline_ms: u32) -> u32 {
    let most = (deadline_ms as u64 * 6 / 10) as u32;
    if configured_ms < most {
        configured_ms
    } else {
        most
    }
}

/// Limits failovers of one flag on one node, so that a broken canary does not double the load on control: a bucket of
/// ten, of which a failover takes one and a success of the canary gives a tenth. After three failovers in a row that
/// failed on control too there is none for ten seconds: the outage is shared.
///
/// ```
/// use flagstone_rollout::failover::Budget;
///
/// let mut budget = Budget::FULL;
/// assert!(budget.take(0));
/// budget.finished(true, 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    tenths: u8,
    /// Failovers in a row that failed on control.
    failed: u8,
    /// None before this moment.
    not_before_ms: i64,
}

impl Budget {
    const CAPACITY: u8 = 100;
    const COST: u8 = 10;
    const FAILED_IN_A_ROW: u8 = 3;
    const OUTAGE_MS: i64 = 10_000;

    /// Of a new process.
    pub const FULL: Self = Self {
        tenths: Self::CAPACITY,
        failed: 0,
        not_before_ms: i64::MIN,
    };

    /// Takes what a failover costs; whether there was enough, and no outage. `now_ms`: Unix time in milliseconds.
    pub const fn take(&mut self, now_ms: i64) -> bool {
        if now_ms < self.not_before_ms || self.tenths < Self::COST {
            return false;
        }
        self.tenths -= Self::COST;
        true
    }

    /// How a failover ended. From the third failure in a row on, each one starts the pause again.
    pub const fn finished(&mut self, saved: bool, now_ms: i64) {
        if saved {
            self.failed = 0;
            return;
        }
        self.failed = self.failed.saturating_add(1);
        if self.failed >= Self::FAILED_IN_A_ROW {
            self.not_before_ms = now_ms.saturating_add(Self::OUTAGE_MS);
        }
    }

    /// A success of the canary.
    pub const fn canary_succeeded(&mut self) {
        if self.tenths < Self::CAPACITY {
            self.tenths += 1;
        }
    }

    /// How many failovers are left, in tenths: 0 to 100.
    pub const fn tenths(&self) -> u8 {
        self.tenths
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::FULL
    }
}

#[cfg(test)]
mod tests;

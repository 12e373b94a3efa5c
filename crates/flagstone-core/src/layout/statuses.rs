//! Sets of status codes, as an origin's record has them.

/// Status codes from 400 on. Bit n of `client` stands for 400 + n, its last for 431 to 499; bit n of `server` for 500 + n, its
/// last for 531 and all above.
///
/// ```
/// use flagstone_core::layout::Statuses;
///
/// let mut statuses = Statuses::SERVER;
/// assert!(statuses.has(503) && !statuses.has(404));
/// assert!(statuses.insert(404) && statuses.has(404));
/// assert!(!statuses.insert(200));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statuses {
    /// Of those from 400 to 499.
    pub client: u32,
    /// Of those from 500 on.
    pub server: u32,
}

impl Statuses {
    /// None.
    pub const NONE: Self = Self {
        client: 0,
        server: 0,
    };
    /// All from 400 to 499.
    pub const CLIENT: Self = Self {
        client: u32::MAX,
        server: 0,
    };
    /// All from 500 on.
    pub const SERVER: Self = Self {
        client: 0,
        server: u32::MAX,
    };

    /// Whether a status is among them.
    pub const fn has(self, status: u16) -> bool {
        match status {
            400..500 => self.client >> bit(status - 400) & 1 != 0,
            500.. => self.server >> bit(status - 500) & 1 != 0,
            _ => false,
        }
    }

    /// Adds a status; whether it can be named: 400 to 430, 500 to 530.
    pub const fn insert(&mut self, status: u16) -> bool {
        match status {
            400..=430 => self.client |= 1 << (status - 400),
            500..=530 => self.server |= 1 << (status - 500),
            _ => return false,
        }
        true
    }

    /// Those of both.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            client: self.client | other.client,
            server: self.server | other.server,
        }
    }
}

impl Default for Statuses {
    fn default() -> Self {
        Self::SERVER
    }
}

const fn bit(above: u16) -> u32 {
    if above < 31 { above as u32 } else { 31 }
}

//! Kleene's three-valued logic, written down.

/// True, false, or nobody can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// An attribute is missing or of the wrong type.
    Unknown,
}

use Truth::{False, True, Unknown};

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            True => False,
            False => True,
            Unknown => Unknown,
        }
    }
}

impl Truth {
    /// `self && other`
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (True, True) => True,
            (True, False) => False,
            (True, Unknown) => Unknown,
            (False, True) => False,
            (False, False) => False,
            (False, Unknown) => False,
            (Unknown, True) => Unknown,
            (Unknown, False) => False,
            (Unknown, Unknown) => Unknown,
        }
    }

    /// `self || other`
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (True, True) => True,
            (True, False) => True,
            (True, Unknown) => True,
            (False, True) => True,
            (False, False) => False,
            (False, Unknown) => Unknown,
            (Unknown, True) => True,
            (Unknown, False) => Unknown,
            (Unknown, Unknown) => Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { True } else { False }
    }
}

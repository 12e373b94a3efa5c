//! Shares, and the ladder of them that a rollout climbs.

use std::fmt;

/// The canary's part of the randomised population: canary weight / (canary weight + control weight), above 0, below 1.
///
/// ```
/// use flagstone_rollout::Share;
///
/// assert_eq!(Share::of_weights(50_000, 950_000), Share::new(0.05));
/// assert_eq!(Share::new(1.0), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Share {
    /// A share; `None` unless it is above 0 and below 1.
    pub const fn new(share: f64) -> Option<Self> {
        if share > 0.0 && share < 1.0 {
            Some(Self(share))
        } else {
            None
        }
    }

    /// The share of two weights in the same unit; `None` where one is 0, since nothing can be compared then.
    pub const fn of_weights(canary: u32, control: u32) -> Option<Self> {
        Self::new(canary as f64 / (canary as f64 + control as f64))
    }

    /// As a number.
    #[inline]
    pub const fn as_f64(self) -> f64 {
        self.0
    }
}

/// The shares of a rollout's stages, ascending. After the last stage the canary gets everybody, and there is no control.
///
/// ```
/// use flagstone_rollout::Ladder;
///
/// let ladder = Ladder::DEFAULT;
/// assert_eq!(ladder.len(), 5);
/// assert_eq!(ladder.share(1).map(|share| share.as_f64()), Some(0.05));
/// assert!(Ladder::new(&[0.5, 0.25]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ladder {
    shares: [Share; Self::MAX],
    len: u8,
}

impl Ladder {
    /// How many stages there may be.
    pub const MAX: usize = 16;

    /// 1 %, 5 %, 25 %, 50 %, 95 %.
    pub const DEFAULT: Self = {
        const END: Share = Share(0.95);
        let [a, b, c, d] = [Share(0.01), Share(0.05), Share(0.25), Share(0.5)];
        Self {
            shares: [
                a, b, c, d, END, END, END, END, END, END, END, END, END, END, END, END,
            ],
            len: 5,
        }
    };

    /// A ladder of shares.
    ///
    /// # Errors
    /// With the first rule that does not hold: one to sixteen shares, each above 0 and below 1 and above the one before.
    pub fn new(shares: &[f64]) -> Result<Self, LadderError> {
        if shares.is_empty() || shares.len() > Self::MAX {
            return Err(LadderError::Length(shares.len()));
        }
        let mut ladder = Self::DEFAULT;
        let mut before = 0.0;
        for (stage, (slot, share)) in ladder.shares.iter_mut().zip(shares).enumerate() {
            *slot = Share::new(*share).ok_or(LadderError::Range { stage })?;
            if *share <= before {
                return Err(LadderError::Order { stage });
            }
            before = *share;
        }
        ladder.len = shares.len() as u8;
        Ok(ladder)
    }

    /// How many stages there are, from 1 to 16.
    #[expect(clippy::len_without_is_empty, reason = "a ladder is never empty")]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// The share of a stage, counted from 0.
    pub fn share(&self, stage: usize) -> Option<Share> {
        self.shares().get(stage).copied()
    }

    /// All shares.
    pub fn shares(&self) -> &[Share] {
        self.shares.get(..self.len()).unwrap_or_default()
    }

    /// Whether a stage is the last before everybody gets the canary.
    pub const fn is_last(&self, stage: usize) -> bool {
        stage + 1 == self.len()
    }
}

impl Default for Ladder {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why shares are not a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LadderError {
    /// There are no shares, or more than sixteen: so many.
    Length(usize),
    /// A share is not above 0 and below 1.
    Range {
        /// Of which stage, from 0.
        stage: usize,
    },
    /// A share is not above the one before it.
    Order {
        /// Of which stage, from 0.
        stage: usize,
    },
}

impl fmt::Display for LadderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => write!(
                f,
                "a ladder has 1 to {} shares, this has {length}",
                Ladder::MAX
            ),
            // People count them from 1.
            Self::Range { stage } => {
                let number = stage.saturating_add(1);
                write!(f, "the share of stage {number} is not above 0 and below 1")
            }
            Self::Order { stage } => {
                let number = stage.saturating_add(1);
                write!(
                    f,
                    "the share of stage {number} is not above that of the stage before"
                )
            }
        }
    }
}

impl std::error::Error for LadderError {}

//! The two sides of a comparison.

/// A side of the comparison. A rollout with several new variants compares each with control on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arm {
    /// The stable variant.
    Control,
    /// The variant under rollout.
    Canary,
}

/// Something for each arm.
///
/// ```
/// use flagstone_rollout::{Arm, PerArm};
///
/// let mut fetches = PerArm { control: 95, canary: 4 };
/// *fetches.of_mut(Arm::Canary) += 1;
/// assert_eq!(*fetches.of(Arm::Canary), 5);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PerArm<T> {
    /// Of the stable variant.
    pub control: T,
    /// Of the variant under rollout.
    pub canary: T,
}

impl<T> PerArm<T> {
    /// An arm's.
    #[inline]
    pub const fn of(&self, arm: Arm) -> &T {
        match arm {
            Arm::Control => &self.control,
            Arm::Canary => &self.canary,
        }
    }

    /// An arm's, to change it.
    #[inline]
    pub const fn of_mut(&mut self, arm: Arm) -> &mut T {
        match arm {
            Arm::Control => &mut self.control,
            Arm::Canary => &mut self.canary,
        }
    }
}

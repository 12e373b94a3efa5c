//! The flags and segments that an evaluation is inside of.

/// Where an evaluation is, and how it came there. A list on the stack, as long as flags and segments are deep.
pub(super) struct Way<'w> {
    /// How many steps it has.
    pub depth: u8,
    place: Option<Place>,
    before: Option<&'w Way<'w>>,
}

/// A flag that another requires, or a segment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Flag(u32),
    Segment(u32),
}

impl Way<'_> {
    /// In the flag that was asked for.
    pub const START: Self = Way {
        depth: 0,
        place: None,
        before: None,
    };

    /// One step further.
    pub fn to(&self, place: Place) -> Way<'_> {
        Way {
            depth: self.depth.saturating_add(1),
            place: Some(place),
            before: Some(self),
        }
    }

    /// Whether a place was passed; a segment counts only within the flag that asks about it.
    pub fn is_inside(&self, place: Place) -> bool {
        let mut way = Some(self);
        while let Some(Way {
            place: Some(passed),
            before,
            ..
        }) = way
        {
            match (passed, place) {
                (passed, place) if *passed == place => return true,
                (Place::Flag(_), Place::Segment(_)) => return false,
                _ => way = *before,
            }
        }
        false
    }
}

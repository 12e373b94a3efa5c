//! What shells are fetching.

use crate::refresh::Need;
use std::collections::VecDeque;

/// How many may be fetched at a time. A request that its client gives up ends without a word, and leaves its need here.
const MOST: usize = 1_024;

/// Needs by numbers that are given out once.
#[derive(Debug)]
pub(super) struct Needs {
    open: VecDeque<(u32, Need)>,
    last: u32,
}

impl Needs {
    pub const fn new() -> Self {
        Self {
            open: VecDeque::new(),
            last: 0,
        }
    }

    /// Keeps a need; of too many the oldest is forgotten.
    pub fn add(&mut self, need: Need) -> u32 {
        if self.open.len() >= MOST {
            self.open.pop_front();
        }
        self.last = self.last.wrapping_add(1);
        self.open.push_back((self.last, need));
        self.last
    }

    /// `None` if it was forgotten. With one that holds a document, which is long, those before it that hold one are forgotten, but for
    /// those of a later control document.
    pub fn remove(&mut self, number: u32) -> Option<Need> {
        let place = self.open.iter().position(|(of, _)| *of == number)?;
        let (_, need) = self.open.remove(place)?;
        if let Some(sequence) = need.long_sequence() {
            for place in (0..place).rev() {
                let long = self
                    .open
                    .get(place)
                    .and_then(|(_, need)| need.long_sequence());
                if long.is_some_and(|of| of <= sequence) {
                    self.open.remove(place);
                }
            }
        }
        Some(need)
    }
}

//! What a visitor's cookie notes of rollouts, so that goals are counted for the variant that led to them.

use crate::digits::{hex, push_hex};
use flagstone_core::hash;
use flagstone_rollout::Arm;
use siphasher::sip::SipHasher24;

/// The cookie.
pub(crate) const COOKIE: &str = "__Host-flagstone-goals";
/// Behind its value: kept for 30 days from the last note on, so that a visitor who comes back is not taken for a new one.
pub(crate) const KEPT: &str = "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=2592000";
/// So many rollouts are noted; of more, those that the visitor has come into last.
const MOST: usize = 16;
/// Hexadecimal digits of a tag, and of the parts of a note: rollout, bits, time.
const TAG: usize = 16;
const PARTS: [usize; 3] = [16, 3, 8];
const NOTE: usize = 27;

/// What notes are signed with, made of the platform's secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u128);

impl Key {
    /// The least bytes of a secret.
    pub const LEAST: usize = 16;

    /// The key of a secret; `None` if it is too short to be one.
    pub fn of(secret: &[u8]) -> Option<Self> {
        (secret.len() >= Self::LEAST).then(|| Self(hash::key(secret)))
    }

    /// SipHash-2-4: nobody without the key makes a tag of other notes from all tags that it has seen.
    fn tag(self, notes: &str) -> u64 {
        SipHasher24::new_with_key(&self.0.to_le_bytes()).hash(notes.as_bytes())
    }
}

/// What is noted of one rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// The rollout's id.
    pub rollout: u64,
    /// The stage in which the visitor was exposed, from 0 to 15.
    pub stage: u8,
    pub arm: Arm,
    /// A bit for each goal that was reached.
    pub reached: u8,
    /// When the visitor was exposed, in seconds since 1970.
    pub at_s: u32,
}

impl Note {
    /// Whether so many goals can be noted at all: 4.
    const GOALS: u16 = 0xf;

    fn bits(self) -> u16 {
        let arm = match self.arm {
            Arm::Control => 0,
            Arm::Canary => 0x10,
        };
        u16::from(self.stage & 0xf) << 5 | arm | u16::from(self.reached) & Self::GOALS
    }

    fn read(text: &str) -> Option<Self> {
        let (rollout, rest) = text.split_at_checked(PARTS[0])?;
        let (bits, at) = rest.split_at_checked(PARTS[1])?;
        let bits: u16 = hex(bits)?;
        Some(Self {
            rollout: hex(rollout)?,
            stage: (bits >> 5 & 0xf) as u8,
            arm: match bits & 0x10 {
                0 => Arm::Control,
                _ => Arm::Canary,
            },
            reached: (bits & Self::GOALS) as u8,
            at_s: hex(at)?,
        })
    }
}

/// The notes, the latest last, without a tag.
pub(super) fn push(text: &mut String, notes: &[Note]) {
    for note in notes.iter().skip(notes.len().saturating_sub(MOST)) {
        let parts = [note.rollout, note.bits().into(), note.at_s.into()];
        for (part, digits) in parts.into_iter().zip(PARTS) {
            push_hex(text, part, digits);
        }
    }
}

/// Reads what [`push`] wrote; `None` for what it would never write.
pub(super) fn parse(mut text: &str) -> Option<Vec<Note>> {
    let mut notes = Vec::new();
    while !text.is_empty() {
        let (note, rest) = text.split_at_checked(NOTE)?;
        if notes.len() == MOST {
            return None;
        }
        notes.push(Note::read(note)?);
        text = rest;
    }
    Some(notes)
}

/// The cookie's value. Of two values that note the same one is not to be told from the other.
pub(super) fn signed(notes: &[Note], key: Key) -> String {
    let mut text = String::new();
    push(&mut text, notes);
    let mut value = String::with_capacity(TAG + text.len());
    push_hex(&mut value, key.tag(&text), TAG);
    value + &text
}

/// What a cookie notes; nothing if it is not ours, or not as it was.
pub(super) fn verified(value: &str, key: Key) -> Vec<Note> {
    let noted = || {
        let (tag, notes) = value.split_at_checked(TAG)?;
        let tag: u64 = hex(tag)?;
        (tag == key.tag(notes)).then(|| parse(notes))?
    };
    noted().unwrap_or_default()
}

#[cfg(test)]
mod tests;

//! What comes out: numbers and texts, in the order in which they are read.
//!
//! Little-endian `u32`s: how many there are with these two, how many bytes of text follow them, then one for each part. A
//! part is a number or a text, whose number is its length in bytes; the texts follow, all together, in UTF-8. As a rule they are ASCII, and
//! JavaScript decodes all of them at once and cuts the string.

use crate::append::Append;
use crate::edit::Edit;
use crate::plan::Changes;

/// A message, whose memory is used again for the next.
#[derive(Debug)]
pub struct Message {
    numbers: Vec<u32>,
    text: String,
    bytes: Vec<u8>,
}

impl Message {
    /// An empty one.
    pub const fn new() -> Self {
        Self {
            numbers: Vec::new(),
            text: String::new(),
            bytes: Vec::new(),
        }
    }

    /// Begins the next message.
    pub fn clear(&mut self) {
        self.numbers.clear();
        self.text.clear();
    }

    /// A number.
    pub fn number(&mut self, number: u32) {
        self.numbers.push(number);
    }

    /// The length of a list, whose elements follow.
    pub fn count(&mut self, count: usize) {
        self.number(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.count(text.len());
        self.text.append(text);
    }

    /// A list of texts.
    pub fn texts<'t>(&mut self, texts: impl ExactSizeIterator<Item = &'t str>) {
        self.count(texts.len());
        texts.for_each(|text| self.text(text));
    }

    /// A list of edits: for each its kind (0 remove all with a prefix, 1 remove, 2 set, 3 append), a name, a value, which is
    /// empty where there is none.
    pub fn edits(&mut self, edits: &[Edit]) {
        self.count(edits.len());
        for edit in edits {
            let (kind, name, value) = match edit {
                Edit::RemovePrefix(prefix) => (0, *prefix, ""),
                Edit::Remove(name) => (1, name.as_ref(), ""),
                Edit::Set(name, value) => (2, name.as_ref(), value.as_str()),
                Edit::Append(name, value) => (3, name.as_ref(), value.as_str()),
            };
            self.number(kind);
            self.text(name);
            self.text(value);
        }
    }

    /// Changes to a response: a list of edits, and the element to put into its page, empty for none.
    pub fn changes(&mut self, changes: &Changes) {
        self.edits(&changes.edits);
        self.text(changes.element.as_deref().unwrap_or_default());
    }

    /// The message so far.
    pub fn finish(&mut self) -> &[u8] {
        let head = [self.numbers.len() + 2, self.text.len()];
        self.bytes.clear();
        self.bytes
            .reserve(4 * (self.numbers.len() + 2) + self.text.len());
        for number in head.map(|number| u32::try_from(number).unwrap_or(u32::MAX)) {
            self.bytes.extend_from_slice(&number.to_le_bytes());
        }
        for number in &self.numbers {
            self.bytes.extend_from_slice(&number.to_le_bytes());
        }
        self.bytes.extend_from_slice(self.text.as_bytes());
        &self.bytes
    }
}

impl Default for Message {
    fn default() -> Self {
        Self::new()
    }
}

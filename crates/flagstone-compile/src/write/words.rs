//! Words: the constants of an attribute that lists of them are made of, one bit for each.
//!
//! Such a list is a mask, and that it has a value is found by looking the value up once a request, however many tests ask.

use super::Writer;
use crate::sort::sorted;
use flagstone_core::layout::{Section, TextRecord};

/// The words of each attribute, by its number.
#[derive(Default)]
pub(super) struct Words(Vec<Vec<TextRecord>>);

impl Writer<'_> {
    /// Texts as a mask over the words of an attribute, to which they are added in ascending order. `None` if those would become too
    /// many.
    pub(super) fn words_in(&mut self, attribute: u16, texts: &[&str]) -> Option<u64> {
        let number = usize::from(attribute);
        if self.words.0.len() <= number {
            self.words.0.resize(number + 1, Vec::new());
        }
        let words = self.words.0.get_mut(number)?;
        // Equal texts share their place, so that places can be compared.
        let known = texts.iter().try_fold(0, |mask, text| {
            let offset = self.tables.known(text.as_bytes())?;
            let bit = words
                .iter()
                .position(|word| word.offset == offset && word.len as usize == text.len())?;
            Some(mask | 1u64.checked_shl(bit as u32)?)
        });
        if known.is_some() {
            return known;
        }
        let texts = sorted(texts.to_vec());
        if texts.len() > u64::BITS as usize {
            return None;
        }
        let texts: Vec<TextRecord> = texts
            .iter()
            .map(|text| {
                let (offset, len) = self.tables.long_text(text);
                TextRecord { offset, len }
            })
            .collect();
        let missing = texts.iter().filter(|text| !words.contains(text));
        if words.len() + missing.count() > u64::BITS as usize {
            return None;
        }
        let mut mask = 0;
        for text in texts {
            let known = words.iter().position(|word| *word == text);
            let bit = known.unwrap_or_else(|| {
                words.push(text);
                words.len() - 1
            });
            mask |= 1u64.checked_shl(bit as u32).unwrap_or(0);
        }
        Some(mask)
    }

    /// Writes the attributes, whose words are all known now.
    pub(super) fn attributes(&mut self) {
        let records = core::mem::take(&mut self.attribute_records);
        let words = core::mem::take(&mut self.words).0;
        let words = words.into_iter().chain(core::iter::repeat(Vec::new()));
        for (mut record, words) in records.into_iter().zip(words) {
            record.words = self.tables.share(Section::Texts, &super::rows(&words));
            record.words_count = words.len() as u16;
            self.tables.push(Section::Attributes, &record);
        }
    }
}

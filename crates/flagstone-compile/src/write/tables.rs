//! The sections while they grow.

use crate::index::Index;
use flagstone_core::layout::{HEAD_LEN, IndexRecord, Record, Section};

/// Rows of every section, and the text that is already in data.
pub(super) struct Tables {
    sections: Vec<Vec<u8>>,
    interned: Index,
    /// Of each section the lists of records that others may share, by their bytes.
    shared: Vec<Index>,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            sections: vec![Vec::new(); Section::COUNT],
            interned: Index::default(),
            shared: vec![Index::default(); Section::COUNT],
        }
    }
}

impl Tables {
    /// Appends a record and gives its number.
    pub(super) fn push<R: Record>(&mut self, section: Section, record: &R) -> u32 {
        debug_assert_eq!(section.record_size(), R::SIZE, "{section:?}");
        let rows = self.section(section);
        // The size is a constant here, so that this is no division.
        let number = (rows.len() / R::SIZE) as u32;
        rows.extend_from_slice(record.write().as_ref());
        number
    }

    /// Appends the bytes of records.
    pub(super) fn extend(&mut self, section: Section, records: &[u8]) {
        debug_assert!(
            records.len().is_multiple_of(section.record_size()),
            "{section:?}"
        );
        self.section(section).extend_from_slice(records);
    }

    /// The number of the first of records that lie together; equal lists are shared.
    pub(super) fn share(&mut self, section: Section, records: &[u8]) -> u32 {
        let next = self.count(section);
        let shared = self.shared.get_mut(section as usize);
        let first = shared.map_or(next, |shared| shared.get_or_insert(records, next));
        if first == next {
            self.extend(section, records);
        }
        first
    }

    /// Appends a number to a list of numbers.
    pub(super) fn push_index(&mut self, section: Section, index: u32) -> u32 {
        self.push(section, &IndexRecord { index })
    }

    /// The number that the next record will have.
    pub(super) fn count(&self, section: Section) -> u32 {
        (self.rows(section).len() / section.record_size()) as u32
    }

    /// The place of bytes in data, if they are there already and others can share them.
    pub(super) fn known(&self, bytes: &[u8]) -> Option<u32> {
        self.interned.get(bytes)
    }

    /// The place of bytes in data, which lies right behind the table of sections; equal bytes share it.
    pub(super) fn data(&mut self, bytes: &[u8]) -> u32 {
        if bytes.is_empty() {
            return 0;
        }
        let end = (HEAD_LEN + self.rows(Section::Data).len()) as u32;
        let offset = self.interned.get_or_insert(bytes, end);
        if offset == end {
            self.section(Section::Data).extend_from_slice(bytes);
        }
        offset
    }

    /// The place of text in data.
    pub(super) fn text(&mut self, text: &str) -> u32 {
        self.data(text.as_bytes())
    }

    /// The place and the length of text in data.
    pub(super) fn long_text(&mut self, text: &str) -> (u32, u32) {
        (self.text(text), text.len() as u32)
    }

    /// The bytes of a section so far.
    pub(super) fn rows(&self, section: Section) -> &[u8] {
        self.sections
            .get(section as usize)
            .map_or(&[], Vec::as_slice)
    }

    /// Consecutive records so far.
    pub(super) fn records<R: Record>(
        &self,
        section: Section,
        first: u32,
        count: u16,
    ) -> impl Iterator<Item = R> {
        let rows = self.rows(section).chunks_exact(R::SIZE);
        let rows = rows.skip(first as usize).take(count.into());
        rows.filter_map(R::read)
    }

    /// The bytes of all sections so far.
    pub(super) fn len(&self) -> usize {
        self.sections.iter().map(Vec::len).sum()
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "there is one for each section from the beginning on"
    )]
    fn section(&mut self, section: Section) -> &mut Vec<u8> {
        &mut self.sections[section as usize]
    }
}

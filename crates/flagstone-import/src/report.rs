//! How faithfully each flag was taken over.

/// What became of each flag, in the order of the document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// One for each flag.
    pub entries: Vec<Entry>,
}

/// What became of one flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub flag: String,
    /// How faithfully it was taken over.
    pub fidelity: Fidelity,
    /// What there is to know, each a sentence; empty for a flag that was simply kept.
    pub notes: Vec<String>,
}

/// How faithfully a flag was taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fidelity {
    /// Every visitor gets what the service's SDK would give.
    Kept,
    /// So too, and there is something to know.
    Noted,
    /// It cannot be evaluated here, and serves the default of whoever asks, with reason `ERROR`.
    NotEvaluable,
}

impl Fidelity {
    /// `kept`, `kept with a note`, `not evaluable`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Noted => "kept with a note",
            Self::NotEvaluable => "not evaluable",
        }
    }
}

impl Report {
    /// Adds a flag that was kept so far.
    pub(crate) fn flag(&mut self, key: &str) -> &mut Entry {
        // At the edge nobody reads it.
        let key = if cfg!(feature = "answers") { key } else { "" };
        self.entries.push(Entry {
            flag: key.to_owned(),
            fidelity: Fidelity::Kept,
            notes: Vec::new(),
        });
        let last = self.entries.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "it was pushed just now")]
        &mut self.entries[last]
    }
}

impl Entry {
    /// Says something about a flag; it is no better than `fidelity` from now on.
    pub(crate) fn note(&mut self, fidelity: Fidelity, note: impl Into<String>) {
        self.fidelity = self.fidelity.max(fidelity);
        // At the edge nobody reads notes.
        if cfg!(feature = "answers") {
            let note = note.into();
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }
}

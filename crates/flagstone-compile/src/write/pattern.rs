//! Regular expressions as tables.
//!
//! The crate `regex-automata` builds a minimal deterministic automaton; what is kept of it is only what answering "does
//! it match somewhere" needs: a column for each class of bytes, a row for each state.

use super::Writer;
use crate::finding::Finding;
use flagstone_core::layout::{DEAD, MATCHED, PatternRecord, Section};
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, nfa::thompson};
use std::collections::HashMap;

/// Bytes that the table of one pattern may have.
const TABLE_LIMIT: usize = 256 * 1024;

impl Writer<'_> {
    /// Writes a pattern and gives its number.
    pub(super) fn pattern(&mut self, source: &str, path: &str) -> u32 {
        let table = match compile(source) {
            Ok(table) => table,
            Err(problem) => {
                self.findings.push(problem.finding(source, path));
                return 0;
            }
        };
        let (source_offset, source_len) = self.tables.long_text(source);
        let bytes: Vec<u8> = table
            .entries
            .iter()
            .flat_map(|entry| entry.to_le_bytes())
            .collect();
        let record = PatternRecord {
            classes_offset: self.tables.data(&table.classes),
            table_offset: self.tables.data(&bytes),
            columns: table.columns as u16,
            states: (table.entries.len() / table.columns) as u16,
            start: table.start,
            reserved: 0,
            source_offset,
            source_len,
        };
        self.tables.push(Section::Patterns, &record)
    }
}

/// What is wrong with a regular expression, if anything; for sources that can point at it.
pub fn check_pattern(source: &str, path: &str) -> Option<Finding> {
    let problem = compile(source).err()?;
    Some(problem.finding(source, path))
}

struct Table {
    classes: [u8; 256],
    columns: usize,
    entries: Vec<u16>,
    start: u16,
}

enum Problem {
    Syntax(String),
    Boundary,
    Size,
}

impl Problem {
    fn finding(&self, source: &str, path: &str) -> Finding {
        match self {
            Self::Syntax(message) => {
                Finding::error("invalid-pattern", path, format!("`{source}` is no regular expression: {message}"))
                    .help("the syntax is that of RE2: no look-around, no back-references")
            }
            Self::Boundary => {
                Finding::error("invalid-pattern", path, format!("`{source}` has a Unicode word boundary"))
                    .help(r"write (?-u:\b) for a boundary between ASCII words")
            }
            Self::Size => Finding::error(
                "large-pattern",
                path,
                format!("`{source}` needs a table of more than {} KiB", TABLE_LIMIT / 1024),
            )
            .help("use smaller repetitions, or ASCII classes such as [0-9A-Za-z_] or (?-u:\\w) for \\w"),
        }
    }
}

fn compile(source: &str) -> Result<Table, Problem> {
    regex_automata::util::syntax::parse(source).map_err(|error| {
        // The last line of the message says what; those before it draw the pattern.
        let text = error.to_string();
        Problem::Syntax(
            text.lines()
                .last()
                .unwrap_or(&text)
                .trim_start_matches("error: ")
                .to_owned(),
        )
    })?;
    let config = dense::Config::new()
        .start_kind(StartKind::Unanchored)
        .minimize(true)
        .dfa_size_limit(Some(8 * TABLE_LIMIT))
        .determinize_size_limit(Some(16 * TABLE_LIMIT));
    let dfa = dense::Builder::new()
        .configure(config)
        .thompson(thompson::Config::new().nfa_size_limit(Some(4 * TABLE_LIMIT)))
        .build(source)
        .map_err(|error| {
            if error.is_size_limit_exceeded() {
                Problem::Size
            } else {
                classify(source)
            }
        })?;

    let classes: [u8; 256] = std::array::from_fn(|byte| dfa.byte_classes().get(byte as u8));
    let last_class = classes.iter().copied().max().unwrap_or(0);
    let samples: Vec<u8> = (0..=last_class)
        .filter_map(|class| classes.iter().position(|of| *of == class))
        .map(|byte| byte as u8)
        .collect();
    let columns = samples.len() + 1;

    let start = dfa
        .start_state(&start::Config::new().anchored(Anchored::No))
        .map_err(|_| Problem::Boundary)?;
    let mut rows = Rows {
        numbers: HashMap::new(),
        states: Vec::new(),
    };
    let start = rows.entry(&dfa, start);
    let mut entries = Vec::new();
    let mut row = 0;
    while let Some(state) = rows.states.get(row).copied() {
        for byte in &samples {
            entries.push(rows.entry(&dfa, dfa.next_state(state, *byte)));
        }
        entries.push(rows.entry(&dfa, dfa.next_eoi_state(state)));
        if entries.len() * 2 > TABLE_LIMIT {
            return Err(Problem::Size);
        }
        row += 1;
    }
    Ok(Table {
        classes,
        columns,
        entries,
        start,
    })
}

/// A pattern that is well formed and still cannot be built has a Unicode word boundary, or is too large.
fn classify(source: &str) -> Problem {
    if source.contains(r"\b") || source.contains(r"\B") {
        Problem::Boundary
    } else {
        Problem::Size
    }
}

/// The automaton's states that were reached, numbered in that order.
struct Rows {
    numbers: HashMap<StateID, u16>,
    states: Vec<StateID>,
}

impl Rows {
    fn entry(&mut self, dfa: &dense::DFA<Vec<u32>>, state: StateID) -> u16 {
        if dfa.is_match_state(state) {
            return MATCHED;
        }
        if dfa.is_dead_state(state) || dfa.is_quit_state(state) {
            return DEAD;
        }
        let next = self.states.len().min(usize::from(DEAD) - 1) as u16;
        *self.numbers.entry(state).or_insert_with(|| {
            self.states.push(state);
            next
        })
    }
}

//! Runs regular expressions that were compiled to programs: all ways through the program side by side, one unit of the
//! text after the other. Takes time in proportion to the text times the program, whatever the two are.

use crate::layout::{
    InstructionRecord, MAX_PROGRAM, PROGRAM_CODE_POINTS, ProgramRecord, Record, Section,
    SpanRecord, Step,
};
use crate::snapshot::Snapshot;
use core::str::Chars;

/// A program in place.
#[derive(Clone, Copy)]
pub(crate) struct Program<'a> {
    code: &'a [u8],
    spans: &'a [u8],
    start: u16,
    code_points: bool,
}

impl<'a> Program<'a> {
    /// The program that a record is about; `None` if it does not lie in data.
    pub(crate) fn of(snapshot: &Snapshot<'a>, record: &ProgramRecord) -> Option<Self> {
        let bytes = |count: u16, size: usize| u32::from(count).checked_mul(size as u32);
        Some(Self {
            code: snapshot.data(
                record.code_offset,
                bytes(record.code_count, InstructionRecord::SIZE)?,
            )?,
            spans: snapshot.data(
                record.spans_offset,
                bytes(record.spans_count, SpanRecord::SIZE)?,
            )?,
            start: record.start,
            code_points: record.flags & PROGRAM_CODE_POINTS != 0,
        })
    }

    /// Whether the pattern matches somewhere in `text`. `None` if the bytes make no sense.
    // Not inlined: evaluations without such a pattern must not pay for the frame, which has room for two sets.
    #[inline(never)]
    fn matches(&self, text: &str) -> Option<bool> {
        let (mut first, mut second) = (Threads::EMPTY, Threads::EMPTY);
        let (mut now, mut later) = (&mut first, &mut second);
        let mut units = Units {
            chars: text.chars(),
            low: None,
            whole: self.code_points,
        };
        let mut before = None;
        now.add(self.start)?;
        loop {
            let here = units.next();
            let mut turn = 0;
            while let Some(place) = now.at(turn) {
                turn += 1;
                let instruction = self.instruction(place)?;
                let InstructionRecord { next, a, b, .. } = instruction;
                let reads = match Step::from_code(instruction.step)? {
                    Step::Match => return Some(true),
                    Step::Any => here.is_some(),
                    Step::Span => here.is_some_and(|unit| u32::from(a) <= unit && unit <= b.into()),
                    Step::Set => match here {
                        Some(unit) => self.contains(a, b, unit)?,
                        None => false,
                    },
                    // The others read nothing: what follows takes its turn at the same place.
                    step => {
                        let goes = match step {
                            Step::Split => {
                                now.add(a)?;
                                true
                            }
                            Step::Start => before.is_none(),
                            Step::End => here.is_none(),
                            Step::LineStart => before.is_none_or(is_line_feed),
                            Step::LineEnd => here.is_none_or(is_line_feed),
                            Step::Boundary => is_word(before) != is_word(here),
                            _ => is_word(before) == is_word(here),
                        };
                        if goes {
                            now.add(next)?;
                        }
                        false
                    }
                };
                if reads {
                    later.add(next)?;
                }
            }
            if here.is_none() || later.len == 0 {
                return Some(false);
            }
            core::mem::swap(&mut now, &mut later);
            later.clear();
            before = here;
        }
    }

    fn instruction(&self, place: u16) -> Option<InstructionRecord> {
        let start = usize::from(place) * InstructionRecord::SIZE;
        InstructionRecord::read(self.code.get(start..)?)
    }

    fn span(&self, place: usize) -> Option<SpanRecord> {
        SpanRecord::read(self.spans.get(place * SpanRecord::SIZE..)?)
    }

    /// Whether a unit lies in one of `count` spans from `first` on: looks by halving.
    fn contains(&self, first: u16, count: u16, unit: u32) -> Option<bool> {
        let (mut low, mut high) = (usize::from(first), usize::from(first) + usize::from(count));
        while low < high {
            let middle = low + (high - low) / 2;
            let span = self.span(middle)?;
            if unit < span.from {
                high = middle;
            } else if unit > span.to {
                low = middle + 1;
            } else {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Whether every instruction is one, leads to one, and reads spans that are there.
    pub(crate) fn is_sound(&self) -> bool {
        let count = self.code.len() / InstructionRecord::SIZE;
        let spans = self.spans.len() / SpanRecord::SIZE;
        let inside = |place: u16| usize::from(place) < count;
        let legal = |bytes: &[u8]| {
            let Some(InstructionRecord { step, next, a, b }) = InstructionRecord::read(bytes)
            else {
                return false;
            };
            let Some(step) = Step::from_code(step) else {
                return false;
            };
            let operands = match step {
                Step::Split => inside(a),
                Step::Set => usize::from(a) + usize::from(b) <= spans && self.is_ascending(a, b),
                _ => true,
            };
            operands && (step == Step::Match || inside(next))
        };
        let mut code = self.code.chunks_exact(InstructionRecord::SIZE);
        count <= MAX_PROGRAM && inside(self.start) && code.all(legal)
    }

    fn is_ascending(&self, first: u16, count: u16) -> bool {
        let mut free = 0;
        let places = usize::from(first)..usize::from(first) + usize::from(count);
        places.into_iter().all(|place| {
            let Some(SpanRecord { from, to }) = self.span(place) else {
                return false;
            };
            let fits = free <= from && from <= to;
            free = to.saturating_add(1);
            fits
        })
    }
}

/// Whether pattern `index` matches somewhere in `text`. `None` if the bytes make no sense.
pub(crate) fn matches(snapshot: &Snapshot<'_>, index: u32, text: &str) -> Option<bool> {
    let record = snapshot.record::<ProgramRecord>(Section::Programs, index)?;
    Program::of(snapshot, &record)?.matches(text)
}

fn is_line_feed(unit: u32) -> bool {
    unit == 0x0a
}

fn is_word(unit: Option<u32>) -> bool {
    let byte = unit.and_then(|unit| u8::try_from(unit).ok());
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The instructions that have a turn at one place of the text: each once, in the order in which they were added.
struct Threads {
    list: [u16; MAX_PROGRAM],
    len: usize,
    seen: [u64; MAX_PROGRAM / 64],
}

impl Threads {
    const EMPTY: Self = Self {
        list: [0; MAX_PROGRAM],
        len: 0,
        seen: [0; MAX_PROGRAM / 64],
    };

    /// `None` if no program has such an instruction.
    #[inline]
    fn add(&mut self, place: u16) -> Option<()> {
        let word = self.seen.get_mut(usize::from(place / 64))?;
        let bit = 1u64 << (place % 64);
        if *word & bit == 0 {
            *word |= bit;
            *self.list.get_mut(self.len)? = place;
            self.len += 1;
        }
        Some(())
    }

    #[inline]
    fn at(&self, turn: usize) -> Option<u16> {
        self.list.get(..self.len)?.get(turn).copied()
    }

    /// Takes time in proportion to what was in it.
    fn clear(&mut self) {
        for place in self.list.iter().take(self.len) {
            if let Some(word) = self.seen.get_mut(usize::from(place / 64)) {
                *word = 0;
            }
        }
        self.len = 0;
    }
}

/// Text as code points, or as units of UTF-16.
struct Units<'t> {
    chars: Chars<'t>,
    /// The second half of a pair.
    low: Option<u32>,
    whole: bool,
}

impl Iterator for Units<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        if let Some(low) = self.low.take() {
            return Some(low);
        }
        let code = u32::from(self.chars.next()?);
        match code.checked_sub(0x1_0000) {
            Some(rest) if !self.whole => {
                self.low = Some(0xdc00 | (rest & 0x3ff));
                Some(0xd800 | rest >> 10)
            }
            _ => Some(code),
        }
    }
}

#[cfg(test)]
mod tests;

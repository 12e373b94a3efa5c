//! Records of regular expressions in the dialects of other languages.

use super::codes::codes;
use super::define_records;

/// Bit of [`ProgramRecord::flags`]: the program reads code points; otherwise units of UTF-16.
pub const PROGRAM_CODE_POINTS: u16 = 1;
/// Bit of [`ProgramRecord::flags`]: the pattern was written to ignore case. For explanations; the spans already do.
pub const PROGRAM_IGNORES_CASE: u16 = 2;
/// Instructions that one program can have.
pub const MAX_PROGRAM: usize = 2048;

define_records! {
    /// A regular expression: a nondeterministic automaton whose states are instructions.
    ProgramRecord {
        /// Its instructions, in data: rows of [`InstructionRecord`].
        code_offset: u32 = 0,
        /// The spans that its sets consist of, in data: rows of [`SpanRecord`].
        spans_offset: u32 = 4,
        /// Number of instructions.
        code_count: u16 = 8,
        /// Number of spans.
        spans_count: u16 = 10,
        /// The instruction to begin with.
        start: u16 = 12,
        /// Bits: [`PROGRAM_CODE_POINTS`], [`PROGRAM_IGNORES_CASE`].
        flags: u16 = 14,
        /// The pattern as it was written, in data; for explanations.
        source_offset: u32 = 16,
        /// Its bytes.
        source_len: u32 = 20,
    } = 24;

    /// An instruction of a program.
    InstructionRecord {
        /// A [`Step`].
        step: u16 = 0,
        /// The instruction to go on with.
        next: u16 = 2,
        /// First operand.
        a: u16 = 4,
        /// Second operand.
        b: u16 = 6,
    } = 8;

    /// A span of units or code points.
    SpanRecord {
        /// The first.
        from: u32 = 0,
        /// The last.
        to: u32 = 4,
    } = 8;
}

codes! {
    /// What an instruction does: reads one unit, asks where in the text it is, or goes two ways.
    Step: u16 {
        /// The pattern has matched.
        Match = 0,
        /// Goes on with `next` and with `a`.
        Split = 1,
        /// Reads any unit.
        Any = 2,
        /// Reads a unit from `a` to `b`.
        Span = 3,
        /// Reads a unit in one of the `b` spans from span `a` on, which are in ascending order.
        Set = 4,
        /// Goes on at the start of the text.
        Start = 5,
        /// Goes on at its end.
        End = 6,
        /// Goes on at the start and behind a line feed.
        LineStart = 7,
        /// Goes on at the end and before a line feed.
        LineEnd = 8,
        /// Goes on where one neighbour is a word character (A to Z, a to z, 0 to 9, `_`) and the other is not.
        Boundary = 9,
        /// Goes on elsewhere.
        NotBoundary = 10,
    }
}

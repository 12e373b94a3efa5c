//! Letters that are equal where case is ignored.
//!
//! Two letters are equal in JavaScript if `toUpperCase()` gives the same single unit for both; no other letter is equal to
//! one of ASCII. RE2 goes by Unicode's simple folding, which joins a few more (`K` and the Kelvin sign), and pairs
//! outside of the first 65,536 code points. Our own table of 1,200 bytes holds both: the one of the standard library is
//! ten times as large, and no part of the edge's wasm.

mod table;

use super::Dialect;
use super::set::Set;
use table::{EVERY_SECOND, NEIGHBOURS, ONLY_RE2};

/// A set and all letters that are equal to one of it. The set must be normal; so is the result.
pub(super) fn close(set: Set, dialect: Dialect) -> Set {
    let mut closed = set.clone();
    // Most patterns have nothing but ASCII, for which there is a quicker way.
    if set.spans().last().is_none_or(|(_, to)| *to < 0x80) {
        for span in set.spans() {
            add_shifted(&mut closed, *span, ('a', 'z'), 'A');
            add_shifted(&mut closed, *span, ('A', 'Z'), 'a');
        }
        let mut closed = closed.normal();
        if dialect == Dialect::Re2 {
            for (letter, other) in [('k', '\u{212a}'), ('s', '\u{17f}')] {
                if closed.contains(letter.into()) {
                    closed.add(other.into(), other.into());
                }
            }
        }
        return closed.normal();
    }
    let mut forms = Set::default();
    each(dialect, &mut |letter, form| {
        if set.contains(letter) || set.contains(form) {
            forms.add(form, form);
        }
    });
    let forms = forms.normal();
    each(dialect, &mut |letter, form| {
        if forms.contains(form) {
            closed.add(letter, letter);
            closed.add(form, form);
        }
    });
    closed.normal()
}

/// Adds the part of `span` that lies in `letters`, moved so that `letters` would begin with `first`.
fn add_shifted(set: &mut Set, span: (u32, u32), letters: (char, char), first: char) {
    let from = span.0.max(letters.0.into());
    let to = span.1.min(letters.1.into());
    if from <= to {
        let moved = |unit: u32| unit - u32::from(letters.0) + u32::from(first);
        set.add(moved(from), moved(to));
    }
}

/// Every letter that is not its own form, with the form that its equals share.
fn each(dialect: Dialect, with: &mut dyn FnMut(u32, u32)) {
    let steps = [(&NEIGHBOURS[..], 1), (&EVERY_SECOND[..], 2)];
    for (runs, step) in steps {
        for (first, last, add) in runs {
            for letter in (*first..=*last).step_by(step) {
                let upper = u32::from(letter.wrapping_add_signed(*add));
                let form = match dialect {
                    Dialect::EcmaScript => upper,
                    Dialect::Re2 => only_re2(upper),
                };
                with(letter.into(), form);
            }
        }
    }
    if dialect == Dialect::Re2 {
        for (first, last, add, step) in ONLY_RE2 {
            for letter in (first..=last).step_by(step.into()) {
                with(letter, letter.wrapping_add_signed(add));
            }
        }
    }
}

fn only_re2(letter: u32) -> u32 {
    let run = ONLY_RE2.iter().find(|(first, last, _, step)| {
        (*first..=*last).contains(&letter) && (letter - first).is_multiple_of(u32::from(*step))
    });
    run.map_or(letter, |(_, _, add, _)| letter.wrapping_add_signed(*add))
}

#[cfg(test)]
mod tests;

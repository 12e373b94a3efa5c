//! Small letters, as JavaScript's `toLowerCase` makes them.
//!
//! `str::to_lowercase` gives the same and allocates.

mod small;
mod table;

use core::str::{CharIndices, Chars};

/// Text in small letters, letter by letter: Unicode's mapping without regard to a language, with the one rule about
/// context that it has, the sigma that ends a word.
///
/// ```
/// use flagstone_core::js::lower;
///
/// assert_eq!(lower("ΟΔΥΣΣΕΥΣ 5").collect::<String>(), "οδυσσευς 5");
/// ```
///
/// Source: `String.prototype.toLowerCase` of ECMA-262, and Unicode's `SpecialCasing.txt`.
pub fn lower(text: &str) -> Lower<'_> {
    Lower {
        text,
        letters: text.char_indices(),
        second: None,
    }
}

/// Iterator over text in small letters, made by [`lower`].
#[derive(Clone, Debug)]
pub struct Lower<'t> {
    text: &'t str,
    letters: CharIndices<'t>,
    /// What is left of a letter that has become two.
    second: Option<char>,
}

impl Iterator for Lower<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        if let Some(second) = self.second.take() {
            return Some(second);
        }
        let (at, letter) = self.letters.next()?;
        match letter {
            '\0'..='\x7f' => Some(letter.to_ascii_lowercase()),
            'Σ' => {
                let before = self.text.get(..at).unwrap_or_default();
                let is_end = is_after_letter(before) && !is_before_letter(self.letters.as_str());
                Some(if is_end { 'ς' } else { 'σ' })
            }
            // The one letter that becomes two.
            '\u{130}' => {
                self.second = Some('\u{307}');
                Some('i')
            }
            _ => Some(small::small(letter)),
        }
    }
}

/// Whether text in small letters begins with `prefix`.
pub(crate) fn lower_starts_with(text: &str, prefix: &str) -> bool {
    begins(lower(text), prefix.chars())
}

/// Whether text in small letters ends with `suffix`.
pub(crate) fn lower_ends_with(text: &str, suffix: &str) -> bool {
    let before = lower(text).count().checked_sub(suffix.chars().count());
    before.is_some_and(|before| begins(lower(text).skip(before), suffix.chars()))
}

/// Whether `part` occurs in text in small letters. Takes time in proportion to both lengths at worst.
pub(crate) fn lower_contains(text: &str, part: &str) -> bool {
    let mut from = lower(text);
    loop {
        if begins(from.clone(), part.chars()) {
            return true;
        }
        if from.next().is_none() {
            return false;
        }
    }
}

fn begins(mut text: impl Iterator<Item = char>, mut prefix: Chars<'_>) -> bool {
    prefix.all(|letter| text.next() == Some(letter))
}

/// What a letter means for a sigma beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// It has case, so the word goes on.
    Cased,
    /// One must look beyond it.
    Ignorable,
    Other,
}

fn is_after_letter(before: &str) -> bool {
    before.chars().rev().map(class).find(is_decisive) == Some(Class::Cased)
}

fn is_before_letter(behind: &str) -> bool {
    behind.chars().map(class).find(is_decisive) == Some(Class::Cased)
}

fn is_decisive(class: &Class) -> bool {
    *class != Class::Ignorable
}

/// Reads the table from its start: it is asked about the neighbours of a capital sigma only.
fn class(letter: char) -> Class {
    let mut table = table::RUNS.iter();
    let mut number = || {
        let mut number = 0u32;
        for place in (0..u32::BITS).step_by(7) {
            let group = *table.next()?;
            number |= u32::from(group & 127) << place;
            if group < 128 {
                break;
            }
        }
        Some(number)
    };
    let mut end = 0u32;
    while let (Some(gap), Some(run)) = (number(), number()) {
        let start = end.wrapping_add(gap);
        end = start.wrapping_add(run / 2);
        if u32::from(letter) < start {
            break;
        }
        if u32::from(letter) < end {
            return if run % 2 == 0 {
                Class::Cased
            } else {
                Class::Ignorable
            };
        }
    }
    Class::Other
}

#[cfg(test)]
mod tests;

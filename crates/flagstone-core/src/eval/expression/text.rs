//! Text as JavaScript counts it: in UTF-16 code units.

use super::Machine;
use super::value::Value;
use crate::layout::Relation;
use crate::semver::SemVer;
use crate::text::find;
use core::cmp::Ordering;

/// The UTF-16 code units of UTF-8 in which halves of characters may stand alone.
#[derive(Clone)]
pub(super) struct Units<'t> {
    bytes: &'t [u8],
    /// The second half of the character that was read last.
    half: Option<u16>,
}

impl<'t> Units<'t> {
    pub(super) fn of(bytes: &'t [u8]) -> Self {
        Self { bytes, half: None }
    }
}

impl Iterator for Units<'_> {
    type Item = u16;

    #[inline]
    fn next(&mut self) -> Option<u16> {
        if let Some(half) = self.half.take() {
            return Some(half);
        }
        let (first, rest) = self.bytes.split_first()?;
        let more = match first {
            0..=0xbf => 0,
            0xc0..=0xdf => 1,
            0xe0..=0xef => 2,
            _ => 3,
        };
        let (tail, rest) = rest.split_at_checked(more).unwrap_or((rest, &[]));
        self.bytes = rest;
        // The first byte has 7, 5, 4 or 3 bits of the number, each of the others 6.
        let bits = if more == 0 { 0x7f } else { 0x3f >> more };
        let point = tail.iter().fold(u32::from(*first) & bits, |point, byte| {
            point << 6 | u32::from(byte & 0x3f)
        });
        match point.checked_sub(0x1_0000) {
            None => Some(point as u16),
            Some(above) => {
                self.half = Some(0xdc00 | (above & 0x3ff) as u16);
                Some(0xd800 | (above >> 10) as u16)
            }
        }
    }
}

/// Whether the units of `text` begin with those of `start`.
fn begins(mut text: Units<'_>, start: &[u8]) -> bool {
    Units::of(start).all(|unit| text.next() == Some(unit))
}

/// Whether text includes other text.
pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    if let (Ok(text), Ok(part)) = (core::str::from_utf8(text), core::str::from_utf8(part)) {
        return find(text, part).is_some();
    }
    let mut units = Units::of(text);
    loop {
        if begins(units.clone(), part) {
            return true;
        }
        if units.next().is_none() {
            return false;
        }
    }
}

/// The number of UTF-16 code units.
pub(super) fn len(bytes: &[u8]) -> usize {
    if bytes.is_ascii() {
        bytes.len()
    } else {
        Units::of(bytes).count()
    }
}

/// `ToIntegerOrInfinity`
fn whole(number: f64) -> i64 {
    // Saturates, and makes 0 of NaN.
    number as i64
}

impl<'v> Machine<'_, 'v> {
    /// The part of text from one code unit up to another; undefined for what is no text.
    pub(super) fn part(&mut self, text: Value<'v>, from: usize, to: usize) -> Option<Value<'v>> {
        // What lies before a part is read each time, which is not free where that is done for each part.
        const BYTES_OF_A_STEP: usize = 64;
        let cost = self.bytes(text)?.len() / BYTES_OF_A_STEP;
        *self.steps = self.steps.checked_sub(u32::try_from(cost).ok()?)?;
        let bytes = self.bytes(text)?;
        if bytes.is_ascii() {
            return slice(text, from.min(bytes.len()), to.min(bytes.len()));
        }
        // Where the parts begin and end in bytes, and which halves of characters stand alone at the ends.
        let (mut start, mut end) = (bytes.len(), bytes.len());
        let (mut head, mut tail) = (None, None);
        let (mut count, mut units) = (0, Units::of(bytes));
        let mut found_start = false;
        loop {
            let at = bytes.len() - units.bytes.len();
            let is_half = units.half;
            if count == from && !found_start {
                (start, head, found_start) = (at, is_half, true);
            }
            if count >= to.max(from) {
                (end, tail) = (at, is_half);
                break;
            }
            if units.next().is_none() {
                break;
            }
            count += 1;
        }
        if to <= from {
            return slice(text, 0, 0);
        }
        if head.is_none() && tail.is_none() {
            return slice(text, start, end);
        }
        let begin = self.memory.text_begin();
        if let Some(half) = head {
            self.memory.push(begin, &alone(half))?;
        }
        let middle_end = if tail.is_some() {
            end.saturating_sub(4)
        } else {
            end
        };
        let middle = slice(text, start, middle_end.max(start))?;
        self.write(begin, middle)?;
        if tail.is_some() {
            let bytes = self.bytes(text)?.get(middle_end..)?;
            let half = Units::of(bytes).next()?;
            self.memory.push(begin, &alone(half))?;
        }
        self.memory.text_since(begin)
    }

    /// JavaScript's `substr`, as json-logic-engine calls it: a list of text, where from and how much.
    pub(super) fn substring(&mut self, arguments: Value<'v>) -> Option<Value<'v>> {
        let list = arguments.elements()?;
        let [text, from, count] = [0, 1, 2].map(|index| list.element(self, index));
        let size = len(self.bytes(text)?) as i64;
        let from = whole(self.number_of(from)?);
        let from = if from < 0 {
            size.saturating_add(from).max(0)
        } else {
            from.min(size)
        };
        let left = size - from;
        let count = if matches!(count, Value::Undefined) {
            left
        } else if self.compare(Relation::Less, count, Value::Number(0.0))? {
            match count {
                Value::Number(number) => whole(left as f64 + number),
                // COMPAT(flagd): text is joined with the number and gives none.
                _ => 0,
            }
        } else {
            whole(self.number_of(count)?)
        };
        let to = from.saturating_add(count.max(0).min(left));
        self.part(text, usize::try_from(from).ok()?, usize::try_from(to).ok()?)
    }

    /// Whether the first of two texts in a list begins (or ends) with the second; null for anything else.
    pub(super) fn begins_or_ends(
        &mut self,
        arguments: Value<'v>,
        begins_with: bool,
    ) -> Option<Value<'v>> {
        let list = arguments.elements()?;
        let (text, part) = (list.element(self, 0), list.element(self, 1));
        if list.len() != 2 || !text.is_text() || !part.is_text() {
            return Some(Value::Null);
        }
        let (text, part) = (self.bytes(text)?, self.bytes(part)?);
        let mut units = Units::of(text);
        if !begins_with {
            let Some(before) = len(text).checked_sub(len(part)) else {
                return Some(Value::Boolean(false));
            };
            units.by_ref().take(before).for_each(drop);
        }
        Some(Value::Boolean(begins(units, part)))
    }

    /// How two versions stand to each other: a list of a version, a question and a version. null if that makes no sense.
    pub(super) fn versions(&mut self, arguments: Value<'v>) -> Option<Value<'v>> {
        let list = arguments.elements()?;
        if list.len() != 3 {
            return Some(Value::Null);
        }
        let mut texts = [Value::Undefined; 3];
        for (index, place) in texts.iter_mut().enumerate() {
            let value = list.element(self, index);
            *place = self.written(value)?;
        }
        let [a, question, b] = texts.map(|text| self.bytes(text).unwrap_or_default());
        let version = |bytes| {
            core::str::from_utf8(bytes)
                .ok()
                .and_then(SemVer::parse_flagd)
        };
        let (Some(a), Some(b)) = (version(a), version(b)) else {
            return Some(Value::Null);
        };
        let order = a.cmp_npm(&b);
        Some(Value::Boolean(match question {
            b"=" => order == Ordering::Equal,
            b"!=" => order != Ordering::Equal,
            b"<" => order == Ordering::Less,
            b"<=" => order != Ordering::Greater,
            b">=" => order != Ordering::Less,
            b">" => order == Ordering::Greater,
            b"^" => a.major == b.major,
            b"~" => (a.major, a.minor) == (b.major, b.minor),
            _ => return Some(Value::Null),
        }))
    }
}

/// Bytes of text from one place up to another.
fn slice(text: Value<'_>, from: usize, to: usize) -> Option<Value<'_>> {
    let to = to.max(from);
    match text {
        Value::Text(text) => text.get(from..to).map(Value::Text),
        Value::Written { at, .. } => Some(Value::Written {
            at: at.checked_add(u16::try_from(from).ok()?)?,
            len: u16::try_from(to - from).ok()?,
        }),
        _ => None,
    }
}

/// Half of a character as three bytes.
fn alone(half: u16) -> [u8; 3] {
    [
        0xe0 | (half >> 12) as u8,
        0x80 | (half >> 6) as u8 & 0x3f,
        0x80 | half as u8 & 0x3f,
    ]
}

//! Members of values, and paths that are computed.

use super::Machine;
use super::value::{Frame, Value};
use crate::scratch::Scratch;
use crate::text;

/// Bytes that a computed path may have.
const LONGEST: usize = 512;

/// A name as lists and texts take it.
enum Name {
    Length,
    Index(usize),
    Other,
}

fn name(text: &str) -> Name {
    if text == "length" {
        return Name::Length;
    }
    let is_index =
        text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    match text.parse() {
        Ok(index) if is_index => Name::Index(index),
        _ => Name::Other,
    }
}

impl<'v> Machine<'_, 'v> {
    /// A member of a value that is not null, by a name of any type.
    pub(super) fn member(&mut self, of: Value<'v>, by: Value<'v>) -> Option<Value<'v>> {
        match by {
            Value::Text(name) => self.property(of, name),
            Value::Number(index) => self.property(of, text::number(index).text()),
            _ => None,
        }
    }

    /// A member of a value that is not null; undefined if it has none of that name.
    fn property(&mut self, of: Value<'v>, by: &str) -> Option<Value<'v>> {
        if let Value::Object(object) = of {
            return Some(object.get(by).into());
        }
        if let Value::Pair { at, of_list } = of {
            let offset = match (of_list, by) {
                (true, "iterator") | (false, "accumulator") => 0,
                (true, "index") | (false, "current") => 1,
                _ => return Some(Value::Undefined),
            };
            return Some(self.memory.get(usize::from(at) + offset));
        }
        let name = name(by);
        if let Some(list) = of.elements() {
            return Some(match name {
                Name::Length => Value::Number(list.len() as f64),
                Name::Index(index) => list.element(self, index),
                Name::Other => Value::Undefined,
            });
        }
        if !of.is_text() {
            return Some(Value::Undefined);
        }
        let len = super::text::len(self.bytes(of)?);
        match name {
            Name::Length => Some(Value::Number(len as f64)),
            Name::Index(index) if index < len => self.part(of, index, index + 1),
            _ => Some(Value::Undefined),
        }
    }

    /// Where a path from a value on leads; undefined if nowhere. With `while_true`, a value that is not true to JavaScript
    /// ends the way, else only one that is null or undefined.
    fn follow(&mut self, mut value: Value<'v>, path: &str, while_true: bool) -> Option<Value<'v>> {
        let mut segment = Scratch::<LONGEST>::new();
        let mut rest = path.chars();
        let only_dots = path.bytes().all(|byte| byte == b'.');
        loop {
            segment.clear();
            let mut is_last = true;
            while let Some(c) = rest.next() {
                let ahead = rest.clone().next();
                match (c, ahead) {
                    ('\\', Some(next @ ('.' | '/' | '\\'))) => {
                        rest.next();
                        segment.push(next.encode_utf8(&mut [0; 4]))?;
                    }
                    ('.', _) => {
                        is_last = false;
                        break;
                    }
                    _ => segment.push(c.encode_utf8(&mut [0; 4]))?,
                }
            }
            // A path of dots alone has as many names as dots.
            if is_last && only_dots {
                return Some(value);
            }
            self.step()?;
            let goes_on = if while_true {
                self.is_true(value)
            } else {
                !value.is_nothing()
            };
            if !goes_on {
                return Some(Value::Undefined);
            }
            value = self.property(value, segment.text())?;
            if is_last || matches!(value, Value::Undefined) {
                return Some(value);
            }
        }
    }

    /// A computed path as text in memory of its own.
    fn path(&mut self, key: Value<'v>) -> Option<Scratch<LONGEST>> {
        let mark = self.memory.mark();
        let written = self.written(key)?;
        let mut path = Scratch::new();
        // No name has half a character; one that no name has will do.
        let text = core::str::from_utf8(self.bytes(written)?);
        path.push(text.unwrap_or("\u{fffd}"))?;
        self.memory.reset(mark);
        Some(path)
    }

    /// json-logic-engine's function `var`, for paths that are computed.
    #[inline(never)]
    pub(super) fn lookup(
        &mut self,
        key: Value<'v>,
        otherwise: Value<'v>,
        frame: &Frame<'_, 'v>,
    ) -> Option<Value<'v>> {
        let (key, otherwise) = match key.elements() {
            Some(list) => (list.element(self, 0), list.element(self, 1)),
            None => (key, otherwise),
        };
        let mut value = None;
        let mut path = Scratch::new();
        if !key.is_nothing() {
            path = self.path(key)?;
        }
        let mut path = path.text();
        if key.is_text() {
            // What lies around: of each iteration what is known of it, then what the next one further out looks at.
            let mut above = frame.outer.map(|outer| (frame, outer));
            let mut is_second = false;
            while let (Some((of, outer)), Some(rest)) = (above, path.strip_prefix("../")) {
                path = rest;
                if !is_second {
                    value = Some(self.around(of)?);
                    is_second = true;
                    continue;
                }
                value = Some(self.looked(outer.looked)?);
                is_second = false;
                above = outer.outer.map(|next| (outer, next));
                if above.is_none() {
                    // Beyond the outermost there is one step that leads nowhere.
                    if let Some(rest) = path.strip_prefix("../") {
                        path = rest;
                        value = Some(Value::Undefined);
                    }
                }
            }
        }
        let value = match value {
            Some(value) => value,
            None => self.looked(frame.looked)?,
        };
        if key.is_nothing() || (key.is_text() && path.is_empty()) {
            return Some(value);
        }
        let found = self.follow(value, path, false)?;
        Some(match (found, otherwise) {
            (Value::Undefined, Value::Undefined) => Value::Null,
            (Value::Undefined, otherwise) => otherwise,
            (found, _) => found,
        })
    }

    /// json-logic-engine's function `missing`.
    #[inline(never)]
    pub(super) fn missing(&mut self, names: Value<'v>, frame: &Frame<'_, 'v>) -> Option<Value<'v>> {
        let count = match (names.elements(), names) {
            (Some(list), _) => list.len(),
            (None, _) if names.is_text() => super::text::len(self.bytes(names)?),
            (None, Value::Undefined | Value::Null) => return None,
            (None, _) => 0,
        };
        let base = self.looked(frame.looked)?;
        let at = self.memory.reserve(u32::try_from(count).ok()?)?;
        let mut len = 0;
        for index in 0..count {
            let name = match names.elements() {
                Some(list) => list.element(self, index),
                None => self.part(names, index, index + 1)?,
            };
            let path = self.path(name)?;
            let found = if path.text().is_empty() {
                base
            } else {
                self.follow(base, path.text(), true)?
            };
            if matches!(found, Value::Undefined) {
                self.memory.set(at, u32::from(len), name)?;
                len += 1;
            }
        }
        Some(Value::Made { at, len })
    }

    /// json-logic-engine's function `missing_some`.
    pub(super) fn missing_some(
        &mut self,
        arguments: Value<'v>,
        frame: &Frame<'_, 'v>,
    ) -> Option<Value<'v>> {
        let list = arguments.elements()?;
        let (need, names) = (list.element(self, 0), list.element(self, 1));
        let missing = self.missing(names, frame)?;
        let count = match names.elements() {
            Some(list) => list.len(),
            None if names.is_text() => super::text::len(self.bytes(names)?),
            // There is no length to count from, which is never enough.
            None => return Some(missing),
        };
        let found = count.saturating_sub(missing.size()?) as f64;
        let is_enough =
            self.compare(crate::layout::Relation::AtLeast, Value::Number(found), need)?;
        if is_enough {
            self.memory.list([])
        } else {
            Some(missing)
        }
    }
}

//! Reading JSON into the cells of a context, in one pass.

use super::names::Member;
use super::{Cell, Context, Elements, Members, Names};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

/// Reads a context, which takes the place of the one before. What was read of a broken one must not be used.
impl<'l> DeserializeSeed<'l> for &mut Context<'_, 'l> {
    type Value = ();

    fn deserialize<D: Deserializer<'l>>(self, json: D) -> Result<(), D::Error> {
        forget(&mut self.cells);
        let reader = ObjectReader {
            names: self.names,
            object: 0,
            cells: &mut self.cells,
        };
        json.deserialize_any(ContextVisitor(reader, self.whole.as_mut()))
    }
}

/// The context must be an object; all of it is kept where there is a place for that.
struct ContextVisitor<'r, 'n, 'l>(ObjectReader<'r, 'n, 'l>, Option<&'r mut Members<'l>>);

impl<'l> Visitor<'l> for ContextVisitor<'_, '_, 'l> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object as context")
    }

    fn visit_map<M: MapAccess<'l>>(self, members: M) -> Result<(), M::Error> {
        match self.1 {
            Some(whole) => *whole = self.0.read_all(members)?,
            None => self.0.read(members)?,
        }
        Ok(())
    }
}

/// Reads one object and those inside that are looked into.
struct ObjectReader<'r, 'n, 'l> {
    names: &'r Names<'n>,
    object: usize,
    cells: &'r mut [Cell<'l>],
}

impl<'n, 'l> ObjectReader<'_, 'n, 'l> {
    fn read<M: MapAccess<'l>>(mut self, mut members: M) -> Result<(), M::Error> {
        let Self { names, object, .. } = self;
        while let Some(member) = members.next_key_seed(MemberName { names, object })? {
            let Some(member) = member else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = members.next_value_seed(self.value(member, member.is_attribute))?;
            if let Some(cell) = self.cells.get_mut(member.cell) {
                *cell = value;
            }
        }
        Ok(())
    }

    /// The same, and gives all members. Not inlined, since few objects are asked about as a whole.
    #[inline(never)]
    fn read_all<M: MapAccess<'l>>(mut self, mut members: M) -> Result<Members<'l>, M::Error> {
        let mut all = Members::default();
        while let Some(Name(name)) = members.next_key()? {
            let value = match self.names.member(self.object, &name) {
                Some(member) => {
                    let value: Cell<'l> = members.next_value_seed(self.value(member, true))?;
                    if let Some(cell) = self.cells.get_mut(member.cell) {
                        *cell = value.clone();
                    }
                    value
                }
                None => members.next_value()?,
            };
            all.0.push((name, value));
        }
        Ok(all)
    }

    /// Reads the value of a member. What was in one of the same name before does not count.
    #[inline]
    fn value(&mut self, member: &Member<'n>, is_kept: bool) -> Value<'_, 'n, 'l> {
        if let (Some(_), Some(cells)) = (member.object, self.cells.get_mut(member.cells.clone())) {
            forget(cells);
        }
        Value {
            inside: member.object.map(|object| ObjectReader {
                names: self.names,
                object,
                cells: &mut *self.cells,
            }),
            is_kept,
        }
    }
}

/// Empties cells. `fill` would clone each one.
fn forget(cells: &mut [Cell<'_>]) {
    for cell in cells {
        *cell = Cell::Missing;
    }
}

/// Reads the name of a member; gives the member if it is looked for.
struct MemberName<'r, 'n> {
    names: &'r Names<'n>,
    object: usize,
}

impl<'r, 'l, 'n> DeserializeSeed<'l> for MemberName<'r, 'n> {
    type Value = Option<&'r Member<'n>>;

    fn deserialize<D: Deserializer<'l>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'r, 'n> Visitor<'_> for MemberName<'r, 'n> {
    type Value = Option<&'r Member<'n>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    #[inline]
    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.names.member(self.object, name))
    }
}

/// The name of a member of an object that is kept.
#[derive(Deserialize)]
struct Name<'l>(#[serde(borrow)] Cow<'l, str>);

/// Reads a value, and what is inside if it is an object that is looked into.
struct Value<'r, 'n, 'l> {
    inside: Option<ObjectReader<'r, 'n, 'l>>,
    /// Whether an object is kept with all that is in it.
    is_kept: bool,
}

impl<'l> DeserializeSeed<'l> for Value<'_, '_, 'l> {
    type Value = Cell<'l>;

    #[inline]
    fn deserialize<D: Deserializer<'l>>(self, json: D) -> Result<Cell<'l>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'l> Visitor<'l> for Value<'_, '_, 'l> {
    type Value = Cell<'l>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Cell<'l>, E> {
        Ok(Cell::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Cell<'l>, E> {
        Ok(Cell::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Cell<'l>, E> {
        Ok(Cell::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Cell<'l>, E> {
        Ok(Cell::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Cell<'l>, E> {
        Ok(Cell::Number(value))
    }

    #[inline]
    fn visit_borrowed_str<E>(self, value: &'l str) -> Result<Cell<'l>, E> {
        Ok(Cell::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Cell<'l>, E> {
        Ok(Cell::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_map<M: MapAccess<'l>>(self, mut members: M) -> Result<Cell<'l>, M::Error> {
        let all = match (self.inside, self.is_kept) {
            (Some(object), true) => object.read_all(members)?,
            (None, true) => {
                let mut all = Members::default();
                while let Some((Name(name), value)) = members.next_entry()? {
                    all.0.push((name, value));
                }
                all
            }
            // Nobody asks for it.
            (Some(object), false) => {
                object.read(members)?;
                return Ok(Cell::Missing);
            }
            (None, false) => {
                while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return Ok(Cell::Missing);
            }
        };
        Ok(Cell::Object(Rc::new(all)))
    }

    fn visit_seq<S: SeqAccess<'l>>(self, mut list: S) -> Result<Cell<'l>, S::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Cell::List(Rc::new(Elements(elements))))
    }
}

/// An element of a list or a member of an object, with all that is in it.
impl<'l> Deserialize<'l> for Cell<'l> {
    fn deserialize<D: Deserializer<'l>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(Value {
            inside: None,
            is_kept: true,
        })
    }
}

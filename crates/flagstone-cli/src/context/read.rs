//! Reading JSON into the cells of a context, in one pass.

use super::{Cell, Context, Elements, Members, Names};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Reads a context, which takes the place of the one before. What was read of a broken one must not be used.
impl<'l> DeserializeSeed<'l> for &mut Context<'_, 'l> {
    type Value = ();

    fn deserialize<D: Deserializer<'l>>(self, json: D) -> Result<(), D::Error> {
        forget(&mut self.cells);
        let mut whole = self.whole.as_mut();
        if let Some(Members(members)) = &mut whole {
            members.clear();
        }
        json.deserialize_any(ContextVisitor(ObjectReader {
            names: self.names,
            object: 0,
            cells: &mut self.cells,
            whole,
        }))
    }
}

/// The context must be an object.
struct ContextVisitor<'r, 'n, 'l>(ObjectReader<'r, 'n, 'l>);

impl<'l> Visitor<'l> for ContextVisitor<'_, '_, 'l> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object as context")
    }

    fn visit_map<M: MapAccess<'l>>(self, members: M) -> Result<(), M::Error> {
        self.0.read(members)
    }
}

/// Reads one object and those inside that are looked into.
struct ObjectReader<'r, 'n, 'l> {
    names: &'r Names<'n>,
    object: usize,
    cells: &'r mut [Cell<'l>],
    /// Takes all members, if they are kept.
    whole: Option<&'r mut Members<'l>>,
}

impl<'l> ObjectReader<'_, '_, 'l> {
    fn read<M: MapAccess<'l>>(self, mut members: M) -> Result<(), M::Error> {
        let Self {
            names,
            object,
            cells,
            mut whole,
        } = self;
        while let Some((name, member)) = members.next_key_seed(MemberName { names, object })? {
            let Some(member) = member else {
                match &mut whole {
                    Some(Members(whole)) => whole.push((name, members.next_value()?)),
                    None => {
                        members.next_value::<IgnoredAny>()?;
                    }
                }
                continue;
            };
            // What was in a member of the same name before does not count.
            if let (Some(_), Some(cells)) = (member.object, cells.get_mut(member.cells.clone())) {
                forget(cells);
            }
            let value = members.next_value_seed(Value {
                inside: member.object.map(|object| ObjectReader {
                    names,
                    object,
                    cells: &mut *cells,
                    whole: None,
                }),
                is_kept: member.cell.is_some() || whole.is_some(),
            })?;
            if let Some(Members(whole)) = &mut whole {
                whole.push((name, value.clone()));
            }
            if let Some(cell) = member.cell.and_then(|cell| cells.get_mut(cell)) {
                *cell = value;
            }
        }
        Ok(())
    }
}

/// Empties cells. `fill` would clone each one.
fn forget(cells: &mut [Cell<'_>]) {
    for cell in cells {
        *cell = Cell::Missing;
    }
}

/// Reads the name of a member; gives it, and the member if it is looked for.
struct MemberName<'r, 'n> {
    names: &'r Names<'n>,
    object: usize,
}

impl<'r, 'l, 'n> DeserializeSeed<'l> for MemberName<'r, 'n> {
    type Value = (Cow<'l, str>, Option<&'r super::names::Member<'n>>);

    fn deserialize<D: Deserializer<'l>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'r, 'l, 'n> Visitor<'l> for MemberName<'r, 'n> {
    type Value = (Cow<'l, str>, Option<&'r super::names::Member<'n>>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, name: &'l str) -> Result<Self::Value, E> {
        let member = self.names.member(self.object, name);
        Ok((Cow::Borrowed(name), member))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let member = self.names.member(self.object, name);
        Ok((Cow::Owned(name.to_owned()), member))
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
        let mut kept = Members::default();
        match self.inside {
            Some(mut object) => {
                object.whole = self.is_kept.then_some(&mut kept);
                object.read(members)?;
            }
            None if self.is_kept => {
                while let Some((Name(name), value)) = members.next_entry()? {
                    kept.0.push((name, value));
                }
            }
            None => while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {},
        }
        Ok(Cell::Object(kept))
    }

    fn visit_seq<S: SeqAccess<'l>>(self, mut list: S) -> Result<Cell<'l>, S::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Cell::List(Elements(elements)))
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

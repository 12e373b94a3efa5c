//! Reading JSON into the cells of a context, in one pass.

use super::{Cell, Context, Elements, Names};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use std::borrow::Cow;
use std::fmt;

/// Reads a context, which takes the place of the one before. What was read of a broken one must not be used.
impl<'l> DeserializeSeed<'l> for &mut Context<'_, 'l> {
    type Value = ();

    fn deserialize<D: Deserializer<'l>>(self, json: D) -> Result<(), D::Error> {
        forget(&mut self.cells);
        json.deserialize_any(ContextVisitor(ObjectReader {
            names: self.names,
            object: 0,
            cells: &mut self.cells,
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
}

impl<'l> ObjectReader<'_, '_, 'l> {
    fn read<M: MapAccess<'l>>(self, mut members: M) -> Result<(), M::Error> {
        let Self {
            names,
            object,
            cells,
        } = self;
        while let Some(member) = members.next_key_seed(MemberName { names, object })? {
            let Some(member) = member else {
                members.next_value::<IgnoredAny>()?;
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
                }),
            })?;
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

/// Reads the name of a member; gives the member if it is looked for.
struct MemberName<'r, 'n> {
    names: &'r Names<'n>,
    object: usize,
}

impl<'r, 'l, 'n> DeserializeSeed<'l> for MemberName<'r, 'n> {
    type Value = Option<&'r super::names::Member<'n>>;

    fn deserialize<D: Deserializer<'l>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'r, 'n> Visitor<'_> for MemberName<'r, 'n> {
    type Value = Option<&'r super::names::Member<'n>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    #[inline]
    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.names.member(self.object, name))
    }
}

/// Reads a value, and what is inside if it is an object that is looked into.
struct Value<'r, 'n, 'l> {
    inside: Option<ObjectReader<'r, 'n, 'l>>,
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
        Ok(Cell::Missing)
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
        match self.inside {
            Some(object) => object.read(members)?,
            None => while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {},
        }
        Ok(Cell::Other)
    }

    fn visit_seq<S: SeqAccess<'l>>(self, mut list: S) -> Result<Cell<'l>, S::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Cell::List(Elements(elements)))
    }
}

/// An element of a list; objects inside are not looked into.
impl<'l> Deserialize<'l> for Cell<'l> {
    fn deserialize<D: Deserializer<'l>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(Value { inside: None })
    }
}

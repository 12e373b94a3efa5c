//! Where in a context the attributes of a snapshot are looked for.

use flagstone_core::layout::Section;
use flagstone_core::{AttributeIndex, Snapshot};
use flagstone_edge::members;
use std::collections::BTreeMap;
use std::ops::Range;

/// For each attribute of a snapshot, the [members] of a context that it may come from, so that a context is read in one
/// pass.
#[derive(Debug)]
pub struct Names<'s> {
    /// The context itself, then the objects inside that are looked into.
    objects: Vec<Object<'s>>,
    /// For each attribute the cells it may be in; the first that is not missing counts.
    attributes: Vec<Vec<usize>>,
    /// For each cell the one that its member lies inside of, and the member's name there; `None` in the context itself.
    outer: Vec<Option<(usize, &'s str)>>,
    /// Whether all of a context may be asked for.
    pub(super) whole: bool,
}

/// The members of an object that are looked for, in a hash table with open addressing.
#[derive(Debug, Default)]
struct Object<'s> {
    /// Their number is a power of two, and at least half of them are empty.
    slots: Vec<Option<Member<'s>>>,
}

/// A member of an object that is looked for.
#[derive(Debug)]
pub(super) struct Member<'s> {
    name: &'s str,
    /// The cell that the member's value goes to.
    pub cell: usize,
    /// Whether it can be an attribute itself; else an object goes nowhere, and only what is in it does.
    pub is_attribute: bool,
    /// The number of the object that the member is, if it is looked into.
    pub object: Option<usize>,
    /// That cell and all those of the object.
    pub cells: Range<usize>,
}

impl<'s> Names<'s> {
    /// The names of the attributes that a snapshot reads.
    pub fn new(snapshot: &Snapshot<'s>) -> Self {
        let names = (0..snapshot.attribute_count()).map(|index| {
            let attribute = snapshot.attribute(AttributeIndex(index));
            attribute.map_or("", |attribute| attribute.name)
        });
        Self {
            whole: snapshot.count(Section::Expressions) > 0,
            ..Self::of(names)
        }
    }

    pub(super) fn of(names: impl Iterator<Item = &'s str>) -> Self {
        let mut tree = Tree::default();
        let mut count = 0;
        for (attribute, name) in names.enumerate() {
            for (rank, way) in members(name).into_iter().enumerate() {
                tree.add(&way, Place { attribute, rank });
            }
            count = attribute + 1;
        }
        let mut names = Self {
            objects: Vec::new(),
            attributes: Vec::new(),
            outer: Vec::new(),
            whole: false,
        };
        let mut ranked = vec![Vec::new(); count];
        names.number(tree, None, &mut ranked);
        for mut cells in ranked {
            cells.sort_unstable();
            let cells = cells.into_iter().map(|(_, cell)| cell);
            names.attributes.push(cells.collect());
        }
        names
    }

    /// Gives cells to the members of an object and of those inside it, so that each object's cells lie together.
    fn number(
        &mut self,
        tree: Tree<'s>,
        outer: Option<usize>,
        ranked: &mut [Vec<(usize, usize)>],
    ) -> usize {
        let object = self.objects.len();
        self.objects.push(Object::default());
        let mut members = Vec::new();
        for (name, branch) in tree.members {
            let cell = self.outer.len();
            self.outer.push(outer.map(|outer| (outer, name)));
            let is_attribute = !branch.places.is_empty();
            for Place { attribute, rank } in branch.places {
                if let Some(cells) = ranked.get_mut(attribute) {
                    cells.push((rank, cell));
                }
            }
            let is_object = !branch.inner.members.is_empty();
            let object = is_object.then(|| self.number(branch.inner, Some(cell), ranked));
            members.push(Member {
                name,
                cell,
                is_attribute,
                object,
                cells: cell..self.outer.len(),
            });
        }
        if let Some(place) = self.objects.get_mut(object) {
            *place = Object::new(members);
        }
        object
    }

    pub(super) fn cell_count(&self) -> usize {
        self.outer.len()
    }

    #[inline]
    pub(super) fn cells_of(&self, attribute: AttributeIndex) -> &[usize] {
        let cells = self.attributes.get(usize::from(attribute.0));
        cells.map_or(&[], Vec::as_slice)
    }

    /// The cell that the member of a cell lies inside of, and its name there.
    pub(super) fn outer(&self, cell: usize) -> Option<(usize, &'s str)> {
        *self.outer.get(cell)?
    }

    /// The member of an object that has this name, if it is looked for. The context itself is object 0.
    #[inline]
    pub(super) fn member(&self, object: usize, name: &str) -> Option<&Member<'s>> {
        self.objects.get(object)?.find(name)
    }
}

impl<'s> Object<'s> {
    fn new(members: Vec<Member<'s>>) -> Self {
        let len = (2 * members.len()).next_power_of_two();
        let mut slots: Vec<Option<Member<'s>>> = Vec::new();
        slots.resize_with(len, || None);
        for member in members {
            let start = hash(member.name) & (len - 1);
            let (before, after) = slots.split_at_mut(start);
            let mut free = after.iter_mut().chain(before).filter(|slot| slot.is_none());
            if let Some(slot) = free.next() {
                *slot = Some(member);
            }
        }
        Self { slots }
    }

    #[inline]
    fn find(&self, name: &str) -> Option<&Member<'s>> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut slot = hash(name) & mask;
        loop {
            let member = self.slots.get(slot)?.as_ref()?;
            if member.name == name {
                return Some(member);
            }
            slot = (slot + 1) & mask;
        }
    }
}

/// A few bytes tell names apart well enough.
#[inline]
fn hash(name: &str) -> usize {
    let bytes = name.as_bytes();
    let byte = |at: usize| bytes.get(at).map_or(0, |byte| usize::from(*byte));
    let last = bytes.len().wrapping_sub(1);
    let mixed = bytes.len() ^ byte(0) << 6 ^ byte(bytes.len() / 2) << 11 ^ byte(last) << 17;
    mixed.wrapping_mul(0x9e37_79b1) >> 15
}

/// The members of an object by name, while they are collected.
#[derive(Default)]
struct Tree<'s> {
    members: BTreeMap<&'s str, Branch<'s>>,
}

#[derive(Default)]
struct Branch<'s> {
    places: Vec<Place>,
    inner: Tree<'s>,
}

/// That an attribute may come from a member, and how many others come before it.
#[derive(Clone, Copy)]
struct Place {
    attribute: usize,
    rank: usize,
}

impl<'s> Tree<'s> {
    fn add(&mut self, way: &[&'s str], place: Place) {
        let Some((first, rest)) = way.split_first() else {
            return;
        };
        let branch = self.members.entry(first).or_default();
        match rest {
            [] => branch.places.push(place),
            rest => branch.inner.add(rest, place),
        }
    }
}

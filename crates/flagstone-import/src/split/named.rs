//! Things by name.

use std::collections::{HashMap, HashSet};

/// Things with names, in their order. One kind of table for all of them keeps the code small.
pub(super) struct Named<'d, T> {
    items: Vec<(&'d str, T)>,
    places: HashMap<&'d str, usize>,
}

impl<T> Default for Named<'_, T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            places: HashMap::new(),
        }
    }
}

impl<'d, T> Named<'d, T> {
    /// The name, as it was given when the thing was added, and the thing.
    pub fn get(&self, name: &str) -> Option<(&'d str, &T)> {
        let (name, item) = self.items.get(*self.places.get(name)?)?;
        Some((name, item))
    }

    pub fn contains(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// Adds a thing, or replaces the one with its name in its place.
    pub fn set(&mut self, name: &'d str, item: T) {
        let place = *self.places.entry(name).or_insert(self.items.len());
        match self.items.get_mut(place) {
            Some(known) => known.1 = item,
            None => self.items.push((name, item)),
        }
    }

    /// The thing with a name, a new one if there is none yet.
    pub fn or_default(&mut self, name: &'d str) -> Option<&mut T>
    where
        T: Default,
    {
        if !self.contains(name) {
            self.set(name, T::default());
        }
        let place = *self.places.get(name)?;
        self.items.get_mut(place).map(|(_, item)| item)
    }

    /// Takes out what has one of these names.
    pub fn remove(&mut self, names: &HashSet<&str>) {
        if names.is_empty() {
            return;
        }
        self.items.retain(|(name, _)| !names.contains(name));
        self.places.clear();
        let places = self.items.iter().enumerate();
        self.places
            .extend(places.map(|(place, (name, _))| (*name, place)));
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'d str, &T)> {
        self.items.iter().map(|(name, item)| (*name, item))
    }
}

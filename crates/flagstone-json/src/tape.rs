//! Documents as what is in them, one behind the other: no memory of its own for each list and object.

use super::{Json, MAX_DEPTH, SyntaxError, read};
use std::borrow::Cow;

/// A document of JSON for who looks at each value once or twice: read in half the time of a [`Json`], and walked through instead
/// of looked up.
///
/// ```
/// use flagstone_json::Tape;
///
/// let tape = Tape::read(r#"{"plan": "pro", "seats": [5, 7]}"#).expect("this is JSON");
/// let seats = tape.root().get("seats").expect("a member");
/// assert_eq!(seats.elements().filter_map(|seat| seat.number()).sum::<f64>(), 12.0);
/// ```
#[derive(Debug)]
pub struct Tape<'j> {
    items: Vec<Item<'j>>,
    /// Texts that had escapes.
    unescaped: Vec<String>,
}

/// What is on a tape. A list is followed by its elements, an object by names and values in turn.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'j> {
    Null,
    Boolean(bool),
    Number(f64),
    Text(&'j str),
    /// By its number.
    Unescaped(usize),
    /// How many elements, and the place behind all of them.
    List {
        count: usize,
        end: usize,
    },
    /// The same of members.
    Object {
        count: usize,
        end: usize,
    },
}

/// A value on a tape.
#[derive(Clone, Copy, Debug)]
pub struct Node<'t> {
    tape: &'t Tape<'t>,
    place: usize,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum View<'t> {
    /// `null`
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// Text.
    Text(&'t str),
    /// A list.
    List(Elements<'t>),
    /// An object.
    Object(Members<'t>),
}

/// The elements of a list.
#[derive(Clone, Copy, Debug)]
pub struct Elements<'t> {
    next: Node<'t>,
    count: usize,
}

/// The members of an object as they were written: of two with the same name the last counts.
#[derive(Clone, Copy, Debug)]
pub struct Members<'t> {
    next: Node<'t>,
    count: usize,
}

impl<'j> Tape<'j> {
    /// Reads a document.
    ///
    /// # Errors
    /// If it is not JSON, or nested more than 250 deep.
    pub fn read(text: &'j str) -> Result<Self, SyntaxError> {
        read::read(text, MAX_DEPTH)
    }

    /// The whole document.
    pub fn root(&self) -> Node<'_> {
        Node {
            tape: self,
            place: 0,
        }
    }

    pub(super) fn new(items: Vec<Item<'j>>) -> Self {
        Self {
            items,
            unescaped: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, item: Item<'j>) {
        self.items.push(item);
    }

    pub(super) fn push_unescaped(&mut self, text: String) {
        self.items.push(Item::Unescaped(self.unescaped.len()));
        self.unescaped.push(text);
    }

    /// Begins a list or an object; gives its place.
    pub(super) fn open(&mut self) -> usize {
        self.items.push(Item::Null);
        self.items.len() - 1
    }

    /// Ends it.
    pub(super) fn close(&mut self, place: usize, item: impl FnOnce(usize) -> Item<'j>) {
        let end = self.items.len();
        if let Some(place) = self.items.get_mut(place) {
            *place = item(end);
        }
    }

    /// The same as a tree.
    pub(super) fn tree(&self) -> Json<'j> {
        self.tree_at(&mut 0)
    }

    /// The value at a place as a tree; the place becomes the one behind it. Where one is made this is written out, so that only lists
    /// and objects are calls.
    #[inline(always)]
    fn tree_at(&self, place: &mut usize) -> Json<'j> {
        let item = self.item(*place);
        *place += 1;
        match item {
            Item::Null => Json::Null,
            Item::Boolean(value) => Json::Boolean(value),
            Item::Number(number) => Json::Number(number),
            Item::Text(text) => Json::Text(Cow::Borrowed(text)),
            Item::Unescaped(number) => Json::Text(Cow::Owned(self.unescaped(number).to_owned())),
            Item::List { count, .. } => Json::List(self.list_at(place, count)),
            Item::Object { count, .. } => Json::Object(self.object_at(place, count)),
        }
    }

    #[inline(never)]
    fn list_at(&self, place: &mut usize, count: usize) -> Vec<Json<'j>> {
        let mut elements = Vec::with_capacity(count);
        elements.extend((0..count).map(|_| self.tree_at(place)));
        elements
    }

    #[inline(never)]
    fn object_at(&self, place: &mut usize, count: usize) -> Vec<(Cow<'j, str>, Json<'j>)> {
        let mut members = Vec::with_capacity(count);
        members.extend((0..count).map(|_| {
            let name = match self.item(*place) {
                Item::Text(name) => Cow::Borrowed(name),
                Item::Unescaped(number) => Cow::Owned(self.unescaped(number).to_owned()),
                _ => Cow::Borrowed(""),
            };
            *place += 1;
            (name, self.tree_at(place))
        }));
        members
    }

    fn item(&self, place: usize) -> Item<'j> {
        self.items.get(place).copied().unwrap_or(Item::Null)
    }

    #[cold]
    fn unescaped(&self, number: usize) -> &str {
        self.unescaped.get(number).map_or("", String::as_str)
    }
}

impl<'t> Node<'t> {
    fn item(self) -> Item<'t> {
        self.tape.item(self.place)
    }

    /// What lies on the tape next: inside of a list or an object its first.
    fn next(self) -> Self {
        Self {
            place: self.place + 1,
            ..self
        }
    }

    /// What lies behind the whole of it.
    fn behind(self) -> Self {
        let place = match self.tape.items.get(self.place) {
            Some(Item::List { end, .. } | Item::Object { end, .. }) => *end,
            _ => self.place + 1,
        };
        Self { place, ..self }
    }

    /// What it is.
    #[inline(never)]
    pub fn view(self) -> View<'t> {
        match self.item() {
            Item::Null => View::Null,
            Item::Boolean(value) => View::Boolean(value),
            Item::Number(number) => View::Number(number),
            Item::Text(text) => View::Text(text),
            Item::Unescaped(number) => View::Text(self.tape.unescaped(number)),
            Item::List { .. } => View::List(self.elements()),
            Item::Object { .. } => View::Object(self.members()),
        }
    }

    /// The member of an object; `None` if there is none or this is no object.
    #[inline(never)]
    pub fn get(self, name: &str) -> Option<Self> {
        let mut found = None;
        for (of, value) in self.members() {
            if of == name {
                found = Some(value);
            }
        }
        found
    }

    /// The member of an object, where null counts as absent.
    pub fn some(self, name: &str) -> Option<Self> {
        self.get(name).filter(|value| !value.is_null())
    }

    /// The text, if this is one.
    pub fn text(self) -> Option<&'t str> {
        match self.tape.items.get(self.place)? {
            Item::Text(text) => Some(text),
            Item::Unescaped(number) => Some(self.tape.unescaped(*number)),
            _ => None,
        }
    }

    /// The number, if this is one.
    pub fn number(self) -> Option<f64> {
        match self.item() {
            Item::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The elements; none if this is no list.
    pub fn elements(self) -> Elements<'t> {
        let count = match self.item() {
            Item::List { count, .. } => count,
            _ => 0,
        };
        let next = self.next();
        Elements { next, count }
    }

    /// The members; none if this is no object.
    pub fn members(self) -> Members<'t> {
        let count = match self.item() {
            Item::Object { count, .. } => count,
            _ => 0,
        };
        let next = self.next();
        Members { next, count }
    }

    /// Whether this is null.
    pub fn is_null(self) -> bool {
        matches!(self.item(), Item::Null)
    }

    /// Whether this is an object.
    pub fn is_object(self) -> bool {
        matches!(self.item(), Item::Object { .. })
    }

    /// The value as a tree of its own.
    pub fn tree(self) -> Json<'t> {
        self.tape.tree_at(&mut { self.place })
    }
}

/// Whether they are the same as trees.
impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.tree() == other.tree()
    }
}

impl<'t> Elements<'t> {
    /// No elements, of any document.
    pub fn none(of: Node<'t>) -> Self {
        Self { next: of, count: 0 }
    }
}

impl<'t> Iterator for Elements<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        self.count = self.count.checked_sub(1)?;
        let element = self.next;
        self.next = element.behind();
        Some(element)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl ExactSizeIterator for Elements<'_> {}

impl<'t> Iterator for Members<'t> {
    type Item = (&'t str, Node<'t>);

    fn next(&mut self) -> Option<Self::Item> {
        self.count = self.count.checked_sub(1)?;
        let name = self.next.text().unwrap_or("");
        let value = self.next.next();
        self.next = value.behind();
        Some((name, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl ExactSizeIterator for Members<'_> {}

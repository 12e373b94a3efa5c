//! Puts an element into a page while the page streams by.
//!
//! The element goes right behind the start tag of `head`. Bytes are passed on as they come; only where they are cut is
//! found out, so memory does not depend on the size of the page. When in doubt nothing is put in: a page without a `head` tag
//! of its own, or with something unusual before it, stays as it is.

/// How many bytes are looked at. A page whose `head` begins later stays as it is.
const LIMIT: usize = 64 * 1024;

/// Finds the place in the chunks of one page.
///
/// ```
/// use flagstone_edge::HeadFinder;
///
/// let mut finder = HeadFinder::new();
/// assert_eq!(finder.place(b"<!doctype html><he"), None);
/// assert_eq!(finder.place(b"ad><title>"), Some(3), "behind the `>` of the second chunk");
/// assert!(finder.is_done());
/// ```
#[derive(Clone, Debug)]
pub struct HeadFinder {
    state: State,
    /// Bytes looked at.
    seen: usize,
}

/// Where in the page the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the very beginning: so many bytes of a byte order mark have been seen.
    Start(u8),
    /// Between tags.
    Between,
    /// Behind `<`.
    Open,
    /// Behind `<!`, and so many `-`.
    Markup(u8),
    /// In a doctype or the like, up to `>`.
    Declaration,
    /// In a comment; so many `-` have just been seen, up to 2. The flag is for its very beginning.
    Comment { dashes: u8, is_new: bool },
    /// In the name of a start tag: which letters of `html` or `head` fit so far.
    Name { html: bool, head: bool, len: u8 },
    /// In the attributes of `html` (`false`) or `head` (`true`), outside quotes.
    Attributes { is_head: bool, expects_value: bool },
    /// In a quoted value.
    Quoted { is_head: bool, quote: u8 },
    /// Nothing is to be found any more.
    Done,
}

impl HeadFinder {
    /// For a page that begins with the next chunk.
    pub fn new() -> Self {
        Self {
            state: State::Start(0),
            seen: 0,
        }
    }

    /// Looks at the next chunk; gives how many of its bytes come before the element, if its place is in this chunk.
    pub fn place(&mut self, chunk: &[u8]) -> Option<usize> {
        for (index, byte) in chunk.iter().enumerate() {
            if self.state == State::Done {
                return None;
            }
            self.seen += 1;
            if self.seen > LIMIT {
                self.state = State::Done;
                return None;
            }
            let next = step(self.state, *byte);
            self.state = next.unwrap_or(State::Done);
            if next.is_none() {
                return Some(index + 1);
            }
        }
        None
    }

    /// Whether the rest of the page need not be looked at.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }
}

impl Default for HeadFinder {
    fn default() -> Self {
        Self::new()
    }
}

/// The state behind a byte; `None` if it ends the start tag of `head`.
fn step(state: State, byte: u8) -> Option<State> {
    use State::{
        Attributes, Between, Comment, Declaration, Done, Markup, Name, Open, Quoted, Start,
    };
    const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
    Some(match (state, byte) {
        (Start(seen), _) if MARK.get(usize::from(seen)) == Some(&byte) => Start(seen + 1),
        (Start(0 | 3) | Between, byte) => match byte {
            b'<' => Open,
            byte if is_space(byte) => Between,
            // Text begins the body, whose `head` was never written.
            _ => Done,
        },
        (Start(_), _) => Done,

        (Open, b'!') => Markup(0),
        (Open, byte) if byte.is_ascii_alphabetic() => step(
            Name {
                html: true,
                head: true,
                len: 0,
            },
            byte,
        )?,
        (Open, _) => Done,

        (Markup(0), b'-') => Markup(1),
        (Markup(1), b'-') => Comment {
            dashes: 0,
            is_new: true,
        },
        (Markup(_), b'>') => Between,
        (Markup(_), _) => Declaration,
        (Declaration, b'>') => Between,
        (Declaration, _) => Declaration,

        // `<!-->` and `<!--->` are comments too.
        (Comment { dashes: 2.., .. } | Comment { is_new: true, .. }, b'>') => Between,
        (Comment { dashes, is_new }, b'-') => Comment {
            dashes: (dashes + 1).min(2),
            is_new: is_new && dashes == 0,
        },
        // `--!>` ends a comment as well.
        (Comment { dashes: 2.., .. }, b'!') => Comment {
            dashes: 2,
            is_new: false,
        },
        (Comment { .. }, _) => Comment {
            dashes: 0,
            is_new: false,
        },

        (Name { html, head, len }, byte) => {
            let is_whole = usize::from(len) == 4;
            match byte {
                b'>' if head && is_whole => return None,
                b'>' if html && is_whole => Between,
                byte if (is_space(byte) || byte == b'/') && is_whole && (html || head) => {
                    Attributes {
                        is_head: head,
                        expects_value: false,
                    }
                }
                byte => {
                    let fits = |name: &[u8; 4]| {
                        name.get(usize::from(len))
                            .is_some_and(|letter| byte.eq_ignore_ascii_case(letter))
                    };
                    let (html, head) = (html && fits(b"html"), head && fits(b"head"));
                    // Any other tag opens the body, or a `head` that was not written.
                    if html || head {
                        Name {
                            html,
                            head,
                            len: len + 1,
                        }
                    } else {
                        Done
                    }
                }
            }
        }

        (Attributes { is_head: true, .. }, b'>') => return None,
        (Attributes { is_head: false, .. }, b'>') => Between,
        (
            Attributes {
                is_head,
                expects_value: true,
            },
            b'"' | b'\'',
        ) => Quoted {
            is_head,
            quote: byte,
        },
        (
            Attributes {
                is_head,
                expects_value,
            },
            byte,
        ) => Attributes {
            is_head,
            expects_value: byte == b'=' || expects_value && is_space(byte),
        },
        (Quoted { is_head, quote }, byte) if byte == quote => Attributes {
            is_head,
            expects_value: false,
        },
        (quoted @ Quoted { .. }, _) => quoted,
        (Done, _) => Done,
    })
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)
}

#[cfg(test)]
mod tests;

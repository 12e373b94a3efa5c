//! The evaluation context: attributes from the parts of a request, asked for only when a rule reads them.

use crate::head::{GeoField, RequestHead};
use crate::identity::{Identity, identify};
use crate::language::preferred;
use crate::parts::Parts;
use crate::query::parameter;
use flagstone_core::layout::{EdgeRecord, SourceKind};
use flagstone_core::{
    Attribute, AttributeIndex, AttributeValue, Attributes, Snapshot, parse_number,
};
use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::fmt::{Display, Write as _};

/// Gives 16 random bytes, as often as it can.
pub(crate) type Entropy<'e> = dyn FnMut() -> Option<[u8; 16]> + 'e;

/// What a program says of the one that it asks about.
#[derive(Clone, Copy)]
pub(crate) struct Given<'g> {
    pub attributes: &'g dyn Attributes,
    /// Whether it asks for the visitor whose request it is: what it does not say is taken from there. Else nothing is.
    pub is_visitor: bool,
}

/// Attributes of one request; each is fetched once.
pub(crate) struct Context<'p, 'n, H> {
    parts: &'p Parts<'n, H>,
    snapshot: Snapshot<'n>,
    edge: EdgeRecord,
    entropy: Cell<Option<&'p mut Entropy<'p>>>,
    /// What came of it: asked for once a request, for an id and for chance alike.
    drawn: OnceCell<Option<[u8; 16]>>,
    given: Option<Given<'p>>,
    /// Whether somebody asked for a targeting key where there is none.
    lacks_key: Cell<bool>,
    identity: OnceCell<Identity<'p>>,
    values: Vec<OnceCell<Value<'p>>>,
}

enum Value<'p> {
    Missing,
    Boolean(bool),
    Number(f64),
    Text(Cow<'p, str>),
}

impl<'p, 'n, H: RequestHead> Context<'p, 'n, H> {
    pub fn new(
        parts: &'p Parts<'n, H>,
        snapshot: Snapshot<'n>,
        edge: EdgeRecord,
        entropy: &'p mut Entropy<'p>,
    ) -> Self {
        let count = usize::from(snapshot.attribute_count());
        Self {
            parts,
            snapshot,
            edge,
            entropy: Cell::new(Some(entropy)),
            given: None,
            lacks_key: Cell::new(false),
            drawn: OnceCell::new(),
            identity: OnceCell::new(),
            values: (0..count).map(|_| OnceCell::new()).collect(),
        }
    }

    /// The same for whom a program says. Nobody gets an id that is not had already.
    #[cfg(feature = "answers")]
    pub fn given(self, given: Given<'p>) -> Self {
        Self {
            given: Some(given),
            ..self
        }
    }

    /// Whether since the last time somebody asked for a targeting key where there is none.
    #[cfg(feature = "answers")]
    pub fn take_lack(&self) -> bool {
        self.lacks_key.take()
    }

    /// The visitor, if something asked who it is.
    pub fn identity(&self) -> Option<&Identity<'p>> {
        self.identity.get()
    }

    fn identify(&self) -> &Identity<'p> {
        self.identity.get_or_init(|| {
            let mint = || self.given.is_none().then(|| self.draw()).flatten();
            identify(self.parts, &self.snapshot, &self.edge, mint)
        })
    }

    fn draw(&self) -> Option<[u8; 16]> {
        *self
            .drawn
            .get_or_init(|| self.entropy.take().and_then(|entropy| entropy()))
    }

    /// From 1 to 10,001.
    fn random(&self) -> Option<u64> {
        let drawn = self.draw()?;
        Some(u64::from_le_bytes(*drawn.first_chunk()?) % 10_001 + 1)
    }

    #[inline(never)]
    fn fetch(&self, attribute: Attribute<'n>) -> Value<'p> {
        let parts = self.parts;
        let name = attribute.source_name;
        if self.given.is_some_and(|given| !given.is_visitor)
            && attribute.source != SourceKind::Random
        {
            return Value::Missing;
        }
        let text = match attribute.source {
            SourceKind::Nothing | SourceKind::TargetingKey | SourceKind::Element => None,
            SourceKind::Header => parts.header_text(name).map(Cow::Borrowed),
            SourceKind::Cookie => parts.cookie(name).map(Cow::Borrowed),
            SourceKind::Method => Some(parts.head.method().to_ascii_uppercase().into()),
            SourceKind::Host => Some(Cow::Borrowed(&*parts.host)),
            SourceKind::Path => Some(Cow::Borrowed(&*parts.path)),
            SourceKind::UserAgent => parts.header_text("user-agent").map(Cow::Borrowed),
            SourceKind::Bot => return Value::Boolean(parts.is_bot()),
            SourceKind::Gpc => return Value::Boolean(parts.has_gpc()),
            SourceKind::Prefetch => return Value::Boolean(parts.is_prefetch()),
            computed => return self.compute(computed, name),
        };
        text.map_or(Value::Missing, Value::Text)
    }

    /// What does not lie there as it is.
    #[inline(never)]
    fn compute(&self, source: SourceKind, name: &str) -> Value<'p> {
        let parts = self.parts;
        let text = match source {
            SourceKind::Query => parts.head.query().and_then(|query| parameter(query, name)),
            SourceKind::Language => parts
                .header_text("accept-language")
                .and_then(preferred)
                .map(Cow::Owned),
            SourceKind::ClientIp => parts.head.client_ip().map(|address| text(address).into()),
            SourceKind::Random => self.random().map(|number| number.to_string().into()),
            SourceKind::GeoAsn | SourceKind::GeoLatitude | SourceKind::GeoLongitude => {
                let number = self.geo(source).and_then(|text| parse_number(&text));
                return number.map_or(Value::Missing, Value::Number);
            }
            place => self.geo(place),
        };
        text.map_or(Value::Missing, Value::Text)
    }

    fn geo(&self, kind: SourceKind) -> Option<Cow<'p, str>> {
        self.parts.head.geo(GeoField::of(kind)?)
    }
}

impl<H: RequestHead> Context<'_, '_, H> {
    fn key(&self) -> AttributeValue<'_> {
        let key = match self.given {
            Some(given) if !given.is_visitor => None,
            _ => self.identify().key.as_deref(),
        };
        if key.is_none() {
            self.lacks_key.set(true);
        }
        key.map_or(AttributeValue::Missing, AttributeValue::Text)
    }
}

impl<H: RequestHead> Attributes for Context<'_, '_, H> {
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        if let Some(given) = self.given {
            match given.attributes.attribute(index) {
                AttributeValue::Missing | AttributeValue::Null => {}
                value => return value,
            }
        }
        if index == AttributeIndex::TARGETING_KEY {
            return self.key();
        }
        let Some(place) = self.values.get(usize::from(index.0)) else {
            return AttributeValue::Missing;
        };
        let value = place.get_or_init(|| {
            self.snapshot
                .attribute(index)
                .map_or(Value::Missing, |of| self.fetch(of))
        });
        match value {
            Value::Missing => AttributeValue::Missing,
            Value::Boolean(value) => AttributeValue::Boolean(*value),
            Value::Number(number) => AttributeValue::Number(*number),
            Value::Text(text) => AttributeValue::Text(text),
        }
    }

    fn root(&self) -> AttributeValue<'_> {
        match self.given {
            Some(given) => given.attributes.root(),
            None => AttributeValue::Missing,
        }
    }
}

/// As text. `to_string` would have a panic for what cannot be written.
pub(crate) fn text(value: impl Display) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write!(text, "{value}");
    text
}

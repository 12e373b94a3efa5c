//! The names that a file may refer to: its flags, segments, origins, and the attributes of a context.

use std::collections::BTreeMap;

pub(crate) use flagstone_compile::model::is_token;
use flagstone_compile::model::{GeoField, Scalar, Source};

use crate::document::{Table, elements, entries, text};

/// Names of the document, gathered before anything that refers to them is read.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    /// Flags and their variants.
    pub(crate) flags: BTreeMap<&'a str, Vec<&'a str>>,
    /// Segments.
    pub(crate) segments: Vec<&'a str>,
    /// Origins, `stable` among them.
    pub(crate) origins: Vec<&'a str>,
    /// Goals.
    pub(crate) goals: Vec<&'a str>,
    /// Attributes of `[context]`.
    pub(crate) context: BTreeMap<String, Source>,
    /// Whether a flag service's document holds the flags.
    pub(crate) has_source: bool,
}

/// The type of an attribute at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Boolean,
    Number,
    Text,
}

impl Type {
    /// The type of a constant.
    pub(crate) fn of(constant: &Scalar) -> Self {
        match constant {
            Scalar::Boolean(_) => Self::Boolean,
            Scalar::Number(_) => Self::Number,
            Scalar::Text(_) => Self::Text,
        }
    }

    /// What it is called in messages.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Text => "text",
        }
    }
}

/// Where an attribute comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The edge knows it, or `[context]` says where it is.
    Known(Type),
    /// It would have a fixed source, but there is no such attribute.
    Impossible,
    /// It would be a header, but none can have its name.
    NoHeader,
    /// Only callers that pass it have it.
    Elsewhere,
}

impl Origin {
    /// Whether an attribute from here can equal a constant.
    pub(crate) fn fits(self, constant: &Scalar) -> bool {
        match self {
            Self::Known(found) => found == Type::of(constant),
            Self::Impossible | Self::NoHeader | Self::Elsewhere => true,
        }
    }
}

/// Attributes of the request, the client and the place that have a fixed name and source.
const FIXED: &[(&str, Source)] = &[
    ("request.method", Source::Method),
    ("request.host", Source::Host),
    ("request.path", Source::Path),
    ("request.language", Source::Language),
    ("request.user_agent", Source::UserAgent),
    ("request.bot", Source::Bot),
    ("request.gpc", Source::Gpc),
    ("request.prefetch", Source::Prefetch),
    ("request.random", Source::Random),
    ("client.ip", Source::ClientIp),
    ("geo.country", Source::Geo(GeoField::Country)),
    ("geo.region", Source::Geo(GeoField::Region)),
    ("geo.city", Source::Geo(GeoField::City)),
    ("geo.continent", Source::Geo(GeoField::Continent)),
    ("geo.postal_code", Source::Geo(GeoField::PostalCode)),
    ("geo.asn", Source::Geo(GeoField::Asn)),
    ("geo.timezone", Source::Geo(GeoField::Timezone)),
    ("geo.latitude", Source::Geo(GeoField::Latitude)),
    ("geo.longitude", Source::Geo(GeoField::Longitude)),
];

/// Attributes with a name of the author's choice behind them.
pub(crate) const COLLECTIONS: [&str; 3] = ["request.headers", "request.cookies", "request.query"];

/// First parts of names whose sources are fixed.
const FIXED_ROOTS: [&str; 3] = ["request", "client", "geo"];

impl<'a> Names<'a> {
    /// Gathers all names but those of `[context]`.
    pub(crate) fn gather(document: &'a Table<'_>) -> Self {
        let mut names = Self {
            origins: vec!["stable"],
            ..Self::default()
        };
        for (key, flag) in entries(document, "flags") {
            let variants = match flag.get_ref().as_table() {
                Some(flag) if flag.contains_key("variants") => entries(flag, "variants")
                    .map(|(name, _)| &**name.get_ref())
                    .collect(),
                _ => vec!["off", "on"],
            };
            names.flags.insert(key.get_ref(), variants);
        }
        names
            .goals
            .extend(entries(document, "goals").map(|(name, _)| &**name.get_ref()));
        names.has_source = document.contains_key("source");
        if names.has_source {
            names.gather_mentioned(document);
        }
        names
            .segments
            .extend(entries(document, "segments").map(|(key, _)| &**key.get_ref()));
        let origins = entries(document, "origins").map(|(name, _)| &**name.get_ref());
        names
            .origins
            .extend(origins.filter(|name| *name != "stable"));
        names
    }

    /// Flags, patterns of flags and variants that routes and exposure name.
    fn gather_mentioned(&mut self, document: &'a Table<'_>) {
        for route in elements(document, "routes") {
            let Some(route) = route.get_ref().as_table() else {
                continue;
            };
            if let Some((flag, _)) = text(route, "flag") {
                let variants = self.flags.entry(flag).or_default();
                for (variant, _) in entries(route, "variants") {
                    if !variants.contains(&&**variant.get_ref()) {
                        variants.push(variant.get_ref());
                    }
                }
            }
            self.gather_patterns(route, "flags");
        }
        let expose = document.get("expose").map(|node| node.get_ref());
        if let Some(expose) = expose.and_then(|expose| expose.as_table()) {
            self.gather_patterns(expose, "browser");
            self.gather_patterns(expose, "origin");
        }
    }

    fn gather_patterns(&mut self, table: &'a Table<'_>, key: &str) {
        for pattern in elements(table, key).filter_map(|node| node.get_ref().as_str()) {
            self.flags.entry(pattern).or_default();
        }
    }

    /// Keys of all flags.
    pub(crate) fn flag_keys(&self) -> impl Iterator<Item = &'a str> {
        self.flags.keys().copied()
    }

    /// Where an attribute comes from.
    pub(crate) fn origin(&self, attribute: &str) -> Origin {
        if attribute == flagstone_compile::model::TARGETING_KEY {
            return Origin::Known(Type::Text);
        }
        if let Some((_, source)) = FIXED.iter().find(|(name, _)| *name == attribute) {
            return Origin::Known(source_type(source));
        }
        match member(attribute) {
            None | Some((_, "")) => {}
            Some(("request.headers", name)) if !is_token(name) => return Origin::NoHeader,
            Some(_) => return Origin::Known(Type::Text),
        }
        if is_fixed(attribute) {
            return Origin::Impossible;
        }
        self.context
            .get(attribute)
            .map_or(Origin::Elsewhere, |source| {
                Origin::Known(source_type(source))
            })
    }

    /// All attributes that have a source, for suggestions.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &str> {
        FIXED
            .iter()
            .map(|(name, _)| *name)
            .chain([flagstone_compile::model::TARGETING_KEY])
            .chain(self.context.keys().map(String::as_str))
    }
}

/// Whether the source of an attribute is fixed, so that `[context]` cannot give it another.
pub(crate) fn is_fixed(attribute: &str) -> bool {
    let root = attribute.split(['.', '[']).next().unwrap_or(attribute);
    FIXED_ROOTS.contains(&root)
}

/// The one spelling of an attribute's name: steps that are no identifiers stand in brackets, but for the parts of a
/// request, and names of headers have no case.
pub(crate) fn canonical(name: &str) -> String {
    steps(name).map_or_else(|| name.to_owned(), |steps| spell(&steps))
}

/// The name of the attribute that is reached by these steps: `user.email`, `user["a/b"]`, `request.headers.x-beta`.
pub(crate) fn spell<S: AsRef<str>>(steps: &[S]) -> String {
    let mut name = String::new();
    for step in steps.iter().map(AsRef::as_ref) {
        if COLLECTIONS.contains(&name.as_str()) || name.starts_with("request.") {
            name.push('.');
            name.push_str(step);
        } else if is_identifier(step) {
            name.push_str(if name.is_empty() { "" } else { "." });
            name.push_str(step);
        } else {
            name.push('[');
            name.push_str(&serde_json::Value::from(step).to_string());
            name.push(']');
        }
    }
    match name.starts_with("request.headers.") {
        true => name.to_ascii_lowercase(),
        false => name,
    }
}

/// The steps that a name spells, with dots or in brackets; `None` if it spells none.
pub(crate) fn steps(name: &str) -> Option<Vec<String>> {
    let mut steps = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('[') {
            let mut texts = serde_json::Deserializer::from_str(quoted).into_iter::<String>();
            steps.push(texts.next()?.ok()?);
            rest = quoted.get(texts.byte_offset()..)?.strip_prefix(']')?;
            continue;
        }
        let text = match steps.is_empty() {
            true => rest,
            false => rest.strip_prefix('.')?,
        };
        let end = text.find(['.', '[']).unwrap_or(text.len());
        let (step, behind) = text.split_at_checked(end)?;
        if step.is_empty() {
            return None;
        }
        steps.push(step.to_owned());
        rest = behind;
    }
    (!steps.is_empty()).then_some(steps)
}

/// Whether text can stand behind a dot.
pub(crate) fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A collection and the name within it: `x-beta` of `request.headers.x-beta`.
pub(crate) fn member(attribute: &str) -> Option<(&'static str, &str)> {
    COLLECTIONS.into_iter().find_map(|collection| {
        let name = attribute.strip_prefix(collection)?.strip_prefix('.')?;
        Some((collection, name))
    })
}

/// The type that a source gives.
fn source_type(source: &Source) -> Type {
    match source {
        Source::Bot | Source::Gpc | Source::Prefetch => Type::Boolean,
        Source::Geo(GeoField::Asn | GeoField::Latitude | GeoField::Longitude) => Type::Number,
        _ => Type::Text,
    }
}

/// Reads a source: `header:NAME`, `cookie:NAME`, `query:NAME`, or the name of a fixed attribute, without `request.`.
pub(crate) fn parse_source(text: &str) -> Option<Source> {
    match text.split_once(':') {
        Some(("header", name)) => is_token(name).then(|| Source::Header(name.to_ascii_lowercase())),
        Some(("cookie", name)) => is_token(name).then(|| Source::Cookie(name.to_owned())),
        Some(("query", name)) => (!name.is_empty()).then(|| Source::Query(name.to_owned())),
        Some(_) => None,
        None => FIXED
            .iter()
            .find(|(name, _)| name.strip_prefix("request.").unwrap_or(name) == text)
            .map(|(_, source)| source.clone()),
    }
}

/// Whether text can be the name of an attribute: steps with dots between them or in brackets.
pub(crate) fn is_attribute(text: &str) -> bool {
    text.len() <= 255 && steps(text).is_some()
}

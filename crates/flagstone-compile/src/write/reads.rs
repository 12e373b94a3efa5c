//! Which attributes a flag's decision depends on, and which request headers those come from.

use super::Writer;
use crate::finding::Finding;
use crate::model::{ELEMENT, Source, TARGETING_KEY};
use flagstone_core::layout::{
    AttributeRecord, Record, Section, SourceKind, TextRecord, VaryRecord,
};

/// Whose condition it is.
#[derive(Clone, Copy)]
pub(super) enum Reader {
    Flag(u32),
    Segment(u32),
}

/// What one flag or segment reads by itself, each in ascending order.
#[derive(Clone, Default)]
struct Direct {
    attributes: Vec<u32>,
    flags: Vec<u32>,
    segments: Vec<u32>,
}

/// Adds a number to a list in ascending order; whether it was not there.
fn add(list: &mut Vec<u32>, number: u32) -> bool {
    match list.binary_search(&number) {
        Ok(_) => false,
        Err(place) => {
            list.insert(place, number);
            true
        }
    }
}

/// What flags and segments read, collected while conditions are written.
pub(super) struct Reads {
    flags: Vec<Direct>,
    segments: Vec<Direct>,
}

impl Reads {
    pub(super) fn new(flags: usize, segments: usize) -> Self {
        Self {
            flags: vec![Direct::default(); flags],
            segments: vec![Direct::default(); segments],
        }
    }

    pub(super) fn flag(&mut self, reader: Reader, flag: u32) {
        self.of(reader, |direct| add(&mut direct.flags, flag));
    }

    pub(super) fn segment(&mut self, reader: Reader, segment: u32) {
        self.of(reader, |direct| add(&mut direct.segments, segment));
    }

    fn attribute(&mut self, reader: Reader, attribute: u16) {
        self.of(reader, |direct| {
            add(&mut direct.attributes, attribute.into())
        });
    }

    fn of(&mut self, reader: Reader, change: impl FnOnce(&mut Direct) -> bool) {
        let direct = match reader {
            Reader::Flag(index) => self.flags.get_mut(index as usize),
            Reader::Segment(index) => self.segments.get_mut(index as usize),
        };
        direct.map(change);
    }

    /// Calls `visit` for all attributes that a flag's decision depends on, through prerequisites and segments too; for some
    /// more than once.
    fn each(&self, flag: u32, mut visit: impl FnMut(u32)) {
        if let Some(direct) = self.flags.get(flag as usize)
            && direct.flags.is_empty()
            && direct.segments.is_empty()
        {
            // As a rule that is all.
            return direct.attributes.iter().copied().for_each(visit);
        }
        let (mut flags, mut segments) = (vec![flag], Vec::new());
        let mut open = vec![Reader::Flag(flag)];
        while let Some(reader) = open.pop() {
            let direct = match reader {
                Reader::Flag(index) => self.flags.get(index as usize),
                Reader::Segment(index) => self.segments.get(index as usize),
            };
            let Some(direct) = direct else { continue };
            direct.attributes.iter().copied().for_each(&mut visit);
            for flag in &direct.flags {
                if add(&mut flags, *flag) {
                    open.push(Reader::Flag(*flag));
                }
            }
            for segment in &direct.segments {
                if add(&mut segments, *segment) {
                    open.push(Reader::Segment(*segment));
                }
            }
        }
    }
}

impl Writer<'_> {
    /// The number of an attribute that a condition or a split reads.
    pub(super) fn read_attribute(&mut self, name: &str, reader: Reader, path: &str) -> u16 {
        let attribute = self.attribute(name, path);
        self.reads.attribute(reader, attribute);
        attribute
    }

    /// The number of an attribute.
    pub(super) fn attribute(&mut self, name: &str, path: &str) -> u16 {
        if let Some(attribute) = self.attributes.get(name.as_bytes()) {
            return attribute as u16;
        }
        let (kind, source_name) = self.source_of(name);
        let (name_offset, name_len) = self.short_text(name, path);
        let (source_offset, source_len) = self.short_text(&source_name, path);
        let record = AttributeRecord {
            name_offset,
            source_offset,
            name_len,
            source_len,
            source: kind as u16,
            words_count: 0,
            words: 0,
        };
        let number = self.attribute_records.len();
        self.attribute_records.push(record);
        let number = self.small(number, "attributes", path);
        self.attributes.insert(name.as_bytes(), number.into());
        self.names.push(name.to_owned());
        number
    }

    /// Where the edge finds an attribute: as the model says, else by its well-known name.
    fn source_of(&self, name: &str) -> (SourceKind, String) {
        if name == TARGETING_KEY {
            return (SourceKind::TargetingKey, String::new());
        }
        if let Some(path) = name.strip_prefix(ELEMENT) {
            return (SourceKind::Element, path.to_owned());
        }
        let given = self
            .model
            .edge
            .attributes
            .iter()
            .find(|(attribute, _)| attribute == name);
        match given
            .map(|(_, source)| source.clone())
            .or_else(|| Source::well_known(name))
        {
            Some(source) => code(&source),
            None => (SourceKind::Nothing, String::new()),
        }
    }

    /// For each flag, the record of the request headers that its decision depends on.
    pub(super) fn vary(&mut self) -> Vec<u16> {
        let identity = self.identity_headers();
        let mut names: Vec<String> = Vec::new();
        // For each attribute the bits of the headers that it comes from.
        let mut bits = Vec::with_capacity(self.names.len());
        for attribute in &self.names {
            let (kind, name) = self.source_of(attribute);
            let headers = match kind {
                SourceKind::TargetingKey => identity.clone(),
                kind => header(kind, &name).into_iter().collect(),
            };
            let bits_of = headers.into_iter().fold(0, |bits, header| {
                let known = names.iter().position(|name| *name == header);
                let bit = known.unwrap_or_else(|| {
                    names.push(header);
                    names.len() - 1
                });
                bits | 1u64.checked_shl(bit as u32).unwrap_or(0)
            });
            bits.push(bits_of);
        }
        let mut records = Vec::with_capacity(self.model.flags.len());
        for slot in 0..self.model.flags.len() as u32 {
            let mut record = VaryRecord { names: 0 };
            self.reads.each(slot, |attribute| {
                record.names |= bits.get(attribute as usize).copied().unwrap_or(0);
            });
            let record = self.tables.share(Section::Vary, record.write().as_ref());
            records.push(self.small(record as usize, "sets of request headers", "/context"));
        }
        if names.len() > 64 {
            let message = text!(
                "decisions depend on {} request headers, at most 64 are possible",
                names.len()
            );
            self.findings.push(
                Finding::error("too-many-headers", "/context", message).help(
                    "every one of them is a reason for caches to keep another copy; read fewer",
                ),
            );
        }
        for name in &names {
            let (offset, len) = self.tables.long_text(name);
            self.tables
                .push(Section::VaryNames, &TextRecord { offset, len });
        }
        records
    }

    fn identity_headers(&self) -> Vec<String> {
        let identity = &self.model.edge.identity;
        let mut headers: Vec<String> = Vec::new();
        let sources = identity
            .sources
            .iter()
            .map(code)
            .filter_map(|(kind, name)| header(kind, &name));
        for name in sources.chain(identity.anonymous.iter().map(|_| "cookie".to_owned())) {
            if !headers.contains(&name) {
                headers.push(name);
            }
        }
        headers
    }
}

/// A source as the layout says it.
pub(super) fn code(source: &Source) -> (SourceKind, String) {
    let kind = match source {
        Source::Header(name) => return (SourceKind::Header, name.clone()),
        Source::Cookie(name) => return (SourceKind::Cookie, name.clone()),
        Source::Query(name) => return (SourceKind::Query, name.clone()),
        Source::Method => SourceKind::Method,
        Source::Host => SourceKind::Host,
        Source::Path => SourceKind::Path,
        Source::Language => SourceKind::Language,
        Source::UserAgent => SourceKind::UserAgent,
        Source::Bot => SourceKind::Bot,
        Source::Gpc => SourceKind::Gpc,
        Source::Prefetch => SourceKind::Prefetch,
        Source::ClientIp => SourceKind::ClientIp,
        Source::Random => SourceKind::Random,
        Source::Geo(field) => field.source(),
    };
    (kind, String::new())
}

/// The request header that a source reads: `*` for places, addresses and chance, which no header shows; none for the parts of the
/// URL, which every cache has in its key anyway.
fn header(kind: SourceKind, name: &str) -> Option<String> {
    Some(match kind {
        SourceKind::Header => name.to_ascii_lowercase(),
        SourceKind::Cookie => "cookie".to_owned(),
        SourceKind::Language => "accept-language".to_owned(),
        SourceKind::UserAgent | SourceKind::Bot => "user-agent".to_owned(),
        SourceKind::Gpc => "sec-gpc".to_owned(),
        SourceKind::Prefetch => "sec-purpose".to_owned(),
        SourceKind::ClientIp
        | SourceKind::Random
        | SourceKind::GeoCountry
        | SourceKind::GeoRegion
        | SourceKind::GeoCity
        | SourceKind::GeoContinent
        | SourceKind::GeoPostalCode
        | SourceKind::GeoAsn
        | SourceKind::GeoTimezone
        | SourceKind::GeoLatitude
        | SourceKind::GeoLongitude => "*".to_owned(),
        SourceKind::Nothing
        | SourceKind::TargetingKey
        | SourceKind::Query
        | SourceKind::Method
        | SourceKind::Host
        | SourceKind::Path
        | SourceKind::Element => return None,
    })
}

//! What a configuration can ask of a request.

use crate::character::{self, HEADER};
use crate::configuration::Configuration;
use crate::head::GeoField;
use crate::identity::Anonymous;
use crate::route::diverts;
use flagstone_core::layout::{
    ActionRecord, EdgeRecord, NONE, NONE16, OriginRecord, RepeatKind, RouteRecord, Section,
    SourceKind, SourceRecord, switch,
};
use flagstone_core::{AttributeIndex, Snapshot};

/// The parts that planning a request may ask for, beside its method and URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asks {
    /// Names of headers, in small letters.
    pub headers: Vec<String>,
    /// What the platform knows of the client's place.
    pub geo: Vec<GeoField>,
    /// Whether also the client's address.
    pub client_ip: bool,
}

impl Asks {
    /// None.
    pub const fn new() -> Self {
        Self {
            headers: Vec::new(),
            geo: Vec::new(),
            client_ip: false,
        }
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.headers.len() + self.geo.len() + usize::from(self.client_ip)
    }

    /// Those of a configuration.
    pub fn of(configuration: &Configuration) -> Self {
        let mut asks = Self::new();
        let snapshot = configuration.snapshot();
        let edge = snapshot.and_then(|snapshot| snapshot.record(Section::Edge, 0));
        if let (Some(snapshot), Some(edge)) = (snapshot, edge) {
            asks.read(&snapshot, &edge);
        }
        asks
    }

    fn read(&mut self, snapshot: &Snapshot<'_>, edge: &EdgeRecord) {
        // For bots and prefetches, whatever the flags are.
        self.header("user-agent");
        self.header("sec-purpose");
        if Anonymous::read(snapshot, edge).is_some() {
            self.header("cookie");
            self.header("sec-gpc");
        }
        let is_on = |switches: u16| edge.switches & switches != 0;
        if is_on(switch::SCRIPT | switch::COOKIE | switch::FOLLOW_PAGE) {
            self.header("sec-fetch-mode");
            self.header("accept");
        }
        if is_on(switch::FOLLOW_PAGE) {
            self.header("sec-fetch-dest");
        }
        if is_on(switch::COOKIE | switch::FOLLOW_PAGE) {
            self.header("cookie");
            self.header("sec-gpc");
        }
        let sources = snapshot.records::<SourceRecord>(Section::Sources, 0, NONE);
        for source in sources {
            let name = snapshot.text(source.name_offset, source.name_len.into());
            if let (Some(kind), Some(name)) = (SourceKind::from_code(source.kind), name) {
                self.source(kind, name);
            }
        }
        let attributes = (0..snapshot.attribute_count()).map(AttributeIndex);
        for attribute in attributes.filter_map(|index| snapshot.attribute(index)) {
            self.source(attribute.source, attribute.source_name);
        }
        // Whether a request may be sent a second time.
        let mut origins = snapshot.records::<OriginRecord>(Section::Origins, 0, NONE);
        let falls_back = origins.any(|origin| origin.fallback != NONE16);
        if falls_back {
            self.header("content-length");
            self.header("transfer-encoding");
        }
        // Whether its variants are compared, and what is noted of that at the visitor.
        if falls_back || snapshot.plans().next().is_some() {
            self.header("cookie");
            self.header("sec-gpc");
        }
        let mut routes = snapshot.records::<RouteRecord>(Section::Routes, 0, NONE);
        if routes.any(|route| route.repeat == RepeatKind::Keyed as u16) {
            self.header("idempotency-key");
        }
        for action in snapshot.records::<ActionRecord>(Section::Actions, 0, NONE) {
            // A cookie that is there is not set again.
            if action.cookies_count > 0 {
                self.header("cookie");
            }
            // The dates of what the visitor has are not passed on.
            if diverts(&action) {
                self.header("if-range");
            }
        }
    }

    fn source(&mut self, kind: SourceKind, name: &str) {
        match kind {
            SourceKind::Header => self.header(name),
            SourceKind::Cookie => self.header("cookie"),
            SourceKind::Language => self.header("accept-language"),
            SourceKind::UserAgent | SourceKind::Bot => self.header("user-agent"),
            SourceKind::Gpc => self.header("sec-gpc"),
            SourceKind::Prefetch => self.header("sec-purpose"),
            SourceKind::ClientIp => self.client_ip = true,
            place => {
                if let Some(field) = GeoField::of(place).filter(|field| !self.geo.contains(field)) {
                    self.geo.push(field);
                }
            }
        }
    }

    /// What is no name of a header is in no request, and to ask for it fails.
    fn header(&mut self, name: &str) {
        if character::all(name, HEADER) && !self.headers.iter().any(|other| other == name) {
            self.headers.push(name.to_owned());
        }
    }
}

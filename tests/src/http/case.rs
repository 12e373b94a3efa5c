//! The form of a case.

use std::collections::BTreeMap;

use flagstone_core::Digest;
use serde::Deserialize;
use serde_json::json;

use crate::hosts::{Headers, Location, Request, Response};
use crate::published::Published;

/// A file of cases.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// A `flagstone.toml`.
    pub config: String,
    /// Further values of the store, by key: documents of flag services. Keys are of one file only.
    #[serde(default)]
    pub documents: BTreeMap<String, String>,
    /// The cases.
    #[serde(rename = "case")]
    pub cases: Vec<Case>,
}

/// A request, what an origin answers, and what must come of both.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows.
    pub name: String,
    #[serde(default)]
    pub(super) store: Store,
    /// Whether the host has held a good configuration before the store came into its state.
    #[serde(default)]
    pub held: bool,
    #[serde(default)]
    location: Place,
    request: Message,
    #[serde(default)]
    origin: Message,
    /// What single origins answer instead, by name.
    #[serde(default)]
    origins: BTreeMap<String, Message>,
    /// Host and the reason why it does something else, which is not looked at.
    #[serde(default)]
    pub differs: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) expect: Expect,
}

/// What lies in the store: by default a control document of revision 7 that names the snapshot of the file's `config`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// There is no control document.
    no_control: bool,
    /// The text of the control document, where `DIGEST` stands for the snapshot's name, `REVISION` for its revision.
    control: Option<String>,
    /// Its revision.
    revision: Option<u64>,
    /// Its kills.
    kills: BTreeMap<String, String>,
    /// `absent`, `damaged` (its content is not what its name says), `garbage` (it is no snapshot).
    snapshot: Option<Broken>,
}

/// What can be wrong with the snapshot that the control document names.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Broken {
    Absent,
    Damaged,
    Garbage,
}

/// What the platform knows of the visitor's place.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Place {
    country: Option<String>,
    region: Option<String>,
    city: Option<String>,
    continent: Option<String>,
    postal_code: Option<String>,
    asn: Option<u32>,
    timezone: Option<String>,
    coordinates: Option<(f64, f64)>,
}

/// A request or a response.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Message {
    method: Option<String>,
    pub path: Option<String>,
    pub status: Option<u16>,
    pub headers: BTreeMap<String, Values>,
    /// In what is expected of the visitor's response a regular expression after `~`.
    pub body: Option<String>,
    /// Of an origin: it closes the connection instead of answering.
    unreachable: bool,
}

/// What is expected.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Expect {
    pub origin: Option<String>,
    /// Every origin that is asked, if it is not one; the last one's answer goes to the visitor.
    pub asked: Option<Vec<String>>,
    pub request: Message,
    pub response: Message,
}

/// One value or the values of several lines.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Values {
    One(Value),
    Several(Vec<Value>),
}

/// The value of a header.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Text; in expectations a regular expression after `~`.
    Text(String),
    /// Bytes, which may be no text.
    Bytes {
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Text that is repeated.
    Long {
        /// What is repeated.
        repeat: String,
        /// How often.
        times: usize,
        /// What follows.
        then: String,
    },
}

impl Values {
    pub fn all(&self) -> &[Value] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Several(values) => values,
        }
    }
}

impl Value {
    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.as_bytes().to_vec(),
            Self::Bytes { bytes } => bytes.clone(),
            Self::Long {
                repeat,
                times,
                then,
            } => (repeat.repeat(*times) + then).into_bytes(),
        }
    }
}

impl Message {
    fn headers(&self) -> Headers {
        let mut headers = Headers::default();
        for (name, values) in &self.headers {
            for value in values.all() {
                headers.push(name, value.bytes());
            }
        }
        headers
    }

    fn body(&self) -> Vec<u8> {
        self.body.clone().unwrap_or_default().into_bytes()
    }
}

impl Case {
    /// The request: to `shop.example` unless it names another host.
    pub fn request(&self) -> Request {
        let mut headers = self.request.headers();
        if headers.all("host").next().is_none() {
            headers.push("host", "shop.example");
        }
        Request {
            method: self
                .request
                .method
                .clone()
                .unwrap_or_else(|| "GET".to_owned()),
            target: self.request.path.clone().unwrap_or_else(|| "/".to_owned()),
            headers,
            body: self.request.body(),
        }
    }

    /// Where the visitor is.
    pub fn location(&self) -> Location {
        let place = self.location.clone();
        Location {
            country: place.country,
            region: place.region,
            city: place.city,
            continent: place.continent,
            postal_code: place.postal_code,
            asn: place.asn,
            timezone: place.timezone,
            coordinates: place.coordinates,
        }
    }

    /// What an origin answers; `None` if it cannot be reached.
    pub fn answer(&self, origin: &str) -> Option<Response> {
        let message = self.origins.get(origin).unwrap_or(&self.origin);
        (!message.unreachable).then(|| Response {
            status: message.status.unwrap_or(200),
            headers: message.headers(),
            body: message.body(),
        })
    }

    /// The origins that are asked, the last of which answers the visitor.
    pub(super) fn asked(&self) -> Vec<&str> {
        match &self.expect.asked {
            Some(asked) => asked.iter().map(String::as_str).collect(),
            None => vec![self.expect.origin.as_deref().unwrap_or("stable")],
        }
    }
}

impl Store {
    /// The control document, for a file with this configuration. `base` is added to its revision.
    pub fn control(&self, published: &Published, base: u64) -> Option<Vec<u8>> {
        if self.no_control {
            return None;
        }
        let digest = name(published, self.snapshot);
        let revision = base + self.revision.unwrap_or(super::run::REVISION);
        let document = match &self.control {
            Some(text) => text
                .replace("DIGEST", &digest)
                .replace("REVISION", &revision.to_string()),
            None => {
                let cut = published.cut.as_deref().map(digest_of);
                let cut = cut.map(|cut| (published.digest.to_string(), cut.to_string()));
                json!({
                    "version": 1,
                    "revision": revision,
                    "snapshot": digest,
                    "cuts": BTreeMap::from_iter(cut),
                    "kills": self.kills,
                })
                .to_string()
            }
        };
        Some(document.into_bytes())
    }

    /// Whether the snapshot is there, and is one.
    pub(super) fn has_snapshot(&self) -> bool {
        self.snapshot.is_none()
    }

    /// Everything but the control document that a case may find in the store.
    pub fn snapshots(published: &Published) -> Vec<(String, Vec<u8>)> {
        let damaged = name(published, Some(Broken::Damaged));
        // The digest in the header is that of the name, the content is another's.
        let digest = u128::from_str_radix(&damaged, 16)
            .unwrap_or_default()
            .to_le_bytes();
        let mut bytes = published.snapshot.clone();
        for (place, byte) in bytes.iter_mut().skip(16).zip(digest) {
            *place = byte;
        }
        let key = |name: &str| format!("snapshot/v1/{name}");
        let cut = published.cut.iter();
        let cut = cut.map(|cut| (key(&digest_of(cut).to_string()), cut.clone()));
        let others = [
            (published.key.clone(), published.snapshot.clone()),
            (key(&damaged), bytes),
            (
                key(&name(published, Some(Broken::Garbage))),
                b"not a snapshot".to_vec(),
            ),
        ];
        cut.chain(others).collect()
    }
}

fn digest_of(snapshot: &[u8]) -> Digest {
    let digest = snapshot.get(16..32).and_then(|bytes| bytes.first_chunk());
    Digest(u128::from_le_bytes(digest.copied().unwrap_or_default()))
}

/// A name for the snapshot, or for what is there instead.
fn name(published: &Published, broken: Option<Broken>) -> String {
    let digest = published.digest;
    match broken {
        None => digest.to_string(),
        Some(broken) => Digest::of(format!("{digest} {broken:?}").as_bytes()).to_string(),
    }
}

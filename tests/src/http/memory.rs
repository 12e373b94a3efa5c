//! A host in this process: the request pipeline with the thinnest shell around it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{SystemTime, UNIX_EPOCH};

use flagstone_core::UnixMillis;
use flagstone_edge::{
    Answer, Asked, Edit, Ended, Fetched, GeoField, HeadFinder, Need, Next, Node, Options, Plan,
    RequestHead, ResponseHead, Step, ledger::Isolate,
};
use flagstone_import::document::compile_document;
use flagstone_rollout::Outcome;

use crate::hosts::{
    CONTROL, GOALS_KEY, Headers, Host, Location, OFREP_KEY, Request, Response, Setting, http,
};

/// What visitors say about the connection to the edge.
const CONNECTION: [&str; 4] = ["connection", "keep-alive", "te", "upgrade"];

/// A shell in memory. It refreshes after every response.
pub struct Memory {
    node: RefCell<Node>,
    ledger: RefCell<Isolate>,
    origins: BTreeMap<String, String>,
    store: BTreeMap<String, Vec<u8>>,
}

impl Memory {
    /// A shell that has served nothing yet.
    pub fn start(setting: Setting<'_>) -> Self {
        let mut ledger = Isolate::new();
        ledger.sign_with(GOALS_KEY.as_bytes());
        let owned = |(key, value): &(&str, &[u8])| (key.to_string(), value.to_vec());
        Self {
            node: RefCell::new(Node::new(Options {
                ttl: 0,
                compile: Some(compile_document),
            })),
            ledger: RefCell::new(ledger),
            origins: setting
                .origins
                .iter()
                .map(|(name, url)| (name.to_string(), url.to_string()))
                .collect(),
            store: setting.store.iter().map(owned).collect(),
        }
    }

    fn fetch(&self, node: &mut Node) {
        let mut need = Some(Need::Control);
        while let Some(wanted) = need {
            let bytes = self.store.get(&wanted.key()).cloned();
            need = node.take(wanted, bytes.map_or(Fetched::Absent, Fetched::Bytes), now());
        }
    }

    fn forward(&self, plan: &Plan, request: &Request) -> Option<Response> {
        let mut request = request.clone();
        request.target.clone_from(&plan.path_and_query);
        // So do the platforms.
        apply(
            &CONNECTION.map(|name| Edit::Remove(name.into())),
            &mut request.headers,
        );
        apply(&plan.request_edits, &mut request.headers);
        http::send(self.origins.get(&plan.origin)?, &request).ok()
    }
}

impl Host for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn url(&self) -> &str {
        "memory:"
    }

    fn send(&self, request: &Request, location: &Location) -> io::Result<Response> {
        let mut node = self.node.borrow_mut();
        let step = node.next(now());
        if step == Step::Load {
            self.fetch(&mut node);
        }
        let head = Head::new(request, location);
        let entropy = || fastrand::u128(..).to_ne_bytes();
        let asked = Asked {
            body: (request.body.len() <= Asked::MAX_BODY).then_some(&request.body),
            key: Some(OFREP_KEY),
            is_limited: false,
            has_events: true,
        };
        if let Some(answer) = node.answer(&head, &asked, now(), entropy) {
            if step == Step::Refresh {
                self.fetch(&mut node);
            }
            return Ok(own(answer));
        }
        let mut ledger = self.ledger.borrow_mut();
        let mut plan = node.plan(&mut *ledger, &head, now(), entropy);
        let mut response = self.forward(&plan, request);
        let first = ended(response.as_ref());
        let mut last = Vec::new();
        match plan.ended(&mut *ledger, &first, now()) {
            Next::Respond(edits) => last = edits,
            Next::FailOver => {
                if let Some(fallback) = plan.fallback.take() {
                    response = self.forward(&fallback, request);
                    last = plan.stood_in(&mut *ledger, &first, &ended(response.as_ref()), now());
                    plan = *fallback;
                }
            }
        }
        let response = match response {
            Some(mut response) => {
                let changes = plan.respond(&Answered(&response));
                apply(&changes.edits, &mut response.headers);
                apply(&last, &mut response.headers);
                let place = |body: &[u8]| HeadFinder::new().place(body);
                if let Some((element, place)) = changes.element.zip(place(&response.body)) {
                    response.body.splice(place..place, element.into_bytes());
                }
                response
            }
            None => own(plan.unreachable()),
        };
        if step == Step::Refresh {
            self.fetch(&mut node);
        }
        Ok(response)
    }

    fn put(&mut self, key: &str, value: &[u8]) -> io::Result<()> {
        self.store.insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn log(&self) -> String {
        format!(
            "control: {:?}",
            self.store
                .get(CONTROL)
                .map(|text| text.escape_ascii().to_string())
        )
    }
}

/// A request as the pipeline sees it.
struct Head<'a> {
    request: &'a Request,
    location: &'a Location,
    host: String,
}

impl<'a> Head<'a> {
    fn new(request: &'a Request, location: &'a Location) -> Self {
        let host = request.headers.text("host").unwrap_or_default();
        Self {
            request,
            location,
            host,
        }
    }
}

impl RequestHead for Head<'_> {
    fn method(&self) -> &str {
        &self.request.method
    }

    fn scheme(&self) -> &str {
        "http"
    }

    fn host(&self) -> &str {
        &self.host
    }

    fn path(&self) -> &str {
        let target = &self.request.target;
        target.split_once('?').map_or(target, |(path, _)| path)
    }

    fn query(&self) -> Option<&str> {
        self.request.target.split_once('?').map(|(_, query)| query)
    }

    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let separator: &[u8] = if name == "cookie" { b"; " } else { b", " };
        // It is added on the way, as a client does.
        let len = || {
            (name == "content-length" && !self.request.body.is_empty())
                .then(|| self.request.body.len().to_string().into_bytes().into())
        };
        joined(&self.request.headers, name, separator).or_else(len)
    }

    fn geo(&self, field: GeoField) -> Option<Cow<'_, str>> {
        let place = self.location;
        let text = match field {
            GeoField::Country => place.country.clone(),
            GeoField::Region => place.region.clone(),
            GeoField::City => place.city.clone(),
            GeoField::Continent => place.continent.clone(),
            GeoField::PostalCode => place.postal_code.clone(),
            GeoField::Asn => place.asn.map(|number| number.to_string()),
            GeoField::Timezone => place.timezone.clone(),
            GeoField::Latitude => place.coordinates.map(|(north, _)| north.to_string()),
            GeoField::Longitude => place.coordinates.map(|(_, east)| east.to_string()),
        };
        text.map(Cow::Owned)
    }

    fn client_ip(&self) -> Option<IpAddr> {
        Some(Ipv4Addr::LOCALHOST.into())
    }
}

/// A response as the pipeline sees it.
struct Answered<'a>(&'a Response);

impl ResponseHead for Answered<'_> {
    fn status(&self) -> u16 {
        self.0.status
    }

    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        joined(&self.0.headers, name, b", ")
    }
}

fn joined<'a>(headers: &'a Headers, name: &str, separator: &[u8]) -> Option<Cow<'a, [u8]>> {
    let lines = headers
        .0
        .iter()
        .filter(|(found, _)| found.eq_ignore_ascii_case(name));
    let lines: Vec<&[u8]> = lines.map(|(_, value)| value.as_slice()).collect();
    match lines.as_slice() {
        [] => None,
        [line] => Some(Cow::Borrowed(line)),
        lines => Some(Cow::Owned(lines.join(separator))),
    }
}

fn ended(response: Option<&Response>) -> Ended {
    let events = response.and_then(|response| response.headers.text(Plan::EVENT));
    Ended {
        outcome: response.map_or(Outcome::Connection, |response| {
            Outcome::Status(response.status)
        }),
        latency_ms: 0,
        from_cache: false,
        events: events.unwrap_or_default(),
    }
}

fn apply(edits: &[Edit], headers: &mut Headers) {
    let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
    for edit in edits {
        match edit {
            Edit::RemovePrefix(prefix) => {
                headers
                    .0
                    .retain(|(name, _)| !Edit::removes(edits, prefix, &name.to_ascii_lowercase()));
            }
            Edit::Remove(removed) => headers.0.retain(|(name, _)| !is(name, removed)),
            Edit::Set(set, value) => {
                headers.0.retain(|(name, _)| !is(name, set));
                headers.push(set, value.as_str());
            }
            Edit::Append(name, value) => headers.push(name, value.as_str()),
        }
    }
}

/// A response that the edge makes itself.
fn own(answer: Answer) -> Response {
    let mut response = Response::new(answer.status).body(answer.body.into_owned());
    apply(&answer.edits, &mut response.headers);
    response
}

fn now() -> UnixMillis {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

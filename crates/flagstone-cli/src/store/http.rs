//! Requests to the platforms' interfaces.

use super::{Held, StoreError, patiently};
use std::time::Duration;
use ureq::Agent;
use ureq::http::Response;

/// How long a request may take.
const TIMEOUT: Duration = Duration::from_secs(15);
/// The longest value that is read: what the platforms' stores take.
const LONGEST: u64 = 100 << 20;

/// What came back.
struct Answer {
    status: u16,
    generation: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    fn of(response: Result<Response<ureq::Body>, ureq::Error>) -> Result<Self, StoreError> {
        let unreachable = |error: ureq::Error| StoreError::Unreachable(error.to_string());
        let mut response = response.map_err(unreachable)?;
        let headers = response.headers();
        let generation = headers.get("generation").or(headers.get("etag"));
        let generation = generation.and_then(|value| value.to_str().ok().map(str::to_owned));
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(LONGEST);
        Ok(Self {
            status,
            generation,
            body: body.read_to_vec().map_err(unreachable)?,
        })
    }

    /// The answer, if it is a success.
    fn success(self) -> Result<Self, StoreError> {
        match self.status {
            200..300 => Ok(self),
            409 | 412 => Err(StoreError::Overtaken),
            429 => Err(StoreError::TooSoon),
            status => Err(StoreError::Refused {
                status,
                message: self.message(),
            }),
        }
    }

    /// What an interface says in its own form: Cloudflare's `errors`, Fastly's `msg` or `title` and `detail`.
    fn message(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let said = ["/errors/0/message", "/detail", "/msg", "/title"];
        let said = said.into_iter().find_map(|at| json.pointer(at)?.as_str());
        let said = said.unwrap_or(&text);
        said.chars().take(200).collect::<String>().trim().to_owned()
    }
}

/// An interface, and the header that shows who asks.
pub struct Api {
    agent: Agent,
    credential: (&'static str, String),
}

/// What is sent.
pub enum Body<'b> {
    Bytes(&'b [u8]),
    /// A member of a form.
    Form(&'static str, &'b str),
}

impl Api {
    pub fn new(header: &'static str, value: String) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // Whoever follows one reads in place of writing.
            .max_redirects(0)
            .timeout_global(Some(TIMEOUT))
            .build();
        Self {
            agent: config.into(),
            credential: (header, value),
        }
    }

    /// What lies under a URL; `None` if nothing does.
    pub fn get(&self, url: &str) -> Result<Option<Held>, StoreError> {
        let (name, value) = &self.credential;
        patiently(|| {
            let answer = Answer::of(self.agent.get(url).header(*name, value).call())?;
            if answer.status == 404 {
                return Ok(None);
            }
            let Answer {
                generation, body, ..
            } = answer.success()?;
            Ok(Some(Held {
                bytes: body,
                generation,
            }))
        })
    }

    /// Writes once: what came too soon may be out of date.
    pub fn put(
        &self,
        url: &str,
        body: &Body<'_>,
        header: Option<(&str, &str)>,
    ) -> Result<(), StoreError> {
        let (name, value) = &self.credential;
        let mut request = self.agent.put(url).header(*name, value);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let response = match body {
            Body::Bytes(bytes) => request
                .header("content-type", "application/octet-stream")
                .send(*bytes),
            Body::Form(name, value) => request.send_form([(*name, *value)]),
        };
        Answer::of(response)?.success()?;
        Ok(())
    }
}

/// A key as a segment of a path.
pub fn escaped(key: &str) -> String {
    let mut text = String::new();
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(byte.into());
            }
            _ => text += &format!("%{byte:02X}"),
        }
    }
    text
}

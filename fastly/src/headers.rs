//! Changes to headers.

use fastly::http::{HeaderName, HeaderValue, StatusCode};
use fastly::{Request, Response};
use flagstone_edge::{Answer, Edit};

/// What has headers.
pub trait Headers {
    fn names(&self) -> Vec<HeaderName>;
    fn remove(&mut self, name: HeaderName);
    fn set(&mut self, name: HeaderName, value: HeaderValue);
    fn append(&mut self, name: HeaderName, value: HeaderValue);
}

macro_rules! headers {
    ($($message:ty)*) => {$(
        impl Headers for $message {
            fn names(&self) -> Vec<HeaderName> {
                self.get_header_names().cloned().collect()
            }

            fn remove(&mut self, name: HeaderName) {
                self.remove_header(name);
            }

            fn set(&mut self, name: HeaderName, value: HeaderValue) {
                self.set_header(name, value);
            }

            fn append(&mut self, name: HeaderName, value: HeaderValue) {
                self.append_header(name, value);
            }
        }
    )*};
}

headers!(Request Response);

/// A response that the edge makes itself.
pub fn response(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = Response::from_status(status).with_body(answer.body.as_ref());
    apply(&mut response, answer.edits);
    response
}

/// Makes the changes in their order. One whose name or value cannot be written is left out; the others are made.
pub fn apply(message: &mut impl Headers, edits: Vec<Edit>) {
    for edit in edits {
        match edit {
            Edit::RemovePrefix(prefix) => {
                let names = message.names();
                let names = names
                    .into_iter()
                    .filter(|name| name.as_str().starts_with(prefix));
                names.for_each(|name| message.remove(name));
            }
            Edit::Remove(name) => {
                if let Ok(name) = HeaderName::try_from(name) {
                    message.remove(name);
                }
            }
            Edit::Set(name, value) => {
                if let Some((name, value)) = header(&name, value) {
                    message.set(name, value);
                }
            }
            Edit::Append(name, value) => {
                if let Some((name, value)) = header(&name, value) {
                    message.append(name, value);
                }
            }
        }
    }
}

/// The SDK panics on text that is no name or value.
fn header(name: &str, value: String) -> Option<(HeaderName, HeaderValue)> {
    Some((
        HeaderName::try_from(name).ok()?,
        HeaderValue::try_from(value).ok()?,
    ))
}

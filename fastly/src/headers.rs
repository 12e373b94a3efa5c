//! Headers as the platform keeps them.
//!
//! The SDK's `Request` and `Response` are copies of what the platform has. Before they are sent they read all of it, known and
//! unknown headers and whatever the platform knows of the client, and make it anew where it was copied. A handle reads what it is
//! asked for, which a request pays for.

use std::borrow::Cow;

use fastly::error::BufferSizeError;
use fastly::handle::{RequestHandle, ResponseHandle};
use fastly::http::{HeaderName, HeaderValue};
use flagstone_edge::Edit;

/// Bytes of room for a line, and for names. What is longer is asked for once more.
const ROOM: usize = 1024;

/// What has headers.
pub trait Headers {
    fn names(&self) -> Vec<HeaderName>;
    fn lines(&self, name: &HeaderName) -> Vec<HeaderValue>;
    fn remove(&mut self, name: &HeaderName);
    fn set(&mut self, name: &HeaderName, value: &HeaderValue);
    fn append(&mut self, name: &HeaderName, value: &HeaderValue);
}

macro_rules! headers {
    ($($message:ty)*) => {$(
        impl Headers for $message {
            fn names(&self) -> Vec<HeaderName> {
                all(|room| self.get_header_names(room).collect())
            }

            fn lines(&self, name: &HeaderName) -> Vec<HeaderValue> {
                all(|room| self.get_header_values(name, room).collect())
            }

            fn remove(&mut self, name: &HeaderName) {
                self.remove_header(name);
            }

            fn set(&mut self, name: &HeaderName, value: &HeaderValue) {
                self.insert_header(name, value);
            }

            fn append(&mut self, name: &HeaderName, value: &HeaderValue) {
                self.append_header(name, value);
            }
        }
    )*};
}

headers!(RequestHandle ResponseHandle);

fn all<T>(ask: impl Fn(usize) -> Result<Vec<T>, BufferSizeError>) -> Vec<T> {
    let mut room = ROOM;
    loop {
        match ask(room) {
            Ok(all) => return all,
            Err(error) if error.needed_buf_size > room => room = error.needed_buf_size,
            Err(_) => return Vec::new(),
        }
    }
}

/// A request's URL, as the platform has made it of host and target; HTTP/2 has no header `Host`.
#[allow(
    deprecated,
    reason = "so is the handle's number for a target that comes after ours"
)]
pub fn url(request: &RequestHandle) -> Option<String> {
    let mut room = ROOM;
    loop {
        let (mut bytes, mut len) = (vec![0; room], 0);
        // SAFETY: the pointers are to locals, and the length is that of the list.
        #[expect(unsafe_code, reason = "the SDK panics on what is no URL")]
        let status = unsafe {
            fastly_sys::fastly_http_req::uri_get(
                request.as_u32(),
                bytes.as_mut_ptr(),
                bytes.len(),
                &raw mut len,
            )
        };
        if status.is_ok() {
            bytes.truncate(len);
            return String::from_utf8(bytes).ok();
        }
        if len <= room {
            return None;
        }
        room = len;
    }
}

/// The lines of a header as one value; `None` if there are none.
pub fn joined(message: &impl Headers, name: &str, separator: &[u8]) -> Option<Cow<'static, [u8]>> {
    let lines = message.lines(&self::name(name)?);
    let lines: Vec<&[u8]> = lines.iter().map(HeaderValue::as_bytes).collect();
    (!lines.is_empty()).then(|| lines.join(separator).into())
}

/// Makes the changes in their order. One whose name or value cannot be written is left out; the others are made.
pub fn apply(message: &mut impl Headers, edits: &[Edit]) {
    for edit in edits {
        match edit {
            Edit::RemovePrefix(prefix) => {
                let names = message.names();
                let names = names.iter();
                let names = names.filter(|name| Edit::removes(edits, prefix, name.as_str()));
                names.for_each(|name| message.remove(name));
            }
            Edit::Remove(name) => {
                if let Some(name) = self::name(name) {
                    message.remove(&name);
                }
            }
            Edit::Set(name, value) => {
                if let Some((name, value)) = header(name, value) {
                    message.set(&name, &value);
                }
            }
            Edit::Append(name, value) => {
                if let Some((name, value)) = header(name, value) {
                    message.append(&name, &value);
                }
            }
        }
    }
}

/// Some functions of the SDK panic on text that is no name or value.
fn name(text: &str) -> Option<HeaderName> {
    HeaderName::try_from(text).ok()
}

fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    Some((self::name(name)?, HeaderValue::try_from(value).ok()?))
}

//! Responses on their way to the visitor; puts an element into a page while the page streams by.

use std::io::{self, BufRead, Write};

use fastly::Body;
use fastly::handle::{BodyHandle, ResponseHandle};
use fastly::http::StatusCode;
use fastly::http::body::StreamingBody;
use flagstone_edge::{Answer, HeadFinder};

use crate::{headers, log};

/// A response, and what is to be put into it.
pub struct Page {
    pub head: ResponseHandle,
    pub body: BodyHandle,
    pub element: Option<String>,
}

/// A response that the edge makes itself.
impl From<Answer> for Page {
    fn from(answer: Answer) -> Self {
        let mut head = ResponseHandle::new();
        head.set_status(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY));
        headers::apply(&mut head, &answer.edits);
        Self {
            head,
            body: answer.body.as_ref().into(),
            element: None,
        }
    }
}

impl Page {
    /// Sends it to the visitor. Each chunk goes on as it has come; as soon as the element is in, the platform moves the rest by
    /// itself.
    pub fn send(self) {
        let Self {
            head,
            body,
            element,
        } = self;
        let Some(element) = element else {
            return head.send_to_client(body);
        };
        let visitor = head.stream_to_client(BodyHandle::new()).into();
        // What the visitor got is cut off then, and shows it.
        if let Err(error) = pass(body.into(), visitor, &element) {
            log(format_args!("a page broke off: {error}"));
        }
    }
}

fn pass(mut page: Body, mut visitor: StreamingBody, element: &str) -> io::Result<()> {
    let mut finder = HeadFinder::new();
    while !finder.is_done() {
        let chunk = page.fill_buf()?;
        if chunk.is_empty() {
            return visitor.finish();
        }
        let place = finder.place(chunk);
        let (before, behind) = chunk
            .split_at_checked(place.unwrap_or(chunk.len()))
            .unwrap_or((chunk, &[]));
        visitor.write_all(before)?;
        if place.is_some() {
            visitor.write_all(element.as_bytes())?;
        }
        visitor.write_all(behind)?;
        visitor.flush()?;
        let len = chunk.len();
        page.consume(len);
    }
    visitor.append(page);
    visitor.finish()
}

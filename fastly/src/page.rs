//! Puts an element into a page while the page streams by.

use std::io::{self, BufRead, Write};

use fastly::http::body::StreamingBody;
use fastly::{Body, Response};
use flagstone_edge::HeadFinder;

use crate::log;

/// A response, and what is to be put into it.
pub struct Page {
    pub response: Response,
    pub element: Option<String>,
}

impl From<Response> for Page {
    fn from(response: Response) -> Self {
        Self {
            response,
            element: None,
        }
    }
}

impl Page {
    /// Sends it to the visitor. Each chunk goes on as it has come; as soon as the element is in, the platform moves the rest by
    /// itself.
    pub fn send(self) {
        let Self {
            mut response,
            element,
        } = self;
        let Some(element) = element else {
            return response.send_to_client();
        };
        let page = response.take_body();
        let visitor = response.stream_to_client();
        // What the visitor got is cut off then, and shows it.
        if let Err(error) = pass(page, visitor, &element) {
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

//! Flagstone on Fastly Compute.
//!
//! A shell: it translates between the platform and `flagstone-edge` and decides nothing.
//!
//! Nothing here may panic: on this platform a panic is a 500 for the visitor. Of the SDK's functions that panic, above
//! all `Request::get_header_str` and `Request::get_query_str` on bytes that are no UTF-8, none is called.

use fastly::Request;

mod origin;

fn main() {
    origin::send(Request::from_client(), "stable").send_to_client();
}

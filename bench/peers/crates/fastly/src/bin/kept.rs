//! Reads four headers and asks the origin, as `/proxy` does beside it, in an instance that serves further requests.

use fastly::Request;
use fastly::http::serve::Serve;

const HEADERS: [&str; 4] = ["x-user-key", "x-country", "x-app-version", "x-email"];

fn main() {
    Serve::new().run(|request: Request| {
        let header = |name| request.get_header_str(name).unwrap_or_default().len();
        std::hint::black_box(HEADERS.map(header));
        match request.send("stable") {
            Ok(response) => response.send_to_client(),
            Err(error) => eprintln!("{error}"),
        }
    });
}

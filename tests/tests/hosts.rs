//! Whatever is decided about a request, its bytes arrive as they were sent: on both runtimes.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use flagstone_tests::hosts::{
    Build, Host, Location, Origin, Request, Response, Setting, Viceroy, Workerd, if_present,
};
use tungstenite::Message;

/// Both runtimes in front of `origin`, without a store.
fn hosts(origin: &str) -> Vec<Box<dyn Host>> {
    let setting = Setting {
        origins: &[("stable", origin)],
        ..Setting::default()
    };
    let workerd = if_present(Workerd::start(Build::Release, setting)).unwrap();
    let viceroy = if_present(Viceroy::start(setting)).unwrap();
    let workerd = workerd.map(|host| Box::new(host) as Box<dyn Host>);
    workerd
        .into_iter()
        .chain(viceroy.map(|host| Box::new(host) as Box<dyn Host>))
        .collect()
}

fn check(host: &dyn Host, origin: &Origin, request: &Request, expected: &Response) {
    let case = format!("{}: {} {}", host.name(), request.method, request.target);
    origin.take_received();
    let response = host.send(request, &Location::default()).unwrap();
    assert_eq!(response.status, expected.status, "{case}\n{}", host.log());
    assert_eq!(response.body, expected.body, "{case}");
    for (name, value) in &expected.headers.0 {
        let values: Vec<_> = response.headers.all(name).collect();
        let wanted: Vec<_> = expected.headers.all(name).collect();
        assert_eq!(values, wanted, "{case}: {name} of {value:?}");
    }
    let received = origin.take_received();
    assert_eq!(received.len(), 1, "{case}");
    let received = received.first().unwrap();
    assert_eq!(
        (&received.method, &received.target),
        (&request.method, &request.target),
        "{case}"
    );
    assert_eq!(received.body, request.body, "{case}");
    assert_eq!(
        received.headers.text("mf-cf-blob"),
        None,
        "{case}: only the runtime sees it"
    );
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let setting = Setting {
        port,
        ..Setting::default()
    };
    let workerd = if_present(Workerd::start(Build::Release, setting)).map(|host| host.is_some());
    let viceroy = if_present(Viceroy::start(setting)).map(|host| host.is_some());
    for started in [workerd, viceroy] {
        match started {
            Ok(is_started) => assert!(!is_started, "it took a port that is taken"),
            Err(error) => assert!(error.to_string().starts_with(&format!("port {port}: "))),
        }
    }
}

#[test]
fn an_origin_keeps_its_connection_after_head() {
    let answer = |_: &Request| Some(Response::new(200).header("Content-Length", "3000000"));
    let origin = Origin::start(answer).unwrap();
    let mut stream = TcpStream::connect(origin.url().trim_start_matches("http://")).unwrap();
    for _ in 0..2 {
        stream
            .write_all(b"HEAD / HTTP/1.1\r\nHost: origin\r\n\r\n")
            .unwrap();
        let mut head = [0; 1024];
        let len = stream.read(&mut head).unwrap();
        assert!(head.get(..len).unwrap().starts_with(b"HTTP/1.1 200 "));
    }
}

#[test]
fn requests_and_responses_pass_unchanged() {
    // The gzip form of "plans\n": nobody may unpack it on the way.
    let gzip =
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x2b\xc8\x49\xcc\x2b\xe6\x02\0\x6f\xfb\x11\xb9\x06\0\0\0";
    let large: Vec<u8> = (0..3_000_000_u32)
        .map(|n| n.to_le_bytes())
        .map(|[byte, ..]| byte)
        .collect();
    let cases = [
        (
            Request::new("GET", "/?q=%20a&b=+"),
            Response::new(200).body("ok"),
        ),
        (
            Request::new("GET", "/a//b/.c%2Fd"),
            Response::new(404).body("no"),
        ),
        (
            Request::new("GET", "/search").body(r#"{"query":"shoes"}"#),
            Response::new(200).body("found"),
        ),
        (
            Request::new("HEAD", "/head"),
            Response::new(200).header("Content-Length", "3000000"),
        ),
        (
            Request::new("POST", "/form").body("a=1"),
            Response::new(201).body("made"),
        ),
        (
            Request::new("POST", "/large").body(large.as_slice()),
            Response::new(200).body(large.as_slice()),
        ),
        (
            Request::new("PUT", "/binary").body(b"\xff\0\xfe".as_slice()),
            Response::new(204),
        ),
        (Request::new("DELETE", "/gone"), Response::new(410)),
        (
            Request::new("OPTIONS", "/options"),
            Response::new(204).header("Allow", "GET"),
        ),
        (
            Request::new("PROPFIND", "/dav"),
            Response::new(207).body("<multistatus/>"),
        ),
        (
            Request::new("GET", "/moved"),
            Response::new(302).header("Location", "http://elsewhere.test/"),
        ),
        (
            Request::new("GET", "/cookies"),
            Response::new(200)
                .header("Set-Cookie", "a=1; Path=/")
                .header("Set-Cookie", "b=2, c"),
        ),
        (
            Request::new("GET", "/gzip").header("Accept-Encoding", "gzip"),
            Response::new(200)
                .header("Content-Encoding", "gzip")
                .body(gzip.as_slice()),
        ),
    ];
    let answers = cases.clone();
    let origin = Origin::start(move |request| {
        let (_, response) = answers
            .iter()
            .find(|(asked, _)| asked.target == request.target)?;
        Some(response.clone())
    })
    .unwrap();
    for host in hosts(origin.url()) {
        for (request, response) in &cases {
            check(&*host, &origin, request, response);
        }
    }
}

#[test]
fn websockets_pass_on_cloudflare() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut socket = tungstenite::accept(stream.unwrap()).unwrap();
            while let Ok(message) = socket.read() {
                if message.is_text() {
                    socket
                        .send(Message::text(format!("heard {message}")))
                        .unwrap();
                }
            }
        }
    });
    let setting = Setting {
        origins: &[("stable", &origin)],
        ..Setting::default()
    };
    // Also when the wasm breaks on the request for the upgrade.
    for (build, path) in [
        (Build::Release, "/chat"),
        (Build::Faults, "/.flagstone/faults/panic"),
    ] {
        let Some(worker) = if_present(Workerd::start(build, setting)).unwrap() else {
            return;
        };
        let url = worker.url().replace("http:", "ws:") + path;
        let (mut socket, _) = tungstenite::connect(url).unwrap();
        socket.send(Message::text("hello")).unwrap();
        assert_eq!(
            socket.read().unwrap(),
            Message::text("heard hello"),
            "{build:?}"
        );
    }
}

#[test]
fn an_unreachable_origin_is_a_502() {
    let dead = Origin::start(|_| None).unwrap();
    let url = dead.url().to_owned();
    drop(dead);
    for host in hosts(&url) {
        // The second holds what a URL may hold; Fastly's SDK reads it once more on the way to its error.
        for target in ["/", "/a|b^c[]?q=`{}|^\\[]"] {
            let request = Request::new("GET", target);
            let response = host.send(&request, &Location::default()).unwrap();
            assert_eq!(response.status, 502, "{}: {target}", host.name());
        }
    }
}

/// What URLs of the web write in another way is rewritten so, by both alike. (Not compared: characters that Viceroy
/// refuses outright, and `^` in a path, which only Cloudflare escapes.)
#[test]
fn targets_are_normalized_alike() {
    let cases = [
        ("/a/../b/./c", "/b/c"),
        ("/a/%2e%2E/b", "/b"),
        ("/..", "/"),
        ("//a//", "//a//"),
        ("/a%2Fb%2fc", "/a%2Fb%2fc"),
        ("/a\\b", "/a/b"),
        ("/a|b", "/a|b"),
        ("/a{b}\"c", "/a%7Bb%7D%22c"),
        ("/a'b!$&()*+,;=:@-._~", "/a'b!$&()*+,;=:@-._~"),
        ("/%zz%4", "/%zz%4"),
        ("/a?", "/a?"),
        ("/a?b?c", "/a?b?c"),
        ("/?q='", "/?q=%27"),
        ("/?q=`{}|^\\", "/?q=`{}|^\\"),
        ("/?q=[]", "/?q=[]"),
    ];
    let origin = Origin::start(|_| Some(Response::new(200))).unwrap();
    let mut wrong = Vec::new();
    for host in hosts(origin.url()) {
        for (sent, expected) in cases {
            origin.take_received();
            let response = host.send(&Request::new("GET", sent), &Location::default());
            let received = origin.take_received();
            let target = received.first().map(|request| request.target.as_str());
            if target != Some(expected) {
                let status = response.map(|response| response.status);
                wrong.push(format!("{}: {sent} -> {target:?} {status:?}", host.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

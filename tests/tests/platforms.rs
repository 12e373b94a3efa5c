//! What only one of the platforms has: its caches, its isolates.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use flagstone_tests::hosts::{
    Build, CONTROL, Host, Location, OFREP_KEY, Origin, Request, Response, Setting, Viceroy,
    Workerd, http, if_present,
};
use flagstone_tests::published::Published;
use tungstenite::Message;

/// A flag that is `on` for everybody.
const CONFIG: &str = r#"
[flags.banner]
serve = "on"

[expose]
browser = ["banner"]
origin = ["banner"]

[ofrep]
"#;

/// It in the stores of a platform.
struct Configuration(Published);

impl Configuration {
    fn new() -> Self {
        Self(Published::of(CONFIG))
    }

    /// The Worker with this as revision 7, if it is on this machine.
    fn worker(&self, origin: &str, variables: &[(&str, &str)]) -> Option<Workerd> {
        let variables = Setting {
            variables,
            ..Setting::default()
        };
        self.start(origin, variables, |setting| {
            Workerd::start(Build::Release, setting)
        })
    }

    /// The service with it, likewise.
    fn service(&self, origin: &str) -> Option<Viceroy> {
        self.start(origin, Setting::default(), Viceroy::start)
    }

    fn start<H>(
        &self,
        origin: &str,
        more: Setting<'_>,
        start: impl Fn(Setting<'_>) -> io::Result<H>,
    ) -> Option<H> {
        let control = self.control(7, "");
        let setting = Setting {
            origins: &[("stable", origin)],
            store: &[(&self.0.key, &self.0.snapshot), (CONTROL, &control)],
            ..more
        };
        if_present(start(setting)).unwrap()
    }

    fn control(&self, revision: u64, kills: &str) -> Vec<u8> {
        self.0
            .control(revision, &format!(r#","kills":{{{kills}}}"#))
    }
}

fn get(host: &dyn Host, target: &str) -> Response {
    host.send(&Request::new("GET", target), &Location::default())
        .unwrap()
}

fn origin() -> Origin {
    Origin::start(|_| Some(Response::new(200).header("Cache-Control", "max-age=60"))).unwrap()
}

#[test]
fn first_requests_at_the_same_time_are_all_decided() {
    let (origin, configuration) = (origin(), Configuration::new());
    let worker = configuration.worker(origin.url(), &[]);
    let Some(worker) = worker else {
        return;
    };
    let url = worker.url();
    thread::scope(|scope| {
        let send = || http::send(url, &Request::new("GET", "/")).unwrap();
        let requests: Vec<_> = (0..40).map(|_| scope.spawn(send)).collect();
        for request in requests {
            let response = request.join().unwrap();
            let header = |name| response.headers.text(name);
            assert_eq!(header("feature-flags").as_deref(), Some("banner=on"));
            let status = header("flagstone-status");
            assert_eq!(status.as_deref(), Some("flagstone; rev=7"));
        }
    });
}

/// The runtime counts by the minute of the clock: whoever asks while one ends has two answers in the next as well.
#[test]
fn who_asks_too_often_by_ofrep_is_refused() {
    let (origin, configuration) = (origin(), Configuration::new());
    let limited = Setting {
        limit: Some(2),
        ..Setting::default()
    };
    let start = |setting: Setting<'_>| Workerd::start(Build::Release, setting);
    let Some(worker) = configuration.start(origin.url(), limited, start) else {
        return;
    };
    let mut request = Request::new("POST", "/ofrep/v1/evaluate/flags").body("{}");
    request.headers.push("x-api-key", OFREP_KEY);
    let ask = || worker.send(&request, &Location::default()).unwrap();
    assert_eq!([ask().status, ask().status], [200, 200]);
    let refused = (0..3)
        .map(|_| ask())
        .find(|response| response.status != 200);
    let refused = refused.unwrap();
    let retry_after = refused.headers.text("retry-after");
    assert_eq!((refused.status, retry_after.as_deref()), (429, Some("60")));
    // Pages are for everybody.
    for _ in 0..3 {
        assert_eq!(get(&worker, "/").status, 200);
    }
}

/// Cloudflare's cache keeps copies apart as the variable says. The runtime has no such cache; what it is told is seen on the way to
/// the origin.
#[test]
fn cloudflares_cache_is_told_about_variants() {
    let vary = r#"{"vary":{"default":{"action":"bypass"},"headers":{"feature-flags":{"action":"passthrough"}}}}"#;
    let no_store = r#"{"cacheTtl":-1,"cacheLevel":"bypass","cacheControl":"no-store"}"#;
    let no_cache = (Some("no-cache"), no_store);
    let hidden = CONFIG.replace(r#"origin = ["banner"]"#, "origin = []");
    let hidden = hidden + "[[routes]]\npath = \"/*\"\nflag = \"banner\"\n";
    let nameless = CONFIG.replace("banner", "Banner");
    let by_key = |flag: &str| {
        format!(r#"{{"cacheKey":"ORIGIN/?a=b#VISITED#https://shop.example#{flag}=on"}}"#)
    };
    for (config, mode, flags, (cache_control, told)) in [
        (CONFIG, "", Some("banner=on"), no_cache),
        (CONFIG, "bypass", Some("banner=on"), no_cache),
        (CONFIG, "no such mode", Some("banner=on"), no_cache),
        (
            CONFIG,
            "key",
            Some("banner=on"),
            (None, by_key("banner").as_str()),
        ),
        (CONFIG, "vary", Some("banner=on"), (None, vary)),
        // The header does not say all that acts.
        (&hidden, "vary", None, no_cache),
        (&nameless, "vary", None, no_cache),
        (&nameless, "key", None, (None, by_key("Banner").as_str())),
        (CONFIG, "key by another path", Some("banner=on"), no_cache),
    ] {
        let (origin, configuration) = (origin(), Configuration(Published::of(config)));
        let setting = Setting {
            variables: &[("FLAGSTONE_CACHE", mode.split(' ').next().unwrap())],
            shows_cache: true,
            ..Setting::default()
        };
        let start = |setting: Setting<'_>| Workerd::start(Build::Release, setting);
        let Some(worker) = configuration.start(origin.url(), setting, start) else {
            return;
        };
        let request = Request::new("GET", "/?a=b").header("Origin", "https://shop.example");
        // What some origins take for another path is in no key of ours.
        let request = match mode {
            "key by another path" => request.header("X-Original-URL", "/other"),
            _ => request,
        };
        let response = worker.send(&request, &Location::default()).unwrap();
        assert_eq!(response.status, 200, "{mode}: {}", worker.log());
        let received = origin.take_received();
        let seen = |name| received.first().unwrap().headers.text(name);
        assert_eq!(seen("cache-control").as_deref(), cache_control, "{mode}");
        assert_eq!(seen("feature-flags").as_deref(), flags, "{mode}");
        let told = told.replace("ORIGIN", origin.url());
        let told = told.replace("VISITED", worker.url());
        let line = worker.logged(&|line| line.starts_with("cache ")).unwrap();
        assert_eq!(line, format!("cache {told}"), "{mode}");
    }
}

/// Also where flags matter, and with the headers that are added for them.
#[test]
fn websockets_pass_on_cloudflare_however_its_cache_is_used() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut socket = tungstenite::accept(stream.unwrap()).unwrap();
            while let Ok(message) = socket.read() {
                if message.is_text() {
                    socket.send(message).unwrap();
                }
            }
        }
    });
    let configuration = Configuration::new();
    for mode in ["bypass", "key", "vary"] {
        let worker = configuration.worker(&origin, &[("FLAGSTONE_CACHE", mode)]);
        let Some(worker) = worker else {
            return;
        };
        let url = worker.url().replace("http:", "ws:") + "/chat";
        let (mut socket, response) = tungstenite::connect(url).unwrap();
        let flags = response.headers().get("feature-flags").unwrap();
        assert_eq!(flags, "banner=on", "{mode}");
        socket.send(Message::text("hello")).unwrap();
        assert_eq!(socket.read().unwrap(), Message::text("hello"), "{mode}");
    }
}

/// The runtime takes responses of these from origins, and none for visitors.
#[test]
fn an_origin_with_a_status_that_workers_may_not_pass_on_cannot_be_reached() {
    let origin = Origin::start(|_| Some(Response::new(999).body("odd"))).unwrap();
    let configuration = Configuration::new();
    let Some(worker) = configuration.worker(origin.url(), &[]) else {
        return;
    };
    // The first of an isolate waits for the configuration.
    for case in ["first", "second"] {
        let response = get(&worker, "/");
        assert_eq!(response.status, 502, "{case}: {}", worker.log());
        let status = response.headers.text("flagstone-status");
        let expected = r#"flagstone; rev=7; error="origin-unreachable""#;
        assert_eq!(status.as_deref(), Some(expected), "{case}");
        assert_eq!(origin.take_received().len(), 1, "{case}: asked once");
    }
}

/// Nobody waits for a store for ever.
#[test]
fn a_store_that_does_not_answer_is_as_good_as_none() {
    let origin = origin();
    let mute = Setting {
        origins: &[("stable", origin.url())],
        is_mute: true,
        ..Setting::default()
    };
    let Some(worker) = if_present(Workerd::start(Build::Release, mute)).unwrap() else {
        return;
    };
    for case in ["first", "second"] {
        let response = get(&worker, "/");
        assert_eq!(response.status, 200, "{case}: {}", worker.log());
        let status = response.headers.text("flagstone-status");
        let expected = r#"flagstone; error="control-unreachable""#;
        assert_eq!(status.as_deref(), Some(expected), "{case}");
    }
}

/// Viceroy has no cache, but shows the key.
#[test]
fn fastlys_cache_has_a_key_for_each_url_and_variant() {
    let (origin, configuration) = (origin(), Configuration::new());
    let Some(mut viceroy) = configuration.service(origin.url()) else {
        return;
    };
    let key = |viceroy: &Viceroy, target| {
        origin.take_received();
        assert_eq!(get(viceroy, target).status, 200, "{}", viceroy.log());
        let received = origin.take_received();
        let seen = received.first().unwrap();
        seen.headers.text("fastly-xqd-cache-key").unwrap()
    };
    let first = key(&viceroy, "/a");
    assert_eq!(first.len(), 64);
    assert_eq!(key(&viceroy, "/a"), first);
    assert_ne!(key(&viceroy, "/b"), first);
    assert_ne!(key(&viceroy, "/a?b"), first);
    let kill = configuration.control(8, r#""banner":"off""#);
    viceroy.put(CONTROL, &kill).unwrap();
    assert_ne!(key(&viceroy, "/a"), first);
}

#[test]
fn a_sandbox_on_fastly_keeps_the_configuration_for_further_requests() {
    let (origin, configuration) = (origin(), Configuration::new());
    let Some(mut viceroy) = configuration.service(origin.url()) else {
        return;
    };
    let control = configuration.control(7, "");
    // How many requests a sandbox serves is Viceroy's affair, but not all of them are the first.
    let keeps = (0..20).any(|_| {
        viceroy.put(CONTROL, &control).unwrap();
        get(&viceroy, "/");
        viceroy.put(CONTROL, b"garbage").unwrap();
        let response = get(&viceroy, "/");
        let header = |name| response.headers.text(name).unwrap_or_default();
        header("flagstone-status") == r#"flagstone; rev=7; stale; error="control-invalid""#
            && header("feature-flags") == "banner=on"
    });
    assert!(keeps);
}

#[test]
fn fastlys_kv_store_has_the_control_document_that_the_config_store_has_not() {
    let (origin, configuration) = (origin(), Configuration::new());
    for items in [&[][..], &[("ofrep-limit", "10")]] {
        let setting = Setting {
            beside: Some(items),
            ..Setting::default()
        };
        let Some(viceroy) = configuration.start(origin.url(), setting, Viceroy::start) else {
            return;
        };
        let status = get(&viceroy, "/").headers.text("flagstone-status");
        assert_eq!(status.as_deref(), Some("flagstone; rev=7"), "{items:?}");
    }
}

/// The SDK panics on a URL that it cannot read.
#[test]
fn a_request_for_no_host_does_not_panic_on_fastly() {
    let origin = origin();
    let viceroy = Viceroy::start(Setting {
        origins: &[("stable", origin.url())],
        ..Setting::default()
    });
    let Some(viceroy) = if_present(viceroy).unwrap() else {
        return;
    };
    for (host, status) in [
        ("shop.example:99999", 400),
        ("1.2.3.4.5", 400),
        ("256.256.256.256", 400),
        ("xn--a", 400),
        ("a_b", 200),
        ("[::1]:80", 200),
    ] {
        let request = Request::new("GET", "/").header("Host", host);
        let response = viceroy.send(&request, &Location::default()).unwrap();
        assert_eq!(response.status, status, "{host}: {}", viceroy.log());
    }
    assert!(!viceroy.log().contains("panicked"), "{}", viceroy.log());
}

/// HTTP/2 has no header `Host`, but `:authority`.
#[test]
fn a_request_by_http2_is_for_a_host_on_fastly() {
    let (origin, configuration) = (origin(), Configuration::new());
    let Some(viceroy) = configuration.service(origin.url()) else {
        return;
    };
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let len = u8::try_from(payload.len()).unwrap();
        [&[0, 0, len, kind, flags, 0, 0, 0, stream], payload].concat()
    };
    for (host, status) in [("shop.example", 0x88), ("1.2.3.4.5", 0x8c)] {
        let address = viceroy.url().trim_start_matches("http://");
        let mut stream = TcpStream::connect(address.trim_end_matches('/')).unwrap();
        // By HPACK's table: GET, http, the path `/`, and an authority of this length.
        let len = u8::try_from(host.len()).unwrap();
        let head = [&[0x82, 0x86, 0x84, 0x41, len], host.as_bytes()].concat();
        let sent = [
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            frame(4, 0, 0, &[]),
            frame(1, 5, 1, &head),
        ];
        stream.write_all(&sent.concat()).unwrap();
        let found = loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).unwrap();
            let [high, middle, low, kind, ..] = head;
            let len = u32::from_be_bytes([0, high, middle, low]);
            let mut payload = vec![0; len as usize];
            stream.read_exact(&mut payload).unwrap();
            if kind == 1 {
                break *payload.first().unwrap();
            }
        };
        // 200 and 400 by the table.
        assert_eq!(found, status, "{host}: {}", viceroy.log());
    }
    assert!(!viceroy.log().contains("panicked"), "{}", viceroy.log());
    let received = origin.take_received();
    let host = received.last().unwrap().headers.text("x-forwarded-host");
    assert_eq!(host.as_deref(), Some("shop.example"));
}

/// With a Durable Object a control document is in force with the next look, and is compared before it is replaced; what
/// lies in KV counts until there is one.
#[test]
fn the_control_document_in_a_durable_object() {
    let (origin, configuration) = (origin(), Configuration::new());
    let worker = configuration.worker(origin.url(), &[("FLAGSTONE_CONTROL_TOKEN", "secret")]);
    let Some(worker) = worker else {
        return;
    };
    let banner = || {
        // The first may still go by the document before.
        get(&worker, "/");
        let headers = get(&worker, "/").headers;
        headers.text("feature-flags").unwrap()
    };
    let target = "/.well-known/flagstone/control";
    let put = |token: &str, tag: Option<&str>, revision, kills: &str| {
        let mut request = Request::new("PUT", target);
        request
            .headers
            .push("Authorization", format!("Bearer {token}"));
        match tag {
            Some("none") => request.headers.push("If-None-Match", "*"),
            Some(tag) => request.headers.push("If-Match", tag),
            None => {}
        }
        request.body = configuration.control(revision, kills);
        worker.send(&request, &Location::default()).unwrap().status
    };
    let kill = r#""banner":"off""#;
    assert_eq!(banner(), "banner=on");
    assert_eq!(put("wrong", None, 8, kill), 401);
    let refused = get(&worker, target);
    let shown = refused.headers.text("www-authenticate");
    assert_eq!((refused.status, shown.as_deref()), (401, Some("Bearer")));
    assert_eq!(banner(), "banner=on");
    // Two who find nothing there: the second is told.
    assert_eq!(
        put("secret", Some("none"), 8, kill),
        204,
        "{}",
        worker.log()
    );
    assert_eq!(put("secret", Some("none"), 9, ""), 412);
    assert_eq!(banner(), "banner=off");
    // Two who have read the same: the second is told.
    assert_eq!(put("secret", Some("W/\"1\""), 9, ""), 204);
    assert_eq!(put("secret", Some("\"1\""), 9, kill), 412);
    assert_eq!(banner(), "banner=on");
    // One that is older than the one in use changes nothing.
    assert_eq!(put("secret", Some("\"2\""), 8, kill), 204);
    assert_eq!(banner(), "banner=on");
    let ask = |method| {
        let request = Request::new(method, target).header("Authorization", "Bearer secret");
        worker.send(&request, &Location::default()).unwrap()
    };
    let other = ask("DELETE");
    let allowed = other.headers.text("allow");
    assert_eq!((other.status, allowed.as_deref()), (405, Some("GET, PUT")));
    let held = ask("GET");
    assert_eq!(held.headers.text("etag").as_deref(), Some("\"3\""));
    assert_eq!(held.body, configuration.control(8, kill));
}

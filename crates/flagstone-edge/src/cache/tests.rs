use super::{private, vary};

#[test]
fn vary_headers() {
    let names = "cookie, x-beta";
    for (origin, expected) in [
        (None, Some("cookie, x-beta")),
        (Some(""), Some("cookie, x-beta")),
        (
            Some("Accept-Encoding"),
            Some("Accept-Encoding, cookie, x-beta"),
        ),
        (
            Some("Cookie , accept-encoding,"),
            Some("Cookie, accept-encoding, x-beta"),
        ),
        (Some("X-Beta, COOKIE"), None),
        (Some("*"), None),
        (Some("accept, *"), None),
    ] {
        assert_eq!(
            vary(origin.map(str::as_bytes), names).as_deref(),
            expected,
            "{origin:?}"
        );
        assert_eq!(vary(origin.map(str::as_bytes), ""), None, "{origin:?}");
    }
}

#[test]
fn cache_controls() {
    for (origin, expected) in [
        (None, "private"),
        (Some(""), "private"),
        (Some("public, max-age=60"), "max-age=60, private"),
        (
            Some("S-MaxAge=600,max-age=60, Proxy-Revalidate"),
            "max-age=60, private",
        ),
        (Some("private, max-age=60"), "private, max-age=60"),
        (Some("Private"), "Private"),
        (Some("no-store"), "no-store"),
        (Some("public, no-store"), "no-store"),
        (
            Some("Must-Understand, no-store"),
            "Must-Understand, no-store, private",
        ),
        (
            Some("no-store, private, must-understand"),
            "no-store, private, must-understand",
        ),
        (Some("no-cache"), "no-cache, private"),
        (
            Some("private=\"x-a, public\", max-age=1"),
            "max-age=1, private",
        ),
        (Some("private = \"x\""), "private"),
        (
            Some("no-cache=\"set-cookie, x\", public"),
            "no-cache=\"set-cookie, x\", private",
        ),
        (
            Some("ext=\"a\\\", public\", public"),
            "ext=\"a\\\", public\", private",
        ),
        (
            Some("max-age=60, stale-while-revalidate=30, immutable"),
            "max-age=60, stale-while-revalidate=30, immutable, private",
        ),
        (
            Some("ext=\"unfinished, public"),
            "ext=\"unfinished, public, private",
        ),
    ] {
        assert_eq!(private(origin.map(str::as_bytes)), expected, "{origin:?}");
    }
    assert_eq!(private(Some(b"public\xff")), "private");
}

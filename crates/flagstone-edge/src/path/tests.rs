use super::{captures, forwarded_host, host_name, is_host, resolve, rewrite};

#[test]
fn dot_segments() {
    for (path, expected) in [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/../b", "/b"),
        ("/a/./b", "/a/b"),
        ("/a/b/..", "/a/"),
        ("/a/b/.", "/a/b/"),
        ("/..", "/"),
        ("/../../a", "/a"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/.%2e/%2e/b", "/b"),
        ("/a//../b", "/a/b"),
        ("/a/...", "/a/..."),
        ("/a/.b/..c", "/a/.b/..c"),
        ("/a/..%2fb", "/a/..%2fb"),
        ("*", "*"),
        ("", ""),
    ] {
        assert_eq!(resolve(path), expected, "{path}");
    }
}

#[test]
fn patterns() {
    for (pattern, path, expected) in [
        ("/", "/", Some(&[][..])),
        ("/", "/a", None),
        ("/cart", "/cart", Some(&[])),
        ("/cart", "/cart/", None),
        ("/cart", "/Cart", None),
        ("/cart/", "/cart", None),
        ("/*", "/", Some(&[("*", "")])),
        ("/*", "/a/b", Some(&[("*", "a/b")])),
        ("/cart/*", "/cart/", Some(&[("*", "")])),
        ("/cart/*", "/cart/a//b/", Some(&[("*", "a//b/")])),
        ("/cart/*", "/cart", None),
        ("/cart/*", "/cartoon/a", None),
        ("/:shop", "/a", Some(&[(":shop", "a")])),
        ("/:shop", "/", None),
        ("/:shop", "/a/b", None),
        (
            "/s/:shop/o/:id",
            "/s/a/o/b",
            Some(&[(":shop", "a"), (":id", "b")]),
        ),
        (
            "/s/:shop/*",
            "/s/a/b/c",
            Some(&[(":shop", "a"), ("*", "b/c")]),
        ),
        ("/s/:shop/*", "/s//b", None),
        // Escapes that need not be are what they stand for; what is taken stays as it was sent.
        ("/cart/*", "/%63art/%61", Some(&[("*", "%61")])),
        ("/%63art", "/cart", Some(&[])),
        ("/caf%C3%A9", "/caf%c3%a9", Some(&[])),
        ("/caf\u{e9}/*", "/caf%c3%a9/x", Some(&[("*", "x")])),
        ("/a%2Fb", "/a%2fb", Some(&[])),
        // Other escapes are not.
        ("/cart/*", "/cart%2fa", None),
        ("/a/b", "/a%2Fb", None),
        ("/:shop", "/a%2Fb", Some(&[(":shop", "a%2Fb")])),
        ("/a*", "/a%2A", None),
        ("/cart", "/cart%00", None),
        ("/100%", "/100%", Some(&[])),
        ("/cart", "*", None),
        ("/cart", "", None),
    ] {
        assert_eq!(
            captures(pattern, path).as_deref(),
            expected,
            "{pattern} {path}"
        );
    }
}

#[test]
fn rewriting() {
    let captures = [(":shop", "a%2Fb"), ("*", "c/d")];
    for (template, expected) in [
        ("/v2/*", ("/v2/c/d", None)),
        ("/*", ("/c/d", None)),
        ("/o/:shop/x/:shop", ("/o/a%2Fb/x/a%2Fb", None)),
        (
            "/o/:shop/*?beta=1&x=:shop",
            ("/o/a%2Fb/c/d", Some("beta=1&x=:shop")),
        ),
        ("/fixed", ("/fixed", None)),
        ("/fixed?", ("/fixed", Some(""))),
        ("/:other", ("/:other", None)),
    ] {
        let (path, query) = rewrite(template, &captures);
        assert_eq!((path.as_str(), query), expected, "{template}");
    }
}

#[test]
fn hosts() {
    for (host, expected) in [
        ("shop.example", "shop.example"),
        ("Shop.Example:8080", "shop.example"),
        ("shop.example.", "shop.example"),
        ("[::1]:80", "[::1]"),
        ("[::1]", "[::1]"),
        ("", ""),
    ] {
        assert_eq!(host_name(host), expected, "{host}");
    }
    for (scheme, host, expected) in [
        ("https", "Shop.Example:443", "shop.example"),
        ("http", "shop.example:80", "shop.example"),
        ("http", "shop.example:443", "shop.example:443"),
        ("https", "shop.example:8443", "shop.example:8443"),
        ("https", "[::1]:443", "[::1]"),
    ] {
        assert_eq!(forwarded_host(host, scheme), expected, "{scheme} {host}");
    }
    for (pattern, host, expected) in [
        ("", "a", true),
        ("a.example", "a.example", true),
        ("a.example", "b.a.example", false),
        ("*.example", "a.example", true),
        ("*.example", "b.a.example", true),
        ("*.example", "example", false),
        ("*.example", ".example", false),
        ("*.example", "badexample", false),
    ] {
        assert_eq!(is_host(pattern, host), expected, "{pattern} {host}");
    }
}

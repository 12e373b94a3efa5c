use super::{cookie, with_cookie};

#[test]
fn values() {
    for (header, expected) in [
        (&b"id=1"[..], Some("1")),
        (b"a=b; id=1; c=d", Some("1")),
        (b"a=b;id=1", Some("1")),
        (b"  id = 1 ;", Some("1")),
        (b"id=1; id=2", Some("1")),
        (b"id=", Some("")),
        (b"id=a=b", Some("a=b")),
        (b"id=\"1\"", Some("\"1\"")),
        (b"id=\xc3\xa9", Some("\u{e9}")),
        (b"=x; ; ;; id; =; \xff=\xfe; id=1", Some("1")),
        (b"id=\xff; id=1", Some("1")),
        (b"ID=1; xid=2; id2=3", None),
        (b"id", None),
        (b"", None),
    ] {
        assert_eq!(cookie(header, "id"), expected, "{}", header.escape_ascii());
    }
}

#[test]
fn additions() {
    for (header, expected) in [
        (None, Some("id=1")),
        (Some(&b""[..]), Some("id=1")),
        (Some(b"a=b; c"), Some("a=b; c; id=1")),
        (Some(b"a=b;"), Some("a=b; id=1")),
        (Some(b"id=broken; a=b; id =2; id"), Some("a=b; id; id=1")),
        (Some(b"a=\xc3\xa9"), None),
        (Some(b"a=\xff"), None),
        (Some(b"a=\x01"), None),
    ] {
        assert_eq!(
            with_cookie(header, "id", "1").as_deref(),
            expected,
            "{header:?}"
        );
    }
}

#[test]
fn long_headers() {
    let header = "a=b; ".repeat(13_000) + "id=1";
    assert_eq!(cookie(header.as_bytes(), "id"), Some("1"));
    assert_eq!(cookie("; ".repeat(33_000).as_bytes(), "id"), None);
    assert_eq!(cookie("=".repeat(65_536).as_bytes(), "id"), None);
}

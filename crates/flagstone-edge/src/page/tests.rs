use super::{MOST_LISTED, added, is_page, keeps};
use crate::fixture::Response;

#[test]
fn pages() {
    let html = ("content-type", "text/html");
    for (status, headers, expected) in [
        (200, vec![html], true),
        (
            200,
            vec![("content-type", "Text/HTML; charset=UTF-8")],
            true,
        ),
        (
            200,
            vec![("content-type", "text/html;charset=\"iso-8859-1\"")],
            true,
        ),
        (200, vec![html, ("content-encoding", "identity")], true),
        (200, vec![html, ("cache-control", "max-age=60")], true),
        (200, vec![], false),
        (200, vec![("content-type", "application/json")], false),
        (200, vec![("content-type", "text/htmlx")], false),
        (200, vec![("content-type", "application/xhtml+xml")], false),
        (
            200,
            vec![("content-type", "text/html; charset=utf-16le")],
            false,
        ),
        (
            200,
            vec![("content-type", "text/html; charset=\"UTF-16\"")],
            false,
        ),
        (200, vec![html, ("content-encoding", "gzip")], false),
        (200, vec![html, ("content-encoding", "br, gzip")], false),
        (
            200,
            vec![html, ("cache-control", "public, No-Transform")],
            false,
        ),
        (200, vec![html, ("content-disposition", "inline")], true),
        (
            200,
            vec![html, ("content-disposition", "inline; filename=attachment")],
            true,
        ),
        (
            200,
            vec![html, ("content-disposition", "attachment")],
            false,
        ),
        (
            200,
            vec![
                html,
                ("content-disposition", "Attachment ; filename=\"a.html\""),
            ],
            false,
        ),
        (206, vec![html], false),
        (304, vec![html], false),
        (404, vec![html], false),
    ] {
        let response = Response {
            status,
            headers: headers.clone(),
        };
        assert_eq!(is_page(&response), expected, "{status} {headers:?}");
    }
}

#[test]
fn lists_hold_what_fits() {
    let check = |list: &str, keys: &[&str], expected: Option<&str>| {
        let added = added(list, keys.iter().copied());
        assert_eq!(added.as_deref(), expected, "{list} {keys:?}");
    };
    check("", &[], None);
    check("", &["a", "b&"], Some("a&b%26"));
    check("a", &["a", "b&"], Some("a&b%26"));
    check("b%26&a", &["a", "b&"], None);
    let long = "x".repeat(MOST_LISTED - 2);
    check("", &["a", &long, "b"], Some(&format!("a&{long}")));
    for (list, key, expected) in [
        ("a&b%26&&", "a", true),
        ("a&b%26&&", "b&", true),
        ("a&b%26&&", "b", false),
        ("a&&", "", true),
        ("", "", false),
    ] {
        assert_eq!(keeps(list, key), expected, "{list} {key}");
    }
}

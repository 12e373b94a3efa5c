use super::preferred;

#[test]
fn headers() {
    for (header, expected) in [
        ("de", Some("de")),
        ("de-AT,de;q=0.9,en;q=0.8", Some("de-at")),
        ("en;q=0.8, de ; q=0.9, fr", Some("fr")),
        ("en;q=0.5,de;q=0.501", Some("de")),
        ("da, en-gb", Some("da")),
        ("*, de;q=0.5", Some("de")),
        ("de;q=0, en;q=0.1", Some("en")),
        ("de;q=2, en;q=x, fr;q=1.001, it;q=0.1", Some("it")),
        ("de;q=0.1234, en;q=0.1", Some("en")),
        ("de;q=1.000", Some("de")),
        ("../x, d\u{e9}, en", Some("en")),
        ("*", None),
        ("", None),
        (";;,,;", None),
    ] {
        assert_eq!(preferred(header).as_deref(), expected, "{header}");
    }
}

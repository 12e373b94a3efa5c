use super::parameter;

#[test]
fn values() {
    for (query, expected) in [
        ("q=1", Some("1")),
        ("a=b&q=1&q=2", Some("1")),
        ("&&q=1", Some("1")),
        ("q", Some("")),
        ("q=", Some("")),
        ("q=a=b", Some("a=b")),
        ("%71=1", Some("1")),
        ("q=a+b%20c%2Bd", Some("a b c+d")),
        ("q=%c3%A9", Some("\u{e9}")),
        ("q=100%&a=b", Some("100%")),
        ("q=%4", Some("%4")),
        ("q=%zz%41", Some("%zzA")),
        ("q=%ff&q=1", None),
        ("Q=1", None),
        ("", None),
    ] {
        assert_eq!(parameter(query, "q").as_deref(), expected, "{query}");
    }
    assert_eq!(parameter("&a=1", ""), None);
}

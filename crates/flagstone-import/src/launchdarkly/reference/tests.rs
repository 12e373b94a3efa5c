#![allow(clippy::indexing_slicing, reason = "tests")]
use super::*;

fn steps_of(text: &str, sdk: Sdk) -> Option<Vec<String>> {
    let steps = steps(text, sdk)?;
    Some(steps.into_iter().map(Cow::into_owned).collect())
}

#[test]
fn references_as_node_reads_them() {
    for (text, expected) in [
        ("a", Some(vec!["a"])),
        ("/a", Some(vec!["a"])),
        ("/a/b", Some(vec!["a", "b"])),
        ("/a~1b/c~0d", Some(vec!["a/b", "c~d"])),
        ("/~1x", Some(vec!["~1x"])),
        ("/a/", Some(vec!["a", ""])),
        ("/a~|", Some(vec!["a~|"])),
        ("a~2", Some(vec!["a~2"])),
        ("/a\n~2", Some(vec!["a\n~2"])),
        ("/a~\n", None),
        ("/a~~0", None),
        ("/a~2", None),
        ("/a~", None),
        ("a~", None),
        ("a//b", None),
        ("//", None),
        ("/", None),
        ("", None),
        ("/_meta/x", None),
    ] {
        let expected = expected.map(|steps| steps.into_iter().map(str::to_owned).collect());
        assert_eq!(steps_of(text, Sdk::Node), expected, "{text:?}");
    }
}

#[test]
fn references_as_others_read_them() {
    for (text, expected) in [
        ("a//b", Some(vec!["a//b"])),
        ("/~1x", Some(vec!["/x"])),
        ("/a/", None),
        ("/a~|", None),
        ("/a~~0", None),
    ] {
        let expected = expected.map(|steps| steps.into_iter().map(str::to_owned).collect());
        assert_eq!(steps_of(text, Sdk::Other), expected, "{text:?}");
    }
}

#[cfg(feature = "answers")]
#[test]
fn names_can_be_taken_apart() {
    for steps in [
        &["user", "email"][..],
        &["user", "a\"b\\", "x.y", "2"],
        &["a.b-c", "", "n"],
        &["org", "\\\"]"],
    ] {
        let name = name(steps[0], steps[1..].iter().copied());
        assert_eq!(parts(&name), steps, "{name}");
    }
}

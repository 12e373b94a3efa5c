use super::{Control, ControlError};
use flagstone_core::Digest;

const DIGEST: &str = "99aa06d3014798d86001c324468d497f";

fn read(text: &str) -> Result<Control, ControlError> {
    Control::read(text.replace("DIGEST", DIGEST).as_bytes())
}

#[test]
fn documents() {
    let control = |revision, kills: &[(&str, &str)], has_bad_kill| Control {
        revision,
        snapshot: Digest::of(b""),
        kills: kills
            .iter()
            .map(|(flag, variant)| (flag.to_string(), variant.to_string()))
            .collect(),
        has_bad_kill,
    };
    for (text, expected) in [
        (
            r#"{"version":1,"revision":7,"snapshot":"DIGEST"}"#,
            control(7, &[], false),
        ),
        (
            r#" { "kills" : { "a" : "b" , "c":"d" }, "version":1, "revision":0, "snapshot":"DIGEST" } "#,
            control(0, &[("a", "b"), ("c", "d")], false),
        ),
        (
            r#"{"version":1,"revision":999999999999999,"snapshot":"DIGEST","kills":{}}"#,
            control(999_999_999_999_999, &[], false),
        ),
        // Escapes, a pair of surrogates among them.
        (
            r#"{"\u0076ersion":1,"revision":7,"snapshot":"DIGEST","kills":{"a\"\\\/\n":"\u00e9\ud83d\ude00x"}}"#,
            control(7, &[("a\"\\/\n", "é😀x")], false),
        ),
        // Unknown members of any type, and the last of two.
        (
            r#"{"a":[1,-2.5e+3,[],{}],"b":{"c":[true,null]},"version":1,"revision":6,"revision":7,"snapshot":"DIGEST","z":"}"}"#,
            control(7, &[], false),
        ),
        // One bad kill leaves the others in force.
        (
            r#"{"version":1,"revision":7,"snapshot":"DIGEST","kills":{"a":null,"b":["c"],"d":"e"}}"#,
            control(7, &[("d", "e")], true),
        ),
    ] {
        assert_eq!(read(text), Ok(expected), "{text}");
    }
}

#[test]
fn errors() {
    let syntax = |at| ControlError::Syntax { at };
    let member = |name| ControlError::Member { name };
    let nested = format!(r#"{{"a":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    for (text, expected) in [
        ("", syntax(0)),
        ("[]", syntax(0)),
        ("{", syntax(1)),
        ("{}x", syntax(2)),
        (r#"{"version":1,}"#, syntax(13)),
        (r#"{"version":1 "revision":2}"#, syntax(13)),
        (r#"{"a":"\ud800x"}"#, syntax(12)),
        (r#"{"a":"\x"}"#, syntax(8)),
        ("{\"a\":\"\n\"}", syntax(6)),
        (r#"{"a":}"#, syntax(5)),
        (r#"{"revision":01}"#, syntax(14)),
        (r#"{"revision":1.5}"#, syntax(13)),
        (r#"{"revision":99999999999999999999}"#, syntax(32)),
        (&nested, syntax(37)),
        ("{}", member("version")),
        (
            r#"{"version":0,"revision":7,"snapshot":"DIGEST"}"#,
            member("version"),
        ),
        (
            r#"{"version":"1","revision":7,"snapshot":"DIGEST"}"#,
            member("version"),
        ),
        (r#"{"version":1,"snapshot":"DIGEST"}"#, member("revision")),
        (
            r#"{"version":1,"revision":-7,"snapshot":"DIGEST"}"#,
            member("revision"),
        ),
        (
            r#"{"version":1,"revision":1000000000000000,"snapshot":"DIGEST"}"#,
            member("revision"),
        ),
        (r#"{"version":1,"revision":7}"#, member("snapshot")),
        (
            r#"{"version":1,"revision":7,"snapshot":"99AA06D3014798D86001C324468D497F"}"#,
            member("snapshot"),
        ),
        (
            r#"{"version":1,"revision":7,"snapshot":"DIGEST","kills":[]}"#,
            member("kills"),
        ),
        // A later version may give the other members any form.
        (
            r#"{"version":2,"revision":"7a","kills":[]}"#,
            ControlError::Version { found: 2 },
        ),
    ] {
        assert_eq!(read(text), Err(expected), "{text}");
    }
    assert_eq!(Control::read(b"{\"a\xff"), Err(syntax(3)));
}

#![allow(clippy::unwrap_used, reason = "tests")]

use super::{Control, ControlError, Rollout};
use flagstone_core::Digest;
use flagstone_rollout::{Course, State};

const DIGEST: &str = "99aa06d3014798d86001c324468d497f";

fn read(text: &str) -> Result<Control, ControlError> {
    Control::read(text.replace("DIGEST", DIGEST).as_bytes())
}

#[test]
fn documents() {
    let control = |revision, kills: &[(&str, &str)], has_bad_kill| Control {
        sequence: revision,
        revision,
        snapshot: Digest::of(b""),
        cut: None,
        kills: kills
            .iter()
            .map(|(flag, variant)| (flag.to_string(), variant.to_string()))
            .collect(),
        rollouts: Vec::new(),
        has_bad_kill,
        has_bad_rollout: false,
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
        // A number of its own.
        (
            r#"{"version":1,"sequence":9,"revision":7,"snapshot":"DIGEST"}"#,
            Control {
                sequence: 9,
                ..control(7, &[], false)
            },
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

/// The cut is that of the snapshot that is named, whatever else there is.
#[test]
fn cuts() {
    const CUT: &str = "00000000000000000000000000000007";
    for (cuts, expected) in [
        ("{}", None),
        (r#"{"DIGEST":"CUT"}"#, Some(Digest(7))),
        (
            r#"{"00000000000000000000000000000001":"00000000000000000000000000000002","DIGEST":"CUT"}"#,
            Some(Digest(7)),
        ),
        // The last counts.
        (r#"{"DIGEST":"CUT","CUT":"DIGEST"}"#, None),
        (r#"{"CUT":"DIGEST"}"#, None),
        (r#"{"DIGEST":"7"}"#, None),
        (r#"{"DIGEST":[7],"x":{}}"#, None),
    ] {
        for text in [
            r#"{"version":1,"revision":7,"cuts":VALUE,"snapshot":"DIGEST"}"#,
            r#"{"snapshot":"DIGEST","cuts":VALUE,"version":1,"revision":7}"#,
        ] {
            let text = text.replace("VALUE", cuts).replace("CUT", CUT);
            assert_eq!(
                read(&text).map(|control| control.cut),
                Ok(expected),
                "{text}"
            );
        }
    }
}

#[test]
fn rollouts() {
    let course = |state, held_ms| Course {
        attempt: 1,
        stage: 2,
        state,
        since_ms: 1_795_376_100_000,
        held_ms,
    };
    let running = || Some(course(State::Running, 0));
    for (value, expected) in [
        (
            r#"{"plan":"p","attempt":1,"stage":2,"state":"running","since":1795376100000}"#,
            running(),
        ),
        (
            r#"{"state":"paused","since":1795376100000,"held":1795376100001,"plan":"p","attempt":1,"stage":2}"#,
            Some(course(State::Paused, 1_795_376_100_001)),
        ),
        (
            r#"{"plan":"p","attempt":1,"stage":2,"state":"rolled-back","since":1795376100000}"#,
            Some(course(State::RolledBack, 0)),
        ),
        (
            r#"{"plan":"p","attempt":1,"stage":2,"state":"complete","since":1795376100000}"#,
            Some(course(State::Complete, 0)),
        ),
        // Members of other names, and `held` where it says nothing.
        (
            r#"{"by":{"who":["ann"]},"plan":"p","attempt":1,"stage":2,"state":"running","since":1795376100000,"held":"x"}"#,
            running(),
        ),
        // A number that is followed by something else is none; the last counts.
        (
            r#"{"plan":"p","attempt":1,"stage":2,"stage":"x","state":"running","since":1795376100000}"#,
            None,
        ),
        (
            r#"{"plan":"p","attempt":1,"stage":2,"state":"paused","since":1795376100000}"#,
            None,
        ),
        (
            r#"{"plan":"p","attempt":1,"stage":2,"state":"asleep","since":1795376100000}"#,
            None,
        ),
        (
            r#"{"plan":"p","attempt":0,"stage":2,"state":"running","since":1795376100000}"#,
            None,
        ),
        (
            r#"{"plan":"p","attempt":1,"stage":256,"state":"running","since":1795376100000}"#,
            None,
        ),
        (
            r#"{"plan":"p","attempt":1,"stage":-1,"state":"running","since":1795376100000}"#,
            None,
        ),
        (
            r#"{"plan":7,"attempt":1,"stage":2,"state":"running","since":0}"#,
            None,
        ),
        (r#"{}"#, None),
        (r#""running""#, None),
        (r#"[{"stage":2}]"#, None),
    ] {
        let text = format!(
            r#"{{"version":1,"revision":7,"snapshot":"DIGEST","rollouts":{{"a":{value}}}}}"#
        );
        let control = read(&text).unwrap();
        let rollouts: Vec<_> = expected
            .into_iter()
            .map(|course| Rollout {
                flag: "a".to_owned(),
                plan: "p".to_owned(),
                course,
            })
            .collect();
        assert_eq!(control.has_bad_rollout, rollouts.is_empty(), "{value}");
        assert_eq!(control.rollouts, rollouts, "{value}");
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
        (
            r#"{"version":1,"revision":7,"snapshot":"DIGEST","rollouts":[]}"#,
            member("rollouts"),
        ),
        (
            r#"{"version":1,"revision":7,"snapshot":"DIGEST","cuts":"DIGEST"}"#,
            member("cuts"),
        ),
        (
            r#"{"version":1,"sequence":"9","revision":7,"snapshot":"DIGEST"}"#,
            member("sequence"),
        ),
        (
            r#"{"version":1,"sequence":1000000000000000,"revision":7,"snapshot":"DIGEST"}"#,
            member("sequence"),
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

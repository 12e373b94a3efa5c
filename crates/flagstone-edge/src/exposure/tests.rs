#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use crate::desk::{Asked, answer};
use crate::fixture::{Head, configuration, everybody, flag, header, model};
use flagstone_core::UnixMillis;
use serde_json::json;

const NOW: UnixMillis = UnixMillis(1_795_376_100_000);
const VIEW: &str = "9f86d081884c7d65";

/// Two flags that browsers get, `new` under the name `neu`, one that they do not get; `user` is who it is.
fn take(head: &[(&str, &str)], body: &str) -> (u16, Vec<String>) {
    let flags = ["new", "banner", "secret"].map(|key| flag(key, vec![everybody()]));
    let mut model = model(flags.into(), Vec::new());
    model.edge.expose.exposures = true;
    model.edge.expose.browser = vec!["new".to_owned(), "banner".to_owned()];
    model.edge.expose.aliases = vec![("new".to_owned(), "neu".to_owned())];
    let mut request = Head::get(super::PATH, head);
    request.method = "POST".to_owned();
    let asked = Asked {
        body: Some(body.as_bytes()),
        ..Asked::default()
    };
    let configuration = configuration(&model);
    let answer = answer(&configuration, None, &request, &asked, NOW, &mut || None).unwrap();
    assert_eq!(header(&answer.edits, "cache-control"), Some("no-store"));
    assert_eq!(answer.body, "");
    (answer.status, answer.lines)
}

fn report(flag: &str, variant: &str, more: &str) -> String {
    format!(
        r#"{{"version":1,"view":"{VIEW}","exposures":[{{"flag":"{flag}","variant":"{variant}"{more}}}]}}"#
    )
}

#[test]
fn what_was_seen_becomes_a_line() {
    let user = ("x-user", "ada \"1\"");
    let same = ("sec-fetch-site", "same-origin");
    let ago = r#","revision":7,"ago":5120"#;
    let (status, lines) = take(&[user, same], &report("neu", "on", ago));
    assert_eq!((status, lines.len()), (204, 1));
    let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    let expected = json!({
        "flagstone": "exposure", "view": VIEW, "time": NOW.0 - 5_120, "flag": "new", "variant": "on", "revision": 7,
        "unit": "ada \"1\"",
    });
    assert_eq!(line, expected);
    assert!(lines[0].ends_with("}\n"));

    // Of a visitor without an id nobody is named, and no id is made for that.
    let (_, lines) = take(&[], &report("banner", "off", ""));
    let expected = format!(
        r#"{{"flagstone":"exposure","view":"{VIEW}","time":{},"flag":"banner","variant":"off"}}"#,
        NOW.0
    );
    assert_eq!(lines, [expected + "\n"]);
}

#[test]
fn what_cannot_be_is_passed_over() {
    let good = report("banner", "on", "");
    let many = |count| {
        let one = r#"{"flag":"banner","variant":"on"}"#;
        let all = vec![one; count].join(",");
        format!(r#"{{"version":1,"view":"{VIEW}","exposures":[{all}]}}"#)
    };
    for (head, body, status, lines) in [
        (("accept", "*/*"), good.clone(), 204, 1),
        (("sec-fetch-site", "cross-site"), good.clone(), 403, 0),
        (("sec-fetch-site", "same-site"), good.clone(), 403, 0),
        (("user-agent", "Googlebot/2.1"), good.clone(), 204, 0),
        (("sec-gpc", "1"), good.clone(), 204, 0),
        (("accept", "*/*"), report("secret", "on", ""), 204, 0),
        (("accept", "*/*"), report("nothing", "on", ""), 204, 0),
        (("accept", "*/*"), report("banner", "maybe", ""), 204, 0),
        (("accept", "*/*"), many(101), 204, 100),
        (("accept", "*/*"), good.replace(VIEW, "9f86"), 204, 0),
        (
            ("accept", "*/*"),
            good.replace(VIEW, "\\\"6d081884c7d65"),
            204,
            0,
        ),
        (
            ("accept", "*/*"),
            good.replace("\"version\":1", "\"version\":2"),
            204,
            0,
        ),
        (("accept", "*/*"), "{".to_owned(), 204, 0),
        (("accept", "*/*"), "[]".to_owned(), 204, 0),
        (("accept", "*/*"), String::new(), 204, 0),
    ] {
        let (found, got) = take(&[head], &body);
        assert_eq!((found, got.len()), (status, lines), "{head:?} {body}");
    }
}

#[test]
fn times_are_within_a_day() {
    let ends = [("-1e300", 0), ("0.9", 0), ("1e300", 86_400_000)];
    for (ago, expected) in ends {
        let (_, lines) = take(&[], &report("banner", "on", &format!(r#","ago":{ago}"#)));
        let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(line["time"], NOW.0 - expected, "{ago}");
    }
}

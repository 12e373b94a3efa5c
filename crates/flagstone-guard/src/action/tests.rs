#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use flagstone_rollout::State;

#[test]
fn what_is_no_action_is_told_why() {
    let whole = r#"{"what": "kill", "flag": "a", "who": "b", "why": "c", "more": {"d": 1}}"#;
    assert!(Action::read(whole).is_ok());
    let cases = [
        ("", ActionError::Json { at: 0 }),
        ("[]", ActionError::Json { at: 0 }),
        (r#"{"what": 1}"#, ActionError::Json { at: 9 }),
        (r#"{} {}"#, ActionError::Json { at: 3 }),
        ("{}", ActionError::Missing("what")),
        (r#"{"what": "kill"}"#, ActionError::Missing("flag")),
        (
            r#"{"what": "kill", "flag": "a"}"#,
            ActionError::Missing("who"),
        ),
        (
            r#"{"what": "kill", "flag": "a", "who": "b", "why": "  "}"#,
            ActionError::Missing("why"),
        ),
        (
            r#"{"what": "advance", "flag": "a", "who": "b", "why": "c"}"#,
            ActionError::What,
        ),
    ];
    for (text, error) in cases {
        assert_eq!(Action::read(text), Err(error), "{text}");
    }
    let long = whole.replace("\"c\"", &format!("\"{}\"", "c".repeat(501)));
    assert_eq!(Action::read(&long), Err(ActionError::Missing("why")));
}

#[test]
fn a_word_is_read_as_what_it_was_written_for() {
    for what in What::ALL {
        let text = format!(
            r#"{{"what": "{}", "flag": "a", "who": "b", "why": "c"}}"#,
            what.word()
        );
        assert_eq!(Action::read(&text).map(|action| action.what), Ok(what));
    }
}

#[test]
fn what_is_wished_is_refused_where_it_makes_no_sense() {
    const SHOP: &str = r#"
        [flags.checkout]
        variants = { control = false, treatment = true }
        default = "control"
        rollout = { treatment = "plan" }
        plan = { stages = [{ share = 5, dwell = "1h" }] }

        [flags.banner]
        enabled = false
    "#;
    let read = flagstone_authoring::read(SHOP, None, &flagstone_authoring::no_files);
    let bytes = flagstone_compile::compile(&read.model.unwrap())
        .snapshot
        .unwrap();
    let snapshot = Snapshot::open(&bytes).unwrap();
    let killed = r#""kills":{"checkout":"control"}"#;
    let begun = |state: &str| {
        format!(
            r#""rollouts":{{"checkout":{{"plan":"1","attempt":1,"stage":0,"state":"{state}","since":0,"held":0}}}}"#
        )
    };
    let (running, paused) = (&begun("running"), &begun("paused"));
    let kill = |variant: Option<&str>| Ok(Wish::Kill(variant.map(str::to_owned)));
    let no = |why: &str| Err(why.to_owned());
    let not_begun =
        "the rollout of plan `1` has not begun; begin it with `flagstone advance --begin`";
    let cases = [
        (What::Kill, "checkout", running, kill(Some("control"))),
        (
            What::Kill,
            "nothing",
            running,
            no("there is no flag `nothing`"),
        ),
        (What::Lift, "checkout", &killed.to_owned(), kill(None)),
        (What::Lift, "checkout", running, no("it is not killed")),
        (
            What::Pause,
            "banner",
            running,
            no("no rollout of it has begun"),
        ),
        (What::Pause, "checkout", paused, no("it is paused")),
        (What::Resume, "banner", running, no("it has no plan")),
        (What::Resume, "checkout", &killed.to_owned(), no(not_begun)),
        (
            What::Resume,
            "checkout",
            running,
            no("it is running, not paused"),
        ),
    ];
    let wish = |what, flag: &str, members: &str| {
        let digest = snapshot.digest();
        let control = format!(r#"{{"version":1,"revision":1,"snapshot":"{digest}",{members}}}"#);
        let action = Action {
            what,
            flag: flag.to_owned(),
            who: String::new(),
            why: String::new(),
        };
        action.wish(
            &Document::read(control.as_bytes()).unwrap(),
            &snapshot,
            60_000,
        )
    };
    for (what, flag, members, expected) in cases {
        assert_eq!(
            wish(what, flag, members),
            expected,
            "{what:?} {flag} {members}"
        );
    }
    for (what, members, expected) in [
        (What::Pause, running, State::Paused),
        (What::Resume, paused, State::Running),
    ] {
        let Ok(Wish::Rollout(plan, course)) = wish(what, "checkout", members) else {
            unreachable!("{what:?} is refused")
        };
        assert_eq!((plan.as_str(), course.state), ("1", expected));
    }
}

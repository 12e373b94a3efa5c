use super::*;

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

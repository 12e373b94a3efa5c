use super::{IdSource, Problem, Status, Why};

#[test]
fn value() {
    let none = Status::default();
    let held = Status {
        revision: Some(7),
        ..none
    };
    for (status, expected) in [
        (none, "flagstone"),
        (held, "flagstone; rev=7"),
        (
            Status {
                id: Some(IdSource::Minted),
                ..held
            },
            "flagstone; rev=7; id=minted",
        ),
        (
            Status {
                id: Some(IdSource::None),
                why: Some(Why::Bot),
                ..held
            },
            "flagstone; rev=7; id=none; why=bot",
        ),
        (
            Status {
                problem: Some(Problem::SnapshotAbsent),
                ..none
            },
            "flagstone; error=\"no-snapshot\"",
        ),
        (
            Status {
                id: Some(IdSource::Cookie),
                problem: Some(Problem::ControlVersion),
                ..held
            },
            "flagstone; rev=7; id=cookie; stale; error=\"control-version\"",
        ),
        (
            Status {
                problem: Some(Problem::RevisionOlder),
                ..held
            },
            "flagstone; rev=7; error=\"revision-older\"",
        ),
    ] {
        assert_eq!(status.value(), expected);
    }
}

#[test]
fn codes_differ() {
    let codes: std::collections::BTreeSet<_> =
        Problem::ALL.iter().map(|problem| problem.code()).collect();
    assert_eq!(codes.len(), Problem::ALL.len());
}

#[test]
fn codes_are_documented() {
    let documentation = include_str!("../../../../docs/http.md");
    for problem in Problem::ALL {
        let code = problem.code();
        assert!(documentation.contains(&format!("| `{code}` |")), "{code}");
    }
}

use super::{Course, Refusal, State, Timetable};
use crate::calendar::tests::{new_year, office, utc};
use crate::calendar::{Calendar, Freeze};

const HOUR: i64 = 3_600_000;

#[derive(Clone, Copy, Debug)]
enum Do {
    Begin,
    Advance,
    Force,
    Pause,
    Resume,
    RollBack,
}

fn step(course: Option<Course>, what: Do, by: &Timetable, now_ms: i64) -> Result<Course, Refusal> {
    let begun = || course.ok_or(Refusal::NoStage { stage: 99 });
    match what {
        Do::Begin => Course::begin(course.as_ref(), true, by, now_ms),
        Do::Advance => begun()?.advance(by, now_ms),
        Do::Force => begun()?.force(by, now_ms),
        Do::Pause => begun()?.pause(now_ms),
        Do::Resume => begun()?.resume(by, now_ms),
        Do::RollBack => begun()?.roll_back(now_ms),
    }
}

/// A moment, a step, and attempt, stage and state after it.
type Case = (i64, Do, Result<(u32, u8, State), Refusal>);

/// Takes steps, each at a moment; a step that is refused changes nothing.
fn check(name: &str, by: &Timetable, steps: &[Case]) {
    let mut course = None;
    for (number, (now_ms, what, expected)) in steps.iter().enumerate() {
        let result = step(course, *what, by, *now_ms);
        let seen = result
            .clone()
            .map(|course| (course.attempt, course.stage, course.state));
        assert_eq!(&seen, expected, "{name}, step {number}: {what:?}");
        course = result.ok().or(course);
    }
}

fn timetable(straight: bool, calendar: Calendar) -> Timetable {
    Timetable {
        dwells_ms: vec![HOUR, 4 * HOUR, 24 * HOUR],
        straight,
        calendar,
    }
}

#[test]
fn stages() {
    let by = timetable(false, Calendar::default());
    let dwell = |left_ms| Err(Refusal::Dwell { left_ms });
    check(
        "to the end",
        &by,
        &[
            (0, Do::Begin, Ok((1, 0, State::Running))),
            (0, Do::Begin, Err(Refusal::Begun)),
            (0, Do::Advance, dwell(HOUR)),
            (HOUR - 1, Do::Advance, dwell(1)),
            (HOUR, Do::Advance, Ok((1, 1, State::Running))),
            (2 * HOUR, Do::Force, Ok((1, 2, State::Running))),
            (26 * HOUR, Do::Advance, Ok((1, 2, State::Complete))),
            (27 * HOUR, Do::Advance, Err(Refusal::Ended(State::Complete))),
            (27 * HOUR, Do::Pause, Err(Refusal::Ended(State::Complete))),
            (27 * HOUR, Do::Begin, Err(Refusal::Begun)),
            (28 * HOUR, Do::RollBack, Ok((1, 2, State::RolledBack))),
        ],
    );
    check(
        "a pause does not count",
        &by,
        &[
            (0, Do::Begin, Ok((1, 0, State::Running))),
            (0, Do::Resume, Err(Refusal::NotPaused(State::Running))),
            (HOUR / 2, Do::Pause, Ok((1, 0, State::Paused))),
            (9 * HOUR, Do::Advance, Err(Refusal::Paused)),
            (9 * HOUR, Do::Force, Err(Refusal::Paused)),
            (9 * HOUR, Do::Pause, Err(Refusal::Paused)),
            (9 * HOUR, Do::Resume, Ok((1, 0, State::Running))),
            (9 * HOUR, Do::Advance, dwell(HOUR / 2)),
            (9 * HOUR + HOUR / 2, Do::Advance, Ok((1, 1, State::Running))),
        ],
    );
    check(
        "a clock that went back takes nothing back",
        &by,
        &[
            (HOUR, Do::Begin, Ok((1, 0, State::Running))),
            (0, Do::Advance, dwell(HOUR)),
        ],
    );
    check(
        "another attempt",
        &by,
        &[
            (0, Do::Begin, Ok((1, 0, State::Running))),
            (1, Do::Pause, Ok((1, 0, State::Paused))),
            (2, Do::RollBack, Ok((1, 0, State::RolledBack))),
            (3, Do::RollBack, Err(Refusal::Ended(State::RolledBack))),
            (3, Do::Resume, Err(Refusal::NotPaused(State::RolledBack))),
            (3, Do::Advance, Err(Refusal::Ended(State::RolledBack))),
            (4, Do::Begin, Ok((2, 0, State::Running))),
        ],
    );
    check(
        "a plan that lost its later stages",
        &Timetable {
            dwells_ms: vec![],
            ..by
        },
        &[
            (0, Do::Begin, Ok((1, 0, State::Running))),
            (HOUR, Do::Advance, Err(Refusal::NoStage { stage: 0 })),
            (HOUR, Do::Force, Err(Refusal::NoStage { stage: 0 })),
            (HOUR, Do::RollBack, Ok((1, 0, State::RolledBack))),
        ],
    );
}

#[test]
fn calendars() {
    let by = timetable(false, office());
    let closed = |opens_ms| Err(Refusal::Closed { opens_ms });
    let friday = utc(2026, 11, 27, 15, 30);
    let monday = utc(2026, 11, 30, 8, 0);
    check(
        "over a weekend",
        &by,
        &[
            (friday + HOUR, Do::Begin, closed(Some(monday))),
            (friday, Do::Begin, Ok((1, 0, State::Running))),
            (friday + HOUR, Do::Advance, closed(Some(monday))),
            (monday, Do::Advance, Ok((1, 1, State::Running))),
            (monday + HOUR, Do::Pause, Ok((1, 1, State::Paused))),
            // Pauses, going on in a stage, and rolling back move nobody in: they are allowed at any hour.
            (monday + 20 * HOUR, Do::Resume, Ok((1, 1, State::Running))),
            (monday + 20 * HOUR, Do::Force, Ok((1, 2, State::Running))),
            (
                monday + 21 * HOUR,
                Do::RollBack,
                Ok((1, 2, State::RolledBack)),
            ),
        ],
    );
    let saturday = utc(2026, 10, 24, 6, 0);
    check(
        "over a clock change: the dwell is a length of time, the window is what clocks show",
        &timetable(
            false,
            Calendar {
                windows: vec![crate::Window {
                    days: 0b111_1111,
                    from: 8 * 60,
                    to: 12 * 60,
                }],
                ..office()
            },
        ),
        &[
            (saturday, Do::Begin, Ok((1, 0, State::Running))),
            (saturday + HOUR, Do::Advance, Ok((1, 1, State::Running))),
            (saturday + 5 * HOUR, Do::Force, Ok((1, 2, State::Running))),
            (
                saturday + 29 * HOUR - 1,
                Do::Advance,
                Err(Refusal::Dwell { left_ms: 1 }),
            ),
            // 24 hours after 13:00 in summer it is 12:00 in winter: closed until 8:00 of the next day.
            (
                saturday + 29 * HOUR,
                Do::Advance,
                closed(Some(utc(2026, 10, 26, 7, 0))),
            ),
        ],
    );
    let before = utc(2026, 12, 18, 12, 0);
    check(
        "a freeze",
        &by,
        &[
            (before, Do::Begin, Ok((1, 0, State::Running))),
            (
                before + 24 * HOUR,
                Do::Advance,
                Err(Refusal::Frozen {
                    freeze: new_year(),
                    opens_ms: Some(utc(2027, 1, 4, 8, 0)),
                }),
            ),
            (
                utc(2027, 1, 4, 8, 0),
                Do::Advance,
                Ok((1, 1, State::Running)),
            ),
        ],
    );
}

#[test]
fn straight_lines() {
    let freeze = Freeze {
        from_ms: 3 * HOUR,
        to_ms: 30 * HOUR,
        why: String::new(),
    };
    let by = timetable(
        true,
        Calendar {
            freezes: vec![freeze.clone()],
            ..Calendar::default()
        },
    );
    let grows = |ends_ms| {
        Err(Refusal::GrowsIntoFreeze {
            freeze: freeze.clone(),
            ends_ms,
        })
    };
    check(
        "it does not grow into a freeze",
        &by,
        &[
            (0, Do::Begin, Ok((1, 0, State::Running))),
            (HOUR, Do::Advance, grows(5 * HOUR)),
            (HOUR, Do::Pause, Ok((1, 0, State::Paused))),
            (
                4 * HOUR,
                Do::Resume,
                Err(Refusal::Frozen {
                    freeze: freeze.clone(),
                    opens_ms: Some(30 * HOUR),
                }),
            ),
            (30 * HOUR, Do::Resume, Ok((1, 0, State::Running))),
            (30 * HOUR, Do::Advance, Ok((1, 1, State::Running))),
        ],
    );
    check(
        "nor begin to",
        &by,
        &[(5 * HOUR / 2, Do::Begin, grows(7 * HOUR / 2))],
    );
}

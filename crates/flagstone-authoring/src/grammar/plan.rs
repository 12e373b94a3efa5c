//! How flags are rolled out as time goes by.

use super::{Kind, Shape, TEXTS, key, required};

pub(super) static RAMP_POINT: Shape = Shape {
    name: "ramp_point",
    about: "The share of a variant at a moment; between two moments it grows evenly.",
    keys: &[
        required("at", Kind::Instant, "When."),
        required(
            "share",
            Kind::Percent,
            "How much at that moment, in per cent.",
        ),
    ],
};

static STAGE: Shape = Shape {
    name: "stage",
    about: "A stage of a rollout.",
    keys: &[
        required(
            "share",
            Kind::Percent,
            "How much of the units, in per cent.",
        ),
        required(
            "dwell",
            Kind::Text,
            "The least time in it: `\"30s\"`, `\"10m\"`, `\"4h\"`, `\"1d\"`, `\"2w\"`.",
        ),
    ],
};

static WINDOW: Shape = Shape {
    name: "window",
    about: "A time of the week in which a rollout may grow.",
    keys: &[
        key(
            "days",
            TEXTS,
            "[\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"]",
            "The days of the week.",
        ),
        required(
            "from",
            Kind::Text,
            "The time of the day that it opens at: `\"09:00\"`.",
        ),
        required(
            "to",
            Kind::Text,
            "The time that it closes at; `\"24:00\"` is the end of the day.",
        ),
    ],
};

static FREEZE: Shape = Shape {
    name: "freeze",
    about: "Days on which a rollout may not grow.",
    keys: &[
        required("from", Kind::Date, "The first day."),
        key("to", Kind::Date, "", "The last day; `from` if absent."),
        key("why", Kind::Text, "\"\"", "Shown to whoever tries."),
    ],
};

pub(super) static PLAN: Shape = Shape {
    name: "plan",
    about: "How a variant is rolled out, in stages; which one is in force is said from outside.",
    keys: &[
        key(
            "id",
            Kind::Text,
            "\"1\"",
            "A rollout under way goes on in a later file whose plan has the same id.",
        ),
        required(
            "stages",
            Kind::List(&Kind::Table(&STAGE)),
            "With ascending shares; after the last one everybody is in.",
        ),
        key(
            "straight",
            Kind::Boolean,
            "false",
            "Whether a stage's share grows to the next one's while it lasts, instead of in a step.",
        ),
        key(
            "zone",
            Kind::Text,
            "\"UTC\"",
            "The time zone of windows and freezes: `\"Europe/Berlin\"`.",
        ),
        key(
            "windows",
            Kind::List(&Kind::Table(&WINDOW)),
            "",
            "When it may grow; at any time if absent.",
        ),
        key(
            "freezes",
            Kind::List(&Kind::Table(&FREEZE)),
            "[]",
            "When it may not.",
        ),
        key(
            "goals",
            TEXTS,
            "[]",
            "Up to four of `[goals]`, of which a guard compares how many visitors reach them; the first weighs most.",
        ),
    ],
};

//! Flags and segments.

use super::plan::{PLAN, RAMP_POINT};
use super::{DESCRIPTION, Key, Kind, Shape, TEXTS, key, required};

const SHARES: Kind = Kind::Map(&Kind::Either(&[
    Kind::Percent,
    Kind::Text,
    Kind::List(&Kind::Table(&RAMP_POINT)),
]));
const PERCENTS: Kind = Kind::Map(&Kind::Percent);

const START: Key = key(
    "start",
    Kind::Instant,
    "",
    "From this moment on; before it, it does not match.",
);
const STOP: Key = key(
    "stop",
    Kind::Instant,
    "",
    "Up to this moment, which is not included.",
);
const SERVE: Key = key(
    "serve",
    Kind::Text,
    "",
    "The variant that everybody who matches gets.",
);
const ROLLOUT: Key = key(
    "rollout",
    SHARES,
    "",
    "Variants and their shares, or `\"plan\"`; whoever is in none gets the default.",
);
const RESERVE: Key = key(
    "reserve",
    PERCENTS,
    "",
    "Per cent kept for each variant to grow into; equal parts if absent.",
);
const BY: Key = key(
    "by",
    Kind::Text,
    "\"user.key\"",
    "The attribute whose value is hashed or looked up.",
);

static BUCKETING: Shape = Shape {
    name: "bucketing",
    about: "How a flag service finds the position of a unit.",
    keys: &[
        required(
            "algorithm",
            Kind::Text,
            "`launchdarkly`, `split`, `split-legacy`, `unleash`, `unleash-utf8`, `unleash-text`, `unleash-truthy`, `growthbook-v1`, `growthbook-v2`, `flagd`, `flagd-text` or `native`.",
        ),
        key(
            "by",
            Kind::Either(&[Kind::Text, TEXTS]),
            "\"user.key\"",
            "The attribute that is hashed, or several of which the first that is there counts.",
        ),
        key("salt", Kind::Text, "\"\"", "Text that is hashed with it."),
        key(
            "seed",
            Kind::Integer(0, u32::MAX as i64),
            "0",
            "Seed of the hash, where the algorithm has one.",
        ),
        key(
            "modulus",
            Kind::Integer(0, u32::MAX as i64),
            "0",
            "Number of positions, where the algorithm does not give it.",
        ),
    ],
};

static RANGE: Shape = Shape {
    name: "range",
    about: "Positions of one variant.",
    keys: &[
        required("from", Kind::Integer(0, i64::MAX), "The first."),
        required("to", Kind::Integer(0, i64::MAX), "The one after the last."),
        required("serve", Kind::Text, "The variant."),
    ],
};

static REST: Shape = Shape {
    name: "rest",
    about: "A variant for the positions outside of all ranges.",
    keys: &[required("serve", Kind::Text, "The variant.")],
};

static RULE: Shape = Shape {
    name: "rule",
    about: "Whom a variant or a rollout is for. The first rule that matches decides.",
    keys: &[
        key(
            "name",
            Kind::Text,
            "\"\"",
            "Shown in decisions and explanations.",
        ),
        key(
            "when",
            Kind::Condition,
            "\"true\"",
            "For whom: a condition in CEL.",
        ),
        SERVE,
        ROLLOUT,
        BY,
        RESERVE,
        START,
        STOP,
        key(
            "serve_default",
            Kind::Boolean,
            "",
            "`true`: everybody who matches gets the flag's default, with reason `DEFAULT`.",
        ),
        key(
            "serve_expression",
            Kind::Text,
            "",
            "An expression that gives the key of the variant.",
        ),
        key("bucketing", Kind::Table(&BUCKETING), "", BUCKETING.about),
        key(
            "ranges",
            Kind::List(&Kind::Table(&RANGE)),
            "",
            "Positions and what they get, by `bucketing`; the first range that a position lies in decides.",
        ),
        key(
            "rest",
            Kind::Either(&[Kind::Text, Kind::Table(&REST)]),
            "\"default\"",
            "What is served outside of all ranges: `default`, `next` (what the next rule says), `fail`, or `{ serve = \"variant\" }`.",
        ),
        key(
            "absent",
            Kind::Text,
            "\"default\"",
            "What a unit without a position gets: `default`, `first` (the place of position 0), `next` or `fail`.",
        ),
    ],
};

pub(super) static FLAG: Shape = Shape {
    name: "flag",
    about: "One flag.",
    keys: &[
        DESCRIPTION,
        key(
            "owner",
            Kind::Text,
            "",
            "Who answers for it; for readers only.",
        ),
        key(
            "expires",
            Kind::Date,
            "",
            "The day from which on it should be gone; changes no decision.",
        ),
        key(
            "tags",
            TEXTS,
            "[]",
            "Words to find it by; for readers only.",
        ),
        key(
            "enabled",
            Kind::Boolean,
            "true",
            "A flag that is not enabled serves its default.",
        ),
        key(
            "variants",
            Kind::Map(&Kind::Value),
            "{ off = false, on = true }",
            "The values that the flag can have, by name.",
        ),
        key(
            "default",
            Kind::Text,
            "\"off\"",
            "The variant served when no rule matches, when the flag is disabled, and when anything fails.",
        ),
        key(
            "callers_default",
            Kind::Boolean,
            "false",
            "The flag has no default of its own: whoever asks gets the one that they bring.",
        ),
        key(
            "json_variants",
            Kind::Boolean,
            "false",
            "Texts among the variants are JSON, for values that TOML cannot spell, such as null.",
        ),
        key(
            "prerequisites",
            Kind::Map(&Kind::Either(&[Kind::Text, TEXTS])),
            "{}",
            "Other flags, and the variant or variants they must have; else the default is served.",
        ),
        key(
            "targets",
            Kind::Map(&TEXTS),
            "{}",
            "Variants, and the targeting keys that get them before any rule.",
        ),
        SERVE,
        ROLLOUT,
        BY,
        RESERVE,
        START,
        STOP,
        key("plan", Kind::Table(&PLAN), "", PLAN.about),
        key(
            "rules",
            Kind::List(&Kind::Table(&RULE)),
            "[]",
            "Asked in order; the first that matches decides.",
        ),
    ],
};

pub(super) static SEGMENT: Shape = Shape {
    name: "segment",
    about: "A named set of users.",
    keys: &[
        DESCRIPTION,
        key(
            "included",
            TEXTS,
            "[]",
            "Keys that belong to it whatever the condition says.",
        ),
        key(
            "excluded",
            TEXTS,
            "[]",
            "Keys that do not belong to it, unless they are included.",
        ),
        key(
            "included_file",
            Kind::Text,
            "",
            "A text file with further included keys, one a line.",
        ),
        key(
            "excluded_file",
            Kind::Text,
            "",
            "A text file with further excluded keys, one a line.",
        ),
        key(
            "when",
            Kind::Condition,
            "\"false\"",
            "For all other keys: a condition in CEL.",
        ),
        BY,
    ],
};

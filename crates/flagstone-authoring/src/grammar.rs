//! Every key of the format, once: what the reader allows and what the JSON Schema says both come from here.

/// A table with known keys.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Its name in the schema.
    pub(crate) name: &'static str,
    /// What it is for, in one sentence.
    pub(crate) about: &'static str,
    pub(crate) keys: &'static [Key],
}

/// A key of a table.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// What it says, in one sentence.
    pub(crate) about: &'static str,
    /// TOML of the value that an absent key stands for; empty if there is no such value.
    pub(crate) default: &'static str,
    /// The table cannot do without it.
    pub(crate) required: bool,
}

/// What a value looks like. What it means is checked later.
#[derive(Debug)]
pub(crate) enum Kind {
    Boolean,
    /// Any text.
    Text,
    /// A CEL expression.
    Condition,
    /// A calendar date.
    Date,
    /// A date-time with a zone.
    Instant,
    /// A whole number in a range.
    Integer(i64, i64),
    /// A number of per cent.
    Percent,
    /// Any value.
    Value,
    /// An array.
    List(&'static Kind),
    /// A table with keys of the author's choice.
    Map(&'static Kind),
    /// As a map, but dotted keys may be written without quotes: `user.email = …` means `"user.email" = …`.
    Dotted(&'static Kind),
    /// A table with known keys.
    Table(&'static Shape),
    /// One of several, of different TOML types.
    Either(&'static [Kind]),
}

const fn key(name: &'static str, kind: Kind, default: &'static str, about: &'static str) -> Key {
    Key {
        name,
        kind,
        about,
        default,
        required: false,
    }
}

const fn required(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key {
        name,
        kind,
        about,
        default: "",
        required: true,
    }
}

const TEXTS: Kind = Kind::List(&Kind::Text);
const SHARES: Kind = Kind::Map(&Kind::Either(&[
    Kind::Percent,
    Kind::Text,
    Kind::List(&Kind::Table(&RAMP_POINT)),
]));
const PERCENTS: Kind = Kind::Map(&Kind::Percent);

const DESCRIPTION: Key = key(
    "description",
    Kind::Text,
    "",
    "What it is for; for readers only.",
);
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

static RAMP_POINT: Shape = Shape {
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

static PLAN: Shape = Shape {
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

static FLAG: Shape = Shape {
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

static SEGMENT: Shape = Shape {
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

static ANONYMOUS: Shape = Shape {
    name: "anonymous",
    about: "The id minted for visitors that no source knows.",
    keys: &[
        key(
            "cookie",
            Kind::Text,
            "\"__Host-flagstone\"",
            "The cookie that carries it; its name begins with `__Host-`.",
        ),
        key(
            "max_age_days",
            Kind::Integer(1, 400),
            "400",
            "How long browsers keep it.",
        ),
    ],
};

static IDENTITY: Shape = Shape {
    name: "identity",
    about: "Where the targeting key `user.key` comes from.",
    keys: &[
        key(
            "sources",
            TEXTS,
            "[]",
            "Asked in order: `header:NAME` or `cookie:NAME`.",
        ),
        key(
            "anonymous",
            Kind::Either(&[Kind::Boolean, Kind::Table(&ANONYMOUS)]),
            "true",
            "Whether visitors that no source knows get an id in a cookie.",
        ),
        key(
            "consent",
            Kind::Text,
            "",
            "The cookie that shows consent to that: `cookie:NAME` or `cookie:NAME=VALUE`.",
        ),
        key(
            "follow_page",
            Kind::Boolean,
            "false",
            "Whether what a page loads keeps the default variants that the page got, while rollouts grow.",
        ),
    ],
};

static ORIGIN: Shape = Shape {
    name: "origin",
    about: "A place that answers requests; each platform maps its name to an address.",
    keys: &[
        key(
            "fallback",
            Kind::Text,
            "",
            "The origin that answers when this one cannot.",
        ),
        key(
            "timeout_ms",
            Kind::Integer(1, 60_000),
            "",
            "How long its response's head may take; 10,000 if there is a fallback, else as long as the platform waits.",
        ),
        key(
            "failures",
            TEXTS,
            "[\"5xx\"]",
            "The statuses that are failures: `5xx`, `4xx`, or single ones from 400 to 430 and 500 to 530.",
        ),
    ],
};

static ACTION: Shape = Shape {
    name: "action",
    about: "What a variant does to a request.",
    keys: &[
        key(
            "origin",
            Kind::Text,
            "\"stable\"",
            "The origin that answers.",
        ),
        key(
            "rewrite",
            Kind::Text,
            "",
            "The path asked for there; `*` and `:name` stand for what the route's path took.",
        ),
        key(
            "request_headers",
            Kind::Map(&Kind::Text),
            "{}",
            "Set on the request to the origin.",
        ),
        key(
            "response_headers",
            Kind::Map(&Kind::Text),
            "{}",
            "Set on the response to the browser.",
        ),
        key(
            "cookies",
            Kind::Map(&Kind::Text),
            "{}",
            "Set on the response as session cookies.",
        ),
    ],
};

static HARM: Shape = Shape {
    name: "harm",
    about: "What counts as harm on a route, beside what is a failure everywhere, where the flag's variants are compared.",
    keys: &[
        key(
            "statuses",
            TEXTS,
            "[]",
            "`4xx`, or single statuses from 400 to 430 and 500 to 530; those from 500 on count in any case.",
        ),
        key(
            "slower_than_ms",
            Kind::Integer(1, 60_000),
            "",
            "The head of a response that comes later than this does harm.",
        ),
        key(
            "events",
            TEXTS,
            "[]",
            "Names in the response header `Flagstone-Event`, by which origins report that a visitor came to harm.",
        ),
    ],
};

static ROUTE: Shape = Shape {
    name: "route",
    about: "Which requests a flag acts on, and how.",
    keys: &[
        key(
            "host",
            Kind::Text,
            "\"\"",
            "`shop.example`, or `*.shop.example` for each host below it; all if absent.",
        ),
        required(
            "path",
            Kind::Text,
            "`/checkout/*` or `/products/:id`; `*` only at the end.",
        ),
        key("flag", Kind::Text, "", "The flag that acts."),
        key(
            "variants",
            Kind::Map(&Kind::Table(&ACTION)),
            "{}",
            "What each variant does; those not named do nothing.",
        ),
        key(
            "flags",
            TEXTS,
            "",
            "If given, the only flags that these requests see; `*` stands for any letters.",
        ),
        key(
            "idempotent",
            Kind::Either(&[Kind::Boolean, Kind::Text]),
            "false",
            "Whether requests of every method may be sent to a fallback after an origin has failed; `\"key\"` for those with an `Idempotency-Key`.",
        ),
        key(
            "harm",
            Kind::Table(&HARM),
            "{}",
            "What counts as harm where the flag's variants are compared.",
        ),
    ],
};

static GOAL: Shape = Shape {
    name: "goal",
    about: "What visitors are to reach: a request that is answered well, or an event that the origin reports.",
    keys: &[
        DESCRIPTION,
        key(
            "path",
            Kind::Text,
            "\"/*\"",
            "Of the request, as in a route; may only be absent beside `event`.",
        ),
        key(
            "host",
            Kind::Text,
            "\"\"",
            "Of the request, as in a route; all if absent.",
        ),
        key(
            "method",
            Kind::Text,
            "\"\"",
            "Of the request: `POST`; all if absent.",
        ),
        key(
            "event",
            Kind::Text,
            "",
            "A name in the response header `Flagstone-Event`; without it, a status from 200 to 399 is enough.",
        ),
    ],
};

static SOURCE: Shape = Shape {
    name: "source",
    about: "The document of a flag service, in the edge's store, that holds the flags instead of this file.",
    keys: &[
        required(
            "from",
            Kind::Text,
            "`launchdarkly`, `split`, `unleash`, `flagd` or `growthbook`.",
        ),
        required(
            "key",
            Kind::Text,
            "The document's key in the store, such as `LD-Env-…`.",
        ),
        key(
            "sdk",
            Kind::Text,
            "\"node\"",
            "`node` or `other`: which of the service's SDKs decisions agree with, where they differ.",
        ),
    ],
};

static EXPOSE: Shape = Shape {
    name: "expose",
    about: "Which flags leave the edge, and in which forms.",
    keys: &[
        key(
            "browser",
            TEXTS,
            "[]",
            "Sent to browsers: keys, or patterns in which `*` stands for any letters.",
        ),
        key("origin", TEXTS, "[]", "Sent to origins, in the same way."),
        key(
            "reasons",
            Kind::Boolean,
            "false",
            "Whether reasons go along with variants.",
        ),
        key(
            "values",
            Kind::Boolean,
            "false",
            "Whether values go along with variants in `Feature-Flags` and in the cookie; the script element always has them.",
        ),
        key(
            "server_timing",
            Kind::Boolean,
            "false",
            "Whether browsers get the flags in `Server-Timing` too, which a page's own scripts can read.",
        ),
        key(
            "script",
            Kind::Boolean,
            "false",
            "Whether pages get the flags in a script element at the start of their `head`.",
        ),
        key(
            "cookie",
            Kind::Boolean,
            "false",
            "Whether browsers get the flags in a cookie that scripts can read.",
        ),
        key(
            "exposures",
            Kind::Boolean,
            "false",
            "Whether browsers may report which variants were seen, to `/.flagstone/exposure`.",
        ),
        key(
            "budget",
            Kind::Integer(64, 65_535),
            "4096",
            "Bytes that the value of `Feature-Flags` may have; beyond it values, reasons, then flags are left out.",
        ),
        key(
            "aliases",
            Kind::Map(&Kind::Text),
            "{}",
            "Names of flags towards frontends, by key: `{ \"Café\" = \"cafe\" }`.",
        ),
    ],
};

static OFREP: Shape = Shape {
    name: "ofrep",
    about: "Programs may ask for flags by the OpenFeature Remote Evaluation Protocol, below `/ofrep/v1/`.",
    keys: &[
        key(
            "public",
            Kind::Boolean,
            "false",
            "Whether also those without a key, for flags exposed to browsers.",
        ),
        key(
            "cors",
            TEXTS,
            "[]",
            "Origins whose pages may ask beside the edge's own: `https://app.example`, or `*`.",
        ),
    ],
};

macro_rules! document {
    ($($environments:expr)?) => {
        &[
            key("flags", Kind::Map(&Kind::Table(&FLAG)), "{}", "The flags, by key."),
            key("segments", Kind::Map(&Kind::Table(&SEGMENT)), "{}", "The segments, by key."),
            key("identity", Kind::Table(&IDENTITY), "{}", IDENTITY.about),
            key(
                "context",
                Kind::Dotted(&Kind::Text),
                "{}",
                "Where other attributes come from, by their dotted name: `\"user.email\" = \"cookie:email\"`.",
            ),
            key("origins", Kind::Map(&Kind::Table(&ORIGIN)), "{}", "The origins, by name; `stable` is always one."),
            key(
                "routes",
                Kind::List(&Kind::Table(&ROUTE)),
                "[]",
                "All that match a request apply, the first having precedence.",
            ),
            key(
                "goals",
                Kind::Map(&Kind::Table(&GOAL)),
                "{}",
                "What visitors are to reach, by name; plans say which of them are compared.",
            ),
            key("expose", Kind::Table(&EXPOSE), "{}", EXPOSE.about),
            key("ofrep", Kind::Table(&OFREP), "", OFREP.about),
            key("source", Kind::Table(&SOURCE), "", SOURCE.about),
            $($environments)?
        ]
    };
}

static ENVIRONMENT: Shape = Shape {
    name: "environment",
    about: "What differs in an environment: tables are merged, lists and single values replaced.",
    keys: document!(),
};

/// The whole document.
pub(crate) static DOCUMENT: Shape = Shape {
    name: "document",
    about: "Feature flags and what the edge does with them.",
    keys: document!(key(
        "environments",
        Kind::Map(&Kind::Table(&ENVIRONMENT)),
        "{}",
        "What differs in each environment, by its name.",
    )),
};

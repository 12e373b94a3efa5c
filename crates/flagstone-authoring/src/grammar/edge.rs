//! What the edge does with flags.

use super::{DESCRIPTION, Kind, Shape, TEXTS, key, required};

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

pub(super) static IDENTITY: Shape = Shape {
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

pub(super) static ORIGIN: Shape = Shape {
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

pub(super) static ROUTE: Shape = Shape {
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

pub(super) static GOAL: Shape = Shape {
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

pub(super) static SOURCE: Shape = Shape {
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

pub(super) static EXPOSE: Shape = Shape {
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

pub(super) static OFREP: Shape = Shape {
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

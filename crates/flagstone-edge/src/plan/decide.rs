//! From a configuration and a request to a plan.

use super::watch::{Visit, watch};
use super::{FLAGS, Plan, SERVER_TIMING};
use crate::character::{self, UNRESERVED};
use crate::configuration::Configuration;
use crate::context::Context;
use crate::cookies::with_cookie;
use crate::dictionary;
use crate::edit::Edit;
use crate::head::RequestHead;
use crate::identity::Anonymous;
use crate::ledger::Ledger;
use crate::parts::Parts;
use crate::path;
use crate::route::{ACTS, Matched, Relevant, TO_BROWSER, TO_ORIGIN, matching, pairs, relevant};
use crate::status::{Guard, IdSource, Problem, Why};
use flagstone_core::layout::{
    ActionRecord, EdgeRecord, NONE16, OriginRecord, RepeatKind, Section, Statuses, TextRecord,
};
use flagstone_core::{Evaluator, Reason, Snapshot, UnixMillis, Variant};
use flagstone_rollout::failover::{Attempt, Body, canary_timeout};

/// In [`Section::VaryNames`]: a decision depends on what no request header shows, such as the client's address.
const BEYOND_HEADERS: &str = "*";
/// What a request has in all, of which a canary leaves a part to its fallback, in milliseconds.
const DEADLINE_MS: u32 = 60_000;

/// Room for most cache keys, in bytes.
const CACHE_KEY_ROOM: usize = 256;

/// What was decided about a flag that the request depends on.
pub(super) struct Choice<'s> {
    pub of: Relevant<'s>,
    /// `None` if the flag could not be decided, or has no default of its own.
    pub variant: Option<Variant<'s>>,
    pub reason: Reason,
    /// The rule that decided.
    pub rule: Option<u16>,
    /// The variant that stands in for one that cannot be served, where variants are compared.
    pub control: Option<Variant<'s>>,
    /// Whether it could not be decided.
    failed: bool,
}

impl Choice<'_> {
    pub fn has(&self, roles: u8) -> bool {
        self.of.roles & roles != 0
    }

    /// Has control stand in for the variant, which cannot be served. The visitor's own variant stays what it is.
    pub fn stand_in(&mut self) {
        if let Some(control) = self.control {
            self.variant = Some(control);
            self.reason = Reason::Error;
        }
    }
}

/// Adds to a plan what the configuration says.
pub(super) fn decide<'n>(
    plan: &mut Plan,
    ledger: &mut impl Ledger,
    configuration: &'n Configuration,
    parts: &Parts<'n, impl RequestHead>,
    now: UnixMillis,
    entropy: impl FnOnce() -> [u8; 16],
) {
    plan.pending.status.revision = Some(configuration.control().revision);
    plan.pending.status.problem = plan.pending.status.problem.or(configuration.problem());
    let Some(snapshot) = configuration.snapshot() else {
        return;
    };
    let Some(edge) = snapshot.record::<EdgeRecord>(Section::Edge, 0) else {
        return;
    };
    let routes = matching(&snapshot, &parts.host, &parts.path);
    let flags = relevant(&snapshot, &edge, &routes);
    if flags.is_empty() {
        return;
    }

    let context = Context::new(parts, snapshot, edge, entropy);
    let kills = configuration.kills();
    let evaluator = Evaluator::new(snapshot, &context, now)
        .with_kills(kills)
        .with_rollouts(configuration.rollouts());
    let is_bot = parts.is_bot();
    let choices = flags.into_iter().map(|of| {
        let flag = of.flag;
        let mut choice = Choice {
            of,
            variant: None,
            reason: Reason::Default,
            rule: None,
            control: None,
            failed: false,
        };
        if is_bot {
            let kill = kills.iter().find(|kill| kill.flag == flag.index());
            let index = kill.map(|kill| kill.variant).or(flag.default());
            choice.variant = index.and_then(|index| flag.variant(index));
            choice.failed = index.is_some() && choice.variant.is_none();
        } else {
            let decision = evaluator.evaluate(flag.index());
            choice.variant = decision.variant;
            choice.rule = decision.rule;
            choice.reason = decision.reason;
            choice.failed = decision.reason == Reason::Error;
        }
        choice
    });
    let mut choices: Vec<Choice<'_>> = choices.collect();

    plan.is_counted = !is_bot && !parts.is_prefetch();
    identity(plan, &snapshot, &edge, parts, &context, is_bot);
    if choices.iter().any(|choice| choice.failed) {
        plan.pending.status.problem = plan.pending.status.problem.or(Some(Problem::Undecided));
    }
    let identity = context.identity();
    let visit = Visit {
        configuration,
        snapshot,
        now,
        key: identity.and_then(|identity| identity.key.as_deref()),
        is_new: identity.is_some_and(|identity| identity.source == IdSource::Minted),
        is_prefetch: parts.is_prefetch(),
        is_exposure: plan.is_counted,
    };
    let (watched, guard) = watch(ledger, &visit, &routes, &mut choices);
    plan.pending.status.guard = guard;
    plan.pending.is_private |= guard == Some(Guard::Open);

    let first = actions(&snapshot, &routes, &choices)
        .map(|(_, action)| action.origin)
        .find(|origin| *origin != NONE16);
    let origin = first.and_then(|index| snapshot.record(Section::Origins, index.into()));
    let fallback = origin.and_then(|origin: OriginRecord| {
        let fallback = snapshot.record(Section::Origins, origin.fallback.into())?;
        may_repeat(parts, &routes).then(|| (fallback, plan.clone()))
    });
    let carry = |plan: &mut Plan, choices: &[Choice<'_>]| {
        act(plan, &snapshot, parts, &routes, choices);
        tell(plan, choices);
        depend(plan, &snapshot, &routes, choices);
        // That a bot or `Sec-GPC: 1` got no id is not to be served to others, and neither header is in `Vary` for it.
        let is_exception = matches!(plan.pending.status.why, Some(Why::Bot | Why::Gpc));
        plan.pending.is_private |= is_exception || !plan.response.cookies.is_empty();
    };
    carry(plan, &choices);
    plan.pending.watched = watched;
    send_to(plan, &snapshot, origin, fallback.is_some());
    if let Some((origin, mut stand_in)) = fallback {
        for choice in &mut choices {
            let flag = choice.of.flag.index();
            let mut actions = routes.iter().filter(|route| route.flag() == Some(flag));
            let fails = |route: &Matched<'_>| {
                let action = route.action(&snapshot, choice.variant?.index)?;
                Some(Some(action.origin) == first)
            };
            if actions.any(|route| fails(route) == Some(true)) {
                choice.stand_in();
            }
        }
        carry(&mut stand_in, &choices);
        send_to(&mut stand_in, &snapshot, Some(origin), false);
        stand_in.pending.status.is_fallback = true;
        // Nobody may keep it: the next request is the canary's again.
        stand_in.pending.is_private = false;
        stand_in.response.is_unstorable = true;
        let timing = "flagstone;desc=\"fallback\"".to_owned();
        stand_in.response.timings.push((SERVER_TIMING, timing));
        plan.pending.has_fallback = true;
        plan.fallback = Some(Box::new(stand_in));
    }
}

/// Whether a request may be sent a second time, to another origin.
fn may_repeat<'n>(parts: &Parts<'n, impl RequestHead>, routes: &[Matched<'_>]) -> bool {
    let repeat = routes
        .iter()
        .map(Matched::repeat)
        .find(|repeat| *repeat != RepeatKind::Safe);
    let idempotency_key = match repeat {
        Some(RepeatKind::All) => true,
        Some(RepeatKind::Keyed) => parts.header("idempotency-key").is_some(),
        _ => false,
    };
    let method = parts.head.method();
    let len = parts.header_text("content-length");
    let body = match (len.map(str::parse), parts.header("transfer-encoding")) {
        (Some(Ok(0)), None) => Body::Absent,
        (Some(Ok(len)), None) => Body::Buffered(len),
        // Over HTTP/2 a body may come without its length; with these methods none does.
        (None, None) if matches!(method, "GET" | "HEAD" | "OPTIONS") => Body::Absent,
        _ => Body::Streamed,
    };
    let attempt = Attempt {
        method,
        idempotency_key,
        body,
        head_sent: false,
    };
    attempt.is_replayable()
}

/// Sets where a plan's request goes, and when that has failed; without an origin it stays `stable`.
fn send_to(
    plan: &mut Plan,
    snapshot: &Snapshot<'_>,
    origin: Option<OriginRecord>,
    has_fallback: bool,
) {
    let stable = || snapshot.record::<OriginRecord>(Section::Origins, 0);
    let Some(record) = origin.or_else(stable) else {
        return;
    };
    let name = snapshot.text(record.name_offset, record.name_len.into());
    if let (Some(name), true) = (name, origin.is_some()) {
        plan.origin = name.to_owned();
    }
    plan.timeout_ms = match has_fallback {
        true => canary_timeout(record.timeout, DEADLINE_MS),
        false => record.timeout,
    };
    plan.pending.failures = Statuses {
        client: record.client_failures,
        server: record.server_failures,
    };
}

/// Says who the visitor is, and has the browser keep an id that was minted.
fn identity<H: RequestHead, F: FnOnce() -> [u8; 16]>(
    plan: &mut Plan,
    snapshot: &Snapshot<'_>,
    edge: &EdgeRecord,
    parts: &Parts<'_, H>,
    context: &Context<'_, '_, H, F>,
    is_bot: bool,
) {
    if is_bot {
        (plan.pending.status.id, plan.pending.status.why) = (Some(IdSource::None), Some(Why::Bot));
    }
    let Some(identity) = context.identity() else {
        return;
    };
    (plan.pending.status.id, plan.pending.status.why) = (Some(identity.source), identity.why);
    if identity.source != IdSource::Minted {
        return;
    }
    let (Some(id), Some(anonymous)) = (&identity.key, Anonymous::read(snapshot, edge)) else {
        return;
    };
    plan.response.cookies.push(anonymous.set_cookie(id));
    if let Some(cookies) = with_cookie(parts.header("cookie"), anonymous.cookie, id) {
        plan.request_edits.push(Edit::Set("cookie".into(), cookies));
    }
}

/// Does what the variants do on the request's routes. Of two routes the first has precedence.
fn act<'p>(
    plan: &mut Plan,
    snapshot: &Snapshot<'p>,
    parts: &Parts<'_, impl RequestHead>,
    routes: &[Matched<'p>],
    choices: &[Choice<'_>],
) {
    let mut rewrite = None;
    let mut request_headers: Vec<(&str, &str)> = Vec::new();
    let mut response_headers = Vec::new();
    let mut cookies = Vec::new();
    for (route, action) in actions(snapshot, routes, choices) {
        if action.rewrite_len > 0 && rewrite.is_none() {
            let template = snapshot.text(action.rewrite_offset, action.rewrite_len.into());
            rewrite = template.map(|template| path::rewrite(template, &route.captures));
        }
        let first_of_each = |all: &mut Vec<(&'p str, &'p str)>, first, count| {
            for (name, value) in pairs(snapshot, first, count) {
                if !all.iter().any(|(other, _)| *other == name) {
                    all.push((name, value));
                }
            }
        };
        first_of_each(
            &mut request_headers,
            action.request_headers,
            action.request_headers_count,
        );
        first_of_each(
            &mut response_headers,
            action.response_headers,
            action.response_headers_count,
        );
        first_of_each(&mut cookies, action.cookies, action.cookies_count);
    }

    if let Some((path, query)) = rewrite.filter(|(path, _)| path.starts_with('/')) {
        plan.path_and_query = path;
        let queries = [query, parts.head.query()].into_iter().flatten();
        let queries = queries.filter(|query| !query.is_empty());
        for (separator, query) in ["?", "&"].into_iter().zip(queries) {
            plan.path_and_query.push_str(separator);
            plan.path_and_query.push_str(query);
        }
    }
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let headers = request_headers.into_iter().map(owned);
    plan.request_edits
        .extend(headers.map(|(name, value)| Edit::Set(name.into(), value)));
    plan.response.headers = response_headers.into_iter().map(owned).collect();
    // A cookie that the browser has need not be set again; without `Set-Cookie` the response can be cached.
    let missing = cookies
        .into_iter()
        .filter(|(name, value)| parts.cookie(name) != Some(value));
    plan.response.cookies.extend(
        missing.map(|(name, value)| [name, "=", value, "; Path=/; Secure; SameSite=Lax"].concat()),
    );
}

/// The routes that something happens on, and what.
fn actions<'a, 'p>(
    snapshot: &Snapshot<'p>,
    routes: &'a [Matched<'p>],
    choices: &[Choice<'_>],
) -> impl Iterator<Item = (&'a Matched<'p>, ActionRecord)> {
    routes.iter().filter_map(move |route| {
        let flag = route.flag()?;
        let choice = choices
            .iter()
            .find(|choice| choice.of.flag.index() == flag)?;
        Some((route, route.action(snapshot, choice.variant?.index)?))
    })
}

/// Tells the variants to the origin, to the browser and to the cache, in the order of their keys.
fn tell(plan: &mut Plan, choices: &[Choice<'_>]) {
    let to = |role| {
        let choices = choices.iter().filter(move |choice| choice.has(role));
        dictionary::write(choices.filter_map(|choice| Some((choice.of.key, choice.variant?.key()))))
    };
    let origin = to(TO_ORIGIN);
    // As a rule both are told the same.
    let is_same = |choice: &Choice<'_>| choice.has(TO_ORIGIN) == choice.has(TO_BROWSER);
    let browser = match choices.iter().all(is_same) {
        true => origin.clone(),
        false => to(TO_BROWSER),
    };
    if let Some(flags) = origin {
        plan.request_edits.push(Edit::Set(FLAGS.into(), flags));
    }
    plan.response.flags = browser;
    for choice in choices.iter().filter(|choice| choice.has(ACTS | TO_ORIGIN)) {
        let variant = choice.variant.map_or("", |variant| variant.key());
        if plan.cache_key.is_empty() {
            plan.cache_key.reserve(CACHE_KEY_ROOM);
        } else {
            plan.cache_key.push('&');
        }
        push_encoded(&mut plan.cache_key, choice.of.key);
        plan.cache_key.push('=');
        push_encoded(&mut plan.cache_key, variant);
    }
}

/// Says which request headers the response depends on: the same for all variants.
fn depend(
    plan: &mut Plan,
    snapshot: &Snapshot<'_>,
    routes: &[Matched<'_>],
    choices: &[Choice<'_>],
) {
    let reads = choices.iter().map(|choice| choice.of.flag.vary());
    let bits = reads.fold(0, |bits, names| bits | names);
    let mut vary: Vec<&str> = Vec::with_capacity(8);
    let mut add = |name| vary.push(name);
    let names = snapshot.records::<TextRecord>(Section::VaryNames, 0, u64::BITS);
    for (_, record) in names.enumerate().filter(|(bit, _)| bits >> bit & 1 != 0) {
        match snapshot.text(record.offset, record.len) {
            Some(BEYOND_HEADERS) => plan.pending.is_private = true,
            Some(name) => add(name),
            None => {}
        }
    }
    // Whether a cookie is set depends on the cookies that are there.
    let sets_cookies = |route: &Matched<'_>| {
        let Some(flag) = route.flag().and_then(|flag| snapshot.flag(flag)) else {
            return false;
        };
        let mut actions = flag
            .variants()
            .filter_map(|variant| route.action(snapshot, variant.index));
        actions.any(|action| action.cookies_count > 0)
    };
    if routes.iter().any(sets_cookies) {
        add("cookie");
    }
    // In alphabetical order, each once.
    let text = &mut plan.pending.vary;
    let mut last = "";
    while let Some(next) = vary.iter().copied().filter(|name| *name > last).min() {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(next);
        last = next;
    }
}

/// Writes text percent-encoded, all but the characters that never need it.
pub(super) fn push_encoded(text: &mut String, part: &str) {
    if character::all(part, UNRESERVED) {
        text.push_str(part);
        return;
    }
    for byte in part.bytes() {
        if character::is(byte, UNRESERVED) {
            text.push(char::from(byte));
        } else {
            dictionary::push_escape(text, byte, b"0123456789ABCDEF");
        }
    }
}

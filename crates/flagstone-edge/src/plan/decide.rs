//! From a configuration and a request to a plan.

use super::goals::{self, Looked};
use super::tell::Teller;
use super::watch::{Visit, watch};
use super::watched::Watched;
use super::{Attempts, Plan};
use crate::append::Append;
use crate::bot;
use crate::configuration::Configuration;
use crate::context::{Context, Entropy};
use crate::cookies::with_cookie;
use crate::edit::Edit;
use crate::head::RequestHead;
use crate::identity::Anonymous;
use crate::ledger::Ledger;
use crate::page;
use crate::parts::Parts;
use crate::path;
use crate::route::{ACTS, Matched, Relevant, diverts, matching, pairs, relevant};
use crate::status::{Guard, IdSource, Problem, Why};
use flagstone_core::layout::{
    ActionRecord, EdgeRecord, NONE16, OriginRecord, RepeatKind, Section, Statuses, TextRecord,
    switch,
};
use flagstone_core::{Evaluator, Reason, Snapshot, UnixMillis, Variant};
use flagstone_rollout::failover::{Attempt, Body, canary_timeout};

/// In [`Section::VaryNames`]: a decision depends on what no request header shows, such as the client's address.
const BEYOND_HEADERS: &str = "*";
/// What a request has in all, of which a canary leaves a part to its fallback, in milliseconds.
const DEADLINE_MS: u32 = 60_000;

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
}

impl Choice<'_> {
    pub fn has(&self, roles: u8) -> bool {
        self.of.roles & roles != 0
    }

    /// Whether it acts, and the visitor's variant was drawn.
    fn is_drawn(&self) -> bool {
        self.has(ACTS) && self.reason == Reason::Split
    }

    /// Has control stand in for the variant, which cannot be served. The visitor's own variant stays what it is.
    pub fn stand_in(&mut self) {
        if let Some(control) = self.control {
            self.variant = Some(control);
            self.reason = Reason::Error;
        }
    }
}

/// Adds to a plan what the configuration says about a request's `attempts`.
pub(super) fn decide<'n>(
    attempts: Attempts,
    plan: &mut Plan,
    ledger: &mut dyn Ledger,
    configuration: &'n Configuration,
    parts: &Parts<'n, impl RequestHead>,
    now: UnixMillis,
    entropy: &mut Entropy<'_>,
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
    let looked = (snapshot.goal_count() > 0).then_some(Looked {
        configuration,
        snapshot,
        edge: &edge,
        parts,
        now,
    });
    if flags.is_empty() {
        if let Some(looked) = looked {
            goals::look(plan, ledger, &looked, &[]);
        }
        return;
    }

    let mut draw = || entropy();
    let context = Context::new(parts, snapshot, edge, &mut draw);
    let kills = configuration.kills();
    let evaluator = Evaluator::new(snapshot, &context, now)
        .with_kills(kills)
        .with_rollouts(configuration.rollouts());
    let is_bot = parts.is_bot();
    let choices = flags.into_iter().map(|of| {
        let decision = match is_bot {
            true => bot::decision(of.flag, kills),
            false => evaluator.evaluate(of.flag.index()),
        };
        Choice {
            of,
            variant: decision.variant,
            reason: decision.reason,
            rule: decision.rule,
            control: None,
        }
    });
    let mut choices: Vec<Choice<'_>> = choices.collect();

    plan.is_counted = !is_bot && !parts.is_prefetch();
    identity(plan, &snapshot, &edge, parts, &context, is_bot);
    if choices.iter().any(|choice| choice.reason == Reason::Error) {
        plan.pending.status.problem = plan.pending.status.problem.or(Some(Problem::Undecided));
    }
    let teller = Teller {
        snapshot: &snapshot,
        edge: &edge,
        parts,
        is_bot,
    };
    if edge.switches & switch::FOLLOW_PAGE != 0 {
        follow(plan, &teller, &mut choices);
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
        washout: match choices.iter().any(Choice::is_drawn) {
            true => parts.cookie(page::WASHOUT).unwrap_or_default(),
            false => "",
        },
    };
    let (watched, guard) = watch(ledger, &visit, &routes, &mut choices);
    plan.pending.status.guard = guard;
    plan.response.hides_events = watched.iter().any(Watched::reads_events);
    plan.pending.is_private |= guard == Some(Guard::Open);
    if let Some(looked) = looked {
        goals::look(plan, ledger, &looked, &watched);
    }
    let goals = plan.pending.goals.take();
    // Until the browser is closed what such a visitor sees is due to both variants, and compared with nobody's.
    let moved = watched.iter().filter(|watched| {
        let of = watched.compared.as_ref();
        of.is_some_and(|of| of.is_moved() && of.unit.is_some())
    });
    let moved = moved.map(|watched| watched.key.flag.as_str());
    if let Some(list) = page::added(visit.washout, moved).filter(|_| teller.may_store()) {
        let cookie = [page::WASHOUT, "=", &list, page::KEPT].concat();
        plan.response.cookies.push(cookie);
    }

    let first = actions(&snapshot, &routes, &choices)
        .map(|(_, action)| action.origin)
        .find(|origin| *origin != NONE16);
    let origin = first.and_then(|index| snapshot.record(Section::Origins, index.into()));
    let fallback = origin.and_then(|origin: OriginRecord| {
        let fallback = snapshot.record(Section::Origins, origin.fallback.into())?;
        may_repeat(parts, &routes).then_some(fallback)
    });
    let carry = |plan: &mut Plan, choices: &[Choice<'n>]| {
        act(plan, &snapshot, parts, &routes, choices);
        teller.tell(plan, choices);
        depend(plan, &teller, &routes, choices);
        // That a bot or `Sec-GPC: 1` got no id is not to be served to others, and neither header is in `Vary` for it.
        let is_exception = matches!(plan.pending.status.why, Some(Why::Bot | Why::Gpc));
        plan.pending.is_private |= is_exception || !plan.response.cookies.is_empty();
    };
    let stand_in = |plan: &mut Plan, origin: OriginRecord, choices: &mut [Choice<'n>]| {
        for choice in &mut *choices {
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
        carry(plan, choices);
        send_to(plan, &snapshot, Some(origin), false);
        plan.pending.status.is_fallback = true;
        // Nobody may keep it: the next request is the canary's again.
        plan.pending.is_private = false;
        plan.response.is_unstorable = true;
        let timings = plan.pending.server_timing.get_or_insert_default();
        if !timings.is_empty() {
            timings.append(", ");
        }
        timings.append("flagstone-fallback");
    };
    if let (Attempts::Fallback, Some(origin)) = (attempts, fallback) {
        return stand_in(plan, origin, &mut choices);
    }
    let second = fallback.filter(|_| attempts == Attempts::All);
    let second = second.map(|origin| (plan.clone(), origin));
    carry(plan, &choices);
    plan.pending.watched = watched;
    plan.pending.goals = goals;
    plan.pending.has_fallback = fallback.is_some();
    send_to(plan, &snapshot, origin, fallback.is_some());
    if let Some((mut second, origin)) = second {
        stand_in(&mut second, origin, &mut choices);
        plan.fallback = Some(Box::new(second));
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
fn identity<H: RequestHead>(
    plan: &mut Plan,
    snapshot: &Snapshot<'_>,
    edge: &EdgeRecord,
    parts: &Parts<'_, H>,
    context: &Context<'_, '_, H>,
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
            plan.path_and_query.append(separator);
            plan.path_and_query.append(query);
        }
    }
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    take_away(
        &mut plan.request_edits,
        snapshot,
        parts,
        routes,
        &request_headers,
    );
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

/// Takes from the visitor's headers those that some variant sets and this one does not: else anybody could turn that variant on, and
/// a cache would keep what comes of it for all. Also the dates of what the visitor has, where it may be of another variant: they
/// say nothing about this one.
#[inline(never)]
fn take_away(
    edits: &mut Vec<Edit>,
    snapshot: &Snapshot<'_>,
    parts: &Parts<'_, impl RequestHead>,
    routes: &[Matched<'_>],
    set: &[(&str, &str)],
) {
    let mut is_diverted = false;
    for route in routes {
        for action in route.actions(snapshot) {
            is_diverted |= diverts(&action);
            for (name, _) in pairs(snapshot, action.request_headers, action.own_headers_count) {
                if !set.iter().any(|(other, _)| *other == name) {
                    edits.push(Edit::Remove(name.to_owned().into()));
                }
            }
        }
    }
    if is_diverted {
        let [_, since, range @ ..] = page::REQUEST;
        edits.push(Edit::Remove(since.into()));
        let is_date = |tag: &str| !matches!(tag.as_bytes(), [b'"', ..] | [b'W', b'/', ..]);
        if parts.header_text("if-range").is_some_and(is_date) {
            edits.extend(range.map(|name| Edit::Remove(name.into())));
        }
    }
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

/// Says which request headers the response depends on: the same for all variants.
fn depend(
    plan: &mut Plan,
    teller: &Teller<'_, '_, '_, impl RequestHead>,
    routes: &[Matched<'_>],
    choices: &[Choice<'_>],
) {
    let snapshot = teller.snapshot;
    let reads = choices.iter().map(|choice| choice.of.flag.vary());
    let bits = reads.fold(0, |bits, names| bits | names);
    // In alphabetical order, each once.
    let mut vary: Vec<&str> = Vec::with_capacity(8);
    let mut add = |mut name| {
        if vary.contains(&name) {
            return;
        }
        // The first that is behind it makes room, then each the one before.
        for kept in &mut vary {
            if name < *kept {
                std::mem::swap(kept, &mut name);
            }
        }
        vary.push(name);
    };
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
        let mut actions = route.actions(snapshot);
        actions.any(|action| action.cookies_count > 0)
    };
    let forms = teller.depends(choices);
    if routes.iter().any(sets_cookies) || forms.cookies {
        add("cookie");
    }
    if forms.cookies {
        add("sec-gpc");
    }
    if forms.follows {
        add("sec-fetch-dest");
        add("sec-purpose");
    }
    if forms.mode {
        add("sec-fetch-mode");
        // Which of the two was looked at shows in the first.
        if teller.parts.header("sec-fetch-mode").is_none() {
            add("accept");
        }
    }
    plan.pending.vary = vary.join(", ");
}

/// Lets what a page loads have the default variants that the page got, and has the browser tell so.
///
/// A rollout that grows moves nobody but those who have the default. So the word of a browser, which could be anybody's, is
/// believed: it can only keep its visitor from the new variant.
#[inline(never)]
fn follow<'s>(
    plan: &mut Plan,
    teller: &Teller<'_, 's, '_, impl RequestHead>,
    choices: &mut [Choice<'s>],
) {
    let parts = teller.parts;
    let starts = parts.starts_visit();
    let kept = match starts {
        true => "",
        false => parts.cookie(page::PAGE).unwrap_or_default(),
    };
    let acting = choices.iter_mut().filter(|choice| choice.has(ACTS));
    for choice in acting.filter(|choice| page::holds_back(kept, choice.of.key, choice.reason)) {
        let default = choice.of.flag.default();
        let default = default.and_then(|default| choice.of.flag.variant(default));
        (choice.variant, choice.reason) = (default, Reason::Default);
    }
    if !parts.is_page() {
        return;
    }
    if !teller.may_store() {
        return teller.keep(plan, page::PAGE, None, page::KEPT);
    }
    let acting = choices.iter().filter(|choice| choice.has(ACTS));
    let out = acting.filter(|choice| {
        matches!(choice.reason, Reason::Split | Reason::Default)
            && choice.variant.map(|variant| variant.index) == choice.of.flag.default()
    });
    let kept = page::added(kept, out.map(|choice| choice.of.key));
    if starts || kept.is_some() {
        teller.keep(plan, page::PAGE, kept.as_deref(), page::KEPT);
    }
}

//! The border between JavaScript and the wasm: a request crosses it once on its way in, and once more when its response
//! depends on what the origin says, or is counted.
//!
//! Both sides write into the wasm's memory. What goes in are [`texts()`], in an order that the engine has told
//! before: the method, the URL, and those parts that this configuration can ask for ([`Engine::asks`]), so that nothing
//! else of a request is read. What comes out is a [`Message`]: numbers and texts that are carried out one after
//! the other. The other side is `worker/wire.mjs`, which is all that a shell in JavaScript needs to know of this.
//!
//! Nothing of a request stays here: what a plan needs for its response is one of its texts (`pending`), which the shell
//! gives back. A request whose response comes after this instance has died is answered by the next one.
//!
//! # To add a part to a plan
//!
//! 1. Decide it in `plan.rs`, as data: in [`Plan`], or in `Pending` if it depends on the origin's response, whose headers
//!    it may read once they are in `Pending::ASKS`.
//! 2. Write it in [`Engine::plan`] or [`Engine::respond`], behind what is there, by [`Message::number`],
//!    `text` or `edits`.
//! 3. Read it in the same place of `Engine.plan` or `Engine.respond` in `worker/wire.mjs`, and carry it out in
//!    `worker/origin.mjs`.
//! 4. Add it to the cases in `wire/tests.rs`, and to one of `tests/cases/http`, which show that both sides agree.

mod asks;
mod head;
mod message;
mod needs;
mod texts;

use crate::answer::Answer;
#[cfg(feature = "answers")]
use crate::desk::Asked;
use crate::html::HeadFinder;
use crate::ledger::{Isolate, Ledger as _};
use crate::plan::{Attempts, Ended, Next, Pending, Plan, Served};
use crate::refresh::{Fetched, Need, Node, Options, Step};
use asks::Asks;
use flagstone_core::UnixMillis;
use flagstone_rollout::Outcome as Attempted;
use head::{Answered, Head};
pub use message::Message;
use needs::Needs;
pub use texts::texts;

/// Room for most requests, in bytes.
const ROOM: usize = 16_384;

/// What `CF-Cache-Status` says of an answer that was kept. `REVALIDATED` is one of them: the origin has only said that it still
/// holds, and whether an event in it is new does not show. That it hides how well the origin is does no harm: it does so for all
/// variants alike.
const KEPT: [&str; 4] = ["HIT", "STALE", "UPDATING", "REVALIDATED"];

/// A [`Node`] behind the border: everything that a shell in JavaScript calls.
///
/// A method that reads texts finds them in [`room`](Self::room), and gives `None` if they are not what they should be.
/// What it gives is valid until the next call.
#[derive(Debug)]
pub struct Engine {
    node: Node,
    ledger: Isolate,
    asks: Asks,
    needs: Needs,
    random: [u8; 16],
    room: Vec<u8>,
    message: Message,
}

impl Engine {
    /// An engine that holds nothing yet.
    pub const fn new(options: Options) -> Self {
        Self {
            node: Node::new(options),
            ledger: Isolate::new(),
            asks: Asks::new(),
            needs: Needs::new(),
            random: [0; 16],
            room: Vec::new(),
            message: Message::new(),
        }
    }

    /// Changes how the configuration is kept from now on.
    pub fn set_options(&mut self, options: Options) {
        self.node.set_options(options);
    }

    /// Signs what visitors keep of rollouts with the platform's secret, the first `len` bytes of the [room](Self::room).
    pub fn sign_with(&mut self, len: usize) {
        let secret = self.room.get(..len).unwrap_or_default();
        self.ledger.sign_with(secret);
    }

    /// Where the shell keeps 16 random bytes. It puts new ones there before the next [`serve`](Self::serve) whenever a
    /// plan says that they were spent, and before the first.
    pub fn random(&mut self) -> &mut [u8; 16] {
        &mut self.random
    }

    /// Where the shell writes texts or a fetched value, at least this many bytes. It may have moved; what was there is lost.
    pub fn room(&mut self, len: usize) -> &mut [u8] {
        if self.room.len() < len {
            self.room.resize(len.max(ROOM), 0);
        }
        &mut self.room
    }

    /// What lies there, as a value of its own; then there is no room.
    pub fn take_room(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.room)
    }

    /// Plans by this snapshot from now on, without a store, as revision 0. If it is none, nothing changes.
    pub fn hold(&mut self, snapshot: &[u8]) {
        self.node.hold(snapshot);
        self.learn();
    }

    /// What the shell has written last, and what was there before.
    pub fn written(&self) -> &[u8] {
        &self.room
    }

    /// What a request's texts are, after its method and its URL: names of headers, names of fields of the client's place,
    /// and 1 if the client's address comes last, else 0. Then the names of a response's headers that
    /// [`respond`](Self::respond) may ask for, and the names of headers that [`answer`](Self::answer) asks for. Lists begin with their length.
    ///
    /// It changes only with [`take`](Self::take).
    pub fn asks(&mut self) -> &[u8] {
        let Self { asks, message, .. } = self;
        message.clear();
        message.texts(asks.headers.iter().map(String::as_str));
        message.texts(asks.geo.iter().map(|field| field.name()));
        message.number(asks.client_ip.into());
        message.texts(Pending::ASKS.into_iter());
        #[cfg(feature = "answers")]
        message.texts(Asked::HEADERS.into_iter());
        #[cfg(not(feature = "answers"))]
        message.texts([].into_iter());
        message.finish()
    }

    /// Says what to do about the configuration, and unless that comes first, plans the request: a number, 0 for nothing, 1
    /// to [fetch](Self::fetch) beside the response, 2 to fetch before [`first`](Self::first). After 0 and 1 follows the plan.
    pub fn serve(&mut self, now: UnixMillis) -> Option<&[u8]> {
        let step = self.node.next(now);
        self.message.clear();
        self.message.number(match step {
            Step::Serve => 0,
            Step::Refresh => 1,
            Step::Load => 2,
        });
        if step != Step::Load {
            self.write_plan(Attempts::First, now)?;
        }
        Some(self.message.finish())
    }

    /// Plans a request: 1 if the random bytes were spent, else 0, then the plan; or 2, if it is for the edge itself, and
    /// [`answer`](Self::answer) is to be called.
    ///
    /// A plan is origin, path and query, cache key, `pending`, the changes to the request's headers, those to the response's,
    /// which of the response's headers `respond` is to be given, as bits in the order of [`asks`](Self::asks) (if none, there
    /// is nothing to respond), the milliseconds until the head of the response must be there (0: as long as the platform
    /// waits), whether [`ended`](Self::ended) is to be told, and whether with
    /// the response's [events](Plan::EVENT), and whether there is a fallback: 0 if there is none, 1 if its plan follows, 2 if
    /// [`fallback`](Self::fallback) gives it, as after [`serve`](Self::serve) and [`first`](Self::first).
    pub fn plan(&mut self, now: UnixMillis) -> Option<&[u8]> {
        self.message.clear();
        self.write_plan(Attempts::All, now)?;
        Some(self.message.finish())
    }

    /// Plans a request's first attempt, as [`plan`](Self::plan) does; [`fallback`](Self::fallback) gives its fallback.
    pub fn first(&mut self, now: UnixMillis) -> Option<&[u8]> {
        self.message.clear();
        self.write_plan(Attempts::First, now)?;
        Some(self.message.finish())
    }

    /// Plans the fallback of a request's first attempt, as [`plan`](Self::plan) does, without what comes before the origin.
    ///
    /// Its texts are the request's, and the first attempt's `pending`; `now` and the random bytes are what they were then.
    pub fn fallback(&mut self, now: UnixMillis) -> Option<&[u8]> {
        let mut texts = texts(&self.room, 3 + self.asks.count())?;
        let mut served = Served {
            watched: pending(texts.pop())?.watched,
            key: self.ledger.key(),
        };
        let head = Head::of(&self.asks, texts, &[])?;
        let (node, random) = (&self.node, self.random);
        let plan = node.plan_attempts(Attempts::Fallback, &mut served, &head, now, || random);
        self.message.clear();
        write_attempt(&mut self.message, plan);
        Some(self.message.finish())
    }

    fn write_plan(&mut self, attempts: Attempts, now: UnixMillis) -> Option<()> {
        let head = Head::read(&self.asks, &self.room)?;
        #[cfg(feature = "answers")]
        if self.node.answers(&head) {
            self.message.number(2);
            return Some(());
        }
        let mut is_spent = false;
        let random = self.random;
        self.ledger.name(&random);
        let ledger = &mut self.ledger;
        let plan = self.node.plan_attempts(attempts, ledger, &head, now, || {
            is_spent = true;
            random
        });
        self.message.number(is_spent.into());
        write_attempt(&mut self.message, plan);
        Some(())
    }

    /// Answers a request that is for the edge itself: 1 if the client knows of a later configuration, which is to be fetched before
    /// it is asked once more, else 0; whether the random bytes were spent; the status, the changes to an empty list of
    /// headers, the body, and lines to be sent as reports are.
    ///
    /// Its texts are the request's, its headers of [`asks`](Self::asks) for this, its body, absent if it has more than
    /// [`Asked::MAX_BODY`] bytes, the platform's key, 1 if its limiter refuses, else 0, and 1 if the shell keeps streams of
    /// events, else 0.
    #[cfg(feature = "answers")]
    pub fn answer(&mut self, now: UnixMillis) -> Option<&[u8]> {
        let own = 2 + self.asks.count() + Asked::HEADERS.len();
        let mut texts = texts(&self.room, own + 4)?;
        let asked: Vec<_> = texts.iter().skip(own).copied().collect();
        texts.truncate(own);
        let [body, key, is_limited, has_events] = asked.first_chunk()?;
        let is_set = |text: &Option<&[u8]>| *text == Some(b"1");
        let asked = Asked {
            body: *body,
            key: key.and_then(|key| str::from_utf8(key).ok()),
            is_limited: is_set(is_limited),
            has_events: is_set(has_events),
        };
        let head = Head::of(&self.asks, texts, &Asked::HEADERS)?;
        let mut is_spent = false;
        let answer = self.node.answer(&head, &asked, now, || {
            is_spent = true;
            self.random
        })?;
        // Who is refused has nothing fetched.
        let is_behind = matches!(answer.status, 200 | 304) && self.node.is_behind(&head);
        self.message.clear();
        self.message.number(is_behind.into());
        self.message.number(is_spent.into());
        self.message.number(answer.status.into());
        self.message.edits(&answer.edits);
        self.message.text(&answer.body);
        self.message.texts(answer.lines.iter().map(String::as_str));
        Some(self.message.finish())
    }

    /// Takes how an attempt has ended, and says what follows: 1 if the fallback is to be asked, else 0; in how many
    /// milliseconds [`reports`](Self::reports) has something, `u32::MAX` if it has nothing. If there is a response for the
    /// visitor, the changes to it follow, as [`respond`](Self::respond) has them.
    ///
    /// Its texts are `pending`, the status or `connection` or `timeout`, the milliseconds that it took; after the fallback's
    /// attempt how that has ended and the fallback's `pending`, else nothing for both; and of the last attempt's response what
    /// the platform's cache says of it, its [events](Plan::EVENT), if they are asked for and there are any, and its headers,
    /// as for `respond`.
    pub fn ended(&mut self, now: UnixMillis) -> Option<&[u8]> {
        let mut texts = texts(&self.room, 7 + Pending::ASKS.len())?.into_iter();
        let mut text = || str::from_utf8(texts.next()??).ok();
        let pending = Pending::parse(text()?);
        let outcome = attempted(text()?)?;
        let latency_ms = text()?.parse().ok()?;
        let (second, fallback) = (text().map(attempted), text());
        let last = Ended {
            outcome: second.unwrap_or(Some(outcome))?,
            latency_ms,
            from_cache: text().is_some_and(|status| KEPT.contains(&status)),
            events: text().unwrap_or_default().to_owned(),
        };
        let next = match second {
            Some(_) => {
                let first = Ended {
                    outcome,
                    latency_ms,
                    from_cache: false,
                    events: String::new(),
                };
                Next::Respond(pending.stood_in(&mut self.ledger, &first, &last, now))
            }
            None => pending.ended(&mut self.ledger, &last, now),
        };
        self.message.clear();
        self.message.number((next == Next::FailOver).into());
        self.message
            .number(self.ledger.due(now.0).unwrap_or(u32::MAX));
        if let (Next::Respond(reached), Attempted::Status(status)) = (next, last.outcome) {
            let pending = fallback.map_or(pending, Pending::parse);
            let mut changes = pending.respond(&Answered::new(status, texts.collect()));
            changes.edits.extend(reached);
            self.message.changes(&changes);
        }
        Some(self.message.finish())
    }

    /// What is due to be sent: a list of lines for the guard, and one for dashboards.
    pub fn reports(&mut self, now: UnixMillis) -> &[u8] {
        let reports = self.ledger.reports(now.0);
        self.message.clear();
        for lines in [&reports.rollouts, &reports.tallies] {
            self.message.texts(lines.iter().map(String::as_str));
        }
        self.message.finish()
    }

    /// The changes to a response's headers that depend on it, and the element to put into its page, empty for none. Its texts
    /// are `pending`, the status code and its headers of
    /// [`asks`](Self::asks); those that the plan did not ask for may be absent.
    pub fn respond(&mut self) -> Option<&[u8]> {
        let mut texts = texts(&self.room, 2 + Pending::ASKS.len())?.into_iter();
        let pending = pending(texts.next())?;
        let status = str::from_utf8(texts.next()??).ok()?.parse().ok()?;
        self.message.clear();
        let response = Answered::new(status, texts.collect());
        self.message.changes(&pending.respond(&response));
        Some(self.message.finish())
    }

    /// Where in a page an element goes, of which the first `len` bytes are in the [room](Self::room): -1 if more is to be
    /// seen, -2 if it goes nowhere, else the number of bytes before it.
    pub fn place(&self, len: usize) -> i32 {
        let mut finder = HeadFinder::new();
        let place = self.room.get(..len).and_then(|page| finder.place(page));
        match place {
            Some(place) => i32::try_from(place).unwrap_or(-2),
            None if finder.is_done() => -2,
            None => -1,
        }
    }

    /// The response when the origin cannot be reached: its status, the changes to an empty list of headers, its body. Its
    /// only text is `pending`.
    pub fn unreachable(&mut self) -> Option<&[u8]> {
        let pending = pending(texts(&self.room, 1)?.into_iter().next())?;
        let Answer {
            status,
            edits,
            body,
            ..
        } = pending.unreachable();
        self.message.clear();
        self.message.number(status.into());
        self.message.edits(&edits);
        self.message.text(&body);
        Some(self.message.finish())
    }

    /// Begins to fetch what the node needs. 0 if that is nothing. 1 for a value in the store and 2 for one in the platform's cache, then
    /// a number to [`take`](Self::take) it by, whether the value never changes, and its key. 3 for what is to be put into that
    /// cache: the address of its bytes, how many there are, and its key; that is all then.
    pub fn fetch(&mut self) -> &[u8] {
        self.need(Some(Need::Control))
    }

    /// Takes what was fetched for a need, the value as the first `len` bytes of the [room](Self::room), and says what to
    /// fetch next, as [`fetch`](Self::fetch) does.
    pub fn take(&mut self, need: u32, outcome: Outcome, now: UnixMillis) -> &[u8] {
        let fetched = match outcome {
            Outcome::Bytes(len) => {
                let mut bytes = self.take_room();
                bytes.truncate(len);
                Fetched::Bytes(bytes)
            }
            Outcome::Absent => Fetched::Absent,
            Outcome::Failed => Fetched::Failed,
        };
        let need = self.needs.remove(need);
        let next = need.and_then(|need| self.node.take(need, fetched, now));
        if matches!(next, None | Some(Need::Keep(_))) {
            self.learn();
        }
        self.need(next)
    }

    fn learn(&mut self) {
        self.asks = self.node.configuration().map_or(Asks::new(), Asks::of);
    }

    fn need(&mut self, need: Option<Need>) -> &[u8] {
        self.message.clear();
        let Some(need) = need else {
            self.message.number(0);
            return self.message.finish();
        };
        let key = need.key();
        if let Need::Keep(keep) = need {
            // It is held, and stays where it is until the next call.
            let bytes = keep.bytes();
            self.message.number(3);
            self.message.count(bytes.as_ptr().addr());
            self.message.count(bytes.len());
        } else {
            let is_cached = matches!(need, Need::Compiled(_));
            let is_immutable = need.is_immutable();
            self.message.number(if is_cached { 2 } else { 1 });
            self.message.number(self.needs.add(need));
            self.message.number(is_immutable.into());
        }
        self.message.text(&key);
        self.message.finish()
    }
}

/// What came of a shell's fetching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This many bytes.
    Bytes(usize),
    /// The store has no such key.
    Absent,
    /// The store did not answer.
    Failed,
}

/// Writes a plan, and its fallback if that is there.
fn write_attempt(message: &mut Message, mut plan: Plan) {
    loop {
        let next = plan.fallback.take();
        message.text(&plan.origin);
        message.text(&plan.path_and_query);
        message.text(&plan.cache_key);
        let (timeout_ms, is_told) = (plan.timeout_ms, plan.is_told);
        let request_edits = std::mem::take(&mut plan.request_edits);
        let (response_edits, pending) = plan.into_response();
        message.text(&pending.text());
        message.edits(&request_edits);
        message.edits(&response_edits);
        let asked = Pending::ASKS.iter().enumerate();
        let bits = asked.map(|(bit, name)| u32::from(pending.asks(name)) << bit);
        message.number(bits.sum());
        message.number(timeout_ms);
        message.number(is_told.into());
        message.number(pending.is_watched().into());
        message.number(pending.reads_events().into());
        message.number(match next {
            Some(_) => 1,
            None if pending.has_fallback => 2,
            None => 0,
        });
        match next {
            Some(fallback) => plan = *fallback,
            None => return,
        }
    }
}

fn attempted(text: &str) -> Option<Attempted> {
    Some(match text {
        "connection" => Attempted::Connection,
        "timeout" => Attempted::Timeout,
        status => Attempted::Status(status.parse().ok()?),
    })
}

fn pending(text: Option<Option<&[u8]>>) -> Option<Pending> {
    Some(Pending::parse(str::from_utf8(text??).ok()?))
}

#[cfg(test)]
mod tests;

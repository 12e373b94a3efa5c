//! What flags come to for one who asks, as the protocol writes it.

use super::{Audience, events, failure, json, push_failure};
use crate::answer::Answer;
use crate::append::Append;
use crate::bot;
use crate::context::{Context, text};
use crate::desk::Visit;
use crate::forms::{push_json, push_value};
use crate::head::RequestHead;
use crate::page;
use crate::route::{Relevant, TO_BROWSER, TO_ORIGIN, named, relevant};
use flagstone_core::layout::switch;
use flagstone_core::{Decision, Digest, Evaluator, Reason, text_split};
use std::fmt::Write as _;

/// Flags for one who asks.
pub(super) struct Evaluation<'e, 'v, 'n, H> {
    visit: &'e Visit<'v, 'n, H>,
    evaluator: Evaluator<'n, 'e, Context<'v, 'n, H>>,
    audience: Audience,
}

impl<'e, 'v, 'n, H: RequestHead> Evaluation<'e, 'v, 'n, H> {
    pub fn new(
        visit: &'e Visit<'v, 'n, H>,
        context: &'e Context<'v, 'n, H>,
        audience: Audience,
    ) -> Self {
        let configuration = visit.configuration;
        Self {
            visit,
            evaluator: Evaluator::new(visit.snapshot, context, visit.now)
                .with_kills(configuration.kills())
                .with_rollouts(configuration.rollouts()),
            audience,
        }
    }

    /// Whether the caller may ask for a flag.
    fn is_theirs(&self, of: &Relevant<'_>) -> bool {
        let roles = match self.audience {
            Audience::Server => TO_BROWSER | TO_ORIGIN,
            Audience::Visitor => TO_BROWSER,
        };
        of.roles & roles != 0
    }

    /// One flag.
    pub fn flag(&self, key: &str) -> Result<Answer, Answer> {
        let of = named(&self.visit.snapshot, &self.visit.edge, key);
        let Some(of) = of.filter(|of| self.is_theirs(of)) else {
            let details = "there is no such flag, or it is not exposed to you";
            return Err(failure(404, Some(key), Some("FLAG_NOT_FOUND"), details));
        };
        let mut body = String::new();
        let status = match self.push(&mut body, &of) {
            Ok(()) => {
                body.pop();
                self.push_metadata(&mut body);
                body.append("}");
                200
            }
            Err(Undecided) => 400,
        };
        Ok(json(status, body))
    }

    /// All flags.
    pub fn flags(&self) -> Answer {
        let mut body = String::from("{\"flags\":[");
        // In the order of their keys.
        let all = relevant(&self.visit.snapshot, &self.visit.edge, &[]);
        let theirs = all.iter().filter(|of| self.is_theirs(of));
        for (index, of) in theirs.enumerate() {
            if index > 0 {
                body.append(",");
            }
            // Those that are not decided are listed with the reason.
            let _ = self.push(&mut body, of);
        }
        body.append("]");
        self.push_metadata(&mut body);
        // A client cannot show a key there.
        if self.visit.asked.has_events && self.visit.is_on(switch::OFREP_PUBLIC) {
            body.append(&events::streams(self.visit));
        }
        body.append("}");
        let tag = ["\"", &text(Digest::of(body.as_bytes())), "\""].concat();
        let had = self
            .visit
            .parts
            .header_text("if-none-match")
            .unwrap_or_default();
        let mut had = text_split(had, b',').map(str::trim);
        let mut answer =
            match had.any(|had| had == "*" || had.strip_prefix("W/").unwrap_or(had) == tag) {
                true => Answer::new(304, []),
                false => json(200, body),
            };
        answer.set("etag", &tag);
        answer
    }

    fn push_metadata(&self, body: &mut String) {
        let revision = self.visit.configuration.control().revision;
        // Writing to a string does not fail.
        let _ = write!(body, ",\"metadata\":{{\"version\":{revision}}}");
    }

    /// Writes what a flag comes to.
    fn push(&self, body: &mut String, of: &Relevant<'n>) -> Result<(), Undecided> {
        let (decision, lacks_key) = self.decide(of);
        body.append("{");
        let problem = match decision.reason {
            Reason::Error => Some(("GENERAL", "the flag cannot be decided")),
            Reason::Default if lacks_key => Some((
                "TARGETING_KEY_MISSING",
                "the flag goes by `targetingKey`, and there is none",
            )),
            _ => None,
        };
        if let Some((code, details)) = problem {
            push_failure(body, Some(of.key), Some(code), details);
            return Err(Undecided);
        }
        body.append("\"key\":");
        push_json(body, of.key);
        body.append(",\"reason\":");
        push_json(body, reason(decision.reason));
        if let Some(variant) = decision.variant {
            body.append(",\"variant\":");
            push_json(body, variant.key());
            body.append(",\"value\":");
            push_value(body, variant.value());
        }
        body.append("}");
        Ok(())
    }

    /// Decides a flag, and says whether that lacked a targeting key.
    fn decide(&self, of: &Relevant<'n>) -> (Decision<'n>, bool) {
        let is_visitor = self.audience == Audience::Visitor;
        if is_visitor && self.visit.parts.is_bot() {
            return (bot::decision(of.flag, self.evaluator.kills), false);
        }
        let context = self.evaluator.attributes;
        context.take_lack();
        let mut decision = self.evaluator.evaluate(of.flag.index());
        // Where visitors are not to be known, the default is right.
        let is_known = context
            .identity()
            .is_none_or(|identity| identity.why.is_none());
        let lacks_key = context.take_lack() && is_known;
        if is_visitor && self.visit.is_on(switch::FOLLOW_PAGE) {
            let kept = self.visit.parts.cookie(page::PAGE).unwrap_or_default();
            if page::holds_back(kept, of.key, decision.reason) {
                decision.variant = of.flag.default().and_then(|index| of.flag.variant(index));
                decision.reason = Reason::Default;
            }
        }
        (decision, lacks_key)
    }
}

/// That a flag was not decided; the body says why.
struct Undecided;

/// The protocol's word: it has none for a default.
fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Default => "UNKNOWN",
        other => other.as_str(),
    }
}

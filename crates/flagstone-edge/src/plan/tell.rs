//! Telling what was decided: to the origin, to the browser, and to the cache between edge and origin.

use super::decide::Choice;
use super::{FLAGS, Plan};
use crate::append::Append;
use crate::dictionary::{self, About, Member, push_encoded};
use crate::edit::Edit;
use crate::forms;
use crate::head::RequestHead;
use crate::identity::may_store;
use crate::page;
use crate::parts::Parts;
use crate::route::{ACTS, TO_BROWSER, TO_ORIGIN, pairs};
use flagstone_core::Snapshot;
use flagstone_core::layout::{EdgeRecord, switch};

/// Room for most cache keys, in bytes.
const CACHE_KEY_ROOM: usize = 256;
/// Behind the value of a cookie for scripts.
const READABLE: &str = "; Path=/; Secure; SameSite=Lax";

/// Who tells, and how.
pub(super) struct Teller<'a, 's, 'n, H> {
    pub snapshot: &'a Snapshot<'s>,
    pub edge: &'a EdgeRecord,
    pub parts: &'a Parts<'n, H>,
    pub is_bot: bool,
}

/// What the forms of a response depend on.
pub(super) struct Dependence {
    /// The request's cookies.
    pub cookies: bool,
    /// Whether it is a page that the request is for.
    pub mode: bool,
    /// Whether it is the visitor who asks for it, or another page.
    pub follows: bool,
}

impl<'s, H: RequestHead> Teller<'_, 's, '_, H> {
    /// Tells choices, which are in the order of their keys.
    pub fn tell(&self, plan: &mut Plan, choices: &[Choice<'s>]) {
        let budget = usize::from(self.edge.budget);
        let revision = plan.pending.status.revision.unwrap_or_default();
        let values = self.is_on(switch::VALUES);
        let to_origin = self.members(choices, TO_ORIGIN, values);
        let flags = dictionary::header(&to_origin, revision, budget);
        // As a rule both are told the same.
        let is_same = |choice: &Choice<'_>| choice.has(TO_ORIGIN) == choice.has(TO_BROWSER);
        plan.response.flags = match choices.iter().all(is_same) {
            true => flags.clone(),
            false => {
                let to_browser = self.members(choices, TO_BROWSER, values);
                dictionary::header(&to_browser, revision, budget)
            }
        };
        let is_hidden = |choice: &Choice<'_>| choice.has(ACTS) && !choice.has(TO_ORIGIN);
        plan.is_told =
            dictionary::says_all(flags.as_deref(), &to_origin) && !choices.iter().any(is_hidden);
        if let Some(flags) = flags {
            plan.request_edits.push(Edit::Set(FLAGS.into(), flags));
        }
        self.key(plan, choices, &to_origin);
        if self.edge.switches & (switch::SERVER_TIMING | switch::SCRIPT | switch::COOKIE) != 0 {
            self.forms(plan, choices, revision);
        }
    }

    fn is_on(&self, switch: u16) -> bool {
        self.edge.switches & switch != 0
    }

    /// The flags with a role, by the names that they have for others.
    fn members(&self, choices: &[Choice<'s>], role: u8, values: bool) -> Vec<Member<'s>> {
        let reasons = self.is_on(switch::REASONS);
        let aliases = || pairs(self.snapshot, self.edge.aliases, self.edge.aliases_count);
        let mut members = Vec::with_capacity(choices.len());
        let choices = choices.iter().filter(|choice| choice.has(role));
        members.extend(choices.filter_map(|choice| {
            let (key, variant) = (choice.of.key, choice.variant?);
            let alias = aliases().find(|(of, _)| *of == key);
            Some(Member {
                key: alias.map_or(key, |(_, alias)| alias),
                variant: variant.key(),
                value: values.then(|| variant.value()),
                reason: reasons.then_some(choice.reason),
                acts: choice.has(ACTS),
            })
        }));
        members
    }

    /// What a cache in front of the origin tells responses apart by: all that the origin sees, and what acts.
    fn key(&self, plan: &mut Plan, choices: &[Choice<'s>], to_origin: &[Member<'_>]) {
        let mut told = to_origin.iter();
        for choice in choices.iter().filter(|choice| choice.has(ACTS | TO_ORIGIN)) {
            let is_told = choice.has(TO_ORIGIN) && choice.variant.is_some();
            let member = is_told.then(|| told.next()).flatten();
            let variant = match member {
                Some(member) => member.variant,
                None => choice.variant.map_or("", |variant| variant.key()),
            };
            if plan.cache_key.is_empty() {
                plan.cache_key.reserve(CACHE_KEY_ROOM);
            } else {
                plan.cache_key.append("&");
            }
            push_encoded(&mut plan.cache_key, choice.of.key);
            plan.cache_key.append("=");
            push_encoded(&mut plan.cache_key, variant);
            if let Some(member) = member {
                push_encoded(&mut plan.cache_key, &dictionary::parameters(member));
            }
        }
    }

    /// The forms for browsers beside the header.
    #[inline(never)]
    fn forms(&self, plan: &mut Plan, choices: &[Choice<'s>], revision: u64) {
        let members = self.members(choices, TO_BROWSER, true);
        if members.is_empty() {
            return;
        }
        let about = About {
            revision,
            why: plan.pending.status.why,
            is_cut: false,
        };
        if self.is_on(switch::SERVER_TIMING) {
            plan.pending.server_timing = Some(forms::server_timing(&members, about));
        }
        if !self.parts.is_page() {
            return;
        }
        if cfg!(feature = "pages") && self.is_on(switch::SCRIPT) {
            plan.pending.script = Some(forms::script(&members, about));
            plan.request_edits
                .extend(page::REQUEST.map(|name| Edit::Remove(name.into())));
            let identity = Edit::Set("accept-encoding".into(), "identity".to_owned());
            plan.request_edits.push(identity);
        }
        if self.is_on(switch::COOKIE) {
            let members = match self.is_on(switch::VALUES) {
                true => members,
                false => self.members(choices, TO_BROWSER, false),
            };
            let value = forms::cookie(&members, about).filter(|_| self.may_store());
            self.keep(plan, forms::COOKIE, value.as_deref(), READABLE);
        }
    }

    /// What the forms of a response depend on.
    pub fn depends(&self, choices: &[Choice<'_>]) -> Dependence {
        let is_told = choices.iter().any(|choice| choice.has(TO_BROWSER));
        let acts = choices.iter().any(|choice| choice.has(ACTS));
        let cookie = is_told && self.is_on(switch::COOKIE);
        let follows = acts && self.is_on(switch::FOLLOW_PAGE);
        Dependence {
            cookies: cookie && self.parts.is_page() || follows,
            mode: cookie || follows || is_told && self.is_on(switch::SCRIPT),
            follows,
        }
    }

    /// Whether something may be stored at the visitor's that is not needed to answer the request.
    pub fn may_store(&self) -> bool {
        !self.is_bot && may_store(self.parts, self.snapshot, self.edge)
    }

    /// Has the browser keep a cookie, or drop it if there is no value; nothing if that is how things are.
    pub fn keep(&self, plan: &mut Plan, name: &str, value: Option<&str>, attributes: &str) {
        if self.parts.cookie(name) != value {
            let expiry = if value.is_none() { "; Max-Age=0" } else { "" };
            let value = value.unwrap_or_default();
            let cookie = [name, "=", value, attributes, expiry].concat();
            plan.response.cookies.push(cookie);
        }
    }
}

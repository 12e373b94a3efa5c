//! Where at the edge a flag acts, and what counts as harm there.

use flagstone_compile::model::{Harm, Statuses};
use flagstone_core::Snapshot;
use serde::Serialize;

/// A route on which the flag acts.
#[derive(Debug, Serialize)]
pub struct Route {
    /// Its pattern: host, if it has one, and path.
    pub route: String,
    /// What counts as harm there, beside what is a failure everywhere; `None` if nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub harm: Option<HarmDone>,
}

/// What counts as harm; what there is none of is left out.
#[derive(Debug, Serialize)]
pub struct HarmDone {
    /// As in a file: `4xx`, or single ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slower_than_ms: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
}

/// The routes of a flag, in order of precedence.
pub fn routes(snapshot: &Snapshot<'_>, flag: &str) -> Vec<Route> {
    let edge = flagstone_compile::read_edge(snapshot).unwrap_or_default();
    let of_flag = edge.routes.into_iter().filter(|route| route.flag == flag);
    let route = |route: flagstone_compile::model::Route| Route {
        route: [route.host, route.path].concat(),
        harm: (route.harm != Harm::default()).then(|| HarmDone {
            statuses: names(route.harm.statuses),
            slower_than_ms: (route.harm.slower_than_ms > 0).then_some(route.harm.slower_than_ms),
            events: route.harm.events,
        }),
    };
    of_flag.map(route).collect()
}

impl Route {
    /// What counts as harm, in words.
    pub fn words(&self) -> Option<String> {
        let harm = self.harm.as_ref()?;
        let slow = harm.slower_than_ms;
        let slow = slow.map(|millis| format!("an answer after more than {millis} ms"));
        let statuses = harm
            .statuses
            .iter()
            .map(|status| format!("status {status}"));
        let events = harm.events.iter().map(|event| format!("event `{event}`"));
        let all: Vec<String> = statuses.chain(slow).chain(events).collect();
        Some(all.join(", "))
    }
}

fn names(statuses: Statuses) -> Vec<String> {
    let classes = [
        ("4xx", Statuses::CLIENT, 400..431),
        ("5xx", Statuses::SERVER, 500..531),
    ];
    let mut names = Vec::new();
    for (class, all, mut range) in classes {
        if statuses.or(all) == statuses {
            names.push(class.to_owned());
        } else {
            let single = range.by_ref().filter(|status| statuses.has(*status));
            names.extend(single.map(|status| status.to_string()));
        }
    }
    names
}

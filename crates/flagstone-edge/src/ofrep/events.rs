//! Telling clients that their flags may have changed.

use crate::answer::Answer;
use crate::configuration::Configuration;
use crate::context::text;
use crate::desk::Visit;
use crate::head::RequestHead;
use crate::query::parameter;
use flagstone_core::text_split_once;

/// The parameter of a stream with the configuration that the client has flags of.
const SINCE: &str = "since";
/// The parameter of a bulk request with the configuration that an event was about.
const TOLD: &str = "flagConfigEtag";

/// The stream of events, as an answer about all flags names it: that which goes on where the answer ends.
pub(super) fn streams<H: RequestHead>(visit: &Visit<'_, '_, H>) -> String {
    [
        r#","eventStreams":[{"type":"sse","endpoint":{"requestUri":"/ofrep/v1/events?"#,
        SINCE,
        "=",
        &version(visit),
        r#""}}]"#,
    ]
    .concat()
}

/// What has changed since the event that the client had last, or since its flags. A shell asks again and again.
pub(super) fn answer<H: RequestHead>(visit: &Visit<'_, '_, H>) -> Answer {
    let now = version(visit);
    let mut answer = Answer::new(200, [("content-type", "text/event-stream")]);
    let since = visit
        .parts
        .head
        .query()
        .and_then(|query| parameter(query, SINCE));
    let seen = visit
        .parts
        .header_text("last-event-id")
        .or(since.as_deref());
    answer.body = match seen {
        // A comment, which keeps the connection.
        Some(seen) if seen == now => ":\n\n".into(),
        Some(_) => [
            "id: ",
            &now,
            "\nevent: message\ndata: {\"type\":\"refetchEvaluation\",\"etag\":\"",
            &now,
            "\"}\n\n",
        ]
        .concat()
        .into(),
        // Without data it is no event, and the client remembers it all the same.
        None => ["id: ", &now, "\n\n"].concat().into(),
    };
    answer
}

/// Names the configuration: it changes with all that a person or a guard changes.
fn version<H: RequestHead>(visit: &Visit<'_, '_, H>) -> String {
    let control = visit.configuration.control();
    // Nodes that have read a snapshot and nodes that have read its cut say the same.
    let name = match visit.configuration.frame() {
        Some(_) => visit.snapshot.digest(),
        None => control.snapshot,
    };
    [&text(control.sequence), "-", &text(name)].concat()
}

/// Whether a client has been told of a configuration that is later than this one.
pub(crate) fn is_behind(configuration: &Configuration, query: Option<&str>) -> bool {
    let told = query.and_then(|query| parameter(query, TOLD));
    let sequence = told
        .as_deref()
        .and_then(|told| text_split_once(told.trim_matches('"'), "-"));
    let sequence = sequence.and_then(|(sequence, _)| sequence.parse::<u64>().ok());
    sequence.is_some_and(|sequence| sequence > configuration.control().sequence)
}

//! What others do in a request on Fastly Compute, where each has a fresh instance.
//!
//! The path says what: `/empty`; `/headers` only reads them; `/kv/KEY` reads a value besides; `/proxy` sends them to an origin; `/probe` checks its whole snapshot,
//! `/probe-trusting` nothing of it; `/launchdarkly` reads the JSON and decides with LaunchDarkly's evaluator.

use fastly::kv_store::KVStore;
use fastly::{Error, Request, Response};
use launchdarkly_server_sdk_evaluation::{
    ContextBuilder, Flag, FlagValue, Segment, Store, evaluate,
};
use probe::{Snapshot, aligned};
use serde::Deserialize;
use std::collections::HashMap;

#[derive(Deserialize)]
struct Data {
    flags: HashMap<String, Flag>,
    segments: HashMap<String, Segment>,
}

impl Store for Data {
    fn flag(&self, key: &str) -> Option<Flag> {
        self.flags.get(key).cloned()
    }

    fn segment(&self, key: &str) -> Option<Segment> {
        self.segments.get(key).cloned()
    }
}

struct Visitor {
    key: String,
    country: String,
    version: String,
    email: String,
    asked: Vec<String>,
}

impl Visitor {
    fn of(request: &Request) -> Result<Self, Error> {
        let header = |name: &str| request.get_header_str(name).unwrap_or_default().to_owned();
        Ok(Self {
            key: header("x-user-key"),
            country: header("x-country"),
            version: header("x-app-version"),
            email: header("x-email"),
            asked: serde_json::from_str(&header("x-keys"))?,
        })
    }

    fn answers(&self, is_on: impl Fn(&str) -> bool) -> String {
        let answers = self
            .asked
            .iter()
            .map(|key| if is_on(key) { '1' } else { '0' });
        answers.collect()
    }
}

fn main() -> Result<(), Error> {
    let request = Request::from_client();
    let path = request.get_path();
    let answers = if path == "/empty" {
        String::new()
    } else {
        let visitor = Visitor::of(&request)?;
        match path {
            "/probe" => of_probe(&visitor, true)?,
            "/probe-trusting" => of_probe(&visitor, false)?,
            "/launchdarkly" => of_launchdarkly(&visitor)?,
            "/proxy" => return Ok(request.send("stable")?.send_to_client()),
            _ => match path.strip_prefix("/kv/") {
                Some(key) => value(key)?.len().to_string(),
                None => visitor.key.len().to_string(),
            },
        }
    };
    Response::from_body("ok")
        .with_header("x-flags", answers)
        .send_to_client();
    Ok(())
}

fn value(key: &str) -> Result<Vec<u8>, Error> {
    let store = KVStore::open("flags")?.ok_or_else(|| Error::msg("no store"))?;
    Ok(store.lookup(key)?.take_body().into_bytes())
}

fn of_probe(visitor: &Visitor, checks: bool) -> Result<String, Error> {
    let bytes = value("probe")?;
    let words = aligned(&bytes);
    let snapshot = if checks {
        Snapshot::open(&words, bytes.len()).ok_or_else(|| Error::msg("no snapshot"))?
    } else {
        Snapshot::trust(&words, bytes.len())
    };
    let Visitor {
        key,
        country,
        version,
        email,
        ..
    } = visitor;
    let context = snapshot.context(
        key.as_bytes(),
        country.as_bytes(),
        version.as_bytes(),
        email.as_bytes(),
    );
    let is_on = |key: &str| {
        snapshot
            .find(key.as_bytes())
            .is_some_and(|flag| snapshot.evaluate(flag, &context))
    };
    Ok(visitor.answers(is_on))
}

fn of_launchdarkly(visitor: &Visitor) -> Result<String, Error> {
    let data: Data = serde_json::from_slice(&value("launchdarkly")?)?;
    let mut context = ContextBuilder::new(&visitor.key);
    context.set_string("country", &visitor.country);
    context.set_string("appVersion", &visitor.version);
    context.set_string("email", &visitor.email);
    let context = context.build().map_err(Error::msg)?;
    let is_on = |key: &str| {
        let flag = data.flags.get(key);
        let value = flag.and_then(|flag| evaluate(&data, flag, &context, None).value.cloned());
        matches!(value, Some(FlagValue::Bool(true)))
    };
    Ok(visitor.answers(is_on))
}

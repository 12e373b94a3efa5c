//! What a request costs the Worker's wasm: its plan, and what comes of the response.

use crate::model::User;
use crate::operation::NOW;
use anyhow::{Context, Result, ensure};
use flagstone_edge::Options;
use flagstone_edge::wire::Engine;
use std::hint::black_box;

/// The length of a text that is absent, and bytes of a number.
const ABSENT: u32 = u32::MAX;
const NUMBER: usize = 4;

/// An engine that holds a snapshot, what its shell writes for the request of each visitor, and what for the response to the first.
pub struct Pipeline {
    engine: Engine,
    requests: Vec<Vec<u8>>,
    response: Vec<u8>,
}

impl Pipeline {
    pub fn new(snapshot: &[u8], users: &[User]) -> Result<Self> {
        let mut engine = Engine::new(Options::DEFAULT);
        engine.hold(snapshot);
        let mut asks = Message::new(engine.asks())?;
        let names: Vec<String> = (0..asks.number()?)
            .map(|_| asks.text())
            .collect::<Result<_>>()?;
        let requests: Vec<_> = users.iter().map(|user| request(user, &names)).collect();
        write(&mut engine, requests.first().context("nobody")?);
        let mut plan = Message::new(engine.serve(NOW).context("no plan")?)?;
        let [_step, _spent] = [plan.number()?, plan.number()?];
        let [origin, _path, _key, pending] =
            [plan.text()?, plan.text()?, plan.text()?, plan.text()?];
        // An engine that could not read the snapshot would plan, too, in no time.
        ensure!(origin == "canary", "a request is sent to {origin}");
        Ok(Self {
            engine,
            requests,
            response: response(&pending),
        })
    }

    /// Plans the requests of visitors, one after the other.
    pub fn plans(&mut self, repetitions: usize) -> Result<()> {
        for request in self.requests.iter().cycle().take(repetitions) {
            write(&mut self.engine, request);
            black_box(self.engine.serve(NOW).context("no plan")?);
        }
        Ok(())
    }

    /// Is told again and again of the response to one request.
    pub fn responses(&mut self, repetitions: usize) -> Result<()> {
        for _ in 0..repetitions {
            write(&mut self.engine, &self.response);
            black_box(self.engine.ended(NOW).context("no answer")?);
        }
        Ok(())
    }
}

/// How an attempt ended, no second one, not from a cache, no events; of the response's headers two.
fn response(pending: &str) -> Vec<u8> {
    let attempt = [Some(pending), Some("200"), Some("12"), None, None];
    let answer = [None, None];
    let headers = [
        None,
        Some("max-age=60"),
        None,
        Some("text/html"),
        None,
        None,
        None,
    ];
    texts(attempt.into_iter().chain(answer).chain(headers))
}

fn write(engine: &mut Engine, texts: &[u8]) {
    if let Some(room) = engine.room(texts.len()).get_mut(..texts.len()) {
        room.copy_from_slice(texts);
    }
}

/// Texts as a shell writes them: their lengths, then their bytes.
fn texts<'t>(texts: impl Iterator<Item = Option<&'t str>> + Clone) -> Vec<u8> {
    let lens = texts
        .clone()
        .map(|text| text.map_or(ABSENT, |text| text.len() as u32));
    let bytes = texts.flatten().flat_map(str::bytes);
    lens.flat_map(u32::to_le_bytes).chain(bytes).collect()
}

fn request(user: &User, names: &[String]) -> Vec<u8> {
    let cookies = format!("theme=dark; uid={}", user.key);
    let header = |name: &String| match name.as_str() {
        "cookie" => Some(cookies.as_str()),
        "x-country" => Some(user.country),
        "x-version" => Some(user.version.as_str()),
        "x-email" => Some(user.email.as_str()),
        _ => None,
    };
    let line = ["GET", "https://shop.example/products/42?color=red"].map(Some);
    texts(line.into_iter().chain(names.iter().map(header)))
}

/// What an engine has said, in ASCII.
struct Message<'m> {
    numbers: &'m [[u8; NUMBER]],
    text: &'m [u8],
}

impl<'m> Message<'m> {
    fn new(bytes: &'m [u8]) -> Result<Self> {
        let mut message = Self {
            numbers: bytes.as_chunks().0,
            text: &[],
        };
        let [count, _len] = [message.number()?, message.number()?];
        message.text = bytes.get(NUMBER * count..).context("no texts")?;
        Ok(message)
    }

    fn number(&mut self) -> Result<usize> {
        let (number, behind) = self.numbers.split_first().context("no number")?;
        self.numbers = behind;
        Ok(u32::from_le_bytes(*number) as usize)
    }

    fn text(&mut self) -> Result<String> {
        let len = self.number()?;
        let (text, behind) = self.text.split_at_checked(len).context("no text")?;
        self.text = behind;
        Ok(str::from_utf8(text)?.to_owned())
    }
}

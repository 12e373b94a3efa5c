//! `flagstone guard`: adds up what nodes report, and leads rollouts by it.
//!
//! One thread has the rollouts, in turns: it takes batches, looks, writes to the store, and only then answers and publishes. A
//! batch that was answered is on the disk; one that was not is sent again, and counts once.

mod control;
mod http;
mod input;
mod page;
mod store;
mod turn;
mod webhook;

use super::rollout::Stores;
use crate::clock;
use crate::report::{Failure, Outcome, Report};
use control::Followed;
use flagstone_guard::{Desk, Judgement};
use flagstone_rollout::guard::{Terms, Watch};
use http::{Access, Site};
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;
use turn::{Batch, Guard, Message};
use webhook::Webhook;

/// Guard rollouts: take what nodes report, advance what goes well, roll back what does harm
///
/// Goes by the control document, which says which rollouts are under way, and by the plans of its snapshot, and writes the
/// steps that it decides on into it. Lines of nodes come by HTTP (POST /lines), from a file, or from standard input.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("lines").required(true).multiple(true))]
#[command(after_help = "\
Examples:
  flagstone guard --control control.json --snapshot shop.snapshot --state guard.redb --listen 127.0.0.1:8700
  flagstone guard --control fastly-kv:Aq9y5MbTX --state guard.redb --listen 0.0.0.0:8700 --token token.txt
  flagstone guard --control control.json --snapshot shop.snapshot --state guard.redb --input nodes.ndjson
  flagstone guard --control fastly-kv:Aq9y5MbTX --state postgres://guard@db.shop.example/flags --listen 0.0.0.0:8700 --token token.txt
  curl -s http://127.0.0.1:8700/rollouts

GET /rollouts, /rollouts/FLAG, /decisions and /metrics say how things are; docs/rollout.md has their form. With --token
there is a page for people at /_flagstone/: any name, and the token as password.")]
pub struct Arguments {
    #[command(flatten)]
    stores: Stores,
    /// Where the guard keeps what it knows: a file, made if it is not there, or postgres://USER@HOST/DATABASE, which several
    /// guards may share; its password is taken from PGPASSWORD
    #[arg(long, value_name = "FILE|URL")]
    state: PathBuf,
    /// Where to listen for lines and questions
    #[arg(long, value_name = "ADDRESS", group = "lines")]
    listen: Option<SocketAddr>,
    /// A file with lines, which is followed as it grows; `-` is standard input, at whose end the command ends
    #[arg(long, value_name = "FILE", group = "lines")]
    input: Option<PathBuf>,
    /// End at the end of --input, instead of following it
    #[arg(long, requires = "input")]
    once: bool,
    /// Whose file --input is, among guards that share a database
    #[arg(long, value_name = "NAME", requires = "input")]
    name: Option<String>,
    /// A file with the token that requests must have: `Authorization: Bearer …`
    #[arg(long, value_name = "FILE", requires = "listen")]
    token: Option<PathBuf>,
    /// A Fastly service that may send its logs here; may be repeated [default: any]
    #[arg(long, value_name = "SERVICE_ID", requires = "listen")]
    fastly_service: Vec<String>,
    /// Where each decision is posted to, as a CloudEvent
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// A file with the secret that those are signed with, in base64, after `whsec_` or not
    #[arg(long, value_name = "FILE", requires = "webhook")]
    webhook_secret: Option<PathBuf>,
    /// How many visitors may see a failure before harm ends
    #[arg(long, value_name = "N", default_value_t = 100.0, value_parser = |text: &str| within(text, 1.0..=1e9))]
    budget: f64,
    /// Seconds from a failure until all nodes know of a rollback
    #[arg(long, value_name = "SECONDS", default_value_t = 15.0, value_parser = |text: &str| within(text, 0.0..=3_600.0))]
    reaction: f64,
    /// The part of all requests that may fail at all, from 0 to 1; above it rollouts hold
    #[arg(long, value_name = "PART", default_value_t = 1.0, value_parser = |text: &str| within(text, 0.0..=1.0))]
    ceiling: f64,
    /// Lead rollouts that began without this guard, instead of holding them
    #[arg(long)]
    adopt: bool,
}

/// So many messages may wait; more are refused, and sent again.
const WAITING: usize = 32;
/// Until a batch that could not be stored is offered again.
const AGAIN: Duration = Duration::from_secs(1);

pub fn run(arguments: &Arguments, report: &Report) -> Result<Outcome, Failure> {
    let followed = Followed::open(arguments.stores.clone())?;
    let mut store = store::open(&arguments.state)?;
    let judgement = Judgement {
        terms: Terms {
            budget: arguments.budget,
            reaction_s: arguments.reaction,
            ceiling: arguments.ceiling,
            ..Terms::DEFAULT
        },
        watch: Watch::DEFAULT,
        adopt: arguments.adopt,
    };
    let (sender, messages) = mpsc::sync_channel(WAITING);
    if let Some(address) = arguments.listen {
        let access = Access {
            token: arguments.token.as_deref().map(secret).transpose()?,
            services: arguments.fastly_service.clone(),
        };
        let listener = TcpListener::bind(address).map_err(|error| Failure::Argument {
            name: "--listen",
            problem: format!("{address}: {error}"),
        })?;
        let bound = listener.local_addr().unwrap_or(address);
        report.note(&format!("listening on http://{bound}"));
        let site = Site {
            access,
            stores: arguments.stores.clone(),
            guard: sender.clone(),
        };
        thread::spawn(move || http::serve(listener, site));
    }
    if let Some(path) = arguments.input.clone() {
        let name = match &arguments.name {
            _ if path == Path::new("-") => String::new(),
            Some(name) => format!("{name}:{}", path.display()),
            None if store.is_shared() => return Err(nameless()),
            None => path.display().to_string(),
        };
        let from = store.input(&name).map_err(|error| Failure::Argument {
            name: "--state",
            problem: error.to_string(),
        })?;
        let (sender, follow) = (sender.clone(), !arguments.once);
        thread::spawn(move || read(&path, &name, from, follow, &sender));
    }
    drop(sender);
    let webhook = arguments.webhook.clone().map(|url| -> Result<_, Failure> {
        let secret = arguments.webhook_secret.as_deref().map(secret_bytes);
        Ok(Webhook {
            url,
            secret: secret.transpose()?,
        })
    });
    let is_told = webhook.is_some();
    if let Some(webhook) = webhook.transpose()? {
        let outbox = store.outbox().map_err(|error| Failure::Argument {
            name: "--state",
            problem: error.to_string(),
        });
        let mut outbox = outbox?;
        thread::spawn(move || webhook.deliver(outbox.as_mut()));
    }
    let desk = Desk::new(judgement, clock::now().0);
    let mut guard = Guard::new(desk, followed, store, is_told, report);
    guard.run(&messages)?;
    Ok(Outcome::Fine)
}

/// The number that a text is, within what the guard's Worker takes too.
fn within(text: &str, range: RangeInclusive<f64>) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("not a number from {} to {}", range.start(), range.end()))
}

fn nameless() -> Failure {
    Failure::Argument {
        name: "--input",
        problem: "how far it was read is in the database: say with --name whose file it is"
            .to_owned(),
    }
}

/// Sends what is read from standard input or a file, each batch until it is stored, and how that has ended.
fn read(path: &Path, name: &str, from: u64, follow: bool, sender: &SyncSender<Message>) {
    let is_file = path != Path::new("-");
    let take = |lines: input::Lines| {
        loop {
            let (reply, stored) = oneshot::channel();
            let batch = Batch {
                text: lines.text.clone(),
                input: is_file.then(|| (name.to_owned(), lines.read)),
                reply,
            };
            if sender.send(Message::Lines(batch)).is_err() {
                return false;
            }
            match stored.blocking_recv() {
                Ok(Some(_)) => return true,
                Ok(None) => thread::sleep(AGAIN),
                Err(_) => return false,
            }
        }
    };
    let result = if is_file {
        input::file(path, from, follow, take)
    } else {
        input::stdin(take)
    };
    // The other side may be gone already.
    let _ = sender.send(Message::End(result.map_err(Failure::read(path))));
}

fn secret(path: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(path).map_err(Failure::read(path))?;
    // Whoever shows nothing would show the right thing.
    if text.trim().is_empty() {
        return Err(Failure::Unusable {
            path: path.to_owned(),
            problem: "it is empty".to_owned(),
        });
    }
    Ok(text.trim().to_owned())
}

fn secret_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    use base64::Engine as _;
    let text = secret(path)?;
    let text = text.strip_prefix("whsec_").unwrap_or(&text);
    let bytes = base64::engine::general_purpose::STANDARD.decode(text);
    bytes.map_err(|error| Failure::Unusable {
        path: path.to_owned(),
        problem: format!("it is not base64: {error}"),
    })
}

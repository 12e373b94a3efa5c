//! `flagstone guard`: adds up what nodes report, and leads rollouts by it.
//!
//! One thread owns the rollouts: it takes batches, looks, writes to the store, and only then answers and publishes. A
//! batch that was answered is on the disk; one that was not is sent again, and counts once.

mod control;
mod http;
mod input;
mod page;
mod store;
mod webhook;

use super::rollout::Stores;
use crate::clock;
use crate::report::{Failure, Outcome, Report};
use control::Followed;
use flagstone_guard::{Desk, Health, Judgement, Publication, metrics};
use flagstone_rollout::guard::{Terms, Watch};
use http::{Access, Question, Site};
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;
use store::Store;
use tokio::sync::oneshot;
use webhook::Webhook;

/// Guard rollouts: take what nodes report, advance what goes well, roll back what does harm
///
/// Goes by the control document, which says which rollouts are under way, and by the plans of its snapshot, and writes the
/// steps that it decides on into it. Lines of nodes come by HTTP (POST /lines), from a file, or from standard input.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flagstone guard --control control.json --snapshot shop.snapshot --state guard.redb --listen 127.0.0.1:8700
  flagstone guard --control fastly-kv:Aq9y5MbTX --state guard.redb --listen 0.0.0.0:8700 --token token.txt
  flagstone guard --control control.json --snapshot shop.snapshot --state guard.redb --input nodes.ndjson
  curl -s http://127.0.0.1:8700/rollouts

GET /rollouts, /rollouts/FLAG, /decisions and /metrics say how things are; docs/rollout.md has their form. With --token
there is a page for people at /_flagstone/: any name, and the token as password.")]
pub struct Arguments {
    #[command(flatten)]
    stores: Stores,
    /// Where the guard keeps what it knows; made if it is not there
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// Where to listen for lines and questions
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// A file with lines, which is followed as it grows; `-` is standard input, at whose end the command ends
    #[arg(long, value_name = "FILE", required_unless_present = "listen")]
    input: Option<PathBuf>,
    /// End at the end of --input, instead of following it
    #[arg(long, requires = "input")]
    once: bool,
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
    #[arg(long, value_name = "N", default_value_t = 100.0)]
    budget: f64,
    /// Seconds from a failure until all nodes know of a rollback
    #[arg(long, value_name = "SECONDS", default_value_t = 15.0)]
    reaction: f64,
    /// The part of all requests that may fail at all; above it rollouts hold
    #[arg(long, value_name = "PART", default_value_t = 1.0)]
    ceiling: f64,
    /// How many goals nodes count, 0 to 4
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=4))]
    goals: u8,
    /// Lead rollouts that began without this guard, instead of holding them
    #[arg(long)]
    adopt: bool,
}

/// What the thread that owns the rollouts is told.
pub enum Message {
    /// A batch of lines.
    Lines {
        text: String,
        /// The file they are of, and how far it has been read with them.
        input: Option<(String, u64)>,
        /// What came of them, as JSON, once that is on the disk; `None` if it cannot be.
        reply: Option<oneshot::Sender<Option<String>>>,
    },
    /// A question; `None` if there is no answer.
    Ask {
        question: Question,
        reply: oneshot::Sender<Option<String>>,
    },
    /// There will be no more lines.
    End,
}

/// So many messages may wait; more are refused, and sent again.
const WAITING: usize = 32;
/// So many decisions are on the health page.
const DECISIONS: usize = 50;
/// Between looks without lines.
const TICK: Duration = Duration::from_secs(1);
/// So much is gathered before it is written.
const GATHERED: usize = 4 << 20;

pub fn run(arguments: &Arguments, report: &Report) -> Result<Outcome, Failure> {
    let followed = Followed::open(arguments.stores.clone())?;
    let store = Store::open(&arguments.state).map_err(|error| Failure::Unusable {
        path: arguments.state.clone(),
        problem: format!("it is no state of a guard: {error}"),
    })?;
    let store = Arc::new(store);
    let judgement = Judgement {
        terms: Terms {
            budget: arguments.budget,
            reaction_s: arguments.reaction,
            ceiling: arguments.ceiling,
            ..Terms::DEFAULT
        },
        watch: Watch {
            goals: arguments.goals,
            ..Watch::DEFAULT
        },
        adopt: arguments.adopt,
    };
    let (sender, messages) = mpsc::sync_channel(WAITING);
    if let Some(address) = arguments.listen {
        let listener = TcpListener::bind(address).map_err(|error| Failure::Argument {
            name: "--listen",
            problem: format!("{address}: {error}"),
        })?;
        let bound = listener.local_addr().unwrap_or(address);
        report.note(&format!("listening on http://{bound}"))?;
        let access = Access {
            token: arguments.token.as_deref().map(secret).transpose()?,
            services: arguments.fastly_service.clone(),
        };
        let site = Site {
            access,
            stores: arguments.stores.clone(),
            guard: sender.clone(),
        };
        thread::spawn(move || http::serve(listener, site));
    }
    if let Some(path) = arguments.input.clone() {
        let name = path.display().to_string();
        let from = store.input(&name).unwrap_or(0);
        let (sender, follow) = (sender.clone(), !arguments.once);
        thread::spawn(move || read(&path, from, follow, &sender));
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
        let store = Arc::clone(&store);
        thread::spawn(move || webhook.deliver(&store));
    }
    let mut guard = Guard {
        desk: Desk::new(judgement, clock::now().0),
        followed,
        store,
        is_told,
        report,
        problem: String::new(),
    };
    // What cannot be read at the start is told at once, and not tried for ever.
    guard.followed.look(clock::now().0)?;
    guard.run(&messages)?;
    Ok(Outcome::Fine)
}

/// Sends what is read from standard input or a file.
fn read(path: &Path, from: u64, follow: bool, sender: &SyncSender<Message>) {
    let name = path.display().to_string();
    let take = |lines: input::Lines, input| {
        let message = Message::Lines {
            text: lines.text,
            input,
            reply: None,
        };
        sender.send(message).is_ok()
    };
    let result = if path == Path::new("-") {
        input::stdin(|lines| take(lines, None))
    } else {
        input::file(path, from, follow, |lines| {
            let input = Some((name.clone(), lines.read));
            take(lines, input)
        })
    };
    if let Err(error) = result {
        eprintln!("error: cannot read `{name}`: {error}");
    }
    // The other side may be gone already.
    let _ = sender.send(Message::End);
}

fn secret(path: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(path).map_err(Failure::read(path))?;
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

/// The thread that owns the rollouts.
struct Guard<'a> {
    desk: Desk,
    followed: Followed,
    store: Arc<Store>,
    is_told: bool,
    report: &'a Report,
    /// What was last said to be wrong, so that it is said once.
    problem: String,
}

impl Guard<'_> {
    fn run(&mut self, messages: &Receiver<Message>) -> Result<(), Failure> {
        loop {
            // Lines wait until it is known of which rollouts they are.
            while !self.desk.is_ready() {
                let problem = self.follow(clock::now().0)?;
                self.complain(problem)?;
                if !self.desk.is_ready() {
                    thread::sleep(TICK);
                }
            }
            let first = match messages.recv_timeout(TICK) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(Message::End),
            };
            let mut gathered = Vec::new();
            let mut size = 0;
            let more = std::iter::from_fn(|| messages.try_recv().ok());
            for message in first.into_iter().chain(more) {
                if let Message::Lines { text, .. } = &message {
                    size += text.len();
                }
                gathered.push(message);
                if size >= GATHERED {
                    break;
                }
            }
            let ends = self.turn(gathered)?;
            if ends {
                return Ok(());
            }
        }
    }

    /// Takes what has come, looks, writes, and then answers and publishes. Whether there will be no more.
    fn turn(&mut self, messages: Vec<Message>) -> Result<bool, Failure> {
        let now_ms = clock::now().0;
        let mut problem = self.follow(now_ms)?;
        let (mut replies, mut questions, mut ends) = (Vec::new(), Vec::new(), false);
        let mut input = None;
        for message in messages {
            match message {
                Message::Lines {
                    text,
                    input: of,
                    reply,
                } => {
                    let taken = self.desk.take(&text, now_ms);
                    input = of.or(input);
                    replies.push((reply, taken));
                }
                Message::Ask { question, reply } => questions.push((question, reply)),
                Message::End => ends = true,
            }
        }
        let publications = self.desk.lead(now_ms);
        let changes = self.desk.changes();
        let saved = self
            .store
            .save(&changes, self.is_told, input)
            .map_err(|error| problem = Some(error.to_string()))
            .is_ok();
        if saved {
            for decision in &changes.decisions {
                self.announce(decision)?;
            }
            self.desk.saved(changes);
            problem = self.publish(&publications, now_ms).or(problem);
        } else {
            // What is in memory is ahead of the disk, and nobody may have seen it.
            self.desk.forget();
        }
        for (reply, taken) in replies {
            let answer = saved.then(|| taken.json());
            if let Some(reply) = reply {
                // Whoever went away sends it again.
                let _ = reply.send(answer);
            }
        }
        for (question, reply) in questions {
            let _ = reply.send(self.answer(&question, now_ms));
        }
        self.complain(problem)?;
        Ok(ends)
    }

    /// Reads the control document; what is wrong with it. Without it the rollouts stay as they are.
    fn follow(&mut self, now_ms: i64) -> Result<Option<String>, Failure> {
        let control = match self.followed.look(now_ms) {
            Ok(control) => control.clone(),
            Err(failure) => return Ok(Some(failure.to_string())),
        };
        for (flag, why) in std::mem::take(&mut self.followed.unfit) {
            self.report
                .warning(&format!("the rollout of `{flag}` is not guarded: {why}"))?;
        }
        let state = |id| self.store.rollout(id).map_err(|error| error.to_string());
        let plans = &self.followed.plans;
        Ok(self.desk.follow(&control, plans, state, now_ms).err())
    }

    /// Writes steps into the control document; what is wrong. What could not be written is decided again.
    fn publish(&mut self, publications: &[Publication], now_ms: i64) -> Option<String> {
        let mut problem = None;
        for publication in publications {
            if let Err(error) = self.followed.put(publication, now_ms) {
                problem = Some(format!("the step of `{}`: {error}", publication.flag));
            }
        }
        problem
    }

    fn answer(&mut self, question: &Question, now_ms: i64) -> Option<String> {
        let statuses = self.desk.statuses(now_ms);
        let json = match question {
            Question::Rollouts => serde_json::to_string_pretty(&statuses),
            Question::Rollout(flag) => {
                let status = statuses.iter().find(|status| status.flag == *flag)?;
                serde_json::to_string_pretty(status)
            }
            Question::Decisions => {
                let decisions = self.store.decisions(100).ok()?;
                return Some(format!("[{}]\n", decisions.join(",\n")));
            }
            Question::Health => {
                // A step that was just written is to be seen.
                let _ = self.followed.look(now_ms);
                let (document, snapshot) = self.followed.seen()?;
                let health = Health {
                    at_ms: now_ms,
                    document,
                    snapshot,
                    desk: &self.desk,
                    decisions: &self.store.decisions(DECISIONS).ok()?,
                };
                return Some(health.json() + "\n");
            }
            Question::Metrics => {
                let untold = self.store.untold_count().unwrap_or(0);
                return Some(metrics(&self.desk.lines, untold, &statuses));
            }
        };
        json.ok().map(|json| json + "\n")
    }

    /// Says on standard output what was decided.
    fn announce(&self, event: &str) -> Result<(), Failure> {
        use std::io::Write as _;
        let mut out = self.report.output();
        let written = match self.report.format {
            crate::report::Format::Json => writeln!(out, "{event}"),
            crate::report::Format::Text => {
                let event: serde_json::Value = serde_json::from_str(event).unwrap_or_default();
                let text = |pointer| event.pointer(pointer).and_then(|text| text.as_str());
                let (time, text) = (text("/time"), text("/data/text"));
                writeln!(
                    out,
                    "{} {}",
                    time.unwrap_or_default(),
                    text.unwrap_or_default()
                )
            }
        };
        written.and_then(|()| out.flush()).map_err(Failure::Output)
    }

    /// Says what is wrong, once.
    fn complain(&mut self, problem: Option<String>) -> Result<(), Failure> {
        let problem = problem.unwrap_or_default();
        if problem != self.problem && !problem.is_empty() {
            self.report.warning(&problem)?;
        }
        self.problem = problem;
        Ok(())
    }
}

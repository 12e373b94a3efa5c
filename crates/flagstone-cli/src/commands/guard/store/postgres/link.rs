//! A connection that is made again when it is needed, and the tables at its other end.

use super::super::StoreError;
use super::Place;
use super::place::PlaceError;
use std::error::Error as _;
use std::fmt;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, NoTls};

/// What makes the tables of each format of those before.
const FORMATS: [&str; 1] = [include_str!("schema-1.sql")];
/// Guards that start together make them one after another: the advisory lock of this number.
const MAKING: i64 = 0x666c_6167_7374_6f6e;
/// For all that is asked at once. The server ends what takes longer before.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between attempts to connect.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A connection, or the intention to make one.
pub struct Link {
    pub place: Place,
    runtime: Runtime,
    open: Option<(Client, JoinHandle<()>)>,
    /// How many connections there have been.
    made: u64,
    pause: Duration,
    again: Instant,
    /// Why the last one was given up.
    problem: String,
}

impl Link {
    /// None yet.
    pub fn new(place: Place) -> Result<Self, StoreError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        Ok(Self {
            place,
            runtime: runtime.map_err(|error| StoreError::Postgres(Error::System(error)))?,
            open: None,
            made: 0,
            pause: PAUSE,
            again: now(),
            problem: String::new(),
        })
    }

    /// Which connection it is, if there is one, as far as one knows.
    pub fn number(&self) -> Option<u64> {
        let (client, _) = self.open.as_ref()?;
        (!client.is_closed()).then_some(self.made)
    }

    /// Does something with a connection; makes it first, if it is time to. After an error it is given up, and the server takes
    /// back what was not committed.
    pub fn with<T>(
        &mut self,
        work: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        if self.number().is_none() {
            self.close();
            if now() < self.again {
                let problem = self.problem.clone();
                return Err(StoreError::Postgres(Error::Waiting(problem)));
            }
            let connecting = self.runtime.block_on(in_time(connect(&self.place)));
            match connecting {
                Ok(open) => self.open = Some(open),
                Err(error) => return Err(self.give_up(error)),
            }
            self.made += 1;
        }
        self.within(work)
    }

    /// Does something with the connection of before, in a transaction of before.
    pub fn within<T>(
        &mut self,
        work: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let done = match &self.open {
            Some((client, _)) => self.runtime.block_on(in_time(work(client))),
            None => Err(Error::Lost),
        };
        match done {
            Ok(done) => {
                self.pause = PAUSE;
                Ok(done)
            }
            Err(error) => Err(self.give_up(error)),
        }
    }

    fn give_up(&mut self, error: Error) -> StoreError {
        self.close();
        self.problem = error.to_string();
        self.again = now() + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        StoreError::Postgres(error)
    }

    /// Lets go of the connection, now and not when somebody looks at it again.
    fn close(&mut self) {
        if let Some((client, task)) = self.open.take() {
            drop(client);
            task.abort();
            let _ = self.runtime.block_on(task);
        }
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let done = tokio::time::timeout(PATIENCE, work).await;
    done.unwrap_or(Err(Error::Silent))
}

#[expect(
    clippy::disallowed_methods,
    reason = "pauses between attempts are of this process alone"
)]
fn now() -> Instant {
    Instant::now()
}

/// A connection to a database with our tables.
async fn connect(place: &Place) -> Result<(Client, JoinHandle<()>), Error> {
    let (client, task) = if place.config.get_ssl_mode() == SslMode::Disable {
        let (client, connection) = place.config.connect(NoTls).await?;
        (client, tokio::spawn(async move { drop(connection.await) }))
    } else {
        let tls = place.tls().map_err(Error::Place)?;
        let (client, connection) = place.config.connect(tls).await?;
        (client, tokio::spawn(async move { drop(connection.await) }))
    };
    make(&client).await?;
    Ok((client, task))
}

/// Makes the tables, or completes those of an older format.
async fn make(client: &Client) -> Result<(), Error> {
    const BEGIN: &str =
        "BEGIN; SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '10s'";
    client.batch_execute(BEGIN).await?;
    let lock = format!("SELECT pg_advisory_xact_lock({MAKING})");
    client.batch_execute(&lock).await?;
    let are_there = "SELECT to_regclass('flagstone_guard') IS NOT NULL";
    let format: i32 = match client.query_typed_one(are_there, &[]).await?.try_get(0)? {
        false => 0,
        true => {
            let format = "SELECT format FROM flagstone_guard";
            client.query_typed_one(format, &[]).await?.try_get(0)?
        }
    };
    let missing = usize::try_from(format).ok();
    let missing = missing.and_then(|format| FORMATS.get(format..));
    for tables in missing.ok_or(Error::Format(format))? {
        client.batch_execute(tables).await?;
    }
    if format != FORMATS.len() as i32 {
        let format = format!("UPDATE flagstone_guard SET format = {}", FORMATS.len());
        client.batch_execute(&format).await?;
    }
    Ok(client.batch_execute("COMMIT").await?)
}

/// Whether tables are of our format: a newer guard may have completed them meanwhile.
pub fn check(format: i32) -> Result<(), Error> {
    match format == FORMATS.len() as i32 {
        true => Ok(()),
        false => Err(Error::Format(format)),
    }
}

/// Why a database could not be used. Says nothing secret.
#[derive(Debug)]
pub enum Error {
    /// How it is to be reached makes no sense.
    Place(PlaceError),
    /// It has tables of another format.
    Format(i32),
    /// It does not answer.
    Silent,
    /// An attempt has failed just now, for this reason; the next is made soon.
    Waiting(String),
    /// The connection was lost, and with it the transaction.
    Lost,
    /// What the server or the network says.
    Server(tokio_postgres::Error),
    /// This machine does not let us.
    System(std::io::Error),
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(error) => error.fmt(f),
            Self::Format(format) => write!(
                f,
                "its tables are of format {format}, and this guard knows formats up to {}: use a newer one",
                FORMATS.len()
            ),
            Self::Silent => f.write_str("it does not answer"),
            Self::Waiting(problem) => f.write_str(problem),
            Self::Lost => f.write_str("the connection was lost"),
            Self::Server(error) => match error.as_db_error() {
                Some(error) => write!(f, "{} ({})", error.message(), error.code().code()),
                None => {
                    error.fmt(f)?;
                    let mut cause = error.source();
                    while let Some(error) = cause {
                        write!(f, ": {error}")?;
                        cause = error.source();
                    }
                    Ok(())
                }
            },
            Self::System(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

//! The store that guards share, in PostgreSQL; why it is made so is in `docs/decisions/0010-guards-take-turns.md`.
//!
//! A turn is a transaction that holds the lock of the one row of `flagstone_guard`. Whatever fails ends the connection, and with it
//! the transaction; the next turn makes another, after a pause that grows.

mod link;
mod place;

pub use link::Error;
pub use place::Place;

use super::{KEPT, Kept, Outbox, Store, StoreError, Told, Turn};
use link::Link;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

/// Locks the row. A guard that is gone, or stands still, loses its turn after five seconds. Whoever answers that something is
/// stored must mean on the disk, whatever the server's default is.
const BEGIN: &str = "
    BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL synchronous_commit = on;
    SET LOCAL idle_in_transaction_session_timeout = '5s';
    SET LOCAL lock_timeout = '10s';
    SET LOCAL statement_timeout = '10s';
    SELECT FROM flagstone_guard FOR UPDATE";

/// After the lock: a statement of its own sees what those before have stored, and what time it is by then. A control document that
/// nobody has gone by for a minute was replaced by an older one on purpose.
const ROW: &str = "
    SELECT format, turn, batches,
           CASE WHEN sequence_at > clock_timestamp() - interval '1 minute' THEN sequence ELSE 0 END,
           floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint
    FROM flagstone_guard";

/// One guard's door to the database.
pub struct Postgres {
    link: Link,
    /// By which connection this guard knows all states up to which turn: another may be to a server that knows less.
    known: Option<(u64, i64)>,
    /// This guard's row of `flagstone_heard`.
    heard_as: Option<i64>,
}

impl Postgres {
    /// Connects, and makes or completes the tables.
    pub fn open(place: Place) -> Result<Self, StoreError> {
        let mut link = Link::new(place)?;
        link.with(async |_| Ok(()))?;
        Ok(Self {
            link,
            known: None,
            heard_as: None,
        })
    }
}

impl Store for Postgres {
    fn begin(&mut self) -> Result<Turn, StoreError> {
        let up = self.link.number();
        let known = self.known.take().filter(|(by, _)| Some(*by) == up);
        let known = known.map(|(_, turn)| turn);
        let (number, turn) = self.link.with(async |client| {
            client.batch_execute(BEGIN).await?;
            let row = client.query_typed_one(ROW, &[]).await?;
            link::check(row.try_get(0)?)?;
            let number: i64 = row.try_get(1)?;
            let batches: Vec<i64> = row.try_get(2)?;
            let news = match known {
                Some(known) if known == number => Some(Vec::new()),
                Some(known) => Some(newer(client, known).await?),
                None => None,
            };
            let turn = Turn {
                now_ms: row.try_get(4)?,
                news,
                batches: Some(batches.into_iter().map(i64::cast_unsigned).collect()),
                sequence: row.try_get::<_, i64>(3)?.cast_unsigned(),
            };
            Ok((number, turn))
        })?;
        self.known = self.link.number().map(|by| (by, number));
        Ok(turn)
    }

    fn rollout(&mut self, id: u64) -> Result<Option<Vec<u8>>, StoreError> {
        const STATE: &str = "SELECT state FROM flagstone_rollouts WHERE id = $1";
        self.link.within(async |client| {
            let id = id.cast_signed();
            let row = client.query_typed_opt(STATE, &[(&id, Type::INT8)]).await?;
            Ok(row.map(|row| row.try_get(0)).transpose()?)
        })
    }

    fn store(&mut self, kept: &Kept<'_>) -> Result<(), StoreError> {
        let Some((by, turn)) = self.known.take() else {
            return Err(StoreError::Postgres(Error::Lost));
        };
        let (next, heard_as) = (turn + i64::from(!kept.is_empty()), self.heard_as);
        self.heard_as = self.link.within(async |client| {
            let mut heard_as = heard_as;
            if !kept.is_empty() {
                write(client, next, kept).await?;
            }
            if let Some(heard) = kept.heard {
                heard_as = Some(write_heard(client, heard_as, heard).await?);
            }
            client.batch_execute("COMMIT").await?;
            Ok(heard_as)
        })?;
        self.known = Some((by, next));
        Ok(())
    }

    fn end(&mut self) {
        self.known = None;
        // If it cannot be said, the connection's end says it.
        let _ = self.link.within(async |client| {
            client.batch_execute("ROLLBACK").await?;
            Ok(())
        });
    }

    fn input(&mut self, file: &str) -> Result<u64, StoreError> {
        const READ: &str = "SELECT read FROM flagstone_inputs WHERE file = $1";
        self.link.with(async |client| {
            let row = client.query_typed_opt(READ, &[(&file, Type::TEXT)]).await?;
            let read: Option<i64> = row.map(|row| row.try_get(0)).transpose()?;
            Ok(read.map_or(0, i64::cast_unsigned))
        })
    }

    fn decisions(&mut self, most: usize) -> Result<Vec<String>, StoreError> {
        const LATEST: &str = "SELECT event FROM flagstone_decisions ORDER BY number DESC LIMIT $1";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.texts(LATEST, most)
    }

    fn untold(&mut self) -> Result<u64, StoreError> {
        const COUNT: &str = "SELECT count(*) FROM flagstone_decisions WHERE NOT told";
        self.link.with(async |client| {
            let row = client.query_typed_one(COUNT, &[]).await?;
            Ok(row.try_get::<_, i64>(0)?.cast_unsigned())
        })
    }

    fn heard(&mut self) -> Result<Vec<String>, StoreError> {
        const OTHERS: &str = "
            SELECT heard FROM flagstone_heard
            WHERE guard <> $1 AND at > clock_timestamp() - interval '20 minutes'";
        let own = self.heard_as.unwrap_or(0);
        self.texts(OTHERS, own)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn outbox(&self) -> Result<Box<dyn Outbox + Send>, StoreError> {
        Ok(Box::new(Untold(Link::new(self.link.place.clone())?)))
    }
}

impl Postgres {
    fn texts(&mut self, query: &str, number: i64) -> Result<Vec<String>, StoreError> {
        self.link.with(async |client| {
            let rows = client.query_typed(query, &[(&number, Type::INT8)]).await?;
            Ok(rows
                .iter()
                .map(|row| row.try_get(0))
                .collect::<Result<_, _>>()?)
        })
    }
}

/// States that were stored after a turn.
async fn newer(client: &Client, known: i64) -> Result<Vec<(u64, Vec<u8>)>, Error> {
    const NEWER: &str = "SELECT id, state FROM flagstone_rollouts WHERE turn > $1";
    let rows = client.query_typed(NEWER, &[(&known, Type::INT8)]).await?;
    let states = rows.iter().map(|row| {
        let id: i64 = row.try_get(0)?;
        Ok((id.cast_unsigned(), row.try_get(1)?))
    });
    states.collect()
}

async fn write(client: &Client, turn: i64, kept: &Kept<'_>) -> Result<(), Error> {
    const TURN: &str = "
        UPDATE flagstone_guard SET turn = $1, batches = coalesce($2, batches), sequence = coalesce($3, sequence),
               sequence_at = CASE WHEN $3 IS NULL THEN sequence_at ELSE clock_timestamp() END";
    const STATES: &str = "
        INSERT INTO flagstone_rollouts (id, turn, state)
        SELECT new.id, $1, new.state FROM unnest($2, $3) AS new (id, state)
        ON CONFLICT (id) DO UPDATE SET turn = excluded.turn, state = excluded.state";
    const DECISIONS: &str = "
        INSERT INTO flagstone_decisions (event, told)
        SELECT new.event, $2 FROM unnest($1) WITH ORDINALITY AS new (event, place) ORDER BY new.place";
    const FORGET: &str = "
        DELETE FROM flagstone_decisions
        WHERE told AND number <= (SELECT max(number) FROM flagstone_decisions) - $1";
    const INPUT: &str = "
        INSERT INTO flagstone_inputs (file, read) VALUES ($1, $2)
        ON CONFLICT (file) DO UPDATE SET read = excluded.read";
    let batches = kept.batches.map(|batches| {
        let numbers = batches.iter().map(|batch| batch.cast_signed());
        numbers.collect::<Vec<i64>>()
    });
    let sequence = kept.sequence.map(u64::cast_signed);
    client
        .execute_typed(
            TURN,
            &[
                (&turn, Type::INT8),
                (&batches, Type::INT8_ARRAY),
                (&sequence, Type::INT8),
            ],
        )
        .await?;
    let (ids, states): (Vec<i64>, Vec<&[u8]>) = kept
        .changes
        .rollouts
        .iter()
        .map(|(id, state)| (id.cast_signed(), state.as_slice()))
        .unzip();
    if !ids.is_empty() {
        client
            .execute_typed(
                STATES,
                &[
                    (&turn, Type::INT8),
                    (&ids, Type::INT8_ARRAY),
                    (&states, Type::BYTEA_ARRAY),
                ],
            )
            .await?;
    }
    let decisions = &kept.changes.decisions;
    if !decisions.is_empty() {
        let (is_told, most) = (!kept.is_told, KEPT.cast_signed());
        client
            .execute_typed(
                DECISIONS,
                &[(decisions, Type::TEXT_ARRAY), (&is_told, Type::BOOL)],
            )
            .await?;
        client.execute_typed(FORGET, &[(&most, Type::INT8)]).await?;
    }
    for (file, read) in kept.inputs {
        let read = read.cast_signed();
        client
            .execute_typed(INPUT, &[(file, Type::TEXT), (&read, Type::INT8)])
            .await?;
    }
    Ok(())
}

/// Writes what a guard has heard over what it had, or into a row of its own; which one.
async fn write_heard(client: &Client, row: Option<i64>, heard: &str) -> Result<i64, Error> {
    const AGAIN: &str =
        "UPDATE flagstone_heard SET heard = $1, at = clock_timestamp() WHERE guard = $2";
    const FIRST: &str = "
        INSERT INTO flagstone_heard (heard, at) VALUES ($1, clock_timestamp()) RETURNING guard";
    const FORGET: &str =
        "DELETE FROM flagstone_heard WHERE at < clock_timestamp() - interval '20 minutes'";
    if let Some(row) = row {
        let written = client
            .execute_typed(AGAIN, &[(&heard, Type::TEXT), (&row, Type::INT8)])
            .await?;
        if written > 0 {
            return Ok(row);
        }
    }
    client.execute_typed(FORGET, &[]).await?;
    Ok(client
        .query_typed_one(FIRST, &[(&heard, Type::TEXT)])
        .await?
        .try_get(0)?)
}

/// The outbox, by a connection of its own: a webhook may take its time.
struct Untold(Link);

impl Outbox for Untold {
    fn tell(&mut self, tell: &mut dyn FnMut(&str) -> bool) -> Result<Told, StoreError> {
        // The lock says that a guard is at it, until it is done, or gone.
        const BEGIN: &str = "
            BEGIN ISOLATION LEVEL READ COMMITTED;
            SET LOCAL idle_in_transaction_session_timeout = '30s';
            SET LOCAL statement_timeout = '10s'";
        const OLDEST: &str = "
            SELECT number, event FROM flagstone_decisions
            WHERE NOT told AND number = (SELECT min(number) FROM flagstone_decisions WHERE NOT told)
            FOR UPDATE SKIP LOCKED";
        const TOLD: &str = "UPDATE flagstone_decisions SET told = true WHERE number = $1";
        let oldest = self.0.with(async |client| {
            client.batch_execute(BEGIN).await?;
            let row = client.query_typed_opt(OLDEST, &[]).await?;
            let decision =
                row.map(|row| Ok::<(i64, String), Error>((row.try_get(0)?, row.try_get(1)?)));
            decision.transpose()
        })?;
        let told = match &oldest {
            None => Told::Nothing,
            Some((_, event)) if tell(event) => Told::Taken,
            Some(_) => Told::Refused,
        };
        self.0.within(async |client| {
            if let (Some((number, _)), Told::Taken) = (&oldest, told) {
                client.execute_typed(TOLD, &[(number, Type::INT8)]).await?;
            }
            Ok(client.batch_execute("COMMIT").await?)
        })?;
        Ok(told)
    }
}

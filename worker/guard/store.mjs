// What a guard must not lose, in the object's SQLite: states of rollouts, decisions, which of these were not told yet.

/** So many decisions are kept, and those that have not been told. */
const KEPT = 10_000

export class Store {
  constructor(storage) {
    this.storage = storage
    this.sql = storage.sql
    this.sql.exec(`
      CREATE TABLE IF NOT EXISTS rollouts (id TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS decisions (number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, is_untold INTEGER NOT NULL);
      CREATE INDEX IF NOT EXISTS untold ON decisions (number) WHERE is_untold = 1;`)
  }

  /** The state of a rollout as an `ArrayBuffer`; undefined if there is none. */
  state(id) {
    return this.sql.exec('SELECT state FROM rollouts WHERE id = ?', id).toArray()[0]?.state
  }

  /** Writes everything or nothing. `isTold` if a webhook is to hear of decisions. */
  save({ states, decisions }, isTold) {
    if (states.length === 0 && decisions.length === 0) return
    this.storage.transactionSync(() => {
      for (const { id, state } of states) {
        this.sql.exec('INSERT INTO rollouts VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state', id, state)
      }
      for (const event of decisions) {
        this.sql.exec('INSERT INTO decisions (event, is_untold) VALUES (?, ?)', event, isTold ? 1 : 0)
      }
      if (decisions.length > 0) {
        this.sql.exec('DELETE FROM decisions WHERE is_untold = 0 AND number <= (SELECT max(number) FROM decisions) - ?', KEPT)
      }
    })
  }

  /** The latest decisions, the last first. */
  decisions(most) {
    const rows = this.sql.exec('SELECT event FROM decisions ORDER BY number DESC LIMIT ?', most).toArray()
    return rows.map(({ event }) => event)
  }

  /** The oldest decision that was not told, { number, event }; undefined if there is none. */
  untold() {
    return this.sql.exec('SELECT number, event FROM decisions WHERE is_untold = 1 ORDER BY number LIMIT 1').toArray()[0]
  }

  untoldCount() {
    return this.sql.exec('SELECT count(*) AS count FROM decisions WHERE is_untold = 1').one().count
  }

  told(number) {
    this.sql.exec('UPDATE decisions SET is_untold = 0 WHERE number = ?', number)
  }
}

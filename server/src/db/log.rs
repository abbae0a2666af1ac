//! The document log: append-only rows of Yjs updates, and one snapshot of all before them.

use super::script::{Script, args};
use super::{Db, DbError, with_read, with_tx};

/// One update of a canvas's log.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LogRow {
    /// Its place in the log, rising by one.
    pub seq: i64,
    /// A Yjs v1 update.
    pub data: Vec<u8>,
}

/// An update to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append<'a> {
    /// The canvas.
    pub canvas: &'a str,
    /// Its place in the log.
    pub seq: i64,
    /// A Yjs v1 update.
    pub data: &'a [u8],
}

impl Db {
    /// A canvas's snapshot, if there is one, and the updates after it in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read_log(&self, canvas: &str) -> Result<(Option<LogRow>, Vec<LogRow>), DbError> {
        const SNAPSHOT: &str = "SELECT seq, data FROM doc_snapshots WHERE canvas = $1";
        const UPDATES: &str =
            "SELECT seq, data FROM doc_updates WHERE canvas = $1 AND seq > $2 ORDER BY seq";
        // The snapshot first: a fold between the two reads removes only rows that a newer snapshot holds,
        // and then the rows do not follow the older one, which is seen below.
        loop {
            let snapshot: Option<LogRow> = with_read!(self, pool => sqlx::query_as(SNAPSHOT)
                .bind(canvas)
                .fetch_optional(pool)
                .await)?;
            let after = snapshot.as_ref().map_or(0, |row| row.seq);
            let updates: Vec<LogRow> = with_read!(self, pool => sqlx::query_as(UPDATES)
                .bind(canvas)
                .bind(after)
                .fetch_all(pool)
                .await)?;
            let again: Option<i64> = with_read!(self, pool => sqlx::query_scalar("SELECT seq FROM doc_snapshots WHERE canvas = $1")
                    .bind(canvas)
                    .fetch_optional(pool)
                    .await)?;
            if again.unwrap_or(0) == after {
                return Ok((snapshot, updates));
            }
        }
    }

    /// Appends updates of any number of canvases in one transaction; durable when it returns.
    ///
    /// # Errors
    /// When the database fails, or a place in a log is taken: then nothing was appended.
    pub async fn append_log(&self, updates: &[Append<'_>]) -> Result<(), DbError> {
        const INSERT: &str = "INSERT INTO doc_updates (canvas, seq, data) SELECT * FROM (VALUES ";
        let row = |update: &Append<'_>| args![update.canvas, update.seq, update.data];
        let rows: Vec<_> = updates.iter().map(row).collect();
        let mut script = Script::default();
        script.padded(INSERT, rows, ") AS v WHERE column1 IS NOT NULL", &[]);
        if script.is_empty() { Ok(()) } else { Ok(self.commit(vec![script]).await?) }
    }

    /// Puts a snapshot of everything up to `seq` in place of the one before and of those rows.
    /// An older snapshot than the present one changes nothing.
    ///
    /// # Errors
    /// When the database fails: then nothing changed.
    pub async fn fold_log(&self, canvas: &str, seq: i64, data: &[u8]) -> Result<(), DbError> {
        const PUT: &str = "INSERT INTO doc_snapshots (canvas, seq, data) VALUES ($1, $2, $3) \
             ON CONFLICT (canvas) DO UPDATE SET seq = excluded.seq, data = excluded.data \
             WHERE doc_snapshots.seq < excluded.seq";
        const REMOVE: &str = "DELETE FROM doc_updates WHERE canvas = $1 AND seq <= \
             (SELECT seq FROM doc_snapshots WHERE canvas = $1)";
        // One transaction: the rows go only with the snapshot that holds them.
        with_tx!(self, tx => {
            let put = sqlx::query(PUT).bind(canvas).bind(seq).bind(data).execute(&mut *tx).await;
            match put {
                Ok(_) => sqlx::query(REMOVE)
                    .bind(canvas)
                    .execute(&mut *tx)
                    .await
                    .map(|_| ())
                    .map_err(DbError::from),
                Err(error) => Err(DbError::from(error)),
            }
        })
    }
}

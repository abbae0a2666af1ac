//! The document log: append-only rows of Yjs updates, and one snapshot of all before them. What of it turned out to be
//! damaged stands aside in a table of its own.

mod aside;

use std::collections::BTreeMap;

use gesso_protocol::ids::CanvasId;
use gesso_protocol::schema::Meta;

use super::script::{Script, args};
use super::{Db, DbError, checksum, with_read, with_tx};

pub use aside::{AsideRow, Mend, SetAside};

/// Most rows that are looked for one by one where the database cannot list them.
const STEPS_MAX: usize = 100_000;

/// A row as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LogRow {
    /// Place in the log, rising by one.
    pub seq: i64,
    /// A Yjs v1 update; `None` where the database itself cannot read it any more.
    pub data: Option<Vec<u8>>,
    /// Checksum of the row as it was written ([`checksum`]); rows from before have none.
    pub checksum: Option<Vec<u8>>,
}

/// A canvas's log as it is stored, checked by nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredLog {
    /// The snapshot, if there is one.
    pub snapshot: Option<LogRow>,
    /// All updates, by their place.
    pub rows: Vec<LogRow>,
    /// Updates that stand aside and only wait for what they build on: id and update.
    pub waiting: Vec<(String, Vec<u8>)>,
    /// Yjs client ids and the people they belong to.
    pub clients: Vec<(i64, String)>,
}

/// An update to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append<'a> {
    /// The canvas.
    pub canvas: &'a CanvasId,
    /// Place in the log.
    pub seq: i64,
    /// A Yjs v1 update.
    pub data: &'a [u8],
    /// When the document changed, in ms since 1970.
    pub at: i64,
    /// Name and description that the list has from then on; none where they stay.
    pub listed: Option<&'a Meta>,
    /// Yjs client ids that belong to these people from then on.
    pub clients: Vec<(i64, &'a str)>,
}

/// Puts a snapshot in place of an older one.
pub(super) const PUT_SNAPSHOT: &str = "INSERT INTO doc_snapshots (canvas, seq, data, checksum) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (canvas) DO UPDATE \
     SET seq = excluded.seq, data = excluded.data, checksum = excluded.checksum \
     WHERE doc_snapshots.seq < excluded.seq";
/// Place of the snapshot that a document begins with.
pub(super) const FIRST_SEQ: i64 = 1;
const SNAPSHOT: &str = "SELECT seq, data, checksum FROM doc_snapshots WHERE canvas = $1";
const SNAPSHOT_SEQ: &str = "SELECT seq FROM doc_snapshots WHERE canvas = $1";

impl Db {
    /// A canvas's log. Rows that the database cannot read any more come without their bytes.
    ///
    /// # Errors
    /// When the database fails otherwise, or cannot even say which rows there are.
    pub async fn read_log(&self, canvas: &CanvasId) -> Result<StoredLog, DbError> {
        // The snapshot first: a compaction between the two reads removes only rows that a newer snapshot holds, and then
        // there is a newer one.
        loop {
            let snapshot = self.read_snapshot(canvas).await?;
            let rows = self.read_rows(canvas).await?;
            let again: Option<i64> = with_read!(self, pool => sqlx::query_scalar(SNAPSHOT_SEQ)
                .bind(canvas.as_str())
                .fetch_optional(pool)
                .await)?;
            if again == snapshot.as_ref().map(|row| row.seq) {
                let (waiting, clients) = (self.waiting(canvas).await?, self.clients(canvas).await?);
                return Ok(StoredLog { snapshot, rows, waiting, clients });
            }
        }
    }

    /// Whose client ids are whose. Without them a canvas opens all the same.
    async fn clients(&self, canvas: &CanvasId) -> Result<Vec<(i64, String)>, DbError> {
        const CLIENTS: &str = "SELECT client, person FROM doc_clients WHERE canvas = $1";
        let read: Result<Vec<(i64, String)>, DbError> =
            with_read!(self, pool => sqlx::query_as(CLIENTS)
            .bind(canvas.as_str())
            .fetch_all(pool)
            .await)
            .map_err(DbError::from);
        match read {
            Err(error) if error.is_damage() => {
                tracing::error!(canvas = canvas.as_str(), %error, "owners of client ids are lost");
                Ok(Vec::new())
            }
            read => read,
        }
    }

    async fn read_snapshot(&self, canvas: &CanvasId) -> Result<Option<LogRow>, DbError> {
        let read: Result<Option<LogRow>, DbError> =
            with_read!(self, pool => sqlx::query_as(SNAPSHOT)
            .bind(canvas.as_str())
            .fetch_optional(pool)
            .await)
            .map_err(DbError::from);
        match read {
            Err(error) if error.is_damage() => {
                let seq: Option<i64> = with_read!(self, pool => sqlx::query_scalar(SNAPSHOT_SEQ)
                    .bind(canvas.as_str())
                    .fetch_optional(pool)
                    .await)?;
                Ok(seq.map(|seq| LogRow { seq, data: None, checksum: None }))
            }
            read => read,
        }
    }

    async fn read_rows(&self, canvas: &CanvasId) -> Result<Vec<LogRow>, DbError> {
        const ALL: &str =
            "SELECT seq, data, checksum FROM doc_updates WHERE canvas = $1 ORDER BY seq";
        const ONE: &str =
            "SELECT seq, data, checksum FROM doc_updates WHERE canvas = $1 AND seq = $2";
        let all: Result<Vec<LogRow>, DbError> = with_read!(self, pool => sqlx::query_as(ALL)
            .bind(canvas.as_str())
            .fetch_all(pool)
            .await)
        .map_err(DbError::from);
        match all {
            Err(error) if error.is_damage() => {
                tracing::error!(canvas = canvas.as_str(), %error, "the log is read row by row");
            }
            all => return all,
        }
        // A page of the database is damaged: what lies on others can be read one by one.
        let mut rows = Vec::new();
        for seq in self.places(canvas).await? {
            let one: Result<Option<LogRow>, DbError> = with_read!(self, pool => sqlx::query_as(ONE)
                .bind(canvas.as_str())
                .bind(seq)
                .fetch_optional(pool)
                .await)
            .map_err(DbError::from);
            match one {
                Ok(row) => rows.extend(row),
                Err(error) if error.is_damage() => {
                    rows.push(LogRow { seq, data: None, checksum: None });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(rows)
    }

    /// The places of the rows there are, as far as the database can say.
    async fn places(&self, canvas: &CanvasId) -> Result<Vec<i64>, DbError> {
        const ALL: &str = "SELECT seq FROM doc_updates WHERE canvas = $1 ORDER BY seq";
        const NEXT: &str =
            "SELECT seq FROM doc_updates WHERE canvas = $1 AND seq > $2 ORDER BY seq LIMIT 1";
        let all: Result<Vec<i64>, DbError> = with_read!(self, pool => sqlx::query_scalar(ALL)
            .bind(canvas.as_str())
            .fetch_all(pool)
            .await)
        .map_err(DbError::from);
        match all {
            Err(error) if error.is_damage() => {}
            all => return all,
        }
        let (mut places, mut last) = (Vec::new(), i64::MIN);
        for _ in 0..STEPS_MAX {
            let next: Result<Option<i64>, DbError> =
                with_read!(self, pool => sqlx::query_scalar(NEXT)
                .bind(canvas.as_str())
                .bind(last)
                .fetch_optional(pool)
                .await)
                .map_err(DbError::from);
            match next {
                Ok(Some(seq)) => {
                    last = seq;
                    places.push(seq);
                }
                Ok(None) => break,
                Err(error) if error.is_damage() && !places.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(places)
    }

    /// Appends updates of any number of canvases in one transaction; durable when it returns.
    ///
    /// # Errors
    /// When the database fails, or a place in a log is taken: then nothing was appended.
    pub async fn append_log(&self, updates: &[Append<'_>]) -> Result<(), DbError> {
        const INSERT: &str =
            "INSERT INTO doc_updates (canvas, seq, data, checksum) SELECT * FROM (VALUES ";
        const LIST: &str =
            "UPDATE canvases SET name = ?, description = ? WHERE id = ? AND deleted_at IS NULL";
        const TOUCH: &str =
            "UPDATE canvases SET updated_at = v.column2 FROM (SELECT * FROM (VALUES ";
        const TOUCHED: &str = ") AS u WHERE column1 IS NOT NULL) AS v \
             WHERE id = v.column1 AND updated_at < v.column2 AND deleted_at IS NULL";
        const CLAIM: &str =
            "INSERT INTO doc_clients (canvas, client, person) SELECT * FROM (VALUES ";
        const CLAIMED: &str =
            ") AS v WHERE column1 IS NOT NULL ON CONFLICT (canvas, client) DO NOTHING";
        let row = |update: &Append<'_>| {
            let sum = checksum::of(update.canvas, update.seq, update.data);
            args![update.canvas, update.seq, update.data, &sum[..]]
        };
        let rows: Vec<_> = updates.iter().map(row).collect();
        let mut script = Script::default();
        script.padded(INSERT, rows, ") AS v WHERE column1 IS NOT NULL", &[]);
        // With the update itself: what was acknowledged is in the list too, also after a crash.
        let claims = |update: &Append<'_>| {
            let canvas = update.canvas;
            let claim = |&(client, person): &(i64, &str)| args![canvas, client, person];
            update.clients.iter().map(claim).collect::<Vec<_>>()
        };
        script.padded(CLAIM, updates.iter().flat_map(claims).collect(), CLAIMED, &[]);
        let mut touched: BTreeMap<&CanvasId, i64> = BTreeMap::new();
        for Append { canvas, at, .. } in updates {
            let latest = touched.entry(canvas).or_insert(*at);
            *latest = (*latest).max(*at);
        }
        let touched = touched.into_iter().map(|(canvas, at)| args![canvas, at]).collect();
        script.padded(TOUCH, touched, TOUCHED, &[]);
        for Append { canvas, listed, .. } in updates {
            if let Some(Meta { name, description }) = listed {
                script.push(LIST, args![name, description, *canvas]);
            }
        }
        if script.is_empty() { Ok(()) } else { Ok(self.commit(vec![script]).await?) }
    }

    /// Puts a snapshot of everything up to `seq` in place of the one before and of those rows.
    /// An older snapshot than the present one changes nothing.
    ///
    /// # Errors
    /// When the database fails: then nothing changed.
    pub async fn compact_log(
        &self,
        canvas: &CanvasId,
        seq: i64,
        data: &[u8],
    ) -> Result<(), DbError> {
        const REMOVE: &str = "DELETE FROM doc_updates WHERE canvas = $1 AND seq <= \
             (SELECT seq FROM doc_snapshots WHERE canvas = $1)";
        let sum = checksum::of_state(canvas, seq, data);
        // One transaction: the rows go only with the snapshot that holds them.
        with_tx!(self, tx => {
            let put = sqlx::query(PUT_SNAPSHOT)
                .bind(canvas.as_str())
                .bind(seq)
                .bind(data)
                .bind(&sum[..])
                .execute(&mut *tx)
                .await;
            match put {
                Ok(_) => sqlx::query(REMOVE)
                    .bind(canvas.as_str())
                    .execute(&mut *tx)
                    .await
                    .map(|_| ())
                    .map_err(DbError::from),
                Err(error) => Err(DbError::from(error)),
            }
        })
    }
}

//! Parts of document logs that stand aside because they were damaged, and putting them there.

use gesso_protocol::api::{Damage, DamageReason};
use gesso_protocol::ids::CanvasId;

use super::super::ids::named;
use super::super::script::{Script, args};
use super::super::{Db, DbError, checksum, with_read, with_tx, with_write};

/// Something to set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Place in the log.
    pub seq: i64,
    /// For how many rows it stands.
    pub rows: i64,
    /// Why.
    pub reason: DamageReason,
    /// The bytes as they were found; empty where there are none.
    pub data: Vec<u8>,
}

impl SetAside {
    /// Id: the same is set aside once, however often it is found.
    #[must_use]
    pub fn id(&self, canvas: &CanvasId) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in [canvas.as_str().as_bytes(), self.reason.id().as_bytes(), &self.data] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        hasher.update(&self.seq.to_le_bytes());
        hasher.update(&self.rows.to_le_bytes());
        hasher.finalize().to_hex()[..32].to_owned()
    }
}

/// A part of a document log that stands aside.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AsideRow {
    /// Id.
    pub id: String,
    /// Place in the log.
    pub seq: i64,
    /// For how many rows it stands.
    pub row_count: i64,
    /// [`DamageReason::id`].
    pub reason: String,
    /// The bytes as they were found.
    pub data: Vec<u8>,
    /// When it was found, in ms since 1970.
    pub at: i64,
    /// When the document had all of it again, in ms since 1970.
    pub recovered_at: Option<i64>,
}

/// A log that is put right: what was damaged stands aside, and a snapshot holds everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mend {
    /// Place of the snapshot that was found, if any.
    pub before: Option<i64>,
    /// Places of the rows that were found: the new snapshot holds them, or they stand aside.
    pub found: Vec<i64>,
    /// Place of the new snapshot.
    pub seq: i64,
    /// The new snapshot.
    pub snapshot: Vec<u8>,
    /// The parts that are set aside.
    pub aside: Vec<SetAside>,
}

#[derive(sqlx::FromRow)]
struct DamageRow {
    at: i64,
    reason: String,
    row_count: i64,
    bytes: i64,
    first: i64,
}

fn put(script: &mut Script, canvas: &CanvasId, aside: &[SetAside], now_ms: i64) {
    const PUT: &str =
        "INSERT INTO doc_aside (id, canvas, seq, row_count, reason, data, at) VALUES ";
    for item in aside {
        let row = args![
            item.id(canvas),
            canvas,
            item.seq,
            item.rows,
            item.reason.id(),
            &item.data[..],
            now_ms
        ];
        script.rows(PUT, vec![row], " ON CONFLICT (id) DO NOTHING");
    }
}

impl Db {
    /// Sets aside what was damaged, and puts a snapshot of everything else in place of all that was found. Says whether
    /// it did: where the log was compacted meanwhile it changes nothing.
    ///
    /// # Errors
    /// When the database fails: then nothing changed.
    pub async fn mend_log(
        &self,
        canvas: &CanvasId,
        mend: &Mend,
        now_ms: i64,
    ) -> Result<bool, DbError> {
        const ADD: &str = "INSERT INTO doc_snapshots (canvas, seq, data, checksum) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (canvas) DO NOTHING";
        const REPLACE: &str = "UPDATE doc_snapshots SET seq = $2, data = $3, checksum = $4 \
             WHERE canvas = $1 AND seq = $5";
        const REMOVE: &str = "DELETE FROM doc_updates WHERE canvas = $1 AND seq = $2";
        let sum = checksum::of_state(canvas, mend.seq, &mend.snapshot);
        let mut script = Script::default();
        put(&mut script, canvas, &mend.aside, now_ms);
        with_tx!(self, tx => async {
            let sql = if mend.before.is_some() { REPLACE } else { ADD };
            let query = sqlx::query(sql)
                .bind(canvas.as_str())
                .bind(mend.seq)
                .bind(&mend.snapshot[..])
                .bind(&sum[..]);
            let done = match mend.before {
                Some(before) => query.bind(before).execute(&mut *tx).await?,
                None => query.execute(&mut *tx).await?,
            };
            if done.rows_affected() == 0 {
                return Ok(false);
            }
            for seq in &mend.found {
                sqlx::query(REMOVE).bind(canvas.as_str()).bind(*seq).execute(&mut *tx).await?;
            }
            script.run(&mut *tx).await?;
            Ok::<_, DbError>(true)
        }
        .await)
    }

    /// Sets aside what was damaged and leaves the log as it is: for a database that cannot change it any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_aside(
        &self,
        canvas: &CanvasId,
        aside: &[SetAside],
        now_ms: i64,
    ) -> Result<(), DbError> {
        let mut script = Script::default();
        put(&mut script, canvas, aside, now_ms);
        if script.is_empty() { Ok(()) } else { Ok(self.commit(vec![script]).await?) }
    }

    /// Returns the updates that stand aside and only wait for what they build on, by their place.
    pub(super) async fn waiting(
        &self,
        canvas: &CanvasId,
    ) -> Result<Vec<(String, Vec<u8>)>, DbError> {
        const SQL: &str = "SELECT id, data FROM doc_aside \
             WHERE canvas = $1 AND reason = $2 AND recovered_at IS NULL ORDER BY seq, id";
        let read: Result<_, DbError> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(canvas.as_str())
            .bind(DamageReason::BuildsOnLost.id())
            .fetch_all(pool)
            .await)
        .map_err(DbError::from);
        match read {
            Err(error) if error.is_damage() => {
                tracing::error!(canvas = canvas.as_str(), %error, "what stands aside cannot be read");
                Ok(Vec::new())
            }
            read => read,
        }
    }

    /// Everything that stands aside of a canvas, by its place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn aside(&self, canvas: &CanvasId) -> Result<Vec<AsideRow>, DbError> {
        const SQL: &str = "SELECT id, seq, row_count, reason, data, at, recovered_at \
             FROM doc_aside WHERE canvas = $1 ORDER BY seq, id";
        Ok(
            with_read!(self, pool => sqlx::query_as(SQL).bind(canvas.as_str()).fetch_all(pool).await)?,
        )
    }

    /// Marks what stood aside as being in the document again. It is kept all the same.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recovered(
        &self,
        canvas: &CanvasId,
        ids: &[String],
        now_ms: i64,
    ) -> Result<(), DbError> {
        const SQL: &str = "UPDATE doc_aside SET recovered_at = $3 \
             WHERE canvas = $1 AND id = $2 AND recovered_at IS NULL";
        for id in ids {
            with_write!(self, on => sqlx::query(SQL)
                .bind(canvas.as_str())
                .bind(id)
                .bind(now_ms)
                .execute(on)
                .await
                .map(|_| ()))?;
        }
        Ok(())
    }

    /// Returns the parts of a canvas that could not be read and are not in its document again, by when they were found.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn damage(&self, canvas: &CanvasId) -> Result<Vec<Damage>, DbError> {
        const SQL: &str = "SELECT at, reason, MIN(seq) AS first, \
             CAST(SUM(row_count) AS BIGINT) AS row_count, \
             CAST(SUM(LENGTH(data)) AS BIGINT) AS bytes FROM doc_aside \
             WHERE canvas = $1 AND recovered_at IS NULL GROUP BY at, reason ORDER BY at, first, reason";
        let rows: Vec<DamageRow> = with_read!(self, pool => sqlx::query_as(SQL).bind(canvas.as_str()).fetch_all(pool).await)?;
        let told = |row: DamageRow| Damage {
            at: row.at,
            rows: row.row_count,
            bytes: row.bytes,
            reason: DamageReason::from_id(&row.reason),
            first: row.first,
        };
        Ok(rows.into_iter().map(told).collect())
    }

    /// The canvases of which something stands aside, each with its name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn damaged_canvases(&self) -> Result<Vec<(CanvasId, String)>, DbError> {
        const SQL: &str = "SELECT id, name FROM canvases WHERE deleted_at IS NULL \
             AND id IN (SELECT canvas FROM doc_aside) ORDER BY id";
        Ok(named(with_read!(self, pool => sqlx::query_as(SQL).fetch_all(pool).await)?))
    }

    /// The ids and names of all canvases that are not deleted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn canvas_names(&self) -> Result<Vec<(CanvasId, String)>, DbError> {
        const SQL: &str = "SELECT id, name FROM canvases WHERE deleted_at IS NULL ORDER BY id";
        Ok(named(with_read!(self, pool => sqlx::query_as(SQL).fetch_all(pool).await)?))
    }
}

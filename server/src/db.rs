//! The database: SQLite in the data folder by default, PostgreSQL for services. One SQL text serves both
//! (`$1` placeholders, the common subset of types); a statement that must differ has two constants side by
//! side. `sqlx::` appears nowhere else in the product.

pub mod access;
pub mod accounts;
pub mod assets;
pub mod audit;
pub mod canvases;
pub mod checksum;
pub mod generations;
pub mod idempotency;
mod ids;
pub mod late;
pub mod ledger;
pub mod log;
pub mod members;
pub mod people;
pub mod runs;
mod script;
pub mod sign_ins;
#[cfg(test)]
pub(crate) mod tests;
pub mod usage;
pub mod writer;

use std::path::Path;
use std::str::FromStr as _;
use std::time::{Duration, Instant};

use sqlx::migrate::Migrator;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};

use script::Script;
use writer::Writer;

/// The most connections that read at once.
const READERS_MAX: u32 = 4;
/// Cache that a connection keeps of SQLite's file, in KiB (negative: not in pages): little, since the system keeps it
/// too and memory taken here is never given back.
const CACHE_KIB: &str = "-256";
/// The most connections to PostgreSQL.
const POSTGRES_CONNECTIONS_MAX: u32 = 16;
/// Longest wait for a connection to PostgreSQL, in s. Where it is away, every request that needs it fails after this.
const POSTGRES_WAIT_S: u64 = 5;
/// How long a start waits for PostgreSQL, in s: both may be started at once.
const POSTGRES_START_S: u64 = 30;
/// Pause between two tries of a start, in ms.
const POSTGRES_START_PAUSE_MS: u64 = 250;
/// After how many pages the write-ahead log is copied into the file: 16 MB of them.
const CHECKPOINT_PAGES: &str = "4000";
/// Time a statement waits for another's lock, in ms.
const BUSY_MS: u64 = 10_000;
/// Most statements the writing connection keeps prepared. The text of a script differs by its number of rows.
const PREPARED_MAX: usize = 256;

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("../migrations/postgres");

/// An error of the database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The database refused or could not be reached.
    #[error("the database failed: {0}")]
    Sql(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the database's schema could not be updated: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The URL names no database that can be used.
    #[error("“{0}” is no database: use postgres://… or leave it out for SQLite in the data folder")]
    Url(String),
    /// The server is ending.
    #[error("the server is shutting down")]
    Closed,
    /// A row holds what this version cannot read.
    #[error("a row of {table} cannot be read: {why}")]
    Row {
        /// The table.
        table: &'static str,
        /// The defect of the row.
        why: String,
    },
}

/// Extended result codes of SQLite that say that stored bytes cannot be read (`SQLITE_IOERR_…`).
const IOERR_READ: i32 = 266;
const IOERR_SHORT_READ: i32 = 522;
const IOERR_DATA: i32 = 8202;

impl DbError {
    /// True if a unique row was there already.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    /// True if the database itself found that what it stored is damaged.
    pub fn is_damage(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        if matches!(error, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) {
            return true;
        }
        let Some(code) = error.as_database_error().and_then(|error| error.code()) else {
            return false;
        };
        // PostgreSQL: data corrupted, index corrupted, a page that cannot be read.
        matches!(&*code, "XX001" | "XX002" | "58030")
            || code.parse().is_ok_and(|code: i32| {
                // SQLite: SQLITE_CORRUPT, SQLITE_NOTADB, whatever they say further; of SQLITE_IOERR those of reading.
                matches!(code & 0xff, 11 | 26)
                    || matches!(code, IOERR_READ | IOERR_SHORT_READ | IOERR_DATA)
            })
    }

    /// True if the disk or its rights refused a write, so that nothing was stored and nothing is damaged.
    pub fn is_refused_write(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        let code = error.as_database_error().and_then(|error| error.code());
        // SQLite: SQLITE_READONLY, SQLITE_CANTOPEN, and SQLITE_IOERR of anything but reading.
        let code = code.and_then(|code| code.parse::<i32>().ok());
        code.is_some_and(|code| matches!(code & 0xff, 8 | 10 | 14)) && !self.is_damage()
    }

    /// True if nothing was stored because no room is left.
    pub fn is_full(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        let code = error.as_database_error().and_then(|error| error.code());
        // PostgreSQL: disk full. SQLite: SQLITE_FULL.
        code.is_some_and(|code| code == "53100" || code == "13")
    }

    /// True if the database cannot be reached, or has no connection to give: whether a write was stored is not known.
    pub fn is_away(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        if matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
        ) {
            return true;
        }
        let code = error.as_database_error().and_then(|error| error.code());
        // PostgreSQL: connection exceptions, too many connections, and shut down, crashed or not started yet.
        code.is_some_and(|code| {
            code.len() == 5 && code.starts_with("08")
                || matches!(&*code, "53300" | "57P01" | "57P02" | "57P03")
        })
    }

    pub(crate) fn row(table: &'static str) -> impl Fn(serde_json::Error) -> Self {
        move |error| Self::Row { table, why: error.to_string() }
    }
}

/// A database.
#[derive(Clone, Debug)]
pub enum Db {
    /// SQLite: readers, and the one connection that writes.
    Sqlite {
        /// Connections that read.
        read: SqlitePool,
        /// The connection that writes.
        write: Writer,
    },
    /// PostgreSQL.
    Postgres(PgPool),
}

/// Runs one body on a connection that reads, type-checked for each driver.
macro_rules! with_read {
    ($db:expr, $pool:ident => $body:expr) => {
        match $db {
            $crate::db::Db::Sqlite { read: $pool, .. } => $body,
            $crate::db::Db::Postgres($pool) => $body,
        }
    };
}

/// Runs one body on the connection that writes. `$on` can be used once.
macro_rules! with_write {
    ($db:expr, $on:ident => $body:expr) => {
        match $db {
            $crate::db::Db::Sqlite { write, .. } => match write.acquire().await {
                Ok(mut writing) => {
                    let $on = &mut *writing;
                    $body
                }
                Err(error) => Err(error),
            },
            $crate::db::Db::Postgres($on) => $body,
        }
    };
}

/// Runs one body in a transaction: committed (durable, fsync) when it gives `Ok`, rolled back otherwise.
macro_rules! with_tx {
    ($db:expr, $tx:ident => $body:expr) => {
        match $db {
            $crate::db::Db::Sqlite { write, .. } => {
                let mut $tx = write.acquire().await.map_err($crate::db::DbError::from)?;
                $tx.begin().await.map_err($crate::db::DbError::from)?;
                let result = $body;
                let ended = $tx.end(result.is_ok()).await;
                $crate::db::ended!(result, ended)
            }
            $crate::db::Db::Postgres(pool) => {
                let mut $tx = pool.begin().await.map_err($crate::db::DbError::from)?;
                let result = $body;
                let ended = if result.is_ok() { $tx.commit().await } else { $tx.rollback().await };
                $crate::db::ended!(result, ended)
            }
        }
    };
}

/// The outcome of a transaction: its body's, and that of its end.
macro_rules! ended {
    ($result:ident, $ended:ident) => {
        match ($result, $ended) {
            (Ok(value), Ok(())) => Ok(value),
            (Ok(_), Err(error)) => Err($crate::db::DbError::from(error).into()),
            (Err(error), ended) => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a transaction could not be rolled back");
                }
                Err(error)
            }
        }
    };
}

pub(crate) use {ended, with_read, with_tx, with_write};

impl Db {
    /// Opens `url` (PostgreSQL) or SQLite in `data`, and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be opened or migrated.
    pub async fn open(url: Option<&str>, data: &Path) -> Result<Self, DbError> {
        let db = match url {
            None => Self::open_sqlite(&data.join("gesso.db")).await?,
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Self::open_postgres(url).await?
            }
            Some(url) => return Err(DbError::Url(url.to_owned())),
        };
        match &db {
            Self::Sqlite { write, .. } => {
                SQLITE_MIGRATIONS.run(&mut *write.acquire().await?).await?
            }
            Self::Postgres(pool) => POSTGRES_MIGRATIONS.run(pool).await?,
        }
        db.fold_words().await?;
        Ok(db)
    }

    /// Opens a database to read what is in it, and changes nothing; `None` where there is none yet.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open_unchanged(url: Option<&str>, data: &Path) -> Result<Option<Self>, DbError> {
        let file = data.join("gesso.db");
        match url {
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                let options = PgPoolOptions::new().max_connections(1);
                Ok(Some(Self::Postgres(options.connect(url).await?)))
            }
            Some(url) => Err(DbError::Url(url.to_owned())),
            None if !file.exists() => Ok(None),
            None => {
                let options = SqliteConnectOptions::from_str("sqlite://")?
                    .filename(file)
                    .read_only(true)
                    .busy_timeout(Duration::from_millis(BUSY_MS));
                let write = Writer::open(options.clone()).await?;
                let read =
                    SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
                Ok(Some(Self::Sqlite { read, write }))
            }
        }
    }

    /// Connects to PostgreSQL, which may be starting too.
    async fn open_postgres(url: &str) -> Result<Self, DbError> {
        let until = Instant::now() + Duration::from_secs(POSTGRES_START_S);
        loop {
            let options = PgPoolOptions::new()
                .max_connections(POSTGRES_CONNECTIONS_MAX)
                .acquire_timeout(Duration::from_secs(POSTGRES_WAIT_S));
            match options.connect(url).await.map_err(DbError::from) {
                Err(error) if error.is_away() && Instant::now() < until => {
                    tracing::info!(%error, "PostgreSQL does not answer yet");
                    tokio::time::sleep(Duration::from_millis(POSTGRES_START_PAUSE_MS)).await;
                }
                connected => return Ok(Self::Postgres(connected?)),
            }
        }
    }

    async fn open_sqlite(file: &Path) -> Result<Self, DbError> {
        let options = SqliteConnectOptions::from_str("sqlite://")?
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit is durable when it returns: what is acknowledged survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            // Copying the log back into the file stops the writer for some milliseconds: less often is better.
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .pragma("cache_size", CACHE_KIB)
            .busy_timeout(Duration::from_millis(BUSY_MS));
        let write = Writer::open(options.clone().statement_cache_capacity(PREPARED_MAX)).await?;
        let read =
            SqlitePoolOptions::new().max_connections(READERS_MAX).connect_with(options).await?;
        Ok(Self::Sqlite { read, write })
    }

    /// Executes scripts in one transaction, durable when it returns.
    async fn commit(&self, scripts: Vec<Script>) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite { write, .. } => {
                let mut writing = write.acquire().await?;
                writing.in_doubt();
                let done = script::commit(scripts, &mut writing).await;
                let settled = writing.settled(done.is_ok()).await;
                done.and(settled)
            }
            Self::Postgres(pool) => {
                let mut tx = pool.begin().await?;
                for script in scripts {
                    script.run(&mut *tx).await?;
                }
                tx.commit().await
            }
        }
    }

    /// Waits for what is under way and closes all connections.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// Answers whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), DbError> {
        with_read!(self, pool => sqlx::query("SELECT 1").execute(pool).await.map(|_| ()))?;
        Ok(())
    }
}

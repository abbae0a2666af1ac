//! The one connection that writes to SQLite. No pool: it would test the connection before and after every use, which
//! is longer than most writes take.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

/// The connection that writes, used by one at a time in the order they came.
#[derive(Clone, Debug)]
pub struct Writer(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    options: SqliteConnectOptions,
    connection: Option<SqliteConnection>,
    closed: bool,
    /// Told by the connection's thread when a transaction is about to be committed.
    committing: Arc<Notify>,
    /// A script was sent and its end has not been seen: its transaction may be open.
    in_doubt: bool,
}

/// The connection, for one use.
#[derive(Debug)]
pub(super) struct Writing(OwnedMutexGuard<State>);

impl Writer {
    pub(super) async fn open(options: SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        let committing = Arc::default();
        let connection = Some(connect(&options, &committing).await?);
        let state = State { options, connection, closed: false, committing, in_doubt: false };
        Ok(Self(Arc::new(Mutex::new(state))))
    }

    /// Waits for its turn.
    pub(super) async fn acquire(&self) -> Result<Writing, sqlx::Error> {
        let mut state = Arc::clone(&self.0).lock_owned().await;
        if state.closed {
            return Err(sqlx::Error::PoolClosed);
        }
        if state.in_doubt || state.connection.is_none() {
            state.renew().await?;
        }
        Ok(Writing(state))
    }

    /// Waits for what is under way and closes it.
    pub(super) async fn close(&self) {
        let mut state = self.0.lock().await;
        state.closed = true;
        if let Some(connection) = state.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::error!(%error, "the database could not be closed well");
        }
    }
}

async fn connect(
    options: &SqliteConnectOptions,
    committing: &Arc<Notify>,
) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    let committing = Arc::clone(committing);
    connection.lock_handle().await?.set_commit_hook(move || {
        committing.notify_one();
        true
    });
    Ok(connection)
}

impl State {
    /// Makes the connection fit for the next use: rolls back what an abandoned script left, or connects anew.
    async fn renew(&mut self) -> Result<(), sqlx::Error> {
        if let Some(connection) = &mut self.connection
            && let Err(error) = connection.execute("ROLLBACK").await
        {
            // "No transaction is active" is as good; anything else needs a new connection.
            if !matches!(error, sqlx::Error::Database(_)) || connection.ping().await.is_err() {
                self.connection = None;
            }
        }
        if self.connection.is_none() {
            self.connection = Some(connect(&self.options, &self.committing).await?);
        }
        self.in_doubt = false;
        Ok(())
    }
}

impl Writing {
    /// Told when a transaction is about to be committed.
    pub(super) fn committing(&self) -> Arc<Notify> {
        Arc::clone(&self.0.committing)
    }

    /// Begins a transaction, without sqlx's count of them: SQLite itself rolls one back when the disk is full or refuses a
    /// write, and sqlx, whose rollback fails then, would begin no other one on this connection.
    pub(super) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        self.in_doubt();
        // Another process may write too: one that only reads first could not go on to write then.
        let begun = self.execute("BEGIN IMMEDIATE").await;
        if begun.is_err() {
            self.settled(false).await?;
        }
        begun.map(|_| ())
    }

    /// Commits a transaction (durable, fsync), or rolls it back.
    pub(super) async fn end(&mut self, is_done: bool) -> Result<(), sqlx::Error> {
        let committed = if is_done { self.execute("COMMIT").await.map(|_| ()) } else { Ok(()) };
        let settled = self.settled(is_done && committed.is_ok()).await;
        committed.and(settled)
    }

    /// From here to [`Self::settled`] a transaction may be open that the connection does not know of.
    pub(super) fn in_doubt(&mut self) {
        self.0.in_doubt = true;
    }

    /// Ends what [`Self::in_doubt`] began.
    pub(super) async fn settled(&mut self, ok: bool) -> Result<(), sqlx::Error> {
        if ok {
            self.0.in_doubt = false;
            return Ok(());
        }
        self.0.renew().await
    }
}

impl Deref for Writing {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.0.connection.as_ref().expect("acquired with a connection")
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.0.connection.as_mut().expect("acquired with a connection")
    }
}

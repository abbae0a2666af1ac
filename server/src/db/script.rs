//! Several statements sent at once. SQLite gets them as one text with all arguments bound, because each text is a
//! round trip to the connection's thread; PostgreSQL gets them one by one. Arguments are `?`, in their order.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{AssertSqlSafe, Executor as _, Postgres, Sqlite};
use tokio::sync::Notify;

use super::writer::Writing;

/// The most arguments of a statement that shares its text with others. Larger ones repeat, so that a text of
/// their own is prepared once.
const SHARED_ARGS_MAX: usize = 512;
/// Time a commit is waited for before its result is looked at, in case there was an error.
const COMMIT_LOOK: Duration = Duration::from_millis(2);
/// The most rows of one statement of [`Script::rows`].
const ROWS_MAX: usize = 64;

/// One argument. `None` is NULL, and has a type all the same.
#[derive(Clone, Debug)]
pub(super) enum Arg {
    Int(Option<i64>),
    Text(Option<Arc<str>>),
    Bytes(Vec<u8>),
}

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Arg {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(Some(Arc::from(value)))
    }
}

impl From<&String> for Arg {
    fn from(value: &String) -> Self {
        Self::from(value.as_str())
    }
}

impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(Some(Arc::from(value)))
    }
}

impl From<&Arc<str>> for Arg {
    fn from(value: &Arc<str>) -> Self {
        Self::Text(Some(Arc::clone(value)))
    }
}

impl From<Option<&str>> for Arg {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(Arc::from))
    }
}

impl From<Option<String>> for Arg {
    fn from(value: Option<String>) -> Self {
        Self::Text(value.map(Arc::from))
    }
}

impl From<&[u8]> for Arg {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl Arg {
    /// NULL of the same type.
    fn null(&self) -> Self {
        match self {
            Self::Int(_) => Self::Int(None),
            Self::Text(_) => Self::Text(None),
            Self::Bytes(_) => Self::Bytes(Vec::new()),
        }
    }
}

/// Arguments of different types as one list.
macro_rules! args {
    ($($value:expr),* $(,)?) => { [$($crate::db::script::Arg::from($value)),*] };
}
pub(super) use args;

#[derive(Clone, Copy, Debug)]
struct Statement {
    /// Where its text ends.
    sql_end: usize,
    /// Where its arguments end.
    args_end: usize,
}

/// Statements, executed in order.
#[derive(Debug, Default)]
pub(super) struct Script {
    sql: String,
    args: Vec<Arg>,
    statements: Vec<Statement>,
    locks: Vec<(String, Vec<Arg>)>,
}

impl Script {
    /// Adds a statement.
    pub(super) fn push(&mut self, sql: &str, args: impl IntoIterator<Item = Arg>) {
        self.sql.push_str(sql);
        self.args.extend(args);
        self.end();
    }

    /// Has PostgreSQL execute a statement before all others, so that they see what was committed until it had its lock.
    /// SQLite has one writer at a time.
    pub(super) fn lock(&mut self, sql: &str, args: impl IntoIterator<Item = Arg>) {
        self.locks.push((sql.to_owned(), args.into_iter().collect()));
    }

    /// Adds a statement around a list of rows: `before`, `(?, …), (?, …)`, `after`. Rows of NULL fill the list up
    /// to a power of two, so that few different texts occur; the statement leaves them out. More rows than one
    /// statement takes become several statements.
    pub(super) fn padded<const N: usize>(
        &mut self,
        before: &str,
        rows: Vec<[Arg; N]>,
        after: &str,
        args: &[Arg],
    ) {
        for rows in chunks(rows) {
            let size = rows.len().next_power_of_two();
            self.sql.push_str(before);
            self.values(N, size);
            self.sql.push_str(after);
            let missing = size - rows.len();
            let nulls: Vec<Arg> = rows.first().into_iter().flatten().map(Arg::null).collect();
            self.args.extend(rows.into_iter().flatten());
            for _ in 0..missing {
                self.args.extend_from_slice(&nulls);
            }
            self.args.extend_from_slice(args);
            self.end();
        }
    }

    /// Adds `before`, `(?, …), (?, …)`, `after`, as many statements as it takes.
    pub(super) fn rows<const N: usize>(&mut self, before: &str, rows: Vec<[Arg; N]>, after: &str) {
        for rows in chunks(rows) {
            self.sql.push_str(before);
            self.values(N, rows.len());
            self.sql.push_str(after);
            self.args.extend(rows.into_iter().flatten());
            self.end();
        }
    }

    fn values(&mut self, columns: usize, rows: usize) {
        for row in 0..rows {
            self.sql.push_str(if row == 0 { "(?" } else { ", (?" });
            for _ in 1..columns {
                self.sql.push_str(", ?");
            }
            self.sql.push(')');
        }
    }

    fn end(&mut self) {
        self.sql.push(';');
        let end = Statement { sql_end: self.sql.len(), args_end: self.args.len() };
        self.statements.push(end);
    }

    /// True if it does nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// Each statement with how many arguments it has, and all arguments.
    fn into_parts(self) -> (Vec<(String, usize)>, std::vec::IntoIter<Arg>) {
        let (mut sql, mut args) = (0, 0);
        let part = |end: &Statement| {
            let part = (self.sql[sql..end.sql_end].to_owned(), end.args_end - args);
            (sql, args) = (end.sql_end, end.args_end);
            part
        };
        (self.statements.iter().map(part).collect(), self.args.into_iter())
    }

    /// Executes it within a transaction.
    pub(super) async fn run(self, on: &mut impl Runs) -> Result<(), sqlx::Error> {
        on.execute_all(self).await
    }
}

fn chunks<const N: usize>(rows: Vec<[Arg; N]>) -> impl Iterator<Item = Vec<[Arg; N]>> {
    let mut rows = rows.into_iter();
    std::iter::from_fn(move || {
        let chunk: Vec<_> = rows.by_ref().take(ROWS_MAX).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// Executes scripts as one transaction; sent at once where it is one script of the usual size. After an error, or
/// when it is dropped before its end, the transaction may be open.
pub(super) async fn commit(scripts: Vec<Script>, on: &mut Writing) -> Result<(), sqlx::Error> {
    let usual = |script: &Script| script.args.len() <= SHARED_ARGS_MAX;
    if scripts.len() == 1
        && let Some(script) = scripts.first()
        && usual(script)
    {
        let text = format!("BEGIN IMMEDIATE;{}COMMIT", script.sql);
        let args = scripts.into_iter().flat_map(|script| script.args);
        let committing = on.committing();
        return once_committing(send(on, text, args), &committing).await;
    }
    send(on, "BEGIN IMMEDIATE".to_owned(), []).await?;
    for script in scripts {
        script.run(&mut **on).await?;
    }
    send(on, "COMMIT".to_owned(), []).await
}

/// Waits for a transaction that was sent at once. The connection's thread would wake whoever waits for it after each
/// of its statements; this waits for the commit alone, and looks by itself where that does not come: after an error.
async fn once_committing(
    sent: impl Future<Output = Result<(), sqlx::Error>>,
    committing: &Notify,
) -> Result<(), sqlx::Error> {
    // What an earlier transaction left.
    let stale = pin!(committing.notified()).poll(&mut Context::from_waker(Waker::noop()));
    tracing::trace!(stale = stale.is_ready(), "a commit is sent");
    let mut sent = pin!(sent);
    if let Poll::Ready(done) = sent.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return done;
    }
    tokio::time::timeout(COMMIT_LOOK, committing.notified()).await.ok();
    sent.await
}

async fn send(
    on: &mut SqliteConnection,
    text: String,
    args: impl IntoIterator<Item = Arg>,
) -> Result<(), sqlx::Error> {
    let mut query: Query<'_, Sqlite, SqliteArguments> = sqlx::query(AssertSqlSafe(text));
    for arg in args {
        query = match arg {
            Arg::Int(value) => query.bind(value),
            Arg::Text(value) => query.bind(value),
            Arg::Bytes(value) => query.bind(value),
        };
    }
    on.execute(query).await.map(|_| ())
}

/// A connection that executes scripts.
pub(super) trait Runs {
    /// Executes all statements in order; stops at the first that fails.
    fn execute_all(
        &mut self,
        script: Script,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

impl Runs for SqliteConnection {
    async fn execute_all(&mut self, script: Script) -> Result<(), sqlx::Error> {
        let (parts, mut args) = script.into_parts();
        let (mut text, mut shared) = (String::new(), 0);
        for (sql, count) in parts {
            if shared + count > SHARED_ARGS_MAX && !text.is_empty() {
                let args: Vec<Arg> = args.by_ref().take(shared).collect();
                send(self, std::mem::take(&mut text), args).await?;
                shared = 0;
            }
            text.push_str(&sql);
            shared += count;
        }
        if text.is_empty() { Ok(()) } else { send(self, text, args).await }
    }
}

impl Runs for PgConnection {
    async fn execute_all(&mut self, script: Script) -> Result<(), sqlx::Error> {
        let mut script = script;
        for (sql, args) in std::mem::take(&mut script.locks) {
            send_one(self, &sql, args).await?;
        }
        let (parts, mut args) = script.into_parts();
        for (sql, count) in parts {
            let args: Vec<Arg> = args.by_ref().take(count).collect();
            send_one(self, &sql, args).await?;
        }
        Ok(())
    }
}

async fn send_one(on: &mut PgConnection, sql: &str, args: Vec<Arg>) -> Result<(), sqlx::Error> {
    let mut query: Query<'_, Postgres, PgArguments> = sqlx::query(AssertSqlSafe(numbered(sql)));
    for arg in args {
        query = match arg {
            Arg::Int(value) => query.bind(value),
            Arg::Text(value) => query.bind(value),
            Arg::Bytes(value) => query.bind(value),
        };
    }
    on.execute(query).await.map(|_| ())
}

/// `$1`, `$2`, … in place of each `?`. No statement has a question mark otherwise.
fn numbered(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len() + 32);
    let mut parts = sql.split('?');
    text.push_str(parts.next().unwrap_or_default());
    for (n, part) in parts.enumerate() {
        text.push('$');
        text.push_str(&(n + 1).to_string());
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_filled_up_to_few_sizes() {
        let mut script = Script::default();
        let rows: Vec<[Arg; 2]> = (0..3_i64).map(|n| args![n, "x"]).collect();
        script.padded("WITH v (a, b) AS (VALUES ", rows, ") SELECT ?", &args![7_i64]);
        let (parts, args) = script.into_parts();
        let args: Vec<Arg> = args.collect();
        assert_eq!(parts.len(), 1);
        assert_eq!(
            parts[0].0,
            "WITH v (a, b) AS (VALUES (?, ?), (?, ?), (?, ?), (?, ?)) SELECT ?;"
        );
        assert_eq!((parts[0].1, args.len()), (9, 9));
        assert!(matches!(args[6], Arg::Int(None)));
        assert!(matches!(args[7], Arg::Text(None)));
    }

    #[test]
    fn many_rows_are_several_statements() {
        let mut script = Script::default();
        let rows: Vec<[Arg; 1]> = (0..130_i64).map(|n| args![n]).collect();
        script.rows("INSERT INTO t VALUES ", rows, "");
        let counts: Vec<usize> = script.into_parts().0.into_iter().map(|(_, args)| args).collect();
        assert_eq!(counts, [64, 64, 2]);
    }

    #[test]
    fn arguments_are_numbered() {
        assert_eq!(numbered("a = ? AND b = ?"), "a = $1 AND b = $2");
        assert_eq!(numbered("no arguments"), "no arguments");
    }
}

//! Credits: an append-only ledger beside one locked balance row a workspace. `balance` is grants minus
//! captures, `held` is holds neither captured nor released; `balance - held` never goes below zero.

use gesso_protocol::api::{Credits, LedgerEntry};
use gesso_protocol::ids::WorkspaceId;
use gesso_protocol::pricing::Money;

use super::{Db, DbError, with_read, with_tx};

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    at: i64,
    kind: String,
    amount: i64,
    run: Option<String>,
    node: Option<String>,
    note: String,
}

pub(super) const ENTRY: &str = "INSERT INTO ledger (workspace, at, kind, amount, run, node, item, \
     note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// Gives a workspace its row, once.
pub(super) const OPEN: &str = "INSERT INTO balances (workspace, balance, held) VALUES ($1, $2, 0) \
     ON CONFLICT (workspace) DO NOTHING";
/// Said of the first credits.
pub(super) const FIRST_NOTE: &str = "first credits of a new workspace";

/// Notes that a workspace was given credits.
macro_rules! note_grant {
    ($tx:ident, $workspace:ident, $amount:ident, $note:expr, $now_ms:ident) => {
        sqlx::query($crate::db::ledger::ENTRY)
            .bind($workspace.as_str())
            .bind($now_ms)
            .bind("grant")
            .bind($amount.0)
            .bind(None::<&str>)
            .bind(None::<&str>)
            .bind(None::<&str>)
            .bind($note)
            .execute(&mut *$tx)
            .await?
    };
}
pub(super) use note_grant;

impl Db {
    /// The balance of a workspace.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn credits(&self, workspace: &WorkspaceId) -> Result<Credits, DbError> {
        const SQL: &str = "SELECT balance, held FROM balances WHERE workspace = $1";
        let row: Option<(i64, i64)> = with_read!(self, pool =>
            sqlx::query_as(SQL).bind(workspace.as_str()).fetch_optional(pool).await)?;
        let (balance, held) = row.unwrap_or_default();
        Ok(Credits { balance: Money(balance), held: Money(held) })
    }

    /// Gives a workspace its first credits, once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn grant_first(
        &self,
        workspace: &WorkspaceId,
        amount: Money,
        now_ms: i64,
    ) -> Result<(), DbError> {
        with_tx!(self, tx => async {
            let opened =
                sqlx::query(OPEN).bind(workspace.as_str()).bind(amount.0).execute(&mut *tx).await?;
            if opened.rows_affected() == 1 {
                note_grant!(tx, workspace, amount, FIRST_NOTE, now_ms);
            }
            Ok::<_, DbError>(())
        }
        .await)
    }

    /// Adds credits to a workspace, and notes why. Answers the balance after it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn grant(
        &self,
        workspace: &WorkspaceId,
        amount: Money,
        note: &str,
        now_ms: i64,
    ) -> Result<Credits, DbError> {
        const ADD: &str = "INSERT INTO balances (workspace, balance, held) VALUES ($1, $2, 0) \
             ON CONFLICT (workspace) DO UPDATE SET balance = balances.balance + excluded.balance \
             RETURNING balance, held";
        let (balance, held): (i64, i64) = with_tx!(self, tx => async {
            let after =
                sqlx::query_as(ADD).bind(workspace.as_str()).bind(amount.0).fetch_one(&mut *tx).await?;
            note_grant!(tx, workspace, amount, note, now_ms);
            Ok::<_, DbError>(after)
        }
        .await)?;
        Ok(Credits { balance: Money(balance), held: Money(held) })
    }

    /// The ledger of a workspace, newest first, before the entry given.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ledger(
        &self,
        workspace: &WorkspaceId,
        before: i64,
        limit: i64,
    ) -> Result<Vec<LedgerEntry>, DbError> {
        const SQL: &str = "SELECT id, at, kind, amount, run, node, note FROM ledger \
             WHERE workspace = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
        let rows: Vec<Row> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(workspace.as_str())
            .bind(before)
            .bind(limit)
            .fetch_all(pool)
            .await)?;
        let entry = |row: Row| LedgerEntry {
            id: row.id,
            at: row.at,
            kind: row.kind,
            amount: Money(row.amount),
            run: row.run,
            node: row.node,
            note: row.note,
        };
        Ok(rows.into_iter().map(entry).collect())
    }
}

//! Credits by who spent them, where, on what and when: out of the ledger.

use gesso_protocol::api::accounts::UsageRow;
use gesso_protocol::ids::WorkspaceId;
use gesso_protocol::pricing::Money;

use super::{Db, DbError, with_read};

/// A day, in ms.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The most rows of an answer.
pub const ROWS_MAX: i64 = 10_000;

/// What usage is grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grouping {
    /// By person.
    pub person: bool,
    /// By canvas.
    pub canvas: bool,
    /// By model.
    pub model: bool,
    /// By day (UTC).
    pub day: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    person: String,
    name: String,
    canvas: String,
    canvas_name: String,
    model: String,
    day: i64,
    items: i64,
    credits: i64,
}

impl Db {
    /// What a workspace paid from `from_ms` to before `to_ms`, most first; at most [`ROWS_MAX`] rows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn usage(
        &self,
        workspace: &WorkspaceId,
        from_ms: i64,
        to_ms: i64,
        by: Grouping,
    ) -> Result<Vec<UsageRow>, DbError> {
        let text = |is_wanted: bool, column: &str| match is_wanted {
            true => format!("COALESCE({column}, '')"),
            false => "''".to_owned(),
        };
        let day = if by.day { "(l.at / $4)" } else { "0 * $4" };
        let inner = format!(
            "SELECT {} AS person, {} AS name, {} AS canvas, {} AS canvas_name, {} AS model, {day} AS day, l.amount AS amount \
             FROM ledger l LEFT JOIN runs r ON r.id = l.run \
             LEFT JOIN canvases c ON c.id = r.canvas LEFT JOIN steps s ON s.run = l.run AND s.node = l.node \
             WHERE l.workspace = $1 AND l.kind = 'capture' AND l.at >= $2 AND l.at < $3",
            text(by.person, "r.person"),
            text(by.person, "r.person_name"),
            text(by.canvas, "r.canvas"),
            text(by.canvas, "c.name"),
            text(by.model, "s.model"),
        );
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT person, MAX(name) AS name, canvas, MAX(canvas_name) AS canvas_name, model, CAST(day AS BIGINT) AS day, \
             COUNT(*) AS items, CAST(SUM(amount) AS BIGINT) AS credits FROM ({inner}) u \
             GROUP BY person, canvas, model, day ORDER BY credits DESC, day, person, canvas, model \
             LIMIT {ROWS_MAX}"
        ));
        let rows: Vec<Row> = with_read!(self, pool => sqlx::query_as(sql)
            .bind(workspace.as_str())
            .bind(from_ms)
            .bind(to_ms)
            .bind(DAY_MS)
            .fetch_all(pool)
            .await)?;
        let told = |text: String| Some(text).filter(|text| !text.is_empty());
        let row = |row: Row| UsageRow {
            person: told(row.person),
            name: told(row.name),
            canvas: told(row.canvas),
            canvas_name: told(row.canvas_name),
            model: told(row.model),
            day: by.day.then_some(row.day * DAY_MS),
            items: row.items,
            credits: Money(row.credits),
        };
        Ok(rows.into_iter().map(row).collect())
    }
}

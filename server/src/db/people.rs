//! People: whoever reached the server, with a name of their choosing.

use gesso_protocol::api::Me;

use super::{Db, DbError, with_read, with_write};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    color: String,
    favourites: String,
}

/// Writes a person: id, name, colour, favourites as JSON, time.
pub(super) const PERSON: &str = "INSERT INTO people (id, name, color, favourites, created_at) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE \
     SET name = excluded.name, color = excluded.color, favourites = excluded.favourites";

impl Db {
    /// A person.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn person(&self, id: &str) -> Result<Option<Me>, DbError> {
        const SQL: &str = "SELECT id, name, color, favourites FROM people WHERE id = $1";
        let row: Option<Row> =
            with_read!(self, pool => sqlx::query_as(SQL).bind(id).fetch_optional(pool).await)?;
        row.map(|row| {
            Ok(Me {
                id: row.id,
                name: row.name,
                color: row.color,
                favourites: serde_json::from_str(&row.favourites)
                    .map_err(DbError::row("people"))?,
                account: None,
            })
        })
        .transpose()
    }

    /// Writes a person, new or changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_person(&self, person: &Me, now_ms: i64) -> Result<(), DbError> {
        let favourites =
            serde_json::to_string(&person.favourites).map_err(DbError::row("people"))?;
        with_write!(self, pool => sqlx::query(PERSON)
            .bind(&person.id)
            .bind(&person.name)
            .bind(&person.color)
            .bind(&favourites)
            .bind(now_ms)
            .execute(pool)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}

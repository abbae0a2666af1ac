//! Values that handlers take out of requests, with errors that say what to do.

use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::header;
use axum::http::request::Parts;
use bytes::Bytes;
use gesso_protocol::api::{Me, Page};
use gesso_protocol::ids::is_id;
use gesso_protocol::problem::ErrorCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::IntoParams;

use super::bodies;
use crate::error::ApiError;

/// The most entries of one page.
pub(super) const LIMIT_MAX: i64 = 1_000;
/// The entries of a page where nobody says.
pub(super) const LIMIT_DEFAULT: i64 = 100;
/// About how many bytes of memory a byte of JSON takes once it is read: an empty list of two bytes takes 32.
const JSON_WEIGHT: usize = 8;
/// Bytes of memory that a byte of a document's update takes while it is applied.
const UPDATE_WEIGHT: usize = 2;
/// Up to how many bytes JSON is read at once; more of it would hold up whoever shares the thread.
const READ_HERE_BYTES: usize = 128 * 1024;
/// The byte order mark with which some programs begin a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A body that is a JSON object with the keys of `T`.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let kind = has_json_type(&request);
        let body = bodies::whole(request, JSON_WEIGHT).await?;
        // Nothing at all is an object without keys: `curl -X POST` need not say `-d '{}'`.
        let is_nothing = matches!(kind, Kind::Unsaid) && body.is_empty();
        let text = if is_nothing { b"{}" } else { json_text(kind, &body)? };
        // A list of values in the order of the keys would be read as an object too.
        if !text.trim_ascii_start().starts_with(b"{") {
            return Err(ApiError::bad_request("The body must be a JSON object."));
        }
        Ok(Self(read(text)?))
    }
}

/// A body of any JSON.
pub struct AnyJson(pub Value);

impl<S: Send + Sync> FromRequest<S> for AnyJson {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let kind = has_json_type(&request);
        let body = bodies::whole(request, JSON_WEIGHT).await?;
        if body.len() <= READ_HERE_BYTES {
            return Ok(Self(read(json_text(kind, &body)?)?));
        }
        let reading = move || read(json_text(kind, &body)?);
        let read = tokio::task::spawn_blocking(reading).await;
        Ok(Self(read.map_err(|error| ApiError::Internal(error.to_string()))??))
    }
}

/// A body of an update of a document.
pub struct Update(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Update {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        Ok(Self(bodies::whole(request, UPDATE_WEIGHT).await?))
    }
}

/// The kind of body that a request announces.
#[derive(Clone, Copy)]
enum Kind {
    Json,
    Unsaid,
    Other,
}

fn has_json_type(request: &Request) -> Kind {
    let Some(kind) = request.headers().get(header::CONTENT_TYPE) else { return Kind::Unsaid };
    let kind = kind.to_str().unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    if is_json { Kind::Json } else { Kind::Other }
}

fn json_text(kind: Kind, body: &[u8]) -> Result<&[u8], ApiError> {
    match kind {
        Kind::Json => Ok(body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body)),
        Kind::Unsaid | Kind::Other => {
            let detail = "The body must be JSON, and say so: Content-Type: application/json.";
            Err(ApiError::new(ErrorCode::UnsupportedMedia, detail))
        }
    }
}

fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, ApiError> {
    if text.trim_ascii().is_empty() {
        return Err(ApiError::bad_request("The body is empty where JSON is needed."));
    }
    if holds_nul(text) {
        return Err(ApiError::bad_request(
            "The body holds the character \\u0000, which no text may have.",
        ));
    }
    serde_json::from_slice(text)
        .map_err(|error| ApiError::bad_request(format!("The body is not right: {error}.")))
}

/// True if a text in JSON has a NUL in it: no database keeps one in a text, and not every reader goes past it.
fn holds_nul(json: &[u8]) -> bool {
    let escapes =
        json.windows(6).enumerate().filter(|(_, six)| six.eq_ignore_ascii_case(b"\\u0000"));
    // A backslash behind a backslash is one that is meant.
    let mut escapes =
        escapes.map(|(at, _)| json[..at].iter().rev().take_while(|byte| **byte == b'\\').count());
    escapes.any(|before| before % 2 == 0)
}

#[derive(Deserialize)]
struct Wishes {
    limit: Option<String>,
    cursor: Option<String>,
}

/// Description of `limit` and `cursor`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes what PageQuery reads")]
pub struct Paging {
    /// Most entries of a page; 100 where nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
    /// Where the page before ended: its `next`.
    cursor: Option<String>,
}

/// `limit` and `cursor` of a list. The rule is one for all lists: 1 to 1,000 entries, 100 where nobody says, and a
/// cursor that this list gave.
#[derive(Clone, Debug)]
pub struct PageQuery {
    limit: i64,
    cursor: Option<String>,
}

impl PageQuery {
    /// Returns the number of rows to ask for: one more than the page takes, so that it is known whether there are more.
    pub fn rows(&self) -> i64 {
        self.limit + 1
    }

    /// Returns the most items of the page.
    pub fn limit(&self) -> i64 {
        self.limit
    }

    /// The cursor as a number.
    ///
    /// # Errors
    /// `bad_request` where it is none.
    pub fn number(&self) -> Result<Option<i64>, ApiError> {
        let number = |cursor: &str| digits(cursor).ok_or_else(foreign_cursor);
        self.cursor.as_deref().map(number).transpose()
    }

    /// The cursor as a time and an id.
    ///
    /// # Errors
    /// `bad_request` where it is none.
    pub fn time_and_id(&self) -> Result<Option<(i64, String)>, ApiError> {
        let parts = |cursor: &str| {
            let (at, id) = cursor.split_once('.').filter(|(_, id)| is_id(id))?;
            Some((digits(at)?, id.to_owned()))
        };
        let read = |cursor: &str| parts(cursor).ok_or_else(foreign_cursor);
        self.cursor.as_deref().map(read).transpose()
    }

    /// The cursor as an id.
    ///
    /// # Errors
    /// `bad_request` where it is none.
    pub fn id(&self) -> Result<Option<&str>, ApiError> {
        let read = |id| if is_id(id) { Ok(id) } else { Err(foreign_cursor()) };
        self.cursor.as_deref().map(read).transpose()
    }

    /// Takes the page out of the rows that [`Self::rows`] asked for. `cursor` says where a row stands in the list.
    pub fn cut<T>(&self, mut rows: Vec<T>, cursor: impl Fn(&T) -> String) -> Page<T> {
        let size = usize::try_from(self.limit).unwrap_or_default();
        let more = rows.len() > size;
        rows.truncate(size);
        let next = rows.last().filter(|_| more).map(cursor);
        Page { items: rows, next }
    }
}

/// A number as lists write it: digits alone.
fn digits(text: &str) -> Option<i64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Returns the answer to a cursor that the list never gave.
pub fn foreign_cursor() -> ApiError {
    ApiError::bad_request("This cursor is not one. Take the last answer's “next” as it is.")
}

impl<S: Send + Sync> FromRequestParts<S> for PageQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(wishes) = Query::<Wishes>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| ApiError::bad_request(format!("{}.", rejection.body_text())))?;
        let limit = match wishes.limit {
            None => LIMIT_DEFAULT,
            Some(wish) => {
                let limit = digits(&wish).filter(|limit| (1..=LIMIT_MAX).contains(limit));
                limit.ok_or_else(|| {
                    let range = format!("a whole number from 1 to {LIMIT_MAX}");
                    ApiError::bad_request(format!("limit is “{wish}”; it must be {range}."))
                })?
            }
        };
        Ok(Self { limit, cursor: wishes.cursor })
    }
}

/// Who asks; put there by [`super::guard::person`].
pub struct Person(pub Me);

impl<S: Send + Sync> FromRequestParts<S> for Person {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let person = parts.extensions.get::<Me>().cloned();
        person
            .map(Self)
            .ok_or_else(|| ApiError::new(ErrorCode::Unauthorized, "Nobody is signed in."))
    }
}

/// An id in a path.
///
/// # Errors
/// `not_found`, since nothing can have such an id.
pub fn known_id(id: &str, what: &str) -> Result<(), ApiError> {
    if is_id(id) { Ok(()) } else { Err(ApiError::not_found(what)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(cursor: &str) -> PageQuery {
        PageQuery { limit: 2, cursor: Some(cursor.to_owned()) }
    }

    #[test]
    fn only_cursors_that_a_list_gives_are_taken() {
        assert_eq!(page("12").number().unwrap(), Some(12));
        for wrong in ["", "+1", "-1", " 1", "1.0", "x", "99999999999999999999", "１"] {
            page(wrong).number().unwrap_err();
        }
        assert_eq!(page("12.ab").time_and_id().unwrap(), Some((12, "ab".to_owned())));
        for wrong in ["", "12", "12.", ".ab", "x.ab", "12.a b", "12.ab\0", "-1.ab", "1.2.ab"] {
            page(wrong).time_and_id().unwrap_err();
        }
        assert_eq!(PageQuery { limit: 2, cursor: None }.number().unwrap(), None);
    }

    #[test]
    fn there_is_a_next_page_only_where_something_is_on_it() {
        let cut = |rows: &[i64]| page("0").cut(rows.to_vec(), i64::to_string);
        assert_eq!(cut(&[1, 2]), Page { items: vec![1, 2], next: None });
        assert_eq!(cut(&[1, 2, 3]), Page { items: vec![1, 2], next: Some("2".to_owned()) });
        assert_eq!(cut(&[]), Page { items: vec![], next: None });
    }
}

//! The one conversion from what went wrong to an answer (RFC 9457). What users did wrong is told to them;
//! what the server did wrong is logged here, once, and not told.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gesso_protocol::api::Problem;
use gesso_protocol::problem::{ErrorCode, NodeProblem, Refusal};
use gesso_protocol::wire::close;

use crate::assets::{AssetError, DISK_FULL, WRITE_REFUSED};
use crate::db::DbError;
use crate::readers::ReadError;
use crate::room::{RoomError, StoreError};
use crate::run::RunError;

/// After how many seconds a canvas that was being closed can be opened again.
const CLOSING_S: u32 = 2;

/// After how many seconds a database that did not answer may be asked again.
const AWAY_S: u32 = 5;

const DATABASE_AWAY: &str = "The server's database does not answer. Ask again in a moment; whether this request changed \
     anything shows when it is back.";

/// An answer that is no success.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The request is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The request is refused for now.
    #[error("{refusal}")]
    Later {
        /// Why.
        refusal: Refusal,
        /// After how many seconds it may come again.
        after_s: u32,
    },
    /// The server failed.
    #[error("{0}")]
    Internal(String),
}

impl ApiError {
    /// A refusal that names no node.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::Refused(Refusal::new(code, detail))
    }

    /// A refusal for now, and after how many seconds to try again.
    pub fn later(code: ErrorCode, detail: impl Into<String>, after_s: u32) -> Self {
        Self::Later { refusal: Refusal::new(code, detail), after_s }
    }

    /// There is no such thing.
    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("There is no such {what}."))
    }

    /// The request is not right.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadRequest, detail)
    }
}

/// Said to people whose edit a canvas took and its log did not.
const EDIT_LOST: &str = "The server's disk is full, so this edit was not stored. A page that saw it meanwhile may bring \
     it again once there is room: look at the canvas before you repeat it. Tell whoever runs the server.";

fn disk_full(error: &DbError) -> ApiError {
    tracing::error!(%error, "the disk is full");
    ApiError::new(ErrorCode::Internal, DISK_FULL)
}

fn refused_write(error: &DbError) -> ApiError {
    tracing::error!(%error, "the data folder refuses writes");
    ApiError::new(ErrorCode::Internal, WRITE_REFUSED)
}

fn away(error: &DbError) -> ApiError {
    tracing::error!(%error, "the database does not answer");
    ApiError::later(ErrorCode::Unavailable, DATABASE_AWAY, AWAY_S)
}

/// For people, what the database says of its storage; `None` where it is something else.
fn storage_problem(error: &DbError) -> Option<ApiError> {
    if error.is_away() {
        return Some(away(error));
    }
    if error.is_full() {
        return Some(disk_full(error));
    }
    error.is_refused_write().then(|| refused_write(error))
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        storage_problem(&error).unwrap_or_else(|| Self::Internal(error.to_string()))
    }
}

impl From<AssetError> for ApiError {
    fn from(error: AssetError) -> Self {
        if let AssetError::Db(error) = error {
            return error.into();
        }
        if error.code() == ErrorCode::Internal {
            // Logged here, because people are told more than nothing: that the disk is full.
            tracing::error!(error = &error as &dyn std::error::Error, "an asset request failed");
        }
        Self::new(error.code(), error.detail())
    }
}

impl From<RoomError> for ApiError {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::NotFound | RoomError::Deleted => Self::not_found("canvas"),
            RoomError::Refused(refusal) if refusal.code == close::TRY_LATER => {
                Self::new(ErrorCode::RateLimited, format!("Try again later: {}.", refusal.reason))
            }
            RoomError::Refused(refusal) => {
                let too_large = [close::TOO_LARGE, close::DOCUMENT_LIMIT].contains(&refusal.code);
                let code = if too_large { ErrorCode::TooLarge } else { ErrorCode::BadRequest };
                Self::new(code, format!("The update is refused: {}.", refusal.reason))
            }
            RoomError::Store(StoreError::Database(ref error)) if error.is_damage() => {
                tracing::error!(%error, "the database is damaged");
                Self::new(
                    ErrorCode::StorageDamaged,
                    "The server's database is damaged where this canvas is stored. Other canvases are not touched. \
                     Whoever runs the server finds more in its log and with `gesso doctor`.",
                )
            }
            RoomError::Closed => {
                let detail = "The canvas is being closed. Try again in a moment.";
                Self::later(ErrorCode::Unavailable, detail, CLOSING_S)
            }
            RoomError::Store(StoreError::Database(ref cause)) if cause.is_full() => {
                tracing::error!(error = %cause, "the disk is full");
                Self::new(ErrorCode::Internal, EDIT_LOST)
            }
            RoomError::Store(StoreError::Database(ref cause)) => {
                storage_problem(cause).unwrap_or_else(|| Self::Internal(error.to_string()))
            }
            RoomError::Load(_) | RoomError::Store(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        match error.refusal() {
            Some(refusal) => Self::Refused(refusal),
            None => Self::Internal(error.to_string()),
        }
    }
}

impl From<RunError> for ApiError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Read(error) => error.into(),
            RunError::Refused(refusal) => Self::Refused(refusal),
            RunError::Db(error) => error.into(),
            RunError::Room(error) => error.into(),
            RunError::Repeated => Self::new(ErrorCode::Conflict, "The same request is under way."),
        }
    }
}

/// The body of a problem.
pub fn problem(code: ErrorCode, detail: String, nodes: Vec<NodeProblem>) -> Problem {
    Problem {
        ty: format!("/problems/{}", code.id()),
        title: code.title().to_owned(),
        status: code.status(),
        code,
        detail,
        nodes,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut after = None;
        let body = match self {
            Self::Refused(refusal) => problem(refusal.code, refusal.detail, refusal.nodes),
            Self::Later { refusal, after_s } => {
                after = Some(after_s);
                problem(refusal.code, refusal.detail, refusal.nodes)
            }
            Self::Internal(error) => {
                tracing::error!(error, "a request failed");
                let detail = "The server could not do that. Try again; if it stays so, ask whoever \
                     runs the server to look at its log.";
                problem(ErrorCode::Internal, detail.to_owned(), Vec::new())
            }
        };
        let status = StatusCode::from_u16(body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(body)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if let Some(after_s) = after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after_s));
        }
        response
    }
}

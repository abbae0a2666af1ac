//! Refusals of what a caller may not do.

use gesso_protocol::problem::ErrorCode;

use crate::db::DbError;
use crate::error::ApiError;

/// Why a request is refused.
#[derive(Debug)]
pub(super) enum Refused {
    /// Nobody is signed in.
    Anonymous,
    /// To this person there is no such thing.
    Hidden(&'static str),
    /// The role or the token is not enough.
    Forbidden(String),
    /// The server failed.
    Failed(ApiError),
}

impl Refused {
    /// The database failed.
    pub(super) fn failed(error: DbError) -> Self {
        Self::Failed(error.into())
    }

    /// As an answer.
    pub(super) fn error(self) -> ApiError {
        match self {
            Self::Anonymous => ApiError::new(
                ErrorCode::Unauthorized,
                "Nobody is signed in. Sign in, or send an API token: Authorization: Bearer gesso_….",
            ),
            Self::Hidden(what) => ApiError::not_found(what),
            Self::Forbidden(why) => ApiError::new(ErrorCode::Forbidden, why),
            Self::Failed(error) => error,
        }
    }
}

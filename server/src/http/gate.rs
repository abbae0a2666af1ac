//! Checks that several routes of accounts begin with.

use gesso_protocol::api::accounts::CanvasRole;
use gesso_protocol::problem::ErrorCode;

use super::caller::Client;
use crate::app::App;
use crate::error::ApiError;

/// The largest body of requests that anybody may send, in bytes.
pub(super) const SMALL_BYTES: usize = 8 * 1024;

/// Refuses where people do not sign in.
pub(super) fn check_accounts(app: &App) -> Result<(), ApiError> {
    if app.access.needs_accounts() {
        return Ok(());
    }
    let detail = "Nobody signs in here: the server is open to its own machine. Start it with --accounts to change that.";
    Err(ApiError::new(ErrorCode::NotFound, detail))
}

fn too_many(wait_s: u32) -> ApiError {
    let detail = format!("These were too many attempts. Try again in {wait_s} s.");
    ApiError::later(ErrorCode::RateLimited, detail, wait_s)
}

/// Counts an attempt.
pub(super) fn count_attempt(app: &App, key: &str, client: Client) -> Result<(), ApiError> {
    app.accounts.attempts.count(key, client.address).map_err(too_many)
}

/// Counts the beginning of a sign-in with a provider.
pub(super) fn count_begin(app: &App, client: Client) -> Result<(), ApiError> {
    app.accounts.attempts.begin(client.address).map_err(too_many)
}

/// Counts a request of a person for access.
pub(super) fn count_request(app: &App, person: &str) -> Result<(), ApiError> {
    app.accounts.attempts.ask(person).map_err(|wait_s| {
        let detail = format!("You asked often. Try again in {wait_s} s.");
        ApiError::later(ErrorCode::RateLimited, detail, wait_s)
    })
}

/// The hash of a password.
///
/// # Errors
/// Where it could not be computed: nothing goes on without it.
pub(super) async fn hashed(app: &App, password: String) -> Result<String, ApiError> {
    let hash = app.accounts.passwords.hash(password).await;
    hash.ok_or_else(|| ApiError::Internal("a password could not be hashed".to_owned()))
}

/// The role that a link may give on a canvas.
pub(super) fn below_owner(role: CanvasRole) -> Result<CanvasRole, ApiError> {
    if role == CanvasRole::Owner {
        return Err(ApiError::bad_request("A canvas is handed over with …/access/transfer."));
    }
    Ok(role)
}

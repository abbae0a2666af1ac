//! Quotas of people and workspaces.

use gesso_protocol::ids::WorkspaceId;
use gesso_protocol::problem::ErrorCode;

use crate::access::Caller;
use crate::app::App;
use crate::clock::now_ms;
use crate::error::ApiError;

/// A day, in ms.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// After how many seconds somebody who brought as many files as may be tries again.
const UPLOADS_AGAIN_S: u32 = 60 * 60;

/// Counts a request of a person.
///
/// # Errors
/// `rate_limited` where there were too many.
pub(super) fn request(app: &App, caller: &Caller) -> Result<(), ApiError> {
    if !app.access.needs_accounts() {
        return Ok(());
    }
    app.quotas.request(&caller.me.id).map_err(|wait_s| {
        let detail = format!("You ask too often. Try again in {wait_s} s.");
        ApiError::later(ErrorCode::RateLimited, detail, wait_s)
    })
}

/// Refuses a file that would be more than a person or a workspace may have.
///
/// # Errors
/// `rate_limited` for what may be done later, `too_large` for what needs room to be made first.
pub(super) async fn upload(
    app: &App,
    caller: &Caller,
    workspace: &WorkspaceId,
) -> Result<(), ApiError> {
    // Where nobody signs in, all scripts are one person, and a day's files would be counted at each of them.
    if app.access.needs_accounts()
        && let Some(most) = app.quotas.uploads_per_day
        && app.db.uploads_since(&caller.me.id, now_ms() - DAY_MS).await? >= most
    {
        let detail = format!("You brought {most} files within a day. Try again later.");
        return Err(ApiError::later(ErrorCode::RateLimited, detail, UPLOADS_AGAIN_S));
    }
    if let Some(most) = app.quotas.storage_bytes
        && app.db.stored_bytes(workspace).await? >= most
    {
        let detail = format!(
            "The workspace holds {} MB of files, as many as it may. Ask whoever runs the server for more room.",
            most / 1_000_000
        );
        return Err(ApiError::new(ErrorCode::TooLarge, detail));
    }
    Ok(())
}

/// Refuses a canvas that would be more than a workspace may have.
///
/// # Errors
/// `too_large`.
pub(super) async fn canvas(app: &App, workspace: &WorkspaceId) -> Result<(), ApiError> {
    if let Some(most) = app.quotas.canvases
        && app.db.canvas_count(workspace).await? >= most
    {
        let detail = format!("The workspace has {most} canvases, as many as it may. Delete some.");
        return Err(ApiError::new(ErrorCode::TooLarge, detail));
    }
    Ok(())
}

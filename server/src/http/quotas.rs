//! Quotas, asked before a handler runs.

use gesso_protocol::problem::ErrorCode;

use crate::access::Caller;
use crate::app::App;
use crate::clock::now_ms;
use crate::error::ApiError;

/// A day, in ms.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// After how many seconds somebody who brought as many files as may be tries again.
const UPLOADS_AGAIN_S: u32 = 60 * 60;

/// Refuses what would be more than a person or the workspace may use.
///
/// # Errors
/// `rate_limited` for what may be done later, `too_large` for what needs room to be made first.
pub(super) async fn check(
    app: &App,
    caller: &Caller,
    method: &str,
    path: &str,
) -> Result<(), ApiError> {
    let quotas = &app.quotas;
    if app.access.needs_accounts() {
        quotas.request(&caller.me.id).map_err(|wait_s| {
            let detail = format!("You ask too often. Try again in {wait_s} s.");
            ApiError::later(ErrorCode::RateLimited, detail, wait_s)
        })?;
    }
    match (method, path) {
        ("POST", "/api/assets") => uploads(app, caller).await,
        ("POST", "/api/canvases" | "/api/canvases/{id}/duplicate" | "/api/templates/{id}/use") => {
            canvases(app).await
        }
        _ => Ok(()),
    }
}

async fn uploads(app: &App, caller: &Caller) -> Result<(), ApiError> {
    // Where nobody signs in, all scripts are one person, and a day's files would be counted at each of them.
    if app.access.needs_accounts()
        && let Some(most) = app.quotas.uploads_per_day
        && app.db.uploads_since(&caller.me.id, now_ms() - DAY_MS).await? >= most
    {
        let detail = format!("You brought {most} files within a day. Try again later.");
        return Err(ApiError::later(ErrorCode::RateLimited, detail, UPLOADS_AGAIN_S));
    }
    if let Some(most) = app.quotas.storage_bytes
        && app.db.stored_bytes().await? >= most
    {
        let detail = format!(
            "The workspace holds {} MB of files, as many as it may. Ask whoever runs the server for more room.",
            most / 1_000_000
        );
        return Err(ApiError::new(ErrorCode::TooLarge, detail));
    }
    Ok(())
}

async fn canvases(app: &App) -> Result<(), ApiError> {
    if let Some(most) = app.quotas.canvases
        && app.db.canvas_count().await? >= most
    {
        let detail = format!("The workspace has {most} canvases, as many as it may. Delete some.");
        return Err(ApiError::new(ErrorCode::TooLarge, detail));
    }
    Ok(())
}

//! Files that guests may see: their own, the stock, and those of canvases that were shared with them.

use std::collections::BTreeSet;
use std::sync::Arc;

use gesso_protocol::api::accounts::WorkspaceRole;
use gesso_protocol::ids::{AssetId, CanvasId};

use super::refused::Refused;
use crate::access::Caller;
use crate::app::App;
use crate::error::ApiError;

/// The most canvases of a guest that are looked through.
const CANVASES_MAX: i64 = 100;
/// Refuses a file that the caller may not see, as if there were none.
pub(super) async fn check(app: &App, caller: &Caller, id: &AssetId) -> Result<(), Refused> {
    if caller.workspace_role() > WorkspaceRole::Guest {
        return Ok(());
    }
    let failed = |error: ApiError| Refused::Failed(error);
    let me = &caller.me.id;
    if app.db.is_own_or_stock(id, me).await.map_err(|error| failed(error.into()))? {
        return Ok(());
    }
    let shared = app.db.canvases_shared_with(me, CANVASES_MAX).await;
    for canvas in shared.map_err(|error| failed(error.into()))? {
        if of_canvas(app, me, &canvas).await.map_err(failed)?.contains(id.as_str()) {
            return Ok(());
        }
    }
    Err(Refused::Hidden("asset"))
}

/// The files that a canvas holds, or whose runs made them.
async fn of_canvas(
    app: &App,
    person: &str,
    id: &CanvasId,
) -> Result<Arc<BTreeSet<String>>, ApiError> {
    if let Some(ids) = app.canvas_assets.of(id) {
        return Ok(ids);
    }
    let room = app.rooms.open(id).await?;
    let place = app.rooms.readers().place(person).await?;
    let copy = room.copy().await?;
    let (_, canvas) = place.run(move || copy.canvas()).await?;
    let mut canvas = canvas?;
    let named: BTreeSet<String> = canvas.assets_mut().map(|asset| asset.id.clone()).collect();
    let mut ids = app.db.brought_to(id, &named).await?;
    ids.extend(app.db.assets_made_on(id).await?);
    Ok(app.canvas_assets.remember(id, ids))
}

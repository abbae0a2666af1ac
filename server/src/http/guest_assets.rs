//! Files that guests may see: their own, the stock, and those of canvases that were shared with them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use gesso_protocol::api::accounts::WorkspaceRole;
use gesso_protocol::ids::{AssetId, CanvasId};

use super::rights::Refused;
use crate::access::Caller;
use crate::app::App;
use crate::error::ApiError;

/// The most canvases of a guest that are looked through.
const CANVASES_MAX: i64 = 100;
/// Time for which the files of a canvas are remembered.
const KEPT: Duration = Duration::from_secs(3);
/// So many canvases are remembered before old ones are forgotten.
const REMEMBERED_MAX: usize = 200;

/// Files of canvases, as they were a moment ago.
#[derive(Debug, Default)]
pub struct CanvasAssets {
    seen: DashMap<CanvasId, (Instant, Arc<BTreeSet<String>>)>,
}

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
    let seen = &app.canvas_assets.seen;
    if let Some(entry) = seen.get(id)
        && entry.0.elapsed() < KEPT
    {
        return Ok(Arc::clone(&entry.1));
    }
    let room = app.rooms.open(id).await?;
    let place = app.rooms.readers().place(person).await?;
    let copy = room.copy().await?;
    let (_, canvas) = place.run(move || copy.canvas()).await?;
    let mut canvas = canvas?;
    let mut ids: BTreeSet<String> = canvas.assets_mut().map(|asset| asset.id.clone()).collect();
    ids.extend(app.db.assets_made_on(id).await?);
    let ids = Arc::new(ids);
    if seen.len() >= REMEMBERED_MAX {
        seen.retain(|_, (at, _)| at.elapsed() < KEPT);
    }
    seen.insert(id.clone(), (Instant::now(), Arc::clone(&ids)));
    Ok(ids)
}

//! Files that somebody may read, and of which workspace: those of their workspaces; for guests their own, the stock, and
//! those of canvases that were shared with them (R-ACC-26).

use std::collections::BTreeSet;
use std::sync::Arc;

use gesso_protocol::api::accounts::WorkspaceRole;
use gesso_protocol::ids::{AssetId, CanvasId, WorkspaceId};

use super::refused::Refused;
use crate::access::Caller;
use crate::app::App;
use crate::db::DbError;
use crate::db::assets::{AssetKey, AssetRow};
use crate::error::ApiError;

/// The most canvases of a guest that are looked through.
const CANVASES_MAX: i64 = 100;

/// A workspace that has a file: the server's own before others.
pub(super) async fn held_in(app: &App, id: &AssetId) -> Result<Option<WorkspaceId>, Refused> {
    let own = WorkspaceId::default();
    let all = app.db.workspaces_with(id).await.map_err(Refused::failed)?;
    Ok(if all.contains(&own) { Some(own) } else { all.into_iter().next() })
}

/// A file that somebody may read.
#[derive(Clone, Debug)]
pub(super) struct Readable {
    /// The workspace by whose record.
    pub(super) workspace: WorkspaceId,
    /// The name to them, where they are told neither its own nor where it comes from.
    pub(super) known_as: Option<String>,
}

impl Readable {
    const fn whole(workspace: WorkspaceId) -> Self {
        Self { workspace, known_as: None }
    }
}

/// Finds the record by which the caller may read a file; one that they may not read is as if there were none.
pub(super) async fn readable(
    app: &App,
    caller: &Caller,
    id: &AssetId,
) -> Result<Readable, Refused> {
    let home = caller.home();
    let is_member = |workspace: &WorkspaceId| caller.is_in(workspace, WorkspaceRole::Member);
    let mut holders = app.db.workspaces_with(id).await.map_err(Refused::failed)?;
    holders.sort_by_key(|workspace| *workspace != home);
    if let Some(workspace) = holders.into_iter().find(is_member) {
        return Ok(Readable::whole(workspace));
    }
    let key = AssetKey { workspace: home, id: id.clone() };
    if is_member(&key.workspace)
        && app.assets.known(&key).await.map_err(|error| Refused::Failed(error.into()))?.is_some()
    {
        // A piece of the stock that nobody looked at yet.
        return Ok(Readable::whole(key.workspace));
    }
    let me = &caller.me.id;
    let own = app.db.own_or_stock(id, me).await.map_err(Refused::failed)?;
    if let Some((workspace, known_as)) = own {
        return Ok(Readable { workspace, known_as });
    }
    let shared = app.db.canvases_shared_with(me, CANVASES_MAX).await;
    for (canvas, workspace) in shared.map_err(Refused::failed)? {
        if of_canvas(app, me, &canvas).await.map_err(Refused::Failed)?.contains(id.as_str()) {
            return on_canvas(app, &canvas, workspace, id).await.map_err(Refused::failed);
        }
    }
    Err(Refused::Hidden("asset"))
}

/// A file of a canvas, to a guest: what was made there is told of whole. Of others the document has the name that it was
/// brought there by, and whoever had them first may call them something else.
async fn on_canvas(
    app: &App,
    canvas: &CanvasId,
    workspace: WorkspaceId,
    id: &AssetId,
) -> Result<Readable, DbError> {
    let is_made = app.db.assets_made_on(canvas).await?.iter().any(|made| made == id.as_str());
    Ok(Readable { workspace, known_as: (!is_made).then(String::new) })
}

/// The record of a file that a workspace has, as the caller may know it; none where they may not read it.
pub(super) async fn record(
    app: &App,
    caller: &Caller,
    key: &AssetKey,
) -> Result<Option<AssetRow>, ApiError> {
    let known_as = if caller.is_in(&key.workspace, WorkspaceRole::Member) {
        None
    } else {
        match readable(app, caller, &key.id).await {
            Ok(readable) => readable.known_as,
            Err(Refused::Failed(error)) => return Err(error),
            Err(Refused::Anonymous | Refused::Hidden(_) | Refused::Forbidden(_)) => {
                return Ok(None);
            }
        }
    };
    let row = app.assets.known(key).await?;
    Ok(row.map(|row| match known_as {
        Some(name) => AssetRow { name, ..row },
        None => row,
    }))
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

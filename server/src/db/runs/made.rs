//! Generations and assets that a run made, as rows.

use std::sync::Arc;

use gesso_protocol::ids::{CanvasId, NodeId, WorkspaceId};
use gesso_protocol::schema::Generation;

use crate::db::assets::AssetRow;
use crate::db::runs::DbError;
use crate::db::script::{Script, args};

/// Something that was made.
#[derive(Clone, Debug)]
pub struct NewGeneration {
    /// The node.
    pub node: NodeId,
    /// The generation.
    pub generation: Generation,
    /// With what: JSON of [`MadeWith`](crate::db::generations::MadeWith).
    pub made_with: Arc<str>,
}

const GENERATION: &str = "INSERT INTO generations (id, canvas, node, item, run, body, made_with, \
     fingerprint) SELECT * FROM (VALUES ";
const GENERATION_OF: &str = ") AS v WHERE column1 IS NOT NULL ON CONFLICT (id) DO NOTHING";
const ASSET: &str = "INSERT INTO assets (workspace, id, mime, type, bytes, width, height, duration_ms, \
     name, origin, person, created_at, words, folded) SELECT * FROM (VALUES ";
const ASSET_OF: &str = ") AS v WHERE column1 IS NOT NULL ON CONFLICT (workspace, id) DO NOTHING";

/// Adds what was made, once.
pub(in crate::db) fn add_generations(
    script: &mut Script,
    canvas: &CanvasId,
    made: &[NewGeneration],
) -> Result<(), DbError> {
    let mut rows = Vec::with_capacity(made.len());
    for NewGeneration { node, generation, made_with } in made {
        let body = serde_json::to_string(generation).map_err(DbError::row("generations"))?;
        rows.push(args![
            &generation.id,
            canvas,
            node,
            &generation.key,
            &generation.run,
            body,
            made_with,
            &generation.fingerprint,
        ]);
    }
    script.padded(GENERATION, rows, GENERATION_OF, &[]);
    Ok(())
}

/// Adds assets to a workspace; one that is there already stays as it is.
pub(in crate::db) fn add_assets(script: &mut Script, workspace: &WorkspaceId, assets: &[AssetRow]) {
    let row = |asset: &AssetRow| {
        args![
            workspace,
            &asset.id,
            &asset.mime,
            &asset.ty,
            asset.bytes,
            asset.width,
            asset.height,
            asset.duration_ms,
            &asset.name,
            &asset.origin,
            &asset.person,
            asset.created_at,
            asset.words(),
            1_i64,
        ]
    };
    script.padded(ASSET, assets.iter().map(row).collect(), ASSET_OF, &[]);
}

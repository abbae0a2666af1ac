//! Results that no run brings: pictures that somebody edited, and late ones that somebody takes over.

use gesso_protocol::api::{EditedGeneration, GenerationBody};
use gesso_protocol::ids::{AssetId, CanvasId, NodeId};
use gesso_protocol::problem::ErrorCode;
use gesso_protocol::schema::{self, Generation};

use super::error::{RunError, refuse};
use super::runs::Runs;
use crate::clock::{fresh_id, now_ms};
use crate::db::assets::AssetKey;
use crate::db::generations::MadeWith;
use crate::db::late::{LateRow, TakeError};

impl Runs {
    /// Adds a picture that somebody edited to what a node made: the newest, free.
    ///
    /// # Errors
    /// `not_found` where the generation or the picture is unknown.
    pub async fn add_edited(
        &self,
        canvas: &CanvasId,
        node: &NodeId,
        edited: &EditedGeneration,
        by: &str,
    ) -> Result<GenerationBody, RunError> {
        let before = self.inner.services.db.generation_of(canvas, node, &edited.from).await?;
        let Some(before) = before else {
            return refuse(ErrorCode::NotFound, format!("There is no result {}.", edited.from));
        };
        let db = &self.inner.services.db;
        let workspace = db.workspace_of(canvas).await?.unwrap_or_default();
        let key = AssetKey { workspace, id: AssetId::new(edited.asset.as_str()) };
        let Some(asset) = db.asset(&key).await? else {
            return refuse(ErrorCode::NotFound, format!("There is no asset {}.", edited.asset));
        };
        let asset = asset.reference();
        let source = before.generation;
        if asset.ty != source.ty {
            let detail = "An edited result has the type of what it was made from.";
            return refuse(ErrorCode::TypeMismatch, detail);
        }
        let generation = Generation {
            id: fresh_id(),
            run: String::new(),
            key: source.key.clone(),
            port: source.port.clone(),
            at: now_ms(),
            by: by.to_owned(),
            seed: None,
            // It still is what these inputs and settings led to: editing it makes nothing outdated.
            fingerprint: source.fingerprint.clone(),
            ..Generation::of_asset(&asset)
        };
        let made_with = MadeWith {
            model: before.model,
            version: before.version,
            settings: serde_json::json!({"edited_from": source.id}),
            prompt: before.prompt,
            negative: before.negative,
            inputs: before.inputs,
        };
        self.inner.services.db.add_generation(canvas, node, &generation, &made_with).await?;
        let room = self.inner.rooms.open(canvas).await?;
        let (id, shown) = (node.clone(), generation.clone());
        room.write(move |txn| {
            if schema::node_map(txn, id.as_str()).is_some() {
                schema::put_generations(txn, id.as_str(), std::slice::from_ref(&shown));
            }
        })
        .await?;
        Ok(GenerationBody {
            generation,
            model: made_with.model,
            version: made_with.version,
            settings: made_with.settings,
            prompt: made_with.prompt,
            negative: made_with.negative,
            inputs: made_with.inputs,
        })
    }

    /// Takes over a result that came after it was stopped, for its price.
    ///
    /// # Errors
    /// `not_found` where it is gone, `insufficient_credits` where the balance is too small.
    pub async fn take_late(&self, late: &LateRow) -> Result<(), RunError> {
        let taken = match self.inner.services.db.take_late(&late.id, now_ms()).await {
            Ok(taken) => taken,
            Err(TakeError::Db(error)) => return Err(error.into()),
            Err(TakeError::Gone) => {
                let detail = "There is no such late result: it was taken over or has expired.";
                return refuse(ErrorCode::NotFound, detail);
            }
            Err(TakeError::InsufficientCredits) => {
                let detail = "It costs more than is left. Ask for a grant.";
                return refuse(ErrorCode::InsufficientCredits, detail);
            }
        };
        let room = self.inner.rooms.open(&late.canvas).await?;
        let steps = self.inner.services.db.steps(&late.run).await?;
        let step = steps.into_iter().find(|step| step.node == late.node);
        let (node, kind) = (late.node.clone(), step.map(|step| step.kind).unwrap_or_default());
        let made = taken.1.generations;
        room.write(move |txn| {
            if schema::is_kind(txn, node.as_str(), &kind) {
                schema::put_generations(txn, node.as_str(), &made);
            }
        })
        .await?;
        Ok(())
    }
}

//! Results that came after their call was stopped: kept aside.

use gesso_protocol::plan::UnitIndex;

use super::context::RunContext;
use super::outcome::InvocationOutput;
use crate::clock::{fresh_id, now_ms};
use crate::db::late::{LateBody, LateRow};

/// A result that came after its call was stopped.
pub(super) fn late_row(
    run: &RunContext,
    unit: UnitIndex,
    output: InvocationOutput,
) -> Option<LateRow> {
    let planned = &run.units.all[unit.at()];
    let body = LateBody {
        generations: output.generations,
        made_with: output.made_with,
        assets: output.assets,
    };
    let body = serde_json::to_string(&body).inspect_err(|error| {
        tracing::error!(%error, run = run.row.id.as_str(), "a late result cannot be kept");
    });
    Some(LateRow {
        id: fresh_id(),
        canvas: run.row.canvas.clone(),
        workspace: run.row.workspace.clone(),
        run: run.row.id.clone(),
        node: run.plan.steps[planned.step.at()].node.clone(),
        item: planned.key.clone(),
        person: run.row.person.clone(),
        cost: output.cost.0,
        at: now_ms(),
        expires_at: now_ms() + run.services.limits.late_kept_ms,
        body: body.ok()?,
    })
}

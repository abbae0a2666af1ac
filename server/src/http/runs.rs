//! Runs: their price, their start, what became of them; and the history of nodes.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use gesso_protocol::api::{
    Estimate, EstimateRequest, GenerationBody, Page, RunBody, RunRequest, StepBody,
};
use gesso_protocol::plan::{Mode, Target};
use gesso_protocol::pricing::Money;
use gesso_protocol::problem::ErrorCode;

use super::canvases::existing;
use super::extract::{Json as Body, PageQuery, Person, known_id};
use crate::app::App;
use crate::clock::now_ms;
use crate::db::idempotency::Keep;
use crate::db::runs::RunRow;
use crate::error::ApiError;
use crate::run::Asked;

/// The longest `Idempotency-Key`, in bytes.
const KEY_BYTES_MAX: usize = 255;

/// Everything about runs.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/canvases/{id}/estimate", post(estimate))
        .route("/canvases/{id}/runs", get(list).post(start))
        .route("/canvases/{id}/nodes/{node}/generations", get(history))
        .route("/runs/{id}", get(show))
        .route("/runs/{id}/cancel", post(cancel))
}

fn target(mode: &str, node: Option<String>) -> Result<Target, ApiError> {
    let known = [Mode::Node, Mode::Workflow, Mode::Downstream];
    match known.into_iter().find(|known| known.id() == mode) {
        Some(mode) => Ok(Target { mode, node }),
        None => {
            let detail = format!("mode “{mode}” is none of node, workflow, downstream.");
            Err(ApiError::bad_request(detail))
        }
    }
}

async fn estimate(
    State(app): State<App>,
    Path(id): Path<String>,
    Body(request): Body<EstimateRequest>,
) -> Result<Json<Estimate>, ApiError> {
    existing(&app, &id).await?;
    let target = target(&request.mode, request.node)?;
    Ok(Json(app.runs.estimate(&id, &target).await?))
}

async fn start(
    State(app): State<App>,
    Person(me): Person,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(request): Body<RunRequest>,
) -> Result<Response, ApiError> {
    existing(&app, &id).await?;
    let keep = keep(&me.id, &id, &headers, &request)?;
    if let Some(keep) = &keep
        && let Some(answer) = repeated(&app, keep).await?
    {
        return Ok(answer);
    }
    let stop_on_error = match request.on_error.as_deref() {
        None | Some("continue") => false,
        Some("stop") => true,
        Some(other) => {
            let detail = format!("on_error “{other}” is neither continue nor stop.");
            return Err(ApiError::bad_request(detail));
        }
    };
    let asked = Asked {
        person: me.id,
        person_name: me.name,
        target: target(&request.mode, request.node)?,
        max_cost: request.max_cost,
        stop_on_error,
        keep: keep.clone(),
    };
    match app.runs.start(&id, asked).await {
        Ok(started) => Ok((StatusCode::ACCEPTED, Json(started)).into_response()),
        Err(error) => {
            // The same request may have come first meanwhile: then its own run is what stands in the way.
            if let Some(keep) = &keep
                && let Some(answer) = repeated(&app, keep).await?
            {
                return Ok(answer);
            }
            Err(error.into())
        }
    }
}

fn keep(
    person: &str,
    canvas: &str,
    headers: &HeaderMap,
    request: &RunRequest,
) -> Result<Option<Keep>, ApiError> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| !key.is_empty() && key.len() <= KEY_BYTES_MAX);
    let key = key.ok_or_else(|| {
        ApiError::bad_request(format!(
            "Idempotency-Key is a text of 1 to {KEY_BYTES_MAX} characters."
        ))
    })?;
    let body =
        serde_json::to_vec(request).map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(Some(Keep {
        person: person.to_owned(),
        route: format!("POST /api/canvases/{canvas}/runs"),
        key: key.to_owned(),
        body_hash: blake3::hash(&body).to_hex().to_string(),
    }))
}

async fn repeated(app: &App, keep: &Keep) -> Result<Option<Response>, ApiError> {
    let kept = app.db.kept_answer(&keep.person, &keep.route, &keep.key, now_ms()).await?;
    let Some(kept) = kept else { return Ok(None) };
    if kept.body_hash != keep.body_hash {
        let detail = "This Idempotency-Key was used for another request. Use a new one.";
        return Err(ApiError::new(ErrorCode::Conflict, detail));
    }
    let status = u16::try_from(kept.status).ok().and_then(|code| StatusCode::from_u16(code).ok());
    let json = [(header::CONTENT_TYPE, "application/json")];
    Ok(Some((status.unwrap_or(StatusCode::ACCEPTED), json, kept.answer).into_response()))
}

async fn body(app: &App, run: RunRow) -> Result<RunBody, ApiError> {
    let made = app.db.made_by(&run.id, &run.canvas).await?;
    let mut steps = Vec::new();
    for step in app.db.steps(&run.id).await? {
        let outputs = made.iter().filter(|(node, _)| *node == step.node);
        steps.push(StepBody {
            state: step.state(),
            error: step.failure(),
            outputs: outputs.map(|(_, generation)| generation.clone()).collect(),
            cost: Money(step.cost),
            node: step.node,
            kind: step.kind,
            title: step.title,
            model: step.model,
            started_at: step.started_at,
            finished_at: step.finished_at,
        });
    }
    let info = run.info();
    Ok(RunBody {
        id: info.id,
        canvas: run.canvas,
        number: info.number,
        status: info.status,
        mode: info.mode,
        node: info.node,
        by: info.by,
        created_at: info.created_at,
        started_at: info.started_at,
        finished_at: info.finished_at,
        cost: info.cost,
        held: Money(run.hold - run.captured - run.released),
        error: info.error,
        retry_of: info.retry_of,
        steps,
    })
}

async fn list(
    State(app): State<App>,
    Path(id): Path<String>,
    page: PageQuery,
) -> Result<Json<Page<RunBody>>, ApiError> {
    existing(&app, &id).await?;
    let rows = app.db.runs_of(&id, page.number()?, page.limit()).await?;
    let full = rows.len() as i64 == page.limit();
    let next = rows.last().filter(|_| full).map(|row| row.number.to_string());
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(body(&app, row).await?);
    }
    Ok(Json(Page { items, next }))
}

async fn existing_run(app: &App, id: &str) -> Result<RunRow, ApiError> {
    known_id(id, "run")?;
    app.db.run(id).await?.ok_or_else(|| ApiError::not_found("run"))
}

async fn show(State(app): State<App>, Path(id): Path<String>) -> Result<Json<RunBody>, ApiError> {
    let run = existing_run(&app, &id).await?;
    Ok(Json(body(&app, run).await?))
}

async fn cancel(State(app): State<App>, Path(id): Path<String>) -> Result<Json<RunBody>, ApiError> {
    existing_run(&app, &id).await?;
    app.runs.cancel(&id).await?;
    let run = existing_run(&app, &id).await?;
    Ok(Json(body(&app, run).await?))
}

async fn history(
    State(app): State<App>,
    Path((id, node)): Path<(String, String)>,
    page: PageQuery,
) -> Result<Json<Page<GenerationBody>>, ApiError> {
    existing(&app, &id).await?;
    let after = page.number()?.unwrap_or(0);
    let made = app.db.history(&id, &node, after, page.limit()).await?;
    let full = made.len() as i64 == page.limit();
    let next = made.last().filter(|_| full).map(|(seq, _)| seq.to_string());
    Ok(Json(Page { items: made.into_iter().map(|(_, made)| made).collect(), next }))
}

//! Runs: their price, their start, what became of them; and the history of nodes.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use gesso_protocol::api::{
    EditedGeneration, Estimate, EstimateRequest, GenerationBody, ItemBody, LateBody, Me, Page,
    QueueChange, RetryRequest, ReviewBody, ReviewRequest, RunBody, RunRequest, RunStarted,
    StepBody,
};
use gesso_protocol::ids::{CanvasId, NodeId, RunId};
use gesso_protocol::names;
use gesso_protocol::plan::{Mode, Retry, Target};
use gesso_protocol::pricing::Money;
use gesso_protocol::problem::ErrorCode;
use gesso_protocol::schema::{Generation, RunStatus};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::canvases::existing;
use super::extract::{Json as Body, PageQuery, Paging, Person, known_id};
use super::large;
use crate::app::App;
use crate::clock::now_ms;
use crate::db::idempotency::Keep;
use crate::db::late::LateRow;
use crate::db::runs::{InvocationRow, RunRow};
use crate::error::ApiError;
use crate::readers::Place;
use crate::run::{Decision, RunError, StartRequest};

/// The longest `Idempotency-Key`, in bytes.
const KEY_BYTES_MAX: usize = 255;

/// After how many steps and results a page of runs ends, with what is left on the next one.
const PAGE_PARTS_MAX: usize = 20_000;
/// Most bytes of results and of what made them on a page of a history; but one that is larger by itself.
const PAGE_BYTES_MAX: i64 = 8 << 20;

/// Everything about runs.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(estimate))
        .routes(routes!(list, start))
        .routes(routes!(history, edited))
        .routes(routes!(show, reorder))
        .routes(routes!(cancel))
        .routes(routes!(retry))
        .routes(routes!(review))
        .routes(routes!(take_late))
}

fn target(mode: &str, node: Option<String>, nodes: Vec<String>) -> Result<Target, ApiError> {
    match Mode::from_id(mode) {
        Some(mode) => {
            let nodes = nodes.into_iter().map(NodeId::new).collect();
            Ok(Target { mode, node: node.map(NodeId::new), nodes })
        }
        None => {
            let known: Vec<&str> = Mode::ALL.iter().map(|mode| mode.id()).collect();
            let detail = format!("mode “{mode}” is none of {}.", known.join(", "));
            Err(ApiError::bad_request(detail))
        }
    }
}

/// Returns the steps and the cost of a run; nothing is changed.
#[utoipa::path(
    post, path = "/canvases/{id}/estimate", tag = "runs",
    params(("id" = String, Path, description = "A canvas.")),
    request_body = EstimateRequest,
    responses(
        (status = 200, description = "Its price and its steps.", body = Estimate),
        (status = 409, description = "Something it needs is in hand."),
        (status = 422, description = "The graph is not right."),
    ),
)]
async fn estimate(
    State(app): State<App>,
    Person(me): Person,
    Path(id): Path<CanvasId>,
    Body(request): Body<EstimateRequest>,
) -> Result<Json<Estimate>, ApiError> {
    existing(&app, &id).await?;
    let target = target(&request.mode, request.node, request.nodes)?;
    Ok(Json(app.runs.estimate(&id, &me.id, &target).await?))
}

/// Starts a run.
#[utoipa::path(
    post, path = "/canvases/{id}/runs", tag = "runs",
    params(
        ("id" = String, Path, description = "A canvas."),
        (
            "idempotency-key" = Option<String>,
            Header,
            description = "The same key with the same body starts no second run for 24 hours.",
            min_length = 1,
            max_length = 255,
        ),
    ),
    request_body = RunRequest,
    responses(
        (status = 202, description = "It is started.", body = RunStarted),
        (status = 402, description = "The balance is too small."),
        (status = 409, description = "Something it needs is in hand, or the key was used for another request."),
        (status = 422, description = "The graph is not right, or it would cost too much."),
    ),
)]
async fn start(
    State(app): State<App>,
    Person(me): Person,
    Path(id): Path<CanvasId>,
    headers: HeaderMap,
    Body(request): Body<RunRequest>,
) -> Result<Response, ApiError> {
    existing(&app, &id).await?;
    let route = format!("POST /api/canvases/{id}/runs");
    let keep = keep(&me.id, route, &headers, &request)?;
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
    let asked = StartRequest {
        person: me.id,
        person_name: me.name,
        target: target(&request.mode, request.node, request.nodes)?,
        max_cost: request.max_cost,
        stop_on_error,
        keep: keep.clone(),
    };
    answered(&app, keep.as_ref(), app.runs.start(&id, asked).await).await
}

/// The answer to a request that starts a run.
async fn answered(
    app: &App,
    keep: Option<&Keep>,
    started: Result<RunStarted, RunError>,
) -> Result<Response, ApiError> {
    match started {
        Ok(started) => Ok((StatusCode::ACCEPTED, Json(started)).into_response()),
        Err(error) => {
            // The same request may have come first meanwhile: then its own run is what stands in the way.
            if let Some(keep) = keep
                && let Some(answer) = repeated(app, keep).await?
            {
                return Ok(answer);
            }
            Err(error.into())
        }
    }
}

fn keep(
    person: &str,
    route: String,
    headers: &HeaderMap,
    request: &impl Serialize,
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
        route,
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

/// A run with everything that is known of it, or, in a list, without its items.
async fn body(app: &App, run: RunRow, whole: bool) -> Result<RunBody, ApiError> {
    if run.status().is_terminal() {
        app.runs.left(&run.id).await;
    }
    // A run goes on while it is read. What consists of something is read before that: a step that waits for a
    // person has its candidates, one that has ended has items that have.
    let rows = app.db.steps(&run.id).await?;
    let mut items: BTreeMap<NodeId, Vec<ItemBody>> = BTreeMap::new();
    let mut outputs: BTreeMap<NodeId, Vec<Generation>> = BTreeMap::new();
    if whole {
        for row in app.db.invocations(&run.id).await? {
            items.entry(row.node.clone()).or_default().push(item_body(&row));
        }
    }
    for (node, generation) in app.db.made_by(&run.id, &run.canvas).await? {
        outputs.entry(node).or_default().push(generation);
    }
    let mut reviews: BTreeMap<NodeId, ReviewBody> = BTreeMap::new();
    for row in app.db.review_of(&run.id).await? {
        let accepted = row.accepted_ids();
        let review = ReviewBody { at: row.at, by: row.person_name, accepted, note: row.note };
        reviews.insert(row.node, review);
    }
    let mut steps = Vec::with_capacity(rows.len());
    for step in rows {
        steps.push(StepBody {
            state: step.state(),
            error: step.failure(),
            invocations: u32::try_from(step.invocations).unwrap_or_default(),
            items: items.remove(&step.node).unwrap_or_default(),
            review: reviews.remove(&step.node),
            outputs: outputs.remove(&step.node).unwrap_or_default(),
            cost: Money(step.cost),
            node: step.node.to_string(),
            kind: step.kind,
            title: step.title,
            model: step.model,
            started_at: step.started_at,
            finished_at: step.finished_at,
        });
    }
    let info = run.info();
    let waits = info.status == RunStatus::Queued;
    let (late, now) = (app.db.late_of(&run.id).await?.into_iter(), now_ms());
    Ok(RunBody {
        queue: if waits { app.runs.position(&run.id) } else { None },
        waiting: waits && run.waiting != 0,
        late: late.filter(|row| row.expires_at > now).map(late_body).collect(),
        id: info.id,
        canvas: run.canvas.to_string(),
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

fn late_body(row: LateRow) -> LateBody {
    let made = row.read().map(|body| body.generations).unwrap_or_default();
    LateBody {
        id: row.id,
        node: row.node.to_string(),
        item: row.item,
        cost: Money(row.cost),
        at: row.at,
        expires_at: row.expires_at,
        ty: made.first().and_then(|made| made.ty),
        count: made.len() as u32,
    }
}

/// The runs of a canvas, newest first, without their items.
#[utoipa::path(
    get, path = "/canvases/{id}/runs", tag = "runs",
    params(("id" = String, Path, description = "A canvas."), Paging),
    responses((status = 200, description = "A page of the runs.", body = Page<RunBody>)),
)]
async fn list(
    State(app): State<App>,
    Person(me): Person,
    Path(id): Path<CanvasId>,
    page: PageQuery,
) -> Result<Response, ApiError> {
    existing(&app, &id).await?;
    let (place, below) = (large::place(&app, &me.id).await?, page.number()?);
    large::read(&app.clone(), place, async move { listed(&app, &id, below, &page).await }).await
}

/// A page of the runs of a canvas below this number.
async fn listed(
    app: &App,
    canvas: &CanvasId,
    below: Option<i64>,
    page: &PageQuery,
) -> Result<Page<RunBody>, ApiError> {
    let rows = app.db.runs_of(canvas, below, page.rows()).await?;
    let Page { items: rows, next } = page.cut(rows, |row| row.number.to_string());
    let mut full = next.is_some();
    let mut items = Vec::with_capacity(rows.len());
    let (mut parts, mut left) = (0, rows.len());
    for row in rows {
        let run = body(app, row, false).await?;
        left -= 1;
        parts += run.steps.iter().map(|step| 1 + step.outputs.len()).sum::<usize>();
        items.push(run);
        // Runs can be large: a page ends where it would be.
        if parts > PAGE_PARTS_MAX {
            full |= left > 0;
            break;
        }
    }
    let next = items.last().filter(|_| full).map(|run| run.number.to_string());
    Ok(Page { items, next })
}

async fn existing_run(app: &App, id: &RunId) -> Result<RunRow, ApiError> {
    known_id(id.as_str(), "run")?;
    app.db.run_without_plan(id).await?.ok_or_else(|| ApiError::not_found("run"))
}

/// A run with everything that is known of it.
#[utoipa::path(
    get, path = "/runs/{id}", tag = "runs",
    params(("id" = String, Path, description = "A run.")),
    responses((status = 200, description = "The run.", body = RunBody)),
)]
async fn show(
    State(app): State<App>,
    Person(me): Person,
    Path(id): Path<RunId>,
) -> Result<Response, ApiError> {
    let run = existing_run(&app, &id).await?;
    let place = large::place(&app, &me.id).await?;
    whole(&app, run, place).await
}

/// The answer that tells everything of a run.
async fn whole(app: &App, run: RunRow, place: Place) -> Result<Response, ApiError> {
    let of = app.clone();
    large::read(app, place, async move { body(&of, run, true).await }).await
}

/// The same to somebody who has changed it.
async fn changed(app: &App, me: &Me, id: &RunId) -> Result<Response, ApiError> {
    let run = existing_run(app, id).await?;
    let place = app.rooms.readers().place_afterwards(&me.id).await;
    whole(app, run, place).await
}

/// Stops a run; what it has completed stays.
#[utoipa::path(
    post, path = "/runs/{id}/cancel", tag = "runs",
    params(("id" = String, Path, description = "A run.")),
    responses(
        (status = 200, description = "The run as it is now.", body = RunBody),
    ),
)]
async fn cancel(
    State(app): State<App>,
    Person(me): Person,
    Path(id): Path<RunId>,
) -> Result<Response, ApiError> {
    existing_run(&app, &id).await?;
    app.runs.cancel(&id).await?;
    changed(&app, &me, &id).await
}

/// Starts a new run of what failed or was blocked.
#[utoipa::path(
    post, path = "/runs/{id}/retry", tag = "runs",
    params(
        ("id" = String, Path, description = "A run."),
        (
            "idempotency-key" = Option<String>,
            Header,
            description = "The same key with the same body starts no second run for 24 hours.",
            min_length = 1,
            max_length = 255,
        ),
    ),
    request_body = Option<RetryRequest>,
    responses(
        (status = 202, description = "It is started.", body = RunStarted),
        (status = 402, description = "The balance is too small."),
        (status = 409, description = "Something it needs is in hand, or the key was used for another request."),
        (status = 422, description = "The graph is not right, or it would cost too much."),
    ),
)]
async fn retry(
    State(app): State<App>,
    Person(me): Person,
    Path(id): Path<RunId>,
    headers: HeaderMap,
    Body(request): Body<RetryRequest>,
) -> Result<Response, ApiError> {
    let run = existing_run(&app, &id).await?;
    let keep = keep(&me.id, format!("POST /api/runs/{id}/retry"), &headers, &request)?;
    if let Some(keep) = &keep
        && let Some(answer) = repeated(&app, keep).await?
    {
        return Ok(answer);
    }
    let asked = StartRequest {
        person: me.id,
        person_name: me.name,
        target: Target::of(Mode::Workflow, None),
        max_cost: None,
        stop_on_error: run.on_error == "stop",
        keep: keep.clone(),
    };
    let which = Retry { node: request.node.map(NodeId::new), items: request.items };
    answered(&app, keep.as_ref(), app.runs.retry(&run, &which, asked).await).await
}

/// Decides about the candidates of an evaluator that waits.
#[utoipa::path(
    post, path = "/runs/{id}/review", tag = "runs",
    params(("id" = String, Path, description = "A run.")),
    request_body = ReviewRequest,
    responses(
        (status = 200, description = "The run as it is now.", body = RunBody),
        (status = 409, description = "It was decided already."),
    ),
)]
async fn review(
    State(app): State<App>,
    Person(me): Person,
    Path(id): Path<RunId>,
    Body(mut request): Body<ReviewRequest>,
) -> Result<Response, ApiError> {
    existing_run(&app, &id).await?;
    let mut named = BTreeSet::new();
    request.accept.retain(|candidate| named.insert(candidate.clone()));
    let decision = Decision {
        node: NodeId::new(request.node),
        accept: request.accept,
        reject: request.reject,
        note: names::note(&request.note.unwrap_or_default())?,
        person: me.id.clone(),
        person_name: me.name.clone(),
    };
    app.runs.review(&id, decision).await?;
    changed(&app, &me, &id).await
}

/// Holds or moves one’s own run while it waits in the queue.
#[utoipa::path(
    patch, path = "/runs/{id}", tag = "runs",
    params(("id" = String, Path, description = "A run.")),
    request_body = QueueChange,
    responses(
        (status = 200, description = "The run as it is now.", body = RunBody),
        (status = 409, description = "It does not wait any more."),
    ),
)]
async fn reorder(
    State(app): State<App>,
    Person(me): Person,
    Path(id): Path<RunId>,
    Body(request): Body<QueueChange>,
) -> Result<Response, ApiError> {
    let run = existing_run(&app, &id).await?;
    if request.after.is_none() && request.hold.is_none() {
        let detail = "Say “hold”: true or false, or “after”: the id of a run or null.";
        return Err(ApiError::bad_request(detail));
    }
    if let Some(after) = &request.after {
        let after = after.as_deref().map(RunId::new);
        app.runs.place(&run, &me.id, after.as_ref()).await?;
    }
    if let Some(hold) = request.hold {
        app.runs.hold(&run, &me.id, hold).await?;
    }
    changed(&app, &me, &id).await
}

/// Takes over a result that came after its call was stopped, for its price.
#[utoipa::path(
    post, path = "/runs/{id}/late/{late}", tag = "runs",
    params(
        ("id" = String, Path, description = "A run."),
        ("late" = String, Path, description = "A late result of it."),
    ),
    responses(
        (status = 200, description = "The run as it is now.", body = RunBody),
        (status = 402, description = "The balance is too small."),
        (status = 409, description = "It cannot be taken over."),
    ),
)]
async fn take_late(
    State(app): State<App>,
    Person(me): Person,
    Path((id, late)): Path<(RunId, String)>,
) -> Result<Response, ApiError> {
    existing_run(&app, &id).await?;
    known_id(&late, "late result")?;
    let row = app.db.late(&late).await?.filter(|row| row.run == id);
    let row = row.ok_or_else(|| ApiError::not_found("late result"))?;
    app.runs.take_late(&row).await?;
    changed(&app, &me, &id).await
}

/// Adds an edited picture as the newest result of a node.
#[utoipa::path(
    post, path = "/canvases/{id}/nodes/{node}/generations", tag = "runs",
    params(
        ("id" = String, Path, description = "A canvas."),
        ("node" = String, Path, description = "A node of it."),
    ),
    request_body = EditedGeneration,
    responses(
        (status = 201, description = "The new result.", body = GenerationBody),
        (status = 409, description = "It contradicts what is there."),
        (status = 422, description = "It does not fit the node."),
    ),
)]
async fn edited(
    State(app): State<App>,
    Person(me): Person,
    Path((id, node)): Path<(CanvasId, NodeId)>,
    Body(request): Body<EditedGeneration>,
) -> Result<(StatusCode, Json<GenerationBody>), ApiError> {
    existing(&app, &id).await?;
    known_id(node.as_str(), "node")?;
    let made = app.runs.add_edited(&id, &node, &request, &me.name).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Everything a node ever made, oldest first, with exactly what made it.
#[utoipa::path(
    get, path = "/canvases/{id}/nodes/{node}/generations", tag = "runs",
    params(
        ("id" = String, Path, description = "A canvas."),
        ("node" = String, Path, description = "A node of it."),
        Paging,
    ),
    responses((status = 200, description = "A page of the history.", body = Page<GenerationBody>)),
)]
async fn history(
    State(app): State<App>,
    Person(me): Person,
    Path((id, node)): Path<(CanvasId, NodeId)>,
    page: PageQuery,
) -> Result<Response, ApiError> {
    existing(&app, &id).await?;
    known_id(node.as_str(), "node")?;
    let after = page.number()?.unwrap_or(0);
    let place = large::place(&app, &me.id).await?;
    let (db, limit) = (app.db.clone(), page.limit());
    let made = async move {
        let (made, is_more) = db.history(&id, &node, after, limit, PAGE_BYTES_MAX).await?;
        let next = made.last().filter(|_| is_more).map(|(seq, _)| seq.to_string());
        let items = made.into_iter().map(|(_, made)| made).collect();
        Ok(Page::<GenerationBody> { items, next })
    };
    large::read(&app, place, made).await
}

/// An item of a step, as the API tells it.
fn item_body(row: &InvocationRow) -> ItemBody {
    ItemBody {
        key: row.item.clone(),
        n: u32::try_from(row.n).unwrap_or_default(),
        state: row.state(),
        attempts: u32::try_from(row.attempts).unwrap_or_default(),
        cost: Money(row.cost),
        seed: Some(row.seed),
        error: row.failure(),
        generations: row.generation_ids(),
        reused: row.reused != 0,
        started_at: row.started_at,
        finished_at: row.finished_at,
    }
}

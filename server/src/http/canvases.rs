//! Canvases: the workflow list, the graph, typed edits and the document itself.
#![expect(unused_qualifications, reason = "the macro that describes routes writes them")]

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use gesso_protocol::api::accounts::{CanvasRole, WorkspaceRole};
use gesso_protocol::api::{
    CanvasBody, CanvasChange, Damage, DamageReason, EditsDone, GraphBody, GraphNode, NewCanvas,
    Page,
};
use gesso_protocol::edit::{self, Edit, Edits};
use gesso_protocol::graph::Graph;
use gesso_protocol::ids::{AssetId, CanvasId, WorkspaceId, is_id};
use gesso_protocol::problem::{ErrorCode, NODES_TOLD_MAX, Refusal};
use gesso_protocol::schema::Canvas;
use gesso_protocol::values::AssetRef;
use gesso_protocol::{names, schema, template};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use super::actor::Actor;
use super::asset_rights;
use super::bodies::BodyMax;
use super::caller::Client;
use super::extract::{AnyJson, Json as Body, PageQuery, Paging, Person, Update, known_id};
use super::large;
use super::quotas;
use super::refused::Refused;
use super::rights::{Granted, check_member};
use crate::access::Caller;
use crate::app::App;
use crate::clock::{fresh_id, now_ms};
use crate::db::assets::AssetKey;
use crate::db::canvases::CanvasRow;
use crate::error::ApiError;
use crate::readers::Place;
use crate::room::{self, RoomError, RoomHandle};

/// The largest update that can be posted, in bytes.
const DOC_MAX_BYTES: usize = 64 * 1024 * 1024;
/// The largest list of edits, in bytes.
const EDITS_MAX_BYTES: usize = 16 * 1024 * 1024;
/// The close code for those who have a canvas open that is deleted.
const CLOSE_DELETED: u16 = 4409;

/// Everything under `/api/canvases` but runs.
pub fn routes() -> OpenApiRouter<App> {
    let edits = routes!(edits).layer(Extension(BodyMax(EDITS_MAX_BYTES)));
    let doc = routes!(doc, post_doc).layer(Extension(BodyMax(DOC_MAX_BYTES)));
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(show, change, remove))
        .routes(routes!(duplicate))
        .routes(routes!(graph))
        .routes(edits)
        .routes(doc)
}

async fn body(app: &App, row: CanvasRow, role: CanvasRole) -> Result<CanvasBody, ApiError> {
    Ok(CanvasBody {
        last_run: app.db.last_run(&row.id).await?,
        preview: app.db.preview(&row.id).await?,
        online: app.rooms.online(&row.id),
        damage: Vec::new(),
        workspace: row.workspace.to_string(),
        role,
        id: row.id.to_string(),
        name: row.name,
        description: row.description,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// The row of a canvas that is not deleted.
pub(super) async fn existing(app: &App, id: &CanvasId) -> Result<CanvasRow, ApiError> {
    known_id(id.as_str(), "canvas")?;
    let row = app.db.canvas(id).await?.filter(|row| row.deleted_at.is_none());
    row.ok_or_else(|| ApiError::not_found("canvas"))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only those of this workspace.
    workspace: Option<String>,
}

/// The canvases, last changed first.
#[utoipa::path(
    get, path = "/canvases", tag = "canvases",
    params(ListQuery, Paging),
    responses((status = 200, description = "A page of the list.", body = Page<CanvasBody>)),
)]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(ListQuery { workspace }): Query<ListQuery>,
    page: PageQuery,
) -> Result<Json<Page<CanvasBody>>, ApiError> {
    let person = app.access.needs_accounts().then_some(caller.me.id.as_str());
    let within = workspace.map(WorkspaceId::new);
    if let Some(within) = &within
        && app.access.needs_accounts()
        && caller.role_in(within).is_none()
    {
        return Err(ApiError::not_found("workspace"));
    }
    let after = page.time_and_id()?;
    let rows = app.db.canvases(person, within.as_ref(), after, page.rows()).await?;
    let cursor = |(row, _): &(CanvasRow, CanvasRole)| format!("{}.{}", row.updated_at, row.id);
    let Page { items: rows, next } = page.cut(rows, cursor);
    let mut items = Vec::with_capacity(rows.len());
    for (row, role) in rows {
        items.push(body(&app, row, role).await?);
    }
    Ok(Json(Page { items, next }))
}

/// Makes a canvas, empty or from a template.
#[utoipa::path(
    post, path = "/canvases", tag = "canvases",
    request_body = Option<NewCanvas>,
    responses(
        (status = 201, description = "The new canvas.", body = CanvasBody),
        (status = 404, description = "There is no such template."),
        (status = 409, description = "The id is or was used."),
    ),
)]
async fn add(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<NewCanvas>,
) -> Result<(StatusCode, Json<CanvasBody>), ApiError> {
    Ok((StatusCode::CREATED, Json(create(&app, &caller, new).await?)))
}

/// Makes a canvas of somebody's, empty or from a template.
pub(super) async fn create(
    app: &App,
    caller: &Caller,
    new: NewCanvas,
) -> Result<CanvasBody, ApiError> {
    create_of(app, caller, new, None).await
}

/// The workspace of a canvas to be: the one named, else the caller's own.
async fn place_for(
    app: &App,
    caller: &Caller,
    named: Option<String>,
) -> Result<WorkspaceId, ApiError> {
    // The body may have taken a while: what counts is what they are now.
    let now = match app.access.needs_accounts() {
        true => app.db.signed_in(&caller.me.id).await?,
        false => None,
    };
    let caller = &match now {
        Some((_, memberships)) => Caller { memberships, ..caller.clone() },
        None => caller.clone(),
    };
    let workspace = named.map_or_else(|| caller.home(), WorkspaceId::new);
    let is_there = match app.access.needs_accounts() {
        true => workspace == caller.home() || caller.role_in(&workspace).is_some(),
        false => app.db.workspace(&workspace).await?.is_some(),
    };
    if !is_there {
        return Err(ApiError::not_found("workspace"));
    }
    check_member(caller, &workspace, WorkspaceRole::Member).map_err(Refused::error)?;
    quotas::canvas(app, &workspace).await?;
    Ok(workspace)
}

/// Makes a canvas with the content of another one, or from a template, or empty.
async fn create_of(
    app: &App,
    caller: &Caller,
    new: NewCanvas,
    of: Option<RoomHandle>,
) -> Result<CanvasBody, ApiError> {
    let workspace = place_for(app, caller, new.workspace).await?;
    let id = CanvasId::new(new.id.unwrap_or_else(fresh_id));
    if !is_id(id.as_str()) {
        return Err(ApiError::bad_request("An id has 1 to 64 of a-z, 0-9, _ and -."));
    }
    let from = match &new.template {
        None => None,
        Some(wanted) => {
            let found = template::all().into_iter().find(|template| template.id == *wanted);
            Some(found.ok_or_else(|| ApiError::not_found("template"))?)
        }
    };
    let name = new
        .name
        .or_else(|| from.as_ref().map(|template| template.name.clone()))
        .unwrap_or_else(|| names::UNTITLED.to_owned());
    let description = new
        .description
        .or_else(|| from.as_ref().map(|template| template.description.clone()))
        .unwrap_or_default();
    let name = names::name(&name)?;
    let description = names::description(&description)?;
    let first = json!([{"op": "set_meta", "name": name, "description": description}]);
    let mut edits = edit::parse(&first)?;
    if let Some(template) = from {
        edits.extend(edit::parse(&template.edits)?);
    }
    let assets = facts(app, caller, &workspace, &edits).await?;
    let (nodes_max, client) = (app.options.nodes_max, rand::random::<u32>().max(1));
    let first = match of {
        // A template is small: it waits for nobody.
        None => room::first_state(None, &edits, &assets, nodes_max, client),
        Some(room) => {
            // A document may be large: it is not even asked for before there is a place, and it is read and written anew away
            // from the async threads.
            let place = app.rooms.readers().place(&caller.me.id).await?;
            let state = room.encode_state().await?;
            let write = move || room::first_state(Some(&state), &edits, &assets, nodes_max, client);
            place.run(write).await?.1
        }
    };
    let state = first??;
    let now = now_ms();
    let row = CanvasRow {
        id: id.clone(),
        workspace,
        name,
        description,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    let owner = app.access.needs_accounts().then_some(caller.me.id.as_str());
    app.db.add_canvas(&row, Some(&state), owner).await.map_err(|error| {
        if error.is_unique_violation() {
            let detail = format!("The id {id} is or was another canvas's. Choose another one.");
            return ApiError::new(ErrorCode::Conflict, detail);
        }
        error.into()
    })?;
    app.events.changed(&id);
    body(app, row, CanvasRole::Owner).await
}

/// A canvas in the list.
#[utoipa::path(
    get, path = "/canvases/{id}", tag = "canvases",
    params(("id" = String, Path, description = "A canvas.")),
    responses((status = 200, description = "The canvas.", body = CanvasBody)),
)]
async fn show(
    State(app): State<App>,
    Granted(role): Granted,
    Path(id): Path<CanvasId>,
) -> Result<Json<CanvasBody>, ApiError> {
    let row = existing(&app, &id).await?;
    let mut canvas = body(&app, row, role).await?;
    // What is damaged turns out when it is opened.
    let opened = app.rooms.open(&id).await;
    canvas.damage = app.db.damage(&id).await.unwrap_or_default();
    if let Err(error @ (RoomError::Load(_) | RoomError::Store(_))) = opened {
        tracing::error!(%error, canvas = id.as_str(), "a canvas cannot be opened");
        let reason = DamageReason::Unreadable;
        canvas.damage.push(Damage { at: now_ms(), rows: 1, bytes: 0, reason, first: 0 });
    }
    Ok(Json(canvas))
}

/// Changes name or description.
#[utoipa::path(
    patch, path = "/canvases/{id}", tag = "canvases",
    params(("id" = String, Path, description = "A canvas.")),
    request_body = Option<CanvasChange>,
    responses((status = 200, description = "The canvas as it is now.", body = CanvasBody)),
)]
async fn change(
    State(app): State<App>,
    Granted(role): Granted,
    Path(id): Path<CanvasId>,
    Body(change): Body<CanvasChange>,
) -> Result<Json<CanvasBody>, ApiError> {
    let row = existing(&app, &id).await?;
    let name = match change.name {
        None => row.name,
        Some(name) => names::name(&name)?,
    };
    let description = match change.description {
        None => row.description,
        Some(text) => names::description(&text)?,
    };
    let room = app.rooms.open(&id).await?;
    let (in_name, in_description) = (name.clone(), description.clone());
    room.edit(move |txn| {
        schema::set_meta(txn, "name", &in_name);
        schema::set_meta(txn, "description", &in_description);
    })
    .await?;
    app.events.changed(&id);
    let row = existing(&app, &id).await?;
    Ok(Json(body(&app, row, role).await?))
}

/// Deletes a canvas with its runs; its media stay.
#[utoipa::path(
    delete, path = "/canvases/{id}", tag = "canvases",
    params(("id" = String, Path, description = "A canvas.")),
    responses((status = 204, description = "It is deleted.")),
)]
async fn remove(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Path(id): Path<CanvasId>,
) -> Result<StatusCode, ApiError> {
    let row = existing(&app, &id).await?;
    // First of all: whoever connects again from here on finds nothing to open, and no run starts any more.
    if !app.db.mark_deleted(&id, now_ms()).await? {
        return Err(ApiError::not_found("canvas"));
    }
    app.events.changed(&id);
    Actor::of(&caller, client).did(&app, "canvas.deleted", &id, &row.name).await?;
    app.runs.end_all(&id).await?;
    app.rooms.close(&id, CLOSE_DELETED, "This canvas was deleted.").await;
    app.db.purge(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A copy of its content, not of its runs.
#[utoipa::path(
    post, path = "/canvases/{id}/duplicate", tag = "canvases",
    params(("id" = String, Path, description = "A canvas.")),
    responses((status = 201, description = "The copy.", body = CanvasBody)),
)]
async fn duplicate(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<CanvasId>,
) -> Result<(StatusCode, Json<CanvasBody>), ApiError> {
    let row = existing(&app, &id).await?;
    let source = app.rooms.open(&id).await?;
    let new = NewCanvas {
        name: Some(names::copy_of(&row.name)),
        description: Some(names::shortened_text(&row.description, names::DESCRIPTION_CHARS_MAX)),
        workspace: Some(row.workspace.to_string()),
        ..NewCanvas::default()
    };
    Ok((StatusCode::CREATED, Json(create_of(&app, &caller, new, Some(source)).await?)))
}

/// A canvas as runs read it, in a reader's place.
pub(super) async fn whole(
    app: &App,
    id: &CanvasId,
    person: &str,
) -> Result<(Place, Canvas), ApiError> {
    let room = app.rooms.open(id).await?;
    let place = large::place(app, person).await?;
    let copy = room.copy().await?;
    let (place, canvas) = place.run(move || copy.canvas()).await?;
    let mut canvas = canvas?;
    app.db.complete(id, &mut canvas).await?;
    Ok((place, canvas))
}

/// The graph as the runner reads it, with results and problems.
#[utoipa::path(
    get, path = "/canvases/{id}/graph", tag = "canvases",
    params(("id" = String, Path, description = "A canvas.")),
    responses(
        (status = 200, description = "The graph.", body = GraphBody),
        (status = 413, description = "It is too large to be answered whole."),
    ),
)]
async fn graph(
    State(app): State<App>,
    Person(me): Person,
    Path(id): Path<CanvasId>,
) -> Result<Response, ApiError> {
    existing(&app, &id).await?;
    let (place, canvas) = whole(&app, &id, &me.id).await?;
    let (place, written) = place.run(move || graph_json(canvas)).await?;
    large::answer(&app, place, written?)
}

/// The answer to `GET …/graph`.
fn graph_json(mut canvas: Canvas) -> Result<Vec<u8>, ApiError> {
    let graph = Graph::materialize(&canvas);
    let mut nodes = Vec::with_capacity(canvas.nodes.len());
    for (id, node) in std::mem::take(&mut canvas.nodes) {
        let result = canvas.results.remove(&id);
        let generations = canvas.generations.remove(&id).unwrap_or_default();
        let state = result.as_ref().map(|result| result.state).unwrap_or_default();
        nodes.push(GraphNode { node, state, result, generations });
    }
    let body = GraphBody {
        name: canvas.meta.name,
        description: canvas.meta.description,
        nodes,
        edges: graph.edges().cloned().collect(),
        problems: graph.problems().iter().take(NODES_TOLD_MAX).cloned().collect(),
    };
    serde_json::to_vec(&body).map_err(|error| ApiError::Internal(error.to_string()))
}

/// Checking and writing an edit takes about as long as working on so many bytes.
const EDIT_BYTES: usize = 100;

/// Facts of the assets that edits name, as the workspace has them.
async fn facts(
    app: &App,
    caller: &Caller,
    workspace: &WorkspaceId,
    edits: &[Edit],
) -> Result<BTreeMap<String, AssetRef>, ApiError> {
    let mut assets = BTreeMap::new();
    for id in edit::asset_ids(edits) {
        let key = AssetKey { workspace: workspace.clone(), id: AssetId::new(id.as_str()) };
        // To whoever may not read it, it is unknown.
        if let Some(row) = asset_rights::record(app, caller, &key).await? {
            assets.insert(id, row.reference());
        }
    }
    Ok(assets)
}

/// Checks edits inside the room against the document as it is then, and writes them in the same transaction.
async fn apply(
    app: &App,
    caller: &Caller,
    (workspace, room): (&WorkspaceId, &RoomHandle),
    edits: Vec<Edit>,
) -> Result<Vec<Option<String>>, ApiError> {
    let assets = facts(app, caller, workspace, &edits).await?;
    let nodes_max = app.options.nodes_max;
    let applied = room
        .edit_of(
            edit::weight(&edits),
            edits.len() * EDIT_BYTES,
            move |txn| -> Result<Vec<Option<String>>, Refusal> {
                let canvas = schema::read_canvas(txn);
                let checked = edit::check(&canvas, &edits, &assets, nodes_max, &mut fresh_id)?;
                checked.apply(txn);
                Ok(checked.ids)
            },
        )
        .await?;
    Ok(applied?)
}

/// Typed edits, all or nothing.
#[utoipa::path(
    post, path = "/canvases/{id}/edits", tag = "canvases",
    params(("id" = String, Path, description = "A canvas.")),
    request_body = Edits,
    responses(
        (status = 200, description = "What each edit made or changed.", body = EditsDone),
        (status = 409, description = "It contradicts what is there."),
        (status = 422, description = "The graph would not be right."),
    ),
)]
async fn edits(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<CanvasId>,
    AnyJson(value): AnyJson,
) -> Result<Json<EditsDone>, ApiError> {
    let row = existing(&app, &id).await?;
    let edits = edit::parse(&value)?;
    let room = app.rooms.open(&id).await?;
    let chooses = edits.iter().any(Edit::chooses);
    let ids = apply(&app, &caller, (&row.workspace, &room), edits).await?;
    if chooses {
        // The document may not hold what was chosen (R-DOC-30).
        room.check_outcome().await?;
    }
    Ok(Json(EditsDone { ids }))
}

/// The document as one Yjs update (v1).
#[utoipa::path(
    get, path = "/canvases/{id}/doc", tag = "canvases",
    params(("id" = String, Path, description = "A canvas.")),
    responses(
        (
            status = 200,
            description = "The update.",
            body = Vec<u8>,
            content_type = "application/octet-stream",
        ),
    ),
)]
async fn doc(
    State(app): State<App>,
    Path(id): Path<CanvasId>,
) -> Result<impl IntoResponse, ApiError> {
    existing(&app, &id).await?;
    let room = app.rooms.open(&id).await?;
    let update = room.encode_state().await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], update))
}

/// Applies one Yjs update (v1) of at most 64 MiB, by the rules of sync.
#[utoipa::path(
    post, path = "/canvases/{id}/doc", tag = "canvases",
    params(("id" = String, Path, description = "A canvas.")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204, description = "It is applied and saved.")),
)]
async fn post_doc(
    State(app): State<App>,
    Person(me): Person,
    Path(id): Path<CanvasId>,
    Update(update): Update,
) -> Result<StatusCode, ApiError> {
    existing(&app, &id).await?;
    let room = app.rooms.open(&id).await?;
    room.apply_update(update, &me.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! The access to a canvas: who has which role, its link, and requests for a role.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gesso_protocol::api::accounts::{
    AccessAnswer, AccessBody, AccessRequestBody, CanvasRole, LinkBody, NewAccessRequest, NewLink,
    NotificationKind, PersonAccess, Transfer, WorkspaceAccess,
};
use gesso_protocol::ids::{CanvasId, is_id};
use gesso_protocol::names;
use gesso_protocol::problem::{ErrorCode, quoted};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::actor::Actor;
use super::caller::{Base, Client};
use super::canvases::existing;
use super::extract::Json as Body;
use super::gate::{below_owner, check_accounts, hashed};
use super::links::notify;
use super::rights::Granted;
use crate::access::{AccessChange, Caller};
use crate::accounts::{password, secret};
use crate::app::App;
use crate::clock::{fresh_id, now_ms};
use crate::db::access::LinkRow;
use crate::error::ApiError;

/// The longest note of a request, in characters.
const NOTE_CHARS_MAX: usize = 500;

/// `/api/canvases/{id}/access`.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(put_person, remove_person))
        .routes(routes!(put_link, end_link))
        .routes(routes!(put_workspace))
        .routes(routes!(transfer))
        .routes(routes!(request))
        .routes(routes!(answer))
}

fn link_body(base: &Base, row: &LinkRow) -> LinkBody {
    LinkBody {
        role: row.role(),
        url: base.join(&row.secret),
        expires_at: row.expires_at,
        password: row.password.is_some(),
    }
}

/// The access as a person may know it.
async fn body(
    app: &App,
    base: &Base,
    id: &CanvasId,
    role: CanvasRole,
) -> Result<AccessBody, ApiError> {
    let mut people = app.db.canvas_people(id).await?;
    people.sort_by_key(|person| std::cmp::Reverse(person.role));
    let mut body = AccessBody {
        role,
        people,
        workspace_role: app.db.workspace_role(id).await?,
        link: None,
        requests: Vec::new(),
    };
    if role == CanvasRole::Owner {
        let now = now_ms();
        let link = app.db.link(id).await?;
        let link = link.filter(|link| link.expires_at.is_none_or(|at| at > now));
        body.link = link.map(|link| link_body(base, &link));
        body.requests = app.db.access_requests(id).await?;
    }
    Ok(body)
}

fn last_owner() -> ApiError {
    let detail = "A canvas needs an owner. Hand it over to somebody else first.";
    ApiError::new(ErrorCode::Conflict, detail)
}

fn changed(app: &App, canvas: &CanvasId, person: Option<&str>) {
    app.access
        .changed(AccessChange { canvas: Some(canvas.clone()), person: person.map(str::to_owned) });
}

/// Who has access to a canvas.
#[utoipa::path(
    get, path = "/canvases/{id}/access", tag = "access",
    params(("id" = String, Path, description = "A canvas.")),
    responses((status = 200, description = "People, link and requests.", body = AccessBody)),
)]
async fn show(
    State(app): State<App>,
    Granted(role): Granted,
    base: Base,
    Path(id): Path<CanvasId>,
) -> Result<Json<AccessBody>, ApiError> {
    check_accounts(&app)?;
    Ok(Json(body(&app, &base, &id, role).await?))
}

/// Gives a person a role.
#[utoipa::path(
    put, path = "/canvases/{id}/access/people/{person}", tag = "access",
    params(
        ("id" = String, Path, description = "A canvas."),
        ("person" = String, Path, description = "A person of the workspace."),
    ),
    request_body = PersonAccess,
    responses(
        (status = 200, description = "The access as it is now.", body = AccessBody),
        (status = 409, description = "They are the last owner."),
    ),
)]
async fn put_person(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    base: Base,
    Path((id, person)): Path<(CanvasId, String)>,
    Body(PersonAccess { role }): Body<PersonAccess>,
) -> Result<Json<AccessBody>, ApiError> {
    check_accounts(&app)?;
    let canvas = existing(&app, &id).await?;
    if app.db.signed_in(&person).await?.is_none() {
        return Err(ApiError::not_found("person"));
    }
    let before = app.db.role(&id, &person).await?.and_then(|row| row.role());
    if !app.db.put_canvas_person(&id, &person, role, now_ms()).await? {
        return Err(last_owner());
    }
    Actor::of(&caller, client).did_so(&app, "access.changed", &id, &person, role.id()).await?;
    changed(&app, &id, Some(&person));
    if person != caller.me.id && before != Some(role) {
        let text = format!("You are {} of {} now.", role.id(), quoted(&canvas.name));
        notify(&app, &caller, &person, (&id, canvas.name), NotificationKind::Role, text, None)
            .await?;
    }
    Ok(Json(body(&app, &base, &id, CanvasRole::Owner).await?))
}

/// Takes the role of a person away, or one's own.
#[utoipa::path(
    delete, path = "/canvases/{id}/access/people/{person}", tag = "access",
    params(
        ("id" = String, Path, description = "A canvas."),
        ("person" = String, Path, description = "A person with a role on it."),
    ),
    responses(
        (status = 204, description = "They have no role of their own any more."),
        (status = 409, description = "They are the last owner."),
    ),
)]
async fn remove_person(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Granted(role): Granted,
    Path((id, person)): Path<(CanvasId, String)>,
) -> Result<StatusCode, ApiError> {
    check_accounts(&app)?;
    if person != caller.me.id && role < CanvasRole::Owner {
        let detail = "Only an owner of the canvas takes the role of somebody else away.";
        return Err(ApiError::new(ErrorCode::Forbidden, detail));
    }
    if !app.db.remove_canvas_person(&id, &person).await? {
        return Err(last_owner());
    }
    Actor::of(&caller, client).did(&app, "access.ended", &id, &person).await?;
    changed(&app, &id, Some(&person));
    Ok(StatusCode::NO_CONTENT)
}

/// Makes the link of a canvas, or changes its role, end and password. An earlier link ends where it has another
/// password or end.
#[utoipa::path(
    put, path = "/canvases/{id}/access/link", tag = "access",
    params(("id" = String, Path, description = "A canvas.")),
    request_body = NewLink,
    responses((status = 200, description = "The link.", body = LinkBody)),
)]
async fn put_link(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    base: Base,
    Path(id): Path<CanvasId>,
    Body(wish): Body<NewLink>,
) -> Result<Json<LinkBody>, ApiError> {
    check_accounts(&app)?;
    let role = below_owner(wish.role)?;
    let now = now_ms();
    if wish.expires_at.is_some_and(|at| at <= now) {
        return Err(ApiError::bad_request("expires_at is in the past; it is in ms since 1970."));
    }
    let password = match wish.password.filter(|password| !password.is_empty()) {
        None => None,
        Some(password) if password.len() > password::BYTES_MAX => {
            return Err(ApiError::bad_request("The password is too long."));
        }
        Some(password) => Some(hashed(&app, password).await?),
    };
    // Another role alone leaves the link that was sent around as it is.
    let before = app.db.link(&id).await?.filter(|before| {
        password.is_none() && before.password.is_none() && before.expires_at == wish.expires_at
    });
    let row = LinkRow {
        canvas: id.clone(),
        secret: before.map_or_else(secret::fresh, |before| before.secret),
        role: role.id().to_owned(),
        by_name: caller.me.name.clone(),
        password,
        created_at: now,
        expires_at: wish.expires_at,
    };
    app.db.put_link(&row).await?;
    Actor::of(&caller, client).did(&app, "link.changed", &id, role.id()).await?;
    Ok(Json(link_body(&base, &row)))
}

/// Takes the link of a canvas back.
#[utoipa::path(
    delete, path = "/canvases/{id}/access/link", tag = "access",
    params(("id" = String, Path, description = "A canvas.")),
    responses((status = 204, description = "It can no longer be taken.")),
)]
async fn end_link(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Path(id): Path<CanvasId>,
) -> Result<StatusCode, ApiError> {
    check_accounts(&app)?;
    app.db.end_link(&id).await?;
    Actor::of(&caller, client).did(&app, "link.ended", &id, "").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes the role of every member of the workspace.
#[utoipa::path(
    put, path = "/canvases/{id}/access/workspace", tag = "access",
    params(("id" = String, Path, description = "A canvas.")),
    request_body = WorkspaceAccess,
    responses((status = 200, description = "The access as it is now.", body = AccessBody)),
)]
async fn put_workspace(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    base: Base,
    Path(id): Path<CanvasId>,
    Body(WorkspaceAccess { role }): Body<WorkspaceAccess>,
) -> Result<Json<AccessBody>, ApiError> {
    check_accounts(&app)?;
    app.db.set_workspace_role(&id, role).await?;
    let named = role.role().map_or("none", CanvasRole::id);
    Actor::of(&caller, client).did(&app, "access.workspace", &id, named).await?;
    changed(&app, &id, None);
    Ok(Json(body(&app, &base, &id, CanvasRole::Owner).await?))
}

/// Hands a canvas over to somebody who has access to it.
#[utoipa::path(
    post, path = "/canvases/{id}/access/transfer", tag = "access",
    params(("id" = String, Path, description = "A canvas.")),
    request_body = Transfer,
    responses((status = 200, description = "The access as it is now.", body = AccessBody)),
)]
async fn transfer(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    base: Base,
    Path(id): Path<CanvasId>,
    Body(Transfer { person }): Body<Transfer>,
) -> Result<Json<AccessBody>, ApiError> {
    check_accounts(&app)?;
    let canvas = existing(&app, &id).await?;
    let has_role = app.db.role(&id, &person).await?.is_some_and(|row| row.role().is_some());
    if !has_role || app.db.signed_in(&person).await?.is_none() {
        let detail =
            "A canvas is handed over to somebody who has access to it. Give them a role first.";
        return Err(ApiError::new(ErrorCode::NotFound, detail));
    }
    app.db.transfer(&id, &person, now_ms()).await?;
    Actor::of(&caller, client).did(&app, "access.transferred", &id, &person).await?;
    changed(&app, &id, None);
    if person != caller.me.id {
        let text = format!("{} is yours now.", quoted(&canvas.name));
        notify(&app, &caller, &person, (&id, canvas.name), NotificationKind::Role, text, None)
            .await?;
    }
    let role = app.access.role(&caller, &id).await?;
    Ok(Json(body(&app, &base, &id, role.unwrap_or(CanvasRole::Viewer)).await?))
}

/// Asks for a role. The answer is the same whether or not there is such a canvas.
#[utoipa::path(
    post, path = "/canvases/{id}/access/requests", tag = "access",
    params(("id" = String, Path, description = "A canvas, or what may be one.")),
    request_body = NewAccessRequest,
    responses((status = 204, description = "Whoever owns it is asked.")),
)]
async fn request(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(wish): Body<NewAccessRequest>,
) -> Result<StatusCode, ApiError> {
    check_accounts(&app)?;
    below_owner(wish.role)?;
    let note = names::note(wish.note.as_deref().unwrap_or_default())?;
    let note = names::shortened_text(&note, NOTE_CHARS_MAX);
    super::gate::count_request(&app, &caller.me.id)?;
    let canvas = CanvasId::new(id);
    if !is_id(canvas.as_str()) {
        return Ok(StatusCode::NO_CONTENT);
    }
    let role = app.db.role(&canvas, &caller.me.id).await?;
    let Some(before) = role.map(|row| row.role()) else { return Ok(StatusCode::NO_CONTENT) };
    if before.is_some_and(|before| before >= wish.role) {
        return Ok(StatusCode::NO_CONTENT);
    }
    let asked = AccessRequestBody {
        id: fresh_id(),
        person: caller.me.id.clone(),
        name: caller.me.name.clone(),
        role: wish.role,
        note,
        created_at: now_ms(),
    };
    app.db.put_access_request(&canvas, &asked).await?;
    let text = match asked.note.as_str() {
        "" => format!("asks to be {}.", wish.role.id()),
        note => format!("asks to be {}: {note}", wish.role.id()),
    };
    let name = app.db.canvas(&canvas).await?.map(|row| row.name).unwrap_or_default();
    for owner in app.db.owners(&canvas).await? {
        let (kind, of) = (NotificationKind::AccessRequest, (&canvas, name.clone()));
        notify(&app, &caller, &owner, of, kind, text.clone(), Some(asked.id.clone())).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Answers a request: with a role, or by declining it.
#[utoipa::path(
    post, path = "/canvases/{id}/access/requests/{request}", tag = "access",
    params(
        ("id" = String, Path, description = "A canvas."),
        ("request" = String, Path, description = "A request."),
    ),
    request_body = AccessAnswer,
    responses((status = 200, description = "The access as it is now.", body = AccessBody)),
)]
async fn answer(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    base: Base,
    Path((id, request)): Path<(CanvasId, String)>,
    Body(wish): Body<AccessAnswer>,
) -> Result<Json<AccessBody>, ApiError> {
    check_accounts(&app)?;
    let declines = wish.decline == Some(true);
    if wish.role.is_some() == declines {
        return Err(ApiError::bad_request("Answer with a role, or with decline: true."));
    }
    let canvas = existing(&app, &id).await?;
    let role = wish.role.map(below_owner).transpose()?;
    let person = app.db.take_access_request(&id, &request).await?;
    let person = person.ok_or_else(|| ApiError::not_found("request"))?;
    let actor = Actor::of(&caller, client);
    let (name, text) = match role {
        Some(role) => {
            if !app.db.put_canvas_person(&id, &person, role, now_ms()).await? {
                return Err(last_owner());
            }
            actor.did_so(&app, "access.changed", &id, &person, role.id()).await?;
            changed(&app, &id, Some(&person));
            let text = format!("You are {} of {} now.", role.id(), quoted(&canvas.name));
            (canvas.name, text)
        }
        None => {
            actor.did(&app, "access.declined", &id, &person).await?;
            (String::new(), "declined your request.".to_owned())
        }
    };
    notify(&app, &caller, &person, (&id, name), NotificationKind::Role, text, None).await?;
    Ok(Json(body(&app, &base, &id, CanvasRole::Owner).await?))
}

//! Workspaces, their people and invitations.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gesso_protocol::api::Page;
use gesso_protocol::api::accounts::{
    InvitationBody, LinkKind, MemberBody, MemberChange, NewInvitation, NewWorkspace, WorkspaceBody,
    WorkspaceChange, WorkspaceRole,
};
use gesso_protocol::ids::WorkspaceId;
use gesso_protocol::names;
use gesso_protocol::problem::ErrorCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::actor::Actor;
use super::caller::{Base, Client};
use super::extract::{Json as Body, PageQuery, Paging};
use super::gate::check_accounts;
use crate::access::{AccessChange, Caller};
use crate::accounts::{INVITATION_MS, email_key, new_invitation, secret};
use crate::app::App;
use crate::clock::{fresh_id, now_ms};
use crate::db::members::WorkspaceRow;
use crate::error::ApiError;

/// The most invitations of a workspace that wait.
const INVITATIONS_MAX: usize = 500;

/// The most workspaces of a server.
const WORKSPACES_MAX: i64 = 1_000;

/// `/api/workspaces`.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(show, change))
        .routes(routes!(members))
        .routes(routes!(change_member, remove_member))
        .routes(routes!(invitations, invite))
        .routes(routes!(end_invitation))
}

/// A workspace; that the caller is in it was asked before (`rights`).
async fn existing(app: &App, id: &WorkspaceId) -> Result<WorkspaceRow, ApiError> {
    check_accounts(app)?;
    app.db.workspace(id).await?.ok_or_else(|| ApiError::not_found("workspace"))
}

fn body(row: WorkspaceRow, caller: &Caller) -> WorkspaceBody {
    WorkspaceBody {
        role: caller.role_in(&row.id).unwrap_or(WorkspaceRole::Guest),
        id: row.id.to_string(),
        name: row.name,
        members: row.members,
        created_at: row.created_at,
    }
}

/// The workspaces one is in, the server's own first.
#[utoipa::path(
    get, path = "/workspaces", tag = "workspaces",
    params(Paging),
    responses((status = 200, description = "All of them.", body = Page<WorkspaceBody>)),
)]
async fn list(
    State(app): State<App>,
    caller: Caller,
    page: PageQuery,
) -> Result<Json<Page<WorkspaceBody>>, ApiError> {
    check_accounts(&app)?;
    page.id()?;
    let rows = app.db.workspaces_of(&caller.me.id).await?;
    let items = rows.into_iter().map(|row| body(row, &caller)).collect();
    Ok(Json(Page { items, next: None }))
}

/// Makes a workspace with credits of its own, whose owner one is.
#[utoipa::path(
    post, path = "/workspaces", tag = "workspaces",
    request_body = NewWorkspace,
    responses(
        (status = 201, description = "The new workspace.", body = WorkspaceBody),
        (status = 409, description = "There are as many as may be."),
    ),
)]
async fn add(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Body(NewWorkspace { name }): Body<NewWorkspace>,
) -> Result<(StatusCode, Json<WorkspaceBody>), ApiError> {
    check_accounts(&app)?;
    let name = names::name(&name)?;
    if app.db.workspace_count().await? >= WORKSPACES_MAX {
        let detail = format!("There are {WORKSPACES_MAX} workspaces, as many as may be.");
        return Err(ApiError::new(ErrorCode::Conflict, detail));
    }
    let id = WorkspaceId::new(fresh_id());
    let credits = app.options.first_credits;
    app.db.add_workspace(&id, &name, &caller.me.id, credits, now_ms()).await?;
    Actor::of(&caller, client).did(&app, "workspace.created", &id, &name).await?;
    app.access.changed(AccessChange { person: Some(caller.me.id.clone()), canvas: None });
    let row = existing(&app, &id).await?;
    let made = WorkspaceBody { role: WorkspaceRole::Owner, ..body(row, &caller) };
    Ok((StatusCode::CREATED, Json(made)))
}

/// A workspace.
#[utoipa::path(
    get, path = "/workspaces/{id}", tag = "workspaces",
    params(("id" = String, Path, description = "A workspace.")),
    responses((status = 200, description = "The workspace.", body = WorkspaceBody)),
)]
async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<WorkspaceId>,
) -> Result<Json<WorkspaceBody>, ApiError> {
    Ok(Json(body(existing(&app, &id).await?, &caller)))
}

/// Renames a workspace.
#[utoipa::path(
    patch, path = "/workspaces/{id}", tag = "workspaces",
    params(("id" = String, Path, description = "A workspace.")),
    request_body = Option<WorkspaceChange>,
    responses((status = 200, description = "The workspace as it is now.", body = WorkspaceBody)),
)]
async fn change(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Path(id): Path<WorkspaceId>,
    Body(wish): Body<WorkspaceChange>,
) -> Result<Json<WorkspaceBody>, ApiError> {
    existing(&app, &id).await?;
    if let Some(name) = wish.name {
        let name = names::name(&name)?;
        app.db.rename_workspace(&id, &name).await?;
        Actor::of(&caller, client).did(&app, "workspace.renamed", &id, &name).await?;
    }
    Ok(Json(body(existing(&app, &id).await?, &caller)))
}

/// The people of a workspace.
#[utoipa::path(
    get, path = "/workspaces/{id}/members", tag = "workspaces",
    params(("id" = String, Path, description = "A workspace."), Paging),
    responses((status = 200, description = "A page of the list.", body = Page<MemberBody>)),
)]
async fn members(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<WorkspaceId>,
    page: PageQuery,
) -> Result<Json<Page<MemberBody>>, ApiError> {
    existing(&app, &id).await?;
    let mut rows = app.db.members(&id, page.id()?, page.rows()).await?;
    if !caller.is_in(&id, WorkspaceRole::Admin) {
        for row in &mut rows {
            row.email = None;
        }
    }
    Ok(Json(page.cut(rows, |row| row.id.clone())))
}

/// Refuses what only an owner may do to owners.
fn check_rank(
    caller: &Caller,
    workspace: &WorkspaceId,
    roles: [WorkspaceRole; 2],
) -> Result<(), ApiError> {
    if roles.contains(&WorkspaceRole::Owner) && !caller.is_in(workspace, WorkspaceRole::Owner) {
        let detail = "Only an owner of the workspace makes owners, and takes that role away.";
        return Err(ApiError::new(ErrorCode::Forbidden, detail));
    }
    Ok(())
}

fn last_owner() -> ApiError {
    let detail = "A workspace needs an owner. Make somebody else one first.";
    ApiError::new(ErrorCode::Conflict, detail)
}

/// Changes the role of a person.
#[utoipa::path(
    patch, path = "/workspaces/{id}/members/{person}", tag = "workspaces",
    params(
        ("id" = String, Path, description = "A workspace."),
        ("person" = String, Path, description = "A person of it."),
    ),
    request_body = MemberChange,
    responses(
        (status = 204, description = "It is changed."),
        (status = 409, description = "They are the last owner."),
    ),
)]
async fn change_member(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Path((id, person)): Path<(WorkspaceId, String)>,
    Body(MemberChange { role }): Body<MemberChange>,
) -> Result<StatusCode, ApiError> {
    existing(&app, &id).await?;
    let before = app.db.member_role(&id, &person).await?;
    let before = before.ok_or_else(|| ApiError::not_found("member"))?;
    check_rank(&caller, &id, [before, role])?;
    if !app.db.put_member(&id, &person, role, now_ms()).await? {
        return Err(last_owner());
    }
    Actor::of(&caller, client).did_so(&app, "member.changed", &id, &person, role.id()).await?;
    app.access.changed(AccessChange { person: Some(person), canvas: None });
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a person out of a workspace, or oneself.
#[utoipa::path(
    delete, path = "/workspaces/{id}/members/{person}", tag = "workspaces",
    params(
        ("id" = String, Path, description = "A workspace."),
        ("person" = String, Path, description = "A person of it."),
    ),
    responses(
        (status = 204, description = "They are out."),
        (status = 409, description = "They are the last owner."),
    ),
)]
async fn remove_member(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Path((id, person)): Path<(WorkspaceId, String)>,
) -> Result<StatusCode, ApiError> {
    existing(&app, &id).await?;
    let is_self = person == caller.me.id;
    if !is_self && !caller.is_in(&id, WorkspaceRole::Admin) {
        let detail = "Only admins and owners take people out of a workspace.";
        return Err(ApiError::new(ErrorCode::Forbidden, detail));
    }
    let before = app.db.member_role(&id, &person).await?;
    let before = before.ok_or_else(|| ApiError::not_found("member"))?;
    if !is_self {
        check_rank(&caller, &id, [before, before])?;
    }
    if !app.db.remove_member(&id, &person).await? {
        return Err(last_owner());
    }
    Actor::of(&caller, client).did(&app, "member.removed", &id, &person).await?;
    app.access.changed(AccessChange { person: Some(person), canvas: None });
    Ok(StatusCode::NO_CONTENT)
}

/// Invitations that can still be taken, newest first.
#[utoipa::path(
    get, path = "/workspaces/{id}/invitations", tag = "workspaces",
    params(("id" = String, Path, description = "A workspace."), Paging),
    responses((status = 200, description = "All of them.", body = Page<InvitationBody>)),
)]
async fn invitations(
    State(app): State<App>,
    Path(id): Path<WorkspaceId>,
    page: PageQuery,
) -> Result<Json<Page<InvitationBody>>, ApiError> {
    existing(&app, &id).await?;
    page.id()?;
    Ok(Json(Page { items: app.db.invitations(&id, now_ms()).await?, next: None }))
}

/// Invites somebody; only this answer has the link.
#[utoipa::path(
    post, path = "/workspaces/{id}/invitations", tag = "workspaces",
    params(("id" = String, Path, description = "A workspace.")),
    request_body = NewInvitation,
    responses((status = 201, description = "The invitation.", body = InvitationBody)),
)]
async fn invite(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    base: Base,
    Path(id): Path<WorkspaceId>,
    Body(wish): Body<NewInvitation>,
) -> Result<(StatusCode, Json<InvitationBody>), ApiError> {
    existing(&app, &id).await?;
    check_rank(&caller, &id, [wish.role, wish.role])?;
    let now = now_ms();
    let expires_at = wish.expires_at.unwrap_or(now + INVITATION_MS);
    if expires_at <= now {
        return Err(ApiError::bad_request("expires_at is in the past; it is in ms since 1970."));
    }
    if app.db.invitations(&id, now).await?.len() >= INVITATIONS_MAX {
        let detail = format!("{INVITATIONS_MAX} invitations wait already. Take some back.");
        return Err(ApiError::new(ErrorCode::Conflict, detail));
    }
    let by = &caller.me.name;
    let (mut row, secret) =
        new_invitation(LinkKind::Invitation, id.clone(), wish.role, by, expires_at);
    row.by_person = Some(caller.me.id.clone());
    if let Some(email) = wish.email {
        email_key(&email)?;
        row.email = Some(email.trim().to_owned());
    }
    app.db.add_invitation(&row, &secret::hash(&secret)).await?;
    let actor = Actor::of(&caller, client);
    actor.did_so(&app, "invitation.created", &id, &row.id, wish.role.id()).await?;
    let body = InvitationBody {
        role: wish.role,
        id: row.id,
        email: row.email,
        by: row.by_name,
        created_at: row.created_at,
        expires_at,
        url: Some(base.join(&secret)),
        token: Some(secret),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Takes an invitation back.
#[utoipa::path(
    delete, path = "/workspaces/{id}/invitations/{invitation}", tag = "workspaces",
    params(
        ("id" = String, Path, description = "A workspace."),
        ("invitation" = String, Path, description = "An invitation."),
    ),
    responses((status = 204, description = "It can no longer be taken.")),
)]
async fn end_invitation(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Path((id, invitation)): Path<(WorkspaceId, String)>,
) -> Result<StatusCode, ApiError> {
    existing(&app, &id).await?;
    if !app.db.end_invitation(&id, &invitation).await? {
        return Err(ApiError::not_found("invitation"));
    }
    Actor::of(&caller, client).did(&app, "invitation.ended", &id, &invitation).await?;
    Ok(StatusCode::NO_CONTENT)
}

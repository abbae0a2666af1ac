//! Links of pages `/join/{secret}`: invitations, and the links of canvases.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use gesso_protocol::api::accounts::{
    CanvasRole, JoinLink, Joined, LinkInfo, LinkKind, NotificationKind, WorkspaceRole,
};
use gesso_protocol::ids::{CanvasId, WorkspaceId};
use gesso_protocol::problem::ErrorCode;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use super::actor::Actor;
use super::bodies::BodyMax;
use super::caller::Client;
use super::extract::Json as Body;
use super::gate::{SMALL_BYTES, check_accounts, count_attempt};
use crate::access::{AccessChange, Caller};
use crate::accounts::{email_key, secret};
use crate::app::App;
use crate::clock::now_ms;
use crate::db::access::LinkRow;
use crate::db::audit::NewNotification;
use crate::db::members::InvitationRow;
use crate::error::ApiError;

/// `GET·POST /api/links/{secret}`.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(link, join).layer(Extension(BodyMax(SMALL_BYTES))))
}

/// A link that can be taken.
#[derive(Debug)]
pub(super) enum Link {
    /// An invitation, and its like.
    Invitation(InvitationRow),
    /// The link of a canvas.
    Canvas(LinkRow),
}

impl Link {
    pub(super) fn kind(&self) -> LinkKind {
        match self {
            Self::Invitation(row) => row.kind(),
            Self::Canvas(_) => LinkKind::Canvas,
        }
    }

    /// The only address that may take it.
    pub(super) fn email(&self) -> Option<&str> {
        match self {
            Self::Invitation(row) => row.email.as_deref(),
            Self::Canvas(_) => None,
        }
    }

    /// Id of the invitation that is used up by taking it.
    pub(super) fn invitation(&self) -> Option<&str> {
        match self {
            Self::Invitation(row) => Some(&row.id),
            Self::Canvas(_) => None,
        }
    }

    /// True if it asks for a password of its own.
    pub(super) fn needs_password(&self) -> bool {
        matches!(self, Self::Canvas(LinkRow { password: Some(_), .. }))
    }

    /// The person whose password it sets.
    pub(super) fn person(&self) -> Option<&str> {
        match self {
            Self::Invitation(row) => row.person.as_deref(),
            Self::Canvas(_) => None,
        }
    }

    /// The workspace that somebody who signs up with it begins in.
    pub(super) async fn workspace(&self, app: &App) -> Result<WorkspaceId, ApiError> {
        match self {
            Self::Invitation(row) => Ok(row.workspace.clone()),
            Self::Canvas(row) => Ok(app.db.workspace_of(&row.canvas).await?.unwrap_or_default()),
        }
    }

    pub(super) fn workspace_role(&self) -> Option<WorkspaceRole> {
        match self {
            Self::Invitation(row) => Some(row.role()),
            Self::Canvas(_) => None,
        }
    }

    /// The canvas and the role on it.
    pub(super) fn canvas(&self) -> Option<(&CanvasId, CanvasRole)> {
        match self {
            Self::Invitation(_) => None,
            Self::Canvas(row) => Some((&row.canvas, row.role())),
        }
    }
}

/// Said of links that cannot be taken, whatever the reason.
pub(super) fn gone() -> ApiError {
    let detail =
        "This link is unknown, was used already or has ended. Ask whoever sent it for a new one.";
    ApiError::new(ErrorCode::NotFound, detail)
}

/// The link of a secret, where it can be taken.
pub(super) async fn find(app: &App, secret: &str) -> Result<Option<Link>, ApiError> {
    let now = now_ms();
    if let Some(row) = app.db.invitation(&secret::hash(secret), now).await? {
        return Ok(stands(app, &row).await?.then_some(Link::Invitation(row)));
    }
    Ok(app.db.link_by_secret(secret, now).await?.map(Link::Canvas))
}

/// True while an invitation may still be taken: the first owner's until somebody has an account, and others while who
/// made them could make them now.
async fn stands(app: &App, row: &InvitationRow) -> Result<bool, ApiError> {
    match (row.kind(), &row.by_person) {
        (LinkKind::FirstOwner, _) => Ok(!app.db.has_accounts().await?),
        (LinkKind::Invitation, Some(maker)) => {
            let maker = app.db.signed_in(maker).await?;
            let role = maker.and_then(|(_, roles)| roles.get(&row.workspace).copied());
            Ok(role >= Some(row.role().max(WorkspaceRole::Admin)))
        }
        (LinkKind::Invitation | LinkKind::Reset | LinkKind::Canvas, _) => Ok(true),
    }
}

/// Refuses a link whose password is another one.
pub(super) async fn check_password(
    app: &App,
    link: &Link,
    password: Option<String>,
) -> Result<(), ApiError> {
    let Link::Canvas(LinkRow { password: Some(hash), .. }) = link else { return Ok(()) };
    let password = password.unwrap_or_default();
    if app.accounts.passwords.verify(password, Some(hash.clone())).await {
        return Ok(());
    }
    let detail = "This link asks for a password, and it is another one.";
    Err(ApiError::new(ErrorCode::Forbidden, detail))
}

/// Gives somebody the role of a link on its canvas, unless they have a higher one.
pub(super) async fn join_canvas(
    app: &App,
    actor: &Actor,
    canvas: &CanvasId,
    person: &str,
    role: CanvasRole,
) -> Result<CanvasRole, ApiError> {
    let before = app.db.role(canvas, person).await?.and_then(|row| row.role());
    let role = before.map_or(role, |before| before.max(role));
    if before != Some(role) {
        app.db.put_canvas_person(canvas, person, role, now_ms()).await?;
        actor.did_so(app, "canvas.joined", canvas, person, role.id()).await?;
        app.access.changed(AccessChange {
            canvas: Some(canvas.clone()),
            person: Some(person.to_owned()),
        });
    }
    Ok(role)
}

/// Leaves a notification about a role.
pub(super) async fn notify(
    app: &App,
    caller: &Caller,
    person: &str,
    (canvas, canvas_name): (&CanvasId, String),
    kind: NotificationKind,
    text: String,
    request: Option<String>,
) -> Result<(), ApiError> {
    let new = NewNotification {
        person: person.to_owned(),
        kind,
        canvas: Some(canvas.clone()),
        canvas_name,
        node: None,
        request,
        by_name: caller.me.name.clone(),
        text,
    };
    app.db.notify(&new, now_ms()).await?;
    app.events.notified(person);
    Ok(())
}

/// What a link is for.
#[utoipa::path(
    get, path = "/links/{secret}", tag = "accounts",
    params(("secret" = String, Path, description = "The secret of a link.")),
    responses((status = 200, description = "What it is for.", body = LinkInfo)),
)]
async fn link(
    State(app): State<App>,
    client: Client,
    Path(secret): Path<String>,
) -> Result<Json<LinkInfo>, ApiError> {
    check_accounts(&app)?;
    count_attempt(&app, &format!("link {secret}"), client)?;
    let info = match find(&app, &secret).await?.ok_or_else(gone)? {
        Link::Invitation(row) => LinkInfo {
            kind: row.kind(),
            name: app.db.workspace(&row.workspace).await?.map(|w| w.name).unwrap_or_default(),
            role: (row.kind() != LinkKind::Reset).then(|| row.role().id().to_owned()),
            by: (!row.by_name.is_empty()).then_some(row.by_name),
            email: row.email,
            needs_password: false,
        },
        Link::Canvas(row) => LinkInfo {
            kind: LinkKind::Canvas,
            name: app.db.canvas(&row.canvas).await?.map(|canvas| canvas.name).unwrap_or_default(),
            role: Some(row.role().id().to_owned()),
            needs_password: row.password.is_some(),
            by: Some(row.by_name),
            email: None,
        },
    };
    Ok(Json(info))
}

/// Takes a link: a role on a canvas, or in the workspace.
#[utoipa::path(
    post, path = "/links/{secret}", tag = "accounts",
    params(("secret" = String, Path, description = "The secret of a link.")),
    request_body = Option<JoinLink>,
    responses(
        (status = 200, description = "What was joined.", body = Joined),
        (status = 404, description = "The link is unknown, used up or has ended."),
    ),
)]
async fn join(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Path(secret): Path<String>,
    Body(wish): Body<JoinLink>,
) -> Result<Json<Joined>, ApiError> {
    check_accounts(&app)?;
    count_attempt(&app, &format!("link {secret}"), client)?;
    let actor = Actor::of(&caller, client);
    let link = find(&app, &secret).await?.ok_or_else(gone)?;
    check_password(&app, &link, wish.password).await?;
    match link {
        Link::Canvas(row) => {
            let role = join_canvas(&app, &actor, &row.canvas, &caller.me.id, row.role()).await?;
            Ok(Json(Joined {
                canvas: Some(row.canvas.to_string()),
                workspace: None,
                role: role.id().to_owned(),
            }))
        }
        Link::Invitation(row) if row.kind() == LinkKind::Invitation => {
            let own = caller.me.account.as_ref().map(|account| email_key(&account.email));
            let only = row.email.as_deref().map(email_key);
            if only.is_some() && only != own {
                let detail = "This invitation is for another address.";
                return Err(ApiError::new(ErrorCode::Forbidden, detail));
            }
            let own = caller.role_in(&row.workspace);
            let role = row.role();
            let role = own.map_or(role, |own| own.max(role));
            if !app.db.take_invitation(&row.id, now_ms()).await? {
                return Err(gone());
            }
            app.db.put_member(&row.workspace, &caller.me.id, role, now_ms()).await?;
            actor.did_so(&app, "member.joined", &row.workspace, &caller.me.id, role.id()).await?;
            app.access.changed(AccessChange { person: Some(caller.me.id), canvas: None });
            Ok(Json(Joined {
                canvas: None,
                workspace: Some(row.workspace.to_string()),
                role: role.id().to_owned(),
            }))
        }
        Link::Invitation(_) => Err(gone()),
    }
}

//! What each route needs: one table, which is asked before a handler runs. A route without a row is closed.

use axum::extract::{FromRequestParts, MatchedPath, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use gesso_protocol::api::accounts::{CanvasRole, Scope, WorkspaceRole};
use gesso_protocol::ids::{AssetId, CanvasId, RunId, WorkspaceId, is_id};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use utoipa::IntoParams;

use super::asset_rights;
use super::quotas;
use super::refused::Refused;
use crate::access::Caller;
use crate::app::App;
use crate::db::assets::AssetKey;
use crate::error::ApiError;

/// What the first parameter of a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// Nothing that has people of its own: the server, and its own workspace.
    Server,
    /// A workspace.
    Workspace,
    /// Nothing; the workspace is that of the canvas `?canvas=`, or `?workspace=`, or the caller's own.
    Chosen,
    /// A canvas.
    Canvas,
    /// A run, which counts as its canvas.
    Run,
    /// A file.
    Asset,
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Need {
    /// What it is about.
    pub(super) of: Of,
    /// The role on the canvas.
    pub(super) role: Option<CanvasRole>,
    /// The role in the workspace.
    pub(super) workspace: WorkspaceRole,
    /// The scope of a token; `None`: anybody may ask, signed in or not.
    pub(super) scope: Option<Scope>,
    /// True if it brings a file, which has to fit into quotas.
    pub(super) brings: bool,
}

const ANYONE: Need = Need {
    of: Of::Server,
    role: None,
    workspace: WorkspaceRole::Guest,
    scope: None,
    brings: false,
};

const fn person(scope: Scope) -> Need {
    Need { scope: Some(scope), ..ANYONE }
}

const fn member(workspace: WorkspaceRole, scope: Scope) -> Need {
    Need { workspace, scope: Some(scope), ..ANYONE }
}

const fn chosen(workspace: WorkspaceRole, scope: Scope) -> Need {
    Need { of: Of::Chosen, workspace, scope: Some(scope), ..ANYONE }
}

const fn workspace(workspace: WorkspaceRole, scope: Scope) -> Need {
    Need { of: Of::Workspace, workspace, scope: Some(scope), ..ANYONE }
}

const fn canvas(role: CanvasRole, scope: Scope) -> Need {
    Need { of: Of::Canvas, role: Some(role), scope: Some(scope), ..ANYONE }
}

const fn run(role: CanvasRole, scope: Scope) -> Need {
    Need { of: Of::Run, role: Some(role), scope: Some(scope), ..ANYONE }
}

const FILE: Need = Need { of: Of::Asset, scope: Some(Scope::Read), ..ANYONE };

/// Every route with what it needs. Not to be told of a canvas one may not see is the rule for all of them.
pub(super) const NEEDS: &[(&str, &str, Need)] = {
    use CanvasRole::{Editor, Viewer};
    use Scope::{Edit, Read, Run};
    use WorkspaceRole::{Guest, Member};
    const OWNER: CanvasRole = CanvasRole::Owner;
    const ADMIN: WorkspaceRole = WorkspaceRole::Admin;
    const ALL: Scope = Scope::Admin;
    &[
        ("GET", "/", ANYONE),
        ("GET", "/assets/{*path}", ANYONE),
        ("GET", "/c/{id}", ANYONE),
        ("GET", "/join/{secret}", ANYONE),
        ("GET", "/p/{slug}", ANYONE),
        ("GET", "/sw.js", ANYONE),
        ("GET", "/healthz", ANYONE),
        ("GET", "/readyz", ANYONE),
        ("GET", "/metrics", member(ADMIN, Read)),
        ("POST", "/api/session", ANYONE),
        ("DELETE", "/api/session", ANYONE),
        ("POST", "/api/signup", ANYONE),
        ("GET", "/api/auth", ANYONE),
        ("GET", "/api/auth/oidc/{provider}", ANYONE),
        ("GET", "/api/auth/oidc/{provider}/callback", ANYONE),
        ("GET", "/api/identities", person(ALL)),
        ("DELETE", "/api/identities/{id}", person(ALL)),
        ("PUT", "/api/password", person(ALL)),
        ("GET", "/api/links/{secret}", ANYONE),
        ("POST", "/api/links/{secret}", person(ALL)),
        ("GET", "/api/me", person(Read)),
        ("PATCH", "/api/me", person(ALL)),
        ("GET", "/api/sessions", person(ALL)),
        ("DELETE", "/api/sessions/{id}", person(ALL)),
        ("GET", "/api/tokens", person(ALL)),
        ("POST", "/api/tokens", person(ALL)),
        ("DELETE", "/api/tokens/{id}", person(ALL)),
        ("GET", "/api/notifications", person(Read)),
        ("POST", "/api/notifications/seen", person(ALL)),
        ("GET", "/api/workspaces", person(Read)),
        ("POST", "/api/workspaces", member(ADMIN, ALL)),
        ("GET", "/api/workspaces/{id}", workspace(Guest, Read)),
        ("PATCH", "/api/workspaces/{id}", workspace(ADMIN, ALL)),
        ("GET", "/api/workspaces/{id}/members", workspace(Member, Read)),
        ("PATCH", "/api/workspaces/{id}/members/{person}", workspace(ADMIN, ALL)),
        ("DELETE", "/api/workspaces/{id}/members/{person}", workspace(Guest, ALL)),
        ("GET", "/api/workspaces/{id}/invitations", workspace(ADMIN, ALL)),
        ("POST", "/api/workspaces/{id}/invitations", workspace(ADMIN, ALL)),
        ("DELETE", "/api/workspaces/{id}/invitations/{invitation}", workspace(ADMIN, ALL)),
        ("GET", "/api/audit", chosen(ADMIN, ALL)),
        ("GET", "/api/usage", chosen(ADMIN, ALL)),
        ("GET", "/api/openapi.json", person(Read)),
        ("GET", "/api/catalog", person(Read)),
        ("GET", "/api/templates", person(Read)),
        ("GET", "/api/templates/{id}/preview", person(Read)),
        ("POST", "/api/templates/{id}/use", person(Edit)),
        ("GET", "/api/credits", chosen(Guest, Read)),
        ("GET", "/api/credits/ledger", chosen(Member, Read)),
        ("GET", "/api/events", person(Read)),
        ("GET", "/api/assets", chosen(Member, Read)),
        ("POST", "/api/assets", Need { role: Some(Editor), brings: true, ..chosen(Guest, Edit) }),
        ("GET", "/api/assets/{id}", FILE),
        ("GET", "/api/assets/{id}/meta", FILE),
        ("GET", "/api/assets/{id}/thumbnail", FILE),
        ("GET", "/api/assets/{id}/waveform", FILE),
        ("GET", "/api/canvases", person(Read)),
        // In which workspace the body says; that needs a member (`canvases::create`).
        ("POST", "/api/canvases", person(Edit)),
        ("GET", "/api/canvases/{id}", canvas(Viewer, Read)),
        ("PATCH", "/api/canvases/{id}", canvas(Editor, Edit)),
        ("DELETE", "/api/canvases/{id}", canvas(OWNER, ALL)),
        ("GET", "/api/canvases/{id}/archive", canvas(Viewer, Read)),
        ("GET", "/api/canvases/{id}/doc", canvas(Viewer, Read)),
        ("POST", "/api/canvases/{id}/doc", canvas(Editor, Edit)),
        (
            "POST",
            "/api/canvases/{id}/duplicate",
            Need { workspace: Member, ..canvas(Viewer, Edit) },
        ),
        ("POST", "/api/canvases/{id}/edits", canvas(Editor, Edit)),
        ("POST", "/api/canvases/{id}/estimate", canvas(Editor, Read)),
        ("GET", "/api/canvases/{id}/graph", canvas(Viewer, Read)),
        ("GET", "/api/canvases/{id}/nodes/{node}/generations", canvas(Viewer, Read)),
        ("POST", "/api/canvases/{id}/nodes/{node}/generations", canvas(Editor, Edit)),
        ("GET", "/api/canvases/{id}/runs", canvas(Viewer, Read)),
        ("POST", "/api/canvases/{id}/runs", canvas(Editor, Run)),
        ("GET", "/api/runs/{id}", run(Viewer, Read)),
        ("PATCH", "/api/runs/{id}", run(Editor, Run)),
        ("POST", "/api/runs/{id}/cancel", run(Editor, Run)),
        ("POST", "/api/runs/{id}/late/{late}", run(Editor, Run)),
        ("POST", "/api/runs/{id}/retry", run(Editor, Run)),
        ("POST", "/api/runs/{id}/review", run(Editor, Run)),
        ("GET", "/api/canvases/{id}/access", canvas(Viewer, Read)),
        ("PUT", "/api/canvases/{id}/access/people/{person}", canvas(OWNER, ALL)),
        ("DELETE", "/api/canvases/{id}/access/people/{person}", canvas(Viewer, ALL)),
        ("PUT", "/api/canvases/{id}/access/link", canvas(OWNER, ALL)),
        ("DELETE", "/api/canvases/{id}/access/link", canvas(OWNER, ALL)),
        ("PUT", "/api/canvases/{id}/access/workspace", canvas(OWNER, ALL)),
        ("POST", "/api/canvases/{id}/access/transfer", canvas(OWNER, ALL)),
        // Also of canvases one may not see: the answer is the same.
        ("POST", "/api/canvases/{id}/access/requests", person(ALL)),
        ("POST", "/api/canvases/{id}/access/requests/{request}", canvas(OWNER, ALL)),
        ("GET", "/sync/{canvas}", canvas(Viewer, Read)),
    ]
};

/// What a route needs.
pub(super) fn need(method: &str, path: &str) -> Option<Need> {
    let method = if method == "HEAD" { "GET" } else { method };
    NEEDS.iter().find(|(of, at, _)| *of == method && *at == path).map(|(_, _, need)| *need)
}

/// Role of the caller on the canvas that a request is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Granted(pub(super) CanvasRole);

impl<S: Send + Sync> FromRequestParts<S> for Granted {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let granted = parts.extensions.get::<Self>().copied();
        granted.ok_or_else(|| ApiError::Internal("a route without a role".to_owned()))
    }
}

/// The workspace that a request is about, where it is about one: that of [`Of::Workspace`] and [`Of::Chosen`], and the one
/// that has the file of [`Of::Asset`].
#[derive(Clone, Debug)]
pub(super) struct In(pub(super) WorkspaceId);

impl<S: Send + Sync> FromRequestParts<S> for In {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| ApiError::Internal("a route without a workspace".to_owned()))
    }
}

/// Name of the file of a request to somebody who is told neither its own nor where it comes from.
#[derive(Clone, Debug)]
pub(super) struct KnownAs(pub(super) String);

/// Lets through what the caller may do.
pub(super) async fn check(State(app): State<App>, mut request: Request, next: Next) -> Response {
    // What has no route is answered as such.
    let Some(path) = request.extensions().get::<MatchedPath>().cloned() else {
        return next.run(request).await;
    };
    let method = request.method().as_str().to_owned();
    let caller = request.extensions().get::<Caller>().cloned();
    if let Some(caller) = &caller
        && let Err(refused) = quotas::request(&app, caller)
    {
        return refused.into_response();
    }
    let is_socket = path.as_str() == "/sync/{canvas}";
    let Some(need) = need(&method, path.as_str()) else {
        // Of a path that has other methods: it says which.
        return next.run(request).await;
    };
    let (id, whose) = (id_in(request.uri().path()), Whose::of(&request));
    let asked = Asked { app, need, caller, id, whose };
    match asked.verdict().await {
        Ok(verdict) => {
            if asked.need.brings
                && let Some((caller, workspace)) =
                    asked.caller.as_ref().zip(verdict.workspace.as_ref())
                && let Err(refused) = quotas::upload(&asked.app, caller, workspace).await
            {
                return refused.into_response();
            }
            let extensions = request.extensions_mut();
            if let Some(role) = verdict.role {
                extensions.insert(Granted(role));
            }
            if let Some(workspace) = verdict.workspace.clone() {
                extensions.insert(In(workspace));
            }
            if let Some(name) = verdict.known_as {
                extensions.insert(KnownAs(name));
            }
            if asked.app.access.needs_accounts() {
                extensions.insert(Standing { asked, workspace: verdict.workspace });
            }
        }
        // A browser cannot read the status of a refused upgrade: the socket says why when it closes.
        Err(refused) if is_socket && request.headers().contains_key(header::UPGRADE) => {
            request.extensions_mut().insert(std::sync::Arc::new(refused));
        }
        Err(refused) => {
            let is_anonymous = matches!(refused, Refused::Anonymous);
            let mut response = refused.error().into_response();
            if is_anonymous {
                let scheme = HeaderValue::from_static("Bearer");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
            }
            return response;
        }
    }
    next.run(request).await
}

/// What a request was let through for, to be asked again: a body may take minutes to come, and rights may end meanwhile.
#[derive(Clone)]
pub(super) struct Standing {
    asked: Asked,
    workspace: Option<WorkspaceId>,
}

impl Standing {
    /// Refuses what would be refused if it came now.
    ///
    /// # Errors
    /// As for a new request.
    pub(super) async fn still(self) -> Result<(), ApiError> {
        let Asked { app, caller, .. } = &self.asked;
        let Some(caller) = caller.clone() else { return Ok(()) };
        let found = match app.access.lives(&caller).await? {
            true => app.db.signed_in(&caller.me.id).await?,
            false => None,
        };
        let caller = found.map(|(me, memberships)| Caller { me, memberships, ..caller });
        let now = Asked { caller, ..self.asked };
        now.verdict().await.map(|_| ()).map_err(Refused::error)
    }

    /// Notes that the caller brought a file, which may have been there already, by that name. Answers whether they are a guest.
    ///
    /// # Errors
    /// Those of [`Self::still`].
    pub(super) async fn brought(self, id: &AssetId, name: &str) -> Result<bool, ApiError> {
        self.clone().still().await?;
        let Some((caller, workspace)) = self.asked.caller.zip(self.workspace) else {
            return Ok(false);
        };
        let is_guest = !caller.is_in(&workspace, WorkspaceRole::Member);
        let key = AssetKey { workspace, id: id.clone() };
        self.asked.app.db.add_asset_person(&key, &caller.me.id, name).await?;
        Ok(is_guest)
    }
}

/// Whose something is, in the query of a request of [`Of::Chosen`].
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// A canvas: its workspace is meant.
    canvas: Option<String>,
    /// A workspace, where no canvas is named; one's own where nothing is said.
    workspace: Option<String>,
}

impl Whose {
    fn of(request: &Request) -> Self {
        // What cannot be read is refused by the handler, which reads it too.
        let query = Query::<Self>::try_from_uri(request.uri());
        query.map(|Query(whose)| whose).unwrap_or_default()
    }
}

/// What was found of a request that may go on.
#[derive(Debug, Default)]
struct Verdict {
    role: Option<CanvasRole>,
    workspace: Option<WorkspaceId>,
    /// Name of a file to somebody who is not told what else it is called.
    known_as: Option<String>,
}

impl Verdict {
    const fn of(role: CanvasRole) -> Self {
        Self { role: Some(role), workspace: None, known_as: None }
    }

    const fn within(workspace: WorkspaceId) -> Self {
        Self { role: None, workspace: Some(workspace), known_as: None }
    }
}

/// A request, as far as rights go.
#[derive(Clone)]
struct Asked {
    app: App,
    need: Need,
    caller: Option<Caller>,
    /// The id in the path.
    id: Option<String>,
    whose: Whose,
}

impl Asked {
    async fn verdict(&self) -> Result<Verdict, Refused> {
        let Some(scope) = self.need.scope else { return Ok(Verdict::default()) };
        let Some(caller) = &self.caller else {
            // Where nobody signs in, whoever asks is somebody.
            return match self.app.access.needs_accounts() {
                true => Err(Refused::Anonymous),
                false => Ok(Verdict::default()),
            };
        };
        if !self.app.access.needs_accounts() {
            return self.open(caller).await;
        }
        let mut in_canvas = None;
        let verdict = match self.need.of {
            Of::Server => Verdict::default(),
            Of::Workspace => {
                let id = WorkspaceId::new(self.id("workspace")?);
                caller.role_in(&id).ok_or(Refused::Hidden("workspace"))?;
                Verdict::within(id)
            }
            Of::Chosen => self.chosen(caller).await?,
            Of::Asset => {
                let id = AssetId::new(self.id("asset")?);
                let found = asset_rights::readable(&self.app, caller, &id).await?;
                Verdict { known_as: found.known_as, ..Verdict::within(found.workspace) }
            }
            Of::Canvas => {
                let canvas = CanvasId::new(self.id("canvas")?);
                let (role, workspace) = self.role_on(caller, &canvas, "canvas").await?;
                in_canvas = Some(workspace);
                Verdict::of(role)
            }
            Of::Run => {
                let run = RunId::new(self.id("run")?);
                let of_run = self.app.db.canvas_of_run(&run).await;
                let canvas = of_run.map_err(Refused::failed)?.ok_or(Refused::Hidden("run"))?;
                Verdict::of(self.role_on(caller, &canvas, "run").await?.0)
            }
        };
        if !caller.has(scope) {
            return Err(Refused::Forbidden(format!(
                "This token may not do that: it needs the scope {}.",
                scope.id()
            )));
        }
        if let Some((role, needed)) =
            verdict.role.zip(self.need.role).filter(|(has, needed)| has < needed)
        {
            return Err(Refused::Forbidden(format!(
                "You are {} of this canvas; that needs the role {}. Ask its owner for it.",
                role.id(),
                needed.id()
            )));
        }
        let own = WorkspaceId::default();
        let workspace = verdict.workspace.as_ref().or(in_canvas.as_ref()).unwrap_or(&own);
        check_member(caller, workspace, self.need.workspace)?;
        Ok(verdict)
    }

    /// Where nobody signs in everybody may do everything; it only remains to find in which workspace.
    async fn open(&self, caller: &Caller) -> Result<Verdict, Refused> {
        let workspace = match self.need.of {
            Of::Chosen => self.chosen(caller).await?.workspace,
            Of::Asset => {
                // What is no id is for the handler to say.
                let id = AssetId::new(self.id.as_deref().unwrap_or_default());
                Some(asset_rights::held_in(&self.app, &id).await?.unwrap_or_default())
            }
            Of::Server | Of::Workspace | Of::Canvas | Of::Run => None,
        };
        Ok(Verdict { role: Some(CanvasRole::Owner), workspace, known_as: None })
    }

    /// The id in the path.
    fn id(&self, what: &'static str) -> Result<String, Refused> {
        self.id.clone().ok_or(Refused::Hidden(what))
    }

    /// The workspace of [`Of::Chosen`].
    async fn chosen(&self, caller: &Caller) -> Result<Verdict, Refused> {
        let app = &self.app;
        if let Some(canvas) = &self.whose.canvas {
            let canvas = CanvasId::new(canvas.as_str());
            if app.access.needs_accounts() {
                let (role, workspace) = self.role_on(caller, &canvas, "canvas").await?;
                return Ok(Verdict { role: Some(role), ..Verdict::within(workspace) });
            }
            let found = app.db.workspace_of(&canvas).await.map_err(Refused::failed)?;
            return found.map(Verdict::within).ok_or(Refused::Hidden("canvas"));
        }
        let Some(named) = &self.whose.workspace else {
            return Ok(Verdict::within(caller.home()));
        };
        let id = WorkspaceId::new(named.as_str());
        let is_there = match app.access.needs_accounts() {
            true => caller.role_in(&id).is_some(),
            false => app.db.workspace(&id).await.map_err(Refused::failed)?.is_some(),
        };
        if is_there { Ok(Verdict::within(id)) } else { Err(Refused::Hidden("workspace")) }
    }

    async fn role_on(
        &self,
        caller: &Caller,
        canvas: &CanvasId,
        what: &'static str,
    ) -> Result<(CanvasRole, WorkspaceId), Refused> {
        let found = self.app.access.standing(caller, canvas).await;
        found.map_err(Refused::failed)?.ok_or(Refused::Hidden(what))
    }
}

/// Refuses who has no such role in a workspace.
pub(super) fn check_member(
    caller: &Caller,
    workspace: &WorkspaceId,
    needed: WorkspaceRole,
) -> Result<(), Refused> {
    if needed == WorkspaceRole::Guest || caller.is_in(workspace, needed) {
        return Ok(());
    }
    Err(Refused::Forbidden(format!(
        "You are {} of the workspace; that needs the role {}. Ask its owner for it.",
        caller.role_in(workspace).unwrap_or(WorkspaceRole::Guest).id(),
        needed.id()
    )))
}

/// The id in a path: `/api/canvases/{id}/…`, `/sync/{canvas}`.
fn id_in(path: &str) -> Option<String> {
    let mut parts = path.split('/').skip(1);
    let part = match parts.next()? {
        "sync" => parts.next(),
        _ => parts.nth(1),
    };
    let decoded = percent_decode_str(part?).decode_utf8().ok()?.into_owned();
    is_id(&decoded).then_some(decoded)
}

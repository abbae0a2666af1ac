//! What each route needs: one table, which is asked before a handler runs. A route without a row is closed.

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use gesso_protocol::api::accounts::{CanvasRole, Scope, WorkspaceRole};
use gesso_protocol::ids::{AssetId, CanvasId, RunId, is_id};
use percent_encoding::percent_decode_str;

use super::guest_assets;
use super::quotas;
use super::refused::Refused;
use crate::access::Caller;
use crate::app::App;
use crate::error::ApiError;

/// What the first parameter of a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// Nothing that has people of its own.
    Server,
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
}

const ANYONE: Need =
    Need { of: Of::Server, role: None, workspace: WorkspaceRole::Guest, scope: None };

const fn person(scope: Scope) -> Need {
    Need { scope: Some(scope), ..ANYONE }
}

const fn member(workspace: WorkspaceRole, scope: Scope) -> Need {
    Need { workspace, scope: Some(scope), ..ANYONE }
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
    use WorkspaceRole::Member;
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
        ("GET", "/api/workspaces/{id}", person(Read)),
        ("PATCH", "/api/workspaces/{id}", member(ADMIN, ALL)),
        ("GET", "/api/workspaces/{id}/members", member(Member, Read)),
        ("PATCH", "/api/workspaces/{id}/members/{person}", member(ADMIN, ALL)),
        ("DELETE", "/api/workspaces/{id}/members/{person}", person(ALL)),
        ("GET", "/api/workspaces/{id}/invitations", member(ADMIN, ALL)),
        ("POST", "/api/workspaces/{id}/invitations", member(ADMIN, ALL)),
        ("DELETE", "/api/workspaces/{id}/invitations/{invitation}", member(ADMIN, ALL)),
        ("GET", "/api/audit", member(ADMIN, ALL)),
        ("GET", "/api/usage", member(ADMIN, ALL)),
        ("GET", "/api/openapi.json", person(Read)),
        ("GET", "/api/catalog", person(Read)),
        ("GET", "/api/templates", person(Read)),
        ("GET", "/api/templates/{id}/preview", person(Read)),
        ("POST", "/api/templates/{id}/use", member(Member, Edit)),
        ("GET", "/api/credits", person(Read)),
        ("GET", "/api/credits/ledger", member(Member, Read)),
        ("GET", "/api/events", person(Read)),
        ("GET", "/api/assets", member(Member, Read)),
        ("POST", "/api/assets", person(Edit)),
        ("GET", "/api/assets/{id}", FILE),
        ("GET", "/api/assets/{id}/meta", FILE),
        ("GET", "/api/assets/{id}/thumbnail", FILE),
        ("GET", "/api/assets/{id}/waveform", FILE),
        ("GET", "/api/canvases", person(Read)),
        ("POST", "/api/canvases", member(Member, Edit)),
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

/// Lets through what the caller may do.
pub(super) async fn check(State(app): State<App>, mut request: Request, next: Next) -> Response {
    // What has no route is answered as such.
    let Some(path) = request.extensions().get::<MatchedPath>().cloned() else {
        return next.run(request).await;
    };
    let method = request.method().as_str().to_owned();
    let asks = request.extensions().get::<Caller>().cloned();
    if let Some(caller) = &asks
        && let Err(refused) = quotas::check(&app, caller, &method, path.as_str()).await
    {
        return refused.into_response();
    }
    if !app.access.needs_accounts() {
        request.extensions_mut().insert(Granted(CanvasRole::Owner));
        return next.run(request).await;
    }
    let is_socket = path.as_str() == "/sync/{canvas}";
    let Some(need) = need(&method, path.as_str()) else {
        // Of a path that has other methods: it says which.
        return next.run(request).await;
    };
    let id = named(request.uri().path());
    let standing = Standing { app: app.clone(), need, caller: asks.clone(), id: id.clone() };
    request.extensions_mut().insert(standing);
    match verdict(&app, need, asks, id).await {
        Ok(Some(role)) => drop(request.extensions_mut().insert(Granted(role))),
        Ok(None) => {}
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
    app: App,
    need: Need,
    caller: Option<Caller>,
    id: Option<String>,
}

impl Standing {
    /// Refuses what would be refused if it came now.
    ///
    /// # Errors
    /// As for a new request.
    pub(super) async fn still(self) -> Result<(), ApiError> {
        let Self { app, need, caller, id } = self;
        let Some(caller) = caller else { return Ok(()) };
        let me = match app.access.lives(&caller).await? {
            true => app.db.signed_in(&caller.me.id).await?,
            false => None,
        };
        let caller = me.map(|me| Caller { me, ..caller });
        verdict(&app, need, caller, id).await.map(|_| ()).map_err(Refused::error)
    }

    /// Notes that the caller brought a file, which may have been there already. Answers whether they are a guest.
    ///
    /// # Errors
    /// Those of [`Self::still`].
    pub(super) async fn brought(self, asset: &AssetId) -> Result<bool, ApiError> {
        self.clone().still().await?;
        let Some(caller) = &self.caller else { return Ok(false) };
        self.app.db.add_asset_person(asset, &caller.me.id).await?;
        Ok(caller.workspace_role() == WorkspaceRole::Guest)
    }
}

async fn verdict(
    app: &App,
    need: Need,
    caller: Option<Caller>,
    id: Option<String>,
) -> Result<Option<CanvasRole>, Refused> {
    let Some(scope) = need.scope else { return Ok(None) };
    let caller = &caller.ok_or(Refused::Anonymous)?;
    let role = match need.of {
        Of::Server => None,
        Of::Asset => {
            let id = id.ok_or(Refused::Hidden("asset"))?;
            guest_assets::check(app, caller, &AssetId::new(id)).await?;
            None
        }
        Of::Canvas => {
            let canvas = CanvasId::new(id.ok_or(Refused::Hidden("canvas"))?);
            Some(role_on(app, caller, canvas, "canvas").await?)
        }
        Of::Run => {
            let run = RunId::new(id.ok_or(Refused::Hidden("run"))?);
            let of_run = app.db.canvas_of_run(&run).await;
            let canvas = of_run.map_err(|error| Refused::Failed(error.into()))?;
            Some(role_on(app, caller, canvas.ok_or(Refused::Hidden("run"))?, "run").await?)
        }
    };
    if !caller.has(scope) {
        return Err(Refused::Forbidden(format!(
            "This token may not do that: it needs the scope {}.",
            scope.id()
        )));
    }
    if let Some((role, needed)) = role.zip(need.role).filter(|(role, needed)| role < needed) {
        return Err(Refused::Forbidden(format!(
            "You are {} of this canvas; that needs the role {}. Ask its owner for it.",
            role.id(),
            needed.id()
        )));
    }
    if caller.workspace_role() < need.workspace {
        return Err(Refused::Forbidden(format!(
            "You are {} of the workspace; that needs the role {}. Ask its owner for it.",
            caller.workspace_role().id(),
            need.workspace.id()
        )));
    }
    Ok(role)
}

async fn role_on(
    app: &App,
    caller: &Caller,
    canvas: CanvasId,
    what: &'static str,
) -> Result<CanvasRole, Refused> {
    let role = app.access.role(caller, &canvas).await;
    role.map_err(|error| Refused::Failed(error.into()))?.ok_or(Refused::Hidden(what))
}

/// The id in a path: `/api/canvases/{id}/…`, `/sync/{canvas}`.
fn named(path: &str) -> Option<String> {
    let mut parts = path.split('/').skip(1);
    let part = match parts.next()? {
        "sync" => parts.next(),
        _ => parts.nth(1),
    };
    let decoded = percent_decode_str(part?).decode_utf8().ok()?.into_owned();
    is_id(&decoded).then_some(decoded)
}

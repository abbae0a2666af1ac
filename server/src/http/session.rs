//! Signing in and out, and the devices on which somebody is.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use gesso_protocol::api::accounts::{
    LinkKind, PasswordChange, SessionBody, SignIn, SignUp, WorkspaceRole,
};
use gesso_protocol::api::{Me, Page};
use gesso_protocol::ids::WorkspaceId;
use gesso_protocol::names;
use gesso_protocol::problem::ErrorCode;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use super::actor::{Actor, On};
use super::bodies::BodyMax;
use super::caller::{Client, session_cookie, set_session};
use super::extract::{Json as Body, PageQuery, Paging};
use super::gate::{SMALL_BYTES, check_accounts, count_attempt, hashed};
use super::links;
use crate::access::{AccessChange, Caller, Credential};
use crate::accounts::{SESSION_MS, email_key, password, secret};
use crate::app::App;
use crate::clock::{fresh_id, now_ms};
use crate::db::accounts::{NewAccount, NewSession};
use crate::error::ApiError;

/// The longest name of a device, in characters.
const DEVICE_CHARS_MAX: usize = 200;
/// What whoever cannot sign in is told: not which of the two was wrong.
const WRONG: &str = "The address or the password is not right.";

/// `POST·DELETE /api/session`, `POST /api/signup`, `/api/sessions`.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_in, sign_out).layer(Extension(BodyMax(SMALL_BYTES))))
        .routes(routes!(sign_up).layer(Extension(BodyMax(SMALL_BYTES))))
        .routes(routes!(change_password).layer(Extension(BodyMax(SMALL_BYTES))))
        .routes(routes!(sessions))
        .routes(routes!(end_session))
}

/// Gives a browser a session of its own; one that it had ends. Answers the cookie.
pub(super) async fn begin(
    app: &App,
    person: &str,
    client: Client,
    headers: &HeaderMap,
) -> Result<Option<HeaderValue>, ApiError> {
    let now = now_ms();
    if let Some(before) = session_cookie(headers)
        && let Some(row) = app.db.session(&secret::hash(before), now).await?
    {
        app.db.end_session(&row.person, &row.id).await?;
    }
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let secret = secret::fresh();
    let session = NewSession {
        id: fresh_id(),
        hash: secret::hash(&secret),
        person: person.to_owned(),
        device: names::shortened(agent.unwrap_or_default(), DEVICE_CHARS_MAX),
        address: client.address.to_string(),
    };
    app.db.add_session(&session, now, now + SESSION_MS).await?;
    Ok(set_session(Some(&secret), client))
}

/// Nothing, but a cookie.
fn with_cookie(cookie: Option<HeaderValue>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Signs in; the answer brings the cookie of the session.
#[utoipa::path(
    post, path = "/session", tag = "accounts",
    request_body = SignIn,
    responses(
        (status = 204, description = "Signed in."),
        (status = 401, description = "The address or the password is not right."),
    ),
)]
async fn sign_in(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Body(SignIn { email, password }): Body<SignIn>,
) -> Result<Response, ApiError> {
    check_accounts(&app)?;
    // What is no address has no account, and is counted all the same.
    let key = email_key(&email).unwrap_or_else(|_not_one| format!("? {email}"));
    count_attempt(&app, &key, client)?;
    let account = app.db.account_by_email(&key).await?.filter(|row| row.disabled_at.is_none());
    let hash = account.as_ref().and_then(|account| account.password.clone());
    let is_right = app.accounts.passwords.verify(password, hash).await;
    let Some(account) = account.filter(|_| is_right) else {
        Actor::nobody(client).did(&app, "session.refused", On::Server, &key).await?;
        return Err(ApiError::new(ErrorCode::Unauthorized, WRONG));
    };
    let actor = Actor { person: Some(account.person.clone()), name: account.name, client };
    actor.did(&app, "session.created", On::Server, "").await?;
    Ok(with_cookie(begin(&app, &account.person, client, &headers).await?))
}

/// Signs out.
#[utoipa::path(
    delete, path = "/session", tag = "accounts",
    responses((status = 204, description = "Signed out.")),
)]
async fn sign_out(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    check_accounts(&app)?;
    if let Some(before) = session_cookie(&headers)
        && let Some(row) = app.db.session(&secret::hash(before), now_ms()).await?
    {
        app.db.end_session(&row.person, &row.id).await?;
        app.access.changed(AccessChange { person: Some(row.person), canvas: None });
    }
    Ok(with_cookie(set_session(None, client)))
}

/// Takes an invitation, the link of the first owner, that of a canvas, or one that sets a new password.
#[utoipa::path(
    post, path = "/signup", tag = "accounts",
    request_body = SignUp,
    responses(
        (status = 204, description = "Signed up, and in."),
        (status = 404, description = "The link is unknown, used up or has ended."),
        (status = 409, description = "The address has an account already."),
    ),
)]
async fn sign_up(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Body(wish): Body<SignUp>,
) -> Result<Response, ApiError> {
    check_accounts(&app)?;
    count_attempt(&app, &format!("link {}", wish.token), client)?;
    let link = links::find(&app, &wish.token).await?.ok_or_else(links::gone)?;
    let key = email_key(&wish.email)?;
    if link.email().is_some_and(|only| email_key(only).ok().as_ref() != Some(&key)) {
        let detail = "This link is for another address. Sign up with the one that it was sent to.";
        return Err(ApiError::new(ErrorCode::Forbidden, detail));
    }
    password::check(&wish.password)?;
    if link.kind() == LinkKind::Reset {
        return reset(&app, &link, wish.password, client, &headers).await;
    }
    links::check_password(&app, &link, wish.link_password).await?;
    let name = names::person(&wish.name)?;
    let taken = || {
        let detail =
            "This address has an account already. Sign in with it, then open the link again.";
        ApiError::new(ErrorCode::Conflict, detail)
    };
    if app.db.account_by_email(&key).await?.is_some() {
        return Err(taken());
    }
    let hash = hashed(&app, wish.password).await?;
    let workspace = link.workspace(&app).await?;
    // Whoever made an invitation can read its link. What those say of an address who run the server, is taken as it is.
    let is_of_server = link.email().is_some() && workspace == WorkspaceId::default();
    let account = NewAccount {
        me: Me { name: name.clone(), ..app.newcomers.welcome() },
        email: wish.email.trim().to_owned(),
        email_key: key,
        password: Some(hash),
        is_email_checked: is_of_server || link.kind() == LinkKind::FirstOwner,
        identity: None,
        workspace,
        role: link.workspace_role().unwrap_or(WorkspaceRole::Guest),
    };
    let added = app.db.add_account(&account, link.invitation(), now_ms()).await;
    let added = added.map_err(|error| match error.is_unique_violation() {
        true => taken(),
        false => error.into(),
    })?;
    if !added {
        return Err(links::gone());
    }
    let person = account.me.id;
    let actor = Actor { person: Some(person.clone()), name, client };
    actor.did(&app, "account.created", On::Server, &account.email).await?;
    if let Some((canvas, role)) = link.canvas() {
        links::join_canvas(&app, &actor, canvas, &person, role).await?;
    }
    app.access.changed(AccessChange { person: Some(person.clone()), canvas: None });
    Ok(with_cookie(begin(&app, &person, client, &headers).await?))
}

/// Sets a new password for the person of a link.
async fn reset(
    app: &App,
    link: &links::Link,
    password: String,
    client: Client,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let (Some(person), Some(invitation)) = (link.person(), link.invitation()) else {
        return Err(links::gone());
    };
    let hash = hashed(app, password).await?;
    if !app.db.set_password(person, &hash, Some(invitation), now_ms()).await? {
        return Err(links::gone());
    }
    let account = app.db.account(person).await?.filter(|account| account.disabled_at.is_none());
    let account = account.ok_or_else(links::gone)?;
    let actor = Actor { person: Some(account.person), name: account.name, client };
    actor.did(app, "password.changed", On::Server, "").await?;
    app.access.changed(AccessChange { person: Some(person.to_owned()), canvas: None });
    Ok(with_cookie(begin(app, person, client, headers).await?))
}

/// Chooses another password; all other devices are signed out.
#[utoipa::path(
    put, path = "/password", tag = "accounts",
    request_body = PasswordChange,
    responses(
        (status = 204, description = "It is another one."),
        (status = 403, description = "The old password is another one."),
    ),
)]
async fn change_password(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    headers: HeaderMap,
    Body(PasswordChange { old, new }): Body<PasswordChange>,
) -> Result<Response, ApiError> {
    check_accounts(&app)?;
    if !matches!(caller.credential, Credential::Session { .. }) {
        let detail = "A password is changed by who signed in with a browser.";
        return Err(ApiError::new(ErrorCode::Forbidden, detail));
    }
    let account = app.db.account(&caller.me.id).await?;
    let account = account.ok_or_else(|| ApiError::not_found("account"))?;
    count_attempt(&app, &email_key(&account.email)?, client)?;
    password::check(&new)?;
    if let Some(hash) = account.password {
        let old = old.unwrap_or_default();
        if !app.accounts.passwords.verify(old, Some(hash)).await {
            let detail = "The old password is another one.";
            return Err(ApiError::new(ErrorCode::Forbidden, detail));
        }
    }
    let hash = hashed(&app, new).await?;
    app.db.set_password(&caller.me.id, &hash, None, now_ms()).await?;
    Actor::of(&caller, client).did(&app, "password.changed", On::Server, "").await?;
    let person = caller.me.id;
    app.access.changed(AccessChange { person: Some(person.clone()), canvas: None });
    Ok(with_cookie(begin(&app, &person, client, &headers).await?))
}

/// The devices on which one is signed in, last used first.
#[utoipa::path(
    get, path = "/sessions", tag = "accounts",
    params(Paging),
    responses((status = 200, description = "All of them.", body = Page<SessionBody>)),
)]
async fn sessions(
    State(app): State<App>,
    caller: Caller,
    page: PageQuery,
) -> Result<Json<Page<SessionBody>>, ApiError> {
    check_accounts(&app)?;
    page.id()?;
    let current = match &caller.credential {
        Credential::Session { id } => id.as_str(),
        Credential::Open | Credential::Token { .. } => "",
    };
    let items = app.db.sessions(&caller.me.id, current, now_ms()).await?;
    Ok(Json(Page { items, next: None }))
}

/// Signs a device out.
#[utoipa::path(
    delete, path = "/sessions/{id}", tag = "accounts",
    params(("id" = String, Path, description = "A session.")),
    responses((status = 204, description = "It is signed out.")),
)]
async fn end_session(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    if !app.db.end_session(&caller.me.id, &id).await? {
        return Err(ApiError::not_found("session"));
    }
    Actor::of(&caller, client).did(&app, "session.ended", On::Server, &id).await?;
    app.access.changed(AccessChange { person: Some(caller.me.id), canvas: None });
    Ok(StatusCode::NO_CONTENT)
}

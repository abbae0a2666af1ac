//! Sign-in with OpenID Connect: the browser goes to a provider, and comes back as somebody (R-ACC-70 to R-ACC-74).
#![expect(unused_qualifications, reason = "the macro that describes routes writes them")]

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use gesso_protocol::api::accounts::{IdentityBody, LinkKind, SignInWays, WorkspaceRole};
use gesso_protocol::api::{Me, Page};
use gesso_protocol::ids::WorkspaceId;
use gesso_protocol::names;
use gesso_protocol::problem::ErrorCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::actor::{Actor, On};
use super::caller::{Base, Client, cookie};
use super::extract::{PageQuery, Paging};
use super::gate::{check_accounts, count_begin};
use super::{links, session};
use crate::access::{AccessChange, Caller, Credential};
use crate::accounts::oidc::{Identity, IdentityProvider};
use crate::accounts::{email_key, secret};
use crate::app::App;
use crate::clock::{fresh_id, now_ms};
use crate::db::accounts::NewAccount;
use crate::db::sign_ins::{IdentityRow, SignInRow};
use crate::error::ApiError;

/// The cookie that a browser keeps while it is away at a provider.
const AWAY_COOKIE: &str = "gesso_sign_in";
/// Time it keeps it, in s.
const AWAY_S: u32 = 600;
/// The longest address of a page that is opened afterwards, in bytes.
const NEXT_BYTES_MAX: usize = 1_000;

/// `GET /api/auth`, `GET /api/auth/oidc/{provider}`, its `/callback`, `/api/identities`.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(ways))
        .routes(routes!(begin))
        .routes(routes!(callback))
        .routes(routes!(identities))
        .routes(routes!(disconnect))
}

/// How people may sign in, beside with a password.
#[utoipa::path(
    get, path = "/auth", tag = "accounts",
    responses((status = 200, description = "The providers.", body = SignInWays)),
)]
async fn ways(State(app): State<App>) -> Result<Json<SignInWays>, ApiError> {
    check_accounts(&app)?;
    Ok(Json(SignInWays { providers: app.identity_providers.listed() }))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wish {
    /// The page that is opened afterwards.
    next: Option<String>,
    /// The secret of a link, with which somebody new gets an account.
    link: Option<String>,
    /// `1` to connect the provider with the account one is signed in to.
    connect: Option<String>,
}

/// A page of this server, whatever was asked for.
fn page(next: Option<String>) -> String {
    let is_here = |next: &String| {
        let begins = next.starts_with('/') && !next.starts_with("//") && !next.starts_with("/\\");
        begins && next.len() <= NEXT_BYTES_MAX && next.bytes().all(|b| b.is_ascii_graphic())
    };
    next.filter(is_here).unwrap_or_else(|| "/".to_owned())
}

/// Sends the browser somewhere, with cookies.
fn go(to: &str, cookies: impl IntoIterator<Item = Option<HeaderValue>>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let to = HeaderValue::from_str(to).unwrap_or_else(|_odd| HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, to);
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The cookie of a browser that goes to a provider, or of one that is back.
fn away(secret: Option<&str>, client: Client) -> Option<HeaderValue> {
    let secure = if client.is_secure { "; Secure" } else { "" };
    let (value, age) = (secret.unwrap_or_default(), if secret.is_some() { AWAY_S } else { 0 });
    let cookie = format!(
        "{AWAY_COOKIE}={value}; Path=/api/auth; Max-Age={age}; SameSite=Lax; HttpOnly{secure}"
    );
    HeaderValue::from_str(&cookie).ok()
}

/// Whoever is signed in with the browser.
fn signed_in(caller: Option<Extension<Caller>>) -> Option<Caller> {
    let caller = caller.map(|Extension(caller)| caller);
    caller.filter(|caller| matches!(caller.credential, Credential::Session { .. }))
}

/// Sends the browser to the provider.
#[utoipa::path(
    get, path = "/auth/oidc/{provider}", tag = "accounts",
    params(("provider" = String, Path, description = "A provider."), Wish),
    responses(
        (status = 303, description = "To the provider."),
        (status = 404, description = "There is no such provider."),
    ),
)]
async fn begin(
    State(app): State<App>,
    client: Client,
    base: Base,
    headers: HeaderMap,
    caller: Option<Extension<Caller>>,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, ApiError> {
    check_accounts(&app)?;
    let provider =
        app.identity_providers.find(&id).ok_or_else(|| ApiError::not_found("provider"))?;
    count_begin(&app, client)?;
    let person = match wish.connect.as_deref() {
        Some("1") if !base.is_asked_from_here(&headers) => {
            let detail = "A provider is connected from the page of this server, and from no other.";
            return Err(ApiError::new(ErrorCode::Forbidden, detail));
        }
        Some("1") => {
            let caller = signed_in(caller).ok_or_else(|| {
                ApiError::new(ErrorCode::Unauthorized, "Sign in before you connect a provider.")
            })?;
            Some(caller.me.id)
        }
        Some(_) | None => None,
    };
    let begun = match app.identity_providers.begin(provider, base.callback(&id)).await {
        Ok(begun) => begun,
        Err(error) => {
            tracing::warn!(%error, provider = id, "a provider cannot be asked to sign somebody in");
            return Ok(go("/?sign_in=failed", []));
        }
    };
    let browser = secret::fresh();
    let row = SignInRow {
        state: secret::hash(&begun.state),
        browser: secret::hash(&browser),
        provider: id,
        nonce: begun.nonce,
        verifier: begun.verifier,
        next: page(wish.next),
        link: wish.link.filter(|link| link.len() <= NEXT_BYTES_MAX),
        person,
        created_at: now_ms(),
    };
    app.db.begin_sign_in(&row).await?;
    Ok(go(begun.url.as_str(), [away(Some(&browser), client)]))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Answer {
    /// What is exchanged for the identity.
    code: Option<String>,
    /// Which sign-in it is of.
    state: Option<String>,
    /// Why there is none.
    error: Option<String>,
    /// Who answers (RFC 9207).
    iss: Option<String>,
}

/// Why a sign-in leads nowhere, as the page is told (`/?sign_in=`).
enum Ending {
    /// The provider, or the person there, said no.
    Denied,
    /// The provider could not be asked, or what it said is not to be trusted.
    Failed,
    /// It took too long, was taken already, or another browser began it.
    Expired,
    /// The person has no account here, and no invitation.
    Unknown,
    /// The provider does not say that the address is theirs.
    NotVerified,
    /// The address is in none of the domains.
    Domain,
    /// The account was disabled.
    Disabled,
    /// It is connected with another account.
    Taken,
    /// There is an account with the address, of which nobody knows whether it is theirs.
    Exists,
    /// The server failed.
    Server(ApiError),
}

impl<E: Into<ApiError>> From<E> for Ending {
    fn from(error: E) -> Self {
        Self::Server(error.into())
    }
}

/// The browser is back from the provider.
#[utoipa::path(
    get, path = "/auth/oidc/{provider}/callback", tag = "accounts",
    params(("provider" = String, Path, description = "A provider."), Answer),
    responses((status = 303, description = "To the page that was asked for, or to one that says what is wrong.")),
)]
async fn callback(
    State(app): State<App>,
    client: Client,
    base: Base,
    headers: HeaderMap,
    caller: Option<Extension<Caller>>,
    Path(id): Path<String>,
    Query(answer): Query<Answer>,
) -> Result<Response, ApiError> {
    check_accounts(&app)?;
    let ended = finish(&app, (client, signed_in(caller)), &base, &headers, (&id, answer)).await;
    let why = match ended {
        Ok((next, session)) => return Ok(go(&next, [away(None, client), session])),
        Err(Ending::Server(error)) => return Err(error),
        Err(Ending::Denied) => "denied",
        Err(Ending::Failed) => "failed",
        Err(Ending::Expired) => "expired",
        Err(Ending::Unknown) => "unknown",
        Err(Ending::NotVerified) => "not_verified",
        Err(Ending::Domain) => "domain",
        Err(Ending::Disabled) => "disabled",
        Err(Ending::Taken) => "taken",
        Err(Ending::Exists) => "exists",
    };
    Actor::nobody(client).did_so(&app, "session.refused", On::Server, &id, why).await?;
    Ok(go(&format!("/?sign_in={why}"), [away(None, client)]))
}

/// Ends a sign-in; answers the page to open, and the cookie of the new session.
async fn finish(
    app: &App,
    (client, caller): (Client, Option<Caller>),
    base: &Base,
    headers: &HeaderMap,
    (id, answer): (&str, Answer),
) -> Result<(String, Option<HeaderValue>), Ending> {
    let provider = app.identity_providers.find(id).ok_or(Ending::Failed)?;
    let (Some(state), Some(browser)) = (answer.state, cookie(headers, AWAY_COOKIE)) else {
        return Err(Ending::Expired);
    };
    let row = app.db.take_sign_in(&secret::hash(&state), &secret::hash(browser), now_ms()).await?;
    let row = row.filter(|row| row.provider == id).ok_or(Ending::Expired)?;
    let Some(code) = answer.code.filter(|_| answer.error.is_none()) else {
        return Err(Ending::Denied);
    };
    if answer.iss.is_some_and(|issuer| !provider.is(&issuer)) {
        return Err(Ending::Failed);
    }
    let proof = (row.nonce.clone(), row.verifier.clone());
    let identity = app.identity_providers.finish(provider, base.callback(id), code, proof).await;
    let identity = identity.map_err(|error| {
        tracing::warn!(%error, provider = id, "a sign-in with a provider failed");
        Ending::Failed
    })?;
    if provider.is_restricted() {
        let email = identity.email.as_deref().ok_or(Ending::NotVerified)?;
        if !provider.welcomes(email) {
            return Err(Ending::Domain);
        }
    }
    if let Some(person) = &row.person {
        connect(app, (client, caller), person, &identity).await?;
        return Ok((row.next, None));
    }
    let (person, next) = match app.db.identified(&identity.issuer, &identity.subject).await? {
        Some(person) => (person, row.next),
        None => newcomer(app, client, provider, &identity, row).await?,
    };
    let account = app.db.account(&person).await?.ok_or(Ending::Unknown)?;
    if account.disabled_at.is_some() {
        return Err(Ending::Disabled);
    }
    let actor = Actor { person: Some(person.clone()), name: account.name, client };
    actor.did_so(app, "session.created", On::Server, "", id).await?;
    Ok((next, session::begin(app, &person, client, headers).await?))
}

fn new_identity(identity: &Identity, person: &str) -> IdentityRow {
    IdentityRow {
        id: fresh_id(),
        person: person.to_owned(),
        issuer: identity.issuer.clone(),
        subject: identity.subject.clone(),
        email: identity.email.clone().unwrap_or_default(),
        created_at: now_ms(),
    }
}

/// Connects an identity with the account of somebody who is still signed in.
async fn connect(
    app: &App,
    (client, caller): (Client, Option<Caller>),
    person: &str,
    identity: &Identity,
) -> Result<(), Ending> {
    let caller = caller.filter(|caller| caller.me.id == person).ok_or(Ending::Expired)?;
    match app.db.identified(&identity.issuer, &identity.subject).await? {
        Some(owner) if owner == person => return Ok(()),
        Some(_) => return Err(Ending::Taken),
        None => {}
    }
    let added = app.db.add_identity(&new_identity(identity, person)).await;
    added
        .map_err(|error| if error.is_unique_violation() { Ending::Taken } else { error.into() })?;
    let actor = Actor::of(&caller, client);
    Ok(actor.did(app, "identity.connected", On::Server, &identity.issuer).await?)
}

/// The account of somebody who signs in with a provider for the first time: the one with their address, or a new one
/// where they come by a link or from a domain that is welcome. Answers the person and the page to open.
async fn newcomer(
    app: &App,
    client: Client,
    provider: &IdentityProvider,
    identity: &Identity,
    row: SignInRow,
) -> Result<(String, String), Ending> {
    let email = identity.email.as_deref().ok_or(Ending::NotVerified)?;
    let key = email_key(email).map_err(|_odd| Ending::NotVerified)?;
    if let Some(account) = app.db.account_by_email(&key).await? {
        if account.disabled_at.is_some() {
            return Err(Ending::Disabled);
        }
        if account.email_checked == 0 {
            // Whoever signed up with it may have typed an address that is not theirs, and would share the account.
            return Err(Ending::Exists);
        }
        let person = account.person;
        match app.db.add_identity(&new_identity(identity, &person)).await {
            Ok(()) => {}
            // In another tab, meanwhile.
            Err(error) if error.is_unique_violation() => return Ok((person, row.next)),
            Err(error) => return Err(error.into()),
        }
        let actor = Actor { person: Some(person.clone()), name: account.name, client };
        actor.did(app, "identity.connected", On::Server, &identity.issuer).await?;
        return Ok((person, row.next));
    }
    let link = match &row.link {
        Some(secret) => links::find(app, secret).await?,
        None => None,
    };
    let takes = |link: &links::Link| {
        let is_theirs = link.email().is_none_or(|only| email_key(only).ok().as_ref() == Some(&key));
        is_theirs && link.kind() != LinkKind::Reset && !link.needs_password()
    };
    let link = link.filter(takes);
    let (workspace, role) = match &link {
        Some(link) => {
            (link.workspace(app).await?, link.workspace_role().unwrap_or(WorkspaceRole::Guest))
        }
        None if provider.welcomes(email) => (WorkspaceId::default(), provider.role),
        None => return Err(Ending::Unknown),
    };
    let welcome = app.newcomers.welcome();
    let named = identity.name.as_deref().and_then(|name| names::person(name).ok());
    let me = Me { name: named.unwrap_or_else(|| welcome.name.clone()), ..welcome };
    let person = me.id.clone();
    let account = NewAccount {
        is_email_checked: true,
        identity: Some(new_identity(identity, &person)),
        email: email.to_owned(),
        email_key: key,
        password: None,
        workspace,
        role,
        me,
    };
    let invitation = link.as_ref().and_then(links::Link::invitation);
    match app.db.add_account(&account, invitation, now_ms()).await {
        Ok(true) => {}
        Ok(false) => return Err(Ending::Unknown),
        // The same person came in another tab meanwhile.
        Err(error) if error.is_unique_violation() => {
            let there = app.db.identified(&identity.issuer, &identity.subject).await?;
            return there.map(|person| (person, row.next)).ok_or(Ending::Exists);
        }
        Err(error) => return Err(error.into()),
    }
    let actor = Actor { person: Some(person.clone()), name: account.me.name, client };
    actor.did(app, "account.created", On::Server, &account.email).await?;
    let mut next = row.next;
    if let Some(link) = &link {
        // Its page has nothing more to say.
        "/".clone_into(&mut next);
        if let Some((canvas, role)) = link.canvas() {
            links::join_canvas(app, &actor, canvas, &person, role).await?;
            next = format!("/c/{canvas}");
        }
    }
    app.access.changed(AccessChange { person: Some(person.clone()), canvas: None });
    Ok((person, next))
}

/// The providers that are connected with one's account.
#[utoipa::path(
    get, path = "/identities", tag = "accounts",
    params(Paging),
    responses((status = 200, description = "All of them.", body = Page<IdentityBody>)),
)]
async fn identities(
    State(app): State<App>,
    caller: Caller,
    page: PageQuery,
) -> Result<Json<Page<IdentityBody>>, ApiError> {
    check_accounts(&app)?;
    page.id()?;
    let body = |row: IdentityRow| {
        let provider = app.identity_providers.of_issuer(&row.issuer);
        IdentityBody {
            id: row.id,
            provider: provider.map(|provider| provider.id.clone()).unwrap_or_default(),
            name: provider.map_or(row.issuer, |provider| provider.name.clone()),
            email: row.email,
            created_at: row.created_at,
        }
    };
    let rows = app.db.identities(&caller.me.id).await?;
    Ok(Json(Page { items: rows.into_iter().map(body).collect(), next: None }))
}

/// Disconnects a provider from one's account.
#[utoipa::path(
    delete, path = "/identities/{id}", tag = "accounts",
    params(("id" = String, Path, description = "A connected provider.")),
    responses(
        (status = 204, description = "It is disconnected."),
        (status = 409, description = "It is the only way to sign in."),
    ),
)]
async fn disconnect(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    check_accounts(&app)?;
    let all = app.db.identities(&caller.me.id).await?;
    let row = all.into_iter().find(|row| row.id == id);
    let row = row.ok_or_else(|| ApiError::not_found("identity"))?;
    if !app.db.remove_identity(&caller.me.id, &id).await? {
        let detail = "It is the only way to sign in. Choose a password first.";
        return Err(ApiError::new(ErrorCode::Conflict, detail));
    }
    Actor::of(&caller, client).did(&app, "identity.ended", On::Server, &row.issuer).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn only_pages_of_this_server_are_opened_afterwards() {
        for (next, opened) in [
            ("/c/abc?x=1#y", "/c/abc?x=1#y"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/a\r\nSet-Cookie: b", "/"),
            ("", "/"),
        ] {
            assert_eq!(page(Some(next.to_owned())), opened);
        }
        assert_eq!(page(None), "/");
        assert_eq!(page(Some(format!("/{}", "a".repeat(2_000)))), "/");
    }
}

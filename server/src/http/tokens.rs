//! API tokens.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gesso_protocol::api::Page;
use gesso_protocol::api::accounts::{NewToken, TokenBody};
use gesso_protocol::names;
use gesso_protocol::problem::ErrorCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::actor::{Actor, On};
use super::caller::Client;
use super::extract::{Json as Body, PageQuery, Paging};
use super::gate::check_accounts;
use crate::access::{AccessChange, Caller, Credential};
use crate::accounts::{new_token, secret};
use crate::app::App;
use crate::clock::now_ms;
use crate::error::ApiError;

/// The most tokens of one person.
const TOKENS_MAX: usize = 100;

/// `/api/tokens`.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(tokens, add_token)).routes(routes!(end_token))
}

/// One's API tokens, newest first.
#[utoipa::path(
    get, path = "/tokens", tag = "accounts",
    params(Paging),
    responses((status = 200, description = "All of them.", body = Page<TokenBody>)),
)]
async fn tokens(
    State(app): State<App>,
    caller: Caller,
    page: PageQuery,
) -> Result<Json<Page<TokenBody>>, ApiError> {
    check_accounts(&app)?;
    page.id()?;
    Ok(Json(Page { items: app.db.tokens(&caller.me.id).await?, next: None }))
}

/// Makes an API token; only this answer has its secret.
#[utoipa::path(
    post, path = "/tokens", tag = "accounts",
    request_body = NewToken,
    responses((status = 201, description = "The token.", body = TokenBody)),
)]
async fn add_token(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Body(wish): Body<NewToken>,
) -> Result<(StatusCode, Json<TokenBody>), ApiError> {
    check_accounts(&app)?;
    let now = now_ms();
    if wish.scopes.is_empty() {
        return Err(ApiError::bad_request("A token needs a scope: read, edit, run or admin."));
    }
    if wish.expires_at.is_some_and(|at| at <= now) {
        return Err(ApiError::bad_request("expires_at is in the past; it is in ms since 1970."));
    }
    // One that ends would else live on in one that does not.
    if let Credential::Token { expires_at: Some(own), .. } = caller.credential
        && wish.expires_at.is_none_or(|at| at > own)
    {
        let detail = "A token cannot make one that ends after itself.";
        return Err(ApiError::new(ErrorCode::Forbidden, detail));
    }
    if app.db.tokens(&caller.me.id).await?.len() >= TOKENS_MAX {
        let detail = format!("You have {TOKENS_MAX} tokens. Delete one that is not used any more.");
        return Err(ApiError::new(ErrorCode::Conflict, detail));
    }
    let (token, secret) = new_token(&names::name(&wish.name)?, wish.scopes, wish.expires_at, now);
    app.db.add_token(&caller.me.id, &secret::hash(&secret), &token).await?;
    Actor::of(&caller, client).did(&app, "token.created", On::Server, &token.name).await?;
    Ok((StatusCode::CREATED, Json(TokenBody { secret: Some(secret), ..token })))
}

/// Deletes an API token.
#[utoipa::path(
    delete, path = "/tokens/{id}", tag = "accounts",
    params(("id" = String, Path, description = "A token.")),
    responses((status = 204, description = "It is deleted.")),
)]
async fn end_token(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    if !app.db.end_token(Some(&caller.me.id), &id).await? {
        return Err(ApiError::not_found("token"));
    }
    Actor::of(&caller, client).did(&app, "token.ended", On::Server, &id).await?;
    app.access.changed(AccessChange { person: Some(caller.me.id), canvas: None });
    Ok(StatusCode::NO_CONTENT)
}

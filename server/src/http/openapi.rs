//! `GET /api/openapi.json`: what this server answers to, made of the routes themselves and of the types that handlers
//! use. What holds for every route alike (problems) is added here, once.

use std::sync::Arc;

use axum::{Extension, Json};
use gesso_protocol::api::Problem;
use utoipa::openapi::path::{HttpMethod, Operation, ParameterIn};
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::{
    Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response, ResponseBuilder,
};
use utoipa::{PartialSchema as _, ToSchema as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// The media type of problems.
const PROBLEM: &str = "application/problem+json";
/// Schemas of types that are written into the object of another: that one has further keys.
const WRITTEN_INTO_OTHERS: [&str; 1] = ["Model"];

/// `GET /api/openapi.json`.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(document))
}

/// The finished description, as its handler finds it.
#[derive(Clone)]
pub(super) struct Document(pub(super) Arc<OpenApi>);

/// Returns the description of all routes of this server: this document.
#[utoipa::path(get, path = "/openapi.json", tag = "server", responses(
    (status = 200, description = "An OpenAPI document.", body = Object)))]
async fn document(Extension(Document(document)): Extension<Document>) -> Json<Arc<OpenApi>> {
    Json(document)
}

/// The head of the description.
pub(super) fn head() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Gesso")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The HTTP API of a Gesso server. Times are milliseconds since 1970, money is credits with at most three \
             decimals. Lists are {items, next}: next is the cursor of the next page, null at the end. What is no success \
             is a problem (RFC 9457) with a stable code.",
        ))
        .build();
    OpenApiBuilder::new().info(info).build()
}

/// Adds what routes have in common to the description of all of them.
pub(super) fn finished(mut api: OpenApi) -> OpenApi {
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    let components = api.components.get_or_insert_default();
    components.schemas.extend(schemas);
    for name in WRITTEN_INTO_OTHERS {
        if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(name) {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(true)));
        }
    }
    for item in api.paths.paths.values_mut() {
        let methods = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Delete, &mut item.delete),
        ];
        for (method, operation) in methods {
            if let Some(operation) = operation {
                // Handlers of several resources have the same name.
                let tag = operation.tags.iter().flatten().next();
                let id = operation.operation_id.as_ref();
                operation.operation_id = tag.zip(id).map(|(tag, id)| format!("{tag}_{id}"));
                complete_problems(operation);
                add_problems(operation, &method);
            }
        }
    }
    api
}

/// Makes every answer that is no success a problem: routes tell only when.
fn complete_problems(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if status.starts_with(['4', '5'])
            && let RefOr::T(response) = response
            && response.content.is_empty()
        {
            *response = problem(&response.description);
        }
    }
}

/// The problems that any route of this form can answer.
fn add_problems(operation: &mut Operation, method: &HttpMethod) {
    let parameters = || operation.parameters.iter().flatten();
    let in_path = parameters().any(|parameter| {
        matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Path)
    });
    let names_whose = parameters().any(|parameter| {
        matches!(parameter, RefOr::T(parameter) if matches!(parameter.name.as_str(), "canvas" | "workspace"))
    });
    let has_body = operation.request_body.is_some();
    let is_of_accounts = operation
        .tags
        .iter()
        .flatten()
        .any(|tag| matches!(tag.as_str(), "accounts" | "workspaces" | "access" | "people"));
    let mut add = |status: u16, description: &str| {
        let responses = &mut operation.responses.responses;
        responses.entry(status.to_string()).or_insert_with(|| RefOr::T(problem(description)));
    };
    add(400, "The request is not right.");
    add(403, "The request comes from another site, by another name or through a proxy.");
    add(401, "Nobody is signed in, where people sign in.");
    if in_path || names_whose {
        add(404, "There is no such thing.");
    }
    if is_of_accounts {
        add(404, "Nobody signs in here.");
        add(429, "These were too many attempts; Retry-After tells when to try again.");
    }
    if has_body {
        add(408, "The body stopped on its way.");
        add(413, "The body is larger than this address takes.");
        add(415, "The body is of another type than this address takes.");
        add(429, "This person has too much under way; Retry-After tells when to try again.");
    }
    if !matches!(method, HttpMethod::Get) || in_path {
        add(
            503,
            "The server has too much in hand or is stopping; Retry-After tells when to try again.",
        );
    }
    add(500, "The server failed.");
}

fn problem(description: &str) -> Response {
    let body = Content::new(Some(Ref::from_schema_name(Problem::name())));
    ResponseBuilder::new().description(description).content(PROBLEM, body).build()
}

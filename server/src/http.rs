//! The HTTP API: one file a resource, merged here under one order of middleware. Handlers read the request,
//! ask the rest of the server, and write the answer; they decide nothing about graphs, runs or money.

mod access;
mod actor;
mod archive;
mod asset_rights;
pub mod assets;
mod audit;
pub mod bodies;
pub mod body_budget;
mod caller;
pub mod canvases;
pub mod catalog;
pub mod client;
pub mod credits;
mod csv;
pub mod events;
pub mod extract;
mod gate;
pub mod guard;
pub mod health;
mod large;
mod links;
pub mod me;
mod multipart;
mod notifications;
mod openapi;
pub mod peer;
pub mod problems;
mod quotas;
mod refused;
mod rights;
pub mod runs;
mod session;
mod sign_in;
pub mod sync;
pub mod templates;
mod tokens;
mod usage;
mod whole;
mod workspaces;

use std::sync::Arc;

use axum::http::{HeaderValue, header};
use axum::middleware;
use axum::{Extension, Router};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_axum::router::OpenApiRouter;

use self::openapi::Document;
use crate::app::App;

/// The API with its description.
fn described() -> OpenApiRouter<App> {
    let api = OpenApiRouter::new()
        .merge(catalog::routes())
        .merge(session::routes())
        .merge(sign_in::routes())
        .merge(tokens::routes())
        .merge(links::routes())
        .merge(notifications::routes())
        .merge(workspaces::routes())
        .merge(audit::routes())
        .merge(usage::routes())
        .merge(access::routes())
        .merge(canvases::routes())
        .merge(runs::routes())
        .merge(archive::routes())
        .merge(assets::described())
        .merge(credits::routes())
        .merge(events::routes())
        .merge(me::routes())
        .merge(openapi::routes())
        .merge(templates::routes());
    OpenApiRouter::with_openapi(openapi::head())
        .nest("/api", api)
        .merge(health::routes())
        .merge(sync::routes())
}

/// All routes of the server.
pub fn router(app: App) -> Router {
    let (api, document) = described().split_for_parts();
    let document = Document(Arc::new(openapi::finished(document)));
    api.merge(client::routes())
        .layer(middleware::from_fn(whole::whole))
        .layer(Extension(document))
        .layer(middleware::from_fn_with_state(app.clone(), bodies::watch))
        .layer(middleware::from_fn_with_state(app.clone(), rights::check))
        .layer(middleware::from_fn_with_state(app.clone(), guard::person))
        .layer(middleware::from_fn_with_state(app.clone(), guard::check_origin))
        .layer(CatchPanicLayer::custom(problems::panicked))
        .layer(middleware::from_fn(problems::told))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        // Answers are for whoever asked, and secrets of tokens are among them.
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ))
        .with_state(app)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use axum::body::Body;
    use axum::http::{Method, Request, StatusCode};
    use tower::ServiceExt as _;

    use super::*;

    /// The paths that a router has, as it tells them itself.
    fn paths(router: &Router<()>) -> Vec<String> {
        let told = format!("{router:?}");
        let mut paths: Vec<String> = told
            .split('"')
            .filter(|text| text.starts_with('/') && !text.contains("__private__"))
            .map(str::to_owned)
            .collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    /// The methods of every route: a method that no route has is answered with those it has.
    async fn methods(router: &Router<()>, path: &str) -> Vec<String> {
        let asked: String = path
            .split('/')
            .map(|part| if part.starts_with('{') { "x" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let request = Request::builder().method(Method::TRACE).uri(asked).body(Body::empty());
        let response = router.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let allow = response.headers()[header::ALLOW].to_str().unwrap();
        let mut methods: Vec<String> =
            allow.split(',').filter(|method| *method != "HEAD").map(str::to_lowercase).collect();
        methods.sort_unstable();
        methods
    }

    #[tokio::test]
    async fn every_route_is_described_and_every_description_has_a_route() {
        let folder = tempfile::TempDir::new().unwrap();
        let mut options = <crate::config::Cli as clap::Parser>::parse_from(["gesso"]).serve;
        options.data = folder.path().to_owned();
        let app = App::start(options).await.unwrap();
        let (api, document) = described().split_for_parts();
        let pages: Router<App> = client::routes();
        let pages = paths(&pages.with_state(app.clone()));
        let all: Router<()> = api.merge(client::routes()).with_state(app.clone());
        let mut there = BTreeMap::new();
        for path in paths(&all) {
            if !pages.contains(&path) {
                there.insert(path.clone(), methods(&all, &path).await);
            }
        }
        // The routes outside `described` are pages alone: nothing else answers.
        assert_eq!(
            pages,
            ["/", "/assets/{*path}", "/c/{id}", "/join/{secret}", "/p/{slug}", "/sw.js"]
        );
        let mut needed: Vec<(&str, &str)> =
            rights::NEEDS.iter().map(|(method, path, _)| (*method, *path)).collect();
        needed.sort_unstable();
        let methods_of = |(path, methods): (&String, &Vec<String>)| -> Vec<(String, String)> {
            methods.iter().map(|method| (method.to_uppercase(), path.clone())).collect()
        };
        let mut routed: Vec<(String, String)> = there.iter().flat_map(methods_of).collect();
        routed.extend(pages.iter().map(|path| ("GET".to_owned(), path.clone())));
        routed.sort_unstable();
        let routed: Vec<(&str, &str)> =
            routed.iter().map(|(method, path)| (method.as_str(), path.as_str())).collect();
        assert_eq!(needed, routed, "every route has one row in the table of rights");
        assert!(there.len() > 25, "{there:?}");
        let document = serde_json::to_value(openapi::finished(document)).unwrap();
        let mut told = BTreeMap::new();
        let mut ids = std::collections::BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let mut methods: Vec<String> = item.as_object().unwrap().keys().cloned().collect();
            methods.sort_unstable();
            told.insert(path.clone(), methods);
            for (method, operation) in item.as_object().unwrap() {
                let named: Vec<&str> = operation["parameters"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|parameter| parameter["in"] == "path")
                    .map(|parameter| parameter["name"].as_str().unwrap())
                    .collect();
                let in_path: Vec<&str> = path
                    .split('/')
                    .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
                    .collect();
                assert_eq!(named, in_path, "{method} {path}");
                assert!(operation["summary"].is_string(), "{method} {path}");
                let id = operation["operationId"].as_str().unwrap();
                assert!(ids.insert(id.to_owned()), "{id} is another operation's too");
                assert!(operation["responses"].get("500").is_some(), "{method} {path}");
            }
        }
        assert_eq!(told, there);
        // What is referred to is there.
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
        app.db.close().await;
    }
}

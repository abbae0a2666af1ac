//! Requests to the server: JSON there and back, refusals as values.

use gesso_protocol::api::Problem;
use gesso_protocol::problem::NodeProblem;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Why a request brought nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ApiError {
    /// The HTTP status; 0 where no answer came.
    pub status: u16,
    /// The stable code, empty where no problem document came.
    pub code: String,
    /// A sentence for people: what happened and what to do.
    pub detail: String,
    /// The nodes it is about.
    pub nodes: Vec<NodeProblem>,
}

impl ApiError {
    /// No answer came. What the browser says of it helps nobody but whoever reads the console.
    pub fn unreachable(cause: &JsValue) -> Self {
        web_sys::console::warn_1(cause);
        Self::plain(0, "The server does not answer. Check the connection and try again.")
    }

    /// The body of the answer cannot be parsed.
    pub fn unreadable() -> Self {
        Self::plain(
            0,
            "The server answered something this page does not understand. Reload the page.",
        )
    }

    fn plain(status: u16, detail: &str) -> Self {
        Self { status, code: String::new(), detail: detail.to_owned(), nodes: Vec::new() }
    }

    /// Reads a problem document (RFC 9457).
    pub fn of(status: u16, text: &str) -> Self {
        match serde_json::from_str::<Problem>(text) {
            Ok(problem) => Self {
                status,
                code: problem.code.id().to_owned(),
                detail: if problem.detail.is_empty() { problem.title } else { problem.detail },
                nodes: problem.nodes,
            },
            Err(_) => Self::plain(
                status,
                &format!("The server refused this ({status}). Try again in a moment."),
            ),
        }
    }
}

thread_local! {
    static UNAUTHORIZED: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
}

/// Has `told` called whenever the server answers that nobody is signed in.
pub fn on_unauthorized(told: impl Fn() + 'static) {
    UNAUTHORIZED.with(|held| *held.borrow_mut() = Some(Rc::new(told)));
}

/// `GET`.
///
/// # Errors
/// The problem the server answered with, or that its answer did not come or cannot be read.
pub async fn get<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    read(send("GET", path, None, &[]).await?)
}

/// `POST` with a JSON body.
///
/// # Errors
/// The problem the server answered with, or that its answer did not come or cannot be read.
pub async fn post<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, ApiError> {
    read(send("POST", path, Some(&json(body)?), &[JSON]).await?)
}

/// `POST` with a JSON body that is acted on once, however often it is sent with the same `key`.
///
/// # Errors
/// The problem the server answered with, or that its answer did not come or cannot be read.
pub async fn post_once<T: DeserializeOwned>(
    path: &str,
    body: &impl Serialize,
    key: &str,
) -> Result<T, ApiError> {
    read(send("POST", path, Some(&json(body)?), &[JSON, ("idempotency-key", key)]).await?)
}

/// `POST` with bytes.
///
/// # Errors
/// The problem the server answered with, or that its answer did not come.
pub async fn post_bytes(path: &str, bytes: &[u8]) -> Result<(), ApiError> {
    let body = js_sys::Uint8Array::from(bytes);
    send("POST", path, Some(&body), &[("content-type", "application/octet-stream")]).await?;
    Ok(())
}

/// `POST` with a form.
///
/// # Errors
/// The problem the server answered with, or that its answer did not come or cannot be read.
pub async fn post_form<T: DeserializeOwned>(
    path: &str,
    form: &web_sys::FormData,
) -> Result<T, ApiError> {
    // The browser writes the content type, with the boundary.
    read(send("POST", path, Some(form), &[]).await?)
}

/// `PATCH` with a JSON body.
///
/// # Errors
/// The problem the server answered with, or that its answer did not come or cannot be read.
pub async fn patch<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, ApiError> {
    read(send("PATCH", path, Some(&json(body)?), &[JSON]).await?)
}

/// `PUT` with a JSON body.
///
/// # Errors
/// The problem the server answered with, or that its answer did not come or cannot be read.
pub async fn put<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, ApiError> {
    read(send("PUT", path, Some(&json(body)?), &[JSON]).await?)
}

/// `DELETE`.
///
/// # Errors
/// The problem the server answered with, or that its answer did not come.
pub async fn delete(path: &str) -> Result<(), ApiError> {
    send("DELETE", path, None, &[]).await?;
    Ok(())
}

const JSON: (&str, &str) = ("content-type", "application/json");

fn json(body: &impl Serialize) -> Result<JsValue, ApiError> {
    let text = serde_json::to_string(body);
    text.map(JsValue::from).map_err(|error| ApiError::plain(0, &error.to_string()))
}

fn read<T: DeserializeOwned>(text: String) -> Result<T, ApiError> {
    // An empty answer is what a type without content reads from `null`.
    let text = if text.trim().is_empty() { "null" } else { text.as_str() };
    serde_json::from_str(text).map_err(|error| {
        web_sys::console::error_1(&JsValue::from_str(&error.to_string()));
        ApiError::unreadable()
    })
}

async fn send(
    method: &str,
    path: &str,
    body: Option<&JsValue>,
    headers: &[(&str, &str)],
) -> Result<String, ApiError> {
    let gone = |cause: JsValue| ApiError::unreachable(&cause);
    let init = web_sys::RequestInit::new();
    init.set_method(method);
    let set = web_sys::Headers::new().map_err(gone)?;
    set.set("accept", "application/json").map_err(gone)?;
    for (name, value) in headers {
        set.set(name, value).map_err(gone)?;
    }
    if let Some(body) = body {
        init.set_body(body);
    }
    init.set_headers(&set);
    let asked = leptos::prelude::window().fetch_with_str_and_init(path, &init);
    let answer: web_sys::Response =
        JsFuture::from(asked).await.map_err(gone)?.dyn_into().map_err(gone)?;
    let text = JsFuture::from(answer.text().map_err(gone)?).await.map_err(gone)?;
    let text = text.as_string().unwrap_or_default();
    if answer.ok() {
        return Ok(text);
    }
    if answer.status() == 401
        && let Some(told) = UNAUTHORIZED.with(|held| held.borrow().clone())
    {
        told();
    }
    Err(ApiError::of(answer.status(), &text))
}

/// A list that an endpoint gives as a page (`{items, next}`).
///
/// # Errors
/// The problem the server answered with, or that its answer did not come or cannot be read.
pub async fn list<T: DeserializeOwned>(path: &str) -> Result<Vec<T>, ApiError> {
    let page: gesso_protocol::api::Page<T> = get(path).await?;
    Ok(page.items)
}

/// The answer of a route that makes a canvas, as far as the page needs it.
#[derive(Debug, Deserialize)]
pub struct Made {
    /// The canvas's id.
    pub id: String,
}

/// An empty JSON object, for routes that take no settings.
pub fn nothing() -> Value {
    Value::Object(serde_json::Map::new())
}

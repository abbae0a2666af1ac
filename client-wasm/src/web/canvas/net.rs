//! Requests to the server.

use serde_json::Value;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

/// What the server answered instead of what was asked for (RFC 9457), or why nothing was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// HTTP status; 0 without an answer.
    pub status: u16,
    /// Stable code.
    pub code: String,
    /// A sentence for people.
    pub detail: String,
    /// The nodes it is about, each with its own sentence.
    pub nodes: Vec<(String, String)>,
}

impl Problem {
    /// What the browser says of it helps nobody but whoever reads the console.
    pub fn unreachable(cause: JsValue) -> Self {
        if !cause.is_null() {
            web_sys::console::warn_1(&cause);
        }
        Self {
            detail:
                "The server does not answer. Your changes are kept here; try again in a moment."
                    .to_owned(),
            ..Self::default()
        }
    }

    /// Reads a problem document.
    pub fn of(status: u16, body: &Value) -> Self {
        let text = |v: &Value, key: &str| v.get(key).and_then(Value::as_str).map(str::to_owned);
        let nodes = body.get("nodes").and_then(Value::as_array);
        let detail = text(body, "detail")
            .or_else(|| text(body, "title"))
            .unwrap_or_else(|| format!("The server refused this ({status})."));
        Self {
            status,
            code: text(body, "code").unwrap_or_default(),
            detail,
            nodes: nodes
                .into_iter()
                .flatten()
                .filter_map(|n| Some((text(n, "node")?, text(n, "detail").unwrap_or_default())))
                .collect(),
        }
    }
}

/// Sends a request with an optional JSON body and reads the JSON answer (`null` for an empty one).
///
/// # Errors
/// What the server said, or that it said nothing.
pub async fn request(
    method: &str,
    path: &str,
    body: Option<&Value>,
    key: Option<&str>,
) -> Result<Value, Problem> {
    let init = web_sys::RequestInit::new();
    init.set_method(method);
    let headers = web_sys::Headers::new().map_err(Problem::unreachable)?;
    let mut set = vec![("accept", "application/json")];
    if let Some(body) = body {
        set.push(("content-type", "application/json"));
        init.set_body(&JsValue::from_str(&body.to_string()));
    }
    if let Some(key) = key {
        set.push(("idempotency-key", key));
    }
    for (name, value) in set {
        headers.set(name, value).map_err(Problem::unreachable)?;
    }
    init.set_headers(&headers);
    send(path, &init).await
}

/// Posts bytes.
///
/// # Errors
/// What the server said, or that it said nothing.
pub async fn post_bytes(path: &str, bytes: &[u8]) -> Result<Value, Problem> {
    let init = web_sys::RequestInit::new();
    init.set_method("POST");
    let headers = web_sys::Headers::new().map_err(Problem::unreachable)?;
    headers.set("content-type", "application/octet-stream").map_err(Problem::unreachable)?;
    init.set_headers(&headers);
    init.set_body(&js_sys::Uint8Array::from(bytes));
    send(path, &init).await
}

/// Posts a form.
///
/// # Errors
/// What the server said, or that it said nothing.
pub async fn post_form(path: &str, form: &web_sys::FormData) -> Result<Value, Problem> {
    let init = web_sys::RequestInit::new();
    init.set_method("POST");
    init.set_body(form);
    send(path, &init).await
}

async fn send(path: &str, init: &web_sys::RequestInit) -> Result<Value, Problem> {
    let window = web_sys::window().ok_or_else(|| Problem::unreachable(JsValue::NULL))?;
    let answer = JsFuture::from(window.fetch_with_str_and_init(path, init))
        .await
        .map_err(Problem::unreachable)?;
    let response: web_sys::Response = answer.dyn_into().map_err(Problem::unreachable)?;
    let text = match response.text() {
        Ok(promise) => JsFuture::from(promise).await.map_err(Problem::unreachable)?,
        Err(_) => JsValue::NULL,
    };
    let body = text.as_string().and_then(|t| serde_json::from_str(&t).ok()).unwrap_or(Value::Null);
    if response.ok() { Ok(body) } else { Err(Problem::of(response.status(), &body)) }
}

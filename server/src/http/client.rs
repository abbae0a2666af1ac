//! The browser client, as it was built into this binary.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

/// One file of the client, with what it packs to.
struct Embedded {
    path: &'static str,
    mime: &'static str,
    /// The name changes with its content.
    immutable: bool,
    plain: &'static [u8],
    br: Option<&'static [u8]>,
    gz: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/client.rs"));

/// Sources a page of ours may load from, and actions it may take. Styles may be inline because views set positions and
/// colours that way; the viewer for 3D models fetches the textures inside a file as `blob:`
/// and buffers that are links as `data:`.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; media-src 'self' blob:; \
     connect-src 'self' blob: data: ws: wss:; font-src 'self'; object-src 'none'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Gesso</title>\
     <h1>This server was built without its browser client</h1>\
     <p>The HTTP API and <code>/sync</code> work. For the canvas, start it with <code>cargo xtask run</code>, \
     or build it with <code>cargo xtask build</code>.</p></html>";

/// The pages and their files.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(page))
        .route("/c/{id}", get(page))
        .route("/join/{secret}", get(page))
        .route("/p/{slug}", get(page))
        .route("/sw.js", get(worker))
        .route("/assets/{*path}", get(asset))
}

async fn page(headers: HeaderMap) -> Response {
    let mut response = match find("/index.html") {
        Some(file) => serve(file, &headers),
        None => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response(),
    };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// True if somebody opened a page of ours that is none.
pub fn is_lost_page(path: &str, headers: &HeaderMap) -> bool {
    let is_ours = ["/api/", "/sync/", "/assets/"].iter().all(|other| !path.starts_with(other));
    let takes_pages = headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|value| value.to_str().is_ok_and(|kinds| kinds.contains("text/html")));
    is_ours && takes_pages
}

/// The page that says that there is none at this address.
pub async fn lost(headers: HeaderMap) -> Response {
    let mut response = page(headers).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match find(&format!("/assets/{path}")) {
        Some(file) => serve(file, &headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The service worker, which keeps the page for when this server cannot be reached.
async fn worker(headers: HeaderMap) -> Response {
    match find("/sw.js") {
        Some(file) => serve(file, &headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn find(path: &str) -> Option<&'static Embedded> {
    FILES.iter().find(|file| file.path == path)
}

fn serve(file: &'static Embedded, request: &HeaderMap) -> Response {
    let (bytes, coding) = packed_for(file, request);
    let cache = if file.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let content = if file.immutable {
        file.path.to_owned()
    } else {
        blake3::hash(file.plain).to_hex().to_string()
    };
    // The packings of one file are different bytes, so each has a tag of its own.
    let tag = format!("\"{content}-{}\"", coding.unwrap_or("plain"));
    let known = request.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        value.to_str().is_ok_and(|tags| tags.split(',').any(|known| known.trim() == tag))
    });
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, file.mime)], bytes).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if let (Some(coding), false) = (coding, known) {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

/// The smallest packing the browser takes.
fn packed_for(
    file: &'static Embedded,
    request: &HeaderMap,
) -> (&'static [u8], Option<&'static str>) {
    let takes = |coding: &str| {
        request.get_all(header::ACCEPT_ENCODING).iter().any(|value| {
            value.to_str().is_ok_and(|list| list.split(',').any(|entry| accepts(entry, coding)))
        })
    };
    match (file.br, file.gz) {
        (Some(bytes), _) if takes("br") => (bytes, Some("br")),
        (_, Some(bytes)) if takes("gzip") => (bytes, Some("gzip")),
        _ => (file.plain, None),
    }
}

/// True if an entry of `Accept-Encoding` (RFC 9110 §12.5.3) names this coding and does not rule it out with `q=0`.
fn accepts(entry: &str, coding: &str) -> bool {
    let mut parts = entry.split(';').map(str::trim);
    let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
    let ruled_out = parts.any(|part| {
        part.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q == 0.0)
    });
    named && !ruled_out
}

#[cfg(test)]
mod tests {
    use super::*;

    static FILE: Embedded = Embedded {
        path: "/assets/x-0123.js",
        mime: "text/javascript; charset=utf-8",
        immutable: true,
        plain: b"plain",
        br: Some(b"br"),
        gz: Some(b"gz"),
    };

    fn asked(name: HeaderName, value: &str) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        serve(&FILE, &headers)
    }

    fn coding(accept: &str) -> Option<String> {
        let response = asked(header::ACCEPT_ENCODING, accept);
        response.headers().get(header::CONTENT_ENCODING).map(|v| v.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_smallest_packing_the_browser_takes_is_sent() {
        assert_eq!(coding("gzip, deflate, br, zstd").as_deref(), Some("br"));
        assert_eq!(coding("gzip;q=1.0, br;q=0").as_deref(), Some("gzip"));
        assert_eq!(coding("identity"), None);
        assert_eq!(coding("brotli"), None);
    }

    #[test]
    fn what_the_browser_has_is_not_sent_again() {
        let first = serve(&FILE, &HeaderMap::new());
        assert_eq!(first.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        let again = asked(header::IF_NONE_MATCH, &format!("\"other\", {tag}"));
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(asked(header::IF_NONE_MATCH, "\"other\"").status(), StatusCode::OK);
    }
}

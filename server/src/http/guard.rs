//! Who may speak to the server (R-HTTP-1 to R-HTTP-5). In open mode everybody who reaches a loopback address is a member;
//! pages of other sites and proxies are kept out all the same, on every route.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use gesso_protocol::api::Me;
use gesso_protocol::ids::is_id;
use gesso_protocol::problem::ErrorCode;
use percent_encoding::percent_decode_str;

use super::health;
use crate::app::App;
use crate::clock::now_ms;
use crate::error::ApiError;
use crate::newcomers::{newcomer, script};

/// The cookie that tells one person from another in open mode.
const PERSON_COOKIE: &str = "gesso_person";
/// Time the cookie is kept, in seconds.
const PERSON_COOKIE_S: u32 = 400 * 24 * 60 * 60;
/// Refuses requests of other sites and through proxies.
pub async fn check_origin(State(app): State<App>, request: Request, next: Next) -> Response {
    let method = request.method().as_str();
    if names_several_hosts(&request) {
        // Which of them counts, one server and another would see differently (RFC 9112, section 3.2).
        return ApiError::bad_request("The request names several hosts; send one Host header.")
            .into_response();
    }
    if let Some(detail) = refusal(request.headers(), method, app.options.public_url.as_deref()) {
        return ApiError::new(ErrorCode::Forbidden, detail).into_response();
    }
    let query = request.uri().query().unwrap_or_default();
    if percent_decode_str(query).decode_utf8().is_err() {
        // Read all the same, it would be searched for something that nobody wrote.
        return ApiError::bad_request("The query of the address is not UTF-8.").into_response();
    }
    next.run(request).await
}

/// True if there are several `Host` headers, or the address names another host than the one there is.
fn names_several_hosts(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next();
    let in_address = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    let is_other = in_address.zip(host).is_some_and(|(own, host)| own != host.as_bytes());
    hosts.next().is_some() || is_other
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    // What is not readable text equals nothing that is allowed.
    headers.get(name).map(|value| value.to_str().unwrap_or("\u{0}"))
}

fn refusal(headers: &HeaderMap, method: &str, public_url: Option<&str>) -> Option<String> {
    let proxied = headers
        .keys()
        .map(header::HeaderName::as_str)
        .any(|name| name == "forwarded" || name == "via" || name.starts_with("x-forwarded-"));
    if proxied {
        let why = "This server is open to its own machine only; behind a proxy it needs accounts.";
        return Some(why.to_owned());
    }
    // Names of hosts have no case (RFC 9110, §4.2.3).
    let Some(host) = text(headers, "host").map(str::to_ascii_lowercase) else {
        return Some("A request needs a Host header.".to_owned());
    };
    let host = host.as_str();
    let public = public_url.map(|url| url.trim_end_matches('/'));
    let public_host = public.and_then(|url| url.split_once("://")).map(|(_, host)| host);
    if !is_loopback_host(host) && Some(host) != public_host {
        return Some(format!("This server does not answer to the name {host}."));
    }
    if let Some(origin) = text(headers, "origin") {
        let own = [format!("http://{host}"), format!("https://{host}")];
        if !own.iter().any(|own| own == origin) && Some(origin) != public {
            return Some(format!("Requests from {origin} are not answered."));
        }
    }
    let page_load = text(headers, "sec-fetch-mode") == Some("navigate") && method == "GET";
    if text(headers, "sec-fetch-site") == Some("cross-site") && !page_load {
        return Some("Requests from other sites are not answered.".to_owned());
    }
    None
}

fn is_loopback_host(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

/// Finds out who asks; somebody new gets an id, a name and a colour. Nobody is asked for where it makes no difference: a
/// database that does not answer is no reason for the server to seem dead, nor for its pages not to come.
pub async fn person(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let known = cookie(request.headers()).filter(|id| is_id(id)).map(str::to_owned);
    let path = request.uri().path();
    if health::is_health(path) {
        return next.run(request).await;
    }
    let is_told = path.starts_with("/api/") || path.starts_with("/sync/");
    // A script without a cookie jar is one person over all its requests, so that what counts by person
    // (an Idempotency-Key, a place in the queue) works for it; pages and sockets are people of their own.
    let is_script = known.is_none() && path.starts_with("/api/") && path != "/api/me";
    let is_new = known.is_none() && !is_script;
    let unchanged = match known {
        Some(id) => newcomer(id),
        None if is_script => script(),
        None => app.newcomers.welcome(),
    };
    // Somebody new has chosen nothing yet.
    let chosen = if is_told && !is_new { app.db.person(&unchanged.id).await } else { Ok(None) };
    let me = match chosen {
        Ok(chosen) => chosen.unwrap_or(unchanged),
        Err(error) => return ApiError::from(error).into_response(),
    };
    let set = format!(
        "{PERSON_COOKIE}={}; Path=/; Max-Age={PERSON_COOKIE_S}; SameSite=Lax; HttpOnly",
        me.id
    );
    request.extensions_mut().insert(me);
    let mut response = next.run(request).await;
    if is_new && let Ok(value) = HeaderValue::from_str(&set) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// True if whoever asks said who they are.
pub(super) fn is_known(headers: &HeaderMap) -> bool {
    cookie(headers).is_some_and(is_id)
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == PERSON_COOKIE)
        .map(|(_, value)| value)
}

/// Keeps what somebody chose.
///
/// # Errors
/// When the database fails.
pub(super) async fn keep(app: &App, me: &Me) -> Result<(), ApiError> {
    Ok(app.db.put_person(me, now_ms()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(headers: &[(&'static str, &str)], method: &str) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        refusal(&map, method, Some("https://gesso.example")).is_some()
    }

    #[test]
    fn only_the_own_address_is_answered() {
        for host in ["localhost:8787", "LocalHost", "127.0.0.1", "[::1]:1", "Gesso.example"] {
            assert!(!refused(&[("host", host)], "GET"), "{host}");
        }
        let others = ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "::1"];
        for host in others {
            assert!(refused(&[("host", host)], "GET"), "{host}");
        }
        assert!(refused(&[], "GET"));
    }

    #[test]
    fn other_origins_and_proxies_are_refused() {
        let host = ("host", "127.0.0.1:8787");
        assert!(!refused(&[host, ("origin", "http://127.0.0.1:8787")], "POST"));
        assert!(!refused(&[host, ("origin", "https://gesso.example")], "POST"));
        let others =
            ["null", "http://evil.example", "http://127.0.0.1:9999", "http://localhost:8787"];
        for origin in others {
            assert!(refused(&[host, ("origin", origin)], "POST"), "{origin}");
        }
        for proxy in ["forwarded", "x-forwarded-for", "x-forwarded-anything", "via"] {
            assert!(refused(&[host, (proxy, "1")], "GET"), "{proxy}");
        }
        let cross = ("sec-fetch-site", "cross-site");
        assert!(refused(&[host, cross], "GET"));
        assert!(!refused(&[host, cross, ("sec-fetch-mode", "navigate")], "GET"));
        assert!(refused(&[host, cross, ("sec-fetch-mode", "navigate")], "POST"));
    }
}

//! Who may speak to the server (R-HTTP-1 to R-HTTP-5). In open mode everybody who reaches a loopback address is a member,
//! and proxies are kept out; else people sign in (R-ACC-1). Pages of other sites are kept out all the same, on every
//! route.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use gesso_protocol::api::Me;
use gesso_protocol::ids::is_id;
use gesso_protocol::problem::ErrorCode;
use percent_encoding::percent_decode_str;

use super::caller::{self, Base, Client, cookie};
use super::health;
use crate::access::{Caller, Credential};
use crate::app::App;
use crate::clock::now_ms;
use crate::db::accounts::Memberships;
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
    let site = Site {
        public_url: app.options.public_url.as_deref(),
        needs_accounts: app.access.needs_accounts(),
    };
    if let Some(detail) = site.refusal(request.headers(), method) {
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

/// The server as pages see it.
struct Site<'a> {
    public_url: Option<&'a str>,
    needs_accounts: bool,
}

impl Site<'_> {
    /// Why a request is not answered at all.
    fn refusal(&self, headers: &HeaderMap, method: &str) -> Option<String> {
        let proxied = headers
            .keys()
            .map(header::HeaderName::as_str)
            .any(|name| name == "forwarded" || name == "via" || name.starts_with("x-forwarded-"));
        if proxied && !self.needs_accounts {
            let why = "This server is open to its own machine only; behind a proxy it needs accounts: start it with --accounts.";
            return Some(why.to_owned());
        }
        // Names of hosts have no case (RFC 9110, §4.2.3).
        let Some(host) = text(headers, "host").map(str::to_ascii_lowercase) else {
            return Some("A request needs a Host header.".to_owned());
        };
        let host = host.as_str();
        let public = self.public_url.map(|url| url.trim_end_matches('/'));
        let public_host = public.and_then(|url| url.split_once("://")).map(|(_, host)| host);
        // Where people sign in, a cookie goes to the name it was set for alone: any name of the server will do until
        // somebody says which it is.
        let any_name = self.needs_accounts && public.is_none();
        if !any_name && !is_loopback_host(host) && Some(host) != public_host {
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
    let client = Client::of(request.extensions(), request.headers(), &app.options);
    let base = Base::of(request.headers(), client, &app.options);
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(base);
    if app.access.needs_accounts() {
        return signed_in(&app, client, request, next).await;
    }
    let known = cookie(request.headers(), PERSON_COOKIE).filter(|id| is_id(id)).map(str::to_owned);
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
    request.extensions_mut().insert(Caller {
        me: me.clone(),
        memberships: Memberships::new(),
        credential: Credential::Open,
    });
    request.extensions_mut().insert(me);
    let mut response = next.run(request).await;
    if is_new && let Ok(value) = HeaderValue::from_str(&set) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// Finds out who is signed in; nobody is asked for where it makes no difference.
async fn signed_in(app: &App, client: Client, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_told =
        path.starts_with("/api/") || path.starts_with("/sync/") || path == health::METRICS;
    if is_told {
        let secret = caller::presented(&request);
        match caller::find(app, secret, client).await {
            Ok(None) => {}
            Ok(Some(caller)) => {
                request.extensions_mut().insert(caller.me.clone());
                request.extensions_mut().insert(caller);
            }
            Err(error) => return error.into_response(),
        }
    }
    let mut response = next.run(request).await;
    if client.is_secure {
        // Whoever came by TLS comes by nothing else from here on (RFC 6797).
        let header = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, header);
    }
    response
}

/// True if whoever asks said who they are.
pub(super) fn is_known(headers: &HeaderMap) -> bool {
    cookie(headers, PERSON_COOKIE).is_some_and(is_id)
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
        let site = Site { public_url: Some("https://gesso.example"), needs_accounts: false };
        site.refusal(&map, method).is_some()
    }

    #[test]
    fn where_people_sign_in_proxies_and_other_names_are_answered_but_no_other_site() {
        let site = Site { public_url: None, needs_accounts: true };
        let refused = |headers: &[(&'static str, &str)]| {
            let headers = headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect();
            site.refusal(&headers, "POST").is_some()
        };
        let host = ("host", "192.0.2.7:8787");
        assert!(!refused(&[host, ("x-forwarded-for", "203.0.113.9")]));
        assert!(!refused(&[host, ("origin", "http://192.0.2.7:8787")]));
        assert!(refused(&[host, ("origin", "http://evil.example")]));
        assert!(refused(&[host, ("sec-fetch-site", "cross-site")]));
        let named = Site { public_url: Some("https://gesso.example"), needs_accounts: true };
        let other: HeaderMap =
            [(header::HOST, "evil.example".parse().unwrap())].into_iter().collect();
        assert!(named.refusal(&other, "GET").is_some());
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

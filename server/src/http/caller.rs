//! Who asks, from where, where people sign in: by a session's cookie or an API token.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, header};
use gesso_protocol::problem::ErrorCode;
use ipnet::IpNet;
use percent_encoding::percent_decode_str;

use super::peer::Peer;
use crate::access::{Caller, Credential};
use crate::accounts::{SESSION_MS, USED_MS, secret};
use crate::app::App;
use crate::clock::now_ms;
use crate::config::ServeOptions;
use crate::db::accounts::scopes_of;
use crate::error::ApiError;

/// The cookie of a session.
const SESSION_COOKIE: &str = "gesso_session";

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client {
    /// Network address of whoever sent it, as far as proxies that are trusted tell.
    pub(super) address: IpAddr,
    /// True if it came over TLS.
    pub(super) is_secure: bool,
}

impl Client {
    /// Reads it.
    pub(super) fn of(extensions: &Extensions, headers: &HeaderMap, options: &ServeOptions) -> Self {
        let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let found = extensions.get::<Peer>();
        let peer = found.map_or(unknown, |peer| peer.address.to_canonical());
        let is_public_secure = found.is_some_and(|peer| peer.is_tls)
            || options.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
        if !is_trusted(&options.trusted_proxies, peer) {
            return Self { address: peer, is_secure: is_public_secure };
        }
        let proto = last(headers, "x-forwarded-proto");
        Self {
            address: forwarded(headers, &options.trusted_proxies).unwrap_or(peer),
            is_secure: is_public_secure
                || proto.is_some_and(|proto| proto.eq_ignore_ascii_case("https")),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let client = parts.extensions.get::<Self>().copied();
        client.ok_or_else(|| ApiError::Internal("a route without a client".to_owned()))
    }
}

/// The address of the server as whoever asks has it: as the operator named it, else by the request's `Host`.
#[derive(Clone, Debug)]
pub(super) struct Base(String);

impl Base {
    /// Reads it.
    pub(super) fn of(headers: &HeaderMap, client: Client, options: &ServeOptions) -> Self {
        let scheme = if client.is_secure { "https" } else { "http" };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let named = options.public_base().map(str::to_owned);
        Self(named.unwrap_or_else(|| format!("{scheme}://{}", host.unwrap_or_default())))
    }

    /// True if a page of this server sent the browser here: other sites may send it too, with all its cookies.
    pub(super) fn is_asked_from_here(&self, headers: &HeaderMap) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        match (text("sec-fetch-site"), text("referer")) {
            (Some(site), _) => site == "same-origin",
            // Browsers of before 2023.
            (None, Some(referer)) => {
                referer.strip_prefix(&self.0).is_some_and(|rest| rest.starts_with('/'))
            }
            (None, None) => false,
        }
    }

    /// The address to which a provider sends the browser back.
    pub(super) fn callback(&self, provider: &str) -> String {
        format!("{}/api/auth/oidc/{provider}/callback", self.0)
    }

    /// The address of the page of a link.
    pub(super) fn join(&self, secret: &str) -> String {
        format!("{}/join/{secret}", self.0)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Base {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let base = parts.extensions.get::<Self>().cloned();
        base.ok_or_else(|| ApiError::Internal("a route without an address".to_owned()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| ApiError::new(ErrorCode::Unauthorized, "Nobody is signed in."))
    }
}

fn is_trusted(proxies: &[IpNet], address: IpAddr) -> bool {
    proxies.iter().any(|net| net.contains(&address))
}

fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    value.rsplit(',').next().map(str::trim)
}

/// The last address in `X-Forwarded-For` that is no trusted proxy: those before it may be invented.
fn forwarded(headers: &HeaderMap, proxies: &[IpNet]) -> Option<IpAddr> {
    let all = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let all: Vec<&str> = all.flat_map(|value| value.split(',')).map(str::trim).collect();
    let address = |text: &str| {
        let with_port = || text.parse::<SocketAddr>().map(|address| address.ip()).ok();
        text.parse::<IpAddr>().ok().or_else(with_port)
    };
    let addresses = all.iter().rev().map_while(|text| address(text));
    let mut addresses = addresses.map(|address| address.to_canonical());
    addresses.find(|address| !is_trusted(proxies, *address))
}

/// A secret that came with a request.
pub(super) enum Secret {
    Session(String),
    Token(String),
}

/// The secret of a request: a token is taken before a cookie. In an address it is only taken of sockets, which cannot
/// send headers of their own from a browser.
pub(super) fn presented(request: &Request) -> Option<Secret> {
    let headers = request.headers();
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        let is_bearer = scheme.eq_ignore_ascii_case("bearer");
        return is_bearer.then(|| Secret::Token(token.trim().to_owned()));
    }
    if request.uri().path().starts_with("/sync/") {
        let mut pairs = request.uri().query().unwrap_or_default().split('&');
        if let Some(token) = pairs.find_map(|pair| pair.strip_prefix("token=")) {
            return Some(Secret::Token(percent_decode_str(token).decode_utf8_lossy().into_owned()));
        }
    }
    session_cookie(headers).map(|secret| Secret::Session(secret.to_owned()))
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, named: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == named)
        .map(|(_, value)| value)
}

/// The secret of the session that a browser has.
pub(super) fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, SESSION_COOKIE)
}

/// The cookie that gives a browser its session, or takes it away where there is no secret.
pub(super) fn set_session(secret: Option<&str>, client: Client) -> Option<HeaderValue> {
    let secure = if client.is_secure { "; Secure" } else { "" };
    let age = if secret.is_some() { SESSION_MS / 1000 } else { 0 };
    let value = secret.unwrap_or_default();
    let cookie =
        format!("{SESSION_COOKIE}={value}; Path=/; Max-Age={age}; SameSite=Lax; HttpOnly{secure}");
    HeaderValue::from_str(&cookie).ok()
}

/// Finds out who asks; `None` where nobody is signed in.
///
/// # Errors
/// When the database fails.
pub(super) async fn find(
    app: &App,
    secret: Option<Secret>,
    client: Client,
) -> Result<Option<Caller>, ApiError> {
    let now = now_ms();
    let (credential, person) = match secret {
        None => return Ok(None),
        Some(Secret::Session(secret)) => {
            let Some(row) = app.db.session(&secret::hash(&secret), now).await? else {
                return Ok(None);
            };
            if row.used_at.is_none_or(|used_at| used_at + USED_MS <= now) {
                let address = client.address.to_string();
                app.db.use_session(&row.id, &address, now, now + SESSION_MS).await?;
            }
            (Credential::Session { id: row.id }, row.person)
        }
        Some(Secret::Token(secret)) => {
            let Some(row) = app.db.token(&secret::hash(&secret), now).await? else {
                return Ok(None);
            };
            if row.used_at.is_none_or(|used_at| used_at + USED_MS <= now) {
                app.db.use_token(&row.id, now).await?;
            }
            let (scopes, expires_at) = (scopes_of(&row.scopes), row.expires_at);
            (Credential::Token { id: row.id, scopes, expires_at }, row.person)
        }
    };
    let found = app.db.signed_in(&person).await?;
    Ok(found.map(|(me, memberships)| Caller { me, memberships, credential }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn client(peer: &str, pairs: &[(&'static str, &str)], public: Option<&str>) -> Client {
        let mut options = <crate::config::Cli as clap::Parser>::parse_from(["gesso"]).serve;
        options.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        options.public_url = public.map(str::to_owned);
        let mut extensions = Extensions::new();
        extensions.insert(Peer { address: peer.parse().unwrap(), is_tls: false });
        Client::of(&extensions, &headers(pairs), &options)
    }

    #[test]
    fn only_trusted_proxies_tell_whom_a_request_came_from() {
        let told = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")];
        let by_proxy = client("10.1.2.3", &told, None);
        assert_eq!(
            (by_proxy.address.to_string().as_str(), by_proxy.is_secure),
            ("203.0.113.9", true)
        );
        let by_anybody = client("203.0.113.7", &told, None);
        assert_eq!(by_anybody.address.to_string(), "203.0.113.7");
        assert!(!by_anybody.is_secure);
        // What stands before the last address that no proxy wrote was sent by the client.
        let invented = [("x-forwarded-for", "198.51.100.1, 203.0.113.9, 10.9.9.9")];
        assert_eq!(client("10.1.2.3", &invented, None).address.to_string(), "203.0.113.9");
        let odd = [("x-forwarded-for", "nonsense")];
        assert_eq!(client("10.1.2.3", &odd, None).address.to_string(), "10.1.2.3");
        assert!(client("203.0.113.7", &[], Some("https://canvas.example.org")).is_secure);
    }

    #[test]
    fn cookies_of_sessions_stay_with_the_server() {
        let client = client("203.0.113.7", &[], Some("https://canvas.example.org"));
        let cookie = set_session(Some("secret"), client).unwrap();
        let cookie = cookie.to_str().unwrap();
        for part in ["gesso_session=secret", "HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
    }
}

//! From a request to a stream of bytes: axum checks the handshake, and the stream is ours from there.

use axum::extract::FromRequestParts;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tungstenite::handshake::derive_accept_key;

/// A request to become a WebSocket that keeps to RFC 6455.
#[derive(Debug)]
pub struct Upgrade {
    accept: HeaderValue,
    upgrading: OnUpgrade,
}

impl<S: Send + Sync> FromRequestParts<S> for Upgrade {
    type Rejection = WebSocketUpgradeRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let upgrading = parts.extensions.get::<OnUpgrade>().cloned();
        // All that makes a handshake valid is looked at there; only its stream, with a buffer of its own for every
        // socket and a copy of all that is sent, is not used.
        let checked = WebSocketUpgrade::from_request_parts(parts, state).await?;
        let key = parts.headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
        let accept = derive_accept_key(key.unwrap_or_default());
        drop(checked);
        Ok(Self {
            accept: HeaderValue::try_from(accept).expect("Base64 is a header value"),
            upgrading: upgrading.expect("a handshake that was found valid can be upgraded"),
        })
    }
}

impl Upgrade {
    /// The answer that makes the socket, and what `serve` does with it once it stands.
    pub(super) fn on_upgrade<F: Future<Output = ()> + Send + 'static>(
        self,
        serve: impl FnOnce(TokioIo<Upgraded>) -> F + Send + 'static,
    ) -> Response {
        let upgrading = self.upgrading;
        tokio::spawn(async move {
            // A client that went before the answer has no socket.
            if let Ok(upgraded) = upgrading.await {
                serve(TokioIo::new(upgraded)).await;
            }
        });
        let headers = [
            (header::CONNECTION, HeaderValue::from_static("upgrade")),
            (header::UPGRADE, HeaderValue::from_static("websocket")),
            (header::SEC_WEBSOCKET_ACCEPT, self.accept),
        ];
        (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
    }
}

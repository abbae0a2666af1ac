//! The Gesso server: rooms, runs, assets and the HTTP API. It touches the world; what things mean is decided
//! in `gesso_protocol`.

pub mod app;
pub mod assets;
pub mod clock;
pub mod config;
pub mod db;
pub mod doctor;
pub mod error;
pub mod events;
pub mod failpoint;
pub mod http;
pub mod providers;
pub mod readers;
pub mod room;
pub mod run;
pub mod ws;

use std::future::Future;

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

/// Serves `app` on `listener` until `stop` ends, then ends everything in order.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    app: app::App,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let listener = listener.tap_io(|stream| {
        // An edit is a few bytes; Nagle's algorithm would hold it back for the other side's delayed answer.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::warn!(%error, "TCP_NODELAY cannot be set");
        }
    });
    let stopping = app.clone();
    let router = http::router(app.clone());
    axum::serve(listener, router)
        .with_graceful_shutdown(async move {
            stop.await;
            tracing::info!("stopping");
            // Sockets would keep the server from ending: rooms close them.
            stopping.stop().await;
        })
        .await
}

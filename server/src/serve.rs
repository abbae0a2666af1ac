//! Connections: taken up to a bound, ended where the other side stalls, and all ended within moments when the server
//! stops, whatever clients do.

pub(crate) mod limits;
mod refusal;
mod stream;
mod tls;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::{Request, Response, StatusCode};
use bytes::Bytes;
use gesso_protocol::problem::ErrorCode;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

pub use limits::ConnectionLimits;

use crate::accounts;
use crate::app::App;
use crate::http::{self, peer::Peer};
use stream::Watched;
use tls::Tls;

/// Wait after a connection could not be taken, in ms: the process may be out of files.
const REFUSED_MS: u64 = 50;
/// The largest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// The most fields of a head.
const FIELDS_MAX: usize = 100;
/// Most connections at once that are told that there is no room for them; further ones are just closed.
const TURNED_AWAY_MAX: usize = 64;
/// Most time that may take, in seconds.
const TURNED_AWAY_S: u64 = 1;

/// Serves `app` on `listener` until `stop` ends, then ends everything in order.
///
/// # Errors
/// Where the certificate cannot be used. A listener that fails is tried again.
pub async fn serve(
    app: App,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let limits = app.connection_limits;
    let tls = Tls::start(&app.options, app.shutdown.clone())?;
    let connections = Connections::new(limits, tls);
    let router = http::router(app.clone());
    tokio::spawn(accounts::maintain(app.db.clone(), app.access.clone(), app.shutdown.clone()));
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            taken = listener.accept() => match taken {
                Ok((stream, peer)) => connections.take(stream, peer.ip(), &router),
                Err(error) => {
                    tracing::warn!(%error, "a connection cannot be taken");
                    connections.make_room();
                    tokio::time::sleep(Duration::from_millis(REFUSED_MS)).await;
                }
            }
        }
    }
    tracing::info!("stopping");
    drop(listener);
    // Streams of events end by themselves; connections take no further request.
    app.shutdown.cancel();
    connections.0.ending.cancel();
    if timeout(limits.drain, connections.idle()).await.is_err() {
        tracing::warn!("requests that were under way are cut off");
    }
    // Sockets would keep the server from ending: rooms close them.
    if timeout(limits.flush, app.settle()).await.is_err() {
        tracing::error!("runs and rooms did not end in time; what was told as saved is saved");
    }
    if timeout(limits.farewell, connections.gone()).await.is_err() {
        tracing::warn!("connections that stayed open are cut off");
    }
    connections.0.cut.cancel();
    if timeout(limits.farewell, app.db.close()).await.is_err() {
        tracing::warn!("the database was not closed in time");
    }
    Ok(())
}

/// The connections there are.
#[derive(Clone)]
struct Connections(Arc<Inner>);

struct Inner {
    limits: ConnectionLimits,
    tls: Option<Tls>,
    /// Take no further request.
    ending: CancellationToken,
    /// End at once.
    cut: CancellationToken,
    state: Mutex<State>,
    /// Told whenever a connection or a request ends.
    ended: Notify,
    turned_away: Arc<Semaphore>,
}

#[derive(Default)]
struct State {
    /// Number of open connections, sockets included.
    open: usize,
    /// Number of requests under way.
    requests: usize,
    next: u64,
    /// Those that have no request under way, the one that waits longest first.
    waiting: BTreeMap<u64, CancellationToken>,
}

impl Connections {
    fn new(limits: ConnectionLimits, tls: Option<Tls>) -> Self {
        Self(Arc::new(Inner {
            limits,
            tls,
            ending: CancellationToken::new(),
            cut: CancellationToken::new(),
            state: Mutex::default(),
            ended: Notify::new(),
            turned_away: Arc::new(Semaphore::new(TURNED_AWAY_MAX)),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the connection that waits longest for a request, if one does.
    fn make_room(&self) -> bool {
        let longest = self.state().waiting.pop_first();
        longest.map(|(_, end)| end.cancel()).is_some()
    }

    fn take(&self, stream: TcpStream, peer: IpAddr, router: &Router) {
        let full = self.state().open >= self.0.limits.connections_max;
        if full && !self.make_room() {
            // Without a word where it would take a handshake to say it.
            if self.0.tls.is_some() {
                return;
            }
            if let Ok(turn) = Arc::clone(&self.0.turned_away).try_acquire_owned() {
                tokio::spawn(async move {
                    let told = timeout(Duration::from_secs(TURNED_AWAY_S), turn_away(stream)).await;
                    if !matches!(told, Ok(Ok(()))) {
                        tracing::debug!("a connection was refused without a word");
                    }
                    drop(turn);
                });
            }
            return;
        }
        // An edit is a few bytes; Nagle's algorithm would hold it back for the other side's delayed answer.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::warn!(%error, "TCP_NODELAY cannot be set");
        }
        self.state().open += 1;
        let open = Open(self.clone());
        let (stall, router) = (self.0.limits.write_stall, router.clone());
        let Some(tls) = self.0.tls.clone() else {
            let stream = Watched::new(stream, stall, open);
            let peer = Peer { address: peer, is_tls: false };
            tokio::spawn(self.clone().hold(stream, peer, router));
            return;
        };
        let this = self.clone();
        tokio::spawn(async move {
            let shaken = tokio::select! {
                shaken = timeout(this.0.limits.head, tls.accept(stream)) => shaken,
                () = this.0.ending.cancelled() => return,
            };
            let Ok(Ok(stream)) = shaken else {
                tracing::debug!("a connection did not come to speak TLS");
                return;
            };
            let stream = Watched::new(stream, stall, open);
            this.hold(stream, Peer { address: peer, is_tls: true }, router).await;
        });
    }

    /// Serves one connection to its end; a socket goes on in a task of its own.
    async fn hold<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        self,
        stream: Watched<S, Open>,
        peer: Peer,
        router: Router,
    ) {
        let turn = Arc::new(Turn::new(self.clone()));
        let serving = Arc::clone(&turn);
        let service = service_fn(move |mut request: Request<Incoming>| {
            let router = router.clone();
            request.extensions_mut().insert(peer);
            let busy = serving.begin();
            async move {
                let Ok(response) = router.oneshot(request.map(Body::new)).await;
                Ok::<Response<Answer>, Infallible>(
                    response.map(|body| Answer { body, _busy: busy }),
                )
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.0.limits.head)
            .max_header_size(HEAD_BYTES_MAX)
            .max_headers(FIELDS_MAX);
        let connection = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let mut connection = pin!(connection);
        let mut told = false;
        loop {
            tokio::select! {
                ended = &mut connection => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection broke off");
                    }
                    break;
                }
                () = self.0.ending.cancelled(), if !told => {
                    told = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = turn.given_up() => break,
                () = self.0.cut.cancelled() => break,
            }
        }
        turn.leave(Place::Over);
    }

    /// Waits until no request is under way.
    async fn idle(&self) {
        self.until(|state| state.requests == 0).await;
    }

    /// Waits until there is no connection.
    async fn gone(&self) {
        self.until(|state| state.open == 0).await;
    }

    async fn until(&self, reached: impl Fn(&State) -> bool) {
        loop {
            let mut ended = pin!(self.0.ended.notified());
            ended.as_mut().enable();
            if reached(&self.state()) {
                return;
            }
            ended.await;
        }
    }
}

/// Tells a connection that there is no room for it.
async fn turn_away(mut stream: TcpStream) -> std::io::Result<()> {
    let detail = "There are too many connections. Try again in a moment.";
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let answer = refusal::answer(status, ErrorCode::Unavailable, detail, "retry-after: 2\r\n");
    stream.write_all(&answer).await?;
    stream.shutdown().await?;
    // Closed with a request unread, the answer would be lost.
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}

/// A connection that counts, as long as its stream lives.
struct Open(Connections);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.state().open -= 1;
        self.0.0.ended.notify_waiters();
    }
}

/// The turn of a connection: it waits for a request, has one under way, or is over.
struct Turn {
    connections: Connections,
    end: CancellationToken,
    place: Mutex<Place>,
}

enum Place {
    /// Waits, with its number among those that do.
    Waiting(u64),
    Busy,
    /// The connection has ended, or has become a socket.
    Over,
}

impl Turn {
    fn new(connections: Connections) -> Self {
        let turn =
            Self { connections, end: CancellationToken::new(), place: Mutex::new(Place::Busy) };
        turn.wait();
        turn
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self) {
        let mut place = self.place();
        if matches!(*place, Place::Busy) {
            let mut state = self.connections.state();
            let number = state.next;
            state.next += 1;
            state.waiting.insert(number, self.end.clone());
            *place = Place::Waiting(number);
        }
    }

    fn leave(&self, to: Place) {
        let mut place = self.place();
        if let Place::Waiting(number) = *place {
            self.connections.state().waiting.remove(&number);
        }
        *place = to;
    }

    fn begin(self: &Arc<Self>) -> Busy {
        self.leave(Place::Busy);
        self.connections.state().requests += 1;
        Busy(Arc::clone(self))
    }

    async fn given_up(&self) {
        self.end.cancelled().await;
    }
}

/// A request that is under way, until its answer has been written.
struct Busy(Arc<Turn>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.connections.state().requests -= 1;
        self.0.wait();
        self.0.connections.0.ended.notify_waiters();
    }
}

/// The body of an answer, which holds its request under way.
struct Answer {
    body: Body,
    _busy: Busy,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

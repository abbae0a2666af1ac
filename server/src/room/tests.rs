//! Rooms with their tasks, over sockets and over a store that can be told to fail.

mod damage;
mod life;
mod load;
mod sockets;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use futures_util::{SinkExt as _, StreamExt as _};
use gesso_protocol::api::accounts::CanvasRole;
use gesso_protocol::ids::CanvasId;
use gesso_protocol::schema::{self, Message, NewNode, NodeResult, NodeState, Outcome, RunInfo};
use gesso_protocol::wire::Frame;
use tokio_tungstenite::tungstenite::Message as WsMessage;
use yrs::updates::decoder::Decode as _;
use yrs::updates::encoder::Encode as _;
use yrs::{Doc, Map as _, ReadTxn as _, StateVector, Transact as _, Update, WriteTxn as _};

use super::store::Found;
use std::error::Error as StdError;

use futures_util::future::BoxFuture;

use super::*;
use crate::db::log::{LogRow, Mend, SetAside, StoredLog};
use crate::ws;

/// A store in memory that can be slow, fail, and be looked into.
#[derive(Default)]
struct MemoryStore {
    canvases: Mutex<BTreeMap<CanvasId, Log>>,
    loads: AtomicUsize,
    fails: AtomicBool,
    /// Stores what it is given and fails then, as a database whose answer is lost.
    fails_late: AtomicBool,
    append_ms: AtomicU64,
    load_ms: AtomicU64,
}

#[derive(Default, Clone)]
struct Log {
    snapshot: Option<(i64, Bytes)>,
    rows: Vec<(i64, Bytes)>,
    is_deleted: bool,
    clients: BTreeMap<i64, String>,
}

impl MemoryStore {
    fn with(canvas: &CanvasId) -> Arc<Self> {
        let store = Self::default();
        store.canvases.lock().unwrap().insert(canvas.clone(), Log::default());
        Arc::new(store)
    }

    fn log(&self, canvas: &CanvasId) -> Log {
        self.canvases.lock().unwrap()[canvas].clone()
    }

    fn failure(&self) -> Result<(), StoreError> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(StoreError::Unreadable("told to fail".to_owned()));
        }
        Ok(())
    }
}

impl Store for MemoryStore {
    fn load<'a>(&'a self, canvas: &'a CanvasId) -> BoxFuture<'a, Result<Found, StoreError>> {
        Box::pin(async move {
            self.loads.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(self.load_ms.load(Ordering::Relaxed))).await;
            self.failure()?;
            let Some(log) = self.canvases.lock().unwrap().get(canvas).cloned() else {
                return Ok(Found::Nothing);
            };
            if log.is_deleted {
                return Ok(Found::Deleted);
            }
            let row = |(seq, data): (i64, Bytes)| LogRow {
                seq,
                data: Some(data.to_vec()),
                checksum: None,
            };
            Ok(Found::Document(StoredLog {
                snapshot: log.snapshot.map(row),
                rows: log.rows.into_iter().map(row).collect(),
                waiting: Vec::new(),
                clients: log.clients.into_iter().collect(),
            }))
        })
    }

    fn append<'a>(&'a self, batch: &'a [Append]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(self.append_ms.load(Ordering::Relaxed))).await;
            self.failure()?;
            let mut canvases = self.canvases.lock().unwrap();
            for append in batch {
                let log = canvases.get_mut(&append.canvas).unwrap();
                if log.rows.iter().any(|(seq, _)| *seq == append.seq) {
                    return Err(StoreError::Unreadable("its place is taken".to_owned()));
                }
                log.rows.push((append.seq, append.data.clone()));
                for claim in &append.claims {
                    log.clients.insert(claim.client as i64, claim.person.to_string());
                }
            }
            if self.fails_late.load(Ordering::Relaxed) {
                return Err(StoreError::Unreadable("the answer is lost".to_owned()));
            }
            Ok(())
        })
    }

    fn compact<'a>(
        &'a self,
        canvas: &'a CanvasId,
        seq: i64,
        snapshot: &'a [u8],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let mut canvases = self.canvases.lock().unwrap();
            let log = canvases.get_mut(canvas).unwrap();
            log.snapshot = Some((seq, Bytes::copy_from_slice(snapshot)));
            log.rows.retain(|(row, _)| *row > seq);
            Ok(())
        })
    }

    fn mend<'a>(
        &'a self,
        canvas: &'a CanvasId,
        mend: &'a Mend,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        panic!("the log of {canvas} has no gaps: {:?}", mend.aside)
    }

    fn set_aside<'a>(
        &'a self,
        canvas: &'a CanvasId,
        aside: &'a [SetAside],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        panic!("the log of {canvas} has no gaps: {aside:?}")
    }

    fn recovered<'a>(
        &'a self,
        canvas: &'a CanvasId,
        _: &'a [String],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        panic!("nothing of {canvas} stands aside")
    }
}

/// The database's truth: these nodes have completed, there are these runs, and nothing else.
#[derive(Default)]
struct Truth {
    completed: Vec<&'static str>,
    runs: Vec<&'static str>,
    /// How long reading it takes.
    takes: Duration,
}

impl RoomHooks for Truth {
    fn outcome<'a>(
        &'a self,
        _: &'a CanvasId,
        _: Vec<String>,
    ) -> BoxFuture<'a, Result<Outcome, Box<dyn StdError + Send + Sync>>> {
        Box::pin(async move {
            tokio::time::sleep(self.takes).await;
            let completed = self.completed.iter().map(|node| {
                let result = NodeResult {
                    state: NodeState::Completed,
                    kind: Some("text".to_owned()),
                    ..NodeResult::default()
                };
                ((*node).to_owned(), result)
            });
            let runs = self.runs.iter().map(|run| {
                let info = RunInfo { id: (*run).to_owned(), ..RunInfo::default() };
                ((*run).to_owned(), info)
            });
            let (results, runs) = (completed.collect(), runs.collect());
            Ok(Outcome { results, runs, ..Outcome::default() })
        })
    }

    fn said(&self, _: &CanvasId, _: String, _: Message) {}

    fn edited(&self, _: &CanvasId) {}
}

/// The canvas of most tests.
fn c() -> CanvasId {
    CanvasId::new("c")
}

fn quick() -> RoomLimits {
    RoomLimits { idle_ms: 50, close_ms: 300, ..RoomLimits::default() }
}

fn rooms(store: &Arc<MemoryStore>, limits: RoomLimits) -> Rooms {
    Rooms::over(Arc::clone(store) as Arc<dyn Store>, limits, Arc::new(Truth::default()))
}

/// Serves rooms on a socket of this machine.
async fn listen(rooms: Rooms) -> SocketAddr {
    let sync = move |Path(canvas): Path<CanvasId>,
                     RawQuery(query): RawQuery,
                     upgrade: ws::Upgrade| {
        let rooms = rooms.clone();
        async move {
            let query = query.unwrap_or_default();
            let role =
                if query.contains("role=viewer") { CanvasRole::Viewer } else { CanvasRole::Editor };
            let person = query.split_once("person=").map_or("", |(_, name)| name).to_owned();
            let wants_saved = query.contains("saved=1");
            let visitor = ws::Visitor { role, person, wants_saved, rights: None };
            ws::serve(rooms, canvas, Ok(visitor), upgrade)
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    let app = Router::new().route("/sync/{canvas}", get(sync));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

/// A client as `y-websocket` is one: a replica and a socket.
struct Client {
    socket: tokio_tungstenite::WebSocketStream<
        tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>,
    >,
    doc: Doc,
    is_synced: bool,
    saved: u64,
    sent: u64,
    denied: Vec<String>,
    closed: Option<u16>,
}

impl Client {
    async fn connect(address: SocketAddr, path: &str, doc: Doc) -> Self {
        let url = format!("ws://{address}/sync/{path}");
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let mut client = Self {
            socket,
            doc,
            is_synced: false,
            saved: 0,
            sent: 0,
            denied: Vec::new(),
            closed: None,
        };
        let vector = client.doc.transact().state_vector().encode_v1();
        client.send(Frame::SyncStep1(&vector)).await;
        client
    }

    /// Connects and waits for the answer to its step 1.
    async fn synced(address: SocketAddr, path: &str, client_id: u32) -> Self {
        let mut client =
            Self::connect(address, path, gesso_protocol::doc::open(client_id, "client")).await;
        client.until("synced", |client| client.is_synced).await;
        client
    }

    async fn send(&mut self, frame: Frame<'_>) {
        if matches!(frame, Frame::Update(_) | Frame::SyncStep2(_)) {
            self.sent += 1;
        }
        self.socket.send(WsMessage::Binary(frame.encode().into())).await.ok();
    }

    async fn edit(&mut self, edit: impl FnOnce(&mut TransactionMut<'_>)) {
        let update = {
            let mut txn = self.doc.transact_mut();
            edit(&mut txn);
            txn.encode_update_v1()
        };
        self.send(Frame::Update(&update)).await;
    }

    async fn set(&mut self, root: &str, key: &str, value: &str) {
        self.edit(|txn| {
            txn.get_or_insert_map(root).insert(txn, key, value);
        })
        .await;
    }

    fn get(&self, root: &str, key: &str) -> Option<String> {
        let map = self.doc.get_or_insert_map(root);
        let txn = self.doc.transact();
        let Some(yrs::Out::Any(yrs::Any::String(text))) = map.get(&txn, key) else { return None };
        Some(text.to_string())
    }

    /// The state of a node's result.
    fn state(&self, node: &str) -> Option<NodeState> {
        schema::read_result(&self.doc.transact(), node).map(|result| result.state)
    }

    async fn take(&mut self) {
        match self.socket.next().await {
            Some(Ok(WsMessage::Binary(bytes))) => self.frame(&bytes).await,
            Some(Ok(WsMessage::Close(frame))) => self.closed = frame.map(|frame| frame.code.into()),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => {
                self.closed.get_or_insert(1006);
            }
        }
    }

    async fn frame(&mut self, bytes: &[u8]) {
        match Frame::decode(bytes).unwrap() {
            Frame::SyncStep1(vector) => {
                let vector = StateVector::decode_v1(vector).unwrap();
                let missing = self.doc.transact().encode_diff_v1(&vector);
                self.send(Frame::SyncStep2(&missing)).await;
            }
            frame @ (Frame::SyncStep2(update) | Frame::Update(update)) => {
                self.doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
                self.is_synced |= matches!(frame, Frame::SyncStep2(_));
            }
            Frame::Saved(count) => self.saved = count,
            Frame::Denied(reason) => self.denied.push(reason.to_owned()),
            Frame::Awareness(_)
            | Frame::QueryAwareness
            | Frame::Granted
            | Frame::Role(_)
            | Frame::Unknown(_) => {}
        }
    }

    /// Takes what arrives until something is so; at most 20 s.
    async fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !is_so(self) {
            assert!(
                self.closed.is_none() || what == "closed",
                "closed with {:?} before {what}",
                self.closed
            );
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                tokio::time::timeout(left, self.take()).await.is_ok(),
                "waited too long for: {what}"
            );
        }
    }

    async fn until_saved(&mut self) {
        self.until("saved", |client| client.saved == client.sent).await;
    }

    async fn until_closed(&mut self) -> u16 {
        self.until("closed", |client| client.closed.is_some()).await;
        self.closed.unwrap()
    }
}

async fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited too long for: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

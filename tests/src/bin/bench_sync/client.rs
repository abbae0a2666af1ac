//! The load: clients that speak the protocol of `y-websocket` and cost little themselves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use gesso_protocol::doc;
use gesso_protocol::wire::Frame;
use gesso_protocol::wire::awareness::{self, Entry};
use gesso_protocol::wire::guard::Scan;
use gesso_protocol::wire::read::write_buf;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use yrs::updates::decoder::Decode as _;
use yrs::{Doc, Map as _, MapPrelim, MapRef, ReadTxn as _, Transact as _, Update, WriteTxn as _};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An empty Yjs update.
const EMPTY: &[u8] = &[0, 0];

/// The half of a connection that sends. Hocuspocus wants the room's name before every message.
pub(crate) struct To {
    sink: SplitSink<Socket, Message>,
    before: Vec<u8>,
}

impl To {
    async fn send(&mut self, frame: &Frame<'_>) {
        self.bytes(&frame.encode()).await;
    }

    async fn bytes(&mut self, bytes: &[u8]) {
        let message = [&self.before[..], bytes].concat();
        self.sink.send(Message::Binary(message.into())).await.ok();
    }
}

/// The half of a connection that receives.
pub(crate) struct From {
    stream: SplitStream<Socket>,
    before: usize,
}

impl From {
    async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            match self.stream.next().await? {
                Ok(Message::Binary(bytes)) => {
                    let mut message = bytes.get(self.before..)?.to_vec();
                    // Hocuspocus: a sync message that wants no answer.
                    if self.before > 0 && message.first() == Some(&4) {
                        message[0] = 0;
                    }
                    return Some(message);
                }
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }
}

/// A connection.
pub(crate) struct Link {
    to: To,
    from: From,
}

impl Link {
    /// Connects; what stands behind a `#` is the name of a room of Hocuspocus.
    pub(crate) async fn connect(url: &str) -> Self {
        let (url, name) = url.split_once('#').unwrap_or((url, ""));
        let config = WebSocketConfig::default().read_buffer_size(16 * 1024);
        let (socket, _) = connect_async_with_config(url, Some(config), true).await.unwrap();
        let (sink, stream) = socket.split();
        let mut before = Vec::new();
        if !name.is_empty() {
            write_buf(&mut before, name.as_bytes());
        }
        let from = From { stream, before: before.len() };
        let mut to = To { sink, before };
        if !name.is_empty() {
            // Its sign-in, with a token of one letter.
            to.bytes(&[2, 0, 1, b'x']).await;
        }
        Self { to, from }
    }

    /// Connects and waits for the document, which has at least so many bytes: some servers first send an empty one.
    pub(crate) async fn synced(url: &str, bytes: usize) -> (Self, Vec<u8>) {
        let mut link = Self::connect(url).await;
        link.send(&Frame::SyncStep1(&[0])).await;
        let update = link.document(bytes).await;
        (link, update)
    }

    /// Waits for a document of at least so many bytes.
    pub(crate) async fn document(&mut self, bytes: usize) -> Vec<u8> {
        loop {
            let message = self.from.next().await.expect("the server answers a step 1");
            match Frame::decode(&message) {
                Ok(Frame::SyncStep1(_)) => self.send(&Frame::SyncStep2(EMPTY)).await,
                Ok(Frame::SyncStep2(update) | Frame::Update(update)) if update.len() >= bytes => {
                    return update.to_vec();
                }
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Sends a frame.
    pub(crate) async fn send(&mut self, frame: &Frame<'_>) {
        self.to.send(frame).await;
    }
}

/// When each writer sent each of its clocks, and what arrived where.
#[derive(Default)]
pub(crate) struct Ledger {
    /// By client id: the first clock that counts, and when each was sent.
    sent: HashMap<u64, (u32, Vec<Instant>)>,
    /// Time of each delivery.
    pub(crate) times: Vec<Duration>,
}

impl Ledger {
    fn send(&mut self, client: u64, clock: u32) {
        let (_, sent) = self.sent.entry(client).or_insert_with(|| (clock, Vec::new()));
        sent.push(Instant::now());
    }

    /// Everything of a writer up to this clock has arrived at somebody who had it up to another.
    fn arrive(&mut self, client: u64, seen: &mut HashMap<u64, u32>, end: u32) {
        let Some((first, sent)) = self.sent.get(&client) else { return };
        let now = Instant::now();
        let seen = seen.entry(client).or_insert(*first);
        for clock in *seen..end {
            if let Some(at) = sent.get((clock - first) as usize) {
                self.times.push(now - *at);
            }
        }
        *seen = (*seen).max(end);
    }

    /// Returns the number of edits sent.
    pub(crate) fn edits(&self) -> usize {
        self.sent.values().map(|(_, sent)| sent.len()).sum()
    }

    /// The time that so much of all deliveries took at most, in ms.
    pub(crate) fn percentile(&mut self, of: f64) -> Option<f64> {
        self.times.sort_unstable();
        let at = ((self.times.len() as f64 - 1.0) * of).round();
        (!self.times.is_empty()).then(|| self.times[at as usize].as_secs_f64() * 1e3)
    }
}

/// Shared by all tasks of a scene.
pub(crate) type Shared = Arc<Mutex<Ledger>>;

/// Reads what comes and notes it, until it is aborted. The half that sends is kept open, if there is one.
fn listen(mut from: From, to: Option<To>, ledger: Shared) -> JoinHandle<()> {
    tokio::spawn(async move {
        let _open = to;
        let mut seen = HashMap::new();
        while let Some(message) = from.next().await {
            match Frame::decode(&message) {
                Ok(Frame::Update(update) | Frame::SyncStep2(update)) => {
                    let Ok(scan) = Scan::read(update) else { continue };
                    let mut ledger = ledger.lock().unwrap();
                    for section in &scan.sections {
                        ledger.arrive(section.client, &mut seen, section.end);
                    }
                }
                Ok(Frame::Awareness(payload)) => {
                    let Ok(entries) = awareness::decode(payload, 10_000) else { continue };
                    let mut ledger = ledger.lock().unwrap();
                    for entry in entries {
                        // Clocks of awareness count from 1, and the newest stands for those before it.
                        ledger.arrive(entry.client, &mut seen, entry.clock + 1);
                    }
                }
                Ok(_) | Err(_) => {}
            }
        }
    })
}

/// Somebody who drags one node, or moves a cursor.
pub(crate) struct Writer {
    to: To,
    ledger: Shared,
    doc: Doc,
    node: MapRef,
    id: u64,
    cursor: u32,
    listening: JoinHandle<()>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Writer {
    /// Joins a room of which the document was read already; drags its n-th node.
    pub(crate) async fn join(url: &str, bytes: usize, n: usize, ledger: &Shared) -> Self {
        let (link, update) = Link::synced(url, bytes).await;
        let doc = doc::open(rand::random::<u32>() >> 1, "bench");
        doc.transact_mut().apply_update(Update::decode_v1(&update).unwrap()).unwrap();
        let nodes = doc.get_or_insert_map("nodes");
        let node = {
            let txn = doc.transact();
            let mut keys: Vec<&str> = nodes.keys(&txn).collect();
            keys.sort_unstable();
            nodes.get(&txn, keys[n % keys.len()]).unwrap().cast::<MapRef>().unwrap()
        };
        let id = doc.client_id().get();
        let listening = listen(link.from, None, Arc::clone(ledger));
        Self { to: link.to, ledger: Arc::clone(ledger), doc, node, id, cursor: 0, listening }
    }

    /// One step of a drag, or one value of so many bytes.
    pub(crate) async fn edit(&mut self, bytes: usize) {
        let update = {
            let mut txn = self.doc.transact_mut();
            let clock = txn.state_vector().get(&yrs::ClientID::new(self.id));
            if bytes == 0 {
                let at = [f64::from(clock) * 1.5, f64::from(clock) * 0.5];
                self.node.insert(&mut txn, "pos", yrs::Any::from(at.map(yrs::Any::from).to_vec()));
            } else {
                self.node.insert(&mut txn, "title", noise(bytes));
            }
            self.ledger.lock().unwrap().send(self.id, clock);
            txn.encode_update_v1()
        };
        self.to.send(&Frame::Update(&update)).await;
    }

    /// One step of a cursor.
    pub(crate) async fn point(&mut self) {
        self.cursor += 1;
        let at = self.cursor;
        let state = format!(
            r##"{{"user":{{"id":"{:x}","name":"Somebody","color":"#ff9db0"}},"cursor":{{"x":{at}.25,"y":{at}.75}},"selection":["n3"],"viewport":{{"x":0,"y":0,"zoom":1}}}}"##,
            self.id
        );
        self.ledger.lock().unwrap().send(self.id, at);
        let entry = Entry { client: self.id, clock: at, state: &state };
        self.to.send(&Frame::Awareness(&awareness::encode(std::iter::once(entry)))).await;
    }
}

/// Text that does not repeat.
pub(crate) fn noise(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes);
    while text.len() < bytes {
        text += &format!("{:016x}", rand::random::<u64>());
    }
    text.truncate(bytes);
    text
}

/// A canvas of so many nodes, as one update: about 350 bytes a node.
pub(crate) fn canvas(nodes: usize) -> Vec<u8> {
    let doc = doc::open(rand::random::<u32>() >> 1, "bench");
    let mut txn = doc.transact_mut();
    let map = txn.get_or_insert_map("nodes");
    for n in 0..nodes {
        let node = map.insert(&mut txn, format!("n{n:05}"), MapPrelim::default());
        node.insert(&mut txn, "kind", "text");
        node.insert(&mut txn, "pos", yrs::Any::from(vec![yrs::Any::from(n as f64), 0.5.into()]));
        node.insert(&mut txn, "z", format!("a{n:05}"));
        node.insert(&mut txn, "title", noise(40));
        node.insert(&mut txn, "settings", MapPrelim::default());
        node.insert(&mut txn, "output", MapPrelim::default());
        node.insert(&mut txn, "stars", MapPrelim::default());
        node.insert(&mut txn, "text", yrs::TextPrelim::new(noise(180)));
    }
    txn.encode_update_v1()
}

/// Somebody who only reads, until it is aborted.
pub(crate) async fn reader(url: &str, bytes: usize, ledger: &Shared) -> JoinHandle<()> {
    let (link, _) = Link::synced(url, bytes).await;
    listen(link.from, Some(link.to), Arc::clone(ledger))
}

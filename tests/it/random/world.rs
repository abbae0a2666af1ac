//! A server that can be killed where it stands, called without a network.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use clap::Parser as _;
use gesso_protocol::pricing::Money;
use gesso_server::app::App;
use gesso_server::config::Cli;
use gesso_server::failpoint::Failpoints;
use gesso_server::providers::{Providers, Repeat};
use serde_json::Value;
use tempfile::TempDir;
use tests::dropped_after;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use super::market::{CATALOG, Market, Trader};

/// Longest time until an answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Longest time that a dead server may keep files open.
const DEATH_MAX: Duration = Duration::from_secs(10);
/// The largest answer, in bytes.
const BODY_MAX: usize = 64 << 20;

/// An answer of the server.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) mime: String,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(super) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

struct Server {
    runtime: Runtime,
    router: Router,
}

/// A data folder, the providers outside, and the server that works there at the moment.
pub(super) struct World {
    data: TempDir,
    pub(super) market: Arc<Market>,
    credits: Money,
    server: Option<Server>,
    dead: Arc<AtomicBool>,
    pub(super) kills: usize,
}

/// Where the server dies by itself: a failpoint and how often it is passed before.
pub(super) type Trap = Option<(&'static str, u32)>;

impl World {
    pub(super) fn new(credits: Money, trap: Trap) -> Self {
        let memory = std::path::Path::new("/dev/shm");
        let data = match memory.is_dir() {
            true => TempDir::new_in(memory),
            false => TempDir::new(),
        };
        let data = data.expect("a temporary folder");
        std::fs::create_dir_all(data.path().join("catalog")).expect("a folder");
        std::fs::write(data.path().join("catalog/random.toml"), CATALOG).expect("a file");
        let mut world = Self {
            data,
            market: Market::new(),
            credits,
            server: None,
            dead: Arc::default(),
            kills: 0,
        };
        world.start(trap);
        world
    }

    fn start(&mut self, trap: Trap) {
        let mut options = Cli::parse_from(["gesso"]).serve;
        options.data = self.data.path().to_owned();
        options.catalog = Some(self.data.path().join("catalog"));
        options.first_credits = self.credits;
        options.database = None;
        let trader = |id, repeat| Trader { id, repeat, market: Arc::clone(&self.market) };
        let providers = Providers::of(vec![
            Arc::new(trader("random-safe", Repeat::Safe)),
            Arc::new(trader("random-keyed", Repeat::Keyed)),
        ]);
        self.dead = Arc::default();
        let failpoints = trap.map_or_else(Failpoints::default, |(name, nth)| {
            let dead = Arc::clone(&self.dead);
            Failpoints::at(name, nth, move || dead.store(true, Ordering::SeqCst))
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let app = runtime.block_on(App::start_with(options, providers, failpoints));
        let router = gesso_server::http::router(app.expect("the server starts"));
        self.server = Some(Server { runtime, router });
    }

    /// True if the server has passed its trap: it records nothing any more.
    pub(super) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// Kills the server without a goodbye, and starts another on the same data.
    pub(super) fn kill(&mut self, trap: Trap) {
        if let Some(Server { runtime, router }) = self.server.take() {
            drop(router);
            runtime.shutdown_background();
        }
        self.kills += 1;
        // A real kill ends all threads at once; here those that are in the middle of a statement must be waited for.
        let begun = Instant::now();
        while self.is_open() {
            assert!(begun.elapsed() < DEATH_MAX, "a killed server keeps its files open");
            std::thread::sleep(Duration::from_millis(1));
        }
        self.start(trap);
    }

    /// True if this process has files of the data folder open.
    fn is_open(&self) -> bool {
        let Ok(open) = std::fs::read_dir("/proc/self/fd") else {
            std::thread::sleep(Duration::from_millis(5));
            return std::fs::File::open(self.data.path().join("gesso.lock"))
                .is_ok_and(|lock| lock.try_lock().is_err());
        };
        open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
            .any(|path| path.starts_with(self.data.path()))
    }

    /// The data folder.
    pub(super) fn data(&self) -> &std::path::Path {
        self.data.path()
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("there always is one")
    }

    fn request(method: &str, path: &str, ask: Ask<'_>) -> Request<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(header::COOKIE, format!("gesso_person={}", ask.person));
        if let Some(key) = ask.key {
            request = request.header("idempotency-key", key);
        }
        let body = match ask.body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        request.body(body).expect("a request")
    }

    /// Asks the server.
    pub(super) fn call(&self, method: &str, path: &str, ask: Ask<'_>) -> Answer {
        let request = Self::request(method, path, ask);
        let Server { runtime, router } = self.server();
        let router = router.clone();
        let answering = async move {
            let response = router.oneshot(request).await.expect("a router always answers");
            let status = response.status().as_u16();
            let mime = response.headers().get(header::CONTENT_TYPE);
            let mime = mime.and_then(|mime| mime.to_str().ok()).unwrap_or_default().to_owned();
            let bytes = to_bytes(response.into_body(), BODY_MAX).await.expect("a body");
            Answer { status, mime, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
        };
        runtime.block_on(async {
            match tokio::time::timeout(ANSWER_MAX, answering).await {
                Ok(answer) => answer,
                Err(_) => panic!("{method} {path} is never answered"),
            }
        })
    }

    /// Asks without waiting for the answer.
    pub(super) fn send(&self, method: &str, path: &str, ask: Ask<'_>) {
        let request = Self::request(method, path, ask);
        let router = self.server().router.clone();
        self.server().runtime.spawn(async move { router.oneshot(request).await.is_ok() });
    }

    /// Asks and goes away after so many polls, at whatever await the server is then.
    pub(super) fn leave(&self, method: &str, path: &str, ask: Ask<'_>, polls: usize) {
        let request = Self::request(method, path, ask);
        let router = self.server().router.clone();
        self.server()
            .runtime
            .block_on(async move { dropped_after(polls, router.oneshot(request)).await.is_some() });
    }

    /// `GET`, which must succeed.
    pub(super) fn get(&self, path: &str) -> Value {
        let answer = self.call("GET", path, Ask::default());
        assert!(answer.is_ok(), "GET {path}: {answer:?}");
        answer.body
    }

    /// All entries of a list.
    pub(super) fn pages(&self, path: &str, limit: usize) -> Vec<Value> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}?limit={limit}{cursor}"));
            all.extend(page["items"].as_array().expect("a list").iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }

    /// Runs something on the server's runtime.
    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.server().runtime.block_on(future)
    }
}

/// The sender, the body and the idempotency key of a request.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) person: &'a str,
    pub(super) body: Option<&'a Value>,
    pub(super) key: Option<&'a str>,
}

impl Default for Ask<'_> {
    fn default() -> Self {
        Self { person: "ann", body: None, key: None }
    }
}

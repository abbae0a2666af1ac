//! A real server on a port of its own.

use std::time::Duration;

use clap::Parser as _;
use gesso_protocol::catalog::Catalog;
use gesso_server::app::{App, tools};
use gesso_server::config::{Cli, ServeOptions};
use gesso_server::db::Db;
use gesso_server::failpoint::Failpoints;
use gesso_server::providers::Providers;
use gesso_server::providers::studio::Studio;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use sqlx::Connection as _;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use yrs::updates::decoder::Decode as _;
use yrs::{ReadTxn as _, Transact as _, TransactionMut, Update};

use crate::fake::{CATALOG, World};

/// Longest time that anything is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A database to test with.
#[derive(Clone, Debug)]
pub enum Database {
    /// SQLite in the data folder.
    Sqlite,
    /// A PostgreSQL cluster; every server gets a database of its own in it.
    Postgres(String),
}

/// SQLite, and PostgreSQL where `GESSO_TEST_POSTGRES` names a cluster.
pub fn databases() -> Vec<Database> {
    let postgres = std::env::var("GESSO_TEST_POSTGRES").ok().map(Database::Postgres);
    [Database::Sqlite].into_iter().chain(postgres).collect()
}

/// A running server.
pub struct TestServer {
    /// Address, without a path.
    pub url: String,
    /// The running application.
    pub app: App,
    /// The service that its providers call.
    pub fake: World,
    /// One person's browser.
    pub client: Client,
    data: TempDir,
    database: Option<String>,
    stop: CancellationToken,
    served: JoinHandle<()>,
    own: Own,
}

/// The runtime of a server that can be killed.
#[derive(Default)]
struct Own(Option<Runtime>);

impl Drop for Own {
    fn drop(&mut self) {
        // A runtime may not be waited for where tests run.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The data and the service that a killed server left.
pub struct Remains {
    data: TempDir,
    database: Option<String>,
    fake: World,
    client: Client,
}

impl Remains {
    /// Records as they stand.
    pub async fn db(&self) -> Db {
        Db::open(self.database.as_deref(), self.data.path()).await.expect("the records open")
    }

    /// The folder of its records.
    pub fn folder(&self) -> &std::path::Path {
        self.data.path()
    }

    /// Where its records are, if not in the folder.
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// Executes a statement on its records, behind every server's back.
    pub async fn execute(&self, sql: &str) {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        let done = match &self.database {
            Some(url) => {
                let mut records = sqlx::PgConnection::connect(url).await.expect("the records open");
                sqlx::query(sql).execute(&mut records).await.map(|done| done.rows_affected())
            }
            None => {
                let file = self.data.path().join("gesso.db");
                let url = format!("sqlite://{}", file.display());
                let mut records =
                    sqlx::SqliteConnection::connect(&url).await.expect("the records open");
                sqlx::query(sql).execute(&mut records).await.map(|done| done.rows_affected())
            }
        };
        assert!(done.expect("it is executed") > 0, "it changes something");
    }

    /// Starts another server on it, for the same person.
    pub async fn restart(self) -> TestServer {
        let Self { data, database, fake, client } = self;
        if let Some(url) = &database {
            // As if its leases had run out: a server on PostgreSQL waits for that before it takes a run over.
            let mut records = sqlx::PgConnection::connect(url).await.expect("the records open");
            let expire = "UPDATE runs SET lease_until = 0";
            sqlx::query(expire).execute(&mut records).await.expect("no lease is left");
        }
        let server = TestServer::start_on(data, database, fake, Failpoints::default()).await;
        TestServer { client, ..server }
    }
}

impl TestServer {
    /// Starts one on a new data folder.
    pub async fn start(database: &Database) -> Self {
        Self::start_with(database, Failpoints::default()).await
    }

    /// Starts one with these failpoints on a new data folder.
    pub async fn start_with(database: &Database, failpoints: Failpoints) -> Self {
        let data = TempDir::new().expect("a temporary folder");
        Self::start_on(data, fresh(database).await, World::default(), failpoints).await
    }

    /// Starts one with other settings on a new data folder.
    pub async fn start_tuned(database: &Database, tune: impl FnOnce(&mut ServeOptions)) -> Self {
        let data = TempDir::new().expect("a temporary folder");
        let url = fresh(database).await;
        Self::start_as(data, url, World::default(), Failpoints::default(), tune).await
    }

    /// Starts one that can be killed, on a new data folder and with threads of its own.
    pub async fn start_mortal(database: &Database, failpoints: Failpoints) -> Self {
        let data = TempDir::new().expect("a temporary folder");
        let url = fresh(database).await;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let starting = tokio::task::spawn_blocking(move || {
            let starting = Self::start_on(data, url, World::default(), failpoints);
            (runtime.block_on(starting), runtime)
        });
        let (server, runtime) = starting.await.expect("it starts");
        Self { own: Own(Some(runtime)), ..server }
    }

    /// Kills a mortal one: every task of it stops where it stands.
    pub async fn kill(self) -> Remains {
        let Self { data, database, fake, client, app, mut own, .. } = self;
        let runtime = own.0.take().expect("it is mortal");
        let gone = tokio::task::spawn_blocking(move || {
            runtime.shutdown_timeout(PATIENCE);
            drop(app);
        });
        gone.await.expect("it dies");
        Remains { data, database, fake, client }
    }

    async fn start_on(
        data: TempDir,
        database: Option<String>,
        fake: World,
        failpoints: Failpoints,
    ) -> Self {
        Self::start_as(data, database, fake, failpoints, |_| ()).await
    }

    async fn start_as(
        data: TempDir,
        database: Option<String>,
        fake: World,
        failpoints: Failpoints,
        tune: impl FnOnce(&mut ServeOptions),
    ) -> Self {
        let catalog = data.path().join("catalog");
        std::fs::create_dir_all(&catalog).expect("a folder");
        std::fs::write(catalog.join("fake.toml"), CATALOG).expect("a file");
        let mut options = Cli::parse_from(["gesso"]).serve;
        options.data = data.path().to_owned();
        options.database.clone_from(&database);
        options.catalog = Some(catalog);
        tune(&mut options);
        let mut providers = fake.providers();
        let tools = tools(&options.data).expect("a folder");
        providers.push(std::sync::Arc::new(Studio::new(tools)));
        let app = App::start_with(options, Providers::of(providers), failpoints)
            .await
            .expect("the server starts");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let stop = CancellationToken::new();
        let serving = gesso_server::serve(app.clone(), listener, stop.clone().cancelled_owned());
        let served = tokio::spawn(async move { serving.await.expect("the server serves") });
        let client = Client::builder().cookie_store(true).build().expect("a client");
        let own = Own::default();
        Self { url, app, fake, client, data, database, stop, served, own }
    }

    /// Stops it as a service manager would, and starts another on the same data.
    pub async fn restart(self) -> Self {
        let Self { data, database, stop, served, fake, app, .. } = self;
        stop.cancel();
        tokio::time::timeout(PATIENCE, served).await.expect("it stops").expect("it stops well");
        drop(app);
        Self::start_on(data, database, fake, Failpoints::default()).await
    }

    /// Stops it as a service manager would; it must end whatever clients do.
    pub async fn stop(self) {
        let Self { stop, served, .. } = self;
        stop.cancel();
        tokio::time::timeout(PATIENCE, served).await.expect("it stops").expect("it stops well");
    }

    /// A connection on which anything can be written.
    pub async fn raw(&self) -> TcpStream {
        TcpStream::connect(self.url.trim_start_matches("http://")).await.expect("a connection")
    }

    /// Where it keeps everything.
    pub fn folder(&self) -> &std::path::Path {
        self.data.path()
    }

    /// The catalogue it works with.
    pub fn catalog(&self) -> &Catalog {
        &self.app.catalog
    }

    /// A request with an optional JSON body; answers status and JSON.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let request = self.client.request(method, format!("{}{path}", self.url));
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let response = request.send().await.expect("an answer");
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    /// `GET`, which must succeed.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, None).await;
        assert!(status.is_success(), "GET {path}: {status} {body}");
        body
    }

    /// `POST`, which must succeed.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(Method::POST, path, Some(body)).await;
        assert!(status.is_success(), "POST {path}: {status} {answer}");
        answer
    }

    /// `POST`, which must be refused with this code.
    pub async fn refused(&self, path: &str, body: Value, code: &str) -> Value {
        let (status, answer) = self.call(Method::POST, path, Some(body)).await;
        assert_eq!(answer["code"], code, "POST {path}: {status} {answer}");
        assert_eq!(answer["status"], status.as_u16());
        assert!(!answer["detail"].as_str().expect("a sentence").is_empty());
        answer
    }

    /// A canvas built by edits; answers its id.
    pub async fn canvas(&self, edits: Value) -> String {
        let made = self.post("/api/canvases", serde_json::json!({"name": "Test"})).await;
        let id = made["id"].as_str().expect("an id").to_owned();
        self.post(&format!("/api/canvases/{id}/edits"), edits).await;
        id
    }

    /// Writes into a document as a stock Yjs client does, which may write anything.
    pub async fn write(&self, canvas: &str, write: impl FnOnce(&mut TransactionMut<'_>)) {
        let at = format!("{}/api/canvases/{canvas}/doc", self.url);
        let state = self.client.get(&at).send().await.expect("an answer");
        let state = state.bytes().await.expect("the document");
        let update = {
            let doc = gesso_protocol::doc::open(rand::random(), "client");
            let mut txn = doc.transact_mut();
            let held = Update::decode_v1(&state).expect("an update");
            txn.apply_update(held).expect("it is taken");
            let before = txn.state_vector();
            write(&mut txn);
            txn.encode_state_as_update_v1(&before)
        };
        let posted = self.client.post(&at).header("content-type", "application/octet-stream");
        let answer = posted.body(update).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// Waits until a run has ended; answers it.
    pub async fn ended(&self, run: &str) -> Value {
        self.until(&format!("/api/runs/{run}"), |run| {
            ["succeeded", "failed", "cancelled"].iter().any(|status| run["status"] == *status)
        })
        .await
    }

    /// Waits until what stands at `path` is as wanted.
    pub async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.until_within(path, PATIENCE, wanted).await
    }

    /// The same with more or less patience.
    pub async fn until_within(
        &self,
        path: &str,
        patience: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let waiting = async {
            loop {
                let body = self.get(path).await;
                if wanted(&body) {
                    return body;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        match tokio::time::timeout(patience, waiting).await {
            Ok(body) => body,
            Err(_) => panic!("{path} never came to be as wanted: {}", self.get(path).await),
        }
    }
}

/// The address of a new database, where it is not in the data folder.
async fn fresh(database: &Database) -> Option<String> {
    match database {
        Database::Sqlite => None,
        Database::Postgres(cluster) => Some(fresh_database(cluster).await),
    }
}

async fn fresh_database(cluster: &str) -> String {
    let name = format!("test_{}", gesso_server::clock::fresh_id());
    let mut admin = sqlx::PgConnection::connect(cluster).await.expect("the cluster answers");
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create).execute(&mut admin).await.expect("a database");
    let (base, options) = cluster.split_once('?').map_or((cluster, ""), |(base, o)| (base, o));
    let base = base.rsplit_once('/').map_or(base, |(base, _)| base);
    let options = if options.is_empty() { String::new() } else { format!("?{options}") };
    format!("{base}/{name}{options}")
}

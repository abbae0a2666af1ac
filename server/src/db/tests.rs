//! The run records on SQLite, and on PostgreSQL where `GESSO_TEST_POSTGRES` names a cluster.

mod damage;
mod migration;
mod records;
mod starts;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use gesso_protocol::ids::{AssetId, CanvasId, NodeId, RunId, WorkspaceId};
use gesso_protocol::pricing::Money;
use gesso_protocol::schema::{Generation, NodeState, RunStatus};

use super::Db;
use super::canvases::CanvasRow;
use super::runs::{
    Changes, NewGeneration, NewInvocation, NewRun, NewStep, RunRow, StartError, StatusChange,
    StepChange, UnitChange,
};

pub(crate) static CANVAS: LazyLock<CanvasId> = LazyLock::new(|| CanvasId::new("canvas"));
const MADE_WITH: &str =
    r#"{"model":"m","version":"1","settings":{},"prompt":"","negative":"","inputs":{}}"#;

/// A database of its own, removed after the test.
pub(crate) struct TestDb {
    pub(crate) db: Db,
    folder: PathBuf,
}

impl Drop for TestDb {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    format!("{}_{now}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

pub(super) fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("gesso-db-{}", unique()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

pub(super) async fn postgres() -> Option<String> {
    let cluster = std::env::var("GESSO_TEST_POSTGRES").ok()?;
    let name = format!("db_{}", unique());
    let admin = sqlx::PgPool::connect(&cluster).await.unwrap();
    let sql = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(sql).execute(&admin).await.unwrap();
    admin.close().await;
    let (base, _) = cluster.rsplit_once('/').unwrap();
    Some(format!("{base}/{name}"))
}

/// An empty database of each kind.
pub(super) async fn empty() -> Vec<TestDb> {
    let folder = folder();
    let mut all = vec![TestDb { db: Db::open(None, &folder).await.unwrap(), folder }];
    if let Some(url) = postgres().await {
        let folder = self::folder();
        all.push(TestDb { db: Db::open(Some(&url), &folder).await.unwrap(), folder });
    }
    all
}

/// A database of each kind with a canvas and 1,000 credits (in millicredits 1,000).
pub(crate) async fn databases() -> Vec<TestDb> {
    let all = empty().await;
    for test in &all {
        test.db.grant_first(&WorkspaceId::default(), Money(1_000), 1).await.unwrap();
        let canvas = CanvasRow {
            id: CANVAS.clone(),
            workspace: WorkspaceId::default(),
            name: String::new(),
            description: String::new(),
            created_at: 1,
            updated_at: 1,
            deleted_at: None,
        };
        test.db.add_canvas(&canvas, None, None).await.unwrap();
    }
    all
}

pub(super) fn new_run(id: &str, hold: i64) -> NewRun {
    NewRun {
        id: RunId::new(id),
        canvas: CANVAS.clone(),
        person: "ivy".to_owned(),
        person_name: "Ivy".to_owned(),
        mode: "selection".to_owned(),
        node: None,
        nodes: vec![NodeId::new("a")],
        stop_on_error: false,
        retry_of: None,
        owner: "server".to_owned(),
        lease_until: 100,
        hold: Money(hold),
        keep: None,
    }
}

pub(super) fn new_step(node: &str, units: u32) -> NewStep<'_> {
    NewStep {
        node: NodeId::new(node),
        kind: "image_generator",
        title: "Title",
        model: "model",
        state: NodeState::Pending,
        invocations: units,
        hold: Money(10 * i64::from(units)),
        fingerprint: None,
    }
}

pub(super) fn new_unit(node: &str, n: u32) -> NewInvocation {
    NewInvocation {
        node: NodeId::new(node),
        item: format!("l={n}"),
        n,
        state: NodeState::Pending,
        provider: "fake".to_owned(),
        seed: 7,
        hold: Money(10),
        generations: Vec::new(),
        reused: false,
        fingerprint: None,
        error: None,
    }
}

/// Starts a run of these nodes with so many units each, at 10 a unit.
pub(super) async fn start(db: &Db, id: &str, nodes: &[(&str, u32)]) -> Result<RunRow, StartError> {
    let steps: Vec<_> = nodes.iter().map(|(node, units)| new_step(node, *units)).collect();
    let units: Vec<_> =
        nodes.iter().flat_map(|(node, units)| (0..*units).map(|n| new_unit(node, n))).collect();
    let hold = 10 * units.len() as i64;
    db.start_run(&new_run(id, hold), "{}", &steps, &units, 50).await
}

pub(super) fn unit(node: &str, n: u32, state: NodeState, cost: i64) -> UnitChange {
    UnitChange {
        node: NodeId::new(node),
        item: format!("l={n}"),
        n,
        state,
        attempts: 1,
        provider: "fake".to_owned(),
        job: Some("job".to_owned()),
        seed: 7,
        hold: Money(10),
        cost: Money(cost),
        error: None,
        generations: made_ids(node, n, state),
        reused: false,
        fingerprint: Some(format!("print-{node}")),
        started_at: Some(60),
        finished_at: None,
    }
}

fn made_ids(node: &str, n: u32, state: NodeState) -> Vec<String> {
    if state == NodeState::Completed { vec![format!("{node}{n}")] } else { Vec::new() }
}

pub(super) fn step(node: &str, state: NodeState) -> StepChange {
    StepChange {
        node: NodeId::new(node),
        state,
        started_at: Some(60),
        finished_at: None,
        cost: Money(4),
        error: None,
        fingerprint: Some("of the step".to_owned()),
    }
}

pub(super) fn status(status: RunStatus) -> Option<StatusChange> {
    Some(StatusChange { status, started_at: Some(60), finished_at: Some(90), error: None })
}

pub(super) fn made(run: &str, node: &str, n: u32) -> NewGeneration {
    NewGeneration {
        node: NodeId::new(node),
        generation: Generation {
            id: format!("{node}{n}"),
            run: run.to_owned(),
            key: format!("l={n}"),
            fingerprint: format!("print-{node}"),
            ..Generation::default()
        },
        made_with: Arc::from(MADE_WITH),
    }
}

pub(super) fn changes(run: &str) -> Changes {
    Changes::none(RunId::new(run), CANVAS.clone(), WorkspaceId::default(), 0)
}

/// Balance and what is held.
pub(super) async fn credits(db: &Db) -> (i64, i64) {
    let credits = db.credits(&WorkspaceId::default()).await.unwrap();
    (credits.balance.0, credits.held.0)
}

/// Kinds and amounts of the ledger, oldest first, without grants.
pub(super) async fn ledger(db: &Db) -> Vec<(String, i64)> {
    let mut entries = db.ledger(&WorkspaceId::default(), i64::MAX, 1_000).await.unwrap();
    entries.reverse();
    let moved = entries.into_iter().filter(|entry| entry.kind != "grant");
    moved.map(|entry| (entry.kind, entry.amount.0)).collect()
}

//! Data of the version before, read by this one.

use super::*;
use crate::db::assets::AssetQuery;
use crate::db::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS};

const BEFORE: &str = r#"
INSERT INTO canvases VALUES ('canvas', 'default', '', '', 1, 1, NULL, 2);
INSERT INTO runs VALUES ('r', 'default', 'canvas', 1, 'succeeded', 'workflow', NULL, 'ivy', 'Ivy', 'continue',
  'plan r', 30, 8, 22, 0, 40, 41, 49, NULL, NULL);
INSERT INTO runs VALUES ('s', 'default', 'canvas', 2, 'running', 'workflow', NULL, 'ivy', 'Ivy', 'continue',
  'plan s', 30, 0, 0, 0, 50, 51, NULL, NULL, NULL);
INSERT INTO steps VALUES ('r', 0, 'a', 'image_generator', 'A', 'm', 'completed', 41, 49, 10, 8, NULL, 'print');
INSERT INTO steps VALUES ('s', 0, 'a', 'image_generator', 'A', 'm', 'failed', 51, 52, 10, 0, '{"code":"x","detail":"d","hint":"h"}', NULL);
INSERT INTO steps VALUES ('s', 1, 'b', 'image_generator', 'B', 'm', 'pending', NULL, NULL, 20, 0, NULL, NULL);
INSERT INTO invocations VALUES ('r', 'a', '', 'completed', 1, 'fake', NULL, 7, 10, 8, NULL, 41, 49);
INSERT INTO invocations VALUES ('s', 'a', '', 'failed', 3, 'fake', NULL, 8, 10, 0, '{"code":"x","detail":"d","hint":"h"}', 51, 52);
INSERT INTO active_nodes VALUES ('canvas', 'b', 's');
INSERT INTO node_results VALUES ('canvas', 'a', 's', 'failed', NULL, 51, 52, 0, 'print',
  '{"":{"n":0,"state":"failed","generations":["g1","g2"]}}');
INSERT INTO node_results VALUES ('canvas', 'b', 's', 'pending', NULL, NULL, NULL, 0, NULL, '{"":{"state":"pending"}}');
INSERT INTO generations (id, canvas, node, item, run, body, made_with) VALUES ('g1', 'canvas', 'a', '', 'r',
  '{"id":"g1","run":"r","fingerprint":"print"}', '{}');
INSERT INTO generations (id, canvas, node, item, run, body, made_with) VALUES ('g2', 'canvas', 'a', '', 'r',
  '{"id":"g2","run":"r"}', '{}');
INSERT INTO balances VALUES ('default', 992, 20);
"#;

async fn check(db: &Db) {
    let run = db.run(&RunId::new("s")).await.unwrap().unwrap();
    assert_eq!((run.snapshot.as_str(), run.place, run.fence), ("plan s", 50, 0));
    let done = db.invocations(&RunId::new("r")).await.unwrap();
    assert_eq!(done.len(), 1);
    assert_eq!(done[0].generation_ids(), ["g1", "g2"]);
    assert_eq!((done[0].cost, done[0].fingerprint.as_deref()), (8, Some("print")));
    let units = db.invocations(&RunId::new("s")).await.unwrap();
    let shape: Vec<_> =
        units.iter().map(|unit| (unit.node.as_str(), unit.state(), unit.hold)).collect();
    assert_eq!(shape, [("a", NodeState::Failed, 10), ("b", NodeState::Pending, 20)]);
    assert_eq!(units[1].started_at, None);
    assert!(units[1].seed >= 0);
    let outcome = db.outcome(&CANVAS, &[]).await.unwrap();
    // The failed node goes on to show what it made before.
    assert_eq!(outcome.results["a"].items[""].generations, ["g1", "g2"]);
    assert_eq!(outcome.results["a"].error.as_ref().unwrap().detail, "d");
    assert_eq!(outcome.results["b"].state, NodeState::Pending);
    assert_eq!(outcome.generations["a"].len(), 2);
    assert_eq!(db.reusable(&CANVAS, &["print".to_owned()]).await.unwrap()["print"].len(), 1);
    assert_eq!(db.active_nodes(&CANVAS).await.unwrap(), [NodeId::new("b")]);
    let end = UnitChange {
        item: String::new(),
        hold: Money(20),
        ..unit("b", 0, NodeState::Completed, 15)
    };
    db.record(&[Changes { units: vec![end], ..changes("s") }], 90).await.unwrap();
    assert_eq!(credits(db).await, (977, 0));
}

#[tokio::test]
async fn data_of_the_version_before_is_taken_over() {
    let folder = folder();
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(folder.join("gesso.db"))
        .create_if_missing(true);
    let before = sqlx::SqlitePool::connect_with(options).await.unwrap();
    SQLITE_MIGRATIONS.run_to(2, &before).await.unwrap();
    sqlx::raw_sql(BEFORE).execute(&before).await.unwrap();
    before.close().await;
    let test = TestDb { db: Db::open(None, &folder).await.unwrap(), folder };
    check(&test.db).await;
    if let Some(url) = postgres().await {
        let before = sqlx::PgPool::connect(&url).await.unwrap();
        POSTGRES_MIGRATIONS.run_to(2, &before).await.unwrap();
        sqlx::raw_sql(BEFORE).execute(&before).await.unwrap();
        before.close().await;
        check(&Db::open(Some(&url), &test.folder).await.unwrap()).await;
    }
}

/// Names that SQL cannot bring into one form: they are found all the same after the server has started on them.
#[tokio::test]
async fn files_of_the_version_before_are_found() {
    const FILES: &str = r#"
INSERT INTO assets (workspace, id, mime, type, bytes, name, origin, person, created_at, words) VALUES
  ('default', 'a', 'image/png', 'image', 1, 'Große Straße.png', '{"kind":"upload"}', 'ivy', 1, 'große straße.png'),
  ('default', 'b', 'image/png', 'image', 1, 'Müller.png', 'no json', 'ivy', 2, 'mÜller.png'),
  ('default', 'c', 'image/png', 'image', 1, 'c.png', '{"kind":"run","prompt":"ΣΊΣΥΦΟΣ"}', 'ivy', 3, 'c.png ΣΊΣΥΦΟΣ');
"#;
    async fn check(db: &Db) {
        for (query, found) in [("STRASSE", "a"), ("muller", "b"), ("σίσυφος", "c")] {
            let q = Some(query.to_owned());
            let rows = db.assets(&AssetQuery { q, limit: 9, ..AssetQuery::default() }).await;
            let ids: Vec<String> =
                rows.unwrap().into_iter().map(|row| row.id.to_string()).collect();
            assert_eq!(ids, [found], "{query}");
        }
    }
    let folder = folder();
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(folder.join("gesso.db"))
        .create_if_missing(true);
    let before = sqlx::SqlitePool::connect_with(options).await.unwrap();
    SQLITE_MIGRATIONS.run_to(4, &before).await.unwrap();
    sqlx::raw_sql(FILES).execute(&before).await.unwrap();
    before.close().await;
    let test = TestDb { db: Db::open(None, &folder).await.unwrap(), folder };
    check(&test.db).await;
    if let Some(url) = postgres().await {
        let before = sqlx::PgPool::connect(&url).await.unwrap();
        POSTGRES_MIGRATIONS.run_to(4, &before).await.unwrap();
        sqlx::raw_sql(FILES).execute(&before).await.unwrap();
        before.close().await;
        check(&Db::open(Some(&url), &test.folder).await.unwrap()).await;
    }
}

//! Starting runs, and whose they are.

use super::*;
use gesso_protocol::ids::WorkspaceId;

#[tokio::test]
async fn a_run_starts_with_everything_it_needs() {
    for test in databases().await {
        let db = &test.db;
        let mut kept = new_step("k", 1);
        (kept.state, kept.fingerprint) = (NodeState::Completed, Some("print"));
        let unit = NewInvocation {
            state: NodeState::Completed,
            hold: Money(0),
            generations: vec!["g".to_owned()],
            reused: true,
            ..new_unit("k", 0)
        };
        let units = [unit, new_unit("a", 0), new_unit("a", 1)];
        let row = db
            .start_run(&new_run("r", 20), "plan", &[kept, new_step("a", 2)], &units, 50)
            .await
            .unwrap();
        assert_eq!((row.number, row.hold, row.place, row.fence), (1, 20, 50, 0));
        assert_eq!((row.snapshot.as_str(), row.owner.as_str()), ("plan", "server"));
        assert_eq!(row.selection(), [NodeId::new("a")]);
        assert_eq!(db.active_nodes(&CANVAS).await.unwrap(), [NodeId::new("a")]);
        let units = db.invocations(&RunId::new("r")).await.unwrap();
        let order: Vec<_> = units.iter().map(|unit| (unit.node.as_str(), unit.n)).collect();
        assert_eq!(order, [("a", 0), ("a", 1), ("k", 0)]);
        assert_eq!(units[2].generation_ids(), ["g"]);
        assert_eq!((units[2].state(), units[2].reused), (NodeState::Completed, 1));
        let outcome = db.outcome(&CANVAS, &[]).await.unwrap();
        assert!(!outcome.results.contains_key("k"), "what stands at a node kept whole stays");
        assert_eq!(outcome.results["a"].state, NodeState::Pending);
        assert_eq!(credits(db).await, (1_000, 20));
    }
}

#[tokio::test]
async fn a_run_that_cannot_start_leaves_nothing() {
    for test in databases().await {
        let db = &test.db;
        start(db, "r", &[("a", 1)]).await.unwrap();
        let busy = start(db, "s", &[("b", 1), ("a", 1)]).await;
        assert!(matches!(busy, Err(StartError::Busy(node)) if node.as_str() == "a"));
        let poor = start(db, "s", &[("b", 100)]).await;
        assert!(matches!(poor, Err(StartError::InsufficientCredits)));
        assert!(db.run(&RunId::new("s")).await.unwrap().is_none());
        assert!(db.invocations(&RunId::new("s")).await.unwrap().is_empty());
        assert_eq!(db.active_nodes(&CANVAS).await.unwrap(), [NodeId::new("a")]);
        assert_eq!(credits(db).await, (1_000, 10));
        // A number is given only to a run that starts.
        assert_eq!(start(db, "s", &[("b", 99)]).await.unwrap().number, 2);
        assert_eq!(credits(db).await, (1_000, 1_000));
    }
}

#[tokio::test]
async fn a_large_run_is_written_whole() {
    for test in databases().await {
        let db = &test.db;
        let names: Vec<String> = (0..500).map(|n| format!("n{n:03}")).collect();
        let steps: Vec<_> = names.iter().map(|name| new_step(name, 3)).collect();
        let free = |name: &String| {
            [0, 1, 2].map(|n| NewInvocation { hold: Money(0), ..new_unit(name, n) })
        };
        let units: Vec<_> = names.iter().flat_map(free).collect();
        db.start_run(&new_run("r", 0), "{}", &steps, &units, 50).await.unwrap();
        assert_eq!(db.steps(&RunId::new("r")).await.unwrap().len(), 500);
        assert_eq!(db.steps(&RunId::new("r")).await.unwrap()[499].node.as_str(), "n499");
        assert_eq!(db.invocations(&RunId::new("r")).await.unwrap().len(), 1_500);
        assert_eq!(db.active_nodes(&CANVAS).await.unwrap().len(), 500);
        let change = Changes {
            units: names.iter().map(|name| unit(name, 2, NodeState::Completed, 0)).collect(),
            steps: names.iter().map(|name| step(name, NodeState::Completed)).collect(),
            generations: names.iter().map(|name| made("r", name, 2)).collect(),
            ..changes("r")
        };
        db.record(&[change], 70).await.unwrap();
        let done = db.invocations(&RunId::new("r")).await.unwrap();
        let done = done.iter().filter(|unit| unit.state() == NodeState::Completed).count();
        assert_eq!((done, db.active_nodes(&CANVAS).await.unwrap().len()), (500, 0));
        assert_eq!(ledger(db).await.len(), 501);
        assert_eq!(db.made_by(&RunId::new("r"), &CANVAS).await.unwrap().len(), 500);
    }
}

#[tokio::test]
async fn queued_runs_wait_and_move() {
    for test in databases().await {
        let db = &test.db;
        start(db, "r", &[("a", 1)]).await.unwrap();
        assert!(db.set_waiting(&RunId::new("r"), true).await.unwrap());
        assert!(db.set_place(&RunId::new("r"), 7).await.unwrap());
        let row = db.run(&RunId::new("r")).await.unwrap().unwrap();
        assert_eq!((row.waiting, row.place), (1, 7));
        assert!(db.expired_runs(99).await.unwrap().is_empty());
        assert_eq!(db.expired_runs(100).await.unwrap().len(), 1);
        db.renew_leases("server", 300).await.unwrap();
        assert!(db.expired_runs(100).await.unwrap().is_empty());
        let running = StatusChange {
            status: RunStatus::Running,
            started_at: Some(60),
            finished_at: None,
            error: None,
        };
        db.record(&[Changes { status: Some(running), ..changes("r") }], 70).await.unwrap();
        assert!(!db.set_waiting(&RunId::new("r"), false).await.unwrap());
        assert!(!db.set_place(&RunId::new("r"), 8).await.unwrap());
    }
}

#[tokio::test]
async fn a_grant_adds_to_what_is_there() {
    for test in databases().await {
        start(&test.db, "r", &[("a", 1)]).await.unwrap();
        let after = test.db.grant(&WorkspaceId::default(), Money(500), "a gift", 80).await.unwrap();
        assert_eq!((after.balance, after.held), (Money(1_500), Money(10)));
        let entries = test.db.ledger(&WorkspaceId::default(), i64::MAX, 1).await.unwrap();
        assert_eq!((entries[0].kind.as_str(), entries[0].note.as_str()), ("grant", "a gift"));
    }
}

#[tokio::test]
async fn an_abandoned_write_leaves_the_connection_fit() {
    for test in databases().await {
        let db = &test.db;
        start(db, "r", &[("a", 80)]).await.unwrap();
        for micros in [0, 50, 100, 200, 400, 800, 1_600] {
            let units = (0..80).map(|n| unit("a", n, NodeState::Running, 0)).collect();
            let change = [Changes { units, ..changes("r") }];
            let patience = std::time::Duration::from_micros(micros);
            drop(tokio::time::timeout(patience, db.record(&change, 70)).await);
            db.record(&[changes("r")], 70).await.unwrap();
        }
        let units = (0..80).map(|n| unit("a", n, NodeState::Completed, 1)).collect();
        db.record(&[Changes { units, ..changes("r") }], 70).await.unwrap();
        assert_eq!(credits(db).await, (920, 0));
    }
}

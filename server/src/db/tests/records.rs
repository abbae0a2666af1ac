//! Recording what a driver did.

use gesso_protocol::ids::{CanvasId, WorkspaceId};
use gesso_protocol::pricing::Money;
use gesso_protocol::schema::{Generation, NodeState, RunStatus};
use serde_json::Value;

use super::*;

#[tokio::test]
async fn a_page_of_a_history_ends_where_it_is_large() {
    for test in databases().await {
        let (db, node) = (&test.db, NodeId::new("a"));
        let made_with = |prompt: &str| MadeWith {
            model: String::new(),
            version: String::new(),
            settings: Value::Null,
            prompt: prompt.to_owned(),
            negative: String::new(),
            inputs: Value::Null,
        };
        for (id, prompt) in
            [("g0", "x".repeat(5_000)), ("g1", "é".repeat(500)), ("g2", String::new())]
        {
            let made = Generation { id: id.to_owned(), ..Generation::default() };
            db.add_generation(&CANVAS, &node, &made, &made_with(&prompt)).await.unwrap();
        }
        let page = async |after, limit, bytes| {
            let (made, is_more) = db.history(&CANVAS, &node, after, limit, bytes).await.unwrap();
            let ids: Vec<String> =
                made.iter().map(|(_, made)| made.generation.id.clone()).collect();
            (ids.join(" "), made.last().map(|(seq, _)| *seq), is_more)
        };
        // One always, however large it is; then as many as fit.
        let (ids, last, is_more) = page(0, 9, 4_000).await;
        assert_eq!((&*ids, is_more), ("g0", true));
        let (ids, _, is_more) = page(last.unwrap(), 9, 4_000).await;
        assert_eq!((&*ids, is_more), ("g1 g2", false));
        let (ids, _, is_more) = page(last.unwrap(), 1, 4_000).await;
        assert_eq!((&*ids, is_more), ("g1", true));
        assert_eq!(page(0, 9, 1 << 20).await.0, "g0 g1 g2");
        assert_eq!(page(1 << 40, 9, 0).await, (String::new(), None, false));
    }
}
use crate::db::assets::{AssetKey, AssetRow};
use crate::db::generations::MadeWith;
use crate::db::late::{LateBody, LateRow, TakeError};
use crate::db::runs::{RecordError, ReviewRow};

fn entry(kind: &str, amount: i64) -> (String, i64) {
    (kind.to_owned(), amount)
}

fn completed(run: &str) -> Changes {
    Changes {
        units: vec![
            unit("a", 0, NodeState::Completed, 4),
            unit("a", 1, NodeState::Failed, 9),
            unit("a", 2, NodeState::Running, 0),
        ],
        steps: vec![step("a", NodeState::Running)],
        generations: vec![made(run, "a", 0)],
        ..changes(run)
    }
}

#[tokio::test]
async fn recording_twice_is_recording_once() {
    for test in databases().await {
        let db = &test.db;
        start(db, "r", &[("a", 3)]).await.unwrap();
        assert_eq!(credits(db).await, (1_000, 30));
        for _ in 0..2 {
            db.record(&[completed("r")], 70).await.unwrap();
            assert_eq!(credits(db).await, (996, 10));
        }
        let expected =
            [entry("hold", 30), entry("capture", 4), entry("release", 6), entry("release", 10)];
        assert_eq!(ledger(db).await, expected);
        let run = db.run(&RunId::new("r")).await.unwrap().unwrap();
        assert_eq!((run.captured, run.released), (4, 16));
        let units = db.invocations(&RunId::new("r")).await.unwrap();
        let states: Vec<_> = units.iter().map(|unit| (unit.n, unit.state(), unit.cost)).collect();
        let expected =
            [(0, NodeState::Completed, 4), (1, NodeState::Failed, 0), (2, NodeState::Running, 0)];
        assert_eq!(states, expected);
        assert_eq!(units[0].generation_ids(), ["a0"]);
        assert_eq!(units[0].hold, 10);
        assert_eq!(db.made_by(&RunId::new("r"), &CANVAS).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn another_fence_writes_nothing() {
    for test in databases().await {
        let db = &test.db;
        start(db, "r", &[("a", 3)]).await.unwrap();
        start(db, "s", &[("b", 3)]).await.unwrap();
        assert_eq!(db.take_run(&RunId::new("r"), "other", 500, 99, false).await.unwrap(), None);
        assert_eq!(db.take_run(&RunId::new("r"), "other", 500, 100, false).await.unwrap(), Some(1));
        assert_eq!(db.take_run(&RunId::new("r"), "third", 500, 100, true).await.unwrap(), Some(2));
        let good = Changes { units: vec![unit("b", 0, NodeState::Completed, 4)], ..changes("s") };
        let without_ending =
            Changes { units: vec![unit("a", 2, NodeState::Running, 0)], ..changes("r") };
        for stale in [completed("r"), without_ending] {
            let refused = db.record(&[good.clone(), stale], 70).await;
            assert!(matches!(refused, Err(RecordError::Fenced(run)) if run == RunId::new("r")));
        }
        assert_eq!(credits(db).await, (1_000, 60));
        for run in ["r", "s"] {
            let units = db.invocations(&RunId::new(run)).await.unwrap();
            assert!(units.iter().all(|unit| unit.state() == NodeState::Pending));
        }
        // The connection is fit for use after the refusal.
        let current = Changes { fence: 2, ..completed("r") };
        db.record(&[good, current], 70).await.unwrap();
        assert_eq!(credits(db).await, (992, 30));
    }
}

#[tokio::test]
async fn a_terminal_state_never_changes() {
    for test in databases().await {
        let db = &test.db;
        start(db, "r", &[("a", 1), ("b", 1)]).await.unwrap();
        let end = Changes {
            units: vec![unit("a", 0, NodeState::Cancelled, 0), unit("b", 0, NodeState::Idle, 0)],
            steps: vec![step("a", NodeState::Cancelled), step("b", NodeState::Idle)],
            status: status(RunStatus::Cancelled),
            ..changes("r")
        };
        db.record(&[end], 70).await.unwrap();
        let late = Changes {
            units: vec![unit("a", 0, NodeState::Completed, 4), unit("b", 0, NodeState::Running, 0)],
            steps: vec![step("a", NodeState::Completed), step("b", NodeState::Running)],
            status: status(RunStatus::Succeeded),
            ..changes("r")
        };
        db.record(&[late], 80).await.unwrap();
        let states: Vec<_> = db
            .invocations(&RunId::new("r"))
            .await
            .unwrap()
            .iter()
            .map(|unit| unit.state())
            .collect();
        assert_eq!(states, [NodeState::Cancelled, NodeState::Idle]);
        let steps: Vec<_> =
            db.steps(&RunId::new("r")).await.unwrap().iter().map(|step| step.state()).collect();
        assert_eq!(steps, [NodeState::Cancelled, NodeState::Idle]);
        let run = db.run(&RunId::new("r")).await.unwrap().unwrap();
        assert_eq!(run.status(), RunStatus::Cancelled);
        assert_eq!((run.captured, run.released), (0, 20));
        assert_eq!(credits(db).await, (1_000, 0));
        assert_eq!(db.active_nodes(&CANVAS).await.unwrap(), []);
        assert_eq!(db.take_run(&RunId::new("r"), "server", 500, 0, true).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_capture_never_exceeds_its_hold() {
    for test in databases().await {
        let db = &test.db;
        start(db, "r", &[("a", 100)]).await.unwrap();
        assert_eq!(credits(db).await, (1_000, 1_000));
        // Nor where a driver believes that more was held.
        let dear =
            |n| UnitChange { hold: Money(9_000), ..unit("a", n, NodeState::Completed, 5_000) };
        let all = (0..100).map(dear).collect();
        // A unit that nothing was held for cannot cost anything.
        let extra = UnitChange { hold: Money(0), ..unit("extra", 0, NodeState::Completed, 5_000) };
        let change = Changes { units: all, ..changes("r") };
        let more = Changes { units: vec![extra], ..changes("r") };
        db.record(&[change, more], 70).await.unwrap();
        assert_eq!(credits(db).await, (0, 0));
        let run = db.run(&RunId::new("r")).await.unwrap().unwrap();
        assert_eq!((run.captured, run.released), (1_000, 0));
        let entries = ledger(db).await;
        assert_eq!(entries.len(), 102);
        assert_eq!(entries.last(), Some(&entry("capture", 0)));
        let costs: i64 =
            db.invocations(&RunId::new("r")).await.unwrap().iter().map(|unit| unit.cost).sum();
        assert_eq!(costs, 1_000);
    }
}

#[tokio::test]
async fn ended_steps_free_their_nodes() {
    for test in databases().await {
        let db = &test.db;
        let nodes = ["a", "b", "c", "d", "e", "f"].map(|node| (node, 1));
        start(db, "r", &nodes).await.unwrap();
        let some = Changes {
            steps: ["a", "b", "c", "d", "e"].map(|node| step(node, NodeState::Completed)).into(),
            ..changes("r")
        };
        db.record(&[some], 70).await.unwrap();
        assert_eq!(db.active_nodes(&CANVAS).await.unwrap(), [NodeId::new("f")]);
        let steps = db.steps(&RunId::new("r")).await.unwrap();
        assert_eq!(steps[4].state(), NodeState::Completed);
        assert_eq!((steps[4].cost, steps[4].started_at), (4, Some(60)));
        assert_eq!(steps[5].state(), NodeState::Pending);
        let end = Changes { status: status(RunStatus::Failed), ..changes("r") };
        db.record(&[end], 80).await.unwrap();
        assert_eq!(db.active_nodes(&CANVAS).await.unwrap(), []);
    }
}

#[tokio::test]
async fn what_was_made_is_found_again() {
    for test in databases().await {
        let db = &test.db;
        start(db, "r", &[("a", 2)]).await.unwrap();
        let both = Changes {
            units: vec![unit("a", 0, NodeState::Completed, 4)],
            steps: vec![step("a", NodeState::Completed)],
            generations: vec![made("r", "a", 0), made("r", "a", 1)],
            ..changes("r")
        };
        db.record(&[both], 70).await.unwrap();
        start(db, "s", &[("b", 1)]).await.unwrap();
        let mut first = made("s", "b", 0);
        first.generation.fingerprint = "print-a".to_owned();
        let mut second = made("s", "b", 1);
        second.generation.fingerprint = "print-a".to_owned();
        second.generation.key = "l=0".to_owned();
        let newer = Changes { generations: vec![first, second], ..changes("s") };
        db.record(&[newer], 70).await.unwrap();
        let edited = Generation {
            id: "edited".to_owned(),
            fingerprint: "print-a".to_owned(),
            ..Generation::default()
        };
        let made_with: MadeWith = serde_json::from_str(MADE_WITH).unwrap();
        db.add_generation(&CANVAS, &NodeId::new("b"), &edited, &made_with).await.unwrap();
        let wanted = ["print-a".to_owned(), "print-none".to_owned(), String::new()];
        let found = db.reusable(&CANVAS, &wanted).await.unwrap();
        assert_eq!(found.len(), 1);
        let found: Vec<_> =
            found["print-a"].iter().map(|(node, made)| (node.as_str(), made.id.as_str())).collect();
        assert_eq!(found, [("b", "b0"), ("b", "b1")]);
        assert!(db.reusable(&CanvasId::new("another"), &wanted).await.unwrap().is_empty());
        let named = ["edited".to_owned(), "gone".to_owned(), "a0".to_owned()];
        let named = db.generations_by_id(&CANVAS, &named).await.unwrap();
        let named: Vec<_> = named.iter().map(|(_, made)| made.id.as_str()).collect();
        assert_eq!(named, ["a0", "edited"]);
    }
}

#[tokio::test]
async fn the_outcome_is_what_the_newest_runs_say() {
    for test in databases().await {
        let db = &test.db;
        start(db, "r", &[("a", 2)]).await.unwrap();
        let mut generations = vec![made("r", "a", 0)];
        generations.extend((10..80).map(|n| made("r", "a", n)));
        let change = Changes {
            units: vec![unit("a", 0, NodeState::Completed, 4), unit("a", 1, NodeState::Running, 0)],
            steps: vec![step("a", NodeState::Running)],
            generations,
            ..changes("r")
        };
        db.record(&[change], 70).await.unwrap();
        let outcome = db.outcome(&CANVAS, &[]).await.unwrap();
        let result = &outcome.results["a"];
        assert_eq!((result.state, result.run.as_deref()), (NodeState::Running, Some("r")));
        assert_eq!(result.items["l=0"].generations, ["a0"]);
        assert_eq!(result.items["l=1"].state, NodeState::Running);
        assert_eq!(result.fingerprint.as_deref(), Some("of the step"));
        // The newest 50, and the oldest because an item names it.
        let kept: Vec<_> = outcome.generations["a"].iter().map(|made| made.id.as_str()).collect();
        assert_eq!(kept.len(), 51);
        assert_eq!((kept[0], kept[1], kept[50]), ("a0", "a30", "a79"));
        let end = Changes { status: status(RunStatus::Failed), ..changes("r") };
        db.record(&[end], 80).await.unwrap();
        start(db, "s", &[("a", 1)]).await.unwrap();
        let outcome = db.outcome(&CANVAS, &[]).await.unwrap();
        assert_eq!(outcome.results["a"].run.as_deref(), Some("s"));
        assert_eq!(outcome.results["a"].items.len(), 1);
        assert_eq!(outcome.runs.len(), 2);
    }
}

#[tokio::test]
async fn an_evaluator_shows_only_what_was_accepted() {
    for test in databases().await {
        let db = &test.db;
        let evaluator = NewStep { kind: "evaluator", hold: Money(0), ..new_step("e", 1) };
        db.start_run(&new_run("r", 0), "{}", &[evaluator], &[], 50).await.unwrap();
        let candidate = |n, state| UnitChange {
            provider: String::new(),
            generations: vec![format!("c{n}")],
            ..unit("e", n, state, 0)
        };
        let ask = Changes {
            units: vec![candidate(0, NodeState::Paused), candidate(1, NodeState::Paused)],
            steps: vec![step("e", NodeState::Paused)],
            ..changes("r")
        };
        db.record(&[ask], 70).await.unwrap();
        assert_eq!(db.outcome(&CANVAS, &[]).await.unwrap().results["e"].items.len(), 2);
        let review = ReviewRow {
            node: NodeId::new("e"),
            person: "ivy".to_owned(),
            person_name: "Ivy".to_owned(),
            at: 75,
            accepted: r#"["c1"]"#.to_owned(),
            rejected: 0,
            note: "sharp".to_owned(),
        };
        let decide = Changes {
            units: vec![candidate(0, NodeState::Cancelled), candidate(1, NodeState::Completed)],
            steps: vec![step("e", NodeState::Completed)],
            review: Some(review.clone()),
            ..changes("r")
        };
        db.record(std::slice::from_ref(&decide), 80).await.unwrap();
        let again = ReviewRow { note: "another".to_owned(), ..review.clone() };
        db.record(&[Changes { review: Some(again), ..decide }], 80).await.unwrap();
        let outcome = db.outcome(&CANVAS, &[]).await.unwrap();
        let items: Vec<_> = outcome.results["e"].items.keys().map(String::as_str).collect();
        assert_eq!(items, ["l=1"]);
        assert_eq!(db.review_of(&RunId::new("r")).await.unwrap(), [review]);
        assert_eq!(ledger(db).await, [entry("hold", 0)]);
    }
}

fn late(cost: i64) -> LateRow {
    let body = LateBody {
        generations: vec![made("r", "a", 0).generation],
        made_with: serde_json::from_str(MADE_WITH).unwrap(),
        assets: vec![AssetRow {
            id: AssetId::new("asset"),
            mime: "image/png".to_owned(),
            ty: "image".to_owned(),
            bytes: 3,
            width: Some(1),
            height: None,
            duration_ms: None,
            name: "late.png".to_owned(),
            origin: "{}".to_owned(),
            person: "ivy".to_owned(),
            created_at: 70,
        }],
    };
    LateRow {
        id: format!("late{cost}"),
        canvas: CANVAS.clone(),
        workspace: WorkspaceId::default(),
        run: RunId::new("r"),
        node: NodeId::new("a"),
        item: "l=0".to_owned(),
        person: "ivy".to_owned(),
        cost,
        at: 70,
        expires_at: 1_000,
        body: body.to_json().unwrap(),
    }
}

#[tokio::test]
async fn a_late_result_is_taken_over_once_for_its_price() {
    for test in databases().await {
        let db = &test.db;
        start(db, "r", &[("a", 1)]).await.unwrap();
        let end = Changes {
            units: vec![unit("a", 0, NodeState::Cancelled, 0)],
            steps: vec![step("a", NodeState::Cancelled)],
            status: status(RunStatus::Cancelled),
            late: vec![late(400), late(2_000)],
            ..changes("r")
        };
        db.record(&[end], 70).await.unwrap();
        assert_eq!(db.late_of(&RunId::new("r")).await.unwrap().len(), 2);
        assert!(
            db.asset(&AssetKey { workspace: WorkspaceId::default(), id: AssetId::new("asset") })
                .await
                .unwrap()
                .is_none()
        );
        let poor = db.take_late("late2000", 80).await;
        assert!(matches!(poor, Err(TakeError::InsufficientCredits)));
        assert!(matches!(db.take_late("late400", 1_000).await, Err(TakeError::Gone)));
        let (row, body) = db.take_late("late400", 80).await.unwrap();
        assert_eq!((row.node.as_str(), body.generations[0].id.as_str()), ("a", "a0"));
        assert!(matches!(db.take_late("late400", 80).await, Err(TakeError::Gone)));
        assert_eq!(credits(db).await, (600, 0));
        assert_eq!(ledger(db).await.last(), Some(&entry("capture", 400)));
        assert!(
            db.asset(&AssetKey { workspace: WorkspaceId::default(), id: AssetId::new("asset") })
                .await
                .unwrap()
                .is_some()
        );
        assert_eq!(db.history(&CANVAS, &NodeId::new("a"), 0, 9, 0).await.unwrap().0.len(), 1);
        assert_eq!(db.forget_late(999).await.unwrap(), 0);
        assert_eq!(db.forget_late(1_000).await.unwrap(), 1);
        assert!(db.late("late2000").await.unwrap().is_none());
    }
}

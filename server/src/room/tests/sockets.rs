//! Real sockets on this machine.

use super::*;
use gesso_protocol::ids::WorkspaceId;

fn multi() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[tokio::test]
async fn two_clients_converge_over_sqlite_and_are_told_what_is_saved() {
    let folder = std::env::temp_dir().join(format!(
        "gesso-room-{}-{}",
        std::process::id(),
        rand::random::<u32>()
    ));
    std::fs::create_dir_all(&folder).unwrap();
    let db = Db::open(None, &folder).await.unwrap();
    let row = crate::db::canvases::CanvasRow {
        id: c(),
        workspace: WorkspaceId::default(),
        name: String::new(),
        description: String::new(),
        created_at: 1,
        updated_at: 1,
        deleted_at: None,
    };
    db.add_canvas(&row, None, None).await.unwrap();
    let rooms = Rooms::new(
        db.clone(),
        RoomLimits { compact_updates: 5, ..quick() },
        Arc::new(Truth::default()),
    );
    let address = listen(rooms.clone()).await;
    let mut a = Client::synced(address, "c?saved=1", 1).await;
    let mut b = Client::synced(address, "c", 2).await;
    for round in 0..20 {
        a.set("meta", &format!("k{round}"), "from a").await;
    }
    b.set("meta", "name", "from b").await;
    a.until_saved().await;
    a.until("b's edit", |a| a.get("meta", "name").is_some()).await;
    b.until("a's edits", |b| b.get("meta", "k19").is_some()).await;
    assert_eq!(rooms.online(&c()), 2);
    assert_eq!(b.saved, 0, "it did not ask");
    rooms.shutdown().await;
    assert_eq!(a.until_closed().await, close::RESTART);

    let again = Rooms::new(db.clone(), quick(), Arc::new(Truth::default()));
    let address = listen(again.clone()).await;
    let c = Client::synced(address, "c", 3).await;
    assert_eq!(c.get("meta", "k19").as_deref(), Some("from a"));
    assert_eq!(c.get("meta", "name").as_deref(), Some("from b"));
    again.shutdown().await;
    db.close().await;
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn close_codes_are_the_documented_ones() {
    let store = MemoryStore::with(&c());
    store
        .canvases
        .lock()
        .unwrap()
        .insert(CanvasId::new("gone"), Log { is_deleted: true, ..Log::default() });
    let rooms = rooms(&store, quick());
    let address = listen(rooms.clone()).await;
    let doc = || gesso_protocol::doc::open(1, "client");

    assert_eq!(
        Client::connect(address, "nothing", doc()).await.until_closed().await,
        close::NOT_FOUND
    );
    assert_eq!(Client::connect(address, "gone", doc()).await.until_closed().await, close::DELETED);

    let mut client = Client::synced(address, "c", 1).await;
    client.socket.send(WsMessage::Text("hello".into())).await.unwrap();
    assert_eq!(client.until_closed().await, close::TEXT_FRAME);

    let mut client = Client::synced(address, "c", 2).await;
    client.socket.send(WsMessage::Binary(vec![0, 2, 5, 1, 1].into())).await.unwrap();
    assert_eq!(client.until_closed().await, close::MALFORMED);
    assert_eq!(client.denied.len(), 1);

    let mut client = Client::synced(address, "c", 3).await;
    client.socket.send(WsMessage::Binary(vec![0; 5 << 20].into())).await.unwrap();
    assert_eq!(client.until_closed().await, close::TOO_LARGE);

    let mut viewer = Client::synced(address, "c?role=viewer", 4).await;
    viewer.set("meta", "name", "mine").await;
    viewer.until("told", |viewer| !viewer.denied.is_empty()).await;

    let mut client = Client::synced(address, "c", 5).await;
    client.set("meta", "name", "fine").await;
    viewer.until("the edit", |viewer| viewer.get("meta", "name").as_deref() == Some("fine")).await;
    rooms.close(&c(), close::DELETED, "the canvas was deleted").await;
    assert_eq!(client.until_closed().await, close::DELETED);
}

#[tokio::test]
async fn a_slow_reader_converges_and_holds_nobody_up() {
    let store = MemoryStore::with(&c());
    let limits = RoomLimits { queue_max_bytes: 256 << 10, ..quick() };
    let rooms = rooms(&store, limits);
    let address = listen(rooms).await;
    let mut slow = Client::synced(address, "c", 1).await;
    let mut fast = Client::synced(address, "c", 2).await;
    let mut writer = Client::synced(address, "c?saved=1", 3).await;
    let text = "x".repeat(60_000);
    // Far more than the sockets' buffers take.
    for round in 0..500 {
        writer.set("meta", &format!("k{}", round % 40), &text).await;
        if round % 20 == 19 {
            writer.until_saved().await;
        }
    }
    writer.set("meta", "last", "edit").await;
    fast.until("the last edit", |fast| fast.get("meta", "last").is_some()).await;
    slow.until("the last edit", |slow| slow.get("meta", "last").is_some()).await;
    let state = |client: &Client| {
        let txn = client.doc.transact();
        assert!(!txn.has_missing_updates());
        (txn.state_vector(), yrs::types::ToJson::to_json(&txn.get_map("meta").unwrap(), &txn))
    };
    assert_eq!(state(&slow), state(&writer));
    assert_eq!(state(&fast), state(&writer));
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill() {
    let store = MemoryStore::with(&c());
    store.append_ms.store(3, Ordering::Relaxed);
    for life in 0..5u32 {
        let runtime = multi();
        let saved = runtime.block_on(async {
            let address = listen(rooms(&store, quick())).await;
            let mut client = Client::synced(address, "c?saved=1", life + 1).await;
            let before = client.sent;
            for round in 0..50 {
                client.set("meta", &format!("{life}-{round}"), "x").await;
            }
            client
                .until("some of it is saved", |client| {
                    client.saved >= before + 10 + u64::from(life)
                })
                .await;
            client.saved + 50 - client.sent
        });
        // No goodbye: tasks stop wherever they are.
        runtime.shutdown_background();
        let runtime = multi();
        runtime.block_on(async {
            let rooms = rooms(&store, quick());
            let room = rooms.open(&c()).await.unwrap();
            let held = room
                .read(move |txn| {
                    let meta = txn.get_map("meta").unwrap();
                    (0..saved)
                        .filter(|round| meta.get(txn, &format!("{life}-{round}")).is_some())
                        .count() as u64
                })
                .await
                .unwrap();
            assert_eq!(held, saved);
        });
    }
}

fn text() -> NewNode {
    NewNode { id: "n".to_owned(), kind: "text".to_owned(), ..NewNode::default() }
}

/// A store of a canvas with a text `n`.
fn store_with_a_node() -> Arc<MemoryStore> {
    let store = MemoryStore::with(&c());
    let written = {
        let doc = gesso_protocol::doc::open(9, "writer");
        let mut txn = doc.transact_mut();
        schema::add_node(&mut txn, &text());
        txn.encode_update_v1()
    };
    store.canvases.lock().unwrap().get_mut("c").unwrap().rows.push((1, written.into()));
    store
}

#[tokio::test]
async fn forged_outcomes_heal_on_the_forgers_own_page() {
    let truth = Truth { completed: vec!["n"], ..Truth::default() };
    let rooms = Rooms::over(store_with_a_node(), quick(), Arc::new(truth));
    let address = listen(rooms).await;
    let mut forger = Client::synced(address, "c", 1).await;
    let mut other = Client::synced(address, "c", 2).await;
    assert_eq!(forger.state("n"), Some(NodeState::Completed));
    forger.set("results", "n", "forged").await;
    forger.set("results", "m", "forged").await;
    forger.set("meta", "name", "honest").await;
    other.until("the honest edit", |other| other.get("meta", "name").is_some()).await;
    let is_healed = |forger: &Client| {
        forger.state("n") == Some(NodeState::Completed) && forger.get("results", "m").is_none()
    };
    forger.until("healed", is_healed).await;
    assert!(is_healed(&other));
}

/// A run that writes all the time leaves no pause in which nothing is newer than what was read.
#[tokio::test]
async fn a_node_gets_its_results_back_while_the_server_writes() {
    let truth =
        Truth { completed: vec!["n"], takes: Duration::from_millis(20), ..Truth::default() };
    let rooms = Rooms::over(store_with_a_node(), quick(), Arc::new(truth));
    let address = listen(rooms.clone()).await;
    let mut client = Client::synced(address, "c", 1).await;
    let room = rooms.open(&c()).await.unwrap();
    let writing = tokio::spawn(async move {
        for count in 0_u32.. {
            let write = room.write(move |txn| {
                txn.get_or_insert_map("runs").insert(txn, "r", count);
            });
            write.await.unwrap();
        }
    });
    client.edit(|txn| schema::remove_node(txn, "n")).await;
    client
        .edit(|txn| {
            schema::add_node(txn, &NewNode { kind: "image_generator".to_owned(), ..text() })
        })
        .await;
    client.until("nothing of the text", |client| client.state("n").is_none()).await;
    client.edit(|txn| schema::remove_node(txn, "n")).await;
    client.edit(|txn| schema::add_node(txn, &text())).await;
    client.until("its result", |client| client.state("n") == Some(NodeState::Completed)).await;
    assert!(!writing.is_finished());
    writing.abort();
}

//! Opening, saving, failing, forgetting.

use super::*;
use futures_util::future::join_all;

#[tokio::test]
async fn many_openings_share_one_load() {
    let store = MemoryStore::with(&c());
    store.load_ms.store(30, Ordering::Relaxed);
    let rooms = rooms(&store, quick());
    let opened = join_all((0..50).map(|_| async { rooms.open(&c()).await })).await;
    let handles: Vec<RoomHandle> = opened.into_iter().map(Result::unwrap).collect();
    assert_eq!(store.loads.load(Ordering::Relaxed), 1);
    assert!(handles.iter().all(|handle| Arc::ptr_eq(&handle.inner, &handles[0].inner)));
}

#[tokio::test]
async fn a_load_that_failed_refuses_and_the_next_one_may_succeed() {
    let store = MemoryStore::with(&c());
    {
        let rooms = rooms(&store, quick());
        let room = rooms.open(&c()).await.unwrap();
        room.edit(|txn| {
            let meta = txn.get_or_insert_map("meta");
            meta.insert(txn, "name", "kept");
        })
        .await
        .unwrap();
        rooms.shutdown().await;
        assert!(matches!(rooms.open(&c()).await, Err(RoomError::Closed)));
    }
    let rooms = rooms(&store, quick());
    store.fails.store(true, Ordering::Relaxed);
    assert!(matches!(rooms.open(&c()).await, Err(RoomError::Store(_))));
    let address = listen(rooms.clone()).await;
    let mut client = Client::connect(address, "c", gesso_protocol::doc::open(1, "client")).await;
    assert_eq!(client.until_closed().await, close::TRY_LATER);
    assert!(!client.is_synced, "never an empty document");
    store.fails.store(false, Ordering::Relaxed);
    let client = Client::synced(address, "c", 2).await;
    assert_eq!(client.get("meta", "name").as_deref(), Some("kept"));
    assert!(matches!(rooms.open(&CanvasId::new("unknown")).await, Err(RoomError::NotFound)));
    assert_eq!(rooms.registry.rooms.len(), 1, "an unknown canvas leaves nothing behind");
}

#[tokio::test]
async fn the_servers_writes_are_durable_when_they_return() {
    let store = MemoryStore::with(&c());
    let truth = Truth { runs: vec!["r1"], ..Truth::default() };
    let rooms = Rooms::over(Arc::clone(&store) as Arc<dyn Store>, quick(), Arc::new(truth));
    let room = rooms.open(&c()).await.unwrap();
    let before = store.log(&c()).rows.len();
    let value = room
        .write(|txn| {
            let runs = txn.get_or_insert_map("runs");
            runs.insert(txn, "r1", "queued");
            7
        })
        .await
        .unwrap();
    assert_eq!(value, 7);
    assert!(store.log(&c()).rows.len() > before);
    let edited = room
        .edit(|txn| {
            let (meta, runs) = (txn.get_or_insert_map("meta"), txn.get_or_insert_map("runs"));
            meta.insert(txn, "name", "fine");
            runs.remove(txn, "r1");
        })
        .await;
    edited.unwrap();
    let kept = room
        .read(|txn| {
            let map = |name| txn.get_map(name).unwrap();
            (map("meta").get(txn, "name").is_some(), map("runs").get(txn, "r1").is_some())
        })
        .await
        .unwrap();
    assert_eq!(kept, (true, true));

    let state = room.encode_state().await.unwrap();
    let replica = gesso_protocol::doc::open(5, "replica");
    replica.transact_mut().apply_update(Update::decode_v1(&state).unwrap()).unwrap();
    let before = replica.transact().state_vector();
    replica.get_or_insert_map("meta").insert(&mut replica.transact_mut(), "posted", "yes");
    let update = replica.transact().encode_diff_v1(&before);
    room.apply_update(update.into(), "a").await.unwrap();
    assert!(matches!(
        room.apply_update(Bytes::from_static(&[9, 9]), "a").await,
        Err(RoomError::Refused(_))
    ));
    let posted =
        room.read(|txn| txn.get_map("meta").unwrap().get(txn, "posted").is_some()).await.unwrap();
    assert!(posted);
}

#[tokio::test]
async fn an_idle_room_is_compacted_and_forgotten_and_comes_back_whole() {
    let store = MemoryStore::with(&c());
    let rooms = rooms(&store, quick());
    let address = listen(rooms.clone()).await;
    {
        let mut client = Client::synced(address, "c?saved=1", 1).await;
        for round in 0..30 {
            client.set("meta", &format!("k{round}"), "x").await;
        }
        client.until_saved().await;
        assert_eq!(rooms.online(&c()), 1);
    }
    let held = rooms.open(&c()).await.unwrap();
    eventually("its client is gone", || rooms.online(&c()) == 0).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(rooms.registry.rooms.len(), 1, "somebody holds it");
    drop(held);
    eventually("it is forgotten", || rooms.registry.rooms.is_empty()).await;
    let log = store.log(&c());
    assert!(log.snapshot.is_some());
    assert_eq!(log.rows.len(), 0);
    let client = Client::synced(address, "c", 2).await;
    assert_eq!(client.get("meta", "k29").as_deref(), Some("x"));
}

#[tokio::test]
async fn a_document_that_is_measured_stands_in_place_of_its_log() {
    let store = MemoryStore::with(&c());
    // Whatever an update takes, it is time to measure.
    let limits = RoomLimits { opening_max_us: 0, ..quick() };
    let rooms = rooms(&store, limits.clone());
    let address = listen(rooms.clone()).await;
    let mut page = Client::synced(address, "c?saved=1", 1).await;
    for n in 0..5 {
        page.set("meta", &format!("key {n}"), "value").await;
        page.until_saved().await;
    }
    eventually("measured", || store.log(&c()).snapshot.is_some()).await;
    // What was written meanwhile stays in the log behind it.
    let log = store.log(&c());
    let (seq, _) = log.snapshot.clone().unwrap();
    assert!(log.rows.iter().all(|(row, _)| *row > seq), "{:?}", log.rows);
    let stored: Vec<Bytes> =
        log.snapshot.iter().chain(&log.rows).map(|(_, data)| data.clone()).collect();
    let opened = compact::open(&stored).unwrap();
    let map = opened.get_or_insert_map("meta");
    assert_eq!(map.len(&opened.transact()), 5);
}

#[tokio::test]
async fn a_busy_rooms_log_is_compacted_beside_it() {
    let store = MemoryStore::with(&c());
    let rooms = rooms(&store, RoomLimits { compact_updates: 10, ..quick() });
    let room = rooms.open(&c()).await.unwrap();
    for round in 0..35 {
        room.edit(move |txn| {
            let meta = txn.get_or_insert_map("meta");
            meta.insert(txn, format!("k{round}"), "x");
        })
        .await
        .unwrap();
    }
    eventually("compacted", || store.log(&c()).rows.len() < 20).await;
    rooms.shutdown().await;
    let rooms =
        Rooms::over(Arc::clone(&store) as Arc<dyn Store>, quick(), Arc::new(Truth::default()));
    let room = rooms.open(&c()).await.unwrap();
    let count = room.read(|txn| txn.get_map("meta").unwrap().len(txn)).await.unwrap();
    assert_eq!(count, 35);
}

/// Rooms, and a page of one that has saved something.
async fn in_use(store: &Arc<MemoryStore>) -> (Rooms, SocketAddr, Client) {
    let rooms = rooms(store, quick());
    let address = listen(rooms.clone()).await;
    let mut client = Client::synced(address, "c?saved=1", 1).await;
    client.set("meta", "one", "1").await;
    client.until_saved().await;
    (rooms, address, client)
}

#[tokio::test]
async fn a_log_that_fails_saves_nothing_and_the_room_starts_anew() {
    let store = MemoryStore::with(&c());
    let (rooms, address, mut client) = in_use(&store).await;
    let room = rooms.open(&c()).await.unwrap();
    store.fails.store(true, Ordering::Relaxed);
    let saved = client.saved;
    client.set("meta", "two", "2").await;
    assert_eq!(client.until_closed().await, close::RESTART);
    assert_eq!(client.saved, saved);
    store.fails.store(false, Ordering::Relaxed);
    // The same page again, with what it has: nothing is lost.
    let mut again = Client::connect(address, "c?saved=1", client.doc.clone()).await;
    again.until("synced", |client| client.is_synced).await;
    again.until_saved().await;
    let held =
        room.read(|txn| txn.get_map("meta").unwrap().get(txn, "two").is_some()).await.unwrap();
    assert!(held, "the handle outlived it");
    let rows = store.log(&c()).rows;
    assert!(rows.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1));
}

/// An update that sets `meta.KEY` under the id of a replica that has written `held`.
fn written_as(client_id: u32, held: &Doc, key: &str) -> Vec<u8> {
    let doc = gesso_protocol::doc::open(client_id, "replica");
    let state = held.transact().encode_diff_v1(&StateVector::default());
    doc.transact_mut().apply_update(Update::decode_v1(&state).unwrap()).unwrap();
    let map = doc.get_or_insert_map("meta");
    let mut txn = doc.transact_mut();
    map.insert(&mut txn, key, "written");
    txn.encode_update_v1()
}

#[tokio::test]
async fn ids_stay_with_a_person_who_is_away_while_the_room_is_not_in_memory() {
    let store = MemoryStore::with(&c());
    let rooms = rooms(&store, RoomLimits { gap_max_ms: 200, ..quick() });
    let address = listen(rooms.clone()).await;
    let mut ada = Client::synced(address, "c?saved=1&person=ada", 1).await;
    ada.set("meta", "first", "mine").await;
    ada.until_saved().await;
    let held = gesso_protocol::doc::open(9, "held");
    let state = ada.doc.transact().encode_diff_v1(&StateVector::default());
    held.transact_mut().apply_update(Update::decode_v1(&state).unwrap()).unwrap();
    drop(ada);
    eventually("the room leaves memory", || rooms.registry.rooms.is_empty()).await;

    // Somebody else writes on where ada stopped.
    let mut bob = Client::synced(address, "c?saved=1&person=bob", 2).await;
    bob.send(Frame::Update(&written_as(1, &held, "stolen"))).await;
    assert_eq!(bob.until_closed().await, close::REFUSED);

    // What ada wrote offline meanwhile is hers.
    let mut ada = Client::synced(address, "c?saved=1&person=ada", 1).await;
    ada.send(Frame::Update(&written_as(1, &held, "offline"))).await;
    ada.until_saved().await;
    let reader = Client::synced(address, "c?person=cleo", 3).await;
    assert_eq!(reader.get("meta", "offline").as_deref(), Some("written"));
    assert_eq!(reader.get("meta", "stolen"), None);
}

#[tokio::test]
async fn a_canvas_goes_on_after_an_update_was_stored_though_the_database_could_not_say_so() {
    let store = MemoryStore::with(&c());
    let (_rooms, address, mut client) = in_use(&store).await;
    store.fails_late.store(true, Ordering::Relaxed);
    client.set("meta", "two", "2").await;
    assert_eq!(client.until_closed().await, close::RESTART);
    store.fails_late.store(false, Ordering::Relaxed);
    let mut again = Client::synced(address, "c?saved=1", 2).await;
    assert_eq!(again.get("meta", "two").as_deref(), Some("2"), "it was stored");
    again.set("meta", "three", "3").await;
    again.until_saved().await;
    assert_eq!(store.log(&c()).rows.len(), 3);
}

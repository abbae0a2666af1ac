//! The costs of many or slow sockets.

use super::*;

/// A canvas with so many texts of a megabyte.
async fn large(rooms: &Rooms, megabytes: usize) {
    let room = rooms.open(&c()).await.unwrap();
    for n in 0..megabytes {
        let text: String =
            (0..1 << 20).map(|at| char::from(b'a' + (at * 7 + n) as u8 % 26)).collect();
        room.edit(move |txn| {
            let meta = txn.get_or_insert_map("meta");
            meta.insert(txn, format!("k{n}"), text);
        })
        .await
        .unwrap();
    }
}

async fn ask(address: SocketAddr) -> Client {
    Client::connect(address, "c", gesso_protocol::doc::open(1, "client")).await
}

#[tokio::test]
async fn sockets_that_only_ping_share_one_answer_and_are_closed_as_too_slow() {
    let store = MemoryStore::with(&c());
    let rooms = rooms(&store, RoomLimits { slow_max_ms: 600, ..quick() });
    large(&rooms, 16).await;
    let address = listen(rooms.clone()).await;
    let usage = Arc::clone(&rooms.registry.usage);
    let mut clients = Vec::new();
    for _ in 0..12 {
        clients.push(ask(address).await);
    }
    eventually("an answer is on its way", || usage.answers.taken() > 0).await;
    assert!(usage.answers.taken() < 20 << 20, "all wait for the same bytes");
    let deadline = Instant::now() + Duration::from_secs(20);
    while usage.answers.taken() > 0 {
        assert!(Instant::now() < deadline, "answers that nobody takes are kept");
        for client in &mut clients {
            client.socket.send(WsMessage::Ping(Bytes::new())).await.ok();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Whoever reads again in time is told why; where the time to take a farewell is over, the socket is cut off (1006).
    let code = clients.pop().unwrap().until_closed().await;
    assert!([close::TRY_LATER, 1006].contains(&code), "{code}");
    eventually("all sockets are gone", || usage.sockets() == 0).await;
    let fresh = Client::synced(address, "c", 9).await;
    assert!(fresh.get("meta", "k15").is_some());
}

#[tokio::test]
async fn different_answers_wait_for_their_turn() {
    let store = MemoryStore::with(&c());
    let limits = RoomLimits { answers_max_bytes: 9 << 20, slow_max_ms: 1_500, ..quick() };
    let rooms = rooms(&store, limits);
    large(&rooms, 8).await;
    let address = listen(rooms.clone()).await;
    let usage = Arc::clone(&rooms.registry.usage);
    // Nobody reads what is for the first; meanwhile the document changes, so that the second needs another answer.
    let stalled = ask(address).await;
    eventually("its answer is on its way", || usage.answers.taken() > 0).await;
    large(&rooms, 1).await;
    let mut second = ask(address).await;
    assert!(usage.answers.taken() <= 9 << 20);
    second.until("the answer, in its turn", |second| second.is_synced).await;
    assert!(second.get("meta", "k7").is_some());
    drop(stalled);
}

#[tokio::test]
async fn a_person_has_so_many_sockets_and_the_server_too() {
    let store = MemoryStore::with(&c());
    let limits = RoomLimits { sockets_person_max: 2, sockets_max: 3, ..quick() };
    let rooms = rooms(&store, limits);
    let address = listen(rooms.clone()).await;
    let doc = || gesso_protocol::doc::open(1, "client");
    let first = Client::synced(address, "c?person=a", 1).await;
    let _second = Client::synced(address, "c?person=a", 2).await;
    let third = Client::connect(address, "c?person=a", doc()).await.until_closed().await;
    assert_eq!(third, close::TRY_LATER);
    let _other = Client::synced(address, "c?person=b", 3).await;
    let full = Client::connect(address, "c?person=c", doc()).await.until_closed().await;
    assert_eq!(full, close::TRY_LATER);
    drop(first);
    eventually("it is gone", || rooms.registry.usage.sockets() == 2).await;
    Client::synced(address, "c?person=a", 4).await;
}

fn rooms_that_flush_in_an_hour() -> Rooms {
    let hour = 3_600_000;
    let limits = RoomLimits { flush_interval_ms: hour, awareness_interval_ms: hour, ..quick() };
    rooms(&MemoryStore::with(&c()), limits)
}

#[tokio::test]
async fn a_joiner_of_a_busy_room_waits_for_no_flush() {
    let rooms = rooms_that_flush_in_an_hour();
    let address = listen(rooms).await;
    // The next flush is an hour away; the answer is not.
    let client = Client::synced(address, "c", 1).await;
    assert!(client.is_synced);
}

#[tokio::test]
async fn what_is_gathered_is_there_for_whoever_asks() {
    let rooms = rooms_that_flush_in_an_hour();
    let address = listen(rooms.clone()).await;
    let mut writer = Client::synced(address, "c", 1).await;
    writer.set("meta", "name", "written").await;
    // The next flush is an hour away, and nobody waits for what was written; whoever asks later gets it.
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let joiner = Client::synced(address, "c", 2).await;
        if joiner.get("meta", "name").is_some() {
            break;
        }
        assert!(Instant::now() < deadline, "it waits for the flush");
    }
    let room = rooms.open(&c()).await.unwrap();
    writer.set("meta", "name", "and again").await;
    let name = async || {
        let read = |txn: &Transaction<'_>| txn.get_map("meta")?.get(txn, "name");
        room.read(read).await.unwrap().map(|name| name.to_string(&writer.doc.transact()))
    };
    while name().await.as_deref() != Some("and again") {
        assert!(Instant::now() < deadline, "it waits for the flush");
        tokio::task::yield_now().await;
    }
}

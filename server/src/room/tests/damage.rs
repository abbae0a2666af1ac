//! Damaged logs on real databases: they are opened, nothing is thrown away, and what people still have comes back.

use gesso_protocol::ids::WorkspaceId;
use std::sync::LazyLock;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use yrs::{MapPrelim, ReadTxn};

use super::*;
use crate::db::canvases::CanvasRow;
use crate::db::log::LogRow;
use crate::db::tests::{CANVAS, TestDb, databases};
use gesso_protocol::api::DamageReason;

static OTHER: LazyLock<CanvasId> = LazyLock::new(|| CanvasId::new("other"));

type Titles = BTreeMap<String, String>;

fn titles(txn: &impl ReadTxn) -> Titles {
    let Some(nodes) = txn.get_map("nodes") else { return Titles::new() };
    let title = |node: &yrs::Out| {
        let yrs::Out::YMap(node) = node else { return None };
        node.get(txn, "title").map(|title| title.to_string(txn))
    };
    nodes.iter(txn).filter_map(|(id, node)| Some((id.to_owned(), title(&node)?))).collect()
}

fn over(test: &TestDb) -> Rooms {
    Rooms::new(test.db.clone(), quick(), Arc::new(Truth::default()))
}

async fn shown(room: &RoomHandle) -> Titles {
    room.read(|txn| titles(txn)).await.unwrap()
}

/// People with a page each that they keep open.
struct People {
    docs: Vec<Doc>,
    made: usize,
    rng: StdRng,
}

impl People {
    fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let docs = (0..3).map(|_| gesso_protocol::doc::open(rng.random(), "")).collect();
        Self { docs, made: 0, rng }
    }

    /// One of them changes something; sometimes having seen what the others did.
    async fn edit(&mut self, room: &RoomHandle) {
        let doc = self.docs[self.rng.random_range(0..3)].clone();
        if self.rng.random_range(0..3) > 0 {
            let state = room.encode_state().await.unwrap();
            doc.transact_mut().apply_update(Update::decode_v1(&state).unwrap()).unwrap();
        }
        let before = doc.transact().state_vector();
        let nodes = doc.get_or_insert_map("nodes");
        let mut ids: Vec<String> = nodes.keys(&doc.transact()).map(str::to_owned).collect();
        ids.sort_unstable();
        let mut txn = doc.transact_mut();
        let what = if ids.len() < 3 { 0 } else { self.rng.random_range(0..8) };
        match what {
            0..4 => {
                self.made += 1;
                let id = format!("node-{}", self.made);
                nodes.insert(&mut txn, id, MapPrelim::from([("title", "new")]));
            }
            4..7 => {
                let id = &ids[self.rng.random_range(0..ids.len())];
                if let Some(yrs::Out::YMap(node)) = nodes.get(&txn, id) {
                    node.insert(
                        &mut txn,
                        "title",
                        format!("edited {}", self.rng.random_range(0..99)),
                    );
                }
            }
            _ => {
                nodes.remove(&mut txn, &ids[self.rng.random_range(0..ids.len())]);
            }
        }
        drop(txn);
        let update = doc.transact().encode_diff_v1(&before);
        if update != [0, 0] {
            room.apply_update(update.into(), "a").await.unwrap();
        }
    }

    /// All of them connect again, as stock clients do: each sends what the server lacks.
    async fn connect(&self, rooms: &Rooms) {
        let address = listen(rooms.clone()).await;
        for doc in &self.docs {
            let path = format!("{}?saved=1", *CANVAS);
            let mut page = Client::connect(address, &path, doc.clone()).await;
            page.until("synced", |page| page.is_synced && page.sent > 0).await;
            page.until_saved().await;
        }
    }
}

/// A canvas with a history, part of it compacted, and another one.
async fn history(test: &TestDb, people: &mut People) -> (Titles, Bytes) {
    let other = CanvasRow {
        id: OTHER.clone(),
        workspace: WorkspaceId::default(),
        name: String::new(),
        description: String::new(),
        created_at: 1,
        updated_at: 1,
        deleted_at: None,
    };
    test.db.add_canvas(&other, None, None).await.unwrap();
    let rooms = over(test);
    let room = rooms.open(&CANVAS).await.unwrap();
    for step in 0..24 {
        people.edit(&room).await;
        if step == 11 {
            compact::compact(Arc::new(test.db.clone()), CANVAS.clone()).await.unwrap();
        }
    }
    let all = shown(&room).await;
    let room = rooms.open(&OTHER).await.unwrap();
    People::new(1).edit(&room).await;
    let other = room.encode_state().await.unwrap();
    rooms.shutdown().await;
    (all, other)
}

/// Damage that is done to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    Flip,
    Blot,
    FlipOfOld,
    CutOff,
    Zeros,
    Gone,
    Swapped,
    Snapshot,
    SnapshotBlot,
    SnapshotCutOff,
}

const HARMS: [Harm; 10] = [
    Harm::Flip,
    Harm::Blot,
    Harm::FlipOfOld,
    Harm::CutOff,
    Harm::Zeros,
    Harm::Gone,
    Harm::Swapped,
    Harm::Snapshot,
    Harm::SnapshotBlot,
    Harm::SnapshotCutOff,
];

/// Damages the log; gives the bytes that must be kept and how much of the log, in rows, stands before the damage.
async fn harm(test: &TestDb, harm: Harm, rng: &mut StdRng) -> (Option<Vec<u8>>, usize) {
    let log = test.db.read_log(&CANVAS).await.unwrap();
    let at = rng.random_range(0..log.rows.len() - 1);
    let mut row = log.rows[at].clone();
    let mut snapshot = log.snapshot.clone().unwrap();
    let flip = |data: &mut Vec<u8>, rng: &mut StdRng| {
        let at = rng.random_range(0..data.len());
        data[at] ^= 1 << rng.random_range(0..8);
    };
    // Several bytes side by side: no single one is to blame.
    let blot = |data: &mut Vec<u8>, rng: &mut StdRng| {
        let at = rng.random_range(0..data.len() - 3);
        data[at..at + 3].iter_mut().for_each(|byte| *byte ^= 1 << rng.random_range(0..8));
    };
    let data = row.data.as_mut().unwrap();
    let bytes = snapshot.data.as_mut().unwrap();
    match harm {
        Harm::Flip => flip(data, rng),
        Harm::Blot => blot(data, rng),
        Harm::FlipOfOld => {
            // A row from before there were checksums, with a length that leads out of it.
            row.checksum = None;
            data[0] ^= 0x7f;
        }
        Harm::CutOff => data.truncate(rng.random_range(0..data.len())),
        Harm::Zeros => data.fill(0),
        Harm::Gone => {
            test.remove_update(&CANVAS, row.seq).await;
            return (None, at);
        }
        Harm::Swapped => {
            let next = &log.rows[at + 1];
            test.overwrite_update(&CANVAS, &LogRow { seq: next.seq, ..row.clone() }).await;
            test.overwrite_update(&CANVAS, &LogRow { seq: row.seq, ..next.clone() }).await;
            return (None, log.rows.len());
        }
        Harm::Snapshot => flip(bytes, rng),
        Harm::SnapshotBlot => blot(bytes, rng),
        Harm::SnapshotCutOff => bytes.truncate(rng.random_range(bytes.len() / 2..bytes.len())),
    }
    if matches!(harm, Harm::Snapshot | Harm::SnapshotBlot | Harm::SnapshotCutOff) {
        test.overwrite_snapshot(&CANVAS, &snapshot).await;
        return (snapshot.data, 0);
    }
    test.overwrite_update(&CANVAS, &row).await;
    (row.data, at)
}

/// Titles that the snapshot and so many rows show.
async fn shown_before(test: &TestDb, rows: usize) -> Titles {
    let log = test.db.read_log(&CANVAS).await.unwrap();
    let doc = gesso_protocol::doc::open(1, "");
    for row in log.snapshot.iter().chain(&log.rows[..rows]) {
        let update = Update::decode_v1(row.data.as_ref().unwrap()).unwrap();
        doc.transact_mut().apply_update(update).unwrap();
    }
    titles(&doc.transact())
}

async fn story(test: &TestDb, seed: u64, kind: Harm) {
    let mut people = People::new(seed);
    let (all, other) = history(test, &mut people).await;
    let mut rng = StdRng::seed_from_u64(seed + 1_000);
    let (kept, rows) = harm(test, kind, &mut rng).await;
    let is_snapshot = matches!(kind, Harm::Snapshot | Harm::SnapshotBlot | Harm::SnapshotCutOff);
    let before = if is_snapshot { Titles::new() } else { shown_before(test, rows.min(12)).await };

    // It opens; what stood before the damage is there, and what was damaged is kept.
    let rooms = over(test);
    let room = rooms.open(&CANVAS).await.unwrap();
    let found = shown(&room).await;
    assert!(is_snapshot || !found.is_empty());
    let is_right = matches!(kind, Harm::Flip | Harm::Snapshot | Harm::Swapped);
    assert!(!is_right || found == all, "a single byte is put right: {found:?}, not {all:?}");
    for id in before.keys().filter(|id| all.contains_key(*id)) {
        assert!(found.contains_key(id), "{id} of {found:?}");
    }
    let aside = test.db.aside(&CANVAS).await.unwrap();
    if let Some(kept) = &kept {
        assert!(aside.iter().any(|row| row.data == *kept), "{aside:?}");
    }
    let damage = test.db.damage(&CANVAS).await.unwrap();
    assert_eq!(damage.is_empty(), kind == Harm::Swapped, "{damage:?}");
    let untouched = rooms.open(&OTHER).await.unwrap();
    assert_eq!(untouched.encode_state().await.unwrap(), other);

    // New work is durable.
    let new = gesso_protocol::doc::open(rng.random(), "");
    let nodes = new.get_or_insert_map("nodes");
    nodes.insert(&mut new.transact_mut(), "afterwards", MapPrelim::from([("title", "new")]));
    let update = new.transact().encode_diff_v1(&StateVector::default());
    room.apply_update(update.into(), "a").await.unwrap();
    rooms.shutdown().await;
    let rooms = over(test);
    let room = rooms.open(&CANVAS).await.unwrap();
    let mut again = shown(&room).await;
    assert_eq!(again.remove("afterwards").as_deref(), Some("new"));
    assert_eq!(again, found);
    assert_eq!(
        test.db.aside(&CANVAS).await.unwrap(),
        aside,
        "nothing more was found, nothing was lost"
    );

    // People who still have it bring it back, and what waited for that comes by itself.
    people.connect(&rooms).await;
    let is_doubtful = damage.iter().any(|item| item.reason == DamageReason::Doubtful);
    if !is_doubtful {
        until(async || {
            let damage = test.db.damage(&CANVAS).await.unwrap();
            damage.iter().all(|item| item.reason != DamageReason::BuildsOnLost)
        })
        .await;
        let mut healed = shown(&room).await;
        healed.remove("afterwards");
        assert_eq!(healed, all);
    }
    let healed = shown(&room).await;
    compact::compact(Arc::new(test.db.clone()), CANVAS.clone()).await.unwrap();
    rooms.shutdown().await;
    let rooms = over(test);
    let room = rooms.open(&CANVAS).await.unwrap();
    assert_eq!(shown(&room).await, healed);
    let bytes = |rows: &[crate::db::log::AsideRow]| -> Vec<Vec<u8>> {
        rows.iter().map(|row| row.data.clone()).collect()
    };
    assert_eq!(bytes(&test.db.aside(&CANVAS).await.unwrap()), bytes(&aside));
    rooms.shutdown().await;
}

async fn until(mut done: impl AsyncFnMut() -> bool) {
    let patience = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), patience).await.expect("it comes in time");
}

#[tokio::test]
async fn whatever_is_damaged_the_canvas_opens_and_heals() {
    for seed in 0..2 {
        for kind in HARMS {
            for test in databases().await {
                story(&test, seed, kind).await;
            }
        }
    }
}

#[tokio::test]
async fn what_a_running_room_still_has_is_stored_again_when_its_log_turns_out_to_be_damaged() {
    for test in databases().await {
        let mut people = People::new(77);
        let limits = RoomLimits { compact_updates: 12, idle_ms: 600_000, ..RoomLimits::default() };
        let rooms = Rooms::new(test.db.clone(), limits, Arc::new(Truth::default()));
        let room = rooms.open(&CANVAS).await.unwrap();
        for _ in 0..9 {
            people.edit(&room).await;
        }
        let log = test.db.read_log(&CANVAS).await.unwrap();
        let mut row = log.rows[3].clone();
        row.data.as_mut().unwrap()[5..7].fill(0x7f);
        test.overwrite_update(&CANVAS, &row).await;
        for _ in 0..8 {
            people.edit(&room).await;
        }
        // Compacting finds it, sets it aside, and the room stores what it has.
        until(async || {
            let aside = test.db.aside(&CANVAS).await.unwrap();
            !aside.is_empty() && aside.iter().all(|row| row.recovered_at.is_some())
        })
        .await;
        let all = shown(&room).await;
        rooms.shutdown().await;
        let rooms = over(&test);
        assert_eq!(shown(&rooms.open(&CANVAS).await.unwrap()).await, all);
        assert_eq!(test.db.damage(&CANVAS).await.unwrap(), []);
        assert!(
            test.db
                .aside(&CANVAS)
                .await
                .unwrap()
                .iter()
                .any(|aside| Some(&aside.data) == row.data.as_ref())
        );
        rooms.shutdown().await;
    }
}

//! Updates that are well-formed and make no sense: structs of random kinds that build on random other structs.

use super::*;
use gesso_protocol::wire::read::write_buf;
use proptest::prelude::*;

/// Where a hostile struct says it belongs.
#[derive(Debug, Clone)]
enum Place {
    Root(u8, Option<u8>),
    Inside(u64, u32, Option<u8>),
    Beside { origin: Option<(u64, u32)>, right: Option<(u64, u32)> },
}

#[derive(Debug, Clone)]
enum What {
    Gc(u8),
    Deleted(u8),
    Text(String),
    Embed,
    Format(bool),
    Type(u8),
    Values(u8),
    Binary,
}

#[derive(Debug, Clone)]
struct Hostile {
    client: u64,
    structs: Vec<(Place, What)>,
    deletions: Vec<(u64, u8, u8)>,
}

fn id() -> impl Strategy<Value = (u64, u32)> {
    (11u64..16, 0u32..24)
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        (0u8..4, proptest::option::of(0u8..3)).prop_map(|(root, key)| Place::Root(root, key)),
        (id(), proptest::option::of(0u8..3))
            .prop_map(|((client, clock), key)| Place::Inside(client, clock, key)),
        (proptest::option::of(id()), proptest::option::of(id()))
            .prop_map(|(origin, right)| Place::Beside { origin, right }),
    ]
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        1 => (1u8..4).prop_map(What::Gc),
        1 => (1u8..4).prop_map(What::Deleted),
        4 => "[a-z🙂]{0,4}".prop_map(What::Text),
        1 => Just(What::Embed),
        2 => any::<bool>().prop_map(What::Format),
        4 => prop_oneof![0u8..3, Just(4), Just(6)].prop_map(What::Type),
        3 => (0u8..4).prop_map(What::Values),
        1 => Just(What::Binary),
    ]
}

fn hostile() -> impl Strategy<Value = Hostile> {
    let structs = proptest::collection::vec((place(), what()), 0..6);
    let deletions = proptest::collection::vec((11u64..16, 0u8..24, 0u8..5), 0..3);
    (11u64..16, structs, deletions).prop_map(|(client, structs, deletions)| Hostile {
        client,
        structs,
        deletions,
    })
}

fn write_id(out: &mut Vec<u8>, (client, clock): (u64, u32)) {
    write_var(out, client);
    write_var(out, u64::from(clock));
}

fn write_struct(out: &mut Vec<u8>, place: &Place, what: &What) {
    if let What::Gc(len) = what {
        out.extend([0, *len]);
        return;
    }
    let kind = match what {
        What::Gc(_) => 0,
        What::Deleted(_) => 1,
        What::Binary => 3,
        What::Text(_) => 4,
        What::Embed => 5,
        What::Format(_) => 6,
        What::Type(_) => 7,
        What::Values(_) => 8,
    };
    let key = |out: &mut Vec<u8>, key: Option<u8>| {
        if let Some(key) = key {
            write_buf(out, format!("k{key}").as_bytes());
        }
    };
    let flag = |key: &Option<u8>| if key.is_some() { 0x20 } else { 0 };
    match place {
        Place::Root(root, name) => {
            out.extend([kind | flag(name), 1]);
            let root = ["nodes", "meta", "results", "elsewhere"][usize::from(*root)];
            write_buf(out, root.as_bytes());
            key(out, *name);
        }
        Place::Inside(client, clock, name) => {
            out.extend([kind | flag(name), 0]);
            write_id(out, (*client, *clock));
            key(out, *name);
        }
        Place::Beside { origin, right } => {
            // Beside nothing is inside of a root.
            if origin.is_none() && right.is_none() {
                return write_struct(out, &Place::Root(1, None), what);
            }
            out.push(
                kind | if origin.is_some() { 0x80 } else { 0 }
                    | if right.is_some() { 0x40 } else { 0 },
            );
            for id in [origin, right].into_iter().flatten() {
                write_id(out, *id);
            }
        }
    }
    match what {
        What::Gc(_) => {}
        What::Deleted(len) => out.push(*len),
        What::Text(text) => write_buf(out, text.as_bytes()),
        What::Embed => write_buf(out, b"{\"a\":1}"),
        What::Format(on) => {
            write_buf(out, b"bold");
            write_buf(out, if *on { b"true" } else { b"null" });
        }
        What::Type(type_ref) => out.push(*type_ref),
        What::Values(count) => {
            out.push(*count);
            out.extend(std::iter::repeat_n(126, usize::from(*count)));
        }
        What::Binary => write_buf(out, &[1, 2]),
    }
}

impl Hostile {
    fn encode(&self, clock: u32) -> Vec<u8> {
        let mut out = Vec::new();
        if self.structs.is_empty() {
            out.push(0);
        } else {
            out.extend([1, self.structs.len() as u8]);
            write_id(&mut out, (self.client, clock));
            for (place, what) in &self.structs {
                write_struct(&mut out, place, what);
            }
        }
        let mut by_client: BTreeMap<u64, Vec<(u8, u8)>> = BTreeMap::new();
        for (client, start, len) in &self.deletions {
            by_client.entry(*client).or_default().push((*start, *len));
        }
        out.push(by_client.len() as u8);
        for (client, ranges) in by_client {
            out.extend([client as u8, ranges.len() as u8]);
            for (start, len) in ranges {
                out.extend([start, len]);
            }
        }
        out
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn nonsense_never_breaks_the_room(all in proptest::collection::vec(hostile(), 1..24)) {
        let mut world = World::with(
            RoomLimits { violations_per_minute: usize::MAX, ..limits() },
            schema::repair,
        );
        world.core.write(|txn| set(txn, "results", "k0", "the server's"));
        let honest = world.join(CanvasRole::Editor);
        for (at, one) in all.iter().enumerate() {
            let conn = ConnId(1_000 + at as u64);
            world.core.join(conn, CanvasRole::Editor, "", false, 1).unwrap();
            let clock = world.core.index.clock(one.client);
            let frame: Bytes = Frame::Update(&one.encode(clock)).encode().into();
            world.core.frames(conn, &[frame], 1);
            world.core.flush(1);
            for effect in world.core.take_effects() {
                if let Effect::Persist { number, update } = effect {
                    world.log.push(update);
                    world.core.durable(number);
                }
            }
            world.core.leave(conn, 1);
            prop_assert_eq!(world.core.broken(), None);
            prop_assert!(!world.core.doc.transact().has_missing_updates());
            // What others do with a document does not panic either.
            drop(schema::read_canvas(&world.core.doc.transact()));
            drop(json(&world.core.doc));
            // What the index believes is what the document holds.
            let held = world.core.doc.transact().state_vector();
            for client in 11..16 {
                prop_assert_eq!(world.core.index.clock(client), held.get(&ClientID::new(client)), "client {}", client);
            }
        }
        world.act(honest, |txn| set(txn, "meta", "honest", "fine"));
        prop_assert_eq!(world.core.broken(), None);
        let state = json(&world.core.doc);
        prop_assert_eq!(&state["meta"]["honest"], "fine");
        // The log can be opened again.
        prop_assert!(Core::open(&world.log, Vec::new(), 901, limits(), no_repair, 1).is_ok());
    }
}

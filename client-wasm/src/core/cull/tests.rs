use super::*;
use gesso_protocol::schema::Edge;

#[derive(Default)]
struct World {
    canvas: Canvas,
    index: SpatialIndex,
    cards: Vec<String>,
    detailed: BTreeSet<String>,
    selection: BTreeSet<String>,
    seen: Option<Rect>,
}

impl World {
    /// Cards beside each other, 300 units apart.
    fn row(count: usize) -> Self {
        let mut world = Self::default();
        for n in 0..count {
            world.put(&format!("n{n:04}"), "text", Rect::new(300.0 * n as f64, 0.0, 256.0, 120.0));
        }
        world
    }

    fn put(&mut self, id: &str, kind: &str, rect: Rect) {
        let node = Node { id: id.to_owned(), kind: kind.to_owned(), ..Node::default() };
        self.canvas.nodes.insert(id.to_owned(), node);
        self.index.set(id, rect);
    }

    fn wire(&mut self, from: &str, to: &str) {
        let edge = Edge {
            key: format!("{from}-{to}"),
            from_node: from.to_owned(),
            to_node: to.to_owned(),
            ..Edge::default()
        };
        self.canvas.edges.insert(edge.key.clone(), edge);
    }

    fn look(&mut self, view: Rect, is_far: bool, is_forced: bool) -> Option<Culled> {
        let mut edges = EdgesByNode::new();
        for edge in self.canvas.edges.values() {
            for end in [&edge.from_node, &edge.to_node] {
                edges.entry(end.clone()).or_default().insert(edge.key.clone());
            }
        }
        let look = Look {
            view,
            seen: self.seen,
            is_forced,
            is_far,
            selection: &self.selection,
            cards: &self.cards,
            detailed: &self.detailed,
        };
        let culled = cull(&self.canvas, &self.index, &edges, &look)?;
        self.cards.clone_from(&culled.cards);
        self.detailed.clone_from(&culled.detailed);
        self.seen = Some(culled.seen);
        Some(culled)
    }

    /// Frames until nothing is left, and how many there were.
    fn settle(&mut self, view: Rect, is_far: bool) -> (Culled, usize) {
        let mut frames = 1;
        let mut culled = self.look(view, is_far, true).unwrap();
        while culled.is_unfinished {
            culled = self.look(view, is_far, true).unwrap();
            frames += 1;
            assert!(frames < 1_000, "it never ends");
        }
        (culled, frames)
    }
}

const VIEW: Rect = Rect::new(0.0, 0.0, 1_000.0, 600.0);

#[test]
fn what_is_in_view_is_there_and_it_is_decided_anew_only_past_the_margin() {
    let mut world = World::row(100);
    let (culled, _) = world.settle(VIEW, false);
    assert_eq!(culled.cards, ["n0000", "n0001", "n0002", "n0003", "n0004"]);
    assert_eq!(culled.detailed.len(), 5);
    let moved = Rect { x: 150.0, ..VIEW };
    assert_eq!(world.look(moved, false, false), None, "within the margin");
    let far = Rect { x: 3_000.0, ..VIEW };
    assert!(world.look(far, false, false).unwrap().cards.contains(&"n0011".to_owned()));
    // Zoomed in, what was decided for a larger view goes.
    let close = Rect::new(3_100.0, 0.0, 300.0, 200.0);
    assert!(world.look(close, false, false).unwrap().cards.len() < 5);
}

#[test]
fn a_frame_makes_so_many_boxes_and_so_many_cards_nearest_first() {
    let mut world = World::row(200);
    let wide = Rect::new(0.0, -20_000.0, 60_000.0, 40_000.0);
    let first = world.look(wide, false, true).unwrap();
    assert_eq!((first.cards.len(), first.detailed.len()), (NEW_BOXES, NEW_CARDS));
    assert!(first.is_unfinished);
    assert!(first.cards.contains(&"n0100".to_owned()), "the middle comes first");
    let (last, frames) = world.settle(wide, false);
    assert_eq!((last.cards.len(), last.detailed.len()), (200, 200));
    assert_eq!(frames, 39);
    // Back to boxes, not all in one frame.
    let back = world.look(wide, true, true).unwrap();
    assert_eq!(back.detailed.len(), 200 - LOST_CARDS);
    assert_eq!(world.settle(wide, true).0.detailed.len(), 0);
}

#[test]
fn too_many_from_far_away_are_painted_but_for_what_is_selected() {
    let mut world = World::row(PAINTED_ABOVE + 1);
    world.wire("n0001", "n0002");
    world.selection.insert("n0007".to_owned());
    let wide = Rect::new(0.0, -50_000.0, 100_000.0, 100_000.0);
    let (culled, _) = world.settle(wide, true);
    assert!(culled.is_painted);
    assert_eq!(culled.cards, ["n0007"]);
    assert_eq!(culled.wires, Vec::<String>::new());
    let (near, _) = world.settle(wide, false);
    assert!(!near.is_painted);
    assert_eq!((near.cards.len(), near.wires.len()), (PAINTED_ABOVE + 1, 1));
}

#[test]
fn what_is_selected_stays_unless_it_is_very_much() {
    let mut world = World::row(100);
    world.selection.insert("n0090".to_owned());
    assert!(world.settle(VIEW, false).0.cards.contains(&"n0090".to_owned()));
    world.selection = world.canvas.nodes.keys().take(SELECTED_MAX).cloned().collect();
    let (culled, _) = world.settle(VIEW, false);
    assert_eq!(culled.cards.len(), 5);
}

#[test]
fn wires_are_there_at_cards_in_view_and_where_they_cross_it() {
    let mut world = World::row(20);
    for (from, to) in [("n0000", "n0019"), ("n0018", "n0019"), ("n0000", "gone")] {
        world.wire(from, to);
    }
    let crossed = Rect::new(1_500.0, 0.0, 300.0, 200.0);
    assert_eq!(world.settle(crossed, false).0.wires, ["n0000-n0019"]);
    let end = Rect::new(5_400.0, 0.0, 300.0, 200.0);
    assert_eq!(world.settle(end, false).0.wires, ["n0000-n0019", "n0018-n0019"]);
}

#[test]
fn groups_are_below_cards_and_each_in_the_order_of_z() {
    let mut world = World::row(2);
    world.put("g", "group", Rect::new(-20.0, -20.0, 700.0, 300.0));
    world.canvas.nodes.get_mut("n0000").unwrap().z = "b".to_owned();
    world.canvas.nodes.get_mut("n0001").unwrap().z = "a".to_owned();
    let (culled, _) = world.settle(VIEW, false);
    assert_eq!(
        (culled.cards, culled.frames),
        (vec!["n0001".into(), "n0000".into()], vec!["g".into()])
    );
}

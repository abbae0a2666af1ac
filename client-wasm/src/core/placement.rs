//! The place of a new card.

use gesso_protocol::schema::Canvas;

use super::geometry::{Point, Rect};
use super::index::SpatialIndex;

/// Distance between two places that are tried, in canvas units.
const STEP: f64 = 32.0;
/// Number of steps to each side at most.
const STEPS_MAX: i32 = 40;
/// Free space around a card that was placed, in canvas units.
const GAP: f64 = 16.0;

/// Returns the corner of the free place nearest to `wanted`, inside `view` if there is one there. Where everything
/// near is taken it is to the right of all cards.
///
/// Groups are in nobody's way, nor are notes and stickers, which people put on cards.
pub fn free_place(canvas: &Canvas, index: &SpatialIndex, wanted: Rect, view: Rect) -> Point {
    let blocks = |id: &String| canvas.nodes.get(id).is_some_and(|node| is_in_the_way(&node.kind));
    let is_free = |rect: Rect| !index.query(rect.grown(GAP)).iter().any(blocks);
    // What was asked for needs no free space around it.
    if view.contains(wanted) && !index.query(wanted).iter().any(blocks) {
        return Point::new(wanted.x, wanted.y);
    }
    let mut outside = None;
    for (right, down) in around() {
        let (x, y) = (wanted.x + STEP * f64::from(right), wanted.y + STEP * f64::from(down));
        let place = Rect::new(x, y, wanted.w, wanted.h);
        let is_in_view = view.contains(place);
        if (is_in_view || outside.is_none()) && is_free(place) {
            if is_in_view {
                return Point::new(x, y);
            }
            outside = Some(Point::new(x, y));
        }
    }
    let right = index.bounds().map_or(wanted.x, |bounds| bounds.right() + 4.0 * GAP);
    outside.unwrap_or_else(|| Point::new(right, wanted.y))
}

/// True if a card of that kind keeps others from its place.
pub fn is_in_the_way(kind: &str) -> bool {
    !matches!(kind, "group" | "sticker" | "sticky_note")
}

/// Steps to the right and down, the shortest way first; of two of one length the one to the right, then the one down.
fn around() -> Vec<(i32, i32)> {
    let side = -STEPS_MAX..=STEPS_MAX;
    let mut steps: Vec<(i32, i32)> =
        side.clone().flat_map(|right| side.clone().map(move |down| (right, down))).collect();
    steps.sort_by_key(|(right, down)| (right * right + down * down, -right, -down));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use gesso_protocol::schema::Node;

    const VIEW: Rect = Rect { x: 0.0, y: 0.0, w: 1000.0, h: 800.0 };

    fn canvas(nodes: &[(&str, &str, Rect)]) -> (Canvas, SpatialIndex) {
        let (mut canvas, mut index) = (Canvas::default(), SpatialIndex::default());
        for (id, kind, rect) in nodes {
            let node = Node { id: (*id).to_owned(), kind: (*kind).to_owned(), ..Node::default() };
            canvas.nodes.insert((*id).to_owned(), node);
            index.set(id, *rect);
        }
        (canvas, index)
    }

    fn placed(nodes: &[(&str, &str, Rect)], wanted: Rect) -> Rect {
        let (canvas, index) = canvas(nodes);
        let at = free_place(&canvas, &index, wanted, VIEW);
        Rect::new(at.x, at.y, wanted.w, wanted.h)
    }

    #[test]
    fn a_free_place_is_taken_as_it_is() {
        let wanted = Rect::new(103.0, 99.0, 200.0, 200.0);
        let group = ("g", "group", Rect::new(0.0, 0.0, 500.0, 500.0));
        let note = ("n", "sticky_note", Rect::new(120.0, 120.0, 50.0, 50.0));
        assert_eq!(placed(&[], wanted), wanted);
        assert_eq!(placed(&[group, note], wanted), wanted);
    }

    #[test]
    fn cards_do_not_touch_and_stay_in_view() {
        let wanted = Rect::new(400.0, 300.0, 200.0, 200.0);
        let mut cards: Vec<(String, Rect)> = Vec::new();
        for n in 0..6 {
            let nodes: Vec<_> = cards.iter().map(|(id, at)| (id.as_str(), "text", *at)).collect();
            let place = placed(&nodes, wanted);
            assert!(VIEW.contains(place), "{place:?}");
            assert!(cards.iter().all(|(_, at)| !at.touches(place)), "{place:?}");
            cards.push((format!("n{n}"), place));
        }
        assert_eq!(cards[1].1.y, wanted.y, "the second stands beside the first");
    }

    #[test]
    fn where_the_view_is_full_the_nearest_place_outside_is_taken() {
        let full = ("a", "text", Rect::new(-100.0, -100.0, 1200.0, 1000.0));
        let place = placed(&[full], Rect::new(700.0, 300.0, 200.0, 200.0));
        assert!(!place.touches(full.2) && place.x < 1200.0, "{place:?}");
        let all = ("a", "text", Rect::new(-5e3, -5e3, 1e4, 1e4));
        assert!(placed(&[all], Rect::new(0.0, 0.0, 100.0, 100.0)).x > 5e3);
    }

    #[test]
    fn a_place_asked_for_out_of_view_is_moved_into_it() {
        assert!(VIEW.contains(placed(&[], Rect::new(950.0, 790.0, 200.0, 200.0))));
    }
}

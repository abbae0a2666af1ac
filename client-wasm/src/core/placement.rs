//! Where a new card goes.

use gesso_protocol::schema::Canvas;

use super::geometry::{Point, Rect};
use super::index::SpatialIndex;

/// How far a card is moved down and to the right of one that is in its way, in canvas units.
const STEP: f64 = 24.0;
/// Number of times it is moved.
const STEPS_MAX: usize = 24;

/// A free place near `wanted` for a card of that size: moved down and to the right while a card is in its way. Groups are in
/// nobody's way.
pub fn free_place(canvas: &Canvas, index: &SpatialIndex, wanted: Point, w: f64, h: f64) -> Point {
    let is_card = |id: &String| canvas.nodes.get(id).is_some_and(|node| node.kind != "group");
    let is_free = |at: &Point| !index.query(Rect::new(at.x, at.y, w, h)).iter().any(is_card);
    let moved = |n: usize| Point::new(wanted.x + STEP * n as f64, wanted.y + STEP * n as f64);
    (0..STEPS_MAX).map(moved).find(is_free).unwrap_or_else(|| moved(STEPS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gesso_protocol::schema::Node;

    fn canvas(nodes: &[(&str, &str, Rect)]) -> (Canvas, SpatialIndex) {
        let (mut canvas, mut index) = (Canvas::default(), SpatialIndex::default());
        for (id, kind, rect) in nodes {
            let node = Node { id: (*id).to_owned(), kind: (*kind).to_owned(), ..Node::default() };
            canvas.nodes.insert((*id).to_owned(), node);
            index.set(id, *rect);
        }
        (canvas, index)
    }

    #[test]
    fn a_card_in_the_way_moves_it_and_a_group_does_not() {
        let wanted = Point::new(100.0, 100.0);
        let around = Rect::new(0.0, 0.0, 500.0, 500.0);
        let (canvas_, index) = canvas(&[("g", "group", around)]);
        assert_eq!(free_place(&canvas_, &index, wanted, 100.0, 100.0), wanted);
        let (canvas_, index) = canvas(&[("a", "text", Rect::new(0.0, 0.0, 130.0, 130.0))]);
        let place = free_place(&canvas_, &index, wanted, 100.0, 100.0);
        assert_eq!(place, Point::new(148.0, 148.0));
    }

    #[test]
    fn where_everything_is_taken_it_goes_somewhere_all_the_same() {
        let (canvas, index) = canvas(&[("a", "text", Rect::new(-5e3, -5e3, 1e4, 1e4))]);
        let place = free_place(&canvas, &index, Point::default(), 100.0, 100.0);
        assert_eq!(place, Point::new(576.0, 576.0));
    }
}

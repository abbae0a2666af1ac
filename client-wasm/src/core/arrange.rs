//! Lining cards up and spreading them out: how far each one goes.

use super::geometry::{Point, Rect};
use super::keymap::Side;

/// A card or a group with everything in it, and its place.
pub type Block = (String, Rect);
/// A move to the right and down, in canvas units.
pub type Move = (String, Point);

/// Space between cards that were tidied up, in canvas units.
const GAP: f64 = 48.0;

/// A direction in which cards are spread out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// From left to right.
    Horizontal,
    /// From top to bottom.
    Vertical,
}

/// Moves blocks so that their edges at one side lie on a line: that of the outermost one.
pub fn align(blocks: &[Block], side: Side) -> Vec<Move> {
    let Some(around) = Rect::around(blocks.iter().map(|(_, rect)| *rect)) else {
        return Vec::new();
    };
    let by = |rect: &Rect| match side {
        Side::Left => Point::new(around.x - rect.x, 0.0),
        Side::Right => Point::new(around.right() - rect.right(), 0.0),
        Side::Top => Point::new(0.0, around.y - rect.y),
        Side::Bottom => Point::new(0.0, around.bottom() - rect.bottom()),
    };
    moved(blocks.iter().map(|(id, rect)| (id.clone(), by(rect))))
}

/// Moves blocks between the first and the last one so that the spaces between them are the same.
pub fn distribute(blocks: &[Block], axis: Axis) -> Vec<Move> {
    let begin = |rect: &Rect| if axis == Axis::Horizontal { rect.x } else { rect.y };
    let length = |rect: &Rect| if axis == Axis::Horizontal { rect.w } else { rect.h };
    let mut order: Vec<&Block> = blocks.iter().collect();
    order.sort_by(|(_, a), (_, b)| begin(a).total_cmp(&begin(b)));
    let (Some((_, first)), Some((_, last))) = (order.first(), order.last()) else {
        return Vec::new();
    };
    if order.len() < 3 {
        return Vec::new();
    }
    let taken: f64 = order.iter().map(|(_, rect)| length(rect)).sum();
    let space = begin(last) + length(last) - begin(first) - taken;
    let gap = space / (order.len() - 1) as f64;
    let mut at = begin(first);
    moved(order.into_iter().map(|(id, rect)| {
        let by = at - begin(rect);
        at += length(rect) + gap;
        let to = if axis == Axis::Horizontal { Point::new(by, 0.0) } else { Point::new(0.0, by) };
        (id.clone(), to)
    }))
}

/// Moves blocks into columns without overlaps, from the corner of where they are: what begins beside the leftmost card of
/// a column is in the next one, and the order from top to bottom is kept.
pub fn tidy(blocks: &[Block]) -> Vec<Move> {
    let Some(around) = Rect::around(blocks.iter().map(|(_, rect)| *rect)) else {
        return Vec::new();
    };
    let mut order: Vec<&Block> = blocks.iter().collect();
    order.sort_by(|(_, a), (_, b)| a.x.total_cmp(&b.x));
    let mut columns: Vec<Vec<&Block>> = Vec::new();
    for block in order {
        let joins = |column: &&mut Vec<&Block>| block.1.x < column[0].1.right();
        match columns.last_mut().filter(joins) {
            Some(column) => column.push(block),
            None => columns.push(vec![block]),
        }
    }
    let mut moves = Vec::new();
    let mut x = around.x;
    for column in &mut columns {
        column.sort_by(|(_, a), (_, b)| a.y.total_cmp(&b.y));
        let mut y = around.y;
        for (id, rect) in &*column {
            moves.push((id.clone(), Point::new(x - rect.x, y - rect.y)));
            y += rect.h + GAP;
        }
        x += column.iter().map(|(_, rect)| rect.w).fold(0.0, f64::max) + 2.0 * GAP;
    }
    moved(moves)
}

/// Whole units, without those that stay.
fn moved(moves: impl IntoIterator<Item = Move>) -> Vec<Move> {
    moves
        .into_iter()
        .map(|(id, by)| (id, Point::new(by.x.round(), by.y.round())))
        .filter(|(_, by)| *by != Point::default())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block(id: &str, x: f64, y: f64, w: f64, h: f64) -> Block {
        (id.to_owned(), Rect::new(x, y, w, h))
    }

    fn after(blocks: &[Block], moves: &[Move]) -> Vec<Rect> {
        let by = |id: &str| {
            let found = moves.iter().find(|(moved, _)| moved == id);
            found.map(|(_, by)| *by).unwrap_or_default()
        };
        let place = |(id, r): &Block| Rect { x: r.x + by(id).x, y: r.y + by(id).y, ..*r };
        blocks.iter().map(place).collect()
    }

    #[test]
    fn edges_lie_on_the_line_of_the_outermost() {
        let blocks = [block("a", 10.0, 0.0, 100.0, 50.0), block("b", 30.0, 70.0, 40.0, 50.0)];
        let left = after(&blocks, &align(&blocks, Side::Left));
        assert!(left.iter().all(|rect| rect.x == 10.0));
        let right = after(&blocks, &align(&blocks, Side::Right));
        assert!(right.iter().all(|rect| rect.right() == 110.0));
        let top = after(&blocks, &align(&blocks, Side::Top));
        assert!(top.iter().all(|rect| rect.y == 0.0));
        let bottom = after(&blocks, &align(&blocks, Side::Bottom));
        assert!(bottom.iter().all(|rect| rect.bottom() == 120.0));
        assert_eq!(align(&blocks[..1], Side::Left), []);
    }

    #[test]
    fn spaces_become_the_same_and_the_ends_stay() {
        let blocks = [
            block("c", 400.0, 0.0, 100.0, 50.0),
            block("a", 0.0, 0.0, 100.0, 50.0),
            block("b", 110.0, 0.0, 200.0, 50.0),
        ];
        let spread = after(&blocks, &distribute(&blocks, Axis::Horizontal));
        assert_eq!(spread.iter().map(|rect| rect.x).collect::<Vec<_>>(), [400.0, 0.0, 150.0]);
        assert_eq!(distribute(&blocks[..2], Axis::Vertical), []);
    }

    proptest! {
        #[test]
        fn nothing_overlaps_after_tidying_up(
            rects in prop::collection::vec((0..900i32, 0..900i32, 50..300i32, 50..300i32), 2..12),
        ) {
            let blocks: Vec<Block> = rects
                .iter()
                .enumerate()
                .map(|(n, (x, y, w, h))| {
                    let [x, y, w, h] = [x, y, w, h].map(|v| f64::from(*v));
                    block(&format!("n{n}"), x, y, w, h)
                })
                .collect();
            let tidied = after(&blocks, &tidy(&blocks));
            for (n, one) in tidied.iter().enumerate() {
                prop_assert!(tidied[n + 1..].iter().all(|other| !one.touches(*other)));
            }
            let again: Vec<Block> =
                blocks.iter().zip(&tidied).map(|((id, _), rect)| (id.clone(), *rect)).collect();
            prop_assert_eq!(tidy(&again), vec![], "tidying twice moves nothing");
        }
    }
}

//! The order in which the keyboard walks the cards.

use super::geometry::Rect;

/// Cards whose tops are this close are one row, in canvas units.
const ROW: f64 = 120.0;

/// Cards in reading order: rows from the top, each from the left.
pub fn reading_order(cards: impl IntoIterator<Item = (String, Rect)>) -> Vec<String> {
    let mut cards: Vec<(i64, i64, String)> = cards
        .into_iter()
        .map(|(id, rect)| ((rect.y / ROW).round() as i64, rect.x as i64, id))
        .collect();
    cards.sort();
    cards.into_iter().map(|(_, _, id)| id).collect()
}

/// The card after (or before) one; from nowhere the first (or last). `None` at either end.
pub fn step<'o>(order: &'o [String], from: Option<&str>, back: bool) -> Option<&'o str> {
    let at = from.and_then(|id| order.iter().position(|other| other == id));
    let next = match (at, back) {
        (None, false) => order.first(),
        (None, true) => order.last(),
        (Some(at), false) => order.get(at + 1),
        (Some(at), true) => at.checked_sub(1).and_then(|at| order.get(at)),
    };
    next.map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_from_the_top_each_from_the_left() {
        let card = |id: &str, x, y| (id.to_owned(), Rect::new(x, y, 264.0, 330.0));
        let order = reading_order([
            card("low", 0.0, 500.0),
            card("right", 400.0, -10.0),
            // A little lower than its neighbour and still in its row.
            card("left", 0.0, 30.0),
        ]);
        assert_eq!(order, ["left", "right", "low"]);
        assert_eq!(step(&order, None, false), Some("left"));
        assert_eq!(step(&order, None, true), Some("low"));
        assert_eq!(step(&order, Some("left"), false), Some("right"));
        assert_eq!(step(&order, Some("right"), true), Some("left"));
        assert_eq!(step(&order, Some("low"), false), None);
        assert_eq!(step(&order, Some("left"), true), None);
        assert_eq!(step(&order, Some("gone"), false), Some("left"));
    }
}

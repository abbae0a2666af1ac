//! The order in which cards lie on each other, and new keys (`z`, R-DOC-8) for what moves in it.

use super::geometry::Rect;
use gesso_protocol::order;

/// A card in the stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Node.
    pub id: String,
    /// Key of its place in the stack.
    pub z: String,
    /// Place and size on the canvas.
    pub rect: Rect,
    /// True if it is to be moved.
    pub is_moved: bool,
}

/// A way to move in the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// Above everything.
    ToFront,
    /// Below everything.
    ToBack,
    /// Above the next card that lies on one of those moved; where none does, above the next one.
    Forward,
    /// Below the next card that one of those moved lies on; where there is none, below the next one.
    Backward,
}

/// Returns the new keys of a stack in which the marked cards were moved, by node: those that changed. Cards that are
/// moved together keep their order.
pub fn restack(mut layers: Vec<Layer>, shift: Shift) -> Vec<(String, String)> {
    layers.sort_by(|a, b| (&a.z, &a.id).cmp(&(&b.z, &b.id)));
    let upwards = matches!(shift, Shift::ToFront | Shift::Forward);
    if !upwards {
        layers.reverse();
    }
    // From here on "later" is where they go.
    let (moved, others): (Vec<_>, Vec<_>) = layers.iter().cloned().partition(|l| l.is_moved);
    let Some(first) = layers.iter().position(|layer| layer.is_moved) else { return Vec::new() };
    let after = match shift {
        Shift::ToFront | Shift::ToBack => others.len(),
        Shift::Forward | Shift::Backward => {
            let passed = first;
            let meets = |other: &Layer| moved.iter().any(|one| one.rect.touches(other.rect));
            let next = others[passed..].iter().position(meets).unwrap_or(0);
            (passed + next + 1).min(others.len())
        }
    };
    let mut order: Vec<Layer> = others;
    order.splice(after..after, moved);
    if order == layers {
        return Vec::new();
    }
    if !upwards {
        order.reverse();
    }
    keys(&order)
}

/// Keys that give the layers this order: as many as can keep theirs.
fn keys(order: &[Layer]) -> Vec<(String, String)> {
    let mut changed = Vec::new();
    let mut last: Option<(&str, String)> = None;
    let mut waiting: Vec<&Layer> = Vec::new();
    for layer in order {
        let follows = last.as_ref().is_none_or(|(id, z)| {
            let is_behind_equals = waiting.is_empty() && layer.z == *z && layer.id.as_str() > *id;
            layer.z > *z || is_behind_equals
        });
        let low = last.as_ref().map_or("", |(_, z)| z.as_str());
        if layer.is_moved || !follows {
            waiting.push(layer);
        } else if let Some(found) = between(low, &layer.z, waiting.len()) {
            changed.extend(waiting.drain(..).map(|one| one.id.clone()).zip(found));
            last = Some((&layer.id, layer.z.clone()));
        } else {
            waiting.push(layer);
        }
    }
    let mut z = last.map(|(_, z)| z).unwrap_or_default();
    for layer in waiting {
        z = order::after(&z);
        changed.push((layer.id.clone(), z.clone()));
    }
    changed.retain(|(id, z)| order.iter().all(|layer| layer.id != *id || layer.z != *z));
    changed
}

/// That many keys between two; `None` where there is no room.
fn between(low: &str, high: &str, count: usize) -> Option<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    for _ in 0..count {
        let low = found.last().map_or(low, String::as_str);
        found.push(order::between(low, high)?);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn layer(id: &str, z: &str, x: f64, is_moved: bool) -> Layer {
        let rect = Rect::new(x, 0.0, 100.0, 100.0);
        Layer { id: id.to_owned(), z: z.to_owned(), rect, is_moved }
    }

    fn after(layers: &[Layer], shift: Shift) -> Vec<String> {
        let mut all = layers.to_vec();
        for (id, z) in restack(layers.to_vec(), shift) {
            all.iter_mut().find(|layer| layer.id == id).unwrap().z = z;
        }
        all.sort_by(|a, b| (&a.z, &a.id).cmp(&(&b.z, &b.id)));
        all.into_iter().map(|layer| layer.id).collect()
    }

    #[test]
    fn to_front_and_to_back_keep_the_order_of_what_is_moved() {
        let stack = ["a", "b", "c", "d"].map(|id| layer(id, id, 0.0, matches!(id, "a" | "c")));
        assert_eq!(after(&stack, Shift::ToFront), ["b", "d", "a", "c"]);
        let stack = ["a", "b", "c", "d"].map(|id| layer(id, id, 0.0, matches!(id, "b" | "d")));
        assert_eq!(after(&stack, Shift::ToBack), ["b", "d", "a", "c"]);
    }

    #[test]
    fn cards_without_keys_move_too() {
        let stack = ["a", "b", "c"].map(|id| layer(id, "", 0.0, id == "c"));
        assert_eq!(after(&stack, Shift::ToBack), ["c", "a", "b"]);
        let stack = ["a", "b", "c"].map(|id| layer(id, "", 0.0, id == "a"));
        assert_eq!(after(&stack, Shift::ToFront), ["b", "c", "a"]);
        assert_eq!(after(&stack, Shift::Forward), ["b", "a", "c"]);
    }

    #[test]
    fn a_step_passes_the_next_card_it_meets() {
        // b lies elsewhere: to pass it alone would change nothing that can be seen.
        let stack = [
            layer("a", "a", 0.0, true),
            layer("b", "b", 900.0, false),
            layer("c", "c", 50.0, false),
            layer("d", "d", 50.0, false),
        ];
        assert_eq!(after(&stack, Shift::Forward), ["b", "c", "a", "d"]);
        let stack = [
            layer("a", "a", 0.0, false),
            layer("b", "b", 0.0, false),
            layer("c", "c", 900.0, false),
            layer("d", "d", 0.0, true),
        ];
        assert_eq!(after(&stack, Shift::Backward), ["a", "d", "b", "c"]);
    }

    #[test]
    fn only_what_moved_is_written_where_keys_allow_it() {
        let stack = ["a", "b", "c", "d"].map(|id| layer(id, id, 0.0, id == "b"));
        assert_eq!(restack(stack.to_vec(), Shift::Forward).len(), 1);
        let top = ["a", "b"].map(|id| layer(id, id, 0.0, id == "b"));
        assert_eq!(after(&top, Shift::Forward), ["a", "b"]);
        assert_eq!(restack(top.to_vec(), Shift::ToFront), []);
    }

    proptest! {
        #[test]
        fn what_moves_ends_above_or_below_all_others(
            stack in prop::collection::vec(("[0-2]{0,2}", any::<bool>()), 1..9),
            front in any::<bool>(),
        ) {
            let layers: Vec<Layer> = stack
                .iter()
                .enumerate()
                .map(|(n, (z, is_moved))| layer(&format!("n{n}"), z, 0.0, *is_moved))
                .collect();
            let shift = if front { Shift::ToFront } else { Shift::ToBack };
            let before = after(&layers, Shift::ToFront).len();
            let order = after(&layers, shift);
            prop_assert_eq!(order.len(), before);
            let is_moved = |id: &String| layers.iter().any(|l| l.id == *id && l.is_moved);
            let marks: Vec<bool> = order.iter().map(is_moved).collect();
            let is_sorted = marks.is_sorted_by(|a, b| if front { a <= b } else { a >= b });
            prop_assert!(is_sorted, "{order:?}");
        }
    }
}

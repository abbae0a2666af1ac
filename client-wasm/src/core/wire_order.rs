//! The order of the wires that come into one input (R-GRAPH-14), and what changes when one is moved.

use gesso_protocol::order;

/// The places to write so that the wire at `from` stands at `to`: keys with their new `z`. `wires` are keys with their
/// `z`, in order. One place where there is room for it between its new neighbours; else all from there on.
#[must_use]
pub fn moved(wires: &[(String, String)], from: usize, to: usize) -> Vec<(String, String)> {
    if from == to || from >= wires.len() || to >= wires.len() {
        return Vec::new();
    }
    let mut order: Vec<&(String, String)> = wires.iter().collect();
    let held = order.remove(from);
    order.insert(to, held);
    let low = to.checked_sub(1).map_or("", |at| order[at].1.as_str());
    let place = match order.get(to + 1) {
        Some((_, high)) => order::between(low, high),
        None => Some(order::after(low)),
    };
    if let Some(z) = place {
        return vec![(held.0.clone(), z)];
    }
    let mut last = String::new();
    let numbered = order.into_iter().map(|(key, _)| {
        last = order::after(&last);
        (key.clone(), last.clone())
    });
    numbered.collect()
}

/// A list with one entry at another place.
#[must_use]
pub fn with_moved<T>(mut list: Vec<T>, from: usize, to: usize) -> Vec<T> {
    if from < list.len() && to < list.len() {
        let held = list.remove(from);
        list.insert(to, held);
    }
    list
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The keys in the order in which a graph has them.
    fn in_order(mut wires: Vec<(String, String)>) -> Vec<String> {
        wires.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
        wires.into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn one_that_has_room_is_written_alone() {
        let wires = [("a", "V1"), ("b", "V3"), ("c", "V5")].map(|(k, z)| (k.into(), z.into()));
        assert_eq!(moved(&wires, 2, 1), [("c".to_owned(), "V2".to_owned())]);
        assert_eq!(moved(&wires, 0, 2).len(), 1);
        assert!(moved(&wires, 1, 1).is_empty() && moved(&wires, 0, 3).is_empty());
    }

    proptest! {
        #[test]
        fn a_wire_stands_where_it_was_moved(
            places in prop::collection::vec("[0-9A-Za-z]{0,3}", 1..7),
            from in 0_usize..7,
            to in 0_usize..7,
        ) {
            let mut wires: Vec<(String, String)> =
                (0..).zip(places).map(|(n, z): (u8, _)| (format!("k{n}"), z)).collect();
            wires.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
            let wanted = with_moved(in_order(wires.clone()), from, to);
            for (key, z) in moved(&wires, from, to) {
                wires.iter_mut().find(|(held, _)| *held == key).unwrap().1 = z;
            }
            prop_assert_eq!(in_order(wires), wanted);
        }
    }
}

//! Which nodes are in view: a uniform grid over the canvas.
//!
//! Nodes are of card size and move all the time, so a grid with cells of about two cards beats a tree: moving one is
//! a removal and an insertion of at most a few cells, without rebalancing. What spans many cells (groups) is kept in
//! a list of its own and looked at every time.

use std::collections::{BTreeMap, BTreeSet};

use super::geometry::Rect;

const CELL: f64 = 640.0;
const CELLS_MAX: usize = 36;

/// Rectangles by name, found by place.
#[derive(Debug, Default)]
pub struct SpatialIndex {
    rects: BTreeMap<String, Rect>,
    cells: BTreeMap<(i32, i32), BTreeSet<String>>,
    large: BTreeSet<String>,
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, and the far edge of the world is one cell"
)]
fn cell(v: f64) -> i32 {
    (v / CELL).floor() as i32
}

fn cells(rect: Rect) -> Option<Vec<(i32, i32)>> {
    let (x0, x1) = (cell(rect.x), cell(rect.right()));
    let (y0, y1) = (cell(rect.y), cell(rect.bottom()));
    let count = i64::from(x1 - x0 + 1) * i64::from(y1 - y0 + 1);
    let fits = usize::try_from(count).is_ok_and(|count| count <= CELLS_MAX);
    fits.then(|| (x0..=x1).flat_map(|x| (y0..=y1).map(move |y| (x, y))).collect())
}

impl SpatialIndex {
    /// Puts `id` at `rect`, wherever it was before.
    pub fn set(&mut self, id: &str, rect: Rect) {
        if self.rects.get(id) == Some(&rect) {
            return;
        }
        self.remove(id);
        match cells(rect) {
            Some(cells) => {
                for cell in cells {
                    self.cells.entry(cell).or_default().insert(id.to_owned());
                }
            }
            None => {
                self.large.insert(id.to_owned());
            }
        }
        self.rects.insert(id.to_owned(), rect);
    }

    /// Takes `id` out.
    pub fn remove(&mut self, id: &str) {
        let Some(rect) = self.rects.remove(id) else { return };
        match cells(rect) {
            Some(cells) => {
                for cell in cells {
                    if let Some(set) = self.cells.get_mut(&cell) {
                        set.remove(id);
                        if set.is_empty() {
                            self.cells.remove(&cell);
                        }
                    }
                }
            }
            None => {
                self.large.remove(id);
            }
        }
    }

    /// Where `id` is.
    pub fn get(&self, id: &str) -> Option<Rect> {
        self.rects.get(id).copied()
    }

    /// Everything that touches `view`, in order of id.
    pub fn query(&self, view: Rect) -> BTreeSet<String> {
        let touches = |id: &&String| self.rects.get(*id).is_some_and(|r| r.touches(view));
        let mut found: BTreeSet<String> = self.large.iter().filter(touches).cloned().collect();
        let (x0, x1) = (cell(view.x), cell(view.right()));
        let (y0, y1) = (cell(view.y), cell(view.bottom()));
        let spanned = (i64::from(x1) - i64::from(x0) + 1) * (i64::from(y1) - i64::from(y0) + 1);
        // Zoomed far out the view spans more cells than there are occupied ones.
        if usize::try_from(spanned).is_ok_and(|n| n <= self.cells.len()) {
            for x in x0..=x1 {
                for (_, ids) in self.cells.range((x, y0)..=(x, y1)) {
                    found.extend(ids.iter().filter(touches).cloned());
                }
            }
        } else {
            for ids in self.cells.values() {
                found.extend(ids.iter().filter(touches).cloned());
            }
        }
        found
    }

    /// The box around everything.
    pub fn bounds(&self) -> Option<Rect> {
        Rect::around(self.rects.values().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rect() -> impl Strategy<Value = Rect> {
        (-5e3..5e3f64, -5e3..5e3f64, 0.0..9e3f64, 0.0..900.0f64)
            .prop_map(|(x, y, w, h)| Rect::new(x, y, w, h))
    }

    proptest! {
        #[test]
        fn finds_what_a_scan_finds(
            puts in prop::collection::vec((0u8..20, rect(), any::<bool>()), 1..60), view in rect()
        ) {
            let mut index = SpatialIndex::default();
            let mut plain = BTreeMap::new();
            for (id, rect, remove) in puts {
                let id = id.to_string();
                if remove {
                    index.remove(&id);
                    plain.remove(&id);
                } else {
                    index.set(&id, rect);
                    plain.insert(id, rect);
                }
            }
            let scan: BTreeSet<String> =
                plain.iter().filter(|(_, r)| r.touches(view)).map(|(id, _)| id.clone()).collect();
            prop_assert_eq!(index.query(view), scan);
            prop_assert_eq!(index.bounds(), Rect::around(plain.values().copied()));
        }
    }
}

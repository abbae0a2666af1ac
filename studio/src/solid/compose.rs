//! Puts the things of a sentence together.

use super::glb::Piece;
use super::mesh::{Pose, V3, bounds};
use super::things;
use super::words::{Relation, Wish, wishes};
use crate::math::{Rng, hash};

/// Things that stand together, and the box around them.
struct Group {
    pieces: Vec<Piece>,
    low: V3,
    high: V3,
}

impl Group {
    fn new(pieces: Vec<Piece>) -> Self {
        let (low, high) =
            bounds(pieces.iter().flat_map(|p| &p.mesh.points)).unwrap_or(([0.0; 3], [0.0; 3]));
        Self { pieces, low, high }
    }

    fn moved(self, by: V3) -> Self {
        let pose = Pose::at(by);
        let posed = |piece: Piece| Piece { mesh: piece.mesh.posed(&pose), ..piece };
        Self::new(self.pieces.into_iter().map(posed).collect())
    }

    fn middle(&self) -> V3 {
        [0, 1, 2].map(|k| (self.low[k] + self.high[k]) / 2.0)
    }

    fn join(self, other: Self) -> Self {
        let mut pieces = self.pieces;
        pieces.extend(other.pieces);
        Self::new(pieces)
    }

    /// Moved so that its middle is that of another in x and z.
    fn centred(self, on: &Self) -> Self {
        let (here, there) = (self.middle(), on.middle());
        self.moved([there[0] - here[0], 0.0, there[2] - here[2]])
    }
}

/// All of one wish, side by side.
fn row(wish: &Wish, index: usize, rng: &Rng) -> Group {
    let mut all: Option<Group> = None;
    for n in 0..wish.count {
        let name = format!("{:?} {}", wish.thing, index * 12 + n + 1).to_lowercase();
        let pieces = things::build(wish, &name, &mut rng.fork(&name));
        let pose = Pose::scale([wish.size; 3]);
        let posed = |piece: Piece| Piece { mesh: piece.mesh.posed(&pose), ..piece };
        let next = Group::new(pieces.into_iter().map(posed).collect());
        all = Some(match all {
            Some(all) => {
                let by = all.high[0] - next.low[0] + 0.15 * wish.size;
                all.join(next.moved([by, 0.0, 0.0]))
            }
            None => next,
        });
    }
    all.unwrap_or_else(|| Group::new(Vec::new()))
}

/// Everything a text asks for.
pub(super) fn compose(text: &str, seed: u64) -> Vec<Piece> {
    let wishes = wishes(text);
    let rng = Rng::new(seed);
    if wishes.is_empty() {
        return things::sculpture(&mut Rng::new(
            seed ^ hash(text.trim().to_lowercase().as_bytes()),
        ));
    }
    // What is said last is the ground of what was said before: “a cup on a table by a lamp”.
    let mut finished: Vec<Group> = Vec::new();
    for (index, wish) in wishes.iter().enumerate() {
        let next = row(wish, index, &rng);
        let Some(last) = finished.pop() else {
            finished.push(next);
            continue;
        };
        match wish.relation {
            Relation::On | Relation::Above => {
                let gap = if wish.relation == Relation::On { 0.0 } else { 0.35 };
                let by = next.high[1] + gap - last.low[1];
                finished.push(last.centred(&next).moved([0.0, by, 0.0]).join(next));
            }
            Relation::Under => {
                let next = next.centred(&last);
                let by = next.high[1] - last.low[1] + 0.1;
                finished.push(last.moved([0.0, by, 0.0]).join(next));
            }
            Relation::Behind => {
                // “A behind B”: B is nearer.
                let next = next.centred(&last);
                let by = last.high[2] - next.low[2] + 0.25;
                finished.push(next.moved([0.0, 0.0, by]).join(last));
            }
            Relation::Before => {
                let next = next.centred(&last);
                let by = last.low[2] - next.high[2] - 0.25;
                finished.push(next.moved([0.0, 0.0, by]).join(last));
            }
            Relation::Beside => finished.extend([last, next]),
        }
    }
    let mut all: Option<Group> = None;
    for next in finished {
        all = Some(match all {
            Some(all) => {
                let by = all.high[0] - next.low[0] + 0.3;
                all.join(next.moved([by, 0.0, 0.0]))
            }
            None => next,
        });
    }
    let Some(all) = all else { return Vec::new() };
    let middle = all.middle();
    let low = all.low[1];
    all.moved([-middle[0], -low, -middle[2]]).pieces
}

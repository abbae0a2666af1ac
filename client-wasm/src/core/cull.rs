//! The part of a canvas that is in the DOM, and how much of it is drawn.
//!
//! Cards in view with a margin are there, decided anew only when the view leaves that margin. Making a card takes
//! longer than moving one, so only so many are made in a frame; first as plain boxes, nearest to the middle first.

use std::collections::BTreeSet;

use gesso_protocol::schema::{Canvas, Node};

use super::doc::EdgesByNode;
use super::geometry::Rect;
use super::index::SpatialIndex;

/// More cards than this in view, from far away, are painted instead of being elements.
const PAINTED_ABOVE: usize = 300;
/// So many plain boxes are added in one frame.
const NEW_BOXES: usize = 40;
/// So many cards are drawn in full in one frame.
const NEW_CARDS: usize = 5;
/// So many cards become plain boxes in one frame.
const LOST_CARDS: usize = 3 * NEW_CARDS;
/// The margin around the view, as a part of its longer side.
const MARGIN: f64 = 0.2;
/// Zoomed in so far that the margin is this many times as wide as the view, it is drawn anew.
const MARGIN_MAX: f64 = 2.4;
/// With more nodes selected than this those out of view leave the DOM.
const SELECTED_MAX: usize = 50;

/// The view, and the part of the canvas that was in the DOM until now.
#[derive(Debug, Clone)]
pub struct Look<'l> {
    /// Part of the canvas that is on screen, in canvas units.
    pub view: Rect,
    /// For which part of the canvas it was decided last.
    pub seen: Option<Rect>,
    /// True if it is decided anew even so.
    pub is_forced: bool,
    /// True if cards are plain boxes.
    pub is_far: bool,
    /// Nodes that are selected: they stay, or focus would be lost by panning.
    pub selection: &'l BTreeSet<String>,
    /// Cards that are in the DOM.
    pub cards: &'l [String],
    /// Those of them that are drawn in full.
    pub detailed: &'l BTreeSet<String>,
}

/// The part of the canvas that is to be in the DOM.
#[derive(Debug, Clone, PartialEq)]
pub struct Culled {
    /// For which part of the canvas.
    pub seen: Rect,
    /// Cards, bottom first.
    pub cards: Vec<String>,
    /// Groups, bottom first.
    pub frames: Vec<String>,
    /// Wires, by the keys of their edges.
    pub wires: Vec<String>,
    /// Cards that are drawn in full.
    pub detailed: BTreeSet<String>,
    /// True if cards and wires are painted instead.
    pub is_painted: bool,
    /// True if something is left for the next frame.
    pub is_unfinished: bool,
}

/// Decides what is in the DOM; `None` where what is there will do.
pub fn cull(
    canvas: &Canvas,
    index: &SpatialIndex,
    edges: &EdgesByNode,
    look: &Look<'_>,
) -> Option<Culled> {
    let is_within = |seen: &Rect| seen.contains(look.view) && seen.w < look.view.w * MARGIN_MAX;
    let kept = look.seen.filter(is_within);
    if kept.is_some() && !look.is_forced {
        return None;
    }
    let seen = kept.unwrap_or_else(|| look.view.grown(look.view.w.max(look.view.h) * MARGIN));
    let mut ids = index.query(seen);
    if look.selection.len() < SELECTED_MAX {
        ids.extend(look.selection.iter().cloned());
    }
    let mut nodes: Vec<&Node> = ids.iter().filter_map(|id| canvas.nodes.get(id)).collect();
    nodes.sort_by(|a, b| (&a.z, &a.id).cmp(&(&b.z, &b.id)));
    let (frames, mut cards): (Vec<&Node>, Vec<&Node>) =
        nodes.into_iter().partition(|node| node.kind == "group");
    let is_painted = look.is_far && cards.len() > PAINTED_ABOVE;
    if is_painted {
        cards.retain(|node| look.selection.contains(&node.id));
    }
    let nearness = |id: &str| {
        index.get(id).map_or(f64::MAX, |rect| rect.center().distance(look.view.center()))
    };
    let mut is_unfinished = make_some(&mut cards, look, nearness);
    let (detailed, are_more) = detail_some(&cards, look, nearness);
    is_unfinished |= are_more;
    let wires = if is_painted { Vec::new() } else { wires(canvas, index, edges, &ids, seen) };
    let names = |nodes: Vec<&Node>| nodes.into_iter().map(|node| node.id.clone()).collect();
    Some(Culled {
        seen,
        cards: names(cards),
        frames: names(frames),
        wires,
        detailed,
        is_painted,
        is_unfinished,
    })
}

/// The `most` nearest.
fn nearest(mut ids: Vec<String>, most: usize, nearness: impl Fn(&str) -> f64) -> Vec<String> {
    if ids.len() > most {
        ids.sort_by(|a, b| nearness(a).total_cmp(&nearness(b)));
        ids.truncate(most);
    }
    ids
}

/// Keeps cards that are there and as many new ones as a frame can make; says whether others are left.
fn make_some(cards: &mut Vec<&Node>, look: &Look<'_>, nearness: impl Fn(&str) -> f64) -> bool {
    let present: BTreeSet<&str> = look.cards.iter().map(String::as_str).collect();
    let is_new = |node: &&&Node| !present.contains(node.id.as_str());
    let new: Vec<String> = cards.iter().filter(is_new).map(|node| node.id.clone()).collect();
    let is_unfinished = new.len() > NEW_BOXES;
    let made: BTreeSet<String> = nearest(new, NEW_BOXES, nearness).into_iter().collect();
    cards.retain(|node| present.contains(node.id.as_str()) || made.contains(&node.id));
    is_unfinished
}

/// Which of the cards are drawn in full, and whether others are left for the next frame.
fn detail_some(
    cards: &[&Node],
    look: &Look<'_>,
    nearness: impl Fn(&str) -> f64,
) -> (BTreeSet<String>, bool) {
    let shown: BTreeSet<&str> = cards.iter().map(|node| node.id.as_str()).collect();
    let is_shown = |id: &&String| shown.contains(id.as_str());
    let mut detailed: BTreeSet<String> = look.detailed.iter().filter(is_shown).cloned().collect();
    if look.is_far {
        let lost: Vec<String> = detailed.iter().take(LOST_CARDS).cloned().collect();
        for id in lost {
            detailed.remove(&id);
        }
        let are_more = !detailed.is_empty();
        return (detailed, are_more);
    }
    let plain: Vec<String> =
        shown.iter().filter(|id| !detailed.contains(**id)).map(|id| (*id).to_owned()).collect();
    let are_more = plain.len() > NEW_CARDS;
    detailed.extend(nearest(plain, NEW_CARDS, nearness));
    (detailed, are_more)
}

/// Wires at nodes in view, and those that cross it between nodes out of view.
fn wires(
    canvas: &Canvas,
    index: &SpatialIndex,
    edges: &EdgesByNode,
    ids: &BTreeSet<String>,
    seen: Rect,
) -> Vec<String> {
    let at = ids.iter().filter_map(|id| edges.get(id)).flatten();
    let mut wires: BTreeSet<&str> = at.map(String::as_str).collect();
    for edge in canvas.edges.values() {
        let ends: (Option<Rect>, Option<Rect>) =
            (index.get(&edge.from_node), index.get(&edge.to_node));
        if let (Some(a), Some(b)) = ends
            && a.union(b).touches(seen)
        {
            wires.insert(&edge.key);
        }
    }
    wires.retain(|key| {
        canvas.edges.get(*key).is_some_and(|edge| {
            canvas.nodes.contains_key(&edge.from_node) && canvas.nodes.contains_key(&edge.to_node)
        })
    });
    wires.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;

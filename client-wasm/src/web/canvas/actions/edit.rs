//! Edits of nodes, from wherever people ask for them: keys, menus, buttons.

use crate::web::canvas::actions::camera;
use crate::web::canvas::actions::focus::focus_card;
use gesso_protocol::nodes;
use gesso_protocol::values::AssetRef;
use std::collections::BTreeSet;

use gesso_protocol::schema::{self, Connection, NewNode, Node};
use leptos::prelude::*;
use serde_json::{Value, json};

use crate::core::card_layout;
use crate::core::clip::Clip;
use crate::core::editor::PortRef;
use crate::core::geometry::{Point, Rect};
use crate::core::grouping::{self, Groups};
use crate::core::keymap::Command;
use crate::core::placement;
use crate::core::reading_order;
use crate::core::rights::Right;
use crate::core::{tracks, wire_order};
use crate::web::canvas::store::page::{Page, fresh_id, rect_of};

/// A node of a kind as it begins, without a place.
pub fn blank(kind: &str) -> NewNode {
    let size = match kind {
        "group" => Some([420.0, 280.0]),
        _ => None,
    };
    let color = (kind == "sticky_note").then(|| "yellow".to_owned());
    NewNode { id: fresh_id(), kind: kind.to_owned(), size, color, ..NewNode::default() }
}

/// Adds a node, selects it, brings it into view and returns its id. Its middle comes to `at` (the middle of the screen
/// for `None`) where that is free, else as near as there is space; notes, stickers and groups go there in any case.
pub fn add(page: Page, mut node: NewNode, at: Option<Point>) -> String {
    if !page.demand(Right::Edit) {
        return node.id;
    }
    let probe = Node { kind: node.kind.clone(), size: node.size, ..Node::default() };
    let (w, h) = (card_layout::width(&probe), card_layout::guessed_height(&probe));
    let wanted = match at {
        Some(at) => Rect::new(at.x - w / 2.0, at.y - 40.0_f64.min(h / 2.0), w, h),
        None => {
            let middle = camera::free_view(page).center();
            Rect::new(middle.x - w / 2.0, middle.y - h / 2.0, w, h)
        }
    };
    let goes_anywhere = at.is_some() && !placement::is_in_the_way(&node.kind);
    let corner =
        if goes_anywhere { Point::new(wanted.x, wanted.y) } else { free_place(page, wanted) };
    node.pos = [corner.x.round(), corner.y.round()];
    let id = node.id.clone();
    page.edit(|txn| schema::add_node(txn, &node));
    if node.kind != "group" {
        crate::web::canvas::actions::settle::settle_parents(page, &BTreeSet::from([id.clone()]));
    }
    page.select([id.clone()]);
    camera::bring_into_view(page, Rect::new(corner.x, corner.y, w, h));
    id
}

/// The corner of the free place nearest to one, in what panels leave of the screen if there is one.
pub fn free_place(page: Page, wanted: Rect) -> Point {
    let view = camera::free_view(page);
    let core = page.core();
    let core = core.borrow();
    placement::free_place(core.replica.canvas(), &core.index, wanted, view)
}

/// The connection of an output to an input, item by item.
pub fn connection(from: &PortRef, to: &PortRef) -> Connection {
    Connection {
        from: (from.node.clone(), from.port.clone()),
        to: (to.node.clone(), to.port.clone()),
        items_all: false,
    }
}

/// Makes the wires that suggest themselves; `false` where there are none.
pub fn take_suggestion(page: Page) -> bool {
    let Some(suggestion) = page.overlays.suggestion.get_untracked() else { return false };
    page.overlays.suggestion.set(None);
    page.edit(|txn| {
        if let Some(key) = &suggestion.replaces {
            schema::disconnect(txn, key);
        }
        for (from, to) in &suggestion.wires {
            schema::connect(txn, &connection(from, to));
        }
    });
    page.live.set("Connected".to_owned());
    true
}

/// Deletes what is selected, with its wires; groups' members and what is fixed in place stay.
pub fn delete_selection(page: Page) {
    let ids = page.selection.get_untracked();
    let ids: Vec<String> = page.read(|canvas| grouping::free(canvas, ids)).into_iter().collect();
    if ids.is_empty() {
        tell_fixed(page);
    }
    delete(page, &ids);
}

/// Says why nothing happens, where all that is selected is fixed in place.
pub fn tell_fixed(page: Page) {
    let ids = page.selection.get_untracked();
    let is_fixed = !ids.is_empty() && page.read(|canvas| grouping::free(canvas, ids)).is_empty();
    if is_fixed {
        let keys = page.keys.with_untracked(|keys| keys.shown(Command::ToggleFixed));
        page.toasts.say("pin", &format!("It is fixed in place. {keys} lets it go."));
    }
}

/// Fixes what is selected where it is, or lets it go when all of it is fixed.
pub fn toggle_fixed(page: Page) {
    let words = ("Fixed in place", "No longer fixed in place");
    toggle(page, "fixed", |node| node.fixed, words);
}

/// Deletes nodes with their wires.
pub fn delete(page: Page, ids: &[String]) {
    if ids.is_empty() || !page.demand(Right::Edit) {
        return;
    }
    page.edit(|txn| schema::remove_nodes(txn, ids));
    let what = if ids.len() == 1 {
        "Deleted 1 node".to_owned()
    } else {
        format!("Deleted {} nodes", ids.len())
    };
    page.live.set(what);
    page.select([]);
}

/// Copies what is selected beside itself and selects the copies.
pub fn duplicate(page: Page, by: [f64; 2]) {
    let ids = page.core().borrow().editor.selection.clone();
    let ids = page.read(|canvas| Groups::of(canvas).with_members(&ids));
    let clip = Clip::of(&page.core().borrow().replica, &ids);
    paste_clip(page, &clip, by, true);
}

fn paste_clip(page: Page, clip: &Clip, by: [f64; 2], incoming: bool) {
    if clip.is_empty() || !page.demand(Right::Edit) {
        return;
    }
    let canvas = page.read(Clone::clone);
    let added = page.edit(|txn| clip.paste(txn, &canvas, by, incoming, fresh_id));
    page.select(added);
}

/// Returns the selection as text for the clipboard.
pub fn copied(page: Page) -> Option<String> {
    let ids = page.selection.get_untracked();
    if ids.is_empty() {
        return None;
    }
    let ids = page.read(|canvas| Groups::of(canvas).with_members(&ids));
    Some(Clip::of(&page.core().borrow().replica, &ids).to_json())
}

/// Pastes text: nodes that were copied, or any other text as a Text node.
pub fn paste(page: Page, text: &str, incoming: bool) {
    if !page.demand(Right::Edit) {
        return;
    }
    let at = page.core().borrow().pointer.unwrap_or_else(|| page.view_rect().center());
    match Clip::parse(text) {
        Some(clip) => {
            let Some(bounds) = clip.bounds() else { return };
            let wanted = Rect { x: at.x - bounds.w / 2.0, y: at.y - bounds.h / 2.0, ..bounds };
            let place = free_place(page, wanted);
            let by = [(place.x - bounds.x).round(), (place.y - bounds.y).round()];
            paste_clip(page, &clip, by, incoming);
            camera::bring_into_view(page, Rect { x: place.x, y: place.y, ..bounds });
        }
        None if !text.trim().is_empty() => {
            let node = NewNode { text: text.trim().to_owned(), ..blank("text") };
            add(page, node, Some(at));
        }
        None => {}
    }
}

/// Selects every node.
pub fn select_all(page: Page) {
    let ids: Vec<String> = page.read(|canvas| canvas.nodes.keys().cloned().collect());
    page.select(ids);
}

/// Puts a group around what is selected.
pub fn group(page: Page) {
    let ids = page.selection.get_untracked();
    let rect = {
        let core = page.core();
        let core = core.borrow();
        Rect::around(ids.iter().filter_map(|id| core.index.get(id)))
    };
    let Some(rect) = rect else { return };
    // What is in a group among them stays there, and the new group is where all of them are.
    let (members, parent) = page.read(|canvas| {
        let groups = Groups::of(canvas);
        let members = groups.outermost(&ids);
        let parent = groups.common_parent(&members).map(str::to_owned);
        (members, parent)
    });
    let frame = NewNode {
        pos: [rect.x - 24.0, rect.y - 52.0],
        size: Some([rect.w + 48.0, rect.h + 76.0]),
        z: Some(String::new()),
        ..blank("group")
    };
    let id = frame.id.clone();
    page.edit(|txn| {
        schema::add_node(txn, &frame);
        schema::set_node_value(txn, &id, "parent", &json!(parent));
        for member in &members {
            schema::set_node_value(txn, member, "parent", &json!(id));
        }
    });
    page.select([id]);
}

/// Takes the selected groups away and leaves what is in them.
pub fn ungroup(page: Page) {
    let groups: Vec<String> = page.read(|canvas| {
        let ids = page.selection.get_untracked();
        ids.into_iter()
            .filter(|id| canvas.nodes.get(id).is_some_and(|n| n.kind == "group"))
            .collect()
    });
    if groups.is_empty() {
        return;
    }
    // What was in them is now where they were.
    let members: Vec<(String, Option<String>)> = page.read(|canvas| {
        let parents = Groups::of(canvas);
        let is_gone = |group: &&str| groups.iter().any(|gone| gone == group);
        let left = |parent: &str| {
            std::iter::successors(Some(parent), |group| parents.parent(group))
                .find(|group| !is_gone(group))
                .map(str::to_owned)
        };
        let inside = |id: &String| {
            let parent = parents.parent(id).filter(is_gone)?;
            (!is_gone(&id.as_str())).then(|| (id.clone(), left(parent)))
        };
        canvas.nodes.keys().filter_map(inside).collect()
    });
    page.edit(|txn| {
        for (id, parent) in &members {
            schema::set_node_value(txn, id, "parent", &json!(parent));
        }
        schema::remove_nodes(txn, &groups);
    });
    page.select(members.into_iter().map(|(id, _)| id));
}

/// Locks what is selected, or unlocks it when all of it is locked.
pub fn toggle_lock(page: Page) {
    toggle(page, "locked", |node| node.locked, ("Locked", "Unlocked"));
}

/// Sets a flag of what is selected, or takes it away when all of it has it, and says which.
fn toggle(page: Page, key: &str, is_set: fn(&Node) -> bool, (set, unset): (&str, &str)) {
    if !page.demand(Right::Edit) {
        return;
    }
    let ids = page.selection.get_untracked();
    let all = page.read(|c| ids.iter().all(|id| c.nodes.get(id).is_some_and(is_set)));
    let value = if all { Value::Null } else { json!(true) };
    page.edit(|txn| {
        for id in &ids {
            schema::set_node_value(txn, id, key, &value);
        }
    });
    page.live.set(if all { unset.to_owned() } else { set.to_owned() });
}

/// Gives a node a title; an empty one takes it back.
pub fn rename(page: Page, id: &str, title: &str) {
    let title = title.trim();
    let same = page.read(|c| c.nodes.get(id).is_some_and(|n| n.shown_title() == title));
    if same {
        return;
    }
    let value = if title.is_empty() { Value::Null } else { json!(title) };
    page.edit(|txn| {
        schema::set_node_value(txn, id, "title", &value);
        schema::follow_titles(txn, &[id.to_owned()].into());
    });
}

/// Sets one setting; null takes it back to the model's default.
pub fn set_setting(page: Page, id: &str, key: &str, value: &Value) {
    page.edit(|txn| schema::set_setting(txn, id, key, value));
}

/// Shows and passes on another generation of the item a card shows, `step` away from the one shown.
pub fn step_history(page: Page, id: &str, step: isize) {
    let key = crate::web::canvas::store::showing::item_key(page, id);
    let chosen: Option<String> = page.read(|canvas| {
        let made: Vec<_> = canvas.generations.get(id)?.iter().filter(|g| g.key == key).collect();
        let shown = gesso_protocol::graph::shown_generation(canvas, id, &key);
        let at = shown.and_then(|s| made.iter().position(|g| g.id == s.id)).unwrap_or(made.len());
        let to = at.checked_add_signed(step)?;
        made.get(to).map(|g| g.id.clone())
    });
    if let Some(chosen) = chosen {
        choose(page, id, &key, &chosen);
    }
}

/// Writes what an item shows and passes on until its next result.
fn put_output(page: Page, id: &str, key: &str, chosen: &Value) {
    let newest =
        page.read(|c| gesso_protocol::graph::newest_generation(c, id, key).map(|g| g.id.clone()));
    page.edit(|txn| schema::set_output(txn, id, key, Some((chosen.clone(), newest.as_deref()))));
}

/// Shows and passes on a generation of an item. One that the document does not hold comes from the server once it sees
/// that it is chosen.
pub fn choose(page: Page, id: &str, key: &str, generation: &str) {
    put_output(page, id, key, &json!({"generation": generation}));
}

/// Shows and passes on a result that was just added, also where the document has it only a moment later.
pub fn choose_new(page: Page, id: &str, key: &str, generation: &str) {
    let chosen = json!({"generation": generation});
    page.edit(|txn| schema::set_output(txn, id, key, Some((chosen, Some(generation)))));
}

/// Takes away what the item a card shows passes on, until its next result.
pub fn reset_creation(page: Page, id: &str) {
    let key = crate::web::canvas::store::showing::item_key(page, id);
    put_output(page, id, &key, &Value::Null);
}

/// Puts a file in the place of what the item a card shows passes on, until its next result.
pub fn replace_creation(page: Page, id: &str, asset: &Value) {
    let key = crate::web::canvas::store::showing::item_key(page, id);
    put_output(page, id, &key, &json!({"asset": asset}));
}

/// Marks a generation as a favourite, or no longer.
pub fn star(page: Page, id: &str, generation: &str, starred: bool) {
    page.edit(|txn| schema::set_star(txn, id, generation, starred));
}

/// Gives an input that takes several the whole batch of a wire at once, or item by item.
pub fn set_whole_batch(page: Page, key: &str, whole: bool) {
    let Some(edge) = page.read(|c| c.edges.get(key).cloned()) else { return };
    let connection = Connection { items_all: whole, ..Connection::of(&edge) };
    page.edit(|txn| schema::connect_at(txn, &connection, &edge.z));
}

/// Moves one of the wires that come into an input to another place among them. Of a mix, each sound keeps its settings.
pub fn move_wire(page: Page, id: &str, port: &str, from: usize, to: usize) {
    let graph = page.graph.get_untracked();
    let wires: Vec<(String, String)> = graph
        .sources(id, port)
        .map(|source| (source.edge.key.clone(), source.edge.z.clone()))
        .collect();
    let places = wire_order::moved(&wires, from, to);
    let settings = page.read(|c| {
        let mix = c.nodes.get(id).filter(|n| n.kind == "video_audio_mix" && port == "audio");
        mix.map(|n| tracks::moved(&n.settings, wires.len(), from, to)).unwrap_or_default()
    });
    let connections: Vec<(Connection, String)> = places
        .into_iter()
        .filter_map(|(key, z)| Some((Connection::of(&graph.edge(&key)?.edge), z)))
        .collect();
    page.edit(|txn| {
        for (connection, z) in &connections {
            schema::connect_at(txn, connection, z);
        }
        for (key, value) in &settings {
            schema::set_setting(txn, id, key, value);
        }
    });
}

/// Moves keyboard focus to the next or previous card and brings it into view. `false` at either end.
pub fn focus_step(page: Page, from: Option<&str>, back: bool) -> bool {
    let order = {
        let core = page.core();
        let core = core.borrow();
        let nodes = core.replica.canvas().nodes.values();
        reading_order::reading_order(nodes.map(|node| (node.id.clone(), rect_of(&core, node))))
    };
    let Some(id) = reading_order::step(&order, from, back).map(str::to_owned) else { return false };
    page.select([id.clone()]);
    show(page, &id);
    focus_card(&id);
    true
}

/// Brings a node into view.
pub fn show(page: Page, id: &str) {
    let Some(rect) = page.core().borrow().index.get(id) else { return };
    if !page.view_rect().contains(rect) {
        let (w, h) = page.screen.get_untracked();
        let zoom = page.camera.get_untracked().zoom.max(0.5);
        page.set_camera(crate::core::geometry::Camera::centred(rect.center(), zoom, w, h));
    }
}

/// Deletes a connection.
pub fn delete_edge(page: Page, key: &str) {
    page.edit(|txn| schema::disconnect(txn, key));
}

/// Puts a stored file into a node: what it holds, or in the place of what it made.
pub fn put(page: Page, id: &str, asset: &AssetRef) {
    let value = asset.to_value();
    let kind = page.read(|c| c.nodes.get(id).map(|n| n.kind.clone())).unwrap_or_default();
    if holds_file(&kind) {
        page.edit(|txn| schema::set_node_value(txn, id, "asset", &value));
        return;
    }
    let made = nodes::spec(&kind).and_then(|s| s.outputs.first()).map(|o| o.ty);
    if made != asset.ty.map(nodes::PortType::Fixed) {
        let what = asset.ty.map_or("That file", |ty| ty.label());
        page.toasts
            .bad(&format!("{what} does not fit here. Choose a file of the kind this node makes."));
        return;
    }
    replace_creation(page, id, &value);
}

/// True if a node kind holds a file.
pub fn holds_file(kind: &str) -> bool {
    nodes::spec(kind).is_some_and(|s| matches!(s.id, "upload" | "media"))
}

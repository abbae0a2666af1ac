//! Pointer, wheel and touch on the canvas: events in, effects of the gesture chart out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gesso_protocol::graph::{Drag as WireDrag, Graph};
use gesso_protocol::schema::{self, Connection};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use super::layout;
use super::page::{Asked, Core, Drag, Page, now_ms, port_key, rect_of};
use crate::core::editor::{Button, Effect, Input, Mods, PortRef, Side, State, Target, World};
use crate::core::geometry::{Camera, Point, Rect};
use crate::core::grouping::Groups;

/// While nodes are dragged their places are written at most so often, in ms.
const WRITE_MS: f64 = 60.0;
/// A port takes the pointer within so many screen pixels of its middle.
const PORT_REACH: f64 = 14.0;

/// What the gesture chart may ask.
struct Facts<'a> {
    core: &'a Core,
    camera: Camera,
    graph: Arc<Graph>,
}

impl World for Facts<'_> {
    fn camera(&self) -> Camera {
        self.camera
    }

    fn touching(&self, rect: Rect) -> BTreeSet<String> {
        let canvas = self.core.replica.canvas();
        let mut ids = self.core.index.query(rect);
        // A group is selected by a marquee around all of it, or one could not select what is inside.
        ids.retain(|id| {
            let group = canvas.nodes.get(id).is_some_and(|n| n.kind == "group");
            !group || self.core.index.get(id).is_some_and(|r| rect.contains(r))
        });
        ids
    }

    fn refusal(&self, a: &PortRef, b: &PortRef) -> Result<(), String> {
        refusal(&self.graph, a, b)
    }

    fn plugged(&self, port: &PortRef) -> Option<(String, PortRef)> {
        let many = self.graph.spec(&port.node)?.input(&port.port)?.many;
        if many {
            return None;
        }
        let edge = &self.graph.sources(&port.node, &port.port).next()?.edge;
        let output =
            PortRef { node: edge.from_node.clone(), side: Side::Out, port: edge.from_port.clone() };
        Some((edge.key.clone(), output))
    }
}

/// Why two ports cannot be connected.
///
/// # Errors
/// The sentence for people.
pub fn refusal(graph: &Graph, a: &PortRef, b: &PortRef) -> Result<(), String> {
    if a.side == b.side {
        let what = if a.side == Side::Out { "outputs" } else { "inputs" };
        return Err(format!("Two {what} do not connect"));
    }
    let drag = match a.side {
        Side::Out => WireDrag::from_output(graph, &a.node, &a.port),
        Side::In => WireDrag::from_input(graph, &a.node, &a.port),
    };
    drag.fits(graph, &b.node, &b.port).map_err(|refusal| refusal.detail)
}

/// A pointer's place relative to the canvas element.
pub fn at(e: &web_sys::MouseEvent) -> Point {
    Point::new(f64::from(e.client_x()), f64::from(e.client_y()))
}

/// Keys held during an event.
pub fn mods(e: &web_sys::MouseEvent) -> Mods {
    Mods { shift: e.shift_key(), command: e.ctrl_key() || e.meta_key(), alt: e.alt_key() }
}

fn attribute(element: &web_sys::Element, selector: &str, name: &str) -> Option<String> {
    element.closest(selector).ok()??.get_attribute(name)
}

/// The port a `data-port` names.
fn read_port(node: String, name: &str) -> Option<PortRef> {
    let (side, port) = name.split_once(':')?;
    let side = if side == "in" { Side::In } else { Side::Out };
    Some(PortRef { node, side, port: port.to_owned() })
}

/// What an element of the canvas stands for.
pub fn target_of(element: Option<&web_sys::Element>) -> Target {
    let Some(element) = element else { return Target::Canvas };
    if let Some(node) = attribute(element, "[data-node]", "data-node") {
        if let Some(port) = attribute(element, "[data-port]", "data-port")
            && let Some(port) = read_port(node.clone(), &port)
        {
            return Target::Port(port);
        }
        if element.closest("[data-corner]").ok().flatten().is_some() {
            return Target::Corner(node);
        }
        let own = element.closest("button,input,select,a,video,audio,[data-own]").ok().flatten();
        let field = element.closest("textarea").ok().flatten();
        let typing = field.is_some_and(|f| document().active_element().as_ref() == Some(&f));
        if own.is_some() || typing {
            return Target::Own;
        }
        return Target::Node(node);
    }
    if let Some(key) = attribute(element, "[data-edge]", "data-edge") {
        return Target::Edge(key);
    }
    if element.closest("[data-floating]").ok().flatten().is_some() {
        return Target::Own;
    }
    Target::Canvas
}

fn element_at(p: Point) -> Option<web_sys::Element> {
    document().element_from_point(p.x as f32, p.y as f32)
}

/// The port whose middle is nearest to the pointer, where one is near enough.
fn near_port(page: Page, p: Point) -> Option<PortRef> {
    let camera = page.camera.get_untracked();
    if page.far.get_untracked() {
        return None;
    }
    let c = camera.to_canvas(p);
    let reach = (PORT_REACH / camera.zoom).max(8.0);
    let core = page.core();
    let core = core.borrow();
    let canvas = core.replica.canvas();
    let near = core.index.query(Rect::new(c.x - reach, c.y - reach, 2.0 * reach, 2.0 * reach));
    let mut best: Option<(f64, PortRef)> = None;
    for id in near {
        let Some(node) = canvas.nodes.get(&id) else { continue };
        let Some(spec) = gesso_protocol::nodes::spec(&node.kind) else { continue };
        let Some(rect) = core.index.get(&id) else { continue };
        let ins = spec.inputs.iter().map(|port| (Side::In, port.name));
        for (side, port) in ins.chain(spec.outputs.iter().map(|port| (Side::Out, port.name))) {
            let x = if side == Side::In { rect.x } else { rect.right() };
            let middle = Point::new(x, rect.y + layout::port_y(&node.kind, side, port));
            let distance = middle.distance(c);
            if distance <= reach && best.as_ref().is_none_or(|(d, _)| distance < *d) {
                best = Some((distance, PortRef { node: id.clone(), side, port: port.to_owned() }));
            }
        }
    }
    best.map(|(_, port)| port)
}

/// What is under a screen point, ports first.
pub fn target_at(page: Page, p: Point) -> Target {
    let found = target_of(element_at(p).as_ref());
    match found {
        Target::Own | Target::Corner(_) => found,
        Target::Canvas | Target::Node(_) | Target::Edge(_) | Target::Port(_) => {
            match near_port(page, p) {
                Some(port) => Target::Port(port),
                None if found == Target::Canvas && page.painted.get_untracked() => {
                    let at = page.camera.get_untracked().to_canvas(p);
                    super::paint::hit(page, at).map_or(found, Target::Node)
                }
                None => found,
            }
        }
    }
}

/// Gives the chart an event and does what it says.
pub fn feed(page: Page, input: &Input) {
    let core = page.core();
    let (effects, idle) = {
        let mut guard = core.borrow_mut();
        let mut editor = std::mem::take(&mut guard.editor);
        let facts = Facts {
            core: &guard,
            camera: page.camera.get_untracked(),
            graph: page.graph.get_untracked(),
        };
        let effects = editor.handle(input, &facts);
        let idle = matches!(editor.state, State::Idle | State::Pointing(_));
        guard.editor = editor;
        (effects, idle)
    };
    for effect in effects {
        carry_out(page, effect);
    }
    if page.busy.get_untracked() == idle {
        page.busy.set(!idle);
    }
}

fn carry_out(page: Page, effect: Effect) {
    match effect {
        Effect::Pan(dx, dy) => {
            page.following.set(None);
            page.set_camera(page.camera.get_untracked().panned(dx, dy));
        }
        Effect::Selected => page.selected(),
        Effect::Cleared => {
            super::text::blur();
            page.renaming.set(None);
        }
        Effect::DragStart { copy } => drag_start(page, copy),
        Effect::DragTo(dx, dy) => drag_to(page, dx, dy),
        Effect::DragEnd => drag_end(page),
        Effect::DragCancel => drag_cancel(page),
        Effect::ResizeTo(id, dx, dy) => resize(page, &id, dx, dy),
        Effect::ResizeEnd => {
            page.core().borrow_mut().drag = None;
            page.core().borrow_mut().replica.stop_undo();
        }
        Effect::ResizeCancel(_) => {
            page.core().borrow_mut().drag = None;
            page.core().borrow_mut().replica.stop_undo();
            page.undo();
        }
        Effect::Brush(rect) => page.brush.set(rect),
        Effect::WireMoved => wire_moved(page),
        Effect::Connect { from, to, replaces } => connect(page, &from, &to, replaces.as_deref()),
        Effect::DropWire { from, at, replaces } => {
            let at = page.camera.get_untracked().to_canvas(at);
            page.spotlight.set(Some(Asked {
                at: Some(at),
                wire: Some((from, replaces)),
                ..Asked::default()
            }));
        }
        Effect::EdgeClicked(..) => {}
    }
}

fn drag_start(page: Page, copy: bool) {
    if copy {
        super::commands::duplicate(page, [0.0, 0.0]);
    }
    let selection = page.core().borrow().editor.selection.clone();
    let all = page.read(|canvas| Groups::of(canvas).with_members(&selection));
    let core = page.core();
    let mut core = core.borrow_mut();
    let from = all
        .into_iter()
        .filter_map(|id| core.index.get(&id).map(|r| (id, Point::new(r.x, r.y))))
        .collect();
    if !copy {
        core.replica.stop_undo();
    }
    core.drag = Some(Drag { from, written_ms: now_ms(), dirty: false });
}

fn drag_to(page: Page, dx: f64, dy: f64) {
    let core = page.core();
    let mut guard = core.borrow_mut();
    let core = &mut *guard;
    let Some(drag) = &mut core.drag else { return };
    drag.dirty = true;
    for (id, from) in &drag.from {
        let to = Point::new((from.x + dx).round(), (from.y + dy).round());
        if let Some(rect) = core.index.get(id) {
            core.index.set(id, Rect { x: to.x, y: to.y, ..rect });
        }
        if let Some(signals) = core.nodes.get(id) {
            signals.pos.set(to);
        }
    }
    drop(guard);
    page.frame();
}

/// Writes the places of what is dragged, at intervals, so that others see it move.
pub fn write_drag(page: Page, last: bool) {
    let places: Vec<(String, [f64; 2])> = {
        let core = page.core();
        let mut guard = core.borrow_mut();
        let core = &mut *guard;
        let Some(drag) = &mut core.drag else { return };
        let now = now_ms();
        if !drag.dirty || (!last && now - drag.written_ms < WRITE_MS) {
            return;
        }
        drag.written_ms = now;
        drag.dirty = false;
        drag.from
            .keys()
            .filter_map(|id| core.index.get(id).map(|r| (id.clone(), [r.x, r.y])))
            .collect()
    };
    page.edit_more(|txn| {
        for (id, pos) in places {
            schema::set_pos(txn, &id, pos);
        }
    });
}

fn drag_end(page: Page) {
    write_drag(page, true);
    let moved: BTreeSet<String> = page
        .core()
        .borrow_mut()
        .drag
        .take()
        .map(|d| d.from.into_keys().collect())
        .unwrap_or_default();
    settle_parents(page, &moved);
    page.core().borrow_mut().replica.stop_undo();
    page.core().borrow_mut().view_due = true;
    page.frame();
}

/// What was dropped into a group belongs to it; what was dragged out does no longer.
pub fn settle_parents(page: Page, moved: &BTreeSet<String>) {
    let changes: Vec<(String, Option<String>)> = {
        let core = page.core();
        let core = core.borrow();
        let canvas = core.replica.canvas();
        let groups: Vec<(&String, Rect)> = canvas
            .nodes
            .values()
            .filter(|n| n.kind == "group" && !moved.contains(&n.id))
            .map(|n| (&n.id, rect_of(&core, n)))
            .collect();
        moved
            .iter()
            .filter_map(|id| canvas.nodes.get(id))
            .filter(|n| n.parent.as_ref().is_none_or(|p| !moved.contains(p)))
            .filter(|n| n.kind != "group")
            .filter_map(|n| {
                let middle = core.index.get(&n.id)?.center();
                let inside = groups
                    .iter()
                    .filter(|(_, r)| r.holds(middle))
                    .min_by(|a, b| (a.1.w * a.1.h).total_cmp(&(b.1.w * b.1.h)))
                    .map(|(id, _)| (*id).clone());
                (inside != n.parent).then(|| (n.id.clone(), inside))
            })
            .collect()
    };
    if changes.is_empty() {
        return;
    }
    page.edit_more(|txn| {
        for (id, parent) in changes {
            let value = parent.map_or(serde_json::Value::Null, serde_json::Value::String);
            schema::set_node_value(txn, &id, "parent", &value);
        }
    });
}

fn drag_cancel(page: Page) {
    let from = page.core().borrow_mut().drag.take().map(|d| d.from).unwrap_or_default();
    page.edit_more(|txn| {
        for (id, p) in &from {
            schema::set_pos(txn, id, [p.x, p.y]);
        }
    });
    let core = page.core();
    let mut core = core.borrow_mut();
    core.replica.stop_undo();
    for (id, p) in from {
        if let Some(rect) = core.index.get(&id) {
            core.index.set(&id, Rect { x: p.x, y: p.y, ..rect });
        }
        if let Some(signals) = core.nodes.get(&id) {
            signals.pos.set(p);
        }
    }
    core.view_due = true;
    drop(core);
    page.frame();
}

fn resize(page: Page, id: &str, dx: f64, dy: f64) {
    let (start, kind) = {
        let core = page.core();
        let mut core = core.borrow_mut();
        let Some(rect) = core.index.get(id) else { return };
        let Some(kind) = core.replica.canvas().nodes.get(id).map(|n| n.kind.clone()) else {
            return;
        };
        if core.drag.is_none() {
            core.replica.stop_undo();
            // The session remembers the size it began with in place of a position.
            let from = BTreeMap::from([(String::new(), Point::new(rect.w, rect.h))]);
            core.drag = Some(Drag { from, written_ms: 0.0, dirty: false });
        }
        let start = core.drag.as_ref().and_then(|d| d.from.get("").copied());
        (start.unwrap_or_else(|| Point::new(rect.w, rect.h)), kind)
    };
    let least = if kind == "sticker" { 32.0 } else { 160.0 };
    let w = (start.x + dx).max(least).min(2400.0).round();
    let h = (start.y + dy)
        .max(if layout::tall(&kind) { least.min(80.0) } else { 40.0 })
        .min(2400.0)
        .round();
    page.edit_more(|txn| schema::set_node_value(txn, id, "size", &serde_json::json!([w, h])));
}

fn wire_moved(page: Page) {
    let core = page.core();
    let wire = core.borrow().editor.wire().cloned();
    let began = wire.is_some() && page.wire.with_untracked(Option::is_none);
    let ended = wire.is_none();
    if began && let Some(wire) = &wire {
        page.fits.set(Arc::new(all_fits(page, &wire.from)));
    }
    if ended && page.fits.with_untracked(|f| !f.is_empty()) {
        page.fits.set(Arc::default());
    }
    page.wire.set(wire);
}

/// For each port in view, whether a wire from `from` may end there.
fn all_fits(page: Page, from: &PortRef) -> BTreeMap<String, bool> {
    let graph = page.graph.get_untracked();
    let drag = match from.side {
        Side::Out => WireDrag::from_output(&graph, &from.node, &from.port),
        Side::In => WireDrag::from_input(&graph, &from.node, &from.port),
    };
    let mut fits = BTreeMap::new();
    for id in page.visible.get_untracked().iter() {
        let Some(spec) = graph.spec(id) else { continue };
        let ins = spec.inputs.iter().map(|p| (Side::In, p.name));
        for (side, port) in ins.chain(spec.outputs.iter().map(|p| (Side::Out, p.name))) {
            let port = PortRef { node: id.clone(), side, port: port.to_owned() };
            if port == *from {
                continue;
            }
            let fit = side != from.side && drag.fits(&graph, id, &port.port).is_ok();
            fits.insert(port_key(&port), fit);
        }
    }
    fits
}

/// Connects an output to an input.
pub fn connect(page: Page, from: &PortRef, to: &PortRef, replaces: Option<&str>) {
    let connection = Connection {
        from: (from.node.clone(), from.port.clone()),
        to: (to.node.clone(), to.port.clone()),
        items_all: false,
    };
    page.edit(|txn| {
        if let Some(key) = replaces {
            schema::disconnect(txn, key);
        }
        schema::connect(txn, &connection);
    });
}

/// Wheel: two fingers or a wheel pan, with Ctrl or Command (or a pinch) they zoom at the pointer.
pub fn wheel(page: Page, e: &web_sys::WheelEvent) {
    let inside = e.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
    let field =
        inside.as_ref().and_then(|el| el.closest("textarea,.panel,[data-scroll]").ok().flatten());
    let zooming = e.ctrl_key() || e.meta_key();
    if let Some(field) = field
        && !zooming
    {
        let focused = document().active_element().as_ref() == Some(&field);
        if (focused && field.scroll_height() > field.client_height())
            || field.tag_name() != "TEXTAREA"
        {
            return;
        }
    }
    e.prevent_default();
    page.following.set(None);
    let unit = if e.delta_mode() == 1 { 16.0 } else { 1.0 };
    let (dx, dy) = (e.delta_x() * unit, e.delta_y() * unit);
    let camera = page.camera.get_untracked();
    if zooming {
        // A pinch sends small steps, a wheel large ones; both end in a bounded factor.
        let factor = (-dy.clamp(-60.0, 60.0) * 0.008).exp();
        page.set_camera(camera.zoomed(at(e), camera.zoom * factor));
    } else if e.shift_key() && dx == 0.0 {
        page.set_camera(camera.panned(-dy, 0.0));
    } else {
        page.set_camera(camera.panned(-dx, -dy));
    }
}

/// The part of the screen that panels leave free.
pub fn free_screen(page: Page) -> Rect {
    let (w, h) = page.screen.get_untracked();
    if w < 720.0 {
        return Rect::new(16.0, 72.0, (w - 32.0).max(40.0), (h - 150.0).max(40.0));
    }
    Rect::new(84.0, 76.0, (w - 84.0 - 324.0).max(80.0), (h - 76.0 - 72.0).max(80.0))
}

/// Pans just as far as it takes to show all of `rect`, or its top left corner where it is larger than the screen.
pub fn bring_into_view(page: Page, rect: Rect) {
    let camera = page.camera.get_untracked();
    let (free, corner) = (free_screen(page), camera.to_screen(Point::new(rect.x, rect.y)));
    let (w, h) = (rect.w * camera.zoom, rect.h * camera.zoom);
    let dx = (free.right() - corner.x - w).min(0.0).max(free.x - corner.x);
    let dy = (free.bottom() - corner.y - h).min(0.0).max(free.y - corner.y);
    if dx != 0.0 || dy != 0.0 {
        page.set_camera(camera.panned(dx, dy));
    }
}

/// Shows all of `rect`.
pub fn fit(page: Page, rect: Rect, most: f64) {
    page.following.set(None);
    page.set_camera(Camera::fitting(rect, free_screen(page), most));
}

/// Shows everything.
pub fn fit_all(page: Page) {
    let bounds = page.core().borrow().index.bounds();
    if let Some(rect) = bounds {
        fit(page, rect, 1.0);
    }
}

/// Shows what is selected.
pub fn fit_selection(page: Page) {
    let rect = {
        let core = page.core();
        let core = core.borrow();
        Rect::around(core.editor.selection.iter().filter_map(|id| core.index.get(id)))
    };
    match rect {
        Some(rect) => fit(page, rect.grown(40.0), 1.5),
        None => fit_all(page),
    }
}

/// When the document arrives for the first time it is shown whole.
pub fn first_fit(page: Page) {
    let core = page.core();
    if std::mem::replace(&mut core.borrow_mut().fitted, true) {
        return;
    }
    let bounds = core.borrow().index.bounds();
    if let Some(rect) = bounds {
        let camera = Camera::fitting(rect, free_screen(page), 1.0);
        // Wholly unreadable is worse than not whole.
        let camera = if camera.zoom < 0.35 {
            let free = free_screen(page);
            Camera { x: free.x - rect.x * 0.5, y: free.y - rect.y * 0.5, zoom: 0.5 }
        } else {
            camera
        };
        page.set_camera(camera);
    }
    core.borrow_mut().view_due = true;
    page.frame();
}

/// Zooms in steps, at the middle of the screen.
pub fn zoom_by(page: Page, factor: f64) {
    let (w, h) = page.screen.get_untracked();
    let camera = page.camera.get_untracked();
    page.following.set(None);
    page.set_camera(camera.zoomed(Point::new(w / 2.0, h / 2.0), camera.zoom * factor));
}

/// Zooms to a size, at the middle of the screen.
pub fn zoom_to(page: Page, zoom: f64) {
    zoom_by(page, zoom / page.camera.get_untracked().zoom);
}

/// The button of a pointer event as the chart knows it; `None` for those that do nothing here.
pub fn button(page: Page, e: &web_sys::PointerEvent) -> Option<Button> {
    let panning = page.hand.get_untracked() || page.space.get_untracked();
    match (e.pointer_type().as_str(), e.button()) {
        (_, 1) => Some(Button::Pan),
        (_, 0) if panning => Some(Button::Pan),
        ("touch", 0) => Some(Button::Touch),
        (_, 0) => Some(Button::Main),
        _ => None,
    }
}

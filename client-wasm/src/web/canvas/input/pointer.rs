//! Pointer, wheel and touch on the canvas: events in, effects of the gesture chart out.

use crate::web::canvas::actions::edit;
use crate::web::canvas::input::drag::{drag_cancel, drag_end, drag_start, drag_to, resize};
use crate::web::canvas::input::target::at;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gesso_protocol::graph::{Drag as WireDrag, Graph};
use gesso_protocol::schema;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::core::editor::{Effect, Input, PortRef, Side, State, World};
use crate::core::geometry::{Camera, End, Point, Rect, wheel_zoom, wire_near};
use crate::core::hit_test;
use crate::core::rights::Right;
use crate::web::canvas::store::page::{Asked, Core, Page, port_key, rect_of};
use crate::web::dom;

/// The facts that the gesture chart may ask for.
struct Facts<'a> {
    core: &'a Core,
    camera: Camera,
    graph: Arc<Graph>,
    may_edit: bool,
}

impl World for Facts<'_> {
    fn camera(&self) -> Camera {
        self.camera
    }

    fn is_fixed(&self, id: &str) -> bool {
        // Nothing moves for who may not move it.
        !self.may_edit || self.core.replica.canvas().nodes.get(id).is_some_and(|node| node.fixed)
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

    fn loose_end(&self, key: &str, at: Point) -> Option<PortRef> {
        if !self.may_edit {
            return None;
        }
        let canvas = self.core.replica.canvas();
        let edge = canvas.edges.get(key)?;
        let (output, input) = (PortRef::output_of(edge), PortRef::input_of(edge));
        let place = |port: &PortRef| hit_test::place_of(canvas, &self.core.index, port);
        match wire_near(place(&output)?, place(&input)?, at).end()? {
            End::Output => Some(input),
            End::Input => Some(output),
        }
    }

    fn plugged(&self, port: &PortRef) -> Option<(String, PortRef)> {
        let many = self.graph.spec(&port.node)?.input(&port.port)?.many;
        if many {
            return None;
        }
        let edge = &self.graph.sources(&port.node, &port.port).next()?.edge;
        Some((edge.key.clone(), PortRef::output_of(edge)))
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
            may_edit: page.may(Right::Edit),
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
            crate::web::canvas::actions::focus::blur();
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
            let was_resized = page.core().borrow_mut().drag.take().is_some();
            page.core().borrow_mut().replica.stop_undo();
            if was_resized {
                page.undo();
            }
        }
        Effect::Marquee(rect) => page.marquee.set(rect),
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

/// Ends the gesture that writes, where the right to it ended: everything is where the document has it.
pub fn let_go(page: Page) {
    let dragged = page.core().borrow_mut().drag.take();
    let is_idle = page.core().borrow().editor.state == State::Idle;
    if !is_idle {
        feed(page, &Input::Cancel);
    }
    for id in dragged.into_iter().flat_map(|drag| drag.from.into_keys()) {
        let core = page.core();
        let mut guard = core.borrow_mut();
        let core = &mut *guard;
        let Some(node) = core.replica.canvas().nodes.get(&id) else { continue };
        let rect = rect_of(core, node);
        core.index.set(&id, rect);
        let signals = core.nodes.get(&id).cloned();
        core.view_due = true;
        drop(guard);
        if let Some(signals) = signals {
            signals.pos.set(Point::new(rect.x, rect.y));
        }
    }
    page.overlays.suggestion.set(None);
    page.renaming.set(None);
    crate::web::canvas::actions::focus::blur();
    page.frame();
}

/// Connects an output to an input.
pub fn connect(page: Page, from: &PortRef, to: &PortRef, replaces: Option<&str>) {
    let connection = edit::connection(from, to);
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
    let field = inside.as_ref().and_then(|el| {
        el.closest("textarea,[contenteditable],.panel,[data-scroll]").ok().flatten()
    });
    let zooming = e.ctrl_key() || e.meta_key();
    if let Some(field) = field
        && !zooming
    {
        let focused = document().active_element().as_ref() == Some(&field);
        if (focused && field.scroll_height() > field.client_height()) || !dom::is_written(&field) {
            return;
        }
    }
    e.prevent_default();
    page.following.set(None);
    let unit = if e.delta_mode() == 1 { 16.0 } else { 1.0 };
    let (dx, dy) = (e.delta_x() * unit, e.delta_y() * unit);
    let camera = page.camera.get_untracked();
    if zooming {
        page.set_camera(camera.zoomed(at(e), camera.zoom * wheel_zoom(dy)));
    } else if e.shift_key() && dx == 0.0 {
        page.set_camera(camera.panned(-dy, 0.0));
    } else {
        page.set_camera(camera.panned(-dx, -dy));
    }
}

//! Wires: under the cards, in the colour of what they carry.

use leptos::prelude::*;

use crate::core::card_layout;
use crate::core::editor::{PortRef, Side};
use crate::core::geometry::{Nearest, Point, wire_near, wire_path};
use crate::web::canvas::store::page::Page;
use crate::web::ui::icons::icon;
use gesso_protocol::schema::NodeState;

/// Where a port is on the canvas, tracking the node's place.
fn port_at(page: Page, port: &PortRef) -> Option<Point> {
    let signals = page.node(&port.node)?;
    let pos = signals.pos.get();
    let (w, _) = signals.size.get();
    let kind = signals.view.with(|v| v.node.kind.clone());
    let x = if port.side == Side::In { pos.x } else { pos.x + w };
    Some(Point::new(x, pos.y + card_layout::port_y(&kind, port.side, &port.port)))
}

fn ends(page: Page, key: &str) -> Option<(PortRef, PortRef)> {
    page.graph.track();
    page.read(|canvas| {
        let e = canvas.edges.get(key)?;
        Some((PortRef::output_of(e), PortRef::input_of(e)))
    })
}

/// The wire under the pointer, and where on it.
#[derive(Clone, PartialEq)]
struct Hovered {
    key: String,
    near: Nearest,
}

/// All wires in view.
#[component]
pub fn Wires(page: Page) -> impl IntoView {
    let hovered = RwSignal::new(None::<Hovered>);
    view! {
        <svg class="wires" aria-hidden="true">
            <For
                each=move || page.wires.get().to_vec()
                key=|key| key.clone()
                children=move |key| view! { <WireView page=page key=key hovered=hovered /> }
            />
        </svg>
        {move || {
            let cuts = |over: &Hovered| over.near.end().is_none() && !page.busy.get();
            hovered.get().filter(cuts).map(|over| scissors(page, over.key, over.near.at, hovered))
        }}
    }
}

/// The wire in the hand, or the one Spotlight asks about: above the cards, or one would lose sight of its end.
#[component]
pub fn Held(page: Page) -> impl IntoView {
    view! {
        <svg class="wires held" aria-hidden="true">
            {move || drawn(page)}
            {move || asked(page)}
            {move || suggested(page)}
        </svg>
        {move || take(page)}
    }
}

/// The button that cuts the wire under the pointer.
fn scissors(
    page: Page,
    key: String,
    at: Point,
    hovered: RwSignal<Option<Hovered>>,
) -> impl IntoView {
    let style = move || {
        let scale = 1.0 / page.camera.get().zoom.max(0.3);
        format!(
            "left:{:.1}px;top:{:.1}px;transform:translate(-50%,-50%) scale({scale:.3})",
            at.x, at.y
        )
    };
    let held = key.clone();
    let cut = move |_| {
        crate::web::canvas::actions::edit::delete_edge(page, &key);
        hovered.set(None);
    };
    let menu = move |e: web_sys::MouseEvent| {
        e.prevent_default();
        e.stop_propagation();
        crate::web::canvas::input::open_context::open_edge(
            page,
            &held,
            crate::web::canvas::input::target::at(&e),
        );
        hovered.set(None);
    };
    view! {
        <button data-needs="edit" class="cut" data-floating title="Cut this wire" aria-label="Cut this wire" tabindex="-1" style=style
            on:click=cut on:contextmenu=menu on:pointerleave=move |_| hovered.set(None)>
            {icon("scissors")}
        </button>
    }
}

#[component]
fn WireView(page: Page, key: String, hovered: RwSignal<Option<Hovered>>) -> impl IntoView {
    let name = key.clone();
    let path = {
        let key = key.clone();
        Memo::new(move |_| {
            let (a, b) = ends(page, &key)?;
            Some((port_at(page, &a)?, port_at(page, &b)?))
        })
    };
    let facts = {
        let key = key.clone();
        Memo::new(move |_| {
            let graph = page.graph.get();
            let edge = graph.edge(&key);
            let ty = edge.and_then(|e| e.ty).map_or("any", |ty| ty.id());
            (ty, edge.is_some_and(|e| e.batch), edge.is_none_or(|e| e.broken))
        })
    };
    // Data flows while the node at its end works.
    let flowing = {
        let key = key.clone();
        Memo::new(move |_| {
            let Some((_, to)) = ends(page, &key) else { return NodeState::Idle };
            page.node(&to.node).map_or(NodeState::Idle, |s| s.view.with(|v| v.state()))
        })
    };
    // The wire whose end is in somebody's hand is drawn by the hand.
    let held = {
        let key = key.clone();
        Memo::new(move |_| {
            page.wire.with(|w| w.as_ref().is_some_and(|w| w.replaces.as_deref() == Some(&key)))
        })
    };
    let hovered_end = {
        let key = key.clone();
        let is_here = move |over: &&Hovered| over.key == key;
        Memo::new(move |_| {
            hovered.with(|over| over.as_ref().filter(&is_here).map(|over| over.near.end()))
        })
    };
    let d = move || path.get().map(|(a, b)| wire_path(a, b)).unwrap_or_default();
    let class = move || {
        let (_, batch, broken) = facts.get();
        let mut class = "wire".to_owned();
        match flowing.get() {
            NodeState::Running => class.push_str(" flow"),
            NodeState::Pending => class.push_str(" faint"),
            NodeState::Idle
            | NodeState::Completed
            | NodeState::Failed
            | NodeState::Cancelled
            | NodeState::Paused => {}
        }
        if batch && flowing.get() != NodeState::Running {
            class.push_str(" batch");
        }
        if broken {
            class.push_str(" broken");
        }
        if hovered_end.get().is_some() {
            class.push_str(" is-hover");
        }
        class
    };
    let hover = move |e: web_sys::PointerEvent| {
        if page.busy.get_untracked() || e.pointer_type() == "touch" {
            return;
        }
        let p = page.camera.get_untracked().to_canvas(crate::web::canvas::input::target::at(&e));
        if let Some((a, b)) = path.get_untracked() {
            let near = wire_near(a, b, p);
            hovered.set(Some(Hovered { key: name.clone(), near }));
        }
    };
    let takes_end = move || hovered_end.get().flatten().is_some();
    let leave = move |e: web_sys::PointerEvent| {
        use wasm_bindgen::JsCast as _;
        let to = e.related_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
        let onto_button = to.and_then(|t| t.closest(".cut").ok().flatten()).is_some();
        if !onto_button {
            hovered.set(None);
        }
    };
    view! {
        <g
            data-edge=key
            data-type=move || facts.get().0
            data-batch=move || facts.get().1.then_some("true")
            style:display=move || held.get().then_some("none")
        >
            {move || (flowing.get() == NodeState::Running).then(|| view! { <path class="wire faint" d=d></path> })}
            <path class=class d=d></path>
            <path class="wire-hit" class:is-end=takes_end d=d on:pointermove=hover on:pointerleave=leave></path>
        </g>
    }
}

/// The wire in the hand.
fn drawn(page: Page) -> Option<impl IntoView + use<>> {
    let wire = page.wire.get()?;
    let start = port_at(page, &wire.from)?;
    let end = match &wire.over {
        Some((port, Ok(()))) => port_at(page, port).unwrap_or(wire.at),
        _ => wire.at,
    };
    let (a, b) = if wire.from.side == Side::Out { (start, end) } else { (end, start) };
    let graph = page.graph.get_untracked();
    let ty = match wire.from.side {
        Side::Out => graph.output_type(&wire.from.node, &wire.from.port),
        Side::In => graph.input_type(&wire.from.node, &wire.from.port),
    };
    let ty = ty.map_or("any", |ty| ty.id());
    Some(view! { <path class="wire" data-type=ty d=wire_path(a, b)></path> })
}

/// The wire that was dropped on nothing, while Spotlight asks what belongs there.
fn asked(page: Page) -> Option<impl IntoView + use<>> {
    let asked = page.spotlight.get()?;
    let (port, _) = asked.wire?;
    let (start, end) = (port_at(page, &port)?, asked.at?);
    let (a, b) = if port.side == Side::Out { (start, end) } else { (end, start) };
    let graph = page.graph.get_untracked();
    let ty = match port.side {
        Side::Out => graph.output_type(&port.node, &port.port),
        Side::In => graph.input_type(&port.node, &port.port),
    };
    let ty = ty.map_or("any", |ty| ty.id());
    Some(view! { <path class="wire ghost" data-type=ty d=wire_path(a, b)></path> })
}

/// Both ends of the wires that suggest themselves.
fn suggested_ends(page: Page) -> Vec<(PortRef, Point, Point)> {
    let wires = page.overlays.suggestion.get().map(|found| found.wires).unwrap_or_default();
    let ends = |(from, to): (PortRef, PortRef)| {
        let (a, b) = (port_at(page, &from)?, port_at(page, &to)?);
        Some((from, a, b))
    };
    wires.into_iter().filter_map(ends).collect()
}

/// The wires that suggest themselves.
fn suggested(page: Page) -> impl IntoView + use<> {
    let graph = page.graph.get_untracked();
    let wire = |(from, a, b): (PortRef, Point, Point)| {
        let ty = graph.output_type(&from.node, &from.port).map_or("any", |ty| ty.id());
        view! { <path class="wire ghost" data-type=ty d=wire_path(a, b)></path> }
    };
    suggested_ends(page).into_iter().map(wire).collect_view()
}

/// The button that makes them.
fn take(page: Page) -> Option<impl IntoView + use<>> {
    let (_, a, b) = suggested_ends(page).into_iter().next()?;
    let style = move || {
        let scale = 1.0 / page.camera.get().zoom.max(0.3);
        let (x, y) = ((a.x + b.x) / 2.0, (a.y + b.y) / 2.0);
        // Above the wire, which it would hide.
        format!("left:{x:.1}px;top:{y:.1}px;transform:scale({scale:.3}) translate(-50%,-160%)")
    };
    let take = move |_| {
        crate::web::canvas::actions::edit::take_suggestion(page);
    };
    Some(view! {
        <button data-needs="edit" class="btn s suggest" data-floating style=style on:click=take>{icon("plus")}"Connect"<kbd aria-hidden="true">"⏎"</kbd></button>
    })
}

/// The sentence beside the pointer where a wire may not end.
#[component]
pub fn Refusal(page: Page) -> impl IntoView {
    move || {
        let wire = page.wire.get()?;
        let (_, verdict) = wire.over?;
        let sentence = verdict.err()?;
        let p = page.camera.get().to_screen(wire.at);
        let style = format!("left:{:.0}px;top:{:.0}px", p.x + 14.0, p.y + 18.0);
        Some(
            view! { <span class="tip refusal" role="status" style=style>{icon("warn")}{sentence}</span> },
        )
    }
}

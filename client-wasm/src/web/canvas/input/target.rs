//! The thing under the pointer.

use crate::core::editor::{Button, Mods, PortRef, Side, Target};
use crate::core::geometry::Point;
use crate::core::hit_test;
use crate::core::rights::Right;
use crate::web::canvas::store::page::Page;
use crate::web::dom;
use leptos::prelude::*;

/// A port takes the pointer within so many screen pixels of its middle.
pub const PORT_REACH: f64 = 14.0;

/// A pointer's place relative to the canvas element.
pub fn at(e: &web_sys::MouseEvent) -> Point {
    Point::new(f64::from(e.client_x()), f64::from(e.client_y()))
}

/// Keys held during an event.
pub fn mods(e: &web_sys::MouseEvent) -> Mods {
    Mods { shift: e.shift_key(), command: e.ctrl_key() || e.meta_key(), alt: e.alt_key() }
}

pub fn attribute(element: &web_sys::Element, selector: &str, name: &str) -> Option<String> {
    element.closest(selector).ok()??.get_attribute(name)
}

/// The port a `data-port` names.
pub fn read_port(node: String, name: &str) -> Option<PortRef> {
    let (side, port) = name.split_once(':')?;
    let side = if side == "in" { Side::In } else { Side::Out };
    Some(PortRef { node, side, port: port.to_owned() })
}

/// Returns the thing that an element of the canvas stands for.
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
        let field = element.closest(dom::WRITTEN).ok().flatten();
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

pub fn element_at(p: Point) -> Option<web_sys::Element> {
    document().element_from_point(p.x as f32, p.y as f32)
}

/// The port whose middle is nearest to the pointer, where one is near enough.
pub fn near_port(page: Page, p: Point) -> Option<PortRef> {
    let camera = page.camera.get_untracked();
    if page.far.get_untracked() {
        return None;
    }
    let reach = (PORT_REACH / camera.zoom).max(8.0);
    let core = page.core();
    let core = core.borrow();
    hit_test::port_near(core.replica.canvas(), &core.index, camera.to_canvas(p), reach)
}

/// Returns the thing under a screen point, ports first. For who may not edit a port or a corner is its card.
pub fn target_at(page: Page, p: Point) -> Target {
    match what_is_at(page, p) {
        Target::Port(PortRef { node, .. }) | Target::Corner(node) if !page.may(Right::Edit) => {
            Target::Node(node)
        }
        found @ (Target::Canvas
        | Target::Node(_)
        | Target::Port(_)
        | Target::Edge(_)
        | Target::Corner(_)
        | Target::Own) => found,
    }
}

fn what_is_at(page: Page, p: Point) -> Target {
    let found = target_of(element_at(p).as_ref());
    match found {
        Target::Own | Target::Corner(_) => found,
        Target::Canvas | Target::Node(_) | Target::Edge(_) | Target::Port(_) => {
            match near_port(page, p) {
                Some(port) => Target::Port(port),
                None if found == Target::Canvas && page.painted.get_untracked() => {
                    let at = page.camera.get_untracked().to_canvas(p);
                    let core = page.core();
                    let core = core.borrow();
                    let hit = hit_test::card_at(core.replica.canvas(), &core.index, at);
                    hit.map_or(found, Target::Node)
                }
                None => found,
            }
        }
    }
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

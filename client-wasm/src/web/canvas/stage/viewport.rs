//! The canvas itself: ground, cards, wires, and the pointer on them.

use crate::web::canvas::actions::comment;
use crate::web::canvas::input::target;
use crate::web::canvas::store::heights::watch_heights;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::*;

use crate::core::editor::{Button, Input, Target};
use crate::core::geometry::{Camera, Point};
use crate::core::rights::Right;
use crate::web::canvas::card::view::CardView;
use crate::web::canvas::input::pointer;
use crate::web::canvas::input::target::{at, mods};
use crate::web::canvas::live::people::{Cursors, Following};
use crate::web::canvas::stage::edges::{Refusal, Wires};
use crate::web::canvas::store::overlays::Commenting;
use crate::web::canvas::store::page::{Asked, Page};
use crate::web::{caret, dom};

/// A finger that rests so long asks for the menu, in ms.
const LONG_PRESS_MS: u64 = 550;

/// Two fingers: where they are.
#[derive(Default)]
struct Fingers {
    at: BTreeMap<i32, Point>,
    /// Number that tells the press of a finger from later ones, for the long press.
    press: u64,
}

/// The canvas element.
#[component]
pub fn Viewport(page: Page) -> impl IntoView {
    let root = NodeRef::<html::Div>::new();
    let fingers = Rc::new(RefCell::new(Fingers::default()));
    watch_heights(page);
    watch_screen(page);

    let down = {
        let fingers = Rc::clone(&fingers);
        move |e: web_sys::PointerEvent| pointer_down(page, &e, &fingers)
    };
    let moved = {
        let fingers = Rc::clone(&fingers);
        move |e: web_sys::PointerEvent| pointer_move(page, &e, root, &fingers)
    };
    let up = {
        let fingers = Rc::clone(&fingers);
        move |e: web_sys::PointerEvent| pointer_up(page, &e, &fingers)
    };
    let cancel = {
        let fingers = Rc::clone(&fingers);
        move |e: web_sys::PointerEvent| {
            fingers.borrow_mut().at.remove(&e.pointer_id());
            pointer::feed(page, &Input::Cancel);
        }
    };
    let gone = move |_| {
        // Who says something speaks from where the field is.
        if page.overlays.chat.get_untracked().is_some() {
            return;
        }
        let core = page.core();
        let mut core = core.borrow_mut();
        core.pointer = None;
        core.tell_due = true;
    };
    let press = move |e: web_sys::MouseEvent| keep_focus(page, &e);
    let double = move |e: web_sys::MouseEvent| double_clicked(page, &e);
    let menu =
        move |e: web_sys::MouseEvent| crate::web::canvas::input::open_context::open(page, &e);
    listen_to_wheel(page);
    let ground = move || ground_style(&page.camera.get());
    let transform = move || {
        let c = page.camera.get();
        format!("translate({:.3}px,{:.3}px) scale({:.5})", c.x, c.y, c.zoom)
    };
    // In steps, as a change of a custom property restyles everything; always at least what the zoom needs.
    let step = Memo::new(move |_| {
        let zoom = page.camera.with(|c| c.zoom);
        zoom.log2().floor().exp2()
    });
    let hit = move || format!("{:.1}px", (24.0 / step.get() - 12.0).max(12.0) / 2.0);
    let line = move || format!("{:.2}px", (1.0 / step.get()).max(1.0));
    view! {
        <div
            node_ref=root
            class="canvas"
            class:is-panning=move || page.hand.get() || page.space.get()
            class:is-busy=move || page.busy.get()
            class:is-wiring=move || page.wire.with(Option::is_some)
            class:is-choosing=move || page.overlays.commenting.with(|c| *c == Commenting::Choosing)
            role="application"
            aria-label="Canvas"
            tabindex="-1"
            style=ground
            on:pointerdown=down
            on:mousedown=press
            on:pointermove=moved
            on:pointerup=up
            on:pointercancel=cancel
            on:pointerleave=gone
            on:dblclick=double
            on:contextmenu=menu
            on:dragover=move |e| crate::web::canvas::input::drop::drag_over(page, &e)
            on:drop=move |e| crate::web::canvas::input::drop::dropped(page, &e)
        >
            <crate::web::canvas::stage::lod_painter::LodPainter page=page />
            <div class="world" style:transform=transform style=("--hit", hit) style=("--hair", line)>
                <For each=move || page.frames.get().to_vec() key=|id| id.clone()
                    children=move |id| view! { <CardView page=page id=id /> } />
                <Wires page=page />
                <For each=move || page.visible.get().to_vec() key=|id| id.clone()
                    children=move |id| view! { <CardView page=page id=id /> } />
                <crate::web::canvas::stage::edges::Held page=page />
                {move || page.marquee.get().map(|r| view! {
                    <div class="brush" style=format!("left:{}px;top:{}px;width:{}px;height:{}px", r.x, r.y, r.w, r.h)></div>
                })}
            </div>
            <Refusal page=page />
            <Cursors page=page />
        </div>
        <Following page=page />
    }
}

fn watch_screen(page: Page) {
    let read = move || {
        let size = |v: Result<JsValue, JsValue>| v.ok().and_then(|v| v.as_f64()).unwrap_or(800.0);
        page.screen.set((size(window().inner_width()), size(window().inner_height())));
        page.core().borrow_mut().view_due = true;
        page.frame();
    };
    read();
    let listening = window_event_listener(leptos::ev::resize, move |_| read());
    on_cleanup(move || listening.remove());
}

/// Listens for as long as the canvas is there. Over bars and panels too Ctrl with the wheel, and a pinch, zoom the canvas
/// and not the browser's page.
fn listen_to_wheel(page: Page) {
    let stop = dom::listen_actively(&window(), "wheel", move |e: web_sys::WheelEvent| {
        let is_in = |selector: &str| dom::came_from(&e, selector);
        let is_zooming = e.ctrl_key() || e.meta_key();
        if is_in(".canvas") || (is_zooming && is_in(".canvas-page") && !is_in("dialog")) {
            pointer::wheel(page, &e);
        } else if is_zooming {
            e.prevent_default();
        }
    });
    on_cleanup(stop);
}

/// The dots of the ground.
fn ground_style(c: &Camera) -> String {
    // Dots closer than 12 px are noise: every fifth is drawn instead.
    let mut gap = 20.0 * c.zoom;
    while gap < 12.0 {
        gap *= 5.0;
    }
    // Not through custom properties: they are inherited, and a pan would restyle everything.
    format!(
        "background-position:{:.2}px {:.2}px;background-size:{gap:.3}px {gap:.3}px",
        c.x % gap,
        c.y % gap
    )
}

/// Keeps focus and selection where they are; what a press means is decided by the chart.
fn keep_focus(page: Page, e: &web_sys::MouseEvent) {
    if !floating(e) && target::target_at(page, at(e)) != Target::Own {
        e.prevent_default();
    }
}

/// Asks what to add where the ground was clicked twice.
fn double_clicked(page: Page, e: &web_sys::MouseEvent) {
    let ground = match target::target_at(page, at(e)) {
        Target::Canvas => true,
        // The ground inside a group is ground too.
        Target::Node(id) => page.read(|c| c.nodes.get(&id).is_some_and(|n| n.kind == "group")),
        Target::Port(_) | Target::Edge(_) | Target::Corner(_) | Target::Own => false,
    };
    if ground && page.demand(Right::Edit) {
        let p = page.camera.get_untracked().to_canvas(at(e));
        page.spotlight.set(Some(Asked { at: Some(p), ..Asked::default() }));
    }
}

/// True if it happened on something that lies above the canvas.
fn floating(e: &web_sys::Event) -> bool {
    let target = e.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|t| t.closest("[data-floating]").ok().flatten().is_some())
}

fn pointer_down(page: Page, e: &web_sys::PointerEvent, fingers: &Rc<RefCell<Fingers>>) {
    let p = at(e);
    if floating(e) {
        return;
    }
    if e.pointer_type() == "touch" {
        let count = {
            let mut fingers = fingers.borrow_mut();
            fingers.at.insert(e.pointer_id(), p);
            fingers.press += 1;
            fingers.at.len()
        };
        if count > 1 {
            pointer::feed(page, &Input::Cancel);
            return;
        }
        long_press(page, e, fingers);
    }
    let Some(button) = target::button(page, e) else { return };
    let target = target::target_at(page, p);
    if button != Button::Pan && comment_here(page, &target, p) {
        e.prevent_default();
        return;
    }
    if target == Target::Own && button != Button::Pan {
        return;
    }
    page.context.set(None);
    page.overlays.suggestion.set(None);
    if target == Target::Canvas {
        crate::web::canvas::actions::focus::blur();
    }
    pointer::feed(page, &Input::Down { at: p, button, mods: mods(e), target });
}

/// Puts a comment where one pressed, if that was asked for; a press beside an open thread closes it.
fn comment_here(page: Page, target: &Target, p: Point) -> bool {
    match page.overlays.commenting.get_untracked() {
        Commenting::No => return false,
        Commenting::Fresh(_) | Commenting::Open(_) => {
            // What was typed and not sent stays.
            if !comment::has_draft() {
                comment::close(page);
            }
            return false;
        }
        Commenting::Choosing => {}
    }
    let node = match target {
        Target::Node(id) | Target::Corner(id) => Some(id.clone()),
        Target::Port(port) => Some(port.node.clone()),
        Target::Canvas | Target::Edge(_) | Target::Own => None,
    };
    comment::place(page, node, page.camera.get_untracked().to_canvas(p));
    true
}

fn pointer_up(page: Page, e: &web_sys::PointerEvent, fingers: &Rc<RefCell<Fingers>>) {
    fingers.borrow_mut().at.remove(&e.pointer_id());
    fingers.borrow_mut().press += 1;
    let p = at(e);
    let before = page.core().borrow().editor.state.clone();
    let over = target::target_at(page, p);
    pointer::feed(page, &Input::Up { at: p, over });
    clicked(page, e, &before);
}

fn pointer_move(
    page: Page,
    e: &web_sys::PointerEvent,
    root: NodeRef<html::Div>,
    fingers: &Rc<RefCell<Fingers>>,
) {
    let p = at(e);
    if e.pointer_type() == "touch" && pinch(page, e, fingers) {
        return;
    }
    {
        let core = page.core();
        let mut core = core.borrow_mut();
        core.pointer = Some(page.camera.get_untracked().to_canvas(p));
        core.tell_due = true;
    }
    page.frame();
    let idle = page.core().borrow().editor.state == crate::core::editor::State::Idle;
    if !idle {
        let began =
            !matches!(page.core().borrow().editor.state, crate::core::editor::State::Pointing(_));
        // Captured from the press on, clicks would no longer reach what is under them.
        if began
            && let Some(root) = root.get_untracked()
            && !root.has_pointer_capture(e.pointer_id())
        {
            // Without capture the gesture ends at the window's edge, and works otherwise.
            let _captured = root.set_pointer_capture(e.pointer_id());
        }
        let wiring = page.core().borrow().editor.wire().is_some();
        let over = if wiring { target::target_at(page, p) } else { Target::Canvas };
        pointer::feed(page, &Input::Move { at: p, over });
    }
}

/// Two fingers zoom and pan. `true` when there are two.
fn pinch(page: Page, e: &web_sys::PointerEvent, fingers: &Rc<RefCell<Fingers>>) -> bool {
    let mut fingers = fingers.borrow_mut();
    let before: Vec<Point> = fingers.at.values().copied().collect();
    if let Some(old) = fingers.at.insert(e.pointer_id(), at(e))
        && old.distance(at(e)) > 6.0
    {
        fingers.press += 1;
    }
    let after: Vec<Point> = fingers.at.values().copied().collect();
    let ([a, b], [c, d]) = (before.as_slice(), after.as_slice()) else { return before.len() > 1 };
    let middle = |p: Point, q: Point| Point::new((p.x + q.x) / 2.0, (p.y + q.y) / 2.0);
    let (from, to) = (middle(*a, *b), middle(*c, *d));
    let factor = c.distance(*d) / a.distance(*b).max(1.0);
    let camera = page.camera.get_untracked();
    page.following.set(None);
    page.set_camera(camera.panned(to.x - from.x, to.y - from.y).zoomed(to, camera.zoom * factor));
    true
}

fn long_press(page: Page, e: &web_sys::PointerEvent, fingers: &Rc<RefCell<Fingers>>) {
    let press = fingers.borrow().press;
    let (p, fingers) = (at(e), Rc::clone(fingers));
    set_timeout(
        move || {
            if page.try_core().is_some() && fingers.borrow().press == press {
                pointer::feed(page, &Input::Cancel);
                crate::web::canvas::input::open_context::open_at(page, p);
            }
        },
        std::time::Duration::from_millis(LONG_PRESS_MS),
    );
}

/// Does what a click does besides selecting: text gets the caret, a card gets keyboard focus.
fn clicked(page: Page, e: &web_sys::PointerEvent, before: &crate::core::editor::State) {
    let crate::core::editor::State::Pointing(pressed) = before else { return };
    let Some(id) = pressed.node() else {
        if let Some(port) = pressed.port() {
            crate::web::canvas::actions::open::spotlight_at_port(page, port);
        }
        return;
    };
    let p = at(e);
    let under = document().element_from_point(p.x as f32, p.y as f32);
    let area = under.as_ref().and_then(|el| el.closest(dom::WRITTEN).ok().flatten());
    if mods(e).adds() {
        return;
    }
    if let Some(area) = area {
        dom::focus(&area);
        if let Ok(area) = area.dyn_into::<web_sys::HtmlTextAreaElement>() {
            let end = crate::core::textdiff::utf16_len(&area.value());
            // Where the caret cannot be placed, focus is enough.
            let _placed = area.set_selection_range(end, end);
        } else {
            caret::put_at_point(p);
        }
    } else if let Some(card) = dom::query(&format!("[data-node=\"{id}\"]")) {
        dom::focus(&card);
    }
}

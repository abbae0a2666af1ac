//! The picture in the editor: seen, zoomed, cropped and drawn on.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::ev;
use leptos::prelude::*;

use crate::core::geometry::{Point, Rect};
use crate::core::retouch::crop::{Handle, dragged};
use crate::core::retouch::{Look, Stroke};
use crate::web::canvas::image_editor::desk::{Desk, Stand, Tool};
use crate::web::canvas::image_editor::engine::apart;
use crate::web::ui::icons::icon;

/// Room left around the picture, in px.
const MARGIN: f64 = 56.0;

/// The gesture of the pointer, or of the keyboard in its place, on the picture.
#[derive(Clone, Debug, Default)]
struct Hand {
    /// Fingers and where they are on screen.
    fingers: BTreeMap<i32, Point>,
    /// The stroke in hand.
    stroke: Option<Stroke>,
    /// A handle of the crop: where it was taken and what the crop was.
    handle: Option<(Handle, Point, Rect)>,
    /// Two fingers were down: what they do is no stroke.
    pinched: bool,
}

#[derive(Clone, Copy)]
struct Parts {
    desk: Desk,
    canvas: NodeRef<leptos::html::Canvas>,
    stage: NodeRef<leptos::html::Div>,
    hand: StoredValue<Hand>,
    /// Where the brush is, in frame pixels.
    ring: RwSignal<Option<Point>>,
    /// The keyboard's brush is down.
    pen: RwSignal<bool>,
}

fn screen(e: &web_sys::PointerEvent) -> Point {
    Point::new(f64::from(e.client_x()), f64::from(e.client_y()))
}

impl Parts {
    /// Where on the frame a point of the screen is.
    fn on_frame(self, p: Point) -> Option<Point> {
        let r = self.canvas.get_untracked()?.get_bounding_client_rect();
        let (w, _) = self.desk.look().frame();
        let k = w / r.width().max(1.0);
        Some(Point::new((p.x - r.left()) * k, (p.y - r.top()) * k))
    }

    fn redraw(self, look: &Look) {
        let Some(canvas) = self.canvas.get_untracked() else { return };
        self.desk.engine.get_value().borrow_mut().draw(look, &canvas);
    }

    fn begin(self, at: Point) {
        let Some(brush) = untrack(|| self.desk.brush()) else { return };
        let look = self.desk.look();
        let one = Stroke {
            brush,
            color: self.desk.color.get_untracked(),
            size: untrack(|| self.desk.brush_px()),
            points: vec![look.to_frame().inverse().apply(at)],
        };
        self.grow(&look, &one, 0);
        self.hand.update_value(|h| h.stroke = Some(one));
    }

    fn grow(self, look: &Look, one: &Stroke, from: usize) {
        if let Some(canvas) = self.canvas.get_untracked() {
            self.desk.engine.get_value().borrow().grow(look, one, from, &canvas);
        }
    }

    fn extend(self, at: Point) {
        let look = self.desk.look();
        let p = look.to_frame().inverse().apply(at);
        let Some(mut one) = self.hand.with_value(|h| h.stroke.clone()) else { return };
        if one.points.last().is_some_and(|last| !apart(*last, p, one.size)) {
            return;
        }
        let from = one.points.len();
        one.points.push(p);
        self.grow(&look, &one, from);
        self.hand.update_value(|h| h.stroke = Some(one));
    }

    fn finish(self) {
        let mut done = None;
        self.hand.update_value(|h| done = h.stroke.take());
        let Some(one) = done else { return };
        let one = Arc::new(one);
        self.desk.engine.get_value().borrow_mut().adopt(Arc::clone(&one));
        self.desk.edit(|l| l.strokes.push(one));
    }

    fn give_up(self) {
        let mut had = false;
        self.hand.update_value(|h| had = h.stroke.take().is_some());
        if had {
            self.desk.engine.get_value().borrow_mut().forget();
            self.redraw(&self.desk.look());
        }
    }

    fn down(self, e: &web_sys::PointerEvent) {
        if e.button() != 0 {
            return;
        }
        e.prevent_default();
        if let Some(stage) = self.stage.get_untracked() {
            // Without it, what leaves the picture is not followed.
            let _held = stage.set_pointer_capture(e.pointer_id());
        }
        let p = screen(e);
        let mut two = false;
        self.hand.update_value(|h| {
            h.fingers.insert(e.pointer_id(), p);
            two = h.fingers.len() > 1;
            h.pinched |= two;
        });
        if two {
            self.give_up();
            self.desk.settle();
            self.hand.update_value(|h| h.handle = None);
            return;
        }
        let held =
            e.target().and_then(|t| wasm_bindgen::JsCast::dyn_into::<web_sys::Element>(t).ok());
        let held = held.and_then(|t| t.closest("[data-handle]").ok().flatten());
        if let Some(n) = held.and_then(|t| t.get_attribute("data-handle")?.parse::<usize>().ok()) {
            let handle = Handle::ALL.get(n).copied().unwrap_or(Handle::INSIDE);
            let crop = self.desk.look().crop;
            self.hand.update_value(|h| h.handle = Some((handle, p, crop)));
        } else if let Some(at) = self.on_frame(p) {
            self.ring.set(Some(at));
            self.begin(at);
        }
    }

    fn moved(self, e: &web_sys::PointerEvent) {
        let p = screen(e);
        let fingers = self.hand.with_value(|h| h.fingers.clone());
        if fingers.len() == 2 && fingers.contains_key(&e.pointer_id()) {
            self.pinch(e.pointer_id(), p, &fingers);
            return;
        }
        if let Some((handle, from, crop)) = self.hand.with_value(|h| h.handle) {
            let k = untrack(|| self.desk.scale());
            let by = Point::new((p.x - from.x) / k, (p.y - from.y) / k);
            let aspect = self.desk.aspect.get_untracked();
            self.desk.adjust(|l| l.crop = dragged(crop, l.frame(), handle, by, aspect));
            return;
        }
        if e.pointer_type() != "touch" || !fingers.is_empty() {
            self.ring.set(self.on_frame(p));
        }
        if let Some(at) = self.on_frame(p) {
            self.extend(at);
        }
    }

    /// Two fingers move and enlarge.
    fn pinch(self, id: i32, p: Point, fingers: &BTreeMap<i32, Point>) {
        let (Some(was), Some(other)) =
            (fingers.get(&id), fingers.iter().find(|(f, _)| **f != id).map(|(_, p)| *p))
        else {
            return;
        };
        if let Some(stage) = self.stage.get_untracked() {
            stage.set_scroll_left(stage.scroll_left() - ((p.x - was.x) / 2.0) as i32);
            stage.set_scroll_top(stage.scroll_top() - ((p.y - was.y) / 2.0) as i32);
        }
        let before = was.distance(other).max(1.0);
        self.desk.zoom_by(p.distance(other) / before);
        self.hand.update_value(|h| {
            h.fingers.insert(id, p);
        });
    }

    fn up(self, e: &web_sys::PointerEvent) {
        let mut pinched = false;
        self.hand.update_value(|h| {
            h.fingers.remove(&e.pointer_id());
            h.handle = None;
            pinched = h.pinched;
            h.pinched &= !h.fingers.is_empty();
        });
        self.desk.settle();
        if pinched { self.give_up() } else { self.finish() }
    }

    /// The keyboard in the pointer's place: arrows move the brush, Space puts it down and lifts it.
    fn keys(self, e: &web_sys::KeyboardEvent) {
        if untrack(|| self.desk.brush()).is_none() {
            return;
        }
        let (w, h) = self.desk.look().frame();
        let step = w.min(h) * if e.shift_key() { 0.08 } else { 0.015 };
        let at = self.ring.get_untracked().unwrap_or_else(|| Point::new(w / 2.0, h / 2.0));
        let to = match e.key().as_str() {
            "ArrowLeft" => Point::new(at.x - step, at.y),
            "ArrowRight" => Point::new(at.x + step, at.y),
            "ArrowUp" => Point::new(at.x, at.y - step),
            "ArrowDown" => Point::new(at.x, at.y + step),
            " " | "Enter" => {
                self.pen.update(|p| *p = !*p);
                if self.pen.get_untracked() {
                    self.begin(at)
                } else {
                    self.finish()
                }
                at
            }
            _ => return,
        };
        let to = Point::new(to.x.clamp(0.0, w), to.y.clamp(0.0, h));
        self.ring.set(Some(to));
        if self.pen.get_untracked() {
            self.extend(to);
        }
        e.prevent_default();
        e.stop_propagation();
    }
}

/// The middle of the editor.
#[component]
pub fn Stage(desk: Desk) -> impl IntoView {
    let parts = Parts {
        desk,
        canvas: NodeRef::new(),
        stage: NodeRef::new(),
        hand: StoredValue::default(),
        ring: RwSignal::new(None),
        pen: RwSignal::new(false),
    };
    let area = NodeRef::<leptos::html::Div>::new();
    let measure = move || {
        // A frame later the editor may be closed.
        if let Some(Some(area)) = area.try_get_untracked() {
            let (w, h) = (f64::from(area.client_width()), f64::from(area.client_height()));
            let room = ((w - MARGIN).max(80.0), (h - MARGIN).max(80.0));
            let _measured = desk.room.try_set(room);
        }
    };
    Effect::new(move |_| {
        if area.get().is_some() {
            measure();
            // The dialog has its size a frame later.
            crate::web::dom::after_frames(2, measure);
        }
    });
    // On a narrow screen each tool leaves another height.
    Effect::new(move |_| {
        desk.tool.track();
        crate::web::dom::after_frames(2, measure);
    });
    let resized = window_event_listener(ev::resize, move |_| measure());
    on_cleanup(move || resized.remove());
    Effect::new(move |_| {
        let look = desk.look();
        if desk.stand.with(|s| *s != Stand::Opening) && parts.canvas.get().is_some() {
            parts.redraw(&look);
        }
    });
    let wheel = move |e: web_sys::WheelEvent| {
        if e.ctrl_key() || e.meta_key() {
            e.prevent_default();
            desk.zoom_by(0.998_f64.powf(e.delta_y()));
        }
    };
    let words = move || match desk.stand.get() {
        Stand::Opening => {
            Some(view! { <p class="solid-say" role="status">"Opening…"</p> }.into_any())
        }
        Stand::Failed(why) => {
            Some(view! { <p class="solid-say" role="alert">{icon("warn")}{why}</p> }.into_any())
        }
        Stand::Ready | Stand::Saving(_) => None,
    };
    let before = crate::web::canvas::store::showing::thumbnail(&desk.asset.get_value(), 2048);
    view! {
        <div class="rt-area" node_ref=area>
            <div class="rt-stage" node_ref=parts.stage class:is-brush=move || desk.brush().is_some()
                on:wheel=wheel
                on:pointerdown=move |e| parts.down(&e) on:pointermove=move |e| parts.moved(&e)
                on:pointerup=move |e| parts.up(&e) on:pointercancel=move |e| parts.up(&e)
                on:pointerleave=move |_| parts.ring.set(None)>
                <Picture parts=parts />
            </div>
            {move || desk.before.get().then(|| view! {
                <div class="rt-before"><img src=before.clone() alt="Before editing" draggable="false" /><span class="badge">"Before"</span></div>
            })}
            {words}
            <Zoom desk=desk />
        </div>
    }
}

#[component]
fn Zoom(desk: Desk) -> impl IntoView {
    let percent = move || {
        let k = desk.scale() * window().device_pixel_ratio().max(1.0);
        format!("{:.0} %", k * 100.0)
    };
    view! {
        <div class="island rt-zoom">
            <button class="ib s" aria-label="Zoom out" on:click=move |_| desk.zoom_by(0.8)>{icon("minus")}</button>
            <button class="btn ghost s num" title="Show all of it" on:click=move |_| desk.zoom.set(1.0)>{percent}</button>
            <button class="ib s" aria-label="Zoom in" on:click=move |_| desk.zoom_by(1.25)>{icon("plus")}</button>
        </div>
    }
}

#[component]
fn Picture(parts: Parts) -> impl IntoView {
    let desk = parts.desk;
    let size = move || {
        let (v, k) = (desk.visible(), desk.scale());
        format!("width:{:.2}px;height:{:.2}px", v.w * k, v.h * k)
    };
    let place = move || {
        let (v, k) = (desk.visible(), desk.scale());
        let (w, h) = desk.edits.with(|e| e.now().frame());
        format!(
            "left:{:.2}px;top:{:.2}px;width:{:.2}px;height:{:.2}px",
            -v.x * k,
            -v.y * k,
            w * k,
            h * k
        )
    };
    let ring = move || {
        desk.brush()?;
        let (at, v, k) = (parts.ring.get()?, desk.visible(), desk.scale());
        let d = (desk.brush_px() * fine(desk) * k).max(3.0);
        let (x, y) = ((at.x - v.x) * k, (at.y - v.y) * k);
        Some(view! {
            <i class="rt-ring" class:is-down=move || parts.pen.get()
                style=format!("left:{x:.1}px;top:{y:.1}px;width:{d:.1}px;height:{d:.1}px")></i>
        })
    };
    let label = "The picture. Arrow keys move the brush, Space puts it down and lifts it";
    view! {
        <div class="rt-view" style=size>
            <div class="rt-clip">
                <canvas node_ref=parts.canvas style=place role="img" aria-label=label
                    tabindex=move || if desk.brush().is_some() { "0" } else { "-1" }
                    on:keydown=move |e| parts.keys(&e)></canvas>
            </div>
            {move || (desk.tool.get() == Tool::Crop).then(|| view! { <Crop desk=desk /> })}
            {ring}
        </div>
    }
}

/// Returns the factor by which straightening enlarges a source pixel in the frame.
fn fine(desk: Desk) -> f64 {
    desk.edits.with(|e| {
        let (w, h) = e.now().frame();
        crate::core::retouch::cover(w, h, e.now().straighten)
    })
}

#[component]
fn Crop(desk: Desk) -> impl IntoView {
    let place = move || {
        let (c, k) = (desk.edits.with(|e| e.now().crop), desk.scale());
        format!(
            "left:{:.2}px;top:{:.2}px;width:{:.2}px;height:{:.2}px",
            c.x * k,
            c.y * k,
            c.w * k,
            c.h * k
        )
    };
    let keys = move |e: &web_sys::KeyboardEvent, handle: Handle| {
        let step = if e.shift_key() { 0.05 } else { 0.005 };
        let (w, h) = desk.look().frame();
        let (x, y) = match e.key().as_str() {
            "ArrowLeft" => (-1.0, 0.0),
            "ArrowRight" => (1.0, 0.0),
            "ArrowUp" => (0.0, -1.0),
            "ArrowDown" => (0.0, 1.0),
            _ => return,
        };
        let by = Point::new(x * (w * step).max(1.0), y * (h * step).max(1.0));
        let aspect = desk.aspect.get_untracked();
        desk.edit(|l| l.crop = dragged(l.crop, l.frame(), handle, by, aspect));
        e.prevent_default();
        e.stop_propagation();
    };
    let told = move || {
        let (w, h) = desk.edits.with(|e| e.now().output());
        format!("Crop, {w} by {h} pixels. Arrow keys move it")
    };
    let handles = Handle::ALL
        .into_iter()
        .enumerate()
        .map(|(n, handle)| {
            let style = format!(
                "left:{}%;top:{}%",
                50 * (i32::from(handle.x) + 1),
                50 * (i32::from(handle.y) + 1)
            );
            view! {
                <button class="rt-handle" data-handle=n.to_string() data-x=handle.x.to_string() data-y=handle.y.to_string()
                    style=style aria-label=handle.name() on:keydown=move |e| keys(&e, handle)></button>
            }
        })
        .collect_view();
    view! {
        <div class="rt-shade"><i style=place></i></div>
        <div class="rt-crop" style=place data-handle="8" role="group" tabindex="0" aria-label=told
            on:keydown=move |e| keys(&e, Handle::INSIDE)>
            <i class="rt-thirds" aria-hidden="true"></i>
            {handles}
        </div>
    }
}

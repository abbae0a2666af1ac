//! The map: everything, and what of it is on screen. Nodes are painted, not elements: there may be thousands.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::core::card_layout;
use crate::core::geometry::{Camera, Point, Rect};
use crate::web::canvas::store::page::Page;
use crate::web::ui::theme::Theme;

/// The map's size on screen, in pixels.
const SIZE: (f64, f64) = (148.0, 104.0);

/// A node on the map.
type Mark = (Rect, &'static str);

/// The scale from canvas units to pixels of the map.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scale {
    world: Rect,
    factor: f64,
}

impl Scale {
    fn of(world: Rect) -> Self {
        let factor = (SIZE.0 / world.w.max(1.0)).min(SIZE.1 / world.h.max(1.0));
        Self { world, factor }
    }

    fn to_map(self, r: Rect) -> Rect {
        let c = self.world.center();
        Rect::new(
            (r.x - c.x) * self.factor + SIZE.0 / 2.0,
            (r.y - c.y) * self.factor + SIZE.1 / 2.0,
            r.w * self.factor,
            r.h * self.factor,
        )
    }

    fn to_canvas(self, p: Point) -> Point {
        let c = self.world.center();
        Point::new(
            (p.x - SIZE.0 / 2.0) / self.factor + c.x,
            (p.y - SIZE.1 / 2.0) / self.factor + c.y,
        )
    }
}

fn marks(page: Page) -> Vec<Mark> {
    let core = page.core();
    let core = core.borrow();
    let nodes = core.replica.canvas().nodes.values();
    nodes
        .filter(|n| n.kind != "group")
        .filter_map(|n| Some((core.index.get(&n.id)?, card_layout::main_type(n))))
        .collect()
}

fn paint(canvas: &web_sys::HtmlCanvasElement, marks: &[Mark], scale: Scale) {
    let context = canvas.get_context("2d").ok().flatten();
    let Some(context) =
        context.and_then(|c| c.dyn_into::<web_sys::CanvasRenderingContext2d>().ok())
    else {
        return;
    };
    let ratio = window().device_pixel_ratio().clamp(1.0, 3.0);
    canvas.set_width((SIZE.0 * ratio) as u32);
    canvas.set_height((SIZE.1 * ratio) as u32);
    // A canvas that cannot be scaled paints small, and that is all.
    let _scaled = context.scale(ratio, ratio);
    context.set_global_alpha(0.8);
    let style =
        document().document_element().and_then(|e| window().get_computed_style(&e).ok().flatten());
    let mut last = "";
    for (rect, ty) in marks {
        if *ty != last {
            last = ty;
            let color =
                style.as_ref().and_then(|s| s.get_property_value(&format!("--t-{ty}")).ok());
            context.set_fill_style_str(color.as_deref().unwrap_or("gray"));
        }
        let r = scale.to_map(*rect);
        context.fill_rect(r.x, r.y, r.w.max(1.0), r.h.max(1.0));
    }
}

/// The map.
#[component]
pub fn Minimap(page: Page) -> impl IntoView {
    let theme = expect_context::<Theme>();
    let all = Memo::new(move |_| {
        page.slow_places.track();
        page.busy.track();
        page.loaded.track();
        marks(page)
    });
    let view = Memo::new(move |_| {
        let (w, h) = page.screen.get();
        page.camera.get().view(w, h)
    });
    let scale = Memo::new(move |_| {
        let view = view.get();
        let nodes = all.with(|all| Rect::around(all.iter().map(|(r, _)| *r)));
        let world = nodes.map_or(view, |nodes| nodes.union(view));
        Scale::of(world.grown(world.w.max(world.h) * 0.04))
    });
    let canvas = NodeRef::<html::Canvas>::new();
    Effect::new(move |_| {
        let shown = theme.shown();
        let (scale, Some(canvas)) = (scale.get(), canvas.get()) else { return };
        // Read so that the colours are those of the theme that was just set.
        let _ = shown;
        all.with(|all| paint(&canvas, all, scale));
    });
    let seen = move || {
        let r = scale.get().to_map(view.get());
        format!("left:{:.1}px;top:{:.1}px;width:{:.1}px;height:{:.1}px", r.x, r.y, r.w, r.h)
    };
    let go = move |e: web_sys::PointerEvent| {
        if e.buttons() == 0 {
            return;
        }
        let Some(canvas) = canvas.get_untracked() else { return };
        let at = canvas.get_bounding_client_rect();
        let p = Point::new(f64::from(e.client_x()) - at.x(), f64::from(e.client_y()) - at.y());
        let (w, h) = page.screen.get_untracked();
        let zoom = page.camera.get_untracked().zoom;
        page.following.set(None);
        page.set_camera(Camera::centred(scale.get_untracked().to_canvas(p), zoom, w, h));
    };
    let shown = Memo::new(move |_| page.minimap.get() && page.count.get() > 0);
    move || {
        shown.get().then(|| {
            view! {
                <div class="island mini" data-floating>
                    <div class="map" role="img" aria-label="Minimap" on:pointerdown=go on:pointermove=go>
                        <canvas node_ref=canvas></canvas>
                        <i class="map-view" style=seen></i>
                    </div>
                </div>
            }
        })
    }
}

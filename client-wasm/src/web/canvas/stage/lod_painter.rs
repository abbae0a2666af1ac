//! Thousands of cards from far away: boxes and lines painted on one canvas, because as many elements would take
//! longer to lay out than a frame lasts. What is selected stays an element, so that it keeps focus and can be moved.

use std::collections::BTreeMap;

use gesso_protocol::schema::NodeState;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::core::card_layout;
use crate::core::editor::Side;
use crate::core::geometry::Point;
use crate::web::canvas::store::page::Page;
use crate::web::ui::theme::Theme;

/// Colours of the theme, by the name of their custom property.
struct Colors(Option<web_sys::CssStyleDeclaration>);

impl Colors {
    fn now() -> Self {
        let root = document().document_element();
        Self(root.and_then(|e| window().get_computed_style(&e).ok().flatten()))
    }

    fn get(&self, name: &str) -> String {
        let value = self.0.as_ref().and_then(|s| s.get_property_value(name).ok());
        value.filter(|v| !v.is_empty()).unwrap_or_else(|| "gray".to_owned())
    }
}

/// The painted layer.
#[component]
pub fn LodPainter(page: Page) -> impl IntoView {
    let theme = expect_context::<Theme>();
    let canvas = NodeRef::<html::Canvas>::new();
    Effect::new(move |_| {
        let Some(canvas) = canvas.get() else { return };
        // Read so that the colours are those of the theme that was just set.
        let _ = theme.shown();
        page.camera.track();
        page.revision.track();
        page.selection.track();
        page.graph.track();
        page.screen.track();
        paint(page, &canvas);
    });
    move || {
        page.painted
            .get()
            .then(|| view! { <canvas class="painted" aria-hidden="true" node_ref=canvas></canvas> })
    }
}

fn paint(page: Page, canvas: &web_sys::HtmlCanvasElement) {
    let context = canvas.get_context("2d").ok().flatten();
    let Some(context) =
        context.and_then(|c| c.dyn_into::<web_sys::CanvasRenderingContext2d>().ok())
    else {
        return;
    };
    let (w, h) = page.screen.get_untracked();
    let ratio = window().device_pixel_ratio().clamp(1.0, 2.0);
    let (pw, ph) = ((w * ratio) as u32, (h * ratio) as u32);
    if canvas.width() != pw || canvas.height() != ph {
        canvas.set_width(pw);
        canvas.set_height(ph);
    }
    let camera = page.camera.get_untracked();
    // A canvas that cannot be transformed stays empty; the map still shows everything.
    let _placed = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
    context.clear_rect(0.0, 0.0, w, h);
    let _placed = context.set_transform(
        ratio * camera.zoom,
        0.0,
        0.0,
        ratio * camera.zoom,
        ratio * camera.x,
        ratio * camera.y,
    );
    let colors = Colors::now();
    wires(page, &context, &colors, 1.5 / camera.zoom);
    cards(page, &context, &colors, 1.0 / camera.zoom);
}

fn wires(page: Page, context: &web_sys::CanvasRenderingContext2d, colors: &Colors, line: f64) {
    let graph = page.graph.get_untracked();
    let core = page.core();
    let core = core.borrow();
    let canvas = core.replica.canvas();
    let view = page.view_rect();
    let mut by_type: BTreeMap<&'static str, Vec<(Point, Point)>> = BTreeMap::new();
    for edge in graph.edges() {
        let ends = (canvas.nodes.get(&edge.edge.from_node), canvas.nodes.get(&edge.edge.to_node));
        let rects = (core.index.get(&edge.edge.from_node), core.index.get(&edge.edge.to_node));
        let ((Some(from), Some(to)), (Some(a), Some(b))) = (ends, rects) else { continue };
        if !a.union(b).touches(view) {
            continue;
        }
        let start = Point::new(
            a.right(),
            a.y + card_layout::port_y(&from.kind, Side::Out, &edge.edge.from_port),
        );
        let end =
            Point::new(b.x, b.y + card_layout::port_y(&to.kind, Side::In, &edge.edge.to_port));
        by_type.entry(edge.ty.map_or("any", |ty| ty.id())).or_default().push((start, end));
    }
    context.set_line_width(line);
    for (ty, lines) in by_type {
        context.set_stroke_style_str(&colors.get(&format!("--t-{ty}")));
        context.begin_path();
        for (a, b) in lines {
            context.move_to(a.x, a.y);
            context.line_to(b.x, b.y);
        }
        context.stroke();
    }
}

fn cards(page: Page, context: &web_sys::CanvasRenderingContext2d, colors: &Colors, hair: f64) {
    let core = page.core();
    let core = core.borrow();
    let canvas = core.replica.canvas();
    let (paper, line) = (colors.get("--paper"), colors.get("--line-2"));
    let mut stripes: BTreeMap<&'static str, Vec<(f64, f64, f64)>> = BTreeMap::new();
    let mut rings = Vec::new();
    let mut boxes = Vec::new();
    for id in core.index.query(page.view_rect()) {
        let (Some(node), Some(rect)) = (canvas.nodes.get(&id), core.index.get(&id)) else {
            continue;
        };
        if node.kind == "group" || core.editor.selection.contains(&id) {
            continue;
        }
        boxes.push(rect);
        stripes.entry(card_layout::main_type(node)).or_default().push((rect.x, rect.y, rect.h));
        match canvas.results.get(&id).map(|r| r.state) {
            Some(NodeState::Running) => rings.push((rect, "--ink")),
            Some(NodeState::Failed) => rings.push((rect, "--s-failed")),
            _ => {}
        }
    }
    context.set_fill_style_str(&line);
    for r in &boxes {
        context.fill_rect(r.x - hair, r.y - hair, r.w + 2.0 * hair, r.h + 2.0 * hair);
    }
    context.set_fill_style_str(&paper);
    for r in &boxes {
        context.fill_rect(r.x, r.y, r.w, r.h);
    }
    for (ty, places) in stripes {
        context.set_fill_style_str(&colors.get(&format!("--t-{ty}")));
        for (x, y, h) in places {
            context.fill_rect(x, y, 16.0_f64.max(2.0 * hair), h);
        }
    }
    context.set_line_width(2.0 * hair);
    for (r, color) in rings {
        context.set_stroke_style_str(&colors.get(color));
        context.stroke_rect(r.x, r.y, r.w, r.h);
    }
}

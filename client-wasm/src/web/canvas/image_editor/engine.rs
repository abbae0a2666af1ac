//! Draws a look: the picture with its light and colour, the ink, and what the mask takes away, each on a canvas of its
//! own, so that a stroke draws nothing but itself.

use std::sync::Arc;

use leptos::prelude::document;
use wasm_bindgen::{Clamped, JsCast as _, JsValue};
use web_sys::{CanvasRenderingContext2d as Context, HtmlCanvasElement as Canvas};

use crate::core::geometry::Point;
use crate::core::retouch::tone::Tone;
use crate::core::retouch::{Affine, Brush, Look, Orient, Stroke, preview_scale};

/// The longer side of the small copy that is worked on, in px.
const SIDE_MAX: f64 = 1600.0;

/// A canvas with its context.
pub(super) struct Sheet {
    /// The element.
    pub(super) canvas: Canvas,
    /// The context that draws on it.
    pub(super) ctx: Context,
}

impl Sheet {
    /// A canvas of that size; `read` where its pixels will be read.
    pub(super) fn new(w: u32, h: u32, read: bool) -> Option<Self> {
        let canvas = document().create_element("canvas").ok()?.dyn_into::<Canvas>().ok()?;
        canvas.set_width(w);
        canvas.set_height(h);
        let ctx = context(&canvas, read)?;
        Some(Self { canvas, ctx })
    }

    fn clear(&self) {
        plain(&self.ctx);
        self.ctx.clear_rect(0.0, 0.0, self.canvas.width().into(), self.canvas.height().into());
    }

    /// Gives its memory back now, not when the browser gets to it.
    pub(super) fn free(&self) {
        self.canvas.set_width(0);
        self.canvas.set_height(0);
    }
}

fn context(canvas: &Canvas, read: bool) -> Option<Context> {
    let options = web_sys::ContextAttributes2d::new();
    options.set_will_read_frequently(read);
    canvas.get_context_with_context_options("2d", &options).ok()??.dyn_into().ok()
}

fn plain(ctx: &Context) {
    transform(ctx, Affine::scaled(1.0));
    over(ctx, "source-over");
}

fn over(ctx: &Context, how: &str) {
    // A known word is always taken.
    let _set = ctx.set_global_composite_operation(how);
}

/// Lays a mapping on everything drawn from now on.
pub(super) fn transform(ctx: &Context, t: Affine) {
    // Six finite numbers are always taken.
    let _set = ctx.set_transform(t.a, t.b, t.c, t.d, t.e, t.f);
}

/// Draws the picture over the whole source rectangle.
pub(super) fn paint(
    ctx: &Context,
    image: &web_sys::HtmlImageElement,
    t: Affine,
    source: (f64, f64),
) -> Result<(), JsValue> {
    transform(ctx, t);
    ctx.set_image_smoothing_enabled(true);
    // Better where it is known; the others smooth as they do.
    let _set = js_sys::Reflect::set(ctx, &"imageSmoothingQuality".into(), &"high".into());
    let done =
        ctx.draw_image_with_html_image_element_and_dw_and_dh(image, 0.0, 0.0, source.0, source.1);
    plain(ctx);
    done
}

/// Light and colour on rows of a canvas.
pub(super) fn tone(
    ctx: &Context,
    w: u32,
    (from, rows): (u32, u32),
    tone: Tone,
) -> Result<(), JsValue> {
    let y = f64::from(from);
    let data = ctx.get_image_data(0.0, y, w.into(), rows.into())?;
    let mut pixels = data.data().0;
    tone.apply(&mut pixels);
    let data = web_sys::ImageData::new_with_u8_clamped_array_and_sh(Clamped(&pixels), w, rows)?;
    ctx.put_image_data(&data, 0.0, y)
}

/// Draws a stroke from its `from`-th point on.
pub(super) fn stroke(ctx: &Context, t: Affine, stroke: &Stroke, from: usize) {
    transform(ctx, t);
    let takes = matches!(stroke.brush, Brush::Erase | Brush::Unmask);
    over(ctx, if takes { "destination-out" } else { "source-over" });
    let color = if stroke.brush == Brush::Paint { stroke.color.as_str() } else { "#000" };
    ctx.set_stroke_style_str(color);
    ctx.set_line_width(stroke.size);
    ctx.set_line_cap("round");
    ctx.set_line_join("round");
    ctx.begin_path();
    let points = stroke.points.get(from.saturating_sub(1)..).unwrap_or_default();
    if let Some(first) = points.first() {
        ctx.move_to(first.x, first.y);
        if points.len() == 1 {
            // A line to itself is a dot with round ends.
            ctx.line_to(first.x, first.y);
        }
    }
    for p in points.iter().skip(1) {
        ctx.line_to(p.x, p.y);
    }
    ctx.stroke();
    plain(ctx);
}

fn is_ink(stroke: &Stroke) -> bool {
    matches!(stroke.brush, Brush::Paint | Brush::Erase)
}

/// The drawing on screen.
#[derive(Default)]
pub(super) struct Engine {
    picture: Option<web_sys::HtmlImageElement>,
    /// Screen pixels of one source pixel.
    k: f64,
    base: Option<Sheet>,
    ink: Option<Sheet>,
    mask: Option<Sheet>,
    /// The orientation, straightening and tone that `base` was drawn with.
    drawn: Option<(Orient, f64, Tone)>,
    /// The strokes on `ink` and `mask`.
    strokes: Vec<Arc<Stroke>>,
}

impl Engine {
    /// The picture is there.
    pub(super) fn take(&mut self, image: web_sys::HtmlImageElement, source: (f64, f64)) {
        self.k = preview_scale(source.0, source.1, SIDE_MAX);
        self.picture = Some(image);
    }

    /// From source to canvas pixels.
    fn mapping(&self, look: &Look) -> Affine {
        look.to_frame().then(Affine::scaled(self.k))
    }

    /// Size of the canvas of a look.
    pub(super) fn size(&self, look: &Look) -> (u32, u32) {
        let (w, h) = look.frame();
        let px = |v: f64| (v * self.k).round().max(1.0) as u32;
        (px(w), px(h))
    }

    /// Draws a look on a canvas.
    pub(super) fn draw(&mut self, look: &Look, on: &Canvas) {
        let Some(picture) = self.picture.clone() else { return };
        let (w, h) = self.size(look);
        let now = (look.orient, look.straighten, look.tone);
        let moved = self.drawn.is_none_or(|(o, s, _)| (o, s) != (look.orient, look.straighten));
        if self.base.as_ref().is_none_or(|b| (b.canvas.width(), b.canvas.height()) != (w, h)) {
            self.base = Sheet::new(w, h, true);
            self.ink = Sheet::new(w, h, false);
            self.mask = Sheet::new(w, h, false);
            self.drawn = None;
        }
        let t = self.mapping(look);
        if self.drawn != Some(now)
            && let Some(base) = &self.base
        {
            base.clear();
            // What cannot be drawn leaves the sheet empty, which is seen.
            let _drawn = paint(&base.ctx, &picture, t, look.source);
            if !look.tone.is_plain() {
                let _toned = tone(&base.ctx, w, (0, h), look.tone);
            }
        }
        self.lay_strokes(look, t, moved || self.drawn.is_none());
        self.drawn = Some(now);
        self.compose(on, (w, h));
    }

    /// Draws the strokes that are not there yet; all of them where some are gone or everything moved.
    fn lay_strokes(&mut self, look: &Look, t: Affine, anew: bool) {
        let (Some(ink), Some(mask)) = (&self.ink, &self.mask) else { return };
        let kept = self.strokes.len() <= look.strokes.len()
            && self.strokes.iter().zip(&look.strokes).all(|(a, b)| Arc::ptr_eq(a, b));
        let mut from = self.strokes.len();
        if anew || !kept {
            ink.clear();
            mask.clear();
            from = 0;
        }
        for one in look.strokes.iter().skip(from) {
            stroke(if is_ink(one) { &ink.ctx } else { &mask.ctx }, t, one, 0);
        }
        self.strokes.clone_from(&look.strokes);
    }

    fn compose(&self, on: &Canvas, (w, h): (u32, u32)) {
        if (on.width(), on.height()) != (w, h) {
            on.set_width(w);
            on.set_height(h);
        }
        let Some(ctx) = context(on, false) else { return };
        plain(&ctx);
        ctx.clear_rect(0.0, 0.0, w.into(), h.into());
        let lay = |sheet: &Option<Sheet>| {
            if let Some(sheet) = sheet {
                // Only an empty canvas is refused, and these have a size.
                let _laid = ctx.draw_image_with_html_canvas_element(&sheet.canvas, 0.0, 0.0);
            }
        };
        lay(&self.base);
        lay(&self.ink);
        over(&ctx, "destination-out");
        lay(&self.mask);
        over(&ctx, "source-over");
    }

    /// Draws what came to a stroke in hand since its `from`-th point.
    pub(super) fn grow(&self, look: &Look, one: &Stroke, from: usize, on: &Canvas) {
        let sheet = if is_ink(one) { &self.ink } else { &self.mask };
        let Some(sheet) = sheet else { return };
        stroke(&sheet.ctx, self.mapping(look), one, from);
        self.compose(on, self.size(look));
    }

    /// The stroke in hand is part of the look now, as drawn.
    pub(super) fn adopt(&mut self, one: Arc<Stroke>) {
        self.strokes.push(one);
    }

    /// Makes the next drawing start anew, without the stroke that was given up.
    pub(super) fn forget(&mut self) {
        self.drawn = None;
    }
}

/// Distance below which points of a stroke are the same, in source pixels: a share of the brush.
pub(super) fn apart(a: Point, b: Point, size: f64) -> bool {
    a.distance(b) >= (size * 0.06).max(0.5)
}

//! Saving: everything once more at full size, then to the server as a picture of its own.

use crate::core::rights::Right;
use crate::web::canvas::actions::focus;
use gesso_protocol::graph::{replaced, shown_generation};
use gesso_protocol::schema;
use gesso_protocol::values::AssetRef;
use leptos::prelude::*;
use serde_json::json;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::core::retouch::{Brush, Look, fits_in_memory};
use crate::web::canvas::actions::edit;
use crate::web::canvas::image_editor::desk::{Desk, Stand, picture};
use crate::web::canvas::image_editor::engine::{self, Sheet};
use crate::web::canvas::transfer::upload;
use crate::web::dom;
use crate::web::http::{self, ApiError};

/// Rows that are coloured between two frames.
const ROWS: u32 = 256;
const NO_MEMORY: &str = "This browser has not enough memory for a picture of that size. Crop it smaller, or use another browser.";

/// Saves, and closes the editor where that went well.
pub(super) fn start(desk: Desk) {
    let ready = desk.stand.with_untracked(|s| *s == Stand::Ready);
    if !ready || !desk.page.demand(Right::Edit) || !desk.edits.with_untracked(|e| e.is_changed()) {
        return;
    }
    desk.settle();
    desk.stand.set(Stand::Saving("Drawing…"));
    leptos::task::spawn_local(async move {
        let look = desk.edits.with_untracked(|e| e.now().clone());
        let saved = save(desk, &look).await;
        if desk.page.try_core().is_none() {
            return;
        }
        match saved {
            Ok(()) => {
                let node = desk.node.get_value();
                desk.page.overlays.image_editor.set(None);
                desk.page.live.set("The edited picture is saved as a new result".to_owned());
                focus::focus_card(&node);
            }
            Err(why) => {
                desk.page.toasts.bad(&why);
                desk.stand.set(Stand::Ready);
            }
        }
    });
}

async fn save(desk: Desk, look: &Look) -> Result<(), String> {
    let asset = desk.asset.get_value();
    let image = picture(&format!("/api/assets/{}", asset.id)).await?;
    let blob = render(&image, look).await?;
    drop(image);
    let _told = desk.stand.try_set(Stand::Saving("Saving…"));
    let title = desk
        .page
        .read(|c| c.nodes.get(&desk.node.get_value()).map(|n| n.shown_title().to_owned()))
        .unwrap_or_default();
    let stored = upload::store(desk.page, &blob, &format!("{title}, edited.png")).await;
    let stored = stored.map_err(|error: ApiError| error.detail)?;
    put(desk, stored).await
}

/// One frame for the page, so that it can show what it does.
async fn breathe() {
    let frame = js_sys::Promise::new(&mut |resolve, _| {
        request_animation_frame(move || {
            let _done = resolve.call0(&JsValue::NULL);
        });
    });
    let _waited = JsFuture::from(frame).await;
}

/// The picture at full size, as PNG.
async fn render(image: &web_sys::HtmlImageElement, look: &Look) -> Result<web_sys::Blob, String> {
    let none = || NO_MEMORY.to_owned();
    let refused = |cause| dom::because(&cause, NO_MEMORY).to_owned();
    let (w, h) = look.output();
    if !fits_in_memory(w, h) {
        return Err(none());
    }
    let out = Sheet::new(w, h, !look.tone.is_plain()).ok_or_else(none)?;
    engine::paint(&out.ctx, image, look.to_output(), look.source).map_err(refused)?;
    breathe().await;
    if !look.tone.is_plain() {
        for from in (0..h).step_by(ROWS as usize) {
            engine::tone(&out.ctx, w, (from, ROWS.min(h - from)), look.tone).map_err(refused)?;
            if from % (ROWS * 8) == 0 {
                breathe().await;
            }
        }
    }
    ink(&out, look).ok_or_else(none)?;
    breathe().await;
    mask(&out, look).ok_or_else(none)?;
    let blob = png(&out).await.ok_or_else(none);
    out.free();
    blob
}

/// Lays what was drawn over the picture.
fn ink(out: &Sheet, look: &Look) -> Option<()> {
    let drawn = look.strokes.iter().filter(|s| matches!(s.brush, Brush::Paint | Brush::Erase));
    let t = look.to_output();
    // Without an eraser a sheet of its own would be memory for nothing.
    if !look.strokes.iter().any(|s| s.brush == Brush::Erase) {
        drawn.for_each(|s| engine::stroke(&out.ctx, t, s, 0));
        return Some(());
    }
    let sheet = Sheet::new(out.canvas.width(), out.canvas.height(), false)?;
    drawn.for_each(|s| engine::stroke(&sheet.ctx, t, s, 0));
    out.ctx.draw_image_with_html_canvas_element(&sheet.canvas, 0.0, 0.0).ok()?;
    sheet.free();
    Some(())
}

/// Makes what is masked transparent.
fn mask(out: &Sheet, look: &Look) -> Option<()> {
    if !look.has_mask() {
        return Some(());
    }
    let t = look.to_output();
    let sheet = Sheet::new(out.canvas.width(), out.canvas.height(), false)?;
    for s in look.strokes.iter().filter(|s| matches!(s.brush, Brush::Mask | Brush::Unmask)) {
        engine::stroke(&sheet.ctx, t, s, 0);
    }
    out.ctx.set_global_composite_operation("destination-out").ok()?;
    out.ctx.draw_image_with_html_canvas_element(&sheet.canvas, 0.0, 0.0).ok()?;
    out.ctx.set_global_composite_operation("source-over").ok()?;
    sheet.free();
    Some(())
}

async fn png(sheet: &Sheet) -> Option<web_sys::Blob> {
    let made = js_sys::Promise::new(&mut |resolve, reject| {
        let done = Closure::once_into_js(move |blob: JsValue| {
            let _done = resolve.call1(&JsValue::NULL, &blob);
        });
        if sheet.canvas.to_blob_with_type(done.unchecked_ref(), "image/png").is_err() {
            let _done = reject.call0(&JsValue::NULL);
        }
    });
    JsFuture::from(made).await.ok()?.dyn_into().ok()
}

/// Puts the stored picture where the edited one was.
async fn put(desk: Desk, asset: AssetRef) -> Result<(), String> {
    let (page, node, key) = (desk.page, desk.node.get_value(), desk.key.get_value());
    let value = asset.to_value();
    if page.read(|c| c.nodes.get(&node).is_some_and(|n| n.asset.is_some())) {
        page.edit(|txn| schema::set_node_value(txn, &node, "asset", &value));
        return Ok(());
    }
    let from = page.read(|c| {
        let own = replaced(c, &node, &key).is_none();
        shown_generation(c, &node, &key).filter(|_| own).map(|g| g.id.clone())
    });
    let Some(from) = from else {
        edit::replace_creation(page, &node, &value);
        return Ok(());
    };
    let path = format!("/api/canvases/{}/nodes/{node}/generations", page.id.get_value());
    let body = json!({"asset": asset.id, "from": from});
    let made = http::post::<serde_json::Value>(&path, &body).await.map_err(|error| error.detail)?;
    if let Some(made) = made.get("id").and_then(serde_json::Value::as_str) {
        edit::choose_new(page, &node, &key, made);
    }
    Ok(())
}

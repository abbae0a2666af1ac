//! The picture editor's desk: the picture, what was done to it, and the tool in hand.

use crate::core::geometry::Rect;
use crate::core::retouch::crop::Aspect;
use crate::core::retouch::{Brush, Edits, Look};
use crate::web::canvas::image_editor::engine::Engine;
use crate::web::canvas::store::page::Page;
use gesso_protocol::values::AssetRef;
use leptos::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_futures::JsFuture;

/// The tool in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Crop, turn, flip, straighten.
    Crop,
    /// Light and colour.
    Adjust,
    /// Drawing.
    Draw,
    /// The mask.
    Mask,
}

/// The progress of the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stand {
    Opening,
    Ready,
    Saving(&'static str),
    Failed(String),
}

/// State that all parts of one editor share.
#[derive(Clone, Copy)]
pub struct Desk {
    pub(crate) page: Page,
    pub(crate) node: StoredValue<String>,
    pub(crate) key: StoredValue<String>,
    pub(crate) asset: StoredValue<AssetRef>,
    pub(crate) edits: RwSignal<Edits>,
    pub(crate) tool: RwSignal<Tool>,
    pub(crate) aspect: RwSignal<Aspect>,
    /// True if the brush takes away what it otherwise puts.
    pub(crate) rubs: RwSignal<bool>,
    pub(crate) color: RwSignal<String>,
    /// Of the brush, 1 to 100.
    pub(crate) size: RwSignal<f64>,
    /// 1 shows all of it.
    pub(crate) zoom: RwSignal<f64>,
    /// Width and height there is for the picture, in px.
    pub(crate) room: RwSignal<(f64, f64)>,
    /// The untouched picture is shown.
    pub(crate) before: RwSignal<bool>,
    pub(crate) stand: RwSignal<Stand>,
    pub(super) engine: StoredValue<Rc<RefCell<Engine>>, LocalStorage>,
}

impl Desk {
    pub(crate) fn look(self) -> Look {
        self.edits.with(|e| e.now().clone())
    }

    pub(crate) fn edit(self, change: impl FnOnce(&mut Look)) {
        self.edits.update(|e| e.edit(change));
    }

    pub(crate) fn adjust(self, change: impl FnOnce(&mut Look)) {
        self.edits.update(|e| e.adjust(change));
    }

    pub(crate) fn undo(self) {
        self.edits.update(|e| {
            e.undo();
        });
    }

    pub(crate) fn redo(self) {
        self.edits.update(|e| {
            e.redo();
        });
    }

    pub(crate) fn settle(self) {
        self.edits.update(Edits::settle);
    }

    pub(crate) fn brush(self) -> Option<Brush> {
        match (self.tool.get(), self.rubs.get()) {
            (Tool::Draw, false) => Some(Brush::Paint),
            (Tool::Draw, true) => Some(Brush::Erase),
            (Tool::Mask, false) => Some(Brush::Mask),
            (Tool::Mask, true) => Some(Brush::Unmask),
            (Tool::Crop | Tool::Adjust, _) => None,
        }
    }

    /// The brush's width, in source pixels: finer where it is small.
    pub(crate) fn brush_px(self) -> f64 {
        let short = self.edits.with(|e| e.now().source.0.min(e.now().source.1));
        ((self.size.get() / 100.0).powi(2) * 0.5 * short).max(1.0)
    }

    /// Returns the part of the frame that is shown: all of it while it is cropped.
    pub(crate) fn visible(self) -> Rect {
        self.edits.with(|e| {
            let (w, h) = e.now().frame();
            if self.tool.get() == Tool::Crop { Rect::new(0.0, 0.0, w, h) } else { e.now().crop }
        })
    }

    /// Screen px of one frame pixel.
    pub(crate) fn scale(self) -> f64 {
        let (w, h) = self.room.get();
        let v = self.visible();
        let fit = (w / v.w.max(1.0)).min(h / v.h.max(1.0)).min(12.0);
        (fit * self.zoom.get()).max(1e-4)
    }

    pub(crate) fn zoom_by(self, factor: f64) {
        self.zoom.update(|z| *z = (*z * factor).clamp(0.25, 16.0));
    }
}

/// Fetches a picture and waits until it can be drawn.
pub async fn picture(src: &str) -> Result<web_sys::HtmlImageElement, String> {
    let gone = |cause| {
        let words = "The picture could not be read. Check the connection and try again.";
        crate::web::dom::because(&cause, words).to_owned()
    };
    let image = web_sys::HtmlImageElement::new().map_err(gone)?;
    image.set_decoding("async");
    image.set_src(src);
    JsFuture::from(image.decode()).await.map_err(gone)?;
    Ok(image)
}

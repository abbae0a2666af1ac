//! The picture editor: crop, turn, light and colour, drawing and a mask, on a small copy of the picture. Saving does all
//! of it once more at full size.

use std::cell::RefCell;
use std::rc::Rc;

use gesso_protocol::values::{AssetRef, DataType};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;

use super::media::{Showing, showing_item};
use super::page::Page;
use crate::core::geometry::Rect;
use crate::core::retouch::crop::Aspect;
use crate::core::retouch::{Brush, Edits, Look};
use crate::web::dialog::Confirm;
use crate::web::icons::icon;

pub mod engine;
pub mod save;
pub mod stage;
pub mod tools;

use engine::Engine;

/// What is in hand.
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

/// How far it is.
#[derive(Clone, Debug, PartialEq)]
enum Stand {
    Opening,
    Ready,
    Saving(&'static str),
    Failed(String),
}

/// What all parts of one editor share.
#[derive(Clone, Copy)]
pub struct Desk {
    page: Page,
    node: StoredValue<String>,
    key: StoredValue<String>,
    asset: StoredValue<AssetRef>,
    edits: RwSignal<Edits>,
    tool: RwSignal<Tool>,
    aspect: RwSignal<Aspect>,
    /// Whether the brush takes away what it otherwise puts.
    rubs: RwSignal<bool>,
    color: RwSignal<String>,
    /// Of the brush, 1 to 100.
    size: RwSignal<f64>,
    /// 1 shows all of it.
    zoom: RwSignal<f64>,
    /// Width and height there is for the picture, in px.
    room: RwSignal<(f64, f64)>,
    /// The untouched picture is shown.
    before: RwSignal<bool>,
    stand: RwSignal<Stand>,
    engine: StoredValue<Rc<RefCell<Engine>>, LocalStorage>,
}

impl Desk {
    fn look(self) -> Look {
        self.edits.with(|e| e.now().clone())
    }

    fn edit(self, change: impl FnOnce(&mut Look)) {
        self.edits.update(|e| e.edit(change));
    }

    fn adjust(self, change: impl FnOnce(&mut Look)) {
        self.edits.update(|e| e.adjust(change));
    }

    fn undo(self) {
        self.edits.update(|e| {
            e.undo();
        });
    }

    fn redo(self) {
        self.edits.update(|e| {
            e.redo();
        });
    }

    fn settle(self) {
        self.edits.update(Edits::settle);
    }

    fn brush(self) -> Option<Brush> {
        match (self.tool.get(), self.rubs.get()) {
            (Tool::Draw, false) => Some(Brush::Paint),
            (Tool::Draw, true) => Some(Brush::Erase),
            (Tool::Mask, false) => Some(Brush::Mask),
            (Tool::Mask, true) => Some(Brush::Unmask),
            (Tool::Crop | Tool::Adjust, _) => None,
        }
    }

    /// The brush's width, in source pixels: finer where it is small.
    fn brush_px(self) -> f64 {
        let short = self.edits.with(|e| e.now().source.0.min(e.now().source.1));
        ((self.size.get() / 100.0).powi(2) * 0.5 * short).max(1.0)
    }

    /// What of the frame is shown: all of it while it is cropped.
    fn visible(self) -> Rect {
        self.edits.with(|e| {
            let (w, h) = e.now().frame();
            if self.tool.get() == Tool::Crop { Rect::new(0.0, 0.0, w, h) } else { e.now().crop }
        })
    }

    /// Screen px of one frame pixel.
    fn scale(self) -> f64 {
        let (w, h) = self.room.get();
        let v = self.visible();
        let fit = (w / v.w.max(1.0)).min(h / v.h.max(1.0)).min(12.0);
        (fit * self.zoom.get()).max(1e-4)
    }

    fn zoom_by(self, factor: f64) {
        self.zoom.update(|z| *z = (*z * factor).clamp(0.25, 16.0));
    }
}

/// Whether what a node shows can be edited here.
pub fn can_edit(page: Page, id: &str) -> bool {
    let runs = page.read(|c| c.nodes.get(id).is_some_and(|n| n.kind != "evaluator"));
    runs && matches!(
        showing_item(page, id, &super::media::item_key(page, id)),
        Showing::Asset(AssetRef { ty: Some(DataType::Image), .. })
    )
}

/// Opens the editor for what a card shows.
pub fn open(page: Page, id: &str) {
    if can_edit(page, id) {
        let key = super::media::item_key(page, id);
        page.open.preview.set(None);
        page.open.retouch.set(Some((id.to_owned(), key)));
    }
}

/// The editor.
#[component]
pub fn Retouch(page: Page) -> impl IntoView {
    move || {
        let (node, key) = page.open.retouch.get()?;
        let Showing::Asset(asset) = untrack(|| showing_item(page, &node, &key)) else {
            return None;
        };
        Some(view! { <Open page=page node=node key_=key asset=asset /> })
    }
}

fn desk(page: Page, node: String, key: String, asset: AssetRef) -> Desk {
    let (w, h) = (asset.width.unwrap_or(1024), asset.height.unwrap_or(1024));
    let (w, h) = (f64::from(w), f64::from(h));
    Desk {
        page,
        node: StoredValue::new(node),
        key: StoredValue::new(key),
        asset: StoredValue::new(asset),
        edits: RwSignal::new(Edits::new(w, h)),
        tool: RwSignal::new(Tool::Crop),
        aspect: RwSignal::new(Aspect::Free),
        rubs: RwSignal::new(false),
        color: RwSignal::new("#e5484d".to_owned()),
        size: RwSignal::new(25.0),
        zoom: RwSignal::new(1.0),
        room: RwSignal::new((640.0, 480.0)),
        before: RwSignal::new(false),
        stand: RwSignal::new(Stand::Opening),
        engine: StoredValue::new_local(Rc::new(RefCell::new(Engine::default()))),
    }
}

/// Fetches a picture and waits until it can be drawn.
async fn picture(src: &str) -> Result<web_sys::HtmlImageElement, String> {
    let gone = |cause| {
        let words = "The picture could not be read. Check the connection and try again.";
        super::dom::because(&cause, words).to_owned()
    };
    let image = web_sys::HtmlImageElement::new().map_err(gone)?;
    image.set_decoding("async");
    image.set_src(src);
    JsFuture::from(image.decode()).await.map_err(gone)?;
    Ok(image)
}

#[component]
fn Open(page: Page, node: String, key_: String, asset: AssetRef) -> impl IntoView {
    let title =
        page.read(|c| c.nodes.get(&node).map(|n| n.shown_title().to_owned())).unwrap_or_default();
    let small = super::media::thumbnail(&asset, 2048);
    let desk = desk(page, node, key_, asset);
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    let leaving = RwSignal::new(false);
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get()
            && !dialog.open()
            && dialog.show_modal().is_err()
        {
            dialog.set_open(true);
        }
    });
    leptos::task::spawn_local(async move {
        let fetched = picture(&small).await;
        let Some(engine) = desk.engine.try_get_value() else { return };
        match fetched {
            Ok(image) => {
                engine.borrow_mut().take(image, desk.edits.with_untracked(|e| e.now().source));
                desk.stand.set(Stand::Ready);
            }
            Err(why) => desk.stand.set(Stand::Failed(why)),
        }
    });
    let saving = Memo::new(move |_| desk.stand.with(|s| matches!(s, Stand::Saving(_))));
    let close = move || {
        let node = desk.node.get_value();
        page.open.retouch.set(None);
        super::commands::focus_card(node);
    };
    let leave = move || {
        if saving.get_untracked() {
            return;
        }
        if desk.edits.with_untracked(Edits::is_changed) { leaving.set(true) } else { close() }
    };
    let cancel = move |e: web_sys::Event| {
        e.prevent_default();
        leave();
    };
    view! {
        <dialog class="retouch" node_ref=dialog aria-label=format!("Edit image: {title}") on:cancel=cancel
            on:keydown=move |e| keys(desk, &e) on:keyup=move |e| if e.key() == "\\" { desk.before.set(false) }>
            <header class="rt-top">
                <h2>{format!("Edit {title}")}</h2>
                <tools::Steps desk=desk />
                <span class="grow"></span>
                <button class="btn ghost" disabled=saving on:click=move |_| leave()>"Cancel"</button>
                <SaveButton desk=desk />
            </header>
            <div class="rt-main">
                <stage::Stage desk=desk />
                <tools::Panel desk=desk />
            </div>
            {move || leaving.get().then(|| view! {
                <Confirm title="Leave without saving?" text="What you changed in this picture will be lost." act="Leave"
                    on_yes=Callback::new(move |()| close()) on_close=Callback::new(move |()| leaving.set(false)) />
            })}
        </dialog>
    }
}

#[component]
fn SaveButton(desk: Desk) -> impl IntoView {
    let off =
        move || desk.stand.with(|s| *s != Stand::Ready) || !desk.edits.with(Edits::is_changed);
    let words = move || match desk.stand.get() {
        Stand::Saving(what) => what,
        Stand::Opening | Stand::Ready | Stand::Failed(_) => "Save",
    };
    let why = "Keeps it as a new result; the one before stays in the history";
    let click = move |_| save::start(desk);
    view! { <button class="btn primary" disabled=off title=why on:click=click>{icon("check")}{words}</button> }
}

/// Keys of the editor; what a field or slider needs stays theirs.
fn keys(desk: Desk, e: &web_sys::KeyboardEvent) {
    let field = e.target().and_then(|t| t.dyn_into::<web_sys::HtmlInputElement>().ok());
    if field.is_some_and(|f| f.type_() == "text") {
        return;
    }
    let command = e.ctrl_key() || e.meta_key();
    let key = e.key().to_lowercase();
    match (command, key.as_str()) {
        (true, "z") if e.shift_key() => desk.redo(),
        (true, "z") => desk.undo(),
        (true, "y") => desk.redo(),
        (true, "s") => save::start(desk),
        (true, _) => return,
        (_, "c") => desk.tool.set(Tool::Crop),
        (_, "a") => desk.tool.set(Tool::Adjust),
        (_, "b" | "d") => tools::take(desk, Tool::Draw, false),
        (_, "e") => tools::take(desk, Tool::Draw, true),
        (_, "m") => tools::take(desk, Tool::Mask, e.shift_key()),
        (_, "r") => desk.edit(|l| l.turn(!e.shift_key())),
        (_, "[") => desk.size.update(|s| *s = (*s - 4.0).max(1.0)),
        (_, "]") => desk.size.update(|s| *s = (*s + 4.0).min(100.0)),
        (_, "+" | "=") => desk.zoom_by(1.25),
        (_, "-") => desk.zoom_by(0.8),
        (_, "0") => desk.zoom.set(1.0),
        (_, "\\") => desk.before.set(true),
        _ => return,
    }
    e.prevent_default();
    e.stop_propagation();
}

//! The picture editor: crop, turn, light and colour, drawing and a mask, on a small copy of the picture. Saving does all
//! of it once more at full size.

use crate::web::canvas::image_editor::desk::Desk;
use crate::web::canvas::image_editor::desk::Stand;
use crate::web::canvas::image_editor::desk::Tool;
use crate::web::canvas::image_editor::desk::picture;
use crate::web::canvas::image_editor::save;
use crate::web::canvas::image_editor::stage;
use crate::web::canvas::image_editor::tools;
use std::cell::RefCell;
use std::rc::Rc;

use gesso_protocol::values::AssetRef;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::core::retouch::Edits;
use crate::core::retouch::crop::Aspect;
use crate::web::canvas::image_editor::engine::Engine;
use crate::web::canvas::store::page::Page;
use crate::web::canvas::store::showing::{Showing, showing_item};
use crate::web::ui::dialog::Confirm;
use crate::web::ui::icons::icon;

/// The editor.
#[component]
pub fn ImageEditor(page: Page) -> impl IntoView {
    move || {
        let (node, key) = page.overlays.image_editor.get()?;
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

#[component]
fn Open(page: Page, node: String, key_: String, asset: AssetRef) -> impl IntoView {
    let title =
        page.read(|c| c.nodes.get(&node).map(|n| n.shown_title().to_owned())).unwrap_or_default();
    let small = crate::web::canvas::store::showing::thumbnail(&asset, 2048);
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
        page.overlays.image_editor.set(None);
        crate::web::canvas::actions::focus::focus_card(&node);
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

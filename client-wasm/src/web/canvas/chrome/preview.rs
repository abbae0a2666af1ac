//! A result as large as the window, and the way to the ones beside it.

use gesso_protocol::values::{AssetRef, DataType};
use leptos::prelude::*;

use crate::core::results;
use crate::web::canvas::actions::open;
use crate::web::canvas::store::overlays::Previewed;
use crate::web::canvas::store::page::Page;
use crate::web::canvas::store::showing::{Showing, item_key, showing_result, thumbnail};
use crate::web::canvas::transfer::download;
use crate::web::ui::dialog::Dialog;
use crate::web::ui::icons::icon;

/// The dialog.
#[component]
pub fn Preview(page: Page) -> impl IntoView {
    let node =
        Memo::new(move |_| page.overlays.preview.with(|p| p.as_ref().map(|p| p.node.clone())));
    move || node.get().map(|id| view! { <Open page=page id=id /> })
}

#[component]
fn Open(page: Page, id: String) -> impl IntoView {
    let id = StoredValue::new(id);
    let close = Callback::new(move |()| page.overlays.preview.set(None));
    let result = Memo::new(move |_| {
        page.overlays.preview.with(|p| p.as_ref().map(|p| p.result.clone()).unwrap_or_default())
    });
    let all = Memo::new(move |_| {
        page.revision.track();
        page.read(|c| results::gallery(c, &id.get_value()))
    });
    let place =
        Memo::new(move |_| result.with(|r| all.with(|all| all.iter().position(|o| o == r))));
    let go = move |step: isize| {
        let Some(at) = place.get_untracked() else { return };
        let next = all.with_untracked(|all| {
            let at = (at as isize + step).rem_euclid(all.len().max(1) as isize);
            all.get(at as usize).cloned()
        });
        if let Some(result) = next {
            page.overlays.preview.set(Some(Previewed { node: id.get_value(), result }));
        }
    };
    let keys = move |e: web_sys::KeyboardEvent| {
        // Sounds and films take the arrows themselves.
        let inside = crate::web::dom::came_from(&e, "video, audio, canvas, input, [role=slider]");
        match e.key().as_str() {
            "ArrowRight" if !inside => go(1),
            "ArrowLeft" if !inside => go(-1),
            _ => return,
        }
        e.prevent_default();
    };
    // At the window: what had the focus goes with the result that was shown before.
    let listener = window_event_listener(leptos::ev::keydown, keys);
    on_cleanup(move || listener.remove());
    let title = Memo::new(move |_| {
        let key = result.with(|r| r.key.clone());
        page.read(|c| {
            let title = c.nodes.get(&id.get_value()).map(|n| n.shown_title().to_owned());
            let label = results::label(c, &key);
            let title = title.unwrap_or_default();
            if label.is_empty() { title } else { format!("{title}: {label}") }
        })
    });
    let showing = Memo::new(move |_| {
        page.revision.track();
        result.with(|r| showing_result(page, &id.get_value(), r))
    });
    let is_large = RwSignal::new(false);
    Effect::new(move |_| {
        result.track();
        is_large.set(false);
    });
    let file = move || match showing.get() {
        Showing::Asset(asset) => Some(asset),
        Showing::Text(_) | Showing::Nothing => None,
    };
    // The editor opens what the card shows.
    let editable = move || {
        let id = id.get_value();
        page.revision.track();
        let is_on_card = result
            .with(|r| r.key == item_key(page, &id) && page.read(|c| results::is_shown(c, &id, r)));
        is_on_card && open::can_edit(page, &id)
    };
    let edit = move |_| open::image_editor(page, &id.get_value());
    let save =
        move |_| result.with_untracked(|r| download::download_result(page, &id.get_value(), r));
    let several = move || all.with(Vec::len) > 1 && place.get().is_some();
    let arrows = move || {
        several().then(|| {
            let words = move || {
                format!("{} of {}", place.get().map_or(0, |at| at + 1), all.with(Vec::len))
            };
            view! {
                <button class="ib" aria-label="Previous result" title="Previous result" on:click=move |_| go(-1)>{icon("left")}</button>
                <span class="num muted" role="status">{words}</span>
                <button class="ib" aria-label="Next result" title="Next result" on:click=move |_| go(1)>{icon("right")}</button>
            }
        })
    };
    view! {
        <Dialog title=title on_close=close width=1200>
            <div class="preview" class:is-large=move || is_large.get()>
                {move || content(showing.get(), &title.get_untracked(), is_large)}
            </div>
            <div class="preview-foot row">
                {arrows}
                <span class="muted num grow">{move || file().map(|asset| facts(&asset))}</span>
                {move || editable().then(|| view! { <button class="btn" on:click=edit>{icon("brush")}"Edit image"</button> })}
                {move || file().map(|_| view! { <button class="btn" on:click=save>{icon("download")}"Download"</button> })}
            </div>
        </Dialog>
    }
}

fn facts(asset: &AssetRef) -> String {
    let size = asset.width.zip(asset.height).map(|(w, h)| format!("{w} × {h}"));
    let length = asset.duration.map(crate::core::wave::length);
    let facts: Vec<String> =
        [size, length, Some(asset.mime.clone())].into_iter().flatten().collect();
    facts.join(" · ")
}

fn content(showing: Showing, title: &str, is_large: RwSignal<bool>) -> AnyView {
    let asset = match showing {
        Showing::Nothing => {
            return view! { <p class="muted">"There is no result yet."</p> }.into_any();
        }
        Showing::Text(text) => return view! { <div class="preview-text">{text}</div> }.into_any(),
        Showing::Asset(asset) => asset,
    };
    let title = title.to_owned();
    let src = format!("/api/assets/{}", asset.id);
    match asset.ty {
        Some(DataType::Video) => {
            let poster = thumbnail(&asset, 1280);
            view! { <video class="preview-pic" src=src poster=poster controls autoplay playsinline></video> }
                .into_any()
        }
        Some(DataType::Audio) => {
            view! { <crate::web::canvas::media::player::Player asset=asset name=title large=true /> }
                .into_any()
        }
        Some(DataType::Model3d) => {
            view! { <crate::web::canvas::media::model_viewer::ModelViewer asset=asset name=title /> }
                .into_any()
        }
        Some(DataType::Svg | DataType::Image | DataType::Text) | None => {
            let is_vector = asset.ty == Some(DataType::Svg);
            let zoom = move |_| is_large.update(|large| *large = !*large);
            let name = move || if is_large.get() { "Fit to the window" } else { "Show at full size" };
            view! {
                <button class="preview-zoom" autofocus title=name aria-label=name aria-pressed=move || is_large.get().to_string() on:click=zoom>
                    <img class="preview-pic" class:is-vector=is_vector src=src alt=title />
                </button>
            }
            .into_any()
        }
    }
}

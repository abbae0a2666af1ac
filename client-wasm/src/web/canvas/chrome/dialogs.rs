//! The preview and what an empty canvas says.

use leptos::prelude::*;

use crate::web::canvas::actions::edit;
use crate::web::canvas::store::page::Page;
use crate::web::canvas::store::showing::{Showing, showing_item};
use crate::web::http;
use crate::web::ui::dialog::Dialog;
use crate::web::ui::icons::icon;
use gesso_protocol::api::TemplateBody;
use gesso_protocol::values::DataType;

/// The content of a node, as large as the window.
#[component]
pub fn Preview(page: Page) -> impl IntoView {
    let close = Callback::new(move |()| page.overlays.preview.set(None));
    move || {
        let (id, key) = page.overlays.preview.get()?;
        let mut title =
            page.read(|c| c.nodes.get(&id).map(|n| n.shown_title().to_owned())).unwrap_or_default();
        let label = page.read(|c| crate::core::results::label(c, &key));
        if !label.is_empty() {
            title = format!("{title}: {label}");
        }
        let (content, facts) = match showing_item(page, &id, &key) {
            Showing::Nothing => {
                (view! { <p class="muted">"There is no result yet."</p> }.into_any(), String::new())
            }
            Showing::Text(text) => {
                (view! { <div class="preview-text">{text}</div> }.into_any(), String::new())
            }
            Showing::Asset(asset) => {
                let src = format!("/api/assets/{}", asset.id);
                let size = asset.width.zip(asset.height).map(|(w, h)| format!("{w} × {h}"));
                let length = asset.duration.map(crate::core::wave::length);
                let facts: Vec<String> =
                    [size, length, Some(asset.mime.clone())].into_iter().flatten().collect();
                let facts = facts.join(" · ");
                let face = match asset.ty {
                    Some(DataType::Video) => {
                        let poster = crate::web::canvas::store::showing::thumbnail(&asset, 1280);
                        view! { <video class="preview-pic" src=src poster=poster controls autoplay playsinline></video> }
                            .into_any()
                    }
                    Some(DataType::Audio) => {
                        view! { <crate::web::canvas::media::player::Player asset=asset name=title.clone() large=true /> }.into_any()
                    }
                    Some(DataType::Model3d) => {
                        view! { <crate::web::canvas::media::model_viewer::ModelViewer asset=asset name=title.clone() /> }.into_any()
                    }
                    Some(DataType::Svg) => {
                        view! { <img class="preview-pic is-vector" src=src alt=title.clone() /> }.into_any()
                    }
                    Some(DataType::Image | DataType::Text) | None => {
                        view! { <img class="preview-pic" src=src alt=title.clone() /> }.into_any()
                    }
                };
                (face, facts)
            }
        };
        let has_file = matches!(showing_item(page, &id, &key), Showing::Asset(_));
        let editable = key == crate::web::canvas::store::showing::item_key(page, &id)
            && crate::web::canvas::actions::open::can_edit(page, &id);
        let edited = id.clone();
        let edit = move |_| crate::web::canvas::actions::open::image_editor(page, &edited);
        let download =
            move |_| crate::web::canvas::transfer::download::download_item(page, &id, &key);
        Some(view! {
            <Dialog title=title on_close=close width=1200>
                <div class="preview">{content}</div>
                <div class="preview-foot row">
                    <span class="muted num grow">{facts}</span>
                    {editable.then(|| view! { <button class="btn" on:click=edit>{icon("brush")}"Edit image"</button> })}
                    {has_file.then(|| view! { <button class="btn" on:click=download>{icon("download")}"Download"</button> })}
                </div>
            </Dialog>
        })
    }
}

/// Three ways to begin, while there is nothing.
#[component]
pub fn Empty(page: Page) -> impl IntoView {
    let picking = RwSignal::new(false);
    let image = move |_| {
        let id = edit::add(page, edit::blank("image_generator"), None);
        crate::web::canvas::actions::focus::focus_text(&id);
    };
    move || {
        (page.loaded.get() && page.count.get() == 0).then(|| {
            view! {
                <div class="blank">
                    <div class="blank-in">
                        <h3>"An empty canvas"</h3>
                        <p class="muted">"Double-click anywhere, or begin with one of these."</p>
                        <div class="ways">
                            <button data-floating on:click=image>
                                {icon("wand")}<b>"Make an image"</b><span>"Write a prompt, press Run"</span>
                            </button>
                            <button data-floating on:click=move |_| crate::web::canvas::transfer::upload::pick(page)>
                                {icon("upload")}<b>"Bring a file"</b><span>"Drop a picture, clip or sound"</span>
                            </button>
                            <button data-floating on:click=move |_| picking.set(true)>
                                {icon("template")}<b>"Open a template"</b><span>"A wired canvas to change"</span>
                            </button>
                        </div>
                        <p class="muted row more"><kbd>{crate::web::dom::keys("Mod")}</kbd><kbd>"K"</kbd>" opens everything else"</p>
                    </div>
                </div>
                {move || picking.get().then(|| view! { <Templates page=page picking=picking /> })}
            }
        })
    }
}

/// The templates; using one opens a new canvas.
#[component]
fn Templates(page: Page, picking: RwSignal<bool>) -> impl IntoView {
    let nav = crate::web::nav::use_nav();
    let list = RwSignal::new(None::<Result<Vec<TemplateBody>, String>>);
    leptos::task::spawn_local(async move {
        let answer = http::list::<TemplateBody>("/api/templates").await;
        let _shown = list.try_set(Some(answer.map_err(|e| e.to_string())));
    });
    let take = move |id: String| {
        leptos::task::spawn_local(async move {
            let path = format!("/api/templates/{id}/use");
            match http::post::<http::Made>(&path, &http::nothing()).await {
                Ok(made) => nav.go(&format!("/c/{}", made.id)),
                Err(error) => page.toasts.bad(&error.detail),
            }
        });
    };
    let rows = move || {
        match list.get() {
        None => view! { <p class="muted">"Looking…"</p> }.into_any(),
        Some(Err(why)) => view! { <p class="muted">{why}</p> }.into_any(),
        Some(Ok(all)) => all
            .into_iter()
            .map(|t| {
                let id = t.id.clone();
                view! {
                    <button class="menu-item template" on:click=move |_| take(id.clone())>
                        {icon("template")}<span><b>{t.name}</b><span class="muted">{t.description}</span></span>
                    </button>
                }
            })
            .collect_view()
            .into_any(),
    }
    };
    view! { <Dialog title="Templates" on_close=Callback::new(move |()| picking.set(false))>{rows}</Dialog> }
}

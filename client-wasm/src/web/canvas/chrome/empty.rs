//! What an empty canvas says.

use leptos::prelude::*;

use crate::core::rights::Right;
use crate::web::canvas::actions::edit;
use crate::web::canvas::store::page::Page;
use crate::web::http;
use crate::web::ui::dialog::Dialog;
use crate::web::ui::icons::icon;
use gesso_protocol::api::{CanvasBody, NewCanvas, TemplateBody};

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
                        {move || (!page.can(Right::Edit)).then(|| view! { <p class="muted">"Nothing is here yet. What others add appears by itself."</p> })}
                        <p data-needs="edit" class="muted">"Double-click anywhere, or begin with one of these."</p>
                        <div data-needs="edit" class="ways">
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
                        <p data-needs="edit" class="muted row more"><kbd>{crate::web::dom::keys("Mod")}</kbd><kbd>"K"</kbd>" opens everything else"</p>
                    </div>
                </div>
                {move || picking.get().then(|| view! { <Templates page=page picking=picking /> })}
            }
        })
    }
}

/// The workspace of the canvas, where there may be several.
async fn workspace(page: Page) -> Option<String> {
    let has_account = untrack(|| page.session.has_account());
    let path = format!("/api/canvases/{}", page.id.try_get_value().filter(|_| has_account)?);
    http::get::<CanvasBody>(&path).await.ok().map(|canvas| canvas.workspace)
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
            let new = NewCanvas { workspace: workspace(page).await, ..NewCanvas::default() };
            let path = format!("/api/templates/{id}/use");
            match http::post::<http::Made>(&path, &new).await {
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

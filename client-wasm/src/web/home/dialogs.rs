//! Dialogs of the home page: a name, a template, whether to delete.
#![expect(unreachable_pub, reason = "the component macro writes its own items as public")]

use gesso_protocol::api::{CanvasBody, CanvasChange, TemplateBody};
use gesso_protocol::names;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::model::{Home, Open};
use super::switcher::WorkspaceName;
use crate::web::http;
use crate::web::ui::dialog::{Confirm, Dialog};

/// Most units that a character takes in the length of a field, which counts UTF-16 units.
const UNITS_A_CHAR_MAX: usize = 2;

/// The open dialog, if any.
#[component]
pub(super) fn Dialogs(home: Home) -> impl IntoView {
    let close = Callback::new(move |()| home.open.set(None));
    move || {
        Some(match home.open.get()? {
            Open::Templates => view! { <Templates home on_close=close /> }.into_any(),
            Open::Rename(canvas) => view! { <Rename home canvas on_close=close /> }.into_any(),
            Open::Delete(canvas) => view! { <Delete home canvas on_close=close /> }.into_any(),
            Open::Workspace(space) => {
                view! { <WorkspaceName home space on_close=close /> }.into_any()
            }
        })
    }
}

#[component]
fn Templates(home: Home, on_close: Callback<()>) -> impl IntoView {
    let cards = move || {
        let list = home.templates.get();
        list.into_iter().map(|template| view! { <TemplateCard home template /> }).collect_view()
    };
    view! {
        <Dialog title="Start from a template" on_close width=520>
            <p>"Each runs as it is. It becomes a canvas of your own."</p>
            <div class="tplist">{cards}</div>
        </Dialog>
    }
}

#[component]
fn Rename(home: Home, canvas: CanvasBody, on_close: Callback<()>) -> impl IntoView {
    let name = RwSignal::new(canvas.name.clone());
    let description = RwSignal::new(canvas.description.clone());
    let path = StoredValue::new(format!("/api/canvases/{}", canvas.id));
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let change = CanvasChange {
            name: Some(names::shortened(&name.get_untracked(), names::NAME_CHARS_MAX)),
            description: Some(names::shortened_text(
                &description.get_untracked(),
                names::DESCRIPTION_CHARS_MAX,
            )),
        };
        if change.name.as_ref().is_none_or(String::is_empty) {
            return;
        }
        let path = path.get_value();
        on_close.run(());
        spawn_local(async move {
            if let Err(error) = http::patch::<serde_json::Value>(&path, &change).await {
                home.toasts.bad(&error.detail);
            }
            home.refresh();
        });
    };
    view! {
        <Dialog title="Rename canvas" on_close>
            <form class="body flat" on:submit=save>
                <label class="stacked">
                    <span class="label">"Name"</span>
                    <span class="field"><input maxlength=(UNITS_A_CHAR_MAX * names::NAME_CHARS_MAX).to_string() autofocus bind:value=name /></span>
                </label>
                <label class="stacked">
                    <span class="label">"Description"</span>
                    <span class="field"><input maxlength=(UNITS_A_CHAR_MAX * names::DESCRIPTION_CHARS_MAX).to_string() bind:value=description /></span>
                </label>
                <div class="acts">
                    <button class="btn" type="button" on:click=move |_| on_close.run(())>"Cancel"</button>
                    <button class="btn primary" disabled=move || name.get().trim().is_empty()>"Save"</button>
                </div>
            </form>
        </Dialog>
    }
}

#[component]
fn Delete(home: Home, canvas: CanvasBody, on_close: Callback<()>) -> impl IntoView {
    let CanvasBody { id, name, online, .. } = canvas;
    let others = match online {
        0 => "",
        1 => " Somebody has it open right now.",
        _ => " Several people have it open right now.",
    };
    let text = format!(
        "Its cards, comments and run history go for everybody, and cannot be brought back.{others} \
         Pictures it made stay in the library."
    );
    let gone = name.clone();
    let yes = Callback::new(move |()| {
        on_close.run(());
        let (id, gone) = (id.clone(), gone.clone());
        spawn_local(async move {
            match http::delete(&format!("/api/canvases/{id}")).await {
                Ok(()) => {
                    home.canvases.update(|list| {
                        if let Some(list) = list {
                            list.retain(|canvas| canvas.id != id);
                        }
                    });
                    home.toasts.say("trash", &format!("“{gone}” is deleted."));
                }
                Err(error) => home.toasts.bad(&error.detail),
            }
        });
    });
    view! { <Confirm title=format!("Delete “{name}”?") text act="Delete" on_yes=yes on_close /> }
}

/// One template; a click makes a canvas of it and opens it.
#[component]
pub(super) fn TemplateCard(home: Home, template: TemplateBody) -> impl IntoView {
    let id = template.id;
    view! {
        <button class="tpl" disabled=move || home.busy.get() on:click=move |_| home.use_template(&id)>
            <span class="ti"><img class="art" src=template.preview alt="" loading="lazy" decoding="async" /></span>
            <span class="tt"><b>{template.name}</b><span>{template.description}</span></span>
        </button>
    }
}

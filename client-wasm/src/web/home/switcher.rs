//! Whose canvases these are: the name of the workspace, and the menu that shows another one.
#![expect(unreachable_pub, reason = "the component macro writes its own items as public")]

use gesso_protocol::api::accounts::{NewWorkspace, WorkspaceBody, WorkspaceChange};
use gesso_protocol::names;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::card::button_of;
use super::model::{Home, Open};
use crate::core::rights;
use crate::web::http;
use crate::web::ui::dialog::Dialog;
use crate::web::ui::form::Entry;
use crate::web::ui::icons::icon;
use crate::web::ui::menu::{Menu, MenuItem};

/// The name of the workspace that is shown, as a button where there is something to choose.
#[component]
pub(super) fn Switcher(home: Home) -> impl IntoView {
    let spaces = home.workspaces;
    let anchor = RwSignal::new_local(None::<web_sys::HtmlElement>);
    let name = Memo::new(move |_| spaces.current.with(|one| Some(one.as_ref()?.name.clone())));
    let manages = Memo::new(move |_| {
        spaces.current.with(|one| one.as_ref().is_some_and(|one| rights::manages(one.role)))
    });
    let has_choice = Memo::new(move |_| {
        let count = spaces.all.with(|all| all.as_ref().map_or(0, Vec::len));
        count > 1 || manages.get() || spaces.makes_more()
    });
    let shown = move || {
        let name = name.get()?;
        if !has_choice.get() {
            return Some(
                view! { <span class="space-name"><span class="sr">"Workspace: "</span>{name}</span> }
                    .into_any(),
            );
        }
        let label = format!("Workspace: {name}");
        Some(
            view! {
                <button
                    class="btn ghost space-name"
                    aria-haspopup="menu"
                    aria-expanded=move || anchor.with(Option::is_some).to_string()
                    aria-label=label
                    on:click=move |event| anchor.set(Some(button_of(&event)))
                >
                    <span>{name}</span>{icon("down")}
                </button>
            }
            .into_any(),
        )
    };
    let open = move |what: Open| {
        Callback::new(move |()| {
            anchor.set(None);
            home.open.set(Some(what.clone()));
        })
    };
    let row = move |one: WorkspaceBody, current: Option<&str>| {
        let is_on = current == Some(one.id.as_str());
        let id = one.id;
        let choose = Callback::new(move |()| {
            anchor.set(None);
            spaces.choose(&id);
        });
        view! { <MenuItem name="people" label=one.name on=is_on run=choose /> }
    };
    let menu = move || {
        let anchor_now = anchor.get()?;
        let close = Callback::new(move |()| anchor.set(None));
        let all = spaces.all.get_untracked().unwrap_or_default();
        let current = spaces.current.get_untracked();
        let id = current.as_ref().map(|one| one.id.as_str());
        let rows = (all.len() > 1).then(|| {
            let rows = all.into_iter().map(|one| row(one, id)).collect_view();
            let acts = manages.get_untracked() || untrack(|| spaces.makes_more());
            view! { {rows}{acts.then(|| view! { <hr /> })} }
        });
        let rename = manages.get_untracked().then(|| {
            view! { <MenuItem name="rename" label="Rename workspace…" run=open(Open::Workspace(current.clone())) /> }
        });
        let more = untrack(|| spaces.makes_more()).then(|| {
            view! { <MenuItem name="plus" label="New workspace…" run=open(Open::Workspace(None)) /> }
        });
        Some(
            view! {
                <Menu label="Workspace" anchor=anchor_now class="space-menu" on_close=close>
                    {rows}{rename}{more}
                </Menu>
            }
            .into_any(),
        )
    };
    view! { {shown}{menu} }.into_any()
}

/// The name of a workspace, or of a new one.
#[component]
pub(super) fn WorkspaceName(
    home: Home,
    /// The workspace; `None` to make one.
    #[prop(optional_no_strip)]
    space: Option<WorkspaceBody>,
    on_close: Callback<()>,
) -> impl IntoView {
    let is_new = space.is_none();
    let name = RwSignal::new(space.as_ref().map(|one| one.name.clone()).unwrap_or_default());
    let failed = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let id = StoredValue::new(space.map(|one| one.id));
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let wish = names::shortened(&name.get_untracked(), names::NAME_CHARS_MAX);
        if wish.is_empty() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        failed.set(None);
        let id = id.get_value();
        spawn_local(async move {
            let answer = match id {
                None => http::post("/api/workspaces", &NewWorkspace { name: wish }).await,
                Some(id) => {
                    let change = WorkspaceChange { name: Some(wish) };
                    http::patch(&format!("/api/workspaces/{id}"), &change).await
                }
            };
            match answer {
                Ok::<WorkspaceBody, _>(one) => {
                    home.workspaces.look().await;
                    // The page may have been left meanwhile.
                    if busy.try_set(false).is_none() {
                        home.workspaces.choose(&one.id);
                        on_close.run(());
                    }
                }
                Err(error) => {
                    failed.try_set(Some(error.detail));
                    busy.try_set(false);
                }
            }
        });
    };
    let (title, act) =
        if is_new { ("New workspace", "Create workspace") } else { ("Rename workspace", "Save") };
    let about = is_new.then(|| {
        view! { <p>"It has people, canvases, files and credits of its own. You are its owner."</p> }
    });
    view! {
        <Dialog title on_close width=400>
            <form class="ask" novalidate on:submit=save>
                {about}
                <Entry label="Name" name="workspace-name" value=name first=true />
                <div role="alert">{move || failed.get().map(|why| view! { <p class="warned">{why}</p> })}</div>
                <div class="acts">
                    <button class="btn" type="button" on:click=move |_| on_close.run(())>"Cancel"</button>
                    <button class="btn primary" disabled=move || busy.get() || name.with(|name| name.trim().is_empty())>{act}</button>
                </div>
            </form>
        </Dialog>
    }
    .into_any()
}

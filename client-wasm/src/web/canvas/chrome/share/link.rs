//! The link of a canvas.
#![expect(unreachable_pub, reason = "the component macro writes its own items as public")]

use gesso_protocol::api::accounts::{CanvasRole, LinkBody, NewLink};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::access::{Access, roles};
use crate::core::rights;
use crate::web::http;
use crate::web::ui::form::{Choice, Copied, Entry};
use crate::web::ui::icons::icon;
use crate::web::ui::when;

/// The link: how it is, or how it is to be.
#[component]
pub(super) fn Link(access: Access) -> impl IntoView {
    let link = Memo::new(move |_| {
        access.body.with(|body| body.as_ref().and_then(|body| body.link.clone()))
    });
    let changing = RwSignal::new(false);
    let inside = move || match link.get() {
        Some(link) if !changing.get() => there(access, link, changing),
        link => view! { <Wanted access=access link=link changing=changing /> }.into_any(),
    };
    view! {
        <section class="share-sec" aria-label="Link">
            <h3>"Link"</h3>
            {inside}
        </section>
    }
    .into_any()
}

/// What a link is good for: "Can view · until 3 Mar · asks for a password".
fn about(link: &LinkBody) -> String {
    let until = link.expires_at.map(|at| format!(" · until {}", when::told_ahead(at)));
    let password = if link.password { " · asks for a password" } else { "" };
    format!("{}{}{password}", rights::role_choice(link.role), until.unwrap_or_default())
}

fn there(access: Access, link: LinkBody, changing: RwSignal<bool>) -> AnyView {
    let revoke = move |_| {
        access.end(async move { http::delete(&access.path("/link")).await });
    };
    view! {
        <Copied label="Link to the canvas" text=link.url.clone() />
        <div class="row">
            <p class="note grow">{about(&link)}</p>
            <button class="btn s" type="button" on:click=move |_| changing.set(true)>{icon("settings")}"Change"</button>
            <button class="btn s danger" type="button" on:click=revoke>{icon("x")}"Revoke"</button>
        </div>
    }
    .into_any()
}

/// A link to be: its role, its end, its password.
#[component]
fn Wanted(access: Access, link: Option<LinkBody>, changing: RwSignal<bool>) -> impl IntoView {
    let is_there = link.is_some();
    let role = RwSignal::new(link.as_ref().map_or(CanvasRole::Viewer, |link| link.role));
    let ends = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        access.failed.set(None);
        let words = password.get_untracked();
        let body = NewLink {
            role: role.get_untracked(),
            expires_at: ends.with_untracked(|ends| when::in_days(ends)),
            password: (!words.is_empty()).then_some(words),
        };
        spawn_local(async move {
            match http::put::<LinkBody>(&access.path("/link"), &body).await {
                Ok(link) => {
                    access.body.try_update(|body| {
                        if let Some(body) = body {
                            body.link = Some(link);
                        }
                    });
                    changing.try_set(false);
                }
                Err(error) => {
                    access.failed.try_set(Some(error.detail));
                }
            }
            busy.try_set(false);
        });
    };
    let choose = Callback::new(move |id: String| {
        if let Some(chosen) = CanvasRole::from_id(&id) {
            role.set(chosen);
        }
    });
    let cancel = is_there.then(|| {
        view! { <button class="btn" type="button" on:click=move |_| changing.set(false)>"Cancel"</button> }
    });
    let act = if is_there { "Save the link" } else { "Create link" };
    view! {
        <form class="ask" novalidate on:submit=send>
            <p class="note">"Whoever has an account and opens the link gets this role."</p>
            <div class="row">
                <Choice label="Role of the link" options=roles() value=Signal::derive(move || role.get().id().to_owned()) set=choose />
                <Choice label="End of the link" options=when::ENDS.map(|(id, word)| (id.to_owned(), word.to_owned())).to_vec()
                    value=ends set=Callback::new(move |id| ends.set(id)) />
            </div>
            <Entry label="Password of the link" name="share-password" kind="password" autocomplete="new-password" value=password
                hint="Leave it empty for a link without one." />
            <div class="acts">
                {cancel}
                <button class="btn" disabled=move || busy.get()>{icon("link")}{act}</button>
            </div>
        </form>
    }
    .into_any()
}

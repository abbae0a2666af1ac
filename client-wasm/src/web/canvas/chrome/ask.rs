//! Asking for a role on a canvas.

use gesso_protocol::api::accounts::{CanvasRole, NewAccessRequest};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::core::rights;
use crate::web::canvas::store::page::Page;
use crate::web::http;
use crate::web::ui::form::{Choice, Entry};
use crate::web::ui::icons::icon;

/// A role to ask for, with words for whoever decides.
#[component]
pub fn AskAccess(
    page: Page,
    /// The roles that can be asked for; at least one.
    roles: Vec<CanvasRole>,
    /// The word on the button.
    act: &'static str,
    /// What is said once it was asked.
    done: &'static str,
) -> impl IntoView {
    let first = roles.first().copied().unwrap_or(CanvasRole::Viewer);
    // Most ask to edit who can see already, and to see who cannot.
    let usual = if roles.contains(&CanvasRole::Viewer) { first } else { CanvasRole::Editor };
    let role = RwSignal::new(usual);
    let note = RwSignal::new(String::new());
    let state = RwSignal::new(None::<Result<(), String>>);
    let busy = RwSignal::new(false);
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let words = note.get_untracked().trim().to_owned();
        let body = NewAccessRequest {
            role: role.get_untracked(),
            note: (!words.is_empty()).then_some(words),
        };
        let path = format!("/api/canvases/{}/access/requests", page.id.get_value());
        spawn_local(async move {
            let answer = http::post::<()>(&path, &body).await;
            state.try_set(Some(answer.map_err(|error| error.detail)));
            busy.try_set(false);
        });
    };
    let options: Vec<(String, String)> = roles
        .iter()
        .map(|role| (role.id().to_owned(), rights::role_choice(*role).to_owned()))
        .collect();
    let options = StoredValue::new(options);
    let choose = Callback::new(move |id: String| {
        if let Some(chosen) = CanvasRole::from_id(&id) {
            role.set(chosen);
        }
    });
    move || match state.get() {
        Some(Ok(())) => {
            view! { <p class="decision" role="status">{icon("check")}<span>{done}</span></p> }
                .into_any()
        }
        asked @ (None | Some(Err(_))) => {
            let why = asked.and_then(Result::err);
            view! {
                <form class="ask" novalidate on:submit=send>
                    <Choice label="Role to ask for" options=options.get_value()
                        value=Signal::derive(move || role.get().id().to_owned()) set=choose />
                    <Entry label="Note" name="ask-note" value=note hint="Whoever decides reads it. You need not write one." />
                    {why.map(|why| view! { <p class="warned" role="alert">{why}</p> })}
                    <button class="btn primary block" disabled=move || busy.get()>{act}</button>
                </form>
            }
            .into_any()
        }
    }
}

//! People of a canvas with their roles, and those who ask for one.
#![expect(unreachable_pub, reason = "the component macro writes its own items as public")]

use gesso_protocol::api::accounts::{
    AccessAnswer, AccessPerson, AccessRequestBody, CanvasRole, PersonAccess, Transfer,
};
use leptos::prelude::*;

use super::access::{Access, Asking, roles};
use crate::core::rights::{self, Right};
use crate::web::http;
use crate::web::people::{initials, tint};
use crate::web::ui::form::Choice;
use crate::web::ui::icons::icon;

/// Hands the canvas over.
pub(super) fn transfer(access: Access, person: String) {
    access.change(async move { http::post(&access.path("/transfer"), &Transfer { person }).await });
}

/// Everybody who has a role of their own.
#[component]
pub(super) fn People(access: Access) -> impl IntoView {
    let ids = Memo::new(move |_| {
        access.body.with(|body| {
            let people = body.iter().flat_map(|body| body.people.iter());
            people.map(|person| person.id.clone()).collect::<Vec<_>>()
        })
    });
    view! {
        <section class="share-sec" aria-label="People with access">
            <h3>"People"</h3>
            <ul>
                <For each=move || ids.get() key=String::clone children=move |id| view! { <Person access=access id=id /> } />
            </ul>
        </section>
    }
    .into_any()
}

#[component]
fn Person(access: Access, id: String) -> impl IntoView {
    let page = access.page;
    let key = StoredValue::new(id);
    let person = Memo::new(move |_| {
        access.body.with(|body| {
            body.as_ref()?
                .people
                .iter()
                .find(|person| key.with_value(|key| person.id == *key))
                .cloned()
        })
    });
    let shares = move || {
        access
            .body
            .with(|body| body.as_ref().is_some_and(|body| rights::allows(body.role, Right::Share)))
    };
    let is_here = Memo::new(move |_| {
        page.people
            .with(|people| people.values().any(|one| key.with_value(|key| one.user.id == *key)))
    });
    let set = Callback::new(move |wanted: String| {
        let (Some(role), Some(AccessPerson { id, name, .. })) =
            (CanvasRole::from_id(&wanted), person.get_untracked())
        else {
            return;
        };
        if role == CanvasRole::Owner {
            access.asking.set(Some(Asking::Transfer(id, name)));
        } else {
            access.change(async move {
                http::put(&access.path(&format!("/people/{id}")), &PersonAccess { role }).await
            });
        }
    });
    let remove = move |_| {
        let id = key.get_value();
        access.end(async move { http::delete(&access.path(&format!("/people/{id}"))).await });
    };
    let role = Memo::new(move |_| person.with(|person| person.as_ref().map(|person| person.role)));
    let name = Memo::new(move |_| {
        person.with(|person| person.as_ref().map(|person| person.name.clone()).unwrap_or_default())
    });
    let is_own = move || {
        page.me.with(|me| me.as_ref().is_some_and(|me| key.with_value(|key| me.id == *key)))
    };
    let end = move || {
        let role = role.get()?;
        if !shares() || role == CanvasRole::Owner {
            return Some(view! { <span class="muted">{rights::role_word(role)}</span> }.into_any());
        }
        let mut options = roles();
        options.push(("owner".to_owned(), "Make owner…".to_owned()));
        let value = Signal::derive(move || role.id().to_owned());
        let word = format!("Remove {}", name.get());
        Some(
            view! {
                <Choice label=format!("Role of {}", name.get()) options=options value=value set=set />
                <button class="ib s" type="button" title=word.clone() aria-label=word on:click=remove>{icon("x")}</button>
            }
            .into_any(),
        )
    };
    view! {
        <li class="person" data-person=key.get_value()>
            <span class="av" data-p="x" style=move || person.with(|p| p.as_ref().map(|p| tint(&p.color)))
                data-initials=move || initials(&name.get())></span>
            <div class="grow">
                <b>{move || name.get()}</b>
                {move || is_own().then_some(" (you)")}
                {move || is_here.get().then(|| view! { <span class="note">"Here now"</span> })}
            </div>
            {end}
        </li>
    }
    .into_any()
}

/// Those who wait for an answer.
#[component]
pub(super) fn Requests(access: Access) -> impl IntoView {
    let requests = Memo::new(move |_| {
        access.body.with(|body| body.as_ref().map(|body| body.requests.clone()).unwrap_or_default())
    });
    move || {
        let all = requests.get();
        (!all.is_empty()).then(|| {
            let rows = all.into_iter().map(|one| view! { <Request access=access one=one /> });
            view! {
                <section class="share-sec" aria-label="Requests">
                    <h3>"Requests"</h3>
                    <ul>{rows.collect_view()}</ul>
                </section>
            }
        })
    }
}

#[component]
fn Request(access: Access, one: AccessRequestBody) -> impl IntoView {
    let given = RwSignal::new(one.role);
    let path = StoredValue::new(format!("/requests/{}", one.id));
    let answer = move |answer: AccessAnswer| {
        access.change(async move { http::post(&access.path(&path.get_value()), &answer).await });
    };
    let accept = move |_| {
        answer(AccessAnswer { role: Some(given.get_untracked()), decline: None });
    };
    let decline = move |_| answer(AccessAnswer { role: None, decline: Some(true) });
    let choose = Callback::new(move |id: String| {
        if let Some(role) = CanvasRole::from_id(&id) {
            given.set(role);
        }
    });
    let value = Signal::derive(move || given.get().id().to_owned());
    let note = (!one.note.is_empty()).then(|| view! { <p class="quote">{one.note.clone()}</p> });
    view! {
        <li class="request">
            <div><b>{one.name.clone()}</b>{format!(" asks: {}", rights::role_choice(one.role).to_lowercase())}</div>
            {note}
            <div class="row">
                <Choice label=format!("Role for {}", one.name) options=roles() value=value set=choose />
                <button class="btn primary" type="button" on:click=accept>"Accept"</button>
                <button class="btn" type="button" on:click=decline>"Decline"</button>
            </div>
        </li>
    }
    .into_any()
}

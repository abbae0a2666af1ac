//! The dialog that says who may come in.

mod access;
mod link;
mod people;

use std::collections::BTreeMap;

use gesso_protocol::api::accounts::{CanvasRole, OpenRole, WorkspaceAccess};
use leptos::prelude::*;
use leptos::task::spawn_local;

use self::access::{Access, Asking, roles};
use self::link::Link;
use self::people::{People, Requests};
use super::ask::AskAccess;
use crate::core::rights::{self, Right};
use crate::web::canvas::live::access::on_change;
use crate::web::canvas::live::people::color;
use crate::web::canvas::store::page::Page;
use crate::web::http;
use crate::web::nav::use_nav;
use crate::web::people::initials;
use crate::web::ui::dialog::{Confirm, Dialog};
use crate::web::ui::form::Choice;
use crate::web::ui::icons::icon;

/// The dialog, where it is open.
#[component]
pub fn Share(page: Page) -> impl IntoView {
    move || {
        let is_open = page.overlays.sharing.get() && page.session.has_account();
        is_open.then(|| view! { <Open page=page /> })
    }
}

#[component]
fn Open(page: Page) -> impl IntoView {
    let access = Access {
        page,
        body: RwSignal::new(None),
        failed: RwSignal::new(None),
        asking: RwSignal::new(None),
    };
    // One's own role may change while it is open.
    Effect::new(move |_| {
        page.role.track();
        spawn_local(async move { access.take(http::get(&access.path("")).await) });
    });
    on_change(move || {
        spawn_local(async move { access.take(http::get(&access.path("")).await) });
    });
    let close = Callback::new(move |()| page.overlays.sharing.set(false));
    let shares = Memo::new(move |_| {
        access.body.with(|body| body.as_ref().map(|body| rights::allows(body.role, Right::Share)))
    });
    let inside = move || match shares.get() {
        None => view! { <p class="muted" aria-busy="true">"Looking…"</p> }.into_any(),
        Some(true) => view! { <Sharing access=access /> }.into_any(),
        Some(false) => view! { <Looking access=access /> }.into_any(),
    };
    let trouble = move || access.failed.get().map(|why| view! { <p class="warned">{why}</p> });
    view! {
        <Dialog title="Share" on_close=close width=520>
            <div role="alert">{trouble}</div>
            {inside}
            <HereNow page=page />
        </Dialog>
        {move || access.asking.get().map(|asking| question(access, asking))}
    }
    .into_any()
}

/// For those who may share.
#[component]
fn Sharing(access: Access) -> impl IntoView {
    view! {
        <Requests access=access />
        <People access=access />
        <Everybody access=access />
        <Link access=access />
    }
    .into_any()
}

/// The role of every member of the workspace.
#[component]
fn Everybody(access: Access) -> impl IntoView {
    let role = Signal::derive(move || {
        let role = access.body.with(|body| body.as_ref().and_then(|body| body.workspace_role));
        role.map_or("none", CanvasRole::id).to_owned()
    });
    let mut options = vec![("none".to_owned(), "No access".to_owned())];
    options.extend(roles());
    let set = Callback::new(move |id: String| {
        let role = match CanvasRole::from_id(&id) {
            Some(CanvasRole::Viewer) => OpenRole::Viewer,
            Some(CanvasRole::Commenter) => OpenRole::Commenter,
            Some(CanvasRole::Editor) => OpenRole::Editor,
            Some(CanvasRole::Owner) | None => OpenRole::None,
        };
        access.change(async move {
            http::put(&access.path("/workspace"), &WorkspaceAccess { role }).await
        });
    });
    view! {
        <section class="share-sec" aria-label="Everybody in the workspace">
            <div class="person">
                <span class="av me">{icon("people")}</span>
                <div class="grow"><b>"Everybody in the workspace"</b><span class="note">"Members, without guests"</span></div>
                <Choice label="Role of everybody in the workspace" options=options value=role set=set />
            </div>
        </section>
    }
    .into_any()
}

/// For those who may not share: what they can do, and how they get more or less.
#[component]
fn Looking(access: Access) -> impl IntoView {
    let page = access.page;
    let role =
        move || access.body.with(|body| body.as_ref().map_or(CanvasRole::Viewer, |body| body.role));
    let ask = move || {
        let roles = rights::may_ask(Some(role()));
        (!roles.is_empty()).then(|| {
            view! {
                <section class="share-sec" aria-label="Ask for more">
                    <h3>"Ask to edit"</h3>
                    <AskAccess page=page roles=roles act="Ask" done="Asked. You are told here and at home once somebody has decided." />
                </section>
            }
        })
    };
    let is_own = move || {
        let own = page.me.with(|me| me.as_ref().map(|me| me.id.clone()));
        access.body.with(|body| {
            body.as_ref().is_some_and(|body| {
                body.people.iter().any(|person| Some(&person.id) == own.as_ref())
            })
        })
    };
    let leave = move || {
        is_own().then(|| {
            view! {
                <div class="acts">
                    <button class="btn danger" type="button" on:click=move |_| access.asking.set(Some(Asking::Leave))>
                        {icon("leave")}"Leave this canvas"
                    </button>
                </div>
            }
        })
    };
    view! {
        <p>{move || format!("You can {}. Its owner says who may come in.", rights::can(role()))}</p>
        <People access=access />
        {ask}
        {leave}
    }
    .into_any()
}

/// Who is on the canvas now.
#[component]
fn HereNow(page: Page) -> impl IntoView {
    let here = Memo::new(move |_| {
        let own = page.me.with(|me| me.as_ref().map(|me| me.id.clone()));
        page.people.with(|people| {
            let users = people.values().map(|person| person.user.clone());
            let others = users.filter(|user| Some(&user.id) != own.as_ref());
            others.map(|user| (user.id.clone(), user)).collect::<BTreeMap<_, _>>()
        })
    });
    let person = |user: &crate::core::presence::User| {
        let name = if user.name.is_empty() { "Somebody".to_owned() } else { user.name.clone() };
        view! {
            <li class="row">
                <span class="av s" data-p="x" style=format!("--pc:{}", color(user)) data-initials=initials(&name)></span>
                <span>{name}</span>
            </li>
        }
    };
    view! {
        <section class="share-sec" aria-label="Here now">
            <h3>"Here now"</h3>
            {move || {
                let all = here.get();
                if all.is_empty() {
                    view! { <p class="note">"Nobody but you"</p> }.into_any()
                } else {
                    view! { <ul class="here-now">{all.values().map(person).collect_view()}</ul> }.into_any()
                }
            }}
        </section>
    }
    .into_any()
}

fn question(access: Access, asking: Asking) -> AnyView {
    let nav = use_nav();
    let close = Callback::new(move |()| access.asking.set(None));
    match asking {
        Asking::Transfer(person, name) => {
            let yes = Callback::new(move |()| {
                access.asking.set(None);
                people::transfer(access, person.clone());
            });
            let text = format!("{name} says from then on who may come in. You stay as an editor.");
            view! { <Confirm title=format!("Make {name} the owner?") text act="Make owner" on_yes=yes on_close=close /> }
                .into_any()
        }
        Asking::Leave => {
            let yes = Callback::new(move |()| {
                access.asking.set(None);
                let own = access.page.user().id;
                spawn_local(async move {
                    match http::delete(&access.path(&format!("/people/{own}"))).await {
                        Ok(()) => nav.go("/"),
                        Err(error) => {
                            access.failed.try_set(Some(error.detail));
                        }
                    }
                });
            });
            view! {
                <Confirm title="Leave this canvas?" text="You see it again only if somebody shares it with you." act="Leave"
                    on_yes=yes on_close=close />
            }
            .into_any()
        }
    }
}

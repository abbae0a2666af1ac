//! API tokens: for programs that act in one's name.
#![expect(unreachable_pub, reason = "the component macro writes its own items as public")]

use gesso_protocol::api::accounts::{NewToken, Scope, TokenBody};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::listed::Listed;
use crate::core::rights;
use crate::web::http;
use crate::web::ui::dialog::Dialog;
use crate::web::ui::form::{Choice, Copied, Entry};
use crate::web::ui::icons::icon;
use crate::web::ui::when;

/// The list, and a form for one more.
#[component]
pub(super) fn Tokens(on_close: Callback<()>) -> impl IntoView {
    let list = Listed::<TokenBody>::at("/api/tokens".to_owned());
    let made = RwSignal::new(None::<TokenBody>);
    view! {
        <Dialog title="API tokens" on_close width=520>
            <p>"A program that has one acts in your name, within what you allow it here."</p>
            {list.told()}
            {list.rows(move |one| row(list, one))}
            {move || match made.get() {
                Some(token) => fresh(token, made),
                None => view! { <Make list=list made=made /> }.into_any(),
            }}
        </Dialog>
    }
    .into_any()
}

fn row(list: Listed<TokenBody>, one: TokenBody) -> AnyView {
    let scopes: Vec<&str> = one.scopes.iter().map(|scope| rights::scope_words(*scope).0).collect();
    let used = one
        .used_at
        .map_or_else(|| "never used".to_owned(), |at| format!("used {}", when::told(at)));
    let ends =
        one.expires_at.map(|at| format!(" · until {}", when::told_ahead(at))).unwrap_or_default();
    let about = format!("{} · {used}{ends}", scopes.join(", "));
    let label = format!("Revoke {}", one.name);
    let id = one.id;
    let revoke = move |_| {
        let id = id.clone();
        list.change(async move { http::delete(&format!("/api/tokens/{id}")).await });
    };
    view! {
        <li class="person">
            <span class="av me">{icon("key")}</span>
            <div class="grow"><b>{one.name}</b><span class="note">{about}</span></div>
            <button class="btn s danger" type="button" aria-label=label on:click=revoke>"Revoke"</button>
        </li>
    }
    .into_any()
}

/// A token that was just made: the only time that it is shown.
fn fresh(token: TokenBody, made: RwSignal<Option<TokenBody>>) -> AnyView {
    view! {
        <section class="share-sec" aria-label="New token">
            <h3>{format!("“{}” is made", token.name)}</h3>
            <p>"Copy it now: it is shown this once and never again."</p>
            <Copied label="New token" text=token.secret.unwrap_or_default() />
            <div class="acts"><button class="btn" type="button" on:click=move |_| made.set(None)>"Done"</button></div>
        </section>
    }
    .into_any()
}

#[component]
fn Make(list: Listed<TokenBody>, made: RwSignal<Option<TokenBody>>) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let scopes = RwSignal::new(vec![Scope::Read]);
    let ends = RwSignal::new("30".to_owned());
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = Signal::derive(move || {
        let missing = tried.get() && name.with(|name| name.trim().is_empty());
        missing.then(|| "Give it a name to know it by.".to_owned())
    });
    let unscoped = move || tried.get() && scopes.with(Vec::is_empty);
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        let is_whole =
            fault.with_untracked(Option::is_none) && scopes.with_untracked(|all| !all.is_empty());
        if busy.get_untracked() || !is_whole {
            return;
        }
        busy.set(true);
        list.failed.set(None);
        let body = NewToken {
            name: name.get_untracked().trim().to_owned(),
            scopes: scopes.get_untracked(),
            expires_at: ends.with_untracked(|ends| when::in_days(ends)),
        };
        spawn_local(async move {
            match http::post::<TokenBody>("/api/tokens", &body).await {
                Ok(token) => {
                    made.try_set(Some(token));
                    list.look().await;
                }
                Err(error) => {
                    list.failed.try_set(Some(error.detail));
                }
            }
            busy.try_set(false);
        });
    };
    let scope = move |scope: &'static Scope| {
        let (word, means) = rights::scope_words(*scope);
        let flip = move |_| {
            scopes.update(|all| {
                let count = all.len();
                all.retain(|one| one != scope);
                if all.len() == count {
                    all.push(*scope);
                    all.sort();
                }
            });
        };
        view! {
            <label class="tick-row">
                <input type="checkbox" prop:checked=move || scopes.with(|all| all.contains(scope)) on:change=flip />
                <span><b>{word}</b><span class="note">{means}</span></span>
            </label>
        }
    };
    view! {
        <form class="ask" novalidate on:submit=send>
            <Entry label="Name of a new token" name="token-name" value=name fault=fault hint="What will use it?" />
            <fieldset class="ticks">
                <legend class="label">"It may"</legend>
                {Scope::ALL.iter().map(scope).collect_view()}
                {move || unscoped().then(|| view! { <p class="warned" role="alert">"Allow it something."</p> })}
            </fieldset>
            <Choice label="End of the token" options=when::ENDS.map(|(id, word)| (id.to_owned(), word.to_owned())).to_vec()
                value=ends set=Callback::new(move |id| ends.set(id)) />
            <div class="acts"><button class="btn primary" disabled=move || busy.get()>"Create token"</button></div>
        </form>
    }
    .into_any()
}

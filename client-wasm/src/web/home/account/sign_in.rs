//! How one signs in: the password, and the sign-ins of others that belong to the account.
#![expect(unreachable_pub, reason = "the component macro writes its own items as public")]

use gesso_protocol::api::accounts::{IdentityBody, PasswordChange, SignInProvider, SignInWays};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::listed::Listed;
use crate::core::rights;
use crate::core::sign_in::{Purpose, address};
use crate::web::http;
use crate::web::nav::this_address;
use crate::web::ui::dialog::Dialog;
use crate::web::ui::form::{Entry, to_fault};
use crate::web::ui::icons::icon;
use crate::web::ui::session::use_session;
use crate::web::ui::toast::Toasts;

/// Another password, and the sign-ins where there are providers.
#[component]
pub(super) fn OwnSignIn(on_close: Callback<()>) -> impl IntoView {
    let providers = RwSignal::new(Vec::<SignInProvider>::new());
    spawn_local(async move {
        if let Ok(ways) = http::get::<SignInWays>("/api/auth").await {
            providers.try_set(ways.providers);
        }
    });
    let connected = move || {
        let all = providers.get();
        (!all.is_empty()).then(|| view! { <Connected providers=all /> })
    };
    view! {
        <Dialog title="Password and sign-in" on_close width=480>
            <Password on_close=on_close />
            {connected}
        </Dialog>
    }
    .into_any()
}

#[component]
fn Password(on_close: Callback<()>) -> impl IntoView {
    let session = use_session();
    let toasts = expect_context::<Toasts>();
    let has_one = session.me.with_untracked(|me| {
        me.as_ref().and_then(|me| me.account.as_ref()).is_some_and(|own| own.has_password)
    });
    let (old, new) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let wrong = RwSignal::new(None::<String>);
    let failed = RwSignal::new(None::<String>);
    let old_fault = Signal::derive(move || {
        let missing = tried.get() && has_one && old.with(String::is_empty);
        missing.then(|| "Write the password you have now.".to_owned()).or_else(|| wrong.get())
    });
    let new_fault =
        Signal::derive(move || new.with(|new| rights::password_fault(new)).filter(|_| tried.get()));
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        wrong.set(None);
        failed.set(None);
        let is_faulty = [old_fault, new_fault].iter().any(|f| f.with_untracked(Option::is_some));
        if busy.get_untracked() || is_faulty {
            return to_fault();
        }
        busy.set(true);
        let change =
            PasswordChange { old: has_one.then(|| old.get_untracked()), new: new.get_untracked() };
        spawn_local(async move {
            match http::put::<()>("/api/password", &change).await {
                Ok(()) => {
                    session.look().await;
                    toasts.good("Your password is changed. Your other devices are signed out.");
                    on_close.try_run(());
                }
                Err(error) if error.status == 403 && has_one => {
                    wrong.try_set(Some("This is not your password.".to_owned()));
                    to_fault();
                }
                Err(error) => {
                    failed.try_set(Some(error.detail));
                }
            }
            busy.try_set(false);
        });
    };
    let first = has_one.then(|| {
        view! {
            <Entry label="Current password" name="old-password" kind="password" autocomplete="current-password" value=old
                fault=old_fault first=true />
        }
    });
    let act = if has_one { "Change password" } else { "Set a password" };
    view! {
        <form class="ask" novalidate on:submit=save>
            {first}
            <Entry label="New password" name="new-password" kind="password" autocomplete="new-password" value=new fault=new_fault
                first=!has_one hint="At least 10 characters. Your other devices are signed out." />
            <div role="alert">{move || failed.get().map(|why| view! { <p class="warned">{why}</p> })}</div>
            <div class="acts"><button class="btn primary" disabled=move || busy.get()>{act}</button></div>
        </form>
    }
    .into_any()
}

/// The sign-ins that belong to the account, and those that may.
#[component]
fn Connected(providers: Vec<SignInProvider>) -> impl IntoView {
    let list = Listed::<IdentityBody>::at("/api/identities".to_owned());
    let providers = StoredValue::new(providers);
    let rows = move || {
        let own = list.items.get()?;
        let others: Vec<SignInProvider> = providers.with_value(|all| {
            let is_free = |one: &&SignInProvider| own.iter().all(|own| own.provider != one.id);
            all.iter().filter(is_free).cloned().collect()
        });
        let own = own.into_iter().map(|one| connected(list, one)).collect_view();
        Some(view! { <ul class="rows">{own}{others.into_iter().map(free).collect_view()}</ul> })
    };
    view! {
        <section class="share-sec" aria-label="Connected sign-ins">
            <h3>"Sign in with"</h3>
            {list.told()}
            {rows}
        </section>
    }
    .into_any()
}

fn connected(list: Listed<IdentityBody>, one: IdentityBody) -> AnyView {
    let label = format!("Disconnect {}", one.name);
    let id = one.id;
    let end = move |_| {
        let path = format!("/api/identities/{id}");
        list.change(async move { http::delete(&path).await });
    };
    let act = view! { <button class="btn s" type="button" aria-label=label on:click=end>"Disconnect"</button> };
    row(one.name, one.email, act.into_any())
}

fn free(one: SignInProvider) -> AnyView {
    let label = format!("Connect {}", one.name);
    let href = address(&one.id, &this_address(), Purpose::Connect);
    let act = view! { <a class="btn s" href=href aria-label=label>"Connect"</a> };
    row(one.name, "Not connected".to_owned(), act.into_any())
}

fn row(name: String, about: String, act: AnyView) -> AnyView {
    view! {
        <li class="person">
            <span class="av me">{icon("key")}</span>
            <div class="grow"><b>{name}</b><span class="note">{about}</span></div>
            {act}
        </li>
    }
    .into_any()
}

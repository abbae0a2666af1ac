//! Signing in.

use gesso_protocol::api::accounts::SignIn;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::providers::Providers;
use super::{Porch, trouble};
use crate::core::rights;
use crate::web::http;
use crate::web::nav::set_title;
use crate::web::ui::form::{Entry, to_fault};
use crate::web::ui::session::use_session;

/// The page in the place of any other while nobody is signed in; the one that was asked for opens afterwards.
#[component]
pub fn SignInPage() -> impl IntoView {
    set_title("Sign in · Gesso");
    let ending = use_session().take_ending().map(str::to_owned);
    view! {
        <Porch title="Sign in".to_owned()>
            {trouble(RwSignal::new(ending))}
            <Providers />
            <SignInForm act="Sign in" on_done=|| {} />
            <p class="note">
                "No account yet, or no password any more? Ask whoever runs this server for a link."
            </p>
        </Porch>
    }
}

/// Address and password of an account.
#[component]
pub(super) fn SignInForm(
    /// The word on the button.
    act: &'static str,
    /// The address that is meant, where it is known.
    #[prop(optional_no_strip)]
    known: Option<String>,
    /// Somebody is signed in, and the form may be gone by then.
    on_done: impl Fn() + Copy + Send + 'static,
) -> impl IntoView {
    let session = use_session();
    let email = RwSignal::new(known.clone().unwrap_or_default());
    let password = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let wrong = RwSignal::new(None::<String>);
    let failed = RwSignal::new(None::<String>);
    let email_fault = Signal::derive(move || {
        let fault = email.with(|email| rights::email_fault(email));
        fault.filter(|_| tried.get()).map(str::to_owned)
    });
    let password_fault = Signal::derive(move || {
        let missing = tried.get() && password.with(String::is_empty);
        missing.then(|| "Write your password.".to_owned()).or_else(|| wrong.get())
    });
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        wrong.set(None);
        failed.set(None);
        let is_whole = email_fault.with_untracked(Option::is_none)
            && password.with_untracked(|password| !password.is_empty());
        if busy.get_untracked() || !is_whole {
            return to_fault();
        }
        busy.set(true);
        let body = SignIn {
            email: email.get_untracked().trim().to_owned(),
            password: password.get_untracked(),
        };
        spawn_local(async move {
            match http::post::<()>("/api/session", &body).await {
                Ok(()) => {
                    session.look().await;
                    on_done();
                }
                Err(error) if error.status == 401 => {
                    wrong.try_set(Some(error.detail));
                    to_fault();
                }
                Err(error) => {
                    failed.try_set(Some(error.detail));
                }
            }
            busy.try_set(false);
        });
    };
    let is_known = known.is_some();
    view! {
        <form class="porch-form" novalidate on:submit=send>
            <Entry label="E-mail" name="email" kind="email" autocomplete="username" value=email fault=email_fault first=!is_known />
            <Entry label="Password" name="password" kind="password" autocomplete="current-password" value=password
                fault=password_fault first=is_known />
            {trouble(failed)}
            <button class="btn primary l block" disabled=move || busy.get()>{act}</button>
        </form>
    }
    .into_any()
}

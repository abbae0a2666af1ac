//! The page of a link: an invitation, a canvas, a new password, the first owner.

use gesso_protocol::api::accounts::{JoinLink, Joined, LinkInfo, LinkKind, SignUp};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::providers::Providers;
use super::sign_in::SignInForm;
use super::{Porch, trouble};
use crate::core::rights;
use crate::web::http;
use crate::web::nav::{Nav, set_title, use_nav};
use crate::web::sign_out::{LeaveQuestion, Leaving};
use crate::web::ui::form::{Entry, to_fault};
use crate::web::ui::session::{Door, Session, use_session};
use crate::web::ui::workspace_choice;

/// Longest name of a person.
const NAME_CHARS_MAX: usize = 64;

/// What the parts of the page share.
#[derive(Clone, Copy)]
struct Link {
    nav: Nav,
    session: Session,
    secret: StoredValue<String>,
    info: StoredValue<LinkInfo>,
    /// The password that the link itself asks for.
    password: RwSignal<String>,
    /// Why it could not be taken.
    failed: RwSignal<Option<String>>,
    busy: RwSignal<bool>,
}

impl Link {
    fn kind(self) -> LinkKind {
        self.info.with_value(|info| info.kind)
    }

    /// The password that was typed for the link itself.
    fn own_password(self) -> Option<String> {
        let password = self.password.get_untracked();
        (!password.is_empty()).then_some(password)
    }

    /// Takes the link, for somebody who is signed in, and opens what it leads to.
    async fn take(self) {
        let path = format!("/api/links/{}", self.secret.get_value());
        let body = JoinLink { password: self.own_password() };
        match http::post::<Joined>(&path, &body).await {
            Ok(Joined { canvas: Some(canvas), .. }) => self.nav.go(&format!("/c/{canvas}")),
            Ok(Joined { canvas: None, workspace, .. }) => {
                if let Some(workspace) = workspace {
                    workspace_choice::keep(&workspace);
                }
                self.nav.go("/");
            }
            Err(error) => {
                self.failed.try_set(Some(error.detail));
            }
        }
    }

    /// Runs one request at a time.
    fn work(self, work: impl Future<Output = ()> + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failed.set(None);
        spawn_local(async move {
            work.await;
            self.busy.try_set(false);
        });
    }
}

/// What a link is for, and how it is taken.
#[component]
pub fn JoinPage(
    /// The secret of the link.
    secret: String,
) -> impl IntoView {
    set_title("Join · Gesso");
    let found = RwSignal::new(None::<Result<LinkInfo, (u16, String)>>);
    let path = format!("/api/links/{secret}");
    spawn_local(async move {
        let answer = http::get::<LinkInfo>(&path).await;
        found.try_set(Some(answer.map_err(|error| (error.status, error.detail))));
    });
    let (nav, session) = (use_nav(), use_session());
    move || match found.get() {
        None => view! { <main class="porch" aria-busy="true"></main> }.into_any(),
        Some(Ok(info)) => {
            let link = Link {
                nav,
                session,
                secret: StoredValue::new(secret.clone()),
                info: StoredValue::new(info),
                password: RwSignal::new(String::new()),
                failed: RwSignal::new(None),
                busy: RwSignal::new(false),
            };
            taken(link)
        }
        Some(Err((404, _))) => gone(),
        Some(Err((_, why))) => view! {
            <Porch title="This link could not be looked at".to_owned() text=why>
                <a class="btn primary l block" href="">"Try again"</a>
            </Porch>
        }
        .into_any(),
    }
}

/// The page of a link that leads nowhere.
fn gone() -> AnyView {
    view! {
        <Porch title="This link does not work any more".to_owned()
            text="It was revoked or used, its time is over, or a part of it is missing. Ask whoever sent it for a new one.".to_owned()>
            <a class="btn primary l block" href="/">"Open Gesso"</a>
        </Porch>
    }
    .into_any()
}

fn taken(link: Link) -> AnyView {
    let (title, text) = link.info.with_value(|info| {
        rights::link_words(info.kind, &info.name, info.role.as_deref(), info.by.as_deref())
    });
    set_title(&format!("{title} · Gesso"));
    let is_in = Memo::new(move |_| link.session.door() == Door::In && link.session.has_account());
    let ending = RwSignal::new(link.session.take_ending().map(str::to_owned));
    let others = move || {
        let way = (link.secret.get_value(), link.kind());
        view! { {trouble(ending)}<Providers link=way /> }
    };
    let inside = move || match (link.kind(), is_in.get()) {
        (LinkKind::FirstOwner, _) => {
            view! { {others()}{sign_up(link, "Create account")} }.into_any()
        }
        (LinkKind::Reset, _) => reset(link),
        (LinkKind::Invitation | LinkKind::Canvas, true) => join(link),
        (LinkKind::Invitation | LinkKind::Canvas, false) => {
            view! { {others()}<Newcomer link=link /> }.into_any()
        }
    };
    view! { <Porch title=title text=text>{inside}</Porch> }.into_any()
}

/// The password of the link itself, where it asks for one.
fn own_password(link: Link, first: bool) -> Option<AnyView> {
    link.info.with_value(|info| info.needs_password).then(|| {
        view! {
            <Entry label="Password of the link" name="link-password" kind="password" value=link.password first=first
                hint="Whoever sent the link knows it." />
        }
        .into_any()
    })
}

/// For somebody who is signed in: one button.
fn join(link: Link) -> AnyView {
    let name = link.info.with_value(|info| info.name.clone());
    let act = match link.kind() {
        LinkKind::Canvas => "Open the canvas".to_owned(),
        LinkKind::Invitation | LinkKind::FirstOwner | LinkKind::Reset => format!("Join {name}"),
    };
    let who = link.session.me.with_untracked(|me| {
        me.as_ref()
            .and_then(|me| Some(format!("You are {}, {}.", me.name, me.account.as_ref()?.email)))
    });
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        link.work(link.take());
    };
    let leaving = Leaving::new(Callback::new(move |why| link.failed.set(Some(why))));
    view! {
        <form class="porch-form" novalidate on:submit=send>
            <p class="note">{who}</p>
            {own_password(link, true)}
            {trouble(link.failed)}
            <button class="btn primary l block" disabled=move || link.busy.get()>{act}</button>
            <button type="button" class="btn ghost block" on:click=move |_| leaving.begin()>"I am somebody else"</button>
        </form>
        <LeaveQuestion leaving=leaving />
    }
    .into_any()
}

/// For somebody who is not signed in: a new account, or the one they have.
#[component]
fn Newcomer(link: Link) -> impl IntoView {
    let has_account = RwSignal::new(false);
    let way = move |has: bool, word: &'static str| {
        view! {
            <button type="button" class:is-on=move || has_account.get() == has aria-pressed=move || (has_account.get() == has).to_string()
                on:click=move |_| { link.failed.set(None); has_account.set(has) }>{word}</button>
        }
    };
    let known = link.info.with_value(|info| info.email.clone());
    let inside = move || {
        if has_account.get() {
            let done = move || link.work(link.take());
            view! {
                {own_password(link, false)}
                {trouble(link.failed)}
                <SignInForm act="Sign in and join" known=known.clone() on_done=done />
            }
            .into_any()
        } else {
            sign_up(link, "Create account")
        }
    };
    view! {
        <div class="seg" role="group" aria-label="Account">{way(false, "Create account")}{way(true, "I have an account")}</div>
        {inside}
    }
    .into_any()
}

/// Signs up: makes the account, and takes the link where that is a step of its own.
async fn create(link: Link, body: SignUp, taken: RwSignal<Option<String>>) {
    match http::post::<()>("/api/signup", &body).await {
        Ok(()) => {
            link.session.look().await;
            match link.kind() {
                LinkKind::Canvas => link.take().await,
                LinkKind::FirstOwner | LinkKind::Invitation | LinkKind::Reset => link.nav.go("/"),
            }
        }
        Err(error) if error.status == 409 => {
            taken.try_set(Some(error.detail));
            to_fault();
        }
        Err(error) => {
            link.failed.try_set(Some(error.detail));
        }
    }
}

fn sign_up(link: Link, act: &'static str) -> AnyView {
    let known = link.info.with_value(|info| info.email.clone());
    let is_known = known.is_some();
    let name = RwSignal::new(String::new());
    let email = RwSignal::new(known.unwrap_or_default());
    let password = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let taken = RwSignal::new(None::<String>);
    let name_fault = Signal::derive(move || {
        let missing = tried.get() && name.with(|name| name.trim().is_empty());
        missing.then(|| "Write the name that others see.".to_owned())
    });
    let email_fault = Signal::derive(move || {
        let fault = email.with(|email| rights::email_fault(email)).filter(|_| tried.get());
        fault.map(str::to_owned).or_else(|| taken.get())
    });
    let password_fault = Signal::derive(move || {
        password.with(|password| rights::password_fault(password)).filter(|_| tried.get())
    });
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        taken.set(None);
        let faults = [name_fault, email_fault, password_fault];
        if faults.iter().any(|fault| fault.with_untracked(Option::is_some)) {
            return to_fault();
        }
        let body = SignUp {
            token: link.secret.get_value(),
            email: email.get_untracked().trim().to_owned(),
            name: name.get_untracked().trim().chars().take(NAME_CHARS_MAX).collect(),
            password: password.get_untracked(),
            link_password: link.own_password(),
        };
        link.work(create(link, body, taken));
    };
    view! {
        <form class="porch-form" novalidate on:submit=send>
            <Entry label="Name" name="name" autocomplete="name" value=name fault=name_fault first=true hint="Others see it beside your cursor." />
            <Entry label="E-mail" name="email" kind="email" autocomplete="username" value=email fault=email_fault fixed=is_known />
            <Entry label="Password" name="password" kind="password" autocomplete="new-password" value=password fault=password_fault
                hint="At least 10 characters." />
            {own_password(link, false)}
            {trouble(link.failed)}
            <button class="btn primary l block" disabled=move || link.busy.get()>{act}</button>
        </form>
    }
    .into_any()
}

/// Only a new password, for somebody whose account is there.
fn reset(link: Link) -> AnyView {
    let email = link.info.with_value(|info| info.email.clone().unwrap_or_default());
    let address = RwSignal::new(email.clone());
    let password = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let taken = RwSignal::new(None::<String>);
    let fault = Signal::derive(move || {
        let fault = password.with(|password| rights::password_fault(password));
        fault.filter(|_| tried.get()).or_else(|| taken.get())
    });
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        taken.set(None);
        if fault.with_untracked(Option::is_some) {
            return to_fault();
        }
        let body = SignUp {
            token: link.secret.get_value(),
            email: address.get_untracked(),
            name: String::new(),
            password: password.get_untracked(),
            link_password: None,
        };
        link.work(create(link, body, taken));
    };
    view! {
        <form class="porch-form" novalidate on:submit=send>
            <Entry label="E-mail" name="email" kind="email" autocomplete="username" value=address fixed=true />
            <Entry label="New password" name="password" kind="password" autocomplete="new-password" value=password fault=fault first=true
                hint="At least 10 characters." />
            {trouble(link.failed)}
            <button class="btn primary l block" disabled=move || link.busy.get()>"Save and sign in"</button>
        </form>
    }
    .into_any()
}

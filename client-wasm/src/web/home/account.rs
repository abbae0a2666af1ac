//! One's account on the home page: its menu, and what it opens.
#![expect(unreachable_pub, reason = "the component macro writes its own items as public")]

mod audit;
mod devices;
mod listed;
mod people;
mod sign_in;
mod tokens;
mod usage;

use gesso_protocol::api::accounts::Account;
use gesso_protocol::api::accounts::WorkspaceRole;
use leptos::prelude::*;

use super::card::button_of;
use super::workspaces::Workspaces;
use crate::web::people::{MeDialog, OwnAvatar, initials, tint};
use crate::web::sign_out::{LeaveQuestion, Leaving};
use crate::web::ui::menu::{Menu, MenuItem};
use crate::web::ui::notices::{Bell, Notices};
use crate::web::ui::session::{Session, use_session};
use crate::web::ui::toast::Toasts;

/// What is open of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// Name and colour.
    Own,
    /// The people of the workspace.
    People,
    /// How one signs in.
    SignIn,
    /// The devices it is signed in on.
    Devices,
    /// Its API tokens.
    Tokens,
    /// Who spent which credits.
    Usage,
    /// Who did what.
    Audit,
}

/// Who one is: the menu of the account, or name and colour where there are no accounts.
#[component]
pub(super) fn Own() -> impl IntoView {
    let session = use_session();
    let notices = expect_context::<Notices>();
    let has_account = Memo::new(move |_| session.has_account());
    move || {
        if has_account.get() {
            view! { <Bell notices=notices /> <AccountMenu session=session /> }.into_any()
        } else {
            view! { <OwnAvatar me=session.me /> }.into_any()
        }
    }
}

#[component]
fn AccountMenu(session: Session) -> impl IntoView {
    let me = session.me;
    let toasts = expect_context::<Toasts>();
    let anchor = RwSignal::new_local(None::<web_sys::HtmlElement>);
    let open = RwSignal::new(None::<Open>);
    let close = Callback::new(move |()| anchor.set(None));
    let show = move |what: Open| {
        Callback::new(move |()| {
            anchor.set(None);
            open.set(Some(what));
        })
    };
    let leaving = Leaving::new(Callback::new(move |why: String| toasts.bad(&why)));
    let leave = Callback::new(move |()| {
        anchor.set(None);
        leaving.begin();
    });
    let label = move || {
        me.with(|me| format!("Account of {}", me.as_ref().map_or("", |me| me.name.as_str())))
    };
    let spaces = expect_context::<Workspaces>();
    let is_above = move |least: WorkspaceRole| spaces.role().is_some_and(|role| role > least);
    let address = move || {
        me.with(|me| {
            me.as_ref()
                .and_then(|me| me.account.as_ref())
                .map(|account: &Account| account.email.clone())
        })
    };
    view! {
        <button
            class="av me"
            data-p=""
            style=move || me.with(|me| me.as_ref().map(|me| tint(&me.color)))
            aria-haspopup="menu"
            aria-expanded=move || anchor.with(Option::is_some).to_string()
            aria-label=label
            title=label
            data-initials=move || me.with(|me| me.as_ref().map(|me| initials(&me.name)))
            on:click=move |event| anchor.set(Some(button_of(&event)))
        ></button>
        {move || anchor.get().map(|anchor| view! {
            <Menu label="Account" anchor on_close=close>
                <p class="menu-note" role="presentation">{address}</p>
                <MenuItem name="rename" label="Name and colour…" run=show(Open::Own) />
                {is_above(WorkspaceRole::Guest).then(|| view! { <MenuItem name="people" label="People…" run=show(Open::People) /> })}
                <MenuItem name="lock" label="Password and sign-in…" run=show(Open::SignIn) />
                <MenuItem name="device" label="Devices…" run=show(Open::Devices) />
                <MenuItem name="key" label="API tokens…" run=show(Open::Tokens) />
                {is_above(WorkspaceRole::Member).then(|| view! {
                    <MenuItem name="credit" label="Usage…" run=show(Open::Usage) />
                    <MenuItem name="list" label="Audit log…" run=show(Open::Audit) />
                })}
                <hr />
                <MenuItem name="leave" label="Sign out" run=leave />
            </Menu>
        })}
        {move || {
            let close = Callback::new(move |()| open.set(None));
            Some(match open.get()? {
                Open::Own => {
                    let now = me.get_untracked()?;
                    view! { <MeDialog now me on_close=close /> }.into_any()
                }
                Open::People => view! { <people::People spaces=spaces on_close=close /> }.into_any(),
                Open::SignIn => view! { <sign_in::OwnSignIn on_close=close /> }.into_any(),
                Open::Devices => view! { <devices::Devices on_close=close /> }.into_any(),
                Open::Tokens => view! { <tokens::Tokens on_close=close /> }.into_any(),
                Open::Usage => view! { <usage::Usage spaces=spaces on_close=close /> }.into_any(),
                Open::Audit => view! { <audit::Audit spaces=spaces on_close=close /> }.into_any(),
            })
        }}
        <LeaveQuestion leaving=leaving />
    }
    .into_any()
}

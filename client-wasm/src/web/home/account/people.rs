//! The people of a workspace, and invitations to it.
#![expect(unreachable_pub, reason = "the component macro writes its own items as public")]

use gesso_protocol::api::accounts::{
    InvitationBody, MemberBody, MemberChange, NewInvitation, WorkspaceBody, WorkspaceRole,
};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::listed::Listed;
use crate::core::rights;
use crate::web::home::workspaces::Workspaces;
use crate::web::http;
use crate::web::people::{initials, tint};
use crate::web::ui::dialog::{Confirm, Dialog};
use crate::web::ui::form::{Choice, Copied, Entry};
use crate::web::ui::icons::icon;
use crate::web::ui::session::use_session;
use crate::web::ui::when;

/// The roles that can be given, as a choice.
fn roles(own: WorkspaceRole) -> Vec<(String, String)> {
    let given = rights::may_give(own).into_iter();
    given.map(|role| (role.id().to_owned(), rights::member_word(role).to_owned())).collect()
}

/// The people of the workspace that is shown.
#[component]
pub(super) fn People(spaces: Workspaces, on_close: Callback<()>) -> impl IntoView {
    let inside = move || match spaces.current.get() {
        None => view! { <p class="muted" aria-busy="true">"Looking…"</p> }.into_any(),
        Some(space) => view! { <Members space=space /> }.into_any(),
    };
    view! { <Dialog title=spaces.heading("People") on_close width=560>{inside}</Dialog> }.into_any()
}

#[component]
fn Members(space: WorkspaceBody) -> impl IntoView {
    let base = format!("/api/workspaces/{}", space.id);
    let list = Listed::<MemberBody>::at(format!("{base}/members"));
    let path = StoredValue::new(base.clone());
    let own = space.role;
    let removing = RwSignal::new(None::<MemberBody>);
    let question = move || {
        let MemberBody { id, name, .. } = removing.get()?;
        let yes = Callback::new(move |()| {
            removing.set(None);
            let path = format!("{}/members/{id}", path.get_value());
            list.change(async move { http::delete(&path).await });
        });
        let close = Callback::new(move |()| removing.set(None));
        let text = format!("{name} sees nothing of this workspace any more. What they made stays.");
        Some(
            view! { <Confirm title=format!("Remove {name}?") text act="Remove" on_yes=yes on_close=close /> },
        )
    };
    let invite = rights::manages(own).then(|| view! { <Invite base=base own=own /> });
    view! {
        {list.told()}
        {list.rows(move |one| member(list, path, own, removing, one))}
        {invite}
        {question}
    }
    .into_any()
}

fn member(
    list: Listed<MemberBody>,
    path: StoredValue<String>,
    own: WorkspaceRole,
    removing: RwSignal<Option<MemberBody>>,
    one: MemberBody,
) -> AnyView {
    let session = use_session();
    let is_own = session.me.with_untracked(|me| me.as_ref().is_some_and(|me| me.id == one.id));
    let role = one.role;
    let end = if rights::may_change(own, role) && !is_own {
        let id = one.id.clone();
        let set = Callback::new(move |wanted: String| {
            let Some(role) = WorkspaceRole::from_id(&wanted) else { return };
            let path = format!("{}/members/{id}", path.get_value());
            list.change(async move {
                http::patch::<serde_json::Value>(&path, &MemberChange { role }).await
            });
        });
        let asked = one.clone();
        let word = format!("Remove {}", one.name);
        view! {
            <Choice label=format!("Role of {}", one.name) options=roles(own) value=role.id().to_owned() set=set />
            <button class="ib s" type="button" title=word.clone() aria-label=word on:click=move |_| removing.set(Some(asked.clone()))>
                {icon("x")}
            </button>
        }
        .into_any()
    } else {
        view! { <span class="muted" title=rights::member_means(role)>{rights::member_word(role)}</span> }.into_any()
    };
    let off = one.disabled.then_some("May not sign in");
    let about = one.email.as_deref().into_iter().chain(off).collect::<Vec<_>>().join(" · ");
    view! {
        <li class="person" data-person=one.id>
            <span class="av" data-p="x" style=tint(&one.color) data-initials=initials(&one.name)></span>
            <div class="grow"><b>{one.name}</b>{is_own.then_some(" (you)")}<span class="note">{about}</span></div>
            {end}
        </li>
    }
    .into_any()
}

/// A link for somebody new, and those that wait to be taken.
#[component]
fn Invite(base: String, own: WorkspaceRole) -> impl IntoView {
    let path = StoredValue::new(format!("{base}/invitations"));
    let list = Listed::<InvitationBody>::at(path.get_value());
    let role = RwSignal::new(WorkspaceRole::Member);
    let email = RwSignal::new(String::new());
    let ends = RwSignal::new("7".to_owned());
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let made = RwSignal::new(None::<String>);
    let fault = Signal::derive(move || {
        let wrong = email
            .with(|email| if email.trim().is_empty() { None } else { rights::email_fault(email) });
        wrong.filter(|_| tried.get()).map(str::to_owned)
    });
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        if busy.get_untracked() || fault.with_untracked(Option::is_some) {
            return;
        }
        busy.set(true);
        list.failed.set(None);
        let address = email.get_untracked().trim().to_owned();
        let body = NewInvitation {
            role: role.get_untracked(),
            email: (!address.is_empty()).then_some(address),
            expires_at: ends.with_untracked(|ends| when::in_days(ends)),
        };
        spawn_local(async move {
            match http::post::<InvitationBody>(&path.get_value(), &body).await {
                Ok(invitation) => {
                    made.try_set(invitation.url);
                    list.look().await;
                }
                Err(error) => {
                    list.failed.try_set(Some(error.detail));
                }
            }
            busy.try_set(false);
        });
    };
    let choose = Callback::new(move |id: String| {
        if let Some(chosen) = WorkspaceRole::from_id(&id) {
            role.set(chosen);
        }
    });
    let some_end = when::ENDS.into_iter().filter(|(id, _)| !id.is_empty());
    let ends_options: Vec<(String, String)> =
        some_end.map(|(id, word)| (id.to_owned(), word.to_owned())).collect();
    view! {
        <section class="share-sec" aria-label="Invite">
            <h3>"Invite by link"</h3>
            <form class="ask" novalidate on:submit=send>
                <div class="row">
                    <Choice label="Role of whoever is invited" options=roles(own) value=Signal::derive(move || role.get().id().to_owned()) set=choose />
                    <Choice label="End of the invitation" options=ends_options value=ends set=Callback::new(move |id| ends.set(id)) />
                </div>
                <p class="note">{move || rights::member_means(role.get())}</p>
                <Entry label="E-mail, if only one person may take it" name="invite-email" kind="email" value=email fault=fault />
                <div class="acts"><button class="btn primary" disabled=move || busy.get()>{icon("link")}"Create invitation"</button></div>
            </form>
            {move || made.get().map(|url| view! {
                <p>"Send this link to them. It works once."</p>
                <Copied label="Link of the invitation" text=url />
            })}
            <div role="alert">{move || list.failed.get().map(|why| view! { <p class="warned">{why}</p> })}</div>
            {list.rows(move |one| invitation(list, path, one))}
        </section>
    }
    .into_any()
}

fn invitation(
    list: Listed<InvitationBody>,
    path: StoredValue<String>,
    one: InvitationBody,
) -> AnyView {
    let who = one.email.unwrap_or_else(|| "Whoever has the link".to_owned());
    let about = format!(
        "{} · by {} · until {}",
        rights::member_word(one.role),
        one.by,
        when::told_ahead(one.expires_at)
    );
    let label = format!("Revoke the invitation of {who}");
    let id = one.id;
    let revoke = move |_| {
        let path = format!("{}/{id}", path.get_value());
        list.change(async move { http::delete(&path).await });
    };
    view! {
        <li class="person">
            <span class="av me">{icon("clock")}</span>
            <div class="grow"><b>{who}</b><span class="note">{about}</span></div>
            <button class="btn s danger" type="button" aria-label=label on:click=revoke>"Revoke"</button>
        </li>
    }
    .into_any()
}

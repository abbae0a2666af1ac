//! The devices on which one is signed in.
#![expect(unreachable_pub, reason = "the component macro writes its own items as public")]

use gesso_protocol::api::accounts::SessionBody;
use leptos::prelude::*;

use super::listed::Listed;
use crate::web::http;
use crate::web::ui::dialog::Dialog;
use crate::web::ui::icons::icon;
use crate::web::ui::when;

/// The list, each with a way to sign it out.
#[component]
pub(super) fn Devices(on_close: Callback<()>) -> impl IntoView {
    let list = Listed::<SessionBody>::at("/api/sessions".to_owned());
    view! {
        <Dialog title="Devices" on_close width=480>
            <p>"You are signed in on these. Sign out any that you do not know, and change your password."</p>
            {list.told()}
            {list.rows(move |one| row(list, one))}
        </Dialog>
    }
    .into_any()
}

fn row(list: Listed<SessionBody>, one: SessionBody) -> AnyView {
    let SessionBody { id, device, address, used_at, current, .. } = one;
    let name = if device.is_empty() { "Unknown device".to_owned() } else { device };
    let end = if current {
        view! { <span class="muted">"This device"</span> }.into_any()
    } else {
        let label = format!("Sign out {name}");
        let revoke = move |_| {
            let id = id.clone();
            list.change(async move { http::delete(&format!("/api/sessions/{id}")).await });
        };
        view! { <button class="btn s" type="button" aria-label=label on:click=revoke>"Sign out"</button> }.into_any()
    };
    view! {
        <li class="person">
            <span class="av me">{icon("device")}</span>
            <div class="grow"><b>{name}</b><span class="note">{format!("{address} · {}", when::told(used_at))}</span></div>
            {end}
        </li>
    }
    .into_any()
}

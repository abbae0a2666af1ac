//! The audit log: who did what.
#![expect(unreachable_pub, reason = "the component macro writes its own items as public")]

use gesso_protocol::api::accounts::AuditEntry;
use leptos::prelude::*;

use super::listed::Listed;
use crate::web::home::workspaces::Workspaces;
use crate::web::ui::dialog::Dialog;
use crate::web::ui::when;

/// The newest entries.
#[component]
pub(super) fn Audit(spaces: Workspaces, on_close: Callback<()>) -> impl IntoView {
    let list = Listed::<AuditEntry>::at(spaces.at("/api/audit?limit=200"));
    let path = "/api/audit";
    let path = if spaces.are_several() { spaces.at(path) } else { path.to_owned() };
    view! {
        <Dialog title=spaces.heading("Audit log") on_close width=560>
            <p class="note">{format!("The newest 200 entries. All of them: GET {path}, as a table with Accept: text/csv.")}</p>
            {list.told()}
            {list.rows(row)}
        </Dialog>
    }
    .into_any()
}

fn row(entry: AuditEntry) -> AnyView {
    let who = if entry.name.is_empty() { "Somebody unknown".to_owned() } else { entry.name };
    let what = [entry.action, entry.target, entry.detail];
    let what: Vec<String> = what.into_iter().filter(|part| !part.is_empty()).collect();
    let at = match entry.address.as_str() {
        "" => when::told(entry.at),
        address => format!("{} · {address}", when::told(entry.at)),
    };
    view! {
        <li class="person">
            <div class="grow"><b>{who}</b><span class="note">{what.join(" · ")}</span></div>
            <span class="note">{at}</span>
        </li>
    }
    .into_any()
}

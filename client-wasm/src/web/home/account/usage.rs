//! Who spent which credits, where, on what and when.
#![expect(unreachable_pub, reason = "the component macro writes its own items as public")]

use gesso_protocol::api::accounts::UsageRow;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::core::price;
use crate::web::home::workspaces::Workspaces;
use crate::web::http;
use crate::web::ui::dialog::Dialog;
use crate::web::ui::form::Choice;
use crate::web::ui::when;

/// What it can be grouped by, with words.
const GROUPINGS: [(&str, &str); 4] =
    [("person", "By person"), ("canvas", "By canvas"), ("model", "By model"), ("day", "By day")];

/// The credits of the last thirty days, as bars.
#[component]
pub(super) fn Usage(spaces: Workspaces, on_close: Callback<()>) -> impl IntoView {
    let by = RwSignal::new(GROUPINGS[0].0.to_owned());
    let rows = RwSignal::new(None::<Result<Vec<UsageRow>, String>>);
    Effect::new(move |_| {
        let asked = by.get();
        spawn_local(async move {
            let answer =
                http::list::<UsageRow>(&spaces.at(&format!("/api/usage?by={asked}"))).await;
            // Another grouping may have been chosen meanwhile, or the dialog closed.
            if by.try_get_untracked().is_some_and(|now| now == asked) {
                rows.try_set(Some(answer.map_err(|error| error.detail)));
            }
        });
    });
    let options = GROUPINGS.map(|(id, word)| (id.to_owned(), word.to_owned())).to_vec();
    let set = Callback::new(move |id: String| by.set(id));
    let shown = move || match rows.get() {
        None => view! { <p class="muted" aria-busy="true">"Looking…"</p> }.into_any(),
        Some(Err(why)) => view! { <p class="warned" role="alert">{why}</p> }.into_any(),
        Some(Ok(rows)) if rows.is_empty() => {
            view! { <p class="muted">"Nothing was paid in the last thirty days."</p> }.into_any()
        }
        Some(Ok(rows)) => bars(rows),
    };
    view! {
        <Dialog title=spaces.heading("Usage") on_close width=520>
            <p class="note">"Credits of the last thirty days."</p>
            <Choice label="Group usage" options value=by set />
            {shown}
        </Dialog>
    }
    .into_any()
}

/// What a row is about.
fn label(row: &UsageRow) -> String {
    let day = row.day.map(when::day);
    let named = [&row.name, &row.canvas_name, &row.model].into_iter().flatten().next().cloned();
    day.or(named).unwrap_or_else(|| "Canvases that were deleted".to_owned())
}

fn bars(mut rows: Vec<UsageRow>) -> AnyView {
    if rows.iter().all(|row| row.day.is_some()) {
        rows.sort_by_key(|row| row.day);
    }
    let most = rows.iter().map(|row| row.credits.0).max().unwrap_or_default().max(1);
    let bar = move |row: UsageRow| {
        let share = row.credits.0.saturating_mul(100) / most;
        view! {
            <li class="usage">
                <span class="usage-name">{label(&row)}</span>
                <span class="usage-bar" aria-hidden="true"><i style=format!("width:{share}%")></i></span>
                <span class="usage-n" title=format!("{} items", row.items)>{price::grouped(&row.credits.to_string())}</span>
            </li>
        }
    };
    view! { <ul class="rows">{rows.into_iter().map(bar).collect_view()}</ul> }.into_any()
}

//! The content of an evaluator's card.

use crate::core::results::{self, Item};
use crate::core::words::many;
use crate::web::canvas::parts::face::face;
use crate::web::canvas::store::card_context::Card;
use crate::web::canvas::store::page::Page;
use crate::web::ui::icons::icon;
use gesso_protocol::schema::NodeState;
use leptos::prelude::*;

/// So many candidates are drawn on the card.
const ON_CARD: usize = 6;

/// Returns the candidates to choose from, in order.
pub fn candidates(page: Page, id: &str) -> Vec<Item> {
    page.read(|c| {
        let Some(result) = c.results.get(id) else { return Vec::new() };
        let mut keys: Vec<(u32, &String)> = result.items.iter().map(|(k, i)| (i.n, k)).collect();
        keys.sort_unstable();
        keys.into_iter()
            .enumerate()
            .filter_map(|(at, (_, key))| results::item(c, id, key, at + 1))
            .collect()
    })
}

/// The content of an evaluator's card.
#[component]
pub fn Candidates(card: Card) -> impl IntoView {
    let page = card.page;
    let id = card.id;
    let view = card.signals.view.clone();
    let items = Memo::new(move |_| {
        view.track();
        candidates(page, &id.get_value())
    });
    let view = card.signals.view.clone();
    let state = Memo::new(move |_| view.with(|v| v.state()));
    let open = move |e: web_sys::MouseEvent| {
        // The canvas below opens Spotlight.
        e.stop_propagation();
        page.overlays.review.set(Some(id.get_value()));
    };
    let empty = move || {
        let words = match state.get() {
            NodeState::Completed => "All were rejected",
            NodeState::Pending | NodeState::Running => "Waits for its candidates",
            NodeState::Idle | NodeState::Failed | NodeState::Cancelled | NodeState::Paused => {
                "Nothing to choose from yet"
            }
        };
        view! {
            <div class="media is-empty is-bare"><div>{icon("evaluator")}{words}</div></div>
        }
    };
    let grid = move |all: Vec<Item>| {
        let more = all.len().saturating_sub(ON_CARD);
        let last = all.len().min(ON_CARD) - 1;
        let cols = if all.len() == 1 {
            1
        } else if all.len() < 5 {
            2
        } else {
            3
        };
        let thumbs = all
            .into_iter()
            .take(ON_CARD)
            .enumerate()
            .map(|(at, item)| {
                let over = (more > 0 && at == last)
                    .then(|| view! { <span class="mid">{format!("+{more}")}</span> });
                view! {
                    <div class="thumb">
                        {item.status.is_done().then(|| view! { <span class="tick">{icon("check")}</span> })}
                        {face(&item.showing, &item.label, 320)}<span class="n">{item.n}</span>{over}
                    </div>
                }
            })
            .collect_view();
        view! { <div class="thumbs" style=format!("--cols:{cols}") on:dblclick=open>{thumbs}</div> }
    };
    let note = move || match state.get() {
        NodeState::Paused => {
            let n = items.with(Vec::len);
            Some(
                view! {
                    <div class="banner warn" role="status">
                        {icon("hand")}
                        <div><b>"Waiting for a person"</b><p>{format!("{}. Any editor may decide.", many(n, "candidate"))}</p></div>
                    </div>
                }
                .into_any(),
            )
        }
        NodeState::Completed if items.with(|i| !i.is_empty()) => {
            let n = items.with(|i| i.iter().filter(|i| i.status.is_done()).count());
            Some(view! { <div class="reason quiet">{format!("{n} accepted, and flowing on.")}</div> }.into_any())
        }
        NodeState::Idle
        | NodeState::Pending
        | NodeState::Running
        | NodeState::Completed
        | NodeState::Failed
        | NodeState::Cancelled => None,
    };
    view! {
        {move || {
            let all = items.get();
            if all.is_empty() { empty().into_any() } else { grid(all).into_any() }
        }}
        {note}
    }
}

//! A status, as shape, colour and word.

use crate::core::status::{CardStatus, NodeStatus};
use crate::web::ui::icons::icon;
use leptos::prelude::*;

/// The word of a card about itself, with its mark.
pub fn card_mark(card: &CardStatus) -> AnyView {
    state_mark(card.mark.id(), card.progress, card.word.clone())
}

/// A word about an item, with the mark of its status.
pub fn item_mark(item: NodeStatus, word: String) -> AnyView {
    state_mark(item.id(), None, word)
}

/// A state as shape, colour and a word.
pub fn state_mark(mark: &'static str, progress: Option<f64>, word: String) -> AnyView {
    let shape = match mark {
        "pending" | "queued" => view! {
            <svg class="ring dotted" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6.5"></circle></svg>
        }
        .into_any(),
        "running" | "retrying" => {
            let percent = progress.map_or(30.0, |p| (p * 100.0).round());
            let class = if progress.is_some() { "ring" } else { "ring spins" };
            view! {
                <svg class=class viewBox="0 0 16 16" style=format!("--pct:{percent}") aria-hidden="true">
                    <circle class="track" cx="8" cy="8" r="6.5"></circle>
                    <circle class="arc" cx="8" cy="8" r="6.5"></circle>
                </svg>
            }
            .into_any()
        }
        "blocked" => view! {
            <svg class="i" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" aria-hidden="true">
                <circle cx="8" cy="8" r="6"></circle><path d="M5.5 8h5"></path>
            </svg>
        }
        .into_any(),
        "completed" | "succeeded" => icon("check").into_any(),
        "reused" => icon("reset").into_any(),
        "failed" => icon("warn").into_any(),
        "paused" => icon("hand").into_any(),
        "cancelled" => icon("struck").into_any(),
        "outdated" => view! { <i class="dot"></i> }.into_any(),
        "locked" => icon("lock").into_any(),
        _ => ().into_any(),
    };
    view! { <span class="st" data-s=mark>{shape}{word}</span> }.into_any()
}

/// A banner that says what went wrong, and what to do.
pub fn banner(title: &str, hint: &str, code: &str) -> impl IntoView + use<> {
    let (title, hint) = (title.to_owned(), hint.to_owned());
    view! {
        <div class="banner" role="alert" data-code=code.to_owned()>
            {icon("warn")}
            <div><b>{title}</b><p>{hint}</p></div>
        </div>
    }
}

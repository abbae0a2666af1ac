//! A batch on its card: the stack's way in, and how many items stand how.

use crate::core::results::Counts;
use crate::web::canvas::actions::open;
use crate::web::canvas::store::page::Page;
use crate::web::ui::icons::icon;
use leptos::prelude::*;

/// Up to so many items each has a mark of its own on the card.
const MARKS: usize = 12;

/// On the stack: how many are there, and the way in.
#[component]
pub fn Badge(page: Page, id: StoredValue<String>, counts: Memo<Option<Counts>>) -> impl IntoView {
    let words = move || counts.get().map(|c| c.badge()).unwrap_or_default();
    let label = move || format!("Open the batch, {}", words());
    view! {
        <button class="badge tl" aria-label=label on:click=move |_| open::shown(page, &id.get_value())>{words}</button>
        <button class="badge br" tabindex="-1" aria-hidden="true" on:click=move |_| open::shown(page, &id.get_value())>
            {icon("grid")}"Open"
        </button>
    }
}

/// Under the stack: how many stand how, in words and marks.
pub fn summary(counts: &Counts) -> impl IntoView + use<> {
    let waiting = counts.total.saturating_sub(
        counts.done
            + counts.running
            + counts.failed
            + counts.blocked
            + counts.cancelled
            + counts.paused,
    );
    let kinds = [
        ("", counts.done),
        ("r", counts.running),
        ("f", counts.failed),
        ("p", counts.blocked + counts.cancelled + counts.paused + waiting),
    ];
    let single = counts.total <= MARKS;
    let marks = kinds
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .flat_map(|(class, n)| {
            let (each, grow) = if single { (n, 1) } else { (1, n) };
            (0..each).map(move |_| view! { <i class=class style=format!("flex-grow:{grow}")></i> })
        })
        .collect_view();
    view! {
        <div class="row batch-sum">
            <span class="muted grow">{counts.sentence()}</span>
            <span class="dots" class:is-long=!single aria-hidden="true">{marks}</span>
        </div>
    }
}

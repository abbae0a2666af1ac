//! The page in the place of a canvas that one may not see.

use leptos::prelude::*;

use super::ask::AskAccess;
use super::roles::Aside;
use crate::core::rights;
use crate::core::sync::{Ending, Saving};
use crate::core::words::many;
use crate::web::canvas::live::access::is_shut;
use crate::web::canvas::store::page::Page;

/// Says why there is nothing to see, and asks for access.
#[component]
pub fn NoAccess(page: Page) -> impl IntoView {
    let shut = Memo::new(move |_| is_shut(page));
    move || {
        if !shut.get() {
            return None;
        }
        let ended = page.saving.with_untracked(|saving| *saving == Saving::Ended(Ending::NoRight));
        let (title, text) = if ended {
            (
                "Your access to this canvas ended",
                "Its owner changed who may come in. You can ask to be let in again.",
            )
        } else {
            (
                "You cannot see a canvas here",
                "There is none at this address, it was deleted, or it is not shared with you. \
                 If there is one, its owner is told that you ask.",
            )
        };
        let unsaved = usize::try_from(page.core().borrow().sync.unsaved()).unwrap_or(usize::MAX);
        let kept = (unsaved > 0).then(|| {
            let words = format!(
                "{} of yours that were not sent are kept in this browser.",
                many(unsaved, "change")
            );
            view! { <p class="note">{words}</p> }
        });
        let done = "Asked. If there is such a canvas its owner knows now, and it opens here as soon as you may see it.";
        Some(
            view! {
                <section class="no-access" aria-label="No access" data-floating>
                    <div class="no-access-in">
                        <h1>{title}</h1>
                        <p>{text}</p>
                        {kept}
                        <Aside page=page />
                        <AskAccess page=page roles=rights::may_ask(None) act="Ask for access" done=done />
                        <a class="btn ghost block" href="/">"All canvases"</a>
                    </div>
                </section>
            }
            .into_any(),
        )
    }
}

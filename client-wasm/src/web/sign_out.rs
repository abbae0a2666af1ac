//! Signing out: what this browser keeps of canvases goes with it, and nothing is lost without a question.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::core::words::many;
use crate::web::canvas::store::offline_store;
use crate::web::ui::dialog::Confirm;
use crate::web::ui::session::{Session, use_session};

/// Somebody who is about to sign out.
#[derive(Clone, Copy)]
pub struct Leaving {
    session: Session,
    /// Number of edits that were not sent and would be lost, while it is asked about them.
    asking: RwSignal<Option<u64>>,
    failed: Callback<String>,
}

impl Leaving {
    /// Nobody yet; `failed` takes the sentence that says why it did not work.
    pub fn new(failed: Callback<String>) -> Self {
        Self { session: use_session(), asking: RwSignal::new(None), failed }
    }

    /// Signs out, or asks first where something would be lost.
    pub fn begin(self) {
        spawn_local(async move {
            match offline_store::unsent(self.own()).await {
                0 => self.leave().await,
                edits => {
                    self.asking.try_set(Some(edits));
                }
            }
        });
    }

    fn own(self) -> String {
        self.session.me.with_untracked(|me| me.as_ref().map(|me| me.id.clone()).unwrap_or_default())
    }

    async fn leave(self) {
        let own = self.own();
        match self.session.sign_out().await {
            Ok(()) => offline_store::forget(own).await,
            Err(why) => {
                self.failed.try_run(why);
            }
        }
    }
}

/// The question, while it is asked.
#[component]
pub fn LeaveQuestion(leaving: Leaving) -> impl IntoView {
    move || {
        let edits = leaving.asking.get()?;
        let count = many(usize::try_from(edits).unwrap_or(usize::MAX), "change");
        let were = if edits == 1 { "was" } else { "were" };
        let text = format!(
            "{count} of yours {were} not sent to the server yet, and would be lost. To keep them, open the canvas while \
             the server can be reached, until it says Saved."
        );
        let close = Callback::new(move |()| leaving.asking.set(None));
        let yes = Callback::new(move |()| {
            leaving.asking.set(None);
            spawn_local(leaving.leave());
        });
        Some(
            view! { <Confirm title="Sign out and lose changes?" text act="Sign out" on_yes=yes on_close=close /> },
        )
    }
}

//! The workspaces that one is in, and the one of them that home shows.

use gesso_protocol::api::accounts::{WorkspaceBody, WorkspaceRole};
use gesso_protocol::ids::WorkspaceId;
use leptos::prelude::*;

use crate::core::rights;
use crate::web::http;
use crate::web::ui::session::Session;
use crate::web::ui::workspace_choice;

/// The handle; every part of the home page finds it in its context. Where nobody has an account there are none.
#[derive(Clone, Copy)]
pub(super) struct Workspaces {
    session: Session,
    /// All of them, the server's own first; `None` until the first answer.
    pub(super) all: RwSignal<Option<Vec<WorkspaceBody>>>,
    chosen: RwSignal<Option<String>>,
    /// The one that is shown: the chosen one, else the first.
    pub(super) current: Memo<Option<WorkspaceBody>>,
}

impl Workspaces {
    /// Not asked for yet; the choice of before holds.
    pub(super) fn new(session: Session) -> Self {
        let all = RwSignal::new(None::<Vec<WorkspaceBody>>);
        let chosen = RwSignal::new(workspace_choice::kept());
        let current = Memo::new(move |_| {
            let chosen = chosen.get();
            all.with(|all| {
                let all = all.as_ref()?;
                let one = all.iter().find(|one| Some(&one.id) == chosen.as_ref());
                one.or_else(|| all.first()).cloned()
            })
        });
        Self { session, all, chosen, current }
    }

    /// Asks for them, unless they are known or nobody has an account.
    pub(super) async fn look_once(self) {
        let is_due = self.all.try_with_untracked(Option::is_none) == Some(true);
        if is_due && untrack(|| self.session.has_account()) {
            self.look().await;
        }
    }

    /// Asks for them. Without an answer those stay that were known.
    pub(super) async fn look(self) {
        if let Ok(now) = http::list::<WorkspaceBody>("/api/workspaces").await {
            self.all.try_set(Some(now));
        }
    }

    /// Shows another one, in this browser from now on.
    pub(super) fn choose(self, id: &str) {
        self.chosen.set(Some(id.to_owned()));
        workspace_choice::keep(id);
    }

    /// The id of the one that is shown; `None` too once the page is gone.
    pub(super) fn id(self) -> Option<String> {
        self.current.try_with_untracked(|one| one.as_ref().map(|one| one.id.clone())).flatten()
    }

    /// True if there are several.
    pub(super) fn are_several(self) -> bool {
        let count = |all: &Option<Vec<WorkspaceBody>>| all.as_ref().map_or(0, Vec::len);
        self.all.try_with_untracked(count).unwrap_or_default() > 1
    }

    /// A path of the API, asked of the one that is shown.
    pub(super) fn at(self, path: &str) -> String {
        let sign = if path.contains('?') { '&' } else { '?' };
        self.id().map_or_else(|| path.to_owned(), |id| format!("{path}{sign}workspace={id}"))
    }

    /// A heading that says of which one something is.
    pub(super) fn heading(self, what: &'static str) -> Signal<String> {
        Signal::derive(move || {
            self.current.with(|one| {
                one.as_ref()
                    .map_or_else(|| what.to_owned(), |one| format!("{what} of {}", one.name))
            })
        })
    }

    /// One's role in the one that is shown; `None` where nobody has an account. Tracked.
    pub(super) fn role(self) -> Option<WorkspaceRole> {
        let role = self.current.with(|one| one.as_ref().map(|one| one.role));
        let own = || self.session.me.with(|me| Some(me.as_ref()?.account.as_ref()?.role));
        role.or_else(own)
    }

    /// True if one may make further ones. Tracked.
    pub(super) fn makes_more(self) -> bool {
        let first = WorkspaceId::default();
        self.all.with(|all| {
            let own = all.iter().flatten().find(|one| one.id == first.as_str());
            own.is_some_and(|own| rights::manages(own.role))
        })
    }
}

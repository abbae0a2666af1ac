//! Who may come into a canvas, as the server says, and changes of that.

use gesso_protocol::api::accounts::{AccessBody, CanvasRole};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::core::rights;
use crate::web::canvas::store::page::Page;
use crate::web::http::{self, ApiError};

/// What the parts of the dialog share.
#[derive(Clone, Copy)]
pub(super) struct Access {
    pub(super) page: Page,
    /// Who may come in; `None` until the server has said so.
    pub(super) body: RwSignal<Option<AccessBody>>,
    /// Why the last change was refused.
    pub(super) failed: RwSignal<Option<String>>,
    /// A question before something that cannot be taken back by oneself.
    pub(super) asking: RwSignal<Option<Asking>>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    /// Whether somebody, by id and name, is to own the canvas.
    Transfer(String, String),
    /// Whether one is to leave it.
    Leave,
}

impl Access {
    /// The path of a part of it.
    pub(super) fn path(self, rest: &str) -> String {
        format!("/api/canvases/{}/access{rest}", self.page.id.get_value())
    }

    /// Takes an answer that says how it is now.
    pub(super) fn take(self, answer: Result<AccessBody, ApiError>) {
        match answer {
            Ok(body) => {
                self.body.try_set(Some(body));
            }
            Err(error) => {
                self.failed.try_set(Some(error.detail));
            }
        }
    }

    /// Makes a change, the answer to which says how it is then.
    pub(super) fn change(
        self,
        change: impl Future<Output = Result<AccessBody, ApiError>> + 'static,
    ) {
        self.failed.set(None);
        spawn_local(async move { self.take(change.await) });
    }

    /// Makes a change with an empty answer, and asks how it is then.
    pub(super) fn end(self, change: impl Future<Output = Result<(), ApiError>> + 'static) {
        self.change(async move {
            change.await?;
            http::get(&self.path("")).await
        });
    }
}

/// The roles that can be given, as a choice.
pub(super) fn roles() -> Vec<(String, String)> {
    let given = CanvasRole::ALL.iter().filter(|role| **role < CanvasRole::Owner);
    given.map(|role| (role.id().to_owned(), rights::role_choice(*role).to_owned())).collect()
}

//! Who did what: entries of the audit log.

use gesso_protocol::ids::{CanvasId, WorkspaceId};

use super::caller::Client;
use crate::access::Caller;
use crate::app::App;
use crate::clock::now_ms;
use crate::db::DbError;
use crate::db::audit::AuditEvent;

/// Whoever does something.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    /// The person; none where nobody is signed in.
    pub(super) person: Option<String>,
    /// Their name.
    pub(super) name: String,
    /// Where the request came from.
    pub(super) client: Client,
}

impl Actor {
    /// A caller.
    pub(super) fn of(caller: &Caller, client: Client) -> Self {
        Self { person: Some(caller.me.id.clone()), name: caller.me.name.clone(), client }
    }

    /// Somebody who is not signed in.
    pub(super) fn nobody(client: Client) -> Self {
        Self { person: None, name: String::new(), client }
    }

    /// Notes what they did, on what, and to what of it.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn did<'a>(
        &self,
        app: &App,
        action: &'static str,
        on: impl Into<On<'a>>,
        target: &str,
    ) -> Result<(), DbError> {
        self.did_so(app, action, on, target, "").await
    }

    /// The same, with words.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn did_so<'a>(
        &self,
        app: &App,
        action: &'static str,
        on: impl Into<On<'a>>,
        target: &str,
        detail: &str,
    ) -> Result<(), DbError> {
        if !app.access.needs_accounts() {
            return Ok(());
        }
        let (canvas, workspace) = match on.into() {
            On::Server => (None, None),
            On::Workspace(id) => (None, Some(id.clone())),
            On::Canvas(id) => (Some(id.clone()), None),
        };
        let event = AuditEvent {
            action,
            person: self.person.clone(),
            name: self.name.clone(),
            canvas,
            target: gesso_protocol::names::shortened(target, TARGET_CHARS_MAX),
            detail: detail.to_owned(),
            address: self.client.address.to_string(),
            workspace,
        };
        app.db.note(&event, now_ms()).await
    }
}

/// Where something was done.
#[derive(Clone, Copy, Debug)]
pub(super) enum On<'a> {
    /// On the server.
    Server,
    /// In a workspace.
    Workspace(&'a WorkspaceId),
    /// On a canvas.
    Canvas(&'a CanvasId),
}

impl<'a> From<&'a CanvasId> for On<'a> {
    fn from(id: &'a CanvasId) -> Self {
        Self::Canvas(id)
    }
}

impl<'a> From<&'a WorkspaceId> for On<'a> {
    fn from(id: &'a WorkspaceId) -> Self {
        Self::Workspace(id)
    }
}

/// The longest target that is noted, in characters: attempts on accounts name what somebody typed.
const TARGET_CHARS_MAX: usize = 200;

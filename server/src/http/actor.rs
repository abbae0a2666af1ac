//! Who did what: entries of the audit log.

use gesso_protocol::ids::CanvasId;

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

    /// Notes what they did, to which canvas or to what else.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn did(
        &self,
        app: &App,
        action: &'static str,
        canvas: Option<&CanvasId>,
        target: &str,
    ) -> Result<(), DbError> {
        self.did_so(app, action, canvas, target, "").await
    }

    /// The same, with words.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn did_so(
        &self,
        app: &App,
        action: &'static str,
        canvas: Option<&CanvasId>,
        target: &str,
        detail: &str,
    ) -> Result<(), DbError> {
        if !app.access.needs_accounts() {
            return Ok(());
        }
        let event = AuditEvent {
            action,
            person: self.person.clone(),
            name: self.name.clone(),
            canvas: canvas.cloned(),
            target: gesso_protocol::names::shortened(target, TARGET_CHARS_MAX),
            detail: detail.to_owned(),
            address: self.client.address.to_string(),
        };
        app.db.note(&event, now_ms()).await
    }
}

/// The longest target that is noted, in characters: attempts on accounts name what somebody typed.
const TARGET_CHARS_MAX: usize = 200;

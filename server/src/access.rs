//! Who asks, and what they may do: on a server that is open to its own machine everything, else what their account,
//! their roles and the scopes of their token allow (docs/spec/accounts.md).

use std::time::Duration;

use gesso_protocol::api::Me;
use gesso_protocol::api::accounts::{CanvasRole, Scope, WorkspaceRole};
use gesso_protocol::ids::{CanvasId, WorkspaceId};
use tokio::sync::broadcast;

use crate::clock::now_ms;
use crate::db::accounts::Memberships;
use crate::db::{Db, DbError};

/// Number of changes that a slow listener may lag behind; then it looks at everything anew.
const KEPT: usize = 256;

/// What somebody identified themselves with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// Nothing: the server is open to its own machine.
    Open,
    /// A session of a browser.
    Session {
        /// Id of the session.
        id: String,
    },
    /// An API token.
    Token {
        /// Id of the token.
        id: String,
        /// Its rights.
        scopes: Vec<Scope>,
        /// When it ends, in ms since 1970.
        expires_at: Option<i64>,
    },
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The person.
    pub me: Me,
    /// The workspaces they are in; of no matter where nobody signs in.
    pub memberships: Memberships,
    /// What they identified themselves with.
    pub credential: Credential,
}

impl Caller {
    /// True if what they identified themselves with is good for that.
    pub fn has(&self, scope: Scope) -> bool {
        let Credential::Token { scopes, .. } = &self.credential else { return true };
        let implied = scope == Scope::Read && !scopes.is_empty();
        implied || scopes.contains(&scope) || scopes.contains(&Scope::Admin)
    }

    /// Waits until what they identified themselves with ends by itself.
    pub async fn expired(&self) {
        let Credential::Token { expires_at: Some(at), .. } = &self.credential else {
            return std::future::pending().await;
        };
        let left_ms = u64::try_from(at - now_ms()).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(left_ms.saturating_add(1))).await;
    }

    /// Returns the role that a socket of theirs has, where this is their own: a token that may not edit writes nothing.
    pub fn synced(&self, role: CanvasRole) -> CanvasRole {
        if self.has(Scope::Edit) { role } else { CanvasRole::Viewer }
    }

    /// Role in a workspace; none where they are not in it.
    pub fn role_in(&self, workspace: &WorkspaceId) -> Option<WorkspaceRole> {
        match self.credential {
            Credential::Open => Some(WorkspaceRole::Owner),
            Credential::Session { .. } | Credential::Token { .. } => {
                self.memberships.get(workspace).copied()
            }
        }
    }

    /// True if they have this role in a workspace, or a higher one.
    pub fn is_in(&self, workspace: &WorkspaceId, role: WorkspaceRole) -> bool {
        self.role_in(workspace).is_some_and(|own| own >= role)
    }

    /// The workspace that is meant where they name none: the server's own, where they are in it, else their first.
    pub fn home(&self) -> WorkspaceId {
        let own = WorkspaceId::default();
        if self.is_in(&own, WorkspaceRole::Member) {
            return own;
        }
        let is_member = |(_, role): &(&WorkspaceId, &WorkspaceRole)| **role > WorkspaceRole::Guest;
        let mut all = self.memberships.iter();
        all.find(is_member).map_or(own, |(workspace, _)| workspace.clone())
    }
}

/// A change of what people may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessChange {
    /// On this canvas alone.
    pub canvas: Option<CanvasId>,
    /// Of this person alone.
    pub person: Option<String>,
}

impl AccessChange {
    /// True if it may concern a person on a canvas.
    pub fn concerns(&self, canvas: &CanvasId, person: &str) -> bool {
        self.canvas.as_ref().is_none_or(|changed| changed == canvas)
            && self.person.as_deref().is_none_or(|changed| changed == person)
    }
}

/// The roles of people.
#[derive(Clone, Debug)]
pub struct Access {
    db: Db,
    needs_accounts: bool,
    changes: broadcast::Sender<AccessChange>,
}

impl Access {
    /// Over a database. Without accounts everybody may do everything.
    pub fn new(db: Db, needs_accounts: bool) -> Self {
        Self { db, needs_accounts, changes: broadcast::channel(KEPT).0 }
    }

    /// True if people sign in.
    pub fn needs_accounts(&self) -> bool {
        self.needs_accounts
    }

    /// Returns the role of a caller on a canvas; none where they may not even know of it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn role(
        &self,
        caller: &Caller,
        canvas: &CanvasId,
    ) -> Result<Option<CanvasRole>, DbError> {
        if !self.needs_accounts {
            return Ok(Some(CanvasRole::Owner));
        }
        Ok(self.standing(caller, canvas).await?.map(|(role, _)| role))
    }

    /// Role of somebody who signed in on a canvas, and its workspace.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn standing(
        &self,
        caller: &Caller,
        canvas: &CanvasId,
    ) -> Result<Option<(CanvasRole, WorkspaceId)>, DbError> {
        let row = self.db.role(canvas, &caller.me.id).await?;
        Ok(row.and_then(|row| Some((row.role()?, row.workspace))))
    }

    /// The role of a socket of a caller, whose credential may have ended meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn role_synced(
        &self,
        caller: &Caller,
        canvas: &CanvasId,
    ) -> Result<Option<CanvasRole>, DbError> {
        if !self.lives(caller).await? {
            return Ok(None);
        }
        Ok(self.role(caller, canvas).await?.map(|role| caller.synced(role)))
    }

    /// True while what somebody identified themselves with has not ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lives(&self, caller: &Caller) -> Result<bool, DbError> {
        match &caller.credential {
            Credential::Open => Ok(true),
            Credential::Session { id } | Credential::Token { id, .. } => {
                self.db.is_presentable(id, now_ms()).await
            }
        }
    }

    /// Tells that what people may do has changed: sockets and streams look at it anew.
    pub fn changed(&self, change: AccessChange) {
        // Nobody listening is fine.
        let _listeners = self.changes.send(change).unwrap_or(0);
    }

    /// Listens to changes from now on.
    pub fn listen(&self) -> broadcast::Receiver<AccessChange> {
        self.changes.subscribe()
    }
}

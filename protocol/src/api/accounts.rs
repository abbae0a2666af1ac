//! Bodies of the routes on accounts, workspaces and the access to canvases (docs/spec/accounts.md).

use serde::{Deserialize, Serialize};

use crate::pricing::Money;

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $id:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$each])* $variant,)* }

        impl $name {
            /// All of them, the least first.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Name in requests, answers and rows.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// The one named `id`.
            pub fn from_id(id: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.id() == id)
            }
        }
    };
}

names! {
    /// Role of a person on a canvas; each may do what those before it may.
    CanvasRole {
        /// Sees it.
        Viewer = "viewer",
        /// Comments on it.
        Commenter = "commenter",
        /// Edits and runs it.
        Editor = "editor",
        /// Shares and deletes it.
        Owner = "owner",
    }
}

names! {
    /// Role of a person in a workspace; each may do what those before it may.
    WorkspaceRole {
        /// Sees the canvases that were shared with them, and nothing else.
        Guest = "guest",
        /// Makes canvases, sees those that are open to the workspace and the library.
        Member = "member",
        /// Invites people and changes their roles.
        Admin = "admin",
        /// Names other owners.
        Owner = "owner",
    }
}

names! {
    /// Right of an API token.
    Scope {
        /// Reads, and syncs without writing.
        Read = "read",
        /// Writes what people write; includes `read`.
        Edit = "edit",
        /// Starts and stops runs; includes `read`.
        Run = "run",
        /// Everything that the person may do.
        Admin = "admin",
    }
}

/// Account of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Account {
    /// Address.
    pub email: String,
    /// Role in the server's own workspace; of somebody who is in others only, the highest.
    pub role: WorkspaceRole,
    /// True if there is a password to sign in with.
    #[serde(default)]
    pub has_password: bool,
}

/// `POST /api/session`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Address of the account.
    pub email: String,
    /// Password.
    pub password: String,
}

/// `GET /api/auth`: how people may sign in, beside with a password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignInWays {
    /// Those who vouch for people, in the order in which they are offered.
    pub providers: Vec<SignInProvider>,
}

/// Somebody who vouches for people: the sign-in of a company, for one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignInProvider {
    /// Id, as in `/api/auth/oidc/{id}`.
    pub id: String,
    /// Name, as in "Continue with …".
    pub name: String,
}

/// A sign-in with a provider that belongs to the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IdentityBody {
    /// Id.
    pub id: String,
    /// Id of the provider.
    pub provider: String,
    /// Name of the provider.
    pub name: String,
    /// Address that the provider knows the person by.
    pub email: String,
    /// When it was connected, in ms since 1970.
    pub created_at: i64,
}

/// `PUT /api/password`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password until now; left out where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The new password: at least 10 characters.
    pub new: String,
}

/// `POST /api/signup`: takes an invitation, the link of the first owner, a link to a canvas, or one that resets a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    /// The secret of the link.
    pub token: String,
    /// Address of the new account.
    pub email: String,
    /// Name that others see.
    pub name: String,
    /// Password: at least 10 characters.
    pub password: String,
    /// The password of the link, where it asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_password: Option<String>,
}

/// A device on which somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionBody {
    /// Id.
    pub id: String,
    /// Name that the browser gave itself.
    pub device: String,
    /// Network address it was last used from.
    pub address: String,
    /// When it signed in, in ms since 1970.
    pub created_at: i64,
    /// When it was last used, in ms since 1970, to the minute.
    pub used_at: i64,
    /// True if it is the one that asks.
    pub current: bool,
}

/// `POST /api/tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// Name, to know it by.
    pub name: String,
    /// Rights.
    pub scopes: Vec<Scope>,
    /// When it ends, in ms since 1970; never where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

/// An API token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenBody {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Rights.
    pub scopes: Vec<Scope>,
    /// When it was made, in ms since 1970.
    pub created_at: i64,
    /// When it was last used, to the minute.
    pub used_at: Option<i64>,
    /// When it ends.
    pub expires_at: Option<i64>,
    /// The token itself: only in the answer that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkspaceBody {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Role of this person in it.
    pub role: WorkspaceRole,
    /// Number of its people.
    pub members: i64,
    /// When it was made, in ms since 1970.
    pub created_at: i64,
}

/// `POST /api/workspaces`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewWorkspace {
    /// Name.
    pub name: String,
}

/// `PATCH /api/workspaces/{id}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WorkspaceChange {
    /// The new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A person of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberBody {
    /// The person.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their colour, `#rrggbb`.
    pub color: String,
    /// Their address; only admins are told.
    pub email: Option<String>,
    /// Their role.
    pub role: WorkspaceRole,
    /// When they joined, in ms since 1970.
    pub joined_at: i64,
    /// True if they can no longer sign in.
    pub disabled: bool,
}

/// `PATCH /api/workspaces/{id}/members/{person}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MemberChange {
    /// The new role.
    pub role: WorkspaceRole,
}

/// `POST /api/workspaces/{id}/invitations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// Role of whoever takes it.
    pub role: WorkspaceRole,
    /// The only address that may take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// When it ends, in ms since 1970; in seven days where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

/// An invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationBody {
    /// Id.
    pub id: String,
    /// Role of whoever takes it.
    pub role: WorkspaceRole,
    /// The only address that may take it.
    pub email: Option<String>,
    /// Name of who invited.
    pub by: String,
    /// When it was made, in ms since 1970.
    pub created_at: i64,
    /// When it ends.
    pub expires_at: i64,
    /// The link; only in the answer that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The secret in the link; only in the answer that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// What the link of a page `/join/{secret}` is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// The first owner of the server.
    FirstOwner,
    /// A person for the workspace.
    Invitation,
    /// A new password for somebody who is there.
    Reset,
    /// A canvas.
    Canvas,
}

/// `GET /api/links/{secret}`: what a link is for, before it is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkInfo {
    /// Kind.
    pub kind: LinkKind,
    /// Name of the workspace or of the canvas.
    pub name: String,
    /// Role of whoever takes it.
    pub role: Option<String>,
    /// Name of who made it.
    pub by: Option<String>,
    /// The only address that may take it.
    pub email: Option<String>,
    /// True if it asks for a password of its own.
    pub needs_password: bool,
}

/// `POST /api/links/{secret}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct JoinLink {
    /// The password of the link, where it asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// What somebody has joined by a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Joined {
    /// The canvas, where it was the link of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canvas: Option<String>,
    /// The workspace, where it was an invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// Role on the canvas, or in the workspace.
    pub role: String,
}

/// `GET /api/canvases/{id}/access`. Those who may not share are told of themselves alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessBody {
    /// Role of this person.
    pub role: CanvasRole,
    /// People who have a role of their own, the highest first.
    pub people: Vec<AccessPerson>,
    /// Role of every member of the workspace; null for none.
    pub workspace_role: Option<CanvasRole>,
    /// The link; null where there is none.
    pub link: Option<LinkBody>,
    /// Requests that wait for an answer, oldest first.
    pub requests: Vec<AccessRequestBody>,
}

/// A person with a role on a canvas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessPerson {
    /// The person.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their colour, `#rrggbb`.
    pub color: String,
    /// Their role.
    pub role: CanvasRole,
}

/// The link of a canvas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkBody {
    /// Role of whoever takes it.
    pub role: CanvasRole,
    /// The link.
    pub url: String,
    /// When it ends, in ms since 1970; never where there is none.
    pub expires_at: Option<i64>,
    /// True if it asks for a password.
    pub password: bool,
}

/// A request for a role on a canvas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessRequestBody {
    /// Id.
    pub id: String,
    /// Who asks.
    pub person: String,
    /// Their name.
    pub name: String,
    /// The role they ask for.
    pub role: CanvasRole,
    /// Words of theirs.
    pub note: String,
    /// When they asked, in ms since 1970.
    pub created_at: i64,
}

/// `PUT …/access/people/{person}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PersonAccess {
    /// The new role.
    pub role: CanvasRole,
}

/// `PUT …/access/workspace`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WorkspaceAccess {
    /// The new role of every member.
    pub role: OpenRole,
}

/// Role of everybody in a workspace on a canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OpenRole {
    /// None: only those with a role of their own come in.
    None,
    /// As [`CanvasRole::Viewer`].
    Viewer,
    /// As [`CanvasRole::Commenter`].
    Commenter,
    /// As [`CanvasRole::Editor`].
    Editor,
}

impl OpenRole {
    /// The role it gives.
    pub fn role(self) -> Option<CanvasRole> {
        match self {
            Self::None => None,
            Self::Viewer => Some(CanvasRole::Viewer),
            Self::Commenter => Some(CanvasRole::Commenter),
            Self::Editor => Some(CanvasRole::Editor),
        }
    }
}

/// `PUT …/access/link`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    /// Role of whoever takes it; not `owner`.
    pub role: CanvasRole,
    /// When it ends, in ms since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// A password that it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// `POST …/access/transfer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The new owner, who has a role on the canvas already.
    pub person: String,
}

/// `POST …/access/requests`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewAccessRequest {
    /// The role asked for; not `owner`.
    pub role: CanvasRole,
    /// Words for those who decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// `POST …/access/requests/{id}`: a role, or `decline`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AccessAnswer {
    /// The role that is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<CanvasRole>,
    /// True: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline: Option<bool>,
}

/// Reason of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    /// A comment names this person.
    Mention,
    /// Somebody asks for a role on a canvas of this person's.
    AccessRequest,
    /// A role was given to this person, or changed.
    Role,
}

/// A notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotificationBody {
    /// Id.
    pub id: i64,
    /// When, in ms since 1970.
    pub at: i64,
    /// Reason.
    pub kind: NotificationKind,
    /// The canvas it is about.
    pub canvas: Option<String>,
    /// Its name.
    pub canvas_name: String,
    /// The node it is about.
    pub node: Option<String>,
    /// The request that waits for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Name of who caused it.
    pub by: String,
    /// Words.
    pub text: String,
    /// True once it was seen.
    pub seen: bool,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Number; later entries have higher ones.
    pub id: i64,
    /// When, in ms since 1970.
    pub at: i64,
    /// What was done: `session.created`, `canvas.deleted`, …
    pub action: String,
    /// Who did it; null for somebody unknown and for the command line.
    pub person: Option<String>,
    /// Their name then.
    pub name: String,
    /// The canvas it was done to.
    pub canvas: Option<String>,
    /// Whatever else it was done to.
    pub target: String,
    /// Words.
    pub detail: String,
    /// Network address it came from.
    pub address: String,
}

/// A row of `GET /api/usage`. What it is not grouped by is left out; what belongs to a canvas that was deleted is told
/// without person, canvas and model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UsageRow {
    /// The person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Their name when they last ran something of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The canvas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canvas: Option<String>,
    /// Its name now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canvas_name: Option<String>,
    /// The model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Beginning of the day in UTC, in ms since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<i64>,
    /// Number of items that were paid for.
    pub items: i64,
    /// Credits paid.
    pub credits: Money,
}

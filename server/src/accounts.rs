//! Accounts: passwords, the secrets of links, sessions and tokens, and how often somebody may try.

pub mod attempts;
pub mod commands;
pub mod oidc;
pub mod password;
pub mod secret;

use std::net::SocketAddr;
use std::time::Duration;

use gesso_protocol::api::accounts::{LinkKind, Scope, TokenBody, WorkspaceRole};
use gesso_protocol::ids::WorkspaceId;
use gesso_protocol::problem::{ErrorCode, Refusal};
use tokio_util::sync::CancellationToken;

use crate::access::{Access, AccessChange};
use crate::clock::{fresh_id, now_ms};
use crate::config::ServeOptions;
use crate::db::members::InvitationRow;
use crate::db::{Db, DbError};

use self::attempts::Attempts;
use self::password::Hasher;

/// Time a session lasts after it was last used, in ms.
pub const SESSION_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// How exactly the last use of sessions and tokens is noted, in ms.
pub const USED_MS: i64 = 60 * 1000;
/// Time an invitation can be taken where nobody says, in ms.
pub const INVITATION_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Time the link of the first owner and one that resets a password can be taken, in ms.
pub const ONCE_MS: i64 = 24 * 60 * 60 * 1000;
/// How often it is looked whether the command line changed something.
const LOOK_EACH: Duration = Duration::from_millis(700);
/// How often what has ended is forgotten, in ms.
const FORGET_EACH_MS: i64 = 60 * 60 * 1000;
/// Time it is kept, in ms.
const KEPT_ENDED_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// The longest address, in bytes (RFC 5321, section 4.5.3.1.3).
const EMAIL_BYTES_MAX: usize = 254;

/// Sign-in, as far as it needs memory of what came before.
#[derive(Debug, Default)]
pub struct Accounts {
    /// Makes and checks hashes of passwords.
    pub passwords: Hasher,
    /// Attempts to sign in.
    pub attempts: Attempts,
}

/// An invitation to be, and the secret of its link.
pub fn new_invitation(
    kind: LinkKind,
    workspace: WorkspaceId,
    role: WorkspaceRole,
    by_name: &str,
    expires_at: i64,
) -> (InvitationRow, String) {
    let row = InvitationRow {
        id: fresh_id(),
        kind: String::new(),
        workspace,
        role: role.id().to_owned(),
        email: None,
        person: None,
        by_person: None,
        by_name: by_name.to_owned(),
        created_at: now_ms(),
        expires_at,
    };
    (row.of_kind(kind), secret::fresh())
}

/// A token to be, and its secret.
pub fn new_token(
    name: &str,
    mut scopes: Vec<Scope>,
    expires_at: Option<i64>,
    now_ms: i64,
) -> (TokenBody, String) {
    scopes.sort_unstable();
    scopes.dedup();
    let token = TokenBody {
        id: fresh_id(),
        name: name.to_owned(),
        scopes,
        created_at: now_ms,
        used_at: None,
        expires_at,
        secret: None,
    };
    (token, secret::fresh_token())
}

/// A link with which the first owner signs up, where people sign in and nobody has an account yet. Links of earlier
/// starts end.
///
/// # Errors
/// When the database fails.
pub async fn first_owner_link(
    db: &Db,
    options: &ServeOptions,
    listens: SocketAddr,
) -> Result<Option<String>, DbError> {
    db.end_links_of_owner().await?;
    if !options.needs_accounts() || db.has_accounts().await? {
        return Ok(None);
    }
    let (row, secret) = new_invitation(
        LinkKind::FirstOwner,
        WorkspaceId::default(),
        WorkspaceRole::Owner,
        "",
        now_ms() + ONCE_MS,
    );
    db.add_invitation(&row, &secret::hash(&secret)).await?;
    let scheme = if options.tls_cert.is_some() { "https" } else { "http" };
    let base = match options.public_base() {
        Some(base) => base.to_owned(),
        None if listens.ip().is_unspecified() => format!("{scheme}://localhost:{}", listens.port()),
        None => format!("{scheme}://{listens}"),
    };
    Ok(Some(format!("{base}/join/{secret}")))
}

/// Looks whether somebody changed what people may do by the command line, and forgets what has ended, until the server
/// ends.
pub async fn maintain(db: Db, access: Access, shutdown: CancellationToken) {
    if !access.needs_accounts() {
        return;
    }
    let mut seen = db.last_audit_event().await.unwrap_or_default();
    let mut forgot_at = 0;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(LOOK_EACH) => {}
        }
        match db.last_audit_event().await {
            Ok(last) if last != seen => {
                match db.was_command(seen).await {
                    Ok(false) => {}
                    Ok(true) => access.changed(AccessChange::default()),
                    Err(error) => tracing::warn!(%error, "the audit log cannot be read"),
                }
                seen = last;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the audit log cannot be read"),
        }
        let now = now_ms();
        if now - forgot_at > FORGET_EACH_MS {
            forgot_at = now;
            if let Err(error) = db.forget_ended(now - KEPT_ENDED_MS).await {
                tracing::warn!(%error, "what has ended cannot be forgotten");
            }
        }
    }
}

/// An address as it is compared: addresses that differ in case alone are one. Only ASCII is taken: letters of other
/// alphabets that look the same would make an address that reads as somebody else's.
///
/// # Errors
/// `bad_request` where it is no address.
pub fn email_key(email: &str) -> Result<String, Refusal> {
    let email = email.trim();
    let is_address = email.len() <= EMAIL_BYTES_MAX
        && email.is_ascii()
        && email_address::EmailAddress::is_valid(email)
        && !email.contains(['"', '<', '>', '(', ')', ' ', '\\', ',', ';']);
    if is_address {
        Ok(email.to_ascii_lowercase())
    } else {
        let detail = "This is no e-mail address: write it like ada@example.org, in letters of the English alphabet.";
        Err(Refusal::new(ErrorCode::BadRequest, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_without_case_and_hold_no_look_alikes() {
        assert_eq!(email_key(" Ada@Example.ORG ").unwrap(), "ada@example.org");
        assert_eq!(email_key("a.b+c@sub.example.org").unwrap(), "a.b+c@sub.example.org");
        let long = format!("{}@example.org", "a".repeat(300));
        for wrong in [
            "",
            "ada",
            "ada@",
            "@example.org",
            "аda@example.org",
            "ada@exämple.org",
            "a b@c.de",
            &long,
            "a@b\n.de",
        ] {
            email_key(wrong).unwrap_err();
        }
    }
}

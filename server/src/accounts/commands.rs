//! `gesso user` and `gesso token`: accounts by the command line, beside a running server.

use std::io::BufRead as _;

use gesso_protocol::api::Me;
use gesso_protocol::api::accounts::{LinkKind, WorkspaceRole};
use gesso_protocol::ids::WorkspaceId;
use gesso_protocol::names;

use super::password::{self, Hasher};
use super::{ONCE_MS, email_key, new_invitation, new_token, secret};
use crate::clock::{fresh_id, now_ms};
use crate::config::{DatabaseOptions, TokenCommand, UserCommand};
use crate::db::Db;
use crate::db::accounts::{AccountRow, NewAccount, scopes_text};
use crate::db::audit::AuditEvent;
use crate::newcomers::newcomer;

/// Why a command was not done.
type Failure = Box<dyn std::error::Error>;

/// Opens the database of a server that was started once.
async fn open(on: &DatabaseOptions) -> Result<Db, Failure> {
    if on.database.is_none() && !on.data.join("gesso.db").exists() {
        return Err(format!(
            "there is no database in {}. Name the server's folder with --data, or start the server once.",
            on.data.display()
        )
        .into());
    }
    Ok(Db::open(on.database.as_deref(), &on.data).await?)
}

async fn account(db: &Db, email: &str) -> Result<AccountRow, Failure> {
    let account = db.account_by_email(&email_key(email)?).await?;
    account.ok_or_else(|| format!("there is no account with the address {email}").into())
}

/// Notes what was done; a server that runs sees it there and looks at everybody's rights anew.
async fn note(db: &Db, action: &'static str, target: &str) -> Result<(), Failure> {
    let event = AuditEvent {
        action,
        name: "command line".to_owned(),
        target: target.to_owned(),
        ..AuditEvent::default()
    };
    Ok(db.note(&event, now_ms()).await?)
}

/// The first line of standard input, hashed.
async fn password_from_stdin() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    password::check(&password)?;
    let hash = Hasher::default().hash(password).await;
    hash.ok_or_else(|| "the password could not be hashed".into())
}

/// Does a command on people; answers what is to be printed.
///
/// # Errors
/// What is wrong, and what to do.
pub async fn user(command: UserCommand) -> Result<String, Failure> {
    match command {
        UserCommand::Add { email, name, role, password_stdin: _, on } => {
            let db = open(&on).await?;
            let key = email_key(&email)?;
            if db.account_by_email(&key).await?.is_some() {
                return Err(format!("{email} has an account already").into());
            }
            let account = NewAccount {
                me: Me { name: names::person(&name)?, ..newcomer(fresh_id()) },
                email: email.trim().to_owned(),
                email_key: key,
                password: Some(password_from_stdin().await?),
                is_email_checked: true,
                identity: None,
                workspace: WorkspaceId::default(),
                role,
            };
            db.add_account(&account, None, now_ms()).await?;
            db.end_links_of_owner().await?;
            note(&db, "account.created", &account.email).await?;
            db.close().await;
            Ok(format!("{} can sign in as {}\n", account.email, role.id()))
        }
        UserCommand::List { on } => {
            let db = open(&on).await?;
            let mut text = String::new();
            for account in db.accounts().await? {
                let role = db.member_role(&WorkspaceId::default(), &account.person).await?;
                let role = role.map_or("none", WorkspaceRole::id);
                let state = if account.disabled_at.is_some() { "\tdisabled" } else { "" };
                text += &format!("{}\t{role}\t{}{state}\n", account.email, account.name);
            }
            db.close().await;
            Ok(text)
        }
        UserCommand::Passwd { email, password_stdin, public_url, on } => {
            let db = open(&on).await?;
            let account = account(&db, &email).await?;
            let text = if password_stdin {
                let hash = password_from_stdin().await?;
                db.set_password(&account.person, &hash, None, now_ms()).await?;
                note(&db, "password.changed", &account.email).await?;
                format!("{} has another password and is signed out everywhere\n", account.email)
            } else {
                let expires_at = now_ms() + ONCE_MS;
                let (workspace, role) = (WorkspaceId::default(), WorkspaceRole::Guest);
                let (mut row, secret) =
                    new_invitation(LinkKind::Reset, workspace, role, "", expires_at);
                row.email = Some(account.email.clone());
                row.person = Some(account.person.clone());
                db.end_reset_links(&account.person).await?;
                db.add_invitation(&row, &secret::hash(&secret)).await?;
                note(&db, "password.link", &account.email).await?;
                format!("{}/join/{secret}\n", public_url.trim_end_matches('/'))
            };
            db.close().await;
            Ok(text)
        }
        UserCommand::Disable { email, undo, on } => {
            let db = open(&on).await?;
            let account = account(&db, &email).await?;
            if !db.set_disabled(&account.person, (!undo).then(now_ms)).await? {
                return Err(format!(
                    "{email} is the last owner who can sign in. Make somebody else one first."
                )
                .into());
            }
            let action = if undo { "account.enabled" } else { "account.disabled" };
            note(&db, action, &account.email).await?;
            db.close().await;
            let state = if undo { "can sign in again" } else { "is kept out" };
            Ok(format!("{} {state}\n", account.email))
        }
    }
}

/// Does a command on tokens; answers what is to be printed.
///
/// # Errors
/// What is wrong, and what to do.
pub async fn token(command: TokenCommand) -> Result<String, Failure> {
    match command {
        TokenCommand::Create { user, name, scope, expires, on } => {
            let db = open(&on).await?;
            let account = account(&db, &user).await?;
            if account.disabled_at.is_some() {
                return Err(format!("{user} is kept out. Let them in again first.").into());
            }
            let now = now_ms();
            let expires_at =
                expires.map(|time| now + i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2));
            let (token, secret) = new_token(&names::name(&name)?, scope, expires_at, now);
            db.add_token(&account.person, &secret::hash(&secret), &token).await?;
            note(&db, "token.created", &token.name).await?;
            db.close().await;
            Ok(format!("{secret}\n"))
        }
        TokenCommand::List { user, on } => {
            let db = open(&on).await?;
            let account = account(&db, &user).await?;
            let line = |token: &gesso_protocol::api::accounts::TokenBody| {
                format!("{}\t{}\t{}\n", token.id, scopes_text(&token.scopes), token.name)
            };
            let text = db.tokens(&account.person).await?.iter().map(line).collect();
            db.close().await;
            Ok(text)
        }
        TokenCommand::Revoke { id, on } => {
            let db = open(&on).await?;
            let ended = db.end_token(None, &id).await?;
            if ended {
                note(&db, "token.ended", &id).await?;
            }
            db.close().await;
            if ended {
                Ok("it has ended\n".to_owned())
            } else {
                Err("there is no such token".into())
            }
        }
    }
}

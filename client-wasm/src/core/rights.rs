//! What a role on a canvas allows, and the sentences about it.

use gesso_protocol::api::accounts::{CanvasRole, LinkKind, Scope, WorkspaceRole};

use crate::core::words::{listed, many};

/// Least number of characters of a password.
pub const PASSWORD_CHARS_MIN: usize = 10;

/// Most nodes that are named in a sentence.
const NAMED_MAX: usize = 3;

/// Something one may do on a canvas, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// To pin, answer and resolve comments.
    Comment,
    /// To change what is on it.
    Edit,
    /// To start and stop runs, and to decide in their reviews.
    Run,
    /// To say who may come in.
    Share,
}

/// True if a role gives a right.
pub fn allows(role: CanvasRole, right: Right) -> bool {
    let least = match right {
        Right::Comment => CanvasRole::Commenter,
        Right::Edit | Right::Run => CanvasRole::Editor,
        Right::Share => CanvasRole::Owner,
    };
    role >= least
}

/// True if a page may offer something: before it was told its role it offers what an editor may do.
pub fn offers(role: Option<CanvasRole>, right: Right) -> bool {
    allows(role.unwrap_or(CanvasRole::Editor), right)
}

/// What somebody with a role can do, after "You can".
pub fn can(role: CanvasRole) -> &'static str {
    match role {
        CanvasRole::Viewer => "look at this canvas",
        CanvasRole::Commenter => "look at this canvas and comment on it",
        CanvasRole::Editor => "edit and run this canvas",
        CanvasRole::Owner => "do everything on this canvas, and say who may come in",
    }
}

/// What somebody is told who tries what their role does not allow.
pub fn refusal(role: CanvasRole) -> String {
    format!("You can {}. Ask to edit.", can(role))
}

/// What somebody is told whose role changed while the page was open.
pub fn changed(before: CanvasRole, now: CanvasRole) -> String {
    let only = if now < before { "now only" } else { "now" };
    format!("You can {only} {}.", can(now))
}

/// Why the edits that were not saved are kept aside.
pub fn kept_aside(role: CanvasRole, edits: u64) -> String {
    format!("You can now only {}. {}", can(role), not_saved(edits))
}

/// Says how many edits were not saved.
pub fn not_saved(edits: u64) -> String {
    let were = if edits == 1 { "was" } else { "were" };
    let count = many(usize::try_from(edits).unwrap_or(usize::MAX), "change");
    format!("{count} of yours {were} not saved any more.")
}

/// Names the nodes that edits which were not saved belong to; empty where there is none.
pub fn named(titles: &[String]) -> String {
    let quoted: Vec<String> =
        titles.iter().take(NAMED_MAX).map(|title| format!("“{title}”")).collect();
    let more = titles.len().saturating_sub(NAMED_MAX);
    let rest = (more > 0).then(|| format!("{more} more"));
    let all: Vec<&str> = quoted.iter().map(String::as_str).chain(rest.as_deref()).collect();
    if all.is_empty() {
        String::new()
    } else {
        format!(" What you changed last: {}.", listed(&all))
    }
}

/// The name of a role on a canvas.
pub fn role_word(role: CanvasRole) -> &'static str {
    match role {
        CanvasRole::Viewer => "Viewer",
        CanvasRole::Commenter => "Commenter",
        CanvasRole::Editor => "Editor",
        CanvasRole::Owner => "Owner",
    }
}

/// What a role is good for, where one is chosen.
pub fn role_choice(role: CanvasRole) -> &'static str {
    match role {
        CanvasRole::Viewer => "Can view",
        CanvasRole::Commenter => "Can comment",
        CanvasRole::Editor => "Can edit",
        CanvasRole::Owner => "Owner",
    }
}

/// The name of a role in a workspace.
pub fn member_word(role: WorkspaceRole) -> &'static str {
    match role {
        WorkspaceRole::Guest => "Guest",
        WorkspaceRole::Member => "Member",
        WorkspaceRole::Admin => "Admin",
        WorkspaceRole::Owner => "Owner",
    }
}

/// What a role in a workspace is good for.
pub fn member_means(role: WorkspaceRole) -> &'static str {
    match role {
        WorkspaceRole::Guest => "Sees only what is shared with them",
        WorkspaceRole::Member => "Makes canvases and uses the library",
        WorkspaceRole::Admin => "Also invites people and changes roles",
        WorkspaceRole::Owner => "Also names other owners",
    }
}

/// True if somebody may invite people and change the roles of others.
pub fn manages(role: WorkspaceRole) -> bool {
    role >= WorkspaceRole::Admin
}

/// True if somebody may make canvases of their own; everybody may where nobody has an account.
pub fn makes(role: Option<WorkspaceRole>) -> bool {
    role.is_none_or(|role| role > WorkspaceRole::Guest)
}

/// True if somebody may change the role of another, or take them out: never of those above them.
pub fn may_change(own: WorkspaceRole, other: WorkspaceRole) -> bool {
    manages(own) && other <= own
}

/// The name of a right of a token, and what it is good for.
pub fn scope_words(scope: Scope) -> (&'static str, &'static str) {
    match scope {
        Scope::Read => ("Read", "Reads canvases, runs and files"),
        Scope::Edit => ("Edit", "Also changes canvases and uploads files"),
        Scope::Run => ("Run", "Starts and stops runs, which cost credits"),
        Scope::Admin => ("Everything", "All that you may do yourself"),
    }
}

/// The roles that somebody may give others in a workspace: none above their own.
pub fn may_give(role: WorkspaceRole) -> Vec<WorkspaceRole> {
    let own = WorkspaceRole::ALL.iter().copied();
    own.filter(|given| manages(role) && *given <= role).collect()
}

/// The roles higher than one's own that somebody may ask for.
pub fn may_ask(role: Option<CanvasRole>) -> Vec<CanvasRole> {
    let all = CanvasRole::ALL.iter().copied();
    all.filter(|asked| *asked < CanvasRole::Owner && role.is_none_or(|own| *asked > own)).collect()
}

/// What is wrong with a new password.
pub fn password_fault(password: &str) -> Option<String> {
    let count = password.chars().count();
    match PASSWORD_CHARS_MIN.saturating_sub(count) {
        0 => None,
        missing if count == 0 => Some(format!("Choose one of at least {missing} characters.")),
        1 => Some("One more character: it has to have at least ten.".to_owned()),
        missing => Some(format!("{missing} more characters: it has to have at least ten.")),
    }
}

/// What is wrong with an address.
pub fn email_fault(email: &str) -> Option<&'static str> {
    let email = email.trim();
    let sound = email.split_once('@').is_some_and(|(name, place)| {
        !name.is_empty() && !place.is_empty() && !place.contains('@') && !email.contains(' ')
    });
    match (email.is_empty(), sound) {
        (true, _) => Some("Write your e-mail address."),
        (false, false) => Some("This is no e-mail address."),
        (false, true) => None,
    }
}

/// The heading of the page that a link opens, and the words below it.
pub fn link_words(
    kind: LinkKind,
    name: &str,
    role: Option<&str>,
    by: Option<&str>,
) -> (String, String) {
    let who = by.filter(|by| !by.is_empty()).unwrap_or("Somebody");
    match kind {
        LinkKind::FirstOwner => (
            "Create the owner's account".to_owned(),
            "This server has no account yet. Yours will be the one that invites everybody else."
                .to_owned(),
        ),
        LinkKind::Reset => {
            ("Choose a new password".to_owned(), "You sign in with it from now on.".to_owned())
        }
        LinkKind::Invitation => {
            let role =
                role.and_then(WorkspaceRole::from_id).map(|role| member_word(role).to_lowercase());
            let as_role =
                role.map(|role| format!(" as {} {role}", article(&role))).unwrap_or_default();
            (format!("Join {name}"), format!("{who} invites you to {name}{as_role}."))
        }
        LinkKind::Canvas => {
            let role = role.and_then(CanvasRole::from_id).unwrap_or(CanvasRole::Viewer);
            (
                format!("Open “{name}”"),
                format!("{who} shared this canvas with you. You can {}.", can(role)),
            )
        }
    }
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_those_before_it_may_and_more() {
        let rights = [Right::Comment, Right::Edit, Right::Run, Right::Share];
        let may = |role| rights.map(|right| allows(role, right));
        assert_eq!(may(CanvasRole::Viewer), [false, false, false, false]);
        assert_eq!(may(CanvasRole::Commenter), [true, false, false, false]);
        assert_eq!(may(CanvasRole::Editor), [true, true, true, false]);
        assert_eq!(may(CanvasRole::Owner), [true, true, true, true]);
    }

    #[test]
    fn a_page_that_was_told_nothing_offers_what_an_editor_may_do() {
        for right in [Right::Comment, Right::Edit, Right::Run, Right::Share] {
            assert_eq!(offers(None, right), allows(CanvasRole::Editor, right));
        }
    }

    #[test]
    fn people_are_told_what_they_can_do() {
        assert_eq!(refusal(CanvasRole::Viewer), "You can look at this canvas. Ask to edit.");
        assert_eq!(
            changed(CanvasRole::Editor, CanvasRole::Viewer),
            "You can now only look at this canvas."
        );
        assert_eq!(
            changed(CanvasRole::Viewer, CanvasRole::Editor),
            "You can now edit and run this canvas."
        );
        let words = kept_aside(CanvasRole::Viewer, 1);
        assert_eq!(
            words,
            "You can now only look at this canvas. 1 change of yours was not saved any more."
        );
        assert!(
            kept_aside(CanvasRole::Viewer, 3)
                .ends_with("3 changes of yours were not saved any more.")
        );
    }

    #[test]
    fn what_was_not_saved_is_named() {
        let titles = |n: usize| (1..=n).map(|n| format!("T{n}")).collect::<Vec<_>>();
        assert_eq!(named(&titles(0)), "");
        assert_eq!(named(&titles(2)), " What you changed last: “T1” and “T2”.");
        assert_eq!(named(&titles(5)), " What you changed last: “T1”, “T2”, “T3” and 2 more.");
    }

    #[test]
    fn nobody_gives_a_role_above_their_own() {
        assert_eq!(may_give(WorkspaceRole::Member), []);
        let admins = [WorkspaceRole::Guest, WorkspaceRole::Member, WorkspaceRole::Admin];
        assert_eq!(may_give(WorkspaceRole::Admin), admins);
        assert_eq!(may_give(WorkspaceRole::Owner), WorkspaceRole::ALL);
    }

    #[test]
    fn who_makes_canvases_and_who_changes_whom() {
        assert!(makes(None) && makes(Some(WorkspaceRole::Member)));
        assert!(!makes(Some(WorkspaceRole::Guest)));
        assert!(may_change(WorkspaceRole::Admin, WorkspaceRole::Admin));
        assert!(!may_change(WorkspaceRole::Admin, WorkspaceRole::Owner));
        assert!(!may_change(WorkspaceRole::Member, WorkspaceRole::Guest));
    }

    #[test]
    fn one_asks_for_more_than_one_has_and_never_for_all() {
        assert_eq!(may_ask(Some(CanvasRole::Viewer)), [CanvasRole::Commenter, CanvasRole::Editor]);
        assert_eq!(may_ask(Some(CanvasRole::Editor)), []);
        assert_eq!(may_ask(None).first(), Some(&CanvasRole::Viewer));
        assert!(!may_ask(None).contains(&CanvasRole::Owner));
    }

    #[test]
    fn a_password_counts_characters_and_an_address_has_two_sides() {
        assert!(password_fault("").is_some_and(|fault| fault.contains("10")));
        assert!(password_fault("abcdefghi").is_some_and(|fault| fault.starts_with("One more")));
        assert_eq!(password_fault("äöüßäöüßäö"), None);
        assert_eq!(email_fault("mara@example.org"), None);
        assert_eq!(email_fault(" mara@host "), None);
        for wrong in ["", "mara", "@example.org", "mara@", "a@b@c", "a b@c"] {
            assert!(email_fault(wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn a_link_says_what_it_is_for() {
        let (title, text) = link_words(LinkKind::Invitation, "Studio", Some("admin"), Some("Mara"));
        assert_eq!(
            (title.as_str(), text.as_str()),
            ("Join Studio", "Mara invites you to Studio as an admin.")
        );
        let (title, text) = link_words(LinkKind::Canvas, "Harbour", Some("commenter"), None);
        assert_eq!(title, "Open “Harbour”");
        assert_eq!(
            text,
            "Somebody shared this canvas with you. You can look at this canvas and comment on it."
        );
    }
}

//! Signing in with a provider: where the browser goes for it, and what is told of how it ended.

use super::words::escaped;

/// Why somebody goes to a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose<'s> {
    /// To sign in.
    SignIn,
    /// To take a link, with the account that is there or a new one.
    Join(&'s str),
    /// To connect it to the account that is signed in.
    Connect,
}

/// The address that goes to a provider and comes back to `next`.
pub fn address(provider: &str, next: &str, purpose: Purpose<'_>) -> String {
    let path = format!("/api/auth/oidc/{}?next={}", escaped(provider), escaped(next));
    match purpose {
        Purpose::SignIn => path,
        Purpose::Join(secret) => format!("{path}&link={}", escaped(secret)),
        Purpose::Connect => format!("{path}&connect=1"),
    }
}

/// What the query of an address tells of a sign-in that did not work, in words, and the query without it; `None` where
/// it tells nothing of one.
pub fn ending(query: &str) -> Option<(&'static str, String)> {
    let query = query.trim_start_matches('?');
    let (ours, rest): (Vec<&str>, Vec<&str>) =
        query.split('&').partition(|part| part.starts_with(TOLD));
    let words = words(ours.first()?.strip_prefix(TOLD)?);
    let rest = rest.join("&");
    let rest = if rest.is_empty() { rest } else { format!("?{rest}") };
    Some((words, rest))
}

/// How the query begins what it tells.
const TOLD: &str = "sign_in=";

/// The sentence for a code of the server.
fn words(code: &str) -> &'static str {
    match code {
        "denied" => "You did not agree to sign in there. Try again, or sign in another way.",
        "expired" => "Signing in took too long. Try again.",
        "unknown" => {
            "You have no account here yet. Ask whoever runs this server for an invitation."
        }
        "not_verified" => {
            "Your e-mail address is not confirmed there yet. Confirm it, then try again."
        }
        "domain" => {
            "Your e-mail address is not one of those that may sign in here. Use another one."
        }
        "disabled" => "Your account may not sign in any more. Ask whoever runs this server.",
        "taken" => "This sign-in belongs to another account here. Use another one.",
        "exists" => {
            "There is an account with your e-mail address. Sign in with its password, then connect this under “Password and sign-in”."
        }
        // Also a code of a server that is newer than this page.
        _ => "Signing in did not work. Try again, or sign in another way.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where_it_comes_back_to_and_what_for() {
        assert_eq!(
            address("company", "/c/01#comment=x&y", Purpose::SignIn),
            "/api/auth/oidc/company?next=%2Fc%2F01%23comment%3Dx%26y"
        );
        assert_eq!(
            address("a b", "/", Purpose::Join("s+1")),
            "/api/auth/oidc/a%20b?next=%2F&link=s%2B1"
        );
        assert_eq!(
            address("company", "/", Purpose::Connect),
            "/api/auth/oidc/company?next=%2F&connect=1"
        );
    }

    #[test]
    fn an_ending_is_told_once_and_the_rest_of_the_address_stays() {
        assert_eq!(ending(""), None);
        assert_eq!(ending("?a=1"), None);
        let (words, rest) = ending("?a=1&sign_in=unknown&b=2").expect("it ended");
        assert!(words.contains("invitation"), "{words}");
        assert_eq!(rest, "?a=1&b=2");
        assert_eq!(ending("?sign_in=taken").map(|(_, rest)| rest), Some(String::new()));
    }

    #[test]
    fn every_ending_says_what_to_do() {
        let known = [
            "denied",
            "failed",
            "expired",
            "unknown",
            "not_verified",
            "domain",
            "disabled",
            "taken",
            "exists",
        ];
        let mut said: Vec<&str> = known.map(words).to_vec();
        said.sort_unstable();
        said.dedup();
        assert_eq!(said.len(), known.len());
        assert_eq!(words("something_new"), words("failed"));
    }
}

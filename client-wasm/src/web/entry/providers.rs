//! Ways to sign in beside a password.
#![expect(unreachable_pub, reason = "the component macro writes its own items as public")]

use gesso_protocol::api::accounts::{LinkKind, SignInProvider, SignInWays};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::core::sign_in::{Purpose, address};
use crate::web::http;
use crate::web::nav::this_address;

/// Buttons that go to the providers, with the words that part them from a form; nothing where there is none.
#[component]
pub(super) fn Providers(
    /// The secret of the link that is taken with it.
    #[prop(optional)]
    link: Option<(String, LinkKind)>,
) -> impl IntoView {
    let all = RwSignal::new(Vec::<SignInProvider>::new());
    spawn_local(async move {
        // Without an answer there is the password.
        if let Ok(ways) = http::get::<SignInWays>("/api/auth").await {
            all.try_set(ways.providers);
        }
    });
    let link = StoredValue::new(link);
    let way = move |one: SignInProvider| {
        let href = link.with_value(|link| match link {
            None => address(&one.id, &this_address(), Purpose::SignIn),
            // A canvas opens from the page of its link.
            Some((secret, LinkKind::Canvas)) => {
                address(&one.id, &this_address(), Purpose::Join(secret))
            }
            Some((secret, LinkKind::FirstOwner | LinkKind::Invitation | LinkKind::Reset)) => {
                address(&one.id, "/", Purpose::Join(secret))
            }
        });
        view! { <a class="btn l block" href=href>{format!("Continue with {}", one.name)}</a> }
    };
    move || {
        let all = all.get();
        (!all.is_empty()).then(|| {
            view! {
                <div class="ways" role="group" aria-label="Ways to sign in">{all.into_iter().map(way).collect_view()}</div>
                <p class="or" role="separator">"or with a password"</p>
            }
        })
    }
}

//! People: initials, colours, and oneself.

use gesso_protocol::api::{Me, MeChange};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::web::http;
use crate::web::ui::dialog::Dialog;
use crate::web::ui::toast::Toasts;

/// The colours one can take.
const COLORS: [(&str, &str); 8] = [
    ("#ff9db0", "Rose"),
    ("#8fd6ff", "Sky"),
    ("#ffd166", "Amber"),
    ("#a5e3b4", "Sage"),
    ("#d6b4ff", "Violet"),
    ("#ffb38a", "Apricot"),
    ("#8fe3dc", "Aqua"),
    ("#c9d86a", "Lime"),
];

/// Two letters for a name, to be drawn by the style sheet (`data-initials`), so that they are no part of its text: of its first and last word, or the first two of its only word.
pub fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let letters: String = match words.as_slice() {
        [] => "?".to_owned(),
        [only] => only.chars().take(2).collect(),
        [first, .., last] => first.chars().take(1).chain(last.chars().take(1)).collect(),
    };
    letters.to_uppercase()
}

/// Inline style that paints with a person's colour.
pub fn tint(color: &str) -> String {
    let plain =
        color.strip_prefix('#').is_some_and(|hex| hex.chars().all(|c| c.is_ascii_hexdigit()));
    if plain { format!("--pc:{color}") } else { "--pc:var(--p-1)".to_owned() }
}

/// One's own avatar; a click opens name and colour.
#[component]
pub fn OwnAvatar(
    /// Who one is; `None` until the server has said so.
    me: RwSignal<Option<Me>>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let label = move || {
        me.with(|me| match me {
            Some(me) => format!("You are {}. Change name and colour", me.name),
            None => "You".to_owned(),
        })
    };
    let close = Callback::new(move |()| open.set(false));
    view! {
        <button
            class="av me"
            data-p=""
            style=move || me.with(|me| me.as_ref().map(|me| tint(&me.color)))
            aria-label=label
            title=move || me.with(|me| me.as_ref().map(|me| me.name.clone()))
            data-initials=move || me.with(|me| me.as_ref().map(|me| initials(&me.name)))
            on:click=move |_| open.set(me.with_untracked(Option::is_some))
        ></button>
        {move || {
            let now = open.get().then(|| me.get_untracked()).flatten()?;
            Some(view! { <MeDialog now me on_close=close /> })
        }}
    }
}

/// Name and colour of oneself.
#[component]
pub fn MeDialog(
    /// Who one is now.
    now: Me,
    /// Takes who one is then.
    me: RwSignal<Option<Me>>,
    /// Asked to close.
    on_close: Callback<()>,
) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let name = RwSignal::new(now.name.clone());
    let color = RwSignal::new(now.color.clone());
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let wish = name.get_untracked().trim().to_owned();
        if wish.is_empty() {
            return;
        }
        let change =
            MeChange { name: Some(wish), color: Some(color.get_untracked()), favourites: None };
        on_close.run(());
        spawn_local(async move {
            match http::patch::<Me>("/api/me", &change).await {
                Ok(now) => me.set(Some(now)),
                Err(error) => toasts.bad(&error.detail),
            }
        });
    };
    let swatch = move |(hex, word): (&'static str, &'static str)| {
        view! {
            <button
                class="swatch"
                type="button"
                role="radio"
                aria-label=word
                title=word
                style=tint(hex)
                aria-checked=move || (color.get() == hex).to_string()
                on:click=move |_| color.set(hex.to_owned())
            ></button>
        }
    };
    view! {
        <Dialog title="How others see you" on_close width=380>
            <form class="body flat" on:submit=save>
                <label class="stacked">
                    <span class="label">"Name"</span>
                    <span class="field">
                        <input maxlength="64" autofocus bind:value=name autocomplete="nickname" />
                    </span>
                </label>
                <div class="stacked">
                    <span class="label">"Colour of your cursor"</span>
                    <div class="swatches" role="radiogroup" aria-label="Colour of your cursor">
                        {COLORS.into_iter().map(swatch).collect_view()}
                    </div>
                </div>
                <div class="acts">
                    <button class="btn" type="button" on:click=move |_| on_close.run(())>"Cancel"</button>
                    <button class="btn primary" disabled=move || name.get().trim().is_empty()>"Save"</button>
                </div>
            </form>
        </Dialog>
    }
}

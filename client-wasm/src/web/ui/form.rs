//! Fields of forms, with their faults beside them.

use leptos::html;
use leptos::prelude::*;

use crate::web::dom;
use crate::web::ui::icons::{Icon, icon};

/// A field of one line with its label.
#[component]
pub fn Entry(
    /// Label.
    #[prop(into)]
    label: String,
    /// Name in the form, which makes its id as well.
    name: &'static str,
    /// What is written.
    value: RwSignal<String>,
    /// Type of the field; `password` can be looked at.
    #[prop(default = "text")]
    kind: &'static str,
    /// What a password manager may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// What is wrong with it.
    #[prop(into, default = Signal::stored(None))]
    fault: Signal<Option<String>>,
    /// Words below it while nothing is wrong.
    #[prop(optional)]
    hint: &'static str,
    /// True if it takes the keyboard when it comes up.
    #[prop(optional)]
    first: bool,
    /// True if it cannot be changed.
    #[prop(optional)]
    fixed: bool,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let seen = RwSignal::new(false);
    if first {
        Effect::new(move |_| {
            if let Some(input) = input.get() {
                dom::focus(&input);
            }
        });
    }
    let is_secret = kind == "password";
    let shown = move || if is_secret && seen.get() { "text" } else { kind };
    let (id, note) = (format!("f-{name}"), format!("f-{name}-note"));
    let has_note = move || fault.with(Option::is_some) || !hint.is_empty();
    let described = {
        let note = note.clone();
        move || has_note().then(|| note.clone())
    };
    let eye = is_secret.then(|| {
        let word = move || if seen.get() { "Hide password" } else { "Show password" };
        view! {
            <button type="button" class="ib s" aria-label=word title=word on:click=move |_| seen.update(|seen| *seen = !*seen)>
                <Icon name=Signal::derive(move || if seen.get() { "eye-off".to_owned() } else { "eye".to_owned() }) />
            </button>
        }
    });
    view! {
        <div class="stacked" class:is-wrong=move || fault.with(Option::is_some)>
            <label class="label" for=id.clone()>{label}</label>
            <span class="field">
                <input
                    node_ref=input
                    id=id.clone()
                    name=name
                    type=shown
                    autocomplete=autocomplete
                    autocapitalize="off"
                    spellcheck="false"
                    readonly=fixed
                    aria-invalid=move || fault.with(Option::is_some).to_string()
                    aria-describedby=described
                    bind:value=value
                />
                {eye}
            </span>
            <p class="note" id=note>{move || fault.get().unwrap_or_else(|| hint.to_owned())}</p>
        </div>
    }
    .into_any()
}

/// Takes the keyboard to the first field of a form that something is wrong with.
pub fn to_fault() {
    dom::after_frames(2, || {
        if let Some(field) = dom::query("form [aria-invalid=\"true\"]") {
            dom::focus(&field);
        }
    });
}

/// A choice of one out of a few, with its label for assistive technology.
#[component]
pub fn Choice(
    /// Its name.
    #[prop(into)]
    label: String,
    /// Ids and words.
    options: Vec<(String, String)>,
    /// The id that is chosen.
    #[prop(into)]
    value: Signal<String>,
    /// Takes the id of another one.
    set: Callback<String>,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(id, word)| {
            let here = id.clone();
            view! { <option value=id selected=move || value.with(|value| *value == here)>{word}</option> }
        })
        .collect_view();
    let select = NodeRef::<html::Select>::new();
    let change = move |_| {
        let Some(select) = select.get_untracked() else { return };
        let wanted = select.value();
        // It shows what is, and the other one once that is.
        select.set_value(&value.get_untracked());
        set.run(wanted);
    };
    view! {
        <span class="field pick">
            <select node_ref=select aria-label=label prop:value=move || value.get() on:change=change>{options}</select>
            {icon("down")}
        </span>
    }
    .into_any()
}

/// A text that is there to be copied, with the button for it.
#[component]
pub fn Copied(
    /// Its name.
    #[prop(into)]
    label: String,
    /// The text.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    let word = RwSignal::new("Copy".to_owned());
    let field = NodeRef::<html::Input>::new();
    let kept = StoredValue::new(text.clone());
    // Where the browser gives no clipboard the text is selected: it is one key away then.
    let select = move || {
        if let Some(field) = field.try_get_untracked().flatten() {
            dom::focus(&field);
            field.select();
            word.set(dom::keys("Press Mod C"));
        }
    };
    let copy = move |_| {
        let clipboard = window().navigator().clipboard();
        if clipboard.is_undefined() {
            return select();
        }
        let copied = clipboard.write_text(&kept.get_value());
        leptos::task::spawn_local(async move {
            if wasm_bindgen_futures::JsFuture::from(copied).await.is_ok() {
                // The dialog may be gone by now.
                word.try_set("Copied".to_owned());
            } else {
                select();
            }
        });
    };
    view! {
        <div class="row copied">
            <span class="field"><input node_ref=field readonly aria-label=label prop:value=text /></span>
            <button type="button" class="btn" on:click=copy>
                {icon("link")}{move || word.get()}
            </button>
        </div>
    }
    .into_any()
}

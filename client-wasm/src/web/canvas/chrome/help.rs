//! The help: what the mouse does, and the keys of every command, which can be changed here.

use crate::core::keymap::{Action, Chord, Keymap, Section};
use crate::web::canvas::store::keys;
use crate::web::canvas::store::page::Page;
use crate::web::dom;
use crate::web::ui::dialog::Dialog;
use crate::web::ui::icons::icon;
use leptos::prelude::*;

/// The button that opens the help.
#[component]
pub fn HelpButton(page: Page) -> impl IntoView {
    view! {
        <div class="island help" data-floating>
            <button class="ib" title="Help and shortcuts  ?" aria-label="Help" on:click=move |_| page.help.set(true)>{icon("help")}</button>
        </div>
    }
}

/// A section of the help: its place in the keymap, its heading, and what is done in it by mouse, touch and fixed keys.
type Part = (Section, &'static str, &'static [(&'static str, &'static str)]);

/// The left column, then the right one.
const COLUMNS: [&[Part]; 2] = [&[VIEW, ADD, RUN], &[CHANGE]];

const VIEW: Part = (
    Section::View,
    "Look around",
    &[
        ("Pan", "Space drag, middle drag, two fingers"),
        ("Zoom at the pointer", "Mod wheel, pinch"),
        ("Next card, previous card", "Tab / Shift Tab"),
        ("Open a card, leave it", "Enter / Esc"),
    ],
);

const ADD: Part = (
    Section::Add,
    "Add",
    &[
        ("Spotlight at the pointer", "Double-click"),
        ("Upload", "Drop or paste a file"),
        ("Wire", "Drag from a port"),
    ],
);

const CHANGE: Part = (
    Section::Change,
    "Change",
    &[
        ("Copy, cut, paste", "Mod C / X / V"),
        ("Paste with incoming wires", "Mod Shift V"),
        ("Duplicate", "Alt drag"),
        ("Select none", "Esc"),
        ("Nudge, ten times", "Arrows, Shift arrows"),
    ],
);

const RUN: Part = (Section::Run, "Run", &[]);

const WRITE: &[(&str, &str)] = &[
    ("Heading, list, numbers at the beginning of a line", "# / - / 1. Space"),
    ("Bold, italic, struck through", "Mod B / Mod I / Mod Shift X"),
    ("Numbers, list", "Mod Shift 7 / 8"),
    ("Follow a link", "Mod click"),
];

const IMAGE_EDITOR: &[(&str, &str)] = &[
    ("Crop, adjust, draw, mask", "C / A / B / M"),
    ("Eraser, bring back", "E / Shift M"),
    ("Turn right, left", "R / Shift R"),
    ("Smaller, larger brush", "[ / ]"),
    ("As it was before", "\\ held"),
    ("Save, leave", "Mod S / Esc"),
];

/// The help dialog.
#[component]
pub fn Help(page: Page) -> impl IntoView {
    let close = Callback::new(move |()| page.help.set(false));
    move || {
        page.help.get().then(|| {
            let recording = RwSignal::new(None::<&'static str>);
            let said = RwSignal::new(String::new());
            let [left, right] = COLUMNS.map(|parts| {
                parts.iter().map(|part| section(page, part, recording, said)).collect_view()
            });
            let reset = move |_| {
                change(page, said, |keys| *keys = Keymap::default());
                said.set("Every command has its own keys again.".to_owned());
            };
            let is_changed = move || page.keys.with(Keymap::is_any_changed);
            view! {
                <Dialog title="Help and shortcuts" on_close=close width=880>
                    <div class="help-grid">
                        <div>{left}<section><h3>"Write"</h3><dl class="keys">{rows(WRITE)}</dl></section></div>
                        <div>{right}<section><h3>"Edit image"</h3><dl class="keys">{rows(IMAGE_EDITOR)}</dl></section></div>
                    </div>
                    <div class="help-note row">
                        <p class="muted grow" role="status">{move || {
                            let said = said.get();
                            if said.is_empty() {
                                "Click the keys of a command to give it others. They are kept in this browser.".to_owned()
                            } else {
                                said
                            }
                        }}</p>
                        {move || is_changed().then(|| view! { <button class="btn" on:click=reset>{icon("reset")}"Reset all keys"</button> })}
                    </div>
                </Dialog>
            }
        })
    }
}

fn rows(rows: &'static [(&'static str, &'static str)]) -> impl IntoView {
    rows.iter()
        .map(|(what, keys)| view! { <dt>{*what}</dt><dd>{dom::keys(keys)}</dd> })
        .collect_view()
}

fn section(
    page: Page,
    (place, title, fixed): &'static Part,
    recording: RwSignal<Option<&'static str>>,
    said: RwSignal<String>,
) -> impl IntoView {
    let commands = Keymap::actions()
        .filter(|action| action.section == *place)
        .map(|action| view! { <dt>{action.label}</dt><dd>{keys_of(page, action, recording, said)}</dd> })
        .collect_view();
    view! { <section><h3>{*title}</h3><dl class="keys">{commands}{rows(fixed)}</dl></section> }
}

/// The keys of a command, as a button that records others.
fn keys_of(
    page: Page,
    action: &'static Action,
    recording: RwSignal<Option<&'static str>>,
    said: RwSignal<String>,
) -> impl IntoView {
    let is_recording = move || recording.get() == Some(action.id);
    let begin = move |_| {
        recording.set(Some(action.id));
        said.set(format!(
            "Press the keys for “{}”. Esc leaves them as they are, Backspace takes them away.",
            action.label
        ));
    };
    let stop = move |_| {
        // A button that goes with the dialog loses focus after what it reads is gone.
        if recording.try_get_untracked() == Some(Some(action.id)) {
            recording.set(None);
        }
    };
    let record = move |e: web_sys::KeyboardEvent| {
        if recording.get_untracked() != Some(action.id) {
            return;
        }
        e.prevent_default();
        e.stop_propagation();
        let (key, code) = (e.key(), e.code());
        let Some(chord) = Chord::of(&dom::press(&e, &key, &code)) else { return };
        recording.set(None);
        match key.as_str() {
            "Escape" => said.set(String::new()),
            "Backspace" => {
                change(page, said, |keys| keys.clear(action));
                said.set(format!("“{}” has no keys now.", action.label));
            }
            _ => assign(page, action, chord, said),
        }
    };
    let reset = move |_| {
        change(page, said, |keys| keys.reset(action));
        said.set(format!("“{}” has its own keys again.", action.label));
    };
    let shown = move || {
        if is_recording() {
            return "Press keys…".to_owned();
        }
        let chords = page.keys.with(|keys| keys.chords(action));
        let chords: Vec<String> = chords.iter().map(Chord::shown).collect();
        if chords.is_empty() { "—".to_owned() } else { dom::keys(&chords.join(" / ")) }
    };
    let is_changed = move || page.keys.with(|keys| keys.is_changed(action));
    view! {
        {move || is_changed().then(|| view! {
            <button class="ib s" title="Reset" aria-label=format!("Reset the keys of {}", action.label) on:click=reset>{icon("reset")}</button>
        })}
        <button class="chord" class:is-on=is_recording title="Change" aria-label=move || format!("Keys of {}: {}", action.label, shown())
            on:click=begin on:blur=stop on:keydown=record>{shown}</button>
    }
}

fn assign(page: Page, action: &'static Action, chord: Chord, said: RwSignal<String>) {
    let shown = dom::keys(&chord.shown());
    change(page, said, |keys| {
        let words = match keys.assign(action, chord) {
            Ok(None) => format!("{shown} is “{}” now.", action.label),
            Ok(Some(other)) => {
                format!("{shown} is “{}” now, and no longer “{}”.", action.label, other.label)
            }
            Err(why) => why.to_owned(),
        };
        said.set(words);
    });
}

/// Changes the keys and keeps them.
fn change(page: Page, said: RwSignal<String>, change: impl FnOnce(&mut Keymap)) {
    page.keys.update(change);
    if !page.keys.with_untracked(keys::store) {
        said.set(
            "This browser keeps nothing for this page: the keys hold until it is closed."
                .to_owned(),
        );
    }
}

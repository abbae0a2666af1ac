//! The sounds of a Video Audio Mix, one below the other as their wires come in: how loud each is, when it begins, how
//! it fades, and which of them is the voice.

use leptos::prelude::*;
use serde_json::{Value, json};

use crate::core::tracks::{Part, TIMES, VOICE, VOLUMES, read, write};
use crate::web::canvas::actions::edit;
use crate::web::canvas::store::card_context::Card;
use crate::web::canvas::store::page::Page;
use crate::web::ui::icons::icon;

/// Louder is possible by number; a slider that goes so far would be hard to set to 1.
const VOLUME_SLIDER_MAX: f64 = 2.0;

/// True if a setting is shown with the sounds rather than by itself.
pub fn shows(kind: &str, key: &str) -> bool {
    kind == "video_audio_mix"
        && (key == VOICE || key == VOLUMES.key || TIMES.iter().any(|part| part.key == key))
}

/// State that the rows share.
#[derive(Clone, Copy)]
struct Desk {
    pub(crate) page: Page,
    id: StoredValue<String>,
    settings: Memo<Vec<Value>>,
    names: Memo<Vec<String>>,
}

impl Desk {
    fn text(self, key: &str) -> String {
        let at = KEYS.iter().position(|k| *k == key);
        let value = at.and_then(|at| self.settings.with(|all| all.get(at).cloned()));
        value.and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }

    fn value(self, part: &Part, at: usize) -> f64 {
        let count = self.names.with(Vec::len);
        read(&self.text(part.key), count, part.default).get(at).copied().unwrap_or(part.default)
    }

    fn set(self, part: &Part, at: usize, value: f64) {
        let count = self.names.with_untracked(Vec::len);
        let value = value.clamp(0.0, part.most);
        let text = untrack(|| write(&self.text(part.key), count, part.default, at, value));
        edit::set_setting(self.page, &self.id.get_value(), part.key, &json!(text));
    }

    /// Counted from 1; 0 where the mixer listens for speech.
    fn voice(self) -> usize {
        let value = self.settings.with(|all| all.last().cloned().unwrap_or_default());
        value.as_u64().unwrap_or(0) as usize
    }
}

const KEYS: [&str; 5] = [VOLUMES.key, TIMES[0].key, TIMES[1].key, TIMES[2].key, VOICE];

/// The setting.
#[component]
pub fn Tracks(card: Card) -> impl IntoView {
    let page = card.page;
    let id = card.id;
    let view = card.signals.view.clone();
    let settings = Memo::new(move |_| {
        view.with(|v| {
            KEYS.iter().map(|key| v.node.settings.get(*key).cloned().unwrap_or_default()).collect()
        })
    });
    let names = Memo::new(move |_| {
        let graph = page.graph.get();
        graph
            .sources(&id.get_value(), "audio")
            .map(|e| graph.title(&e.edge.from_node).to_owned())
            .collect::<Vec<_>>()
    });
    let desk = Desk { page, id, settings, names };
    let rows = move || {
        let n = names.with(Vec::len);
        (0..n).map(|at| view! { <Row desk=desk at=at /> }).collect_view()
    };
    let none = move || {
        names.with(Vec::is_empty).then(|| {
            view! { <p class="hint">"Connect sounds: a voice, music, effects. Each gets its volume here."</p> }
        })
    };
    let heard = move || match desk.voice() {
        0 => "The voice is found by listening. Press the microphone to name it.",
        _ => "Everything else steps back while the voice speaks.",
    };
    let several = move || (names.with(Vec::len) > 1).then(|| view! { <p class="hint">{heard}</p> });
    view! {
        <div class="tracks">
            <div class="row head"><span class="label grow">"Sounds"</span></div>
            {none}
            <ol class="track-rows">{rows}</ol>
            {several}
        </div>
    }
}

/// One sound.
#[component]
fn Row(desk: Desk, at: usize) -> impl IntoView {
    let name = move || desk.names.with(|all| all.get(at).cloned().unwrap_or_default());
    let voice = move || desk.voice() == at + 1;
    let name_it = move |_| {
        let value = if untrack(voice) { 0 } else { at + 1 };
        edit::set_setting(desk.page, &desk.id.get_value(), VOICE, &json!(value));
    };
    let moving = RwSignal::new(None::<f64>);
    let now = move || moving.get().unwrap_or_else(|| desk.value(&VOLUMES, at));
    let share = move || (now() / VOLUME_SLIDER_MAX).min(1.0) * 100.0;
    let moved = move |e: web_sys::Event| moving.set(crate::web::dom::value(&e).parse().ok());
    let change = move |e: web_sys::Event| {
        moving.set(None);
        if let Ok(value) = crate::web::dom::value(&e).parse() {
            desk.set(&VOLUMES, at, value);
        }
    };
    let fields = TIMES
        .iter()
        .map(|part| {
            let change = move |e: web_sys::Event| {
                let text = crate::web::dom::value(&e).replace(',', ".");
                desk.set(part, at, text.trim().parse().unwrap_or(part.default));
            };
            view! {
                <label class="track-field">
                    <span class="label">{part.label}</span>
                    <span class="field"><input class="num" inputmode="decimal"
                        aria-label=move || format!("{}: {} in seconds", name(), part.label)
                        prop:value=move || desk.value(part, at).to_string() on:change=change
                        on:keydown=|e: web_sys::KeyboardEvent| e.stop_propagation() />"s"</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <li class="track" data-track=at>
            <div class="row">
                <button class="ib s" class:is-on=voice aria-pressed=move || voice().to_string() title="The voice: everything else steps back while it speaks"
                    aria-label=move || format!("{} is the voice", name()) on:click=name_it>{icon("voice")}</button>
                <span class="track-name grow">{name}</span>
                <div class="slider" style=move || format!("--v:{:.1}%", share())>
                    <i></i><b></b>
                    <input type="range" aria-label=move || format!("{}: {}", name(), VOLUMES.label) min=0 max=VOLUME_SLIDER_MAX step=0.05
                        prop:value=move || now().to_string() on:input=moved on:change=change />
                </div>
                <span class="num slider-n">{move || format!("{:.0} %", now() * 100.0)}</span>
            </div>
            <div class="row track-fields">{fields}</div>
        </li>
    }
}

//! Film on a card: a poster that plays silently under the pointer, and with sound at a click.

use std::time::Duration;

use gesso_protocol::values::AssetRef;
use leptos::prelude::*;

use super::player;
use crate::core::wave;
use crate::web::icons::icon;

/// The pointer rests so long before the film begins to move.
const REST: Duration = Duration::from_millis(320);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Poster,
    Peek,
    Play,
}

/// Whether the pointer can rest on things, and moving pictures are welcome.
fn peeks() -> bool {
    let query = "(hover: hover) and (prefers-reduced-motion: no-preference)";
    window().match_media(query).ok().flatten().is_some_and(|q| q.matches())
}

/// A film.
#[component]
pub fn Film(
    /// The file.
    asset: AssetRef,
    /// Its name for assistive technology.
    #[prop(into)]
    name: String,
    /// How wide the poster is fetched.
    #[prop(into)]
    width: Signal<u32>,
) -> impl IntoView {
    let video = NodeRef::<leptos::html::Video>::new();
    let mode = RwSignal::new(Mode::Poster);
    let over = RwSignal::new(false);
    let paused = RwSignal::new(true);
    let bare = RwSignal::new(false);
    let broken = RwSignal::new(false);
    let muted = RwSignal::new(false);
    let at = RwSignal::new(0.0_f64);
    let total = RwSignal::new(asset.duration.unwrap_or(0.0));
    let live = Memo::new(move |_| mode.get() != Mode::Poster || bare.get());
    let playing = Memo::new(move |_| mode.get() == Mode::Play && !paused.get());

    Effect::new(move |_| {
        let (Some(video), mode) = (video.get(), mode.get()) else { return };
        video.set_muted(mode != Mode::Play || muted.get_untracked());
        video.set_loop(mode == Mode::Peek);
        match mode {
            Mode::Poster => {
                let _paused = video.pause();
            }
            Mode::Peek => player::start(&video),
            Mode::Play => player::play(&video),
        }
    });
    let enter = move |_| {
        over.set(true);
        if !peeks() {
            return;
        }
        set_timeout(
            move || {
                let wanted = over.try_get_untracked() == Some(true);
                if wanted && mode.get_untracked() == Mode::Poster && !broken.get_untracked() {
                    mode.set(Mode::Peek);
                }
            },
            REST,
        );
    };
    let leave = move |_| {
        over.set(false);
        if mode.get_untracked() == Mode::Peek {
            mode.set(Mode::Poster);
        }
    };
    let toggle = move |_| {
        if mode.get_untracked() == Mode::Peek
            && let Some(video) = video.get_untracked()
        {
            video.set_current_time(0.0);
        }
        match (mode.get_untracked(), video.get_untracked()) {
            (Mode::Play, Some(video)) if !video.paused() => {
                let _paused = video.pause();
            }
            (Mode::Play, Some(video)) => player::play(&video),
            (Mode::Play | Mode::Poster | Mode::Peek, _) => mode.set(Mode::Play),
        }
    };
    let ended = move |_| {
        if mode.get_untracked() == Mode::Play {
            at.set(0.0);
            mode.set(Mode::Poster);
        }
    };
    let seek = move |e: web_sys::Event| {
        if let (Some(video), Ok(to)) = (video.get_untracked(), super::dom::value(&e).parse::<f64>())
        {
            video.set_current_time(to);
            at.set(to);
        }
    };
    let silence = move |_| {
        muted.update(|m| *m = !*m);
        if let Some(video) = video.get_untracked() {
            video.set_muted(muted.get_untracked());
        }
    };
    let length = move |_| {
        if let Some(seconds) = video.get_untracked().map(|v| v.duration()).filter(|d| d.is_finite())
        {
            total.set(seconds);
        }
    };
    let tick = move |_| {
        if let Some(video) = video.get_untracked() {
            at.set(video.current_time());
        }
    };
    let poster = {
        let asset = asset.clone();
        move || super::media::thumbnail(&asset, width.get())
    };
    let src = StoredValue::new(format!("/api/assets/{}", asset.id));
    let alt = name.clone();
    let moving = move || {
        live.get().then(|| {
            view! {
                <video class="art" node_ref=video src=src.get_value() preload="metadata" playsinline
                    on:loadedmetadata=length on:timeupdate=tick on:seeked=tick on:ended=ended
                    on:play=move |_| paused.set(false) on:pause=move |_| paused.set(true)
                    on:error=move |_| broken.set(true)></video>
            }
        })
    };
    let bar = move || {
        (mode.get() == Mode::Play).then(|| {
            view! {
                <div class="film-bar" data-own on:dblclick=move |e| e.stop_propagation()>
                    <input type="range" min="0" step="0.01" max=move || total.get().to_string() aria-label="Position"
                        aria-valuetext=move || wave::clock(at.get())
                        style=move || format!("--v:{:.2}%", if total.get() > 0.0 { at.get() / total.get() * 100.0 } else { 0.0 })
                        prop:value=move || at.get().to_string() on:input=seek />
                    <span class="num">{move || format!("{} / {}", wave::clock(at.get()), wave::clock(total.get()))}</span>
                    <button aria-label="Sound" aria-pressed=move || (!muted.get()).to_string() on:click=silence>
                        {move || if muted.get() { icon("mute") } else { icon("audio") }}
                    </button>
                </div>
            }
        })
    };
    let mark = move || {
        (mode.get() != Mode::Play && total.get() > 0.0)
            .then(|| view! { <span class="badge br num">{wave::length(total.get())}</span> })
    };
    let word = move || format!("{} {name}", if playing.get() { "Pause" } else { "Play" });
    view! {
        <div class="film" class:is-playing=playing class:is-peek=move || mode.get() == Mode::Peek
            on:pointerenter=enter on:pointerleave=leave>
            {moving}
            <Show when=move || !bare.get()>
                <img class="art" class:is-past=live src=poster.clone() alt=alt.clone() draggable="false" decoding="async"
                    on:error=move |_| bare.set(true) />
            </Show>
            <button class="playbtn" aria-label=word on:click=toggle>
                {move || if playing.get() { icon("pause") } else { icon("play") }}
            </button>
            {mark}
            {bar}
            {move || broken.get().then(|| view! { <span class="badge tl" role="alert">"This browser cannot play it"</span> })}
        </div>
    }
}

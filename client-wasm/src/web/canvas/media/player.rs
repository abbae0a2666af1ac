//! Sound: its waveform, played and sought by click and keys. Where the server has no waveform, the browser's own player.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use gesso_protocol::values::AssetRef;
use leptos::prelude::*;

use crate::core::wave::{self, Wave};
use crate::web::http;
use crate::web::ui::icons::icon;

/// Bars on a card.
const BARS: usize = 56;
/// Waveforms that are kept, so that cards which come into view again show theirs at once.
const KEPT_MAX: usize = 200;

thread_local! {
    static KEPT: RefCell<BTreeMap<String, Shape>> = const { RefCell::new(BTreeMap::new()) };
    static PLAYING: RefCell<Option<web_sys::HtmlMediaElement>> = const { RefCell::new(None) };
}

/// The wave of a sound, as far as it is known.
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Asked,
    None,
    Known(Arc<Wave>),
}

/// Starts a sound or film; what played before falls silent.
pub fn play(media: &web_sys::HtmlMediaElement) {
    PLAYING.with_borrow_mut(|playing| {
        if let Some(other) = playing.replace(media.clone())
            && other != *media
            && !other.paused()
        {
            // What cannot be paused was not playing.
            let _paused = other.pause();
        }
    });
    start(media);
}

/// Starts without silencing anything: for what makes no sound.
pub fn start(media: &web_sys::HtmlMediaElement) {
    if let Ok(started) = media.play() {
        leptos::task::spawn_local(async move {
            // Refused where it was paused again before it began: nothing to tell.
            let _started = wasm_bindgen_futures::JsFuture::from(started).await;
        });
    }
}

fn fetch(id: String, shape: RwSignal<Shape>) {
    leptos::task::spawn_local(async move {
        let answer = http::get::<Wave>(&format!("/api/assets/{id}/waveform")).await;
        let known = match answer {
            Ok(wave) if !wave.peaks.is_empty() => Shape::Known(Arc::new(wave)),
            Ok(_) => Shape::None,
            // An answer may come yet when the server is back: not kept.
            Err(why) if why.status != 404 => {
                let _shown = shape.try_set(Shape::None);
                return;
            }
            Err(_) => Shape::None,
        };
        KEPT.with_borrow_mut(|kept| {
            if kept.len() >= KEPT_MAX {
                kept.clear();
            }
            kept.insert(id, known.clone());
        });
        let _shown = shape.try_set(known);
    });
}

/// A sound.
#[component]
pub fn Player(
    /// The file.
    asset: AssetRef,
    /// Name for assistive technology.
    #[prop(into)]
    name: String,
    /// Larger, for dialogs.
    #[prop(optional)]
    large: bool,
) -> impl IntoView {
    let known = KEPT.with_borrow(|kept| kept.get(&asset.id).cloned());
    let shape = RwSignal::new(known.clone().unwrap_or(Shape::Asked));
    if known.is_none() {
        fetch(asset.id.clone(), shape);
    }
    let native = Memo::new(move |_| shape.with(|s| *s == Shape::None));
    move || {
        let src = format!("/api/assets/{}", asset.id);
        if native.get() {
            view! { <audio class="sound" src=src controls preload="metadata" aria-label=name.clone()></audio> }
                .into_any()
        } else {
            view! { <Wavy asset=asset.clone() name=name.clone() large=large shape=shape /> }
                .into_any()
        }
    }
}

/// The player of a sound, and its place.
#[derive(Clone, Copy)]
struct Deck {
    audio: NodeRef<leptos::html::Audio>,
    track: NodeRef<leptos::html::Div>,
    playing: RwSignal<bool>,
    broken: RwSignal<bool>,
    at: RwSignal<f64>,
    total: Memo<f64>,
}

impl Deck {
    fn toggle(self) {
        let Some(audio) = self.audio.get_untracked() else { return };
        if audio.paused() {
            play(&audio);
        } else {
            let _paused = audio.pause();
        }
    }

    fn seek(self, to: f64) {
        let Some(audio) = self.audio.get_untracked() else { return };
        let to = to.clamp(0.0, self.total.get_untracked());
        audio.set_current_time(to);
        self.at.set(to);
    }

    fn seek_to(self, e: &web_sys::PointerEvent) {
        let Some(track) = self.track.get_untracked() else { return };
        let area = track.get_bounding_client_rect();
        if area.width() > 0.0 {
            let share = (f64::from(e.client_x()) - area.left()) / area.width();
            self.seek(share.clamp(0.0, 1.0) * self.total.get_untracked());
        }
    }

    fn down(self, e: &web_sys::PointerEvent) {
        if e.button() != 0 {
            return;
        }
        if let Some(track) = self.track.get_untracked() {
            // Without it, only moves over the bars count.
            let _held = track.set_pointer_capture(e.pointer_id());
        }
        self.seek_to(e);
    }

    fn keys(self, e: &web_sys::KeyboardEvent) {
        let step = wave::stride(self.total.get_untracked());
        let now = self.at.get_untracked();
        match e.key().as_str() {
            " " | "Enter" => self.toggle(),
            "ArrowLeft" | "ArrowDown" => self.seek(now - step),
            "ArrowRight" | "ArrowUp" => self.seek(now + step),
            "Home" => self.seek(0.0),
            "End" => self.seek(self.total.get_untracked()),
            _ => return,
        }
        e.prevent_default();
        e.stop_propagation();
    }

    fn share(self) -> f64 {
        let total = self.total.get();
        if total > 0.0 { self.at.get() / total * 100.0 } else { 0.0 }
    }

    fn clock(self) -> String {
        let total = self.total.get();
        if self.broken.get() {
            "Cannot play".to_owned()
        } else if self.at.get() > 0.0 || self.playing.get() {
            format!("{} / {}", wave::clock(self.at.get()), wave::clock(total))
        } else {
            wave::length(total)
        }
    }
}

#[component]
fn Wavy(asset: AssetRef, name: String, large: bool, shape: RwSignal<Shape>) -> impl IntoView {
    let known = asset.duration.filter(|d| *d > 0.0);
    let deck = Deck {
        audio: NodeRef::new(),
        track: NodeRef::new(),
        playing: RwSignal::new(false),
        broken: RwSignal::new(false),
        at: RwSignal::new(0.0),
        total: Memo::new(move |_| {
            shape.with(|s| match s {
                Shape::Known(wave) => wave.duration,
                Shape::Asked | Shape::None => known.unwrap_or(0.0),
            })
        }),
    };
    let tick = move |_| {
        if let Some(audio) = deck.audio.get_untracked() {
            deck.at.set(audio.current_time());
        }
    };
    let ended = move |_| {
        deck.playing.set(false);
        deck.at.set(0.0);
    };
    let word = if name.is_empty() { "sound".to_owned() } else { name.clone() };
    let label = move || format!("{} {word}", if deck.playing.get() { "Pause" } else { "Play" });
    view! {
        <div class="wave" class:is-large=large class:is-asked=move || shape.with(|s| *s == Shape::Asked)
            role="group" aria-label=format!("Sound {name}") data-own data-type="audio"
            on:dblclick=move |e| e.stop_propagation()>
            <button class="pb" aria-label=label on:click=move |_| deck.toggle()>
                {move || if deck.playing.get() { icon("pause") } else { icon("play") }}
            </button>
            <Track deck=deck shape=shape n={if large { BARS * 3 } else { BARS }} />
            <span class="t num" role=move || deck.broken.get().then_some("alert")>{move || deck.clock()}</span>
            <audio node_ref=deck.audio src=format!("/api/assets/{}", asset.id) preload="none"
                on:timeupdate=tick on:seeked=tick on:ended=ended
                on:play=move |_| deck.playing.set(true) on:pause=move |_| deck.playing.set(false)
                on:error=move |_| deck.broken.set(true)></audio>
        </div>
    }
}

/// The bars: what was played is painted over them.
#[component]
fn Track(deck: Deck, shape: RwSignal<Shape>, n: usize) -> impl IntoView {
    let d = Memo::new(move |_| {
        shape.with(|s| match s {
            Shape::Known(wave) => wave::path(&wave::bars(&wave.peaks, n)),
            Shape::Asked | Shape::None => wave::path(&vec![0.0; n]),
        })
    });
    let view_box = format!("0 0 {:.0} {:.0}", n as f64 * wave::PITCH - 1.0, wave::HEIGHT);
    let said =
        move || format!("{} of {}", wave::clock(deck.at.get()), wave::clock(deck.total.get()));
    let moved = move |e: web_sys::PointerEvent| {
        if e.buttons() & 1 == 1 {
            deck.seek_to(&e);
        }
    };
    view! {
        <div class="w" node_ref=deck.track role="slider" tabindex="0" aria-label="Position" aria-valuemin="0"
            aria-valuemax=move || format!("{:.1}", deck.total.get()) aria-valuenow=move || format!("{:.1}", deck.at.get())
            aria-valuetext=said style=move || format!("--at:{:.2}%", deck.share())
            on:pointerdown=move |e| deck.down(&e) on:pointermove=moved on:keydown=move |e| deck.keys(&e)>
            <svg viewBox=view_box.clone() preserveAspectRatio="none" aria-hidden="true"><path d=d></path></svg>
            <svg class="past" viewBox=view_box preserveAspectRatio="none" aria-hidden="true"><path d=d></path></svg>
        </div>
    }
}

//! A film on a card: a poster that plays silently under the pointer, and with sound at a click.

use std::time::Duration;

use gesso_protocol::values::AssetRef;
use leptos::prelude::*;

use crate::core::wave;
use crate::web::canvas::media::player;
use crate::web::ui::icons::icon;

/// The pointer rests so long before the film begins to move.
const REST: Duration = Duration::from_millis(320);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Poster,
    Peek,
    Play,
}

/// True if the pointer can rest on things, and moving pictures are welcome.
fn peeks() -> bool {
    let query = "(hover: hover) and (prefers-reduced-motion: no-preference)";
    window().match_media(query).ok().flatten().is_some_and(|q| q.matches())
}

/// The player of a film, and its place.
#[derive(Clone, Copy)]
struct Reel {
    video: NodeRef<leptos::html::Video>,
    mode: RwSignal<Mode>,
    over: RwSignal<bool>,
    paused: RwSignal<bool>,
    broken: RwSignal<bool>,
    muted: RwSignal<bool>,
    at: RwSignal<f64>,
    total: RwSignal<f64>,
}

impl Reel {
    fn new(seconds: f64) -> Self {
        Self {
            video: NodeRef::new(),
            mode: RwSignal::new(Mode::Poster),
            over: RwSignal::new(false),
            paused: RwSignal::new(true),
            broken: RwSignal::new(false),
            muted: RwSignal::new(false),
            at: RwSignal::new(0.0),
            total: RwSignal::new(seconds),
        }
    }

    /// The element does what the mode says, whenever either changes.
    fn follow(self) {
        Effect::new(move |_| {
            let (Some(video), mode) = (self.video.get(), self.mode.get()) else { return };
            video.set_muted(mode != Mode::Play || self.muted.get_untracked());
            video.set_loop(mode == Mode::Peek);
            match mode {
                Mode::Poster => {
                    let _paused = video.pause();
                }
                Mode::Peek => player::start(&video),
                Mode::Play => player::play(&video),
            }
        });
    }

    fn enter(self) {
        self.over.set(true);
        if !peeks() {
            return;
        }
        set_timeout(
            move || {
                let wanted = self.over.try_get_untracked() == Some(true);
                let still = wanted && self.mode.get_untracked() == Mode::Poster;
                if still && !self.broken.get_untracked() {
                    self.mode.set(Mode::Peek);
                }
            },
            REST,
        );
    }

    fn leave(self) {
        self.over.set(false);
        if self.mode.get_untracked() == Mode::Peek {
            self.mode.set(Mode::Poster);
        }
    }

    fn toggle(self) {
        if self.mode.get_untracked() == Mode::Peek
            && let Some(video) = self.video.get_untracked()
        {
            video.set_current_time(0.0);
        }
        match (self.mode.get_untracked(), self.video.get_untracked()) {
            (Mode::Play, Some(video)) if !video.paused() => {
                let _paused = video.pause();
            }
            (Mode::Play, Some(video)) => player::play(&video),
            (Mode::Play | Mode::Poster | Mode::Peek, _) => self.mode.set(Mode::Play),
        }
    }

    fn ended(self) {
        if self.mode.get_untracked() == Mode::Play {
            self.at.set(0.0);
            self.mode.set(Mode::Poster);
        }
    }

    fn seek(self, e: &web_sys::Event) {
        let to = crate::web::dom::value(e).parse::<f64>();
        if let (Some(video), Ok(to)) = (self.video.get_untracked(), to) {
            video.set_current_time(to);
            self.at.set(to);
        }
    }

    fn silence(self) {
        self.muted.update(|m| *m = !*m);
        if let Some(video) = self.video.get_untracked() {
            video.set_muted(self.muted.get_untracked());
        }
    }

    fn measure(self) {
        let Some(video) = self.video.get_untracked() else { return };
        if video.duration().is_finite() {
            self.total.set(video.duration());
        }
    }

    fn tick(self) {
        if let Some(video) = self.video.get_untracked() {
            self.at.set(video.current_time());
        }
    }
}

/// A film.
#[component]
pub fn VideoPlayer(
    /// The file.
    asset: AssetRef,
    /// Name for assistive technology.
    #[prop(into)]
    name: String,
    /// Width at which the poster is fetched, in pixels.
    #[prop(into)]
    width: Signal<u32>,
) -> impl IntoView {
    let reel = Reel::new(asset.duration.unwrap_or(0.0));
    reel.follow();
    let bare = RwSignal::new(false);
    let live = Memo::new(move |_| reel.mode.get() != Mode::Poster || bare.get());
    let playing = Memo::new(move |_| reel.mode.get() == Mode::Play && !reel.paused.get());
    let poster = {
        let asset = asset.clone();
        move || crate::web::canvas::store::showing::thumbnail(&asset, width.get())
    };
    let src = StoredValue::new(format!("/api/assets/{}", asset.id));
    let alt = name.clone();
    let moving = move || {
        live.get().then(|| {
            view! {
                <video class="art" node_ref=reel.video src=src.get_value() preload="metadata" playsinline
                    on:loadedmetadata=move |_| reel.measure() on:timeupdate=move |_| reel.tick()
                    on:seeked=move |_| reel.tick() on:ended=move |_| reel.ended()
                    on:play=move |_| reel.paused.set(false) on:pause=move |_| reel.paused.set(true)
                    on:error=move |_| reel.broken.set(true)></video>
            }
        })
    };
    let mark = move || {
        (reel.mode.get() != Mode::Play && reel.total.get() > 0.0)
            .then(|| view! { <span class="badge br num">{wave::length(reel.total.get())}</span> })
    };
    let word = move || format!("{} {name}", if playing.get() { "Pause" } else { "Play" });
    view! {
        <div class="film" class:is-playing=playing class:is-peek=move || reel.mode.get() == Mode::Peek
            on:pointerenter=move |_| reel.enter() on:pointerleave=move |_| reel.leave()>
            {moving}
            <Show when=move || !bare.get()>
                <img class="art" class:is-past=live src=poster.clone() alt=alt.clone() draggable="false" decoding="async"
                    on:error=move |_| bare.set(true) />
            </Show>
            <button class="playbtn" aria-label=word on:click=move |_| reel.toggle()>
                {move || if playing.get() { icon("pause") } else { icon("play") }}
            </button>
            {mark}
            {move || (reel.mode.get() == Mode::Play).then(|| view! { <Bar reel=reel /> })}
            {move || reel.broken.get().then(|| view! { <span class="badge tl" role="alert">"This browser cannot play it"</span> })}
        </div>
    }
}

/// Where the film is, while it plays.
#[component]
fn Bar(reel: Reel) -> impl IntoView {
    let share = move || match reel.total.get() {
        total if total > 0.0 => format!("--v:{:.2}%", reel.at.get() / total * 100.0),
        _ => "--v:0%".to_owned(),
    };
    view! {
        <div class="film-bar" data-own on:dblclick=move |e| e.stop_propagation()>
            <input type="range" min="0" step="0.01" max=move || reel.total.get().to_string() aria-label="Position"
                aria-valuetext=move || wave::clock(reel.at.get()) style=share
                prop:value=move || reel.at.get().to_string() on:input=move |e| reel.seek(&e) />
            <span class="num">{move || format!("{} / {}", wave::clock(reel.at.get()), wave::clock(reel.total.get()))}</span>
            <button aria-label="Sound" aria-pressed=move || (!reel.muted.get()).to_string() on:click=move |_| reel.silence()>
                {move || if reel.muted.get() { icon("mute") } else { icon("audio") }}
            </button>
        </div>
    }
}

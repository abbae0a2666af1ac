//! The WebSocket under the connection: turns the browser's events into the state machine's and does what it says.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::prelude::*;

use crate::core::presence::{Presence, Spot, Viewport};
use crate::core::rights;
use crate::core::sync::{Action, Ending, Event, Phase, Saving};
use crate::web::canvas::store::offline_store::{abandon, keep, keep_last_moment, restore_soon};
use crate::web::canvas::store::page::{Page, now_ms, random};
use crate::web::canvas::store::session::Socket;

/// Presence is told at most so often, in ms.
const TELL_MS: f64 = 50.0;
/// So long after the last letter somebody counts as typing, in ms.
const TYPING_MS: f64 = 3_000.0;

/// Opens a socket for a page.
fn open(page: Page) -> Option<Socket> {
    let location = window().location();
    let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
    let url = format!("{scheme}://{}/sync/{}?saved=1", location.host().ok()?, page.id.get_value());
    let ws = web_sys::WebSocket::new(&url).ok()?;
    ws.set_binary_type(web_sys::BinaryType::Arraybuffer);
    let open = Closure::<dyn FnMut()>::new(move || happened(page, &Event::Opened));
    let message =
        Closure::<dyn FnMut(web_sys::MessageEvent)>::new(move |e: web_sys::MessageEvent| {
            if let Ok(buffer) = e.data().dyn_into::<js_sys::ArrayBuffer>() {
                let bytes = js_sys::Uint8Array::new(&buffer).to_vec();
                happened(page, &Event::Frame(&bytes));
            }
        });
    let close = Closure::<dyn FnMut(web_sys::CloseEvent)>::new(move |e: web_sys::CloseEvent| {
        let (code, reason) = (e.code(), e.reason());
        // Not from inside the socket's own callback: what follows drops it.
        set_timeout(
            move || happened(page, &Event::Closed { code, reason: &reason }),
            Duration::ZERO,
        );
    });
    ws.set_onopen(Some(open.as_ref().unchecked_ref()));
    ws.set_onmessage(Some(message.as_ref().unchecked_ref()));
    ws.set_onclose(Some(close.as_ref().unchecked_ref()));
    Some(Socket { ws, _open: open, _message: message, _close: close })
}

/// Starts the clock for as long as the page is there; what it answers starts the connection.
pub fn prepare(page: Page) -> impl FnOnce() + use<> {
    let clock = set_interval_with_handle(
        move || {
            if page.try_core().is_some() {
                tick(page);
                keep(page);
            }
        },
        Duration::from_millis(500),
    );
    let online = window_event_listener(leptos::ev::online, move |_| happened(page, &Event::Wake));
    let leave = window_event_listener(leptos::ev::pagehide, move |_| {
        keep_last_moment(page);
        say_farewell(page);
    });
    // A phone ends pages that are hidden without another word.
    let hide = window_event_listener(leptos::ev::visibilitychange, move |_| {
        if document().hidden() {
            keep_last_moment(page);
        }
    });
    on_cleanup(move || {
        if let Ok(clock) = clock {
            clock.clear();
        }
        online.remove();
        leave.remove();
        hide.remove();
        keep_last_moment(page);
        say_farewell(page);
        if let Some(core) = page.try_core() {
            core.borrow_mut().socket = None;
        }
    });
    move || {
        leptos::task::spawn_local(async move {
            restore_soon(page).await;
            // Without the server there may be nothing more to come.
            if page.try_core().is_some() && page.read(|canvas| !canvas.nodes.is_empty()) {
                crate::web::canvas::actions::camera::first_fit(page);
            }
            happened(page, &Event::Wake);
        });
    }
}

fn say_farewell(page: Page) {
    let Some(core) = page.try_core() else { return };
    let mut core = core.borrow_mut();
    let client = core.replica.client();
    let bytes = core.sync.farewell(client);
    if let Some(socket) = &core.socket {
        // Nobody is there to be told when it fails: the state times out by itself.
        let _sent = socket.ws.send_with_u8_array(&bytes);
    }
}

/// Tries to open a canvas that could not be opened before.
pub fn reopen(page: Page) {
    happened(page, &Event::Reopen);
}

/// Tries to connect now.
pub fn try_now(page: Page) {
    happened(page, &Event::Wake);
}

/// Lets time pass: sends what is due.
pub fn tick(page: Page) {
    tell(page);
    happened(page, &Event::Tick);
}

/// Brings this page's awareness state up to date.
fn tell(page: Page) {
    let core = page.core();
    let mut core = core.borrow_mut();
    let now = now_ms();
    // A caret that rests is no typing.
    let typing = core.caret.is_some() && now - core.typed_ms < TYPING_MS;
    core.tell_due |= std::mem::replace(&mut core.typing, typing) != typing;
    if !core.tell_due || now - core.told_ms < TELL_MS {
        return;
    }
    core.tell_due = false;
    core.told_ms = now;
    let (w, h) = page.screen.get_untracked();
    let camera = page.camera.get_untracked();
    let middle = camera.view(w, h).center();
    let state = Presence {
        user: page.user(),
        cursor: core.pointer.map(|p| Spot { x: p.x.round(), y: p.y.round() }),
        selection: core.editor.selection.iter().take(200).cloned().collect(),
        viewport: Some(Viewport { x: middle.x.round(), y: middle.y.round(), zoom: camera.zoom }),
        following: page.following.get_untracked(),
        caret: core.caret.clone(),
        typing,
        says: core.says.clone(),
        emote: core.emote.clone(),
    };
    if let Ok(json) = serde_json::to_string(&state) {
        core.sync.set_state(json);
    }
}

fn happened(page: Page, event: &Event<'_>) {
    let Some(core) = page.try_core() else { return };
    if matches!(event, Event::Closed { .. }) {
        core.borrow_mut().socket = None;
    }
    let actions = {
        let mut core = core.borrow_mut();
        let core = &mut *core;
        core.sync.handle(event, &mut core.replica, now_ms() as u64, random())
    };
    for action in actions {
        act(page, action);
    }
    let (saving, loaded) = {
        let mut core = core.borrow_mut();
        if core.sync.unsaved() == 0 {
            core.unsaved.clear();
        }
        (core.sync.saving(), core.sync.loaded())
    };
    if loaded != page.loaded.get_untracked() {
        page.loaded.set(loaded);
        if loaded {
            crate::web::canvas::actions::camera::first_fit(page);
        }
    }
    if page.saving.with_untracked(|old| *old != saving) {
        let is_signed_out = saving == Saving::Ended(Ending::SignedOut);
        page.saving.set(saving);
        if is_signed_out {
            // Whoever signs in again comes back to this page and finds here what was not sent.
            keep_last_moment(page);
            page.session.left();
        }
    }
}

fn act(page: Page, action: Action) {
    let core = page.core();
    match action {
        Action::Connect => {
            let socket = open(page);
            let failed = socket.is_none();
            core.borrow_mut().socket = socket;
            if failed {
                set_timeout(
                    move || happened(page, &Event::Closed { code: 1006, reason: "" }),
                    Duration::ZERO,
                );
            }
        }
        Action::Disconnect => {
            core.borrow_mut().socket = None;
            set_timeout(
                move || happened(page, &Event::Closed { code: 1006, reason: "" }),
                Duration::ZERO,
            );
        }
        Action::Send(bytes) => {
            if let Some(socket) = &core.borrow().socket {
                // A socket that cannot send any more is about to report its end.
                let _sent = socket.ws.send_with_u8_array(&bytes);
            }
        }
        Action::Post(update) => {
            let path = format!("/api/canvases/{}/doc", page.id.get_value());
            leptos::task::spawn_local(async move {
                let answer = crate::web::http::post_bytes(&path, &update).await;
                happened(page, &Event::Posted(answer.is_ok()));
            });
        }
        Action::Draw(changes) => page.draw(&changes),
        Action::Presence => {
            let (people, server) = {
                let core = core.borrow();
                (core.sync.room.people(), core.sync.room.server())
            };
            crate::web::canvas::live::people::changed(page, people, server);
        }
        Action::Told(reason) => page.toasts.bad(&reason),
        Action::Fresh(why) => take_fresh(page, &why),
        Action::Role(before, now) => {
            core.borrow_mut().is_refusal_told = false;
            page.role.set(Some(now));
            if let Some(before) = before {
                let words = rights::changed(before, now);
                page.live.set(words.clone());
                page.overlays.role_news.set((now < before).then(|| words.clone()));
                if now > before {
                    page.toasts.good(&words);
                }
            }
        }
    }
}

/// The server will not take this replica any more: it is kept aside and a fresh one is fetched.
fn take_fresh(page: Page, why: &str) {
    let names = {
        let core = page.core();
        let mut core = core.borrow_mut();
        if !why.is_empty() {
            let aside = core.replica.encode();
            core.aside.push(aside);
        }
        let titles: Vec<String> = std::mem::take(&mut core.unsaved).into_values().collect();
        abandon(page, &mut core);
        core.replica = crate::web::canvas::store::page::fresh_replica(&page.id.get_value());
        rights::named(&titles)
    };
    page.redraw();
    if why.is_empty() {
        return;
    }
    page.overlays.aside.update(|count| *count += 1);
    let is_over = matches!(page.core().borrow().sync.phase(), Phase::Ended(_));
    let kept = if is_over {
        "Your version of the canvas is kept aside on this page."
    } else {
        "The canvas is loaded again; your version of it is kept aside on this page."
    };
    page.toasts.bad_act(
        &format!("{why}{names} {kept}"),
        "Download it",
        Callback::new(move |()| download_aside(page)),
    );
}

/// Hands out the version of the canvas that was kept aside last.
pub fn download_aside(page: Page) {
    let bytes = page.core().borrow().aside.last().cloned().unwrap_or_default();
    crate::web::canvas::transfer::download::download_bytes(&bytes, "canvas.yjs");
}

//! Keys that work everywhere on the canvas, as the [keymap](crate::core::keymap) binds them, and the clipboard.

use crate::web::canvas::actions::camera;
use gesso_protocol::ids::NodeId;
use gesso_protocol::nodes;
use gesso_protocol::plan::Mode;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::core::editor::{Input, State};
use crate::core::keymap::{Command, Press};
use crate::core::rights::Right;
use crate::core::stacking::Shift;
use crate::web::canvas::actions::arrange;
use crate::web::canvas::actions::chat;
use crate::web::canvas::actions::comment;
use crate::web::canvas::actions::edit;
use crate::web::canvas::actions::run;
use crate::web::canvas::input::pointer;
use crate::web::canvas::store::overlays::Commenting;
use crate::web::canvas::store::page::{Asked, Page};
use crate::web::dom;

/// A paste that comes so soon after the middle button was released is that button's, in ms.
const PASTED_BY_BUTTON_MS: f64 = 200.0;

/// Listens for as long as the page is there.
pub fn listen(page: Page) {
    let down = window_event_listener(ev::keydown, move |e| pressed(page, &e));
    let up = window_event_listener(ev::keyup, move |e| {
        if e.key() == " " {
            page.space.set(false);
        }
    });
    let clicked = window_event_listener(ev::click, move |e| dom::release_button(&e));
    let left = window_event_listener(ev::blur, move |_| page.space.set(false));
    let copy = window_event_listener(ev::copy, move |e| {
        copied(page, &e);
    });
    let cut = window_event_listener(ev::cut, move |e| {
        if copied(page, &e) {
            edit::delete_selection(page);
        }
    });
    let keep = StoredValue::new(false);
    let pasting = window_event_listener(ev::keydown, move |e| {
        if (e.ctrl_key() || e.meta_key()) && e.key().eq_ignore_ascii_case("v") {
            keep.set_value(e.shift_key());
        }
    });
    // On Linux a click of the middle button pastes, and here it ends a pan.
    let panned_ms = StoredValue::new(0.0);
    let released = window_event_listener(ev::mouseup, move |e| {
        if e.button() == 1 {
            panned_ms.set_value(e.time_stamp());
        }
    });
    let paste = window_event_listener(ev::paste, move |e| {
        if e.time_stamp() - panned_ms.get_value() > PASTED_BY_BUTTON_MS {
            pasted(page, &e, keep.get_value());
        }
    });
    on_cleanup(move || {
        for listener in [down, up, clicked, left, copy, cut, pasting, released, paste] {
            listener.remove();
        }
    });
}

fn clipboard(e: &web_sys::Event) -> Option<web_sys::DataTransfer> {
    e.dyn_ref::<web_sys::ClipboardEvent>()?.clipboard_data()
}

fn copied(page: Page, e: &web_sys::Event) -> bool {
    let selected_text = window().get_selection().ok().flatten().is_some_and(|s| !s.is_collapsed());
    if dom::typing() || selected_text {
        return false;
    }
    let (Some(text), Some(data)) = (edit::copied(page), clipboard(e)) else { return false };
    if data.set_data("text/plain", &text).is_err() {
        return false;
    }
    e.prevent_default();
    let n = page.selection.with_untracked(std::collections::BTreeSet::len);
    page.live.set(if n == 1 { "Copied 1 node".to_owned() } else { format!("Copied {n} nodes") });
    true
}

fn pasted(page: Page, e: &web_sys::Event, incoming: bool) {
    if dom::typing() {
        return;
    }
    let Some(data) = clipboard(e) else { return };
    e.prevent_default();
    let files = data.files();
    let count = files.as_ref().map_or(0, web_sys::FileList::length);
    if count > 0 {
        let files: Vec<web_sys::File> =
            (0..count).filter_map(|i| files.as_ref().and_then(|f| f.get(i))).collect();
        let at = page.core().borrow().pointer;
        crate::web::canvas::transfer::upload::place_files(page, &files, at);
        return;
    }
    let text = data.get_data("text/plain").unwrap_or_default();
    edit::paste(page, &text, incoming);
}

fn focused_card() -> Option<String> {
    document().active_element()?.get_attribute("data-node")
}

fn dialog_open(page: Page) -> bool {
    page.spotlight.with_untracked(Option::is_some)
        || page.help.get_untracked()
        || page.overlays.preview.with_untracked(Option::is_some)
        || dom::query("dialog[open]").is_some()
        // A menu has keys of its own while it is open.
        || dom::query("[role=menu]").is_some()
}

fn pressed(page: Page, e: &web_sys::KeyboardEvent) {
    if e.default_prevented() || dom::is_composing(e) || dialog_open(page) {
        return;
    }
    let has_focus = document().active_element();
    let is_on_button = has_focus.is_some_and(|a| matches!(a.tag_name().as_str(), "BUTTON" | "A"));
    let (key, code) = (e.key(), e.code());
    let press = Press {
        is_typing: dom::typing(),
        is_on_button,
        is_on_slider: dom::on_slider(),
        has_selection: page.selection.with_untracked(|s| !s.is_empty()),
        ..dom::press(e, &key, &code)
    };
    let command = page.keys.with_untracked(|keys| keys.command(&press));
    if command.is_some_and(|command| act(page, command, press.shift)) {
        e.prevent_default();
    }
}

/// Does what a key asks for; `false` where that was nothing, and the key is the browser's.
fn act(page: Page, command: Command, shift: bool) -> bool {
    if command == Command::Open && edit::take_suggestion(page) {
        return true;
    }
    if command.needs().is_some_and(|right| !page.demand(right)) {
        return true;
    }
    // Anything else leaves it.
    page.overlays.suggestion.set(None);
    match command {
        Command::Spotlight => page.spotlight.set(Some(Asked::default())),
        Command::Find => {
            page.spotlight.set(Some(Asked { finds_cards: true, ..Asked::default() }));
        }
        Command::RunSelected => run_selected(page),
        Command::RunWorkflow => run_workflow(page),
        Command::StopAll => run::stop_all(page),
        Command::ZoomIn => camera::zoom_by(page, 1.25),
        Command::ZoomOut => camera::zoom_by(page, 0.8),
        Command::ZoomToActualSize => camera::zoom_to(page, 1.0),
        Command::FitAll => camera::fit_all(page),
        Command::FitSelection => camera::fit_selection(page),
        Command::Undo => page.undo(),
        Command::Redo => page.redo(),
        Command::SelectAll => edit::select_all(page),
        Command::Duplicate => edit::duplicate(page, [32.0, 32.0]),
        Command::Group => edit::group(page),
        Command::Ungroup => edit::ungroup(page),
        Command::ToFront => arrange::restack(page, Shift::ToFront),
        Command::ToBack => arrange::restack(page, Shift::ToBack),
        Command::Forward => arrange::restack(page, Shift::Forward),
        Command::Backward => arrange::restack(page, Shift::Backward),
        Command::Align(side) => arrange::align(page, side),
        Command::Delete => edit::delete_selection(page),
        Command::Nudge(right, down) => {
            let step = if shift { 10.0 } else { 1.0 };
            arrange::nudge(page, f64::from(right) * step, f64::from(down) * step);
        }
        Command::Rename => {
            let one = page.selection.with_untracked(|s| s.first().cloned());
            page.renaming.set(one);
        }
        Command::ToggleLock => edit::toggle_lock(page),
        Command::ToggleFixed => edit::toggle_fixed(page),
        Command::Add(kind) => add(page, kind),
        Command::ToggleHand => page.hand.update(|hand| *hand = !*hand),
        Command::Pointer => page.hand.set(false),
        Command::Chat => chat::open(page),
        Command::Comment => comment::begin(page),
        Command::ToggleMinimap => page.minimap.update(|shown| *shown = !*shown),
        Command::Help => page.help.set(true),
        Command::Pan => page.space.set(true),
        Command::Escape => escape(page),
        Command::NextCard => return tab(page, false),
        Command::PreviousCard => return tab(page, true),
        Command::Open => return open_focused(page),
    }
    true
}

/// Runs what is selected: a node alone, or all of them.
fn run_selected(page: Page) {
    let ids = page.selection.get_untracked();
    if ids.len() > 1 {
        let nodes = ids.into_iter().map(NodeId::new).collect();
        run::start(page, gesso_protocol::plan::Target { mode: Mode::Selection, node: None, nodes });
        return;
    }
    let runnable = page.read(|canvas| {
        ids.iter()
            .find(|id| {
                let kind = canvas.nodes.get(*id).map(|n| n.kind.as_str()).unwrap_or_default();
                nodes::spec(kind).is_some_and(nodes::NodeSpec::runs)
            })
            .cloned()
    });
    match runnable {
        Some(id) => run::start(page, run::target(Mode::Node, Some(&id))),
        None => {
            page.toasts.say("play", &dom::keys("Select a node that runs, then press Mod Enter"))
        }
    }
}

fn run_workflow(page: Page) {
    let first = page.selection.with_untracked(|s| s.first().cloned());
    run::start(page, run::target(Mode::Workflow, first.as_deref()));
}

fn add(page: Page, kind: &str) {
    let at = page.core().borrow().pointer;
    let id = edit::add(page, edit::blank(kind), at);
    crate::web::canvas::actions::open::after_adding(page, kind, id);
}

fn escape(page: Page) {
    let idle = page.core().borrow().editor.state == State::Idle;
    if !idle {
        pointer::feed(page, &Input::Cancel);
    } else if page.context.with_untracked(Option::is_some) {
        page.context.set(None);
    } else if page.overlays.commenting.with_untracked(|c| *c != Commenting::No) {
        comment::close(page);
    } else if page.following.with_untracked(Option::is_some) {
        page.following.set(None);
    } else if page.hand.get_untracked() {
        page.hand.set(false);
    } else {
        page.select([]);
        if let Some(root) = dom::query(".canvas") {
            dom::focus(&root);
        }
    }
}

/// Tab walks the cards in reading order; from inside a card, and at either end, it is the browser's.
fn tab(page: Page, back: bool) -> bool {
    let active = document().active_element();
    let on_canvas =
        active.as_ref().is_none_or(|a| a.tag_name() == "BODY" || a.class_list().contains("canvas"));
    match focused_card() {
        Some(id) => edit::focus_step(page, Some(&id), back),
        None if on_canvas => edit::focus_step(page, None, back),
        None => false,
    }
}

/// Enter on a card opens what it is for: its text, its title, its file.
fn open_focused(page: Page) -> bool {
    let Some(id) = focused_card() else { return false };
    let kind = page.read(|c| c.nodes.get(&id).map(|n| n.kind.clone())).unwrap_or_default();
    let spec = nodes::spec(&kind);
    let batch = page.read(|c| crate::core::results::result_refs(c, &id).len() > 1);
    if kind == "evaluator" {
        page.overlays.review.set(Some(id));
    } else if batch {
        crate::web::canvas::actions::open::shown(page, &id);
    } else if spec.is_some_and(|s| s.has_text || s.has_items) {
        crate::web::canvas::actions::focus::focus_text(&id);
    } else if page.read(|c| c.nodes.get(&id).is_some_and(|n| n.asset.is_some())) {
        crate::web::canvas::actions::open::shown(page, &id);
    } else if kind == "media" {
        crate::web::canvas::actions::open::library(page, &id);
    } else if edit::holds_file(&kind) {
        crate::web::canvas::transfer::upload::pick_for(page, &id);
    } else if spec.is_some_and(nodes::NodeSpec::runs) {
        crate::web::canvas::actions::open::shown(page, &id);
    } else if page.demand(Right::Edit) {
        page.renaming.set(Some(id));
    }
    true
}

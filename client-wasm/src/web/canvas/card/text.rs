//! A plain text on the canvas that several people type in at once; formatted ones are in `rich.rs`.
//!
//! The field is a plain `<textarea>`: input methods, spell checking and screen readers work as everywhere. What a
//! person did is read from its value before and after (`core/textdiff.rs`) and goes into the shared text as one
//! small edit; what others do is put into the field with the caret kept at its letter. While an input method
//! composes, others' edits wait: changing the value would break the composition.

use crate::web::canvas::actions::focus::blur;
use std::cell::RefCell;
use std::rc::Rc;

use leptos::html;
use leptos::prelude::*;

use crate::core::presence::Caret;
use crate::core::rights::Right;
use crate::core::textdiff::{self, Edit};
use crate::web::canvas::store::page::{Core, Page, now_ms};

/// A pause in typing that ends a step of undo, in ms.
const STEP_MS: f64 = 800.0;

/// The memory of a field between events.
#[derive(Default)]
struct Field {
    /// The value as this code last saw or set it.
    shown: String,
    composing: bool,
    typed_ms: f64,
}

/// Begin and end of what is selected, in UTF-16 units.
pub fn offsets(area: &web_sys::HtmlTextAreaElement) -> (u32, u32) {
    let start = area.selection_start().ok().flatten().unwrap_or_default();
    let end = area.selection_end().ok().flatten().unwrap_or_default();
    (start, end)
}

/// The text of a node: `text`, `negative` or `items/{id}`.
#[component]
pub fn TextField(
    page: Page,
    #[prop(into)] node: String,
    #[prop(into)] field: String,
    /// Name for assistive technology.
    #[prop(into)]
    label: String,
    #[prop(into)] placeholder: Signal<String>,
    /// Keys that mean something else here; true where one was used.
    #[prop(optional)]
    keys: Option<Callback<web_sys::KeyboardEvent, bool>>,
    /// Told of what is pasted before the field takes it.
    #[prop(optional)]
    pasted: Option<Callback<web_sys::ClipboardEvent>>,
) -> impl IntoView {
    let area = NodeRef::<html::Textarea>::new();
    let state = Rc::new(RefCell::new(Field::default()));
    let Some(signals) = page.node(&node) else { return ().into_any() };
    let key = StoredValue::new((node.clone(), field.clone()));

    // Others' edits, and undo.
    let view = signals.view.clone();
    let seen = Rc::clone(&state);
    Effect::new(move |_| {
        view.track();
        let Some(area) = area.get() else { return };
        bring_in(page, key, &area, &mut seen.borrow_mut());
    });

    let input = {
        let state = Rc::clone(&state);
        move |_: web_sys::Event| {
            if let Some(area) = area.get_untracked() {
                take_out(page, key, &area, &mut state.borrow_mut());
            }
        }
    };
    let composing = {
        let state = Rc::clone(&state);
        move |_| state.borrow_mut().composing = true
    };
    let composed = {
        let state = Rc::clone(&state);
        move |_| {
            let Some(area) = area.get_untracked() else { return };
            state.borrow_mut().composing = false;
            take_out(page, key, &area, &mut state.borrow_mut());
            bring_in(page, key, &area, &mut state.borrow_mut());
        }
    };
    let own_keys = keys;
    let keys = move |e: web_sys::KeyboardEvent| {
        let is_composing = crate::web::dom::is_composing(&e);
        if own_keys.is_some_and(|keys| !is_composing && keys.run(e.clone())) {
            e.prevent_default();
            e.stop_propagation();
        } else {
            key_down(page, key, &e);
        }
    };
    let paste = move |e: web_sys::ClipboardEvent| {
        if let Some(pasted) = pasted {
            pasted.run(e);
        }
    };
    let tell = move || {
        if let Some(area) = area.get_untracked().filter(|area| is_in_focus(area)) {
            tell_caret(page, key, offsets(&area));
        }
    };
    let focused = move |_| {
        focused(page, key);
        tell();
    };
    let left = move |_| left(page);
    // The page's own undo: the browser's would not know others' edits.
    let before = move |e: web_sys::InputEvent| {
        let kind = e.input_type();
        if kind.starts_with("history") {
            e.prevent_default();
            if kind == "historyUndo" { page.undo() } else { page.redo() }
        }
    };
    let moved = move |_: web_sys::Event| tell();
    let moved_by_key = move |_: web_sys::KeyboardEvent| tell();
    let carets = Memo::new(move |_| carets_of(page, key));

    view! {
        <div class="tf">
            <textarea
                node_ref=area
                rows="1"
                spellcheck="false"
                aria-label=label
                placeholder=placeholder
                readonly=move || !page.can(Right::Edit)
                on:input=input
                on:beforeinput=before
                on:compositionstart=composing
                on:compositionend=composed
                on:keydown=keys
                on:paste=paste
                on:keyup=moved_by_key
                on:select=moved
                on:focus=focused
                on:blur=left
            ></textarea>
            {move || (!carets.get().is_empty()).then(|| mirror(page, key, carets.get()))}
        </div>
    }
    .into_any()
}

/// A node and a field of it.
pub(super) type Key = StoredValue<(String, String)>;

/// True if keys go into this field.
pub(super) fn is_in_focus(field: &web_sys::Element) -> bool {
    document().active_element().is_some_and(|active| active == *field)
}

/// Keys in a text: of them all, only those that run and stop work reach the canvas.
pub(super) fn key_down(page: Page, key: Key, e: &web_sys::KeyboardEvent) {
    if crate::web::dom::is_composing(e) {
        return;
    }
    let command = e.ctrl_key() || e.meta_key();
    match e.key().to_lowercase().as_str() {
        "escape" => {
            blur();
            crate::web::canvas::actions::focus::focus_card(&key.with_value(|k| k.0.clone()));
        }
        "z" if command => {
            e.prevent_default();
            if e.shift_key() { page.redo() } else { page.undo() }
        }
        "y" if command => {
            e.prevent_default();
            page.redo();
        }
        // Running and stopping work while typing too.
        "enter" | "k" if command => return,
        _ => {}
    }
    e.stop_propagation();
}

/// A text in focus selects its card.
pub(super) fn focused(page: Page, key: Key) {
    let id = key.with_value(|k| k.0.clone());
    if !page.selection.with_untracked(|s| s.contains(&id)) {
        page.select([id]);
    }
    page.core().borrow_mut().replica.stop_undo();
}

pub(super) fn left(page: Page) {
    let core = page.core();
    let mut core = core.borrow_mut();
    core.replica.stop_undo();
    core.caret = None;
    core.tell_due = true;
}

/// Puts the shared text into the field where they differ.
fn bring_in(page: Page, key: Key, area: &web_sys::HtmlTextAreaElement, state: &mut Field) {
    if state.composing {
        return;
    }
    let Some((node, field)) = key.try_get_value() else { return };
    let core = page.core();
    let core = core.borrow();
    let Some(text) = core.replica.text(&node, &field) else { return };
    if text == area.value() {
        state.shown = text;
        return;
    }
    let kept = is_in_focus(area).then(|| {
        let (start, end) = offsets(area);
        own_caret(&core, &node, &field).unwrap_or_else(|| {
            match textdiff::diff(&state.shown, &text, None) {
                Some(edit) => (textdiff::moved(start, &edit), textdiff::moved(end, &edit)),
                None => (start, end),
            }
        })
    });
    area.set_value(&text);
    state.shown = text;
    if let Some((start, end)) = kept {
        // A caret that cannot be put back stays at the end.
        let _placed = area.set_selection_range(start, end);
    }
}

/// Where one's own caret is in a field by what others are told of it: begin and end of what is selected.
pub(super) fn own_caret(core: &Core, node: &str, field: &str) -> Option<(u32, u32)> {
    let caret = core.caret.as_ref().filter(|c| c.node == node && c.field == field)?;
    let place = |place| core.replica.find_place(node, field, place);
    Some((place(&caret.anchor)?, place(&caret.head)?))
}

/// Begins a step of undo where a pause was made since one typed last.
pub(super) fn step(core: &mut Core, typed_ms: &mut f64) {
    let now = now_ms();
    if now - *typed_ms > STEP_MS {
        core.replica.stop_undo();
    }
    *typed_ms = now;
    core.typed_ms = now;
}

/// Puts what was typed into the shared text.
fn take_out(page: Page, key: Key, area: &web_sys::HtmlTextAreaElement, state: &mut Field) {
    let value = area.value();
    let (_, caret) = offsets(area);
    let Some(edit) = textdiff::diff(&state.shown, &value, Some(caret)) else { return };
    let Some((node, field)) = key.try_get_value() else { return };
    let text = page.core().borrow().replica.text(&node, &field).unwrap_or_default();
    // Others' edits that the field does not show yet have moved the place meanwhile.
    let edit = match textdiff::diff(&state.shown, &text, None) {
        Some(theirs) => Edit { at: textdiff::moved(edit.at, &theirs), ..edit },
        None => edit,
    };
    state.shown = value;
    let changes = page.type_into(|core| {
        step(core, &mut state.typed_ms);
        core.replica.edit_text(&node, &field, &edit)
    });
    let Some(changes) = changes else {
        // What may not be written does not stay in the field either.
        area.set_value(&text);
        state.shown = text;
        return;
    };
    if is_in_focus(area) {
        tell_caret(page, key, offsets(area));
    }
    page.draw(&changes);
}

/// Tells others where one types.
pub(super) fn tell_caret(page: Page, key: Key, (start, end): (u32, u32)) {
    if !page.may(Right::Edit) {
        return;
    }
    let Some((node, field)) = key.try_get_value() else { return };
    let core = page.core();
    let mut core = core.borrow_mut();
    let place = |offset| core.replica.place(&node, &field, offset);
    let (Some(anchor), Some(head)) = (place(start), place(end)) else { return };
    let caret = Caret { node, field, anchor, head };
    if core.caret.as_ref() != Some(&caret) {
        core.caret = Some(caret);
        core.tell_due = true;
        drop(core);
        page.frame();
    }
}

/// Others' carets in a field: offset, colour and name.
pub(super) fn carets_of(page: Page, key: Key) -> Vec<(u32, String, String)> {
    page.revision.track();
    let people = page.people.get();
    let Some((node, field)) = key.try_get_value() else { return Vec::new() };
    let core = page.core();
    let Ok(core) = core.try_borrow() else { return Vec::new() };
    let mut carets: Vec<(u32, String, String)> = people
        .values()
        .filter_map(|p| {
            let caret = p.caret.as_ref().filter(|c| c.node == node && c.field == field)?;
            let at = core.replica.find_place(&node, &field, &caret.head)?;
            Some((at, crate::web::canvas::live::people::color(&p.user), p.user.name.clone()))
        })
        .collect();
    carets.sort();
    carets
}

/// The text once more, unseen, with the carets where they belong.
fn mirror(page: Page, key: Key, carets: Vec<(u32, String, String)>) -> impl IntoView {
    let text = key
        .try_get_value()
        .and_then(|(node, field)| page.core().borrow().replica.text(&node, &field))
        .unwrap_or_default();
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut from = 0;
    let mut parts = Vec::new();
    for (at, color, name) in carets {
        let at = (at as usize).min(units.len()).max(from);
        let piece = String::from_utf16_lossy(&units[from..at]);
        from = at;
        let style = format!("--pc:{color}");
        parts.push(
            view! {
                <span>{piece}</span>
                <i class="caret" data-p="x" style=style><b>{name}</b></i>
            }
            .into_any(),
        );
    }
    let rest = String::from_utf16_lossy(&units[from..]);
    view! { <div class="mirror" aria-hidden="true">{parts}<span>{rest}</span></div> }
}

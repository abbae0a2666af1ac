//! Small things the browser is asked for.

use crate::core::keymap::Press;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

/// The first element that matches.
pub fn query(selector: &str) -> Option<web_sys::Element> {
    document().query_selector(selector).ok().flatten()
}

/// Moves keyboard focus without scrolling the page.
pub fn focus(element: &web_sys::Element) {
    if let Some(element) = element.dyn_ref::<web_sys::HtmlElement>() {
        let options = web_sys::FocusOptions::new();
        options.set_prevent_scroll(true);
        // What cannot take focus stays as it is.
        let _focused = element.focus_with_options(&options);
    }
}

/// Shows an element with the attribute `popover` above everything, whatever it is in. A browser that does not know
/// popovers leaves it where it is.
pub fn to_top_layer(element: &web_sys::HtmlElement) {
    let show = js_sys::Reflect::get(element, &"showPopover".into());
    if let Ok(show) = show.and_then(|show| show.dyn_into::<js_sys::Function>())
        && let Err(cause) = show.call0(element)
    {
        web_sys::console::warn_1(&cause);
    }
}

/// Listens to events of which the browser's own effect may be prevented: it does not wait for listeners to the wheel and
/// to touches that do not say so. Returns what ends it.
pub fn listen_actively<E: wasm_bindgen::convert::FromWasmAbi + 'static>(
    target: &web_sys::EventTarget,
    name: &'static str,
    f: impl FnMut(E) + 'static,
) -> impl FnOnce() + Send + Sync + 'static {
    let closure = wasm_bindgen::closure::Closure::<dyn FnMut(E)>::new(f);
    let options = web_sys::AddEventListenerOptions::new();
    options.set_passive(false);
    let listener: &js_sys::Function = closure.as_ref().unchecked_ref();
    let listening = target
        .add_event_listener_with_callback_and_add_event_listener_options(name, listener, &options);
    if let Err(cause) = listening {
        web_sys::console::warn_1(&cause);
    }
    let held = StoredValue::new_local((target.clone(), closure));
    move || {
        held.try_with_value(|(target, closure)| {
            let listener = closure.as_ref().unchecked_ref();
            // One that was never added is gone as well.
            let _removed = target.remove_event_listener_with_callback(name, listener);
        });
    }
}

/// Runs something some animation frames from now.
pub fn after_frames(frames: u8, f: impl FnOnce() + 'static) {
    request_animation_frame(move || {
        if frames <= 1 {
            f();
        } else {
            after_frames(frames - 1, f);
        }
    });
}

/// Takes keyboard focus from a button of the canvas's bars and panels after a click of the mouse: the next Space pans,
/// and does not press it again.
pub fn release_button(click: &web_sys::MouseEvent) {
    // 0: pressed by key, or by assistive technology.
    if click.detail() == 0 {
        return;
    }
    let target = click.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let button = target.and_then(|t| t.closest("[data-floating] button").ok().flatten());
    let Some(button) = button.and_then(|b| b.dyn_into::<web_sys::HtmlElement>().ok()) else {
        return;
    };
    // What the click opened may have taken focus.
    let has_focus = document().active_element().as_ref() == Some(button.as_ref());
    if has_focus && !button.has_attribute("aria-haspopup") {
        // Nothing else to do where it does not lose focus.
        let _left = button.blur();
    }
}

/// True if an event came from inside of an element that matches.
pub fn came_from(e: &web_sys::Event, selector: &str) -> bool {
    let target = e.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|target| target.closest(selector).ok().flatten().is_some())
}

/// Number of frames that [`once_there`] looks for an element.
const LOOKS_MAX: u16 = 240;

/// Does something with an element as soon as it is in the page: what was just added is drawn within the next frames, on
/// a busy machine later.
pub fn once_there(selector: String, f: impl FnOnce(web_sys::Element) + 'static) {
    // The first frame takes away what is there still and will not be.
    after_frames(1, move || look(selector, LOOKS_MAX, f));
}

fn look(selector: String, looks: u16, f: impl FnOnce(web_sys::Element) + 'static) {
    after_frames(1, move || match query(&selector) {
        Some(element) => f(element),
        None if looks > 0 => look(selector, looks - 1, f),
        None => {}
    });
}

/// Puts a value into a field and selects all of it, ready to be typed over.
pub fn begin(input: &web_sys::HtmlInputElement, value: &str) {
    input.set_value(value);
    focus(input);
    input.select();
}

/// Does something now and then while the page is seen, and whenever somebody comes back to it, until its owner goes.
pub fn while_seen(every: std::time::Duration, f: impl Fn() + Copy + 'static) {
    let seen = move || {
        if !document().hidden() {
            f();
        }
    };
    let back = window_event_listener(leptos::ev::focus, move |_| seen());
    on_cleanup(move || back.remove());
    match set_interval_with_handle(seen, every) {
        Ok(timer) => on_cleanup(move || timer.clear()),
        Err(error) => web_sys::console::warn_1(&error),
    }
}

/// True if panels are sheets at the bottom of the screen; as in `canvas.css`.
pub fn is_narrow() -> bool {
    const WIDTH: f64 = 720.0;
    window().inner_width().ok().and_then(|width| width.as_f64()).is_some_and(|width| width <= WIDTH)
}

/// The fields that texts on the canvas are written in.
pub const WRITTEN: &str = "textarea, [contenteditable=\"true\"]";

/// True if this is a field of several lines.
pub fn is_written(element: &web_sys::Element) -> bool {
    element.matches(WRITTEN).unwrap_or(false)
}

/// True if keys go into a text field.
pub fn typing() -> bool {
    document().active_element().is_some_and(|e| {
        let tag = e.tag_name();
        is_written(&e)
            || tag == "SELECT"
            || (tag == "INPUT" && e.get_attribute("type").as_deref() != Some("range"))
    })
}

/// A key that went down, without what has focus; `key` and `code` are the event's.
pub fn press<'e>(e: &web_sys::KeyboardEvent, key: &'e str, code: &'e str) -> Press<'e> {
    Press {
        key,
        code,
        command: e.ctrl_key() || e.meta_key(),
        shift: e.shift_key(),
        alt: e.alt_key(),
        alt_graph: e.get_modifier_state("AltGraph"),
        ..Press::default()
    }
}

/// True if a key belongs to the input method of somebody who composes a character. Safari ends the composition before
/// it tells of the key that ended it, whose code is then 229.
pub fn is_composing(e: &web_sys::KeyboardEvent) -> bool {
    e.is_composing() || e.key_code() == 229
}

/// True if files are dragged.
pub fn has_files(data: &web_sys::DataTransfer) -> bool {
    data.types().includes(&"Files".into(), 0)
}

/// True if keys go to a slider.
pub fn on_slider() -> bool {
    document().active_element().is_some_and(|e| {
        e.get_attribute("type").as_deref() == Some("range")
            || e.get_attribute("role").as_deref() == Some("slider")
    })
}

/// The value of the input an event came from.
pub fn value(e: &web_sys::Event) -> String {
    let target = e.target();
    let input = target.as_ref().and_then(|t| t.dyn_ref::<web_sys::HtmlInputElement>());
    if let Some(input) = input {
        return input.value();
    }
    if let Some(area) = target.as_ref().and_then(|t| t.dyn_ref::<web_sys::HtmlTextAreaElement>()) {
        return area.value();
    }
    let select = target.as_ref().and_then(|t| t.dyn_ref::<web_sys::HtmlSelectElement>());
    select.map(web_sys::HtmlSelectElement::value).unwrap_or_default()
}

/// Shortcuts as this machine's keyboard has them: "Mod K" is "Ctrl K", and "⌘ K" on a Mac.
pub fn keys(text: &str) -> String {
    let platform = window().navigator().platform().unwrap_or_default();
    let apple = ["Mac", "iPhone", "iPad"].iter().any(|name| platform.starts_with(name));
    text.replace("Mod", if apple { "⌘" } else { "Ctrl" })
}

/// Words for people in the place of what the browser said, which goes to the console.
pub fn because(cause: &wasm_bindgen::JsValue, words: &'static str) -> &'static str {
    web_sys::console::warn_1(cause);
    words
}

/// Arrow keys move among the cells of a grid, by what lies where.
pub fn arrows(e: &web_sys::KeyboardEvent, grid: &str, cell: &str) {
    let forward = match e.key().as_str() {
        "ArrowRight" | "ArrowDown" => true,
        "ArrowLeft" | "ArrowUp" => false,
        _ => return,
    };
    let rows = matches!(e.key().as_str(), "ArrowDown" | "ArrowUp");
    let Some(cells) = query(grid) else { return };
    let Ok(list) = cells.query_selector_all(cell) else { return };
    let nodes: Vec<web_sys::Element> = (0..list.length())
        .filter_map(|i| wasm_bindgen::JsCast::dyn_into(list.get(i)?).ok())
        .collect();
    let Some(now) = document().active_element() else { return };
    let Some(i) = nodes.iter().position(|c| *c == now) else { return };
    let top = |n: usize| nodes[n].get_bounding_client_rect().top();
    let across =
        nodes.iter().take_while(|c| c.get_bounding_client_rect().top() <= top(0) + 1.0).count();
    let step = if rows { across.max(1) } else { 1 };
    let to = if forward { i + step } else { i.wrapping_sub(step) };
    if let Some(cell) = nodes.get(to) {
        e.prevent_default();
        focus(cell);
        cell.scroll_into_view_with_scroll_into_view_options(&nearest());
    }
}

/// Scrolls no further than it takes to see the element.
pub fn nearest() -> web_sys::ScrollIntoViewOptions {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    options
}

/// Moves focus among the buttons of a menu.
pub fn step_in_menu(menu: &web_sys::Element, forward: bool) {
    use wasm_bindgen::JsCast as _;
    let Ok(list) = menu.query_selector_all("button:not([disabled])") else { return };
    let buttons: Vec<web_sys::Element> =
        (0..list.length()).filter_map(|i| list.get(i)?.dyn_into().ok()).collect();
    let now = document().active_element();
    let at = now.and_then(|n| buttons.iter().position(|b| *b == n));
    let n = buttons.len();
    if n == 0 {
        return;
    }
    let to = match (at, forward) {
        (Some(i), true) => (i + 1) % n,
        (Some(i), false) => (i + n - 1) % n,
        (None, true) => 0,
        (None, false) => n - 1,
    };
    focus(&buttons[to]);
}

//! Menus that float at a button: arrow keys move, Escape and a click elsewhere close, focus goes back.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::web::dom;
use crate::web::ui::icons::icon;

/// Space kept to the edges of the window, in px.
const EDGE: f64 = 8.0;

/// A floating menu at `anchor`, open for as long as it is in the page. Its children are [`MenuItem`]s.
#[component]
pub fn Menu(
    /// Name of the menu, for assistive technology.
    #[prop(into)]
    label: String,
    /// The element it belongs to.
    anchor: web_sys::HtmlElement,
    /// True if it opens to the right of its anchor instead of below.
    #[prop(optional)]
    is_beside: bool,
    /// A further class.
    #[prop(optional)]
    class: &'static str,
    /// Asked to close.
    on_close: Callback<()>,
    /// Items, `<hr/>` and notes.
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<leptos::html::Div>::new();
    let layer = NodeRef::<leptos::html::Div>::new();
    let held = StoredValue::new_local(anchor);
    Effect::new(move |_| {
        let (Some(layer), Some(menu)) = (layer.get(), node.get()) else { return };
        dom::to_top_layer(&layer);
        // At once, and not by a signal: what is not visible yet takes no focus.
        let style = held.with_value(|anchor| placed(anchor, &menu, is_beside));
        web_sys::HtmlElement::style(&menu).set_css_text(&style);
        move_focus(&menu, Step::First);
    });
    let close = move || {
        held.with_value(focus);
        on_close.run(());
    };
    let keys = move |event: web_sys::KeyboardEvent| {
        let Some(menu) = node.get_untracked() else { return };
        let step = match event.key().as_str() {
            "ArrowDown" | "ArrowRight" => Step::Next,
            "ArrowUp" | "ArrowLeft" => Step::Back,
            "Home" => Step::First,
            "End" => Step::Last,
            "Escape" | "Tab" => {
                event.prevent_default();
                event.stop_propagation();
                close();
                return;
            }
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        move_focus(&menu, step);
    };
    view! {
        <div class="menu-layer" popover="manual" data-floating node_ref=layer>
            <div class="menu-back" on:pointerdown=move |_| on_close.run(())></div>
            <div
                class=format!("menu is-floating {class}")
                role="menu"
                aria-label=label
                node_ref=node
                style="visibility:hidden"
                on:keydown=keys
            >
                {children()}
            </div>
        </div>
    }
}

/// One line of a [`Menu`].
#[component]
pub fn MenuItem(
    /// Icon.
    name: &'static str,
    /// Word.
    #[prop(into)]
    label: String,
    /// True if it destroys something.
    #[prop(optional)]
    danger: bool,
    /// True if it is the chosen one of several.
    #[prop(optional)]
    on: bool,
    /// Action of the item; the menu should close with it.
    run: Callback<()>,
) -> impl IntoView {
    let class = if danger { "menu-item danger" } else { "menu-item" };
    view! {
        <button class=class role="menuitem" type="button" on:click=move |_| run.run(())>
            {icon(name)}
            <span>{label}</span>
            {on.then(|| view! { <span class="end">{icon("check")}</span> })}
        </button>
    }
}

fn placed(anchor: &web_sys::HtmlElement, menu: &web_sys::HtmlElement, is_beside: bool) -> String {
    let (at, size) = (anchor.get_bounding_client_rect(), menu.get_bounding_client_rect());
    let length = |value: Result<wasm_bindgen::JsValue, wasm_bindgen::JsValue>| {
        value.ok().and_then(|v| v.as_f64()).unwrap_or_default()
    };
    let (width, height) = (length(window().inner_width()), length(window().inner_height()));
    let most = |from: f64, size: f64, window: f64| from.min(window - size - EDGE).max(EDGE);
    if is_beside && at.right() + size.width() + 2.0 * EDGE <= width {
        let top = most(at.top(), size.height(), height);
        return format!("left:{:.0}px;top:{top:.0}px", at.right() + EDGE);
    }
    let ends = at.right() - size.width();
    let left = if ends < EDGE { most(at.left(), size.width(), width) } else { ends };
    let below = at.bottom() + 4.0;
    let top = if below + size.height() + EDGE <= height {
        below
    } else {
        (at.top() - size.height() - 4.0).max(EDGE)
    };
    format!("left:{left:.0}px;top:{top:.0}px")
}

#[derive(Clone, Copy)]
enum Step {
    First,
    Last,
    Next,
    Back,
}

fn move_focus(menu: &web_sys::HtmlElement, step: Step) {
    let Ok(found) = menu.query_selector_all("[role^=menuitem]:not([disabled])") else { return };
    let items: Vec<web_sys::HtmlElement> =
        (0..found.length()).filter_map(|i| found.item(i)?.dyn_into().ok()).collect();
    if items.is_empty() {
        return;
    }
    let active = document().active_element();
    let here = items.iter().position(|item| Some(item.as_ref()) == active.as_ref());
    let last = items.len() - 1;
    let next = match (step, here) {
        (Step::First, _) | (Step::Next, None) => 0,
        (Step::Last, _) | (Step::Back, None) => last,
        (Step::Next, Some(i)) => {
            if i == last {
                0
            } else {
                i + 1
            }
        }
        (Step::Back, Some(i)) => {
            if i == 0 {
                last
            } else {
                i - 1
            }
        }
    };
    focus(&items[next]);
}

fn focus(element: &web_sys::HtmlElement) {
    if element.focus().is_err() {
        web_sys::console::warn_1(&"focus was refused".into());
    }
}

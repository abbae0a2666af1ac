//! The caret in an editable element: where it is and where it goes, counted in the UTF-16 units of its text. Its
//! children are its lines; a line feed stands between two of them.

use js_sys::{Function, Object, Reflect};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::core::geometry::Point;

#[wasm_bindgen]
extern "C" {
    /// A stretch of the page; of it only what `web-sys` would add another feature for.
    #[derive(Clone)]
    pub type Range;

    #[wasm_bindgen(method, getter, js_name = startContainer)]
    pub fn start_container(this: &Range) -> web_sys::Node;
    #[wasm_bindgen(method, getter, js_name = startOffset)]
    pub fn start_offset(this: &Range) -> u32;
    #[wasm_bindgen(method, getter, js_name = endContainer)]
    pub fn end_container(this: &Range) -> web_sys::Node;
    #[wasm_bindgen(method, getter, js_name = endOffset)]
    pub fn end_offset(this: &Range) -> u32;
    #[wasm_bindgen(method, catch, js_name = setStart)]
    fn set_start(this: &Range, node: &web_sys::Node, offset: u32) -> Result<(), JsValue>;
    #[wasm_bindgen(method, js_name = getBoundingClientRect)]
    fn bounds(this: &Range) -> web_sys::DomRect;

    type RangeMaker;
    #[wasm_bindgen(method, js_name = createRange)]
    fn create(this: &RangeMaker) -> Range;
}

fn units(text: &str) -> u32 {
    crate::core::textdiff::utf16_len(text)
}

fn text_of(node: &web_sys::Node) -> String {
    node.text_content().unwrap_or_default()
}

/// The text of an editable element, its lines joined by line feeds.
pub fn text(field: &web_sys::Element) -> String {
    let lines = field.child_nodes();
    let line = |n| lines.item(n).map(|line| text_of(&line)).unwrap_or_default();
    (0..lines.length()).map(line).collect::<Vec<_>>().join("\n")
}

/// The offset of a place in the page within an editable element; `None` outside of it.
pub fn offset_of(field: &web_sys::Element, node: &web_sys::Node, offset: u32) -> Option<u32> {
    let lines = field.child_nodes();
    let start_of = |line: u32| -> u32 {
        (0..line).filter_map(|n| lines.item(n)).map(|line| units(&text_of(&line)) + 1).sum()
    };
    if node == &**field {
        let start = start_of(offset);
        return Some(if offset < lines.length() { start } else { start.saturating_sub(1) });
    }
    if !field.contains(Some(node)) {
        return None;
    }
    let mut at = offset;
    if node.node_type() != web_sys::Node::TEXT_NODE {
        let children = node.child_nodes();
        at =
            (0..offset).filter_map(|n| children.item(n)).map(|child| units(&text_of(&child))).sum();
    }
    let mut place = node.clone();
    while let Some(parent) = place.parent_node() {
        let mut before = place.previous_sibling();
        let is_line = parent == **field;
        while let Some(sibling) = before {
            at += units(&text_of(&sibling)) + u32::from(is_line);
            before = sibling.previous_sibling();
        }
        if is_line {
            return Some(at);
        }
        place = parent;
    }
    None
}

/// The place in the page of an offset.
pub fn place_of(field: &web_sys::Element, offset: u32) -> (web_sys::Node, u32) {
    let lines = field.child_nodes();
    let mut rest = offset;
    for n in 0..lines.length() {
        let Some(line) = lines.item(n) else { continue };
        let len = units(&text_of(&line));
        if rest <= len || n + 1 == lines.length() {
            return place_in(&line, rest.min(len)).unwrap_or((line, 0));
        }
        rest -= len + 1;
    }
    (field.clone().into(), 0)
}

fn place_in(node: &web_sys::Node, mut rest: u32) -> Option<(web_sys::Node, u32)> {
    if node.node_type() == web_sys::Node::TEXT_NODE {
        return Some((node.clone(), rest));
    }
    let children = node.child_nodes();
    let mut last = None;
    for child in (0..children.length()).filter_map(|n| children.item(n)) {
        let len = units(&text_of(&child));
        if len > 0 && rest <= len {
            return place_in(&child, rest);
        }
        rest -= len;
        last = place_in(&child, len).or(last);
    }
    last
}

/// Where the selection begins and ends in an editable element, as somebody made it: from its anchor to its head.
pub fn selected(field: &web_sys::Element) -> Option<(u32, u32)> {
    let selection = window().get_selection().ok().flatten()?;
    let anchor = offset_of(field, &selection.anchor_node()?, selection.anchor_offset())?;
    let head = offset_of(field, &selection.focus_node()?, selection.focus_offset())?;
    Some((anchor, head))
}

/// Selects a stretch of an editable element that has focus.
pub fn select(field: &web_sys::Element, (anchor, head): (u32, u32)) {
    let Ok(Some(selection)) = window().get_selection() else { return };
    let ((from, at), (to, end)) = (place_of(field, anchor), place_of(field, head));
    if let Err(cause) = selection.set_base_and_extent(&from, at, &to, end) {
        web_sys::console::warn_1(&cause);
    }
}

/// Puts the caret to the end of an editable element, or to its beginning.
pub fn put_into(field: &web_sys::Element, is_at_end: bool) {
    let at = if is_at_end { units(&text(field)) } else { 0 };
    select(field, (at, at));
}

/// Puts the caret where the pointer is, by whichever of the two ways this browser has.
pub fn put_at_point(point: Point) {
    let document = document();
    let ask = |name: &str| -> Option<JsValue> {
        let way = Reflect::get(&document, &name.into()).ok()?.dyn_into::<Function>().ok()?;
        let found = way.call2(&document, &point.x.into(), &point.y.into()).ok()?;
        (!found.is_null()).then_some(found)
    };
    let read = |found: &JsValue, node: &str, offset: &str| -> Option<(web_sys::Node, u32)> {
        let node = Reflect::get(found, &node.into()).ok()?.dyn_into().ok()?;
        let offset = Reflect::get(found, &offset.into()).ok()?.as_f64()?;
        Some((node, offset as u32))
    };
    let by_position = || read(&ask("caretPositionFromPoint")?, "offsetNode", "offset");
    let by_range = || read(&ask("caretRangeFromPoint")?, "startContainer", "startOffset");
    if let Some((node, offset)) = by_position().or_else(by_range)
        && let Ok(Some(selection)) = window().get_selection()
        && let Err(cause) = selection.set_base_and_extent(&node, offset, &node, offset)
    {
        web_sys::console::warn_1(&cause);
    }
}

/// Left, top and height of a caret at an offset, in px of the screen.
pub fn bounds_at(field: &web_sys::Element, offset: u32) -> Option<(f64, f64, f64)> {
    let (node, at) = place_of(field, offset);
    let range = document().unchecked_ref::<RangeMaker>().create();
    range.set_start(&node, at).ok()?;
    let bounds = range.bounds();
    if bounds.height() > 0.0 {
        return Some((bounds.left(), bounds.top(), bounds.height()));
    }
    // An empty line has no letter to measure.
    let line: web_sys::Element = node.dyn_into().ok()?;
    let bounds = line.get_bounding_client_rect();
    Some((bounds.left(), bounds.top(), bounds.height()))
}

/// Scrolls an editable element so that the caret at an offset can be seen: a browser does that only for what it writes
/// itself.
pub fn reveal(field: &web_sys::HtmlElement, offset: u32) {
    let Some((_, top, height)) = bounds_at(field, offset) else { return };
    let own = field.get_bounding_client_rect();
    let scale = own.height() / f64::from(field.offset_height().max(1));
    let above = own.top() - top;
    let below = top + height - own.bottom();
    let missing = if above > 0.0 { -above } else { below.max(0.0) };
    if missing != 0.0 && scale > 0.0 {
        field.set_scroll_top(field.scroll_top() + (missing / scale).round() as i32);
    }
}

/// The stretch of the page that an input event is about to change.
pub fn target_range(e: &web_sys::InputEvent) -> Option<Range> {
    let ranges = Reflect::get(e, &"getTargetRanges".into()).ok()?.dyn_into::<Function>().ok()?;
    let first = js_sys::Array::from(&ranges.call0(e).ok()?).get(0);
    first.is_instance_of::<Object>().then(|| first.unchecked_into())
}

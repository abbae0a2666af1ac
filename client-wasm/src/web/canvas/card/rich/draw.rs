//! Lines as elements, and others' carets over them.

use gesso_protocol::schema::{Block, Piece};
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::core::rich::Line;
use crate::web::caret;

/// Another's caret: left, top and height in px of the field, colour and name.
pub(super) type ShownCaret = (f64, f64, f64, String, String);

/// Draws lines into a field; `drawn` are those that its elements show, where that is known.
pub(super) fn draw(field: &web_sys::Element, lines: &[Line], drawn: Option<&Vec<Line>>) {
    if let Err(cause) = try_draw(field, lines, drawn) {
        web_sys::console::error_1(&cause);
    }
}

fn try_draw(
    field: &web_sys::Element,
    lines: &[Line],
    drawn: Option<&Vec<Line>>,
) -> Result<(), JsValue> {
    let children = field.child_nodes();
    // What an input method left is drawn anew.
    let drawn = drawn.filter(|drawn| drawn.len() == children.length() as usize);
    let old = drawn.map_or(&[][..], Vec::as_slice);
    let same = |(was, is): &(&Line, &Line)| was.looks_like(is);
    let head = old.iter().zip(lines).take_while(same).count();
    let rest = old.len().min(lines.len()) - head;
    let tail = old.iter().rev().zip(lines.iter().rev()).take(rest).take_while(same).count();
    let kept = if drawn.is_some() { head + tail } else { 0 };
    while children.length() as usize > kept {
        let Some(surplus) = children.item(head as u32) else { break };
        field.remove_child(&surplus)?;
    }
    let before = children.item(head as u32);
    for line in &lines[head..lines.len() - tail] {
        field.insert_before(&*element(line)?, before.as_ref())?;
    }
    let is_empty = lines.len() == 1 && lines[0].len == 0 && lines[0].block == Block::Paragraph;
    field.toggle_attribute_with_force("data-empty", is_empty)?;
    Ok(())
}

fn element(line: &Line) -> Result<web_sys::Element, JsValue> {
    let element = document().create_element("div")?;
    element.set_class_name("ln");
    if line.block != Block::Paragraph {
        element.set_attribute("data-b", line.block.id())?;
    }
    if line.pieces.is_empty() {
        // An empty line has its height by this.
        element.append_child(&*document().create_element("br")?)?;
    }
    for piece in &line.pieces {
        element.append_child(&*piece_element(piece)?)?;
    }
    Ok(element)
}

fn piece_element(piece: &Piece) -> Result<web_sys::Element, JsValue> {
    let format = &piece.format;
    let element = document().create_element(if format.link.is_some() { "a" } else { "span" })?;
    let marks = [
        (format.bold, "is-b"),
        (format.italic, "is-i"),
        (format.strike, "is-s"),
        (format.mention.is_some(), "is-mention"),
    ];
    let marks: Vec<&str> =
        marks.iter().filter(|(is_on, _)| *is_on).map(|(_, name)| *name).collect();
    if !marks.is_empty() {
        element.set_class_name(&marks.join(" "));
    }
    if let Some(link) = &format.link {
        element.set_attribute("href", link)?;
        element.set_attribute("rel", "noopener noreferrer")?;
    }
    match format.background.as_deref() {
        Some(color) if color.starts_with('#') => {
            // What is no colour is not taken.
            let style = element.unchecked_ref::<web_sys::HtmlElement>().style();
            style.set_property("background-color", color)?;
        }
        Some(name) => element.set_attribute("data-n", name)?,
        None => {}
    }
    element.set_text_content(Some(&piece.text));
    Ok(element)
}

/// Others' carets as elements over a field.
pub(super) fn caret_views(carets: RwSignal<Vec<ShownCaret>>) -> impl IntoView {
    let caret = |(left, top, height, color, name): ShownCaret| {
        let style = format!("--pc:{color};left:{left:.1}px;top:{top:.1}px;height:{height:.1}px");
        view! { <i class="caret" data-p="x" style=style><b>{name}</b></i> }
    };
    move || carets.get().into_iter().map(caret).collect_view()
}

/// Others' carets, in px of the field.
pub(super) fn carets(
    field: &web_sys::HtmlElement,
    others: Vec<(u32, String, String)>,
) -> Vec<ShownCaret> {
    // Asking where anything is has the browser lay the whole page out.
    if others.is_empty() {
        return Vec::new();
    }
    let own = field.get_bounding_client_rect();
    let scale = own.width() / f64::from(field.offset_width().max(1));
    if scale <= 0.0 {
        return Vec::new();
    }
    let place = |(at, color, name): (u32, String, String)| {
        let (left, top, height) = caret::bounds_at(field, at)?;
        Some(((left - own.left()) / scale, (top - own.top()) / scale, height / scale, color, name))
    };
    others.into_iter().filter_map(place).collect()
}

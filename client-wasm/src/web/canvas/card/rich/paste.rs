//! What other programs put on the clipboard, as pieces of a text: headings, lists, bold, italic, struck and linked
//! letters of HTML, else plain text.

use gesso_protocol::schema::{Block, Format, Piece, is_link, push_piece};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};

/// Deepest element that is read: beyond it there is no text of people.
const DEPTH_MAX: u32 = 100;

#[wasm_bindgen]
extern "C" {
    type DOMParser;
    #[wasm_bindgen(constructor)]
    fn new() -> DOMParser;
    #[wasm_bindgen(method, catch, js_name = parseFromString)]
    fn parse(this: &DOMParser, text: &str, kind: &str) -> Result<web_sys::Document, JsValue>;
}

/// The plain text that an input event carries.
pub(super) fn plain_of(e: &web_sys::InputEvent) -> Option<String> {
    let data = js_sys::Reflect::get(e, &"dataTransfer".into()).ok()?;
    data.dyn_into::<web_sys::DataTransfer>().ok()?.get_data("text/plain").ok()
}

/// What was copied; `None` where there is no text.
pub(super) fn pieces_of(data: &web_sys::DataTransfer) -> Option<Vec<Piece>> {
    let get = |kind| data.get_data(kind).ok().filter(|text| !text.is_empty());
    let from_html = get("text/html").and_then(|html| pieces_of_html(&html));
    from_html.or_else(|| {
        let text = gesso_protocol::schema::lines(&get("text/plain")?).into_owned();
        Some(vec![Piece { text, format: Format::default() }])
    })
}

fn pieces_of_html(html: &str) -> Option<Vec<Piece>> {
    let page = DOMParser::new().parse(html, "text/html").ok()?;
    let mut reading = Reading::default();
    let body = page.body()?;
    reading.children(&body, &Format::default(), Block::Paragraph, 0);
    let mut pieces = reading.pieces;
    // What ends the last line is not a line more, unless it says what the line is.
    if let Some(last) = pieces.last_mut()
        && last.format.block == Block::Paragraph
        && last.text.ends_with('\n')
    {
        last.text.pop();
    }
    pieces.retain(|piece| !piece.text.is_empty());
    (!pieces.is_empty()).then_some(pieces)
}

#[derive(Default)]
struct Reading {
    pieces: Vec<Piece>,
    /// True if the line in hand has letters.
    has_letters: bool,
}

impl Reading {
    fn push(&mut self, text: &str, format: Format) {
        push_piece(&mut self.pieces, text, format);
    }

    fn end_line(&mut self, block: Block) {
        self.push("\n", Format { block, ..Format::default() });
        self.has_letters = false;
    }

    fn children(&mut self, node: &web_sys::Node, format: &Format, block: Block, depth: u32) {
        let children = node.child_nodes();
        for child in (0..children.length()).filter_map(|n| children.item(n)) {
            if child.node_type() == web_sys::Node::TEXT_NODE {
                self.letters(&child.text_content().unwrap_or_default(), format);
            } else if let Some(element) = child.dyn_ref::<web_sys::HtmlElement>()
                && depth < DEPTH_MAX
            {
                self.element(element, format, block, depth + 1);
            }
        }
    }

    /// White space is one space, as it is shown.
    fn letters(&mut self, text: &str, format: &Format) {
        let mut words = String::new();
        for c in text.chars() {
            let is_space = matches!(c, ' ' | '\t' | '\n' | '\r');
            if !is_space {
                words.push(c);
            } else if !words.ends_with(' ') && (self.has_letters || !words.is_empty()) {
                words.push(' ');
            }
        }
        if !words.is_empty() {
            self.has_letters = true;
            self.push(&words, format.clone());
        }
    }

    fn element(
        &mut self,
        element: &web_sys::HtmlElement,
        format: &Format,
        block: Block,
        depth: u32,
    ) {
        let tag = element.tag_name().to_ascii_lowercase();
        let format = marked(element, &tag, format);
        let own = match tag.as_str() {
            "script" | "style" | "head" | "title" | "template" | "meta" => return,
            "br" => return self.end_line(block),
            "td" | "th" => {
                self.children(element, &format, block, depth);
                if element.next_element_sibling().is_some() {
                    self.has_letters = true;
                    self.push("\t", Format::default());
                }
                return;
            }
            "h1" => Some(Block::Heading1),
            "h2" => Some(Block::Heading2),
            "h3" | "h4" | "h5" | "h6" => Some(Block::Heading3),
            "li" => Some(match element.closest("ol, ul").ok().flatten() {
                Some(list) if list.tag_name() == "OL" => Block::Ordered,
                _ => Block::Bullet,
            }),
            "p" | "div" | "tr" | "blockquote" | "pre" | "section" | "article" | "ul" | "ol"
            | "table" => Some(block),
            _ => None,
        };
        let Some(own) = own else { return self.children(element, &format, block, depth) };
        if self.has_letters {
            self.end_line(block);
        }
        self.children(element, &format, own, depth);
        if self.has_letters {
            self.end_line(own);
        }
    }
}

/// The format of what stands in an element.
fn marked(element: &web_sys::HtmlElement, tag: &str, format: &Format) -> Format {
    let mut format = format.clone();
    let style = |name: &str| element.style().get_property_value(name).unwrap_or_default();
    let weight = style("font-weight");
    // Google Docs wraps everything in a `<b>` that is not bold.
    let is_light = matches!(weight.as_str(), "normal" | "400");
    format.bold |= matches!(tag, "b" | "strong") && !is_light;
    format.bold |= weight == "bold" || weight.parse::<u32>().is_ok_and(|weight| weight >= 600);
    format.italic |= matches!(tag, "i" | "em") || style("font-style") == "italic";
    let line = format!("{} {}", style("text-decoration"), style("text-decoration-line"));
    format.strike |= matches!(tag, "s" | "strike" | "del") || line.contains("line-through");
    if let Some(address) = element.get_attribute("href").filter(|link| tag == "a" && is_link(link))
    {
        format.link = Some(address);
    }
    format
}

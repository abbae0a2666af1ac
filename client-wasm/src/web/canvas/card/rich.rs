//! A formatted text on the canvas that several people write in at once.
//!
//! The field is an editable element that draws what the shared text holds. What a person asks for is told by
//! `beforeinput` and written into the shared text, which is then drawn again; only what an input method composes
//! changes the element first, and is read from it when it is done (`core/textdiff.rs`).

mod draw;
mod paste;

use std::cell::RefCell;
use std::rc::Rc;

use gesso_protocol::schema::{Block, Format, Piece};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use super::text::{self, Key};
use crate::core::rich::{self, Line, Mark, Step};
use crate::core::rights::Right;
use crate::core::textdiff;
use crate::web::canvas::store::overlays::{FormatCommand, Mentioning, Writing};
use crate::web::canvas::store::page::Page;
use crate::web::{caret, dom};

/// The memory of a field between events.
#[derive(Default)]
struct Field {
    /// The lines as this code last drew them, or as they are in the shared text while an input method composes.
    drawn: Vec<Line>,
    /// The text that the element shows, as far as this code knows.
    shown: String,
    /// True if the element may differ from them.
    is_touched: bool,
    is_composing: bool,
    typed_ms: f64,
    /// What is selected, from anchor to head, as it was last.
    selected: (u32, u32),
    /// The format of what is typed next, where somebody chose one with nothing selected.
    next: Option<Format>,
    /// Where an `@` stands that somebody did not want to name a node with.
    declined: Option<u32>,
}

impl Field {
    fn range(&self) -> (u32, u32) {
        let (anchor, head) = self.selected;
        (anchor.min(head), anchor.max(head))
    }
}

/// A field with what it needs to work.
#[derive(Clone)]
struct Rich {
    page: Page,
    key: Key,
    area: NodeRef<html::Div>,
    state: Rc<RefCell<Field>>,
    /// Does what the bar of formats asks for.
    run: Callback<FormatCommand>,
    /// Names a node of the list that is open.
    take: Callback<usize>,
}

/// The formatted text of a node.
#[component]
pub fn RichField(
    page: Page,
    #[prop(into)] node: String,
    #[prop(into)] field: String,
    /// Name for assistive technology.
    #[prop(into)]
    label: String,
    #[prop(into)] placeholder: Signal<String>,
) -> impl IntoView {
    let Some(signals) = page.node(&node) else { return ().into_any() };
    let rich = Rich::new(page, node, field);
    let key = rich.key;
    let area = rich.area;
    let carets = RwSignal::new(Vec::<draw::ShownCaret>::new());
    let others = Memo::new(move |_| text::carets_of(page, key));
    let view = signals.view.clone();
    {
        let rich = rich.clone();
        Effect::new(move |_| {
            view.track();
            let others = others.get();
            let Some(area) = rich.area.get() else { return };
            rich.bring_in();
            carets.set(draw::carets(&area, others));
        });
    }
    {
        let rich = rich.clone();
        let moved = move |_: web_sys::Event| rich.moved();
        on_cleanup(dom::listen_actively(&document(), "selectionchange", moved));
    }
    let on = |act: fn(&Rich, web_sys::Event)| {
        let rich = rich.clone();
        move |e: web_sys::Event| act(&rich, e)
    };
    let keys = {
        let rich = rich.clone();
        move |e: web_sys::KeyboardEvent| rich.key_down(&e)
    };
    let blurred = {
        let rich = rich.clone();
        move |e: web_sys::FocusEvent| rich.left(&e)
    };
    let before = on(|rich, e| rich.before_input(e.unchecked_ref()));
    let input = on(|rich, _| rich.read_back());
    let begun = on(|rich, _| rich.state.borrow_mut().is_composing = true);
    let composed = on(|rich, _| {
        rich.state.borrow_mut().is_composing = false;
        rich.read_back();
    });
    let focused = on(|rich, _| {
        text::focused(rich.page, rich.key);
        rich.moved();
    });
    let pasted = on(|rich, e| rich.pasted(e.unchecked_ref()));
    let copied = on(|rich, e| rich.copied(e.unchecked_ref(), false));
    let cut = on(|rich, e| rich.copied(e.unchecked_ref(), true));
    let clicked = on(|_, e| follow_link(e.unchecked_ref()));
    view! {
        <div class="tf">
            <div
                node_ref=area
                class="rich"
                contenteditable=move || page.can(Right::Edit).to_string()
                aria-readonly=move || (!page.can(Right::Edit)).to_string()
                role="textbox"
                aria-multiline="true"
                spellcheck="false"
                aria-label=label
                aria-placeholder=placeholder
                data-hint=placeholder
                on:beforeinput=move |e| before(e.into())
                on:input=input
                on:compositionstart=move |e| begun(e.into())
                on:compositionend=move |e| composed(e.into())
                on:keydown=keys
                on:paste=move |e| pasted(e.into())
                on:copy=move |e| copied(e.into())
                on:cut=move |e| cut(e.into())
                on:click=move |e| clicked(e.into())
                on:dragstart=|e| e.prevent_default()
                on:focus=move |e| focused(e.into())
                on:blur=blurred
            ></div>
            <div class="carets" aria-hidden="true">
                {draw::caret_views(carets)}
            </div>
        </div>
    }
    .into_any()
}

/// A link in a text is followed with Ctrl or Command: a click alone puts the caret into it.
fn follow_link(e: &web_sys::MouseEvent) {
    let target = e.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let link = target.and_then(|target| target.closest("a[href]").ok().flatten());
    let Some(address) = link.and_then(|link| link.get_attribute("href")) else { return };
    e.prevent_default();
    if (e.ctrl_key() || e.meta_key())
        && let Err(cause) = window().open_with_url_and_target_and_features(
            &address,
            "_blank",
            "noopener,noreferrer",
        )
    {
        web_sys::console::warn_1(&cause);
    }
}

impl Rich {
    /// A field that nothing is drawn in yet; its owner is that of the view.
    fn new(page: Page, node: String, field: String) -> Self {
        let held = StoredValue::new_local(None::<Self>);
        let run = Callback::new(move |command| {
            if let Some(rich) = held.get_value() {
                rich.run(command);
            }
        });
        let take = Callback::new(move |place| {
            if let Some(rich) = held.get_value() {
                rich.name_node(place);
            }
        });
        // A bar over a card that left the page would ask nobody.
        let own = node.clone();
        on_cleanup(move || {
            page.overlays.writing.try_update(|writing| writing.take_if(|of| of.node == own));
            page.overlays.mentioning.try_set(None);
        });
        let key = StoredValue::new((node, field));
        let rich = Self { page, key, area: NodeRef::new(), state: Rc::default(), run, take };
        held.set_value(Some(rich.clone()));
        rich
    }

    fn field(&self) -> Option<web_sys::HtmlDivElement> {
        self.area.get_untracked()
    }

    /// What is selected, from its beginning to its end.
    fn range(&self) -> (u32, u32) {
        self.state.borrow().range()
    }

    /// The lines of the shared text.
    fn lines(&self) -> Option<Vec<Line>> {
        let (node, field) = self.key.try_get_value()?;
        let core = self.page.core();
        let core = core.borrow();
        Some(rich::lines(&core.replica.pieces(&node, &field)?))
    }

    /// Draws the shared text where the field differs from it.
    fn bring_in(&self) {
        let (Some(area), Some(lines)) = (self.field(), self.lines()) else { return };
        let mut state = self.state.borrow_mut();
        if state.is_composing || (!state.is_touched && state.drawn == lines) {
            return;
        }
        let is_in_focus = text::is_in_focus(&area);
        let selected = is_in_focus.then(|| {
            let (node, field) = self.key.get_value();
            let core = self.page.core();
            text::own_caret(&core.borrow(), &node, &field).unwrap_or(state.selected)
        });
        draw::draw(&area, &lines, (!state.is_touched).then_some(&state.drawn));
        state.shown = rich::plain(&lines, (0, lines.last().map_or(0, Line::end)));
        (state.drawn, state.is_touched) = (lines, false);
        if let Some(selected) = selected {
            state.selected = selected;
            caret::select(&area, selected);
        }
    }

    /// Writes steps into the shared text and puts the caret where it belongs then.
    fn write(&self, steps: &[Step], selected: (u32, u32)) {
        let Some((node, field)) = self.key.try_get_value() else { return };
        let changes = self.page.type_into(|core| {
            text::step(core, &mut self.state.borrow_mut().typed_ms);
            core.replica.edit_rich(&node, &field, steps)
        });
        let Some(changes) = changes else {
            // What may not be written does not stay in the element either.
            self.state.borrow_mut().is_touched = true;
            return self.bring_in();
        };
        self.state.borrow_mut().selected = selected;
        text::tell_caret(self.page, self.key, selected);
        self.page.draw(&changes);
        // Not only when the effect comes: the next key may be here before.
        self.bring_in();
        if self.state.borrow().is_composing {
            // The element is the input method's until it is done.
            if let Some(lines) = self.lines() {
                self.state.borrow_mut().drawn = lines;
            }
        } else if let Some(area) = self.field().filter(|area| text::is_in_focus(area)) {
            caret::select(&area, selected);
            caret::reveal(&area, selected.1);
        }
        self.tell_writing();
    }

    /// Replaces a stretch by letters in the format of where they come.
    fn put(&self, range: (u32, u32), letters: &str) {
        let lines = self.state.borrow().drawn.clone();
        let next = self.state.borrow_mut().next.take();
        let format = next.unwrap_or_else(|| rich::format_at(&lines, range.0));
        let letters = gesso_protocol::schema::lines(letters).into_owned();
        let pieces =
            if letters.is_empty() { Vec::new() } else { vec![Piece { text: letters, format }] };
        let (steps, at) = rich::replace(&lines, range, pieces);
        self.write(&steps, (at, at));
    }

    fn before_input(&self, e: &web_sys::InputEvent) {
        let kind = e.input_type();
        let Some(area) = self.field() else { return };
        if self.state.borrow().is_composing || kind == "insertCompositionText" {
            self.state.borrow_mut().is_touched = true;
            return;
        }
        e.prevent_default();
        self.moved();
        let selected = self.range();
        let asked = caret::target_range(e).and_then(|range| {
            let from = caret::offset_of(&area, &range.start_container(), range.start_offset())?;
            let to = caret::offset_of(&area, &range.end_container(), range.end_offset())?;
            Some((from.min(to), from.max(to)))
        });
        let range = asked.unwrap_or(selected);
        match kind.as_str() {
            "historyUndo" => self.page.undo(),
            "historyRedo" => self.page.redo(),
            "formatBold" => self.toggle(|f| f.bold, Mark::Bold),
            "formatItalic" => self.toggle(|f| f.italic, Mark::Italic),
            "formatStrikeThrough" => self.toggle(|f| f.strike, Mark::Strike),
            "insertParagraph" | "insertLineBreak" => self.enter(range),
            kind if kind.starts_with("delete") => self.delete(range, selected, kind),
            kind if kind.starts_with("insert") => {
                let letters = e.data().or_else(|| paste::plain_of(e)).unwrap_or_default();
                if !letters.is_empty() {
                    self.insert(range, &letters);
                }
            }
            _ => {}
        }
    }

    /// What is typed; a space after `#`, `-` or `1.` at the beginning of a line makes it a block.
    fn insert(&self, range: (u32, u32), letters: &str) {
        let asked = {
            let state = self.state.borrow();
            let line = state.drawn.get(rich::line_at(&state.drawn, range.0));
            line.filter(|line| {
                letters == " " && line.block == Block::Paragraph && range.0 == range.1
            })
            .and_then(|line| {
                let signs = rich::plain(&state.drawn, (line.at, range.0));
                Some((line.at, rich::asked_block(&signs)?))
            })
        };
        match asked {
            Some((at, block)) => {
                self.put((at, range.1), "");
                self.set_block((at, at), block);
            }
            None => self.put(range, letters),
        }
    }

    /// A new line; in an empty entry of a list it ends the list.
    fn enter(&self, range: (u32, u32)) {
        let ends = {
            let state = self.state.borrow();
            let line = state.drawn.get(rich::line_at(&state.drawn, range.0));
            line.filter(|line| line.len == 0 && line.block != Block::Paragraph)
                .map(|line| line.block)
        };
        match ends {
            Some(block) => self.set_block(range, block),
            None => self.put(range, "\n"),
        }
    }

    /// Takes a stretch away; Backspace at the beginning of a block makes it a paragraph first.
    fn delete(&self, range: (u32, u32), selected: (u32, u32), kind: &str) {
        let block = {
            let state = self.state.borrow();
            let line = state.drawn.get(rich::line_at(&state.drawn, selected.0));
            line.filter(|line| {
                let is_back = kind.ends_with("Backward");
                is_back && selected.0 == selected.1 && line.at == selected.0
            })
            .map(|line| line.block)
        };
        match block {
            Some(block) if block != Block::Paragraph => self.set_block(selected, block),
            _ if kind == "deleteContentBackward" && selected.0 == selected.1 => {
                // A mention goes as one letter does.
                let named = rich::mention_before(&self.state.borrow().drawn, selected.0);
                let range = named.unwrap_or(range);
                if range.0 < range.1 {
                    self.put(range, "");
                }
            }
            _ if range.0 < range.1 => self.put(range, ""),
            _ => {}
        }
    }

    fn set_block(&self, range: (u32, u32), block: Block) {
        let selected = self.state.borrow().selected;
        let steps = rich::set_block(&self.state.borrow().drawn, range, block);
        let end = |at: u32| at.clamp(range.0, range.1);
        let selected =
            if range.0 == range.1 { (end(selected.0), end(selected.1)) } else { selected };
        self.write_apart(&steps, selected);
    }

    /// Writes a format: a step of undo of its own.
    fn write_apart(&self, steps: &[Step], selected: (u32, u32)) {
        let core = self.page.core();
        core.borrow_mut().replica.stop_undo();
        self.write(steps, selected);
        core.borrow_mut().replica.stop_undo();
    }

    fn toggle(&self, is_on: fn(&Format) -> bool, mark: fn(bool) -> Mark) {
        let format = self.format();
        self.mark(&mark(!is_on(&format)));
    }

    fn mark(&self, mark: &Mark) {
        let (range, selected) = (self.range(), self.state.borrow().selected);
        let range = if range.0 == range.1 && matches!(mark, Mark::Link(_)) {
            // The whole link is meant, not the letter the caret is at.
            rich::link_around(&self.state.borrow().drawn, range.0)
        } else {
            range
        };
        if range.0 == range.1 {
            let next = mark.on(&self.format());
            self.state.borrow_mut().next = Some(next);
            return self.tell_writing();
        }
        let steps = rich::set_mark(&self.state.borrow().drawn, range, mark);
        self.write_apart(&steps, selected);
    }

    /// The format of what is selected, or of what is typed next; its block is the line's.
    fn format(&self) -> Format {
        let state = self.state.borrow();
        let (from, to) = state.range();
        let format = match &state.next {
            Some(next) if from == to => next.clone(),
            _ => rich::common_format(&state.drawn, from, to),
        };
        let line = state.drawn.get(rich::line_at(&state.drawn, from));
        Format { block: line.map_or(Block::Paragraph, |line| line.block), ..format }
    }

    fn key_down(&self, e: &web_sys::KeyboardEvent) {
        let is_command = (e.ctrl_key() || e.meta_key()) && !e.alt_key() && !dom::is_composing(e);
        let block = match e.code().as_str() {
            "Digit7" if is_command && e.shift_key() => Some(Block::Ordered),
            "Digit8" if is_command && e.shift_key() => Some(Block::Bullet),
            _ => None,
        };
        let is_strike = is_command && e.shift_key() && e.key().eq_ignore_ascii_case("x");
        if !dom::is_composing(e) && self.mention_key(&e.key()) {
            e.prevent_default();
            e.stop_propagation();
            return;
        }
        if is_strike || block.is_some() {
            e.prevent_default();
            e.stop_propagation();
            match block {
                Some(block) => self.set_block(self.range(), block),
                None => self.toggle(|f| f.strike, Mark::Strike),
            }
            return;
        }
        text::key_down(self.page, self.key, e);
    }

    /// Puts into the shared text what an input method does to the element, also while it composes; drawn is what came
    /// of it when it is done.
    fn read_back(&self) {
        let (Some(area), Some(lines)) = (self.field(), self.lines()) else { return };
        let after = caret::text(&area);
        let at = caret::selected(&area).map(|(_, head)| head);
        let before = {
            let mut state = self.state.borrow_mut();
            state.is_touched = true;
            std::mem::replace(&mut state.shown, after.clone())
        };
        let Some(edit) = textdiff::diff(&before, &after, at) else { return self.bring_in() };
        // Others' edits that the field does not show yet have moved the place meanwhile.
        let end = lines.last().map_or(0, Line::end);
        let theirs = textdiff::diff(&before, &rich::plain(&lines, (0, end)), None);
        let at = theirs.map_or(edit.at, |theirs| textdiff::moved(edit.at, &theirs));
        self.state.borrow_mut().drawn = lines;
        self.put((at.min(end), (at + edit.delete).min(end)), &edit.insert);
    }

    fn pasted(&self, e: &web_sys::ClipboardEvent) {
        // A table of a spreadsheet comes with a picture of itself: text goes first.
        let Some(pieces) = e.clipboard_data().and_then(|data| paste::pieces_of(&data)) else {
            return;
        };
        e.prevent_default();
        e.stop_propagation();
        self.moved();
        let (lines, range) = (self.state.borrow().drawn.clone(), self.range());
        let (steps, at) = rich::replace(&lines, range, pieces);
        self.write_apart(&steps, (at, at));
    }

    fn copied(&self, e: &web_sys::ClipboardEvent, is_cut: bool) {
        self.moved();
        let range = self.range();
        let Some(data) = e.clipboard_data().filter(|_| range.0 < range.1) else { return };
        e.prevent_default();
        e.stop_propagation();
        let lines = self.state.borrow().drawn.clone();
        for (kind, content) in [
            ("text/plain", rich::plain(&lines, range)),
            ("text/html", rich::to_html(&lines, range)),
        ] {
            if let Err(cause) = data.set_data(kind, &content) {
                web_sys::console::warn_1(&cause);
            }
        }
        if is_cut {
            self.put(range, "");
        }
    }

    /// Takes note of the selection.
    fn moved(&self) {
        let Some(area) = self.field().filter(|area| text::is_in_focus(area)) else { return };
        if self.state.borrow().is_composing {
            return;
        }
        let Some(selected) = caret::selected(&area) else { return };
        {
            let mut state = self.state.borrow_mut();
            if state.selected != selected {
                (state.selected, state.next) = (selected, None);
            }
        }
        text::tell_caret(self.page, self.key, selected);
        self.tell_writing();
    }

    /// Tells the bar of formats.
    fn tell_writing(&self) {
        let Some((node, _)) = self.key.try_get_value() else { return };
        let (from, to) = self.range();
        let (format, run) = (self.format(), self.run);
        let writing = Writing { node, has_selection: from < to, format, run };
        self.page.overlays.writing.set(Some(writing));
        self.tell_mentioning();
    }

    /// Opens, changes or closes the list of nodes that may be named.
    fn tell_mentioning(&self) {
        let mentioning = self.page.overlays.mentioning;
        let found = self.mentionable();
        if found.is_some() || mentioning.with_untracked(Option::is_some) {
            mentioning.set(found);
        }
    }

    fn mentionable(&self) -> Option<Mentioning> {
        let (node, _) = self.key.try_get_value()?;
        let area = self.field()?;
        let (at, sought) = {
            let mut state = self.state.borrow_mut();
            let (from, to) = state.range();
            let found = rich::sought(&state.drawn, from);
            if found.is_none() {
                state.declined = None;
            }
            let is_open = from == to && !state.is_composing;
            found.filter(|(at, _)| is_open && state.declined != Some(*at))?
        };
        let sought = sought.to_lowercase();
        let nodes = self.page.graph.with_untracked(|graph| {
            let mut nodes: Vec<(String, String)> = Vec::new();
            for edge in graph.incoming(&node) {
                let id = &edge.edge.from_node;
                let title = graph.title(id);
                let is_new = nodes.iter().all(|(known, _)| known != id);
                if is_new && title.to_lowercase().contains(&sought) {
                    nodes.push((id.clone(), title.to_owned()));
                }
            }
            nodes
        });
        if nodes.is_empty() {
            return None;
        }
        let (left, top, height) = caret::bounds_at(&area, at)?;
        Some(Mentioning { place: (left, top + height), nodes, chosen: 0, take: self.take })
    }

    /// What a key does in the list of nodes that may be named; `false` where none is open or the key is another's.
    fn mention_key(&self, key: &str) -> bool {
        let mentioning = self.page.overlays.mentioning;
        let Some(Mentioning { nodes, chosen, .. }) = mentioning.get_untracked() else {
            return false;
        };
        let count = nodes.len();
        let step = |by: usize| {
            mentioning.update(|list| {
                if let Some(list) = list {
                    list.chosen = (chosen + by) % count;
                }
            });
        };
        match key {
            "ArrowDown" => step(1),
            "ArrowUp" => step(count - 1),
            "Enter" | "Tab" => self.name_node(chosen),
            "Escape" => {
                let mut state = self.state.borrow_mut();
                state.declined = rich::sought(&state.drawn, state.range().0).map(|(at, _)| at);
                drop(state);
                mentioning.set(None);
            }
            _ => return false,
        }
        true
    }

    /// Puts the name of a node in place of what was typed to find it.
    fn name_node(&self, place: usize) {
        let list = self.page.overlays.mentioning.get_untracked();
        let (_, to) = self.range();
        let sought = rich::sought(&self.state.borrow().drawn, to);
        self.page.overlays.mentioning.set(None);
        let (Some((at, _)), Some((id, title))) =
            (sought, list.and_then(|list| list.nodes.get(place).cloned()))
        else {
            return;
        };
        let lines = self.state.borrow().drawn.clone();
        let space = Piece { text: " ".to_owned(), format: rich::format_at(&lines, at) };
        let (steps, end) = rich::replace(&lines, (at, to), vec![rich::mention(&id, &title), space]);
        self.write_apart(&steps, (end, end));
    }

    fn run(&self, command: FormatCommand) {
        let Some(area) = self.field() else { return };
        if !text::is_in_focus(&area) {
            let selected = self.state.borrow().selected;
            dom::focus(&area);
            caret::select(&area, selected);
            self.state.borrow_mut().selected = selected;
        }
        match command {
            FormatCommand::Mark(mark) => self.mark(&mark),
            FormatCommand::Block(block) => self.set_block(self.range(), block),
            FormatCommand::Focus => {}
        }
    }

    fn left(&self, e: &web_sys::FocusEvent) {
        let to = e.related_target().and_then(|to| to.dyn_into::<web_sys::Element>().ok());
        if to.is_some_and(|to| matches!(to.closest(".formats"), Ok(Some(_)))) {
            return;
        }
        self.state.borrow_mut().next = None;
        self.page.overlays.writing.set(None);
        self.page.overlays.mentioning.set(None);
        text::left(self.page);
    }
}

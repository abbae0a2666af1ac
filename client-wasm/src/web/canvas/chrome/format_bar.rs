//! The bar of formats above a text that somebody writes in.

use gesso_protocol::schema::{Block, Format, is_link};
use leptos::prelude::*;

use crate::core::icons::of_kind;
use crate::core::rich::Mark;
use crate::web::canvas::chrome::action_bar::{held_rect, style_beside};
use crate::web::canvas::store::overlays::{FormatCommand, Mentioning, Writing};
use crate::web::canvas::store::page::Page;
use crate::web::dom;
use crate::web::ui::icons::icon;
use crate::web::ui::menu::Menu;

/// Colours behind letters: names of the palette, and their words.
const BACKGROUNDS: [(&str, &str); 4] =
    [("yellow", "Yellow"), ("rose", "Rose"), ("sky", "Sky"), ("sage", "Sage")];

/// Height of the bar with its distance, in px.
const STEP: f64 = 46.0;

/// The bar: for texts and notes while they are written, for prompts while letters are selected.
#[component]
pub fn FormatBar(page: Page) -> impl IntoView {
    let writing = page.overlays.writing;
    let shown = Memo::new(move |_| {
        let of = writing.with(|w| w.as_ref().map(|w| (w.node.clone(), w.has_selection)))?;
        let is_text = page.read(|c| {
            let kind = c.nodes.get(&of.0).map(|node| node.kind.as_str());
            matches!(kind, Some("text" | "sticky_note"))
        });
        (!page.far.get() && (is_text || of.1)).then_some(of.0)
    });
    // Erased: the page around it is built on a small stack.
    let bar = move || shown.get().map(|node| view! { <Bar page=page node=node /> }.into_any());
    let mentions =
        move || page.overlays.mentioning.get().map(|list| mentions(page, list).into_any());
    view! { {bar}{mentions} }.into_any()
}

fn style(page: Page, node: &str) -> String {
    let Some(rect) = held_rect(page, &[node.to_owned()]) else { return "display:none".to_owned() };
    let w = page.screen.get().0;
    // The bar of actions is nearest to the card.
    let has_actions = w >= 480.0 && page.selection.with(|s| s.contains(node));
    let off = if has_actions { STEP } else { 0.0 };
    style_beside(page, rect, off)
}

#[component]
fn Bar(page: Page, node: String) -> impl IntoView {
    let writing = page.overlays.writing;
    let format = Memo::new(move |_| {
        writing.with(|w| w.as_ref().map(|w| w.format.clone()).unwrap_or_default())
    });
    let run = move |command: FormatCommand| {
        if let Some(Writing { run, .. }) = writing.get_untracked() {
            run.run(command);
        }
    };
    let mark = move |label: &'static str,
                     face: &'static str,
                     is_on: fn(&Format) -> bool,
                     to: fn(bool) -> Mark| {
        let pressed = move || format.with(is_on);
        let toggle = move |_| run(FormatCommand::Mark(to(!format.with_untracked(is_on))));
        view! {
            <button class="ib face" data-face=face title=dom::keys(label) aria-label=name(label)
                aria-pressed=move || pressed().to_string() class:is-on=pressed on:click=toggle>{face}</button>
        }
    };
    let block = move |label: &'static str, face: AnyView, block: Block| {
        let pressed = move || format.with(|format| format.block == block);
        view! {
            <button class="ib face" title=dom::keys(label) aria-label=name(label)
                aria-pressed=move || pressed().to_string() class:is-on=pressed
                on:click=move |_| run(FormatCommand::Block(block))>{face}</button>
        }
    };
    // The text keeps the keyboard and what is selected in it.
    let keep = |e: web_sys::MouseEvent| {
        if !dom::came_from(&e, "input") {
            e.prevent_default();
        }
    };
    view! {
        <div class="island actions formats" data-floating role="toolbar" aria-label="Formats"
            style=move || style(page, &node) on:mousedown=keep>
            {block("Heading 1", "H1".into_any(), Block::Heading1)}
            {block("Heading 2", "H2".into_any(), Block::Heading2)}
            {block("Heading 3", "H3".into_any(), Block::Heading3)}
            <i class="sep-v"></i>
            {mark("Bold Mod B", "B", |f| f.bold, Mark::Bold)}
            {mark("Italic Mod I", "I", |f| f.italic, Mark::Italic)}
            {mark("Strike through Mod Shift X", "S", |f| f.strike, Mark::Strike)}
            <i class="sep-v"></i>
            {block("List Mod Shift 8", icon("list").into_any(), Block::Bullet)}
            {block("Numbered list Mod Shift 7", "1.".into_any(), Block::Ordered)}
            <i class="sep-v"></i>
            <Background format=format run=Callback::new(run) />
            <Link format=format run=Callback::new(run) />
        </div>
    }
}

/// The nodes that a text may name, below its caret.
fn mentions(page: Page, list: Mentioning) -> impl IntoView {
    let Mentioning { place: (left, top), nodes, chosen, take } = list;
    let (w, h) = page.screen.get();
    let height = 12.0 + 36.0 * nodes.len() as f64;
    let top = if top + 8.0 + height > h { (h - height - 8.0).max(8.0) } else { top + 8.0 };
    let style = format!("left:{:.0}px;top:{top:.0}px", left.min((w - 240.0).max(8.0)));
    let option = move |(place, (id, title)): (usize, (String, String))| {
        let kind = page.read(|c| c.nodes.get(&id).map(|node| node.kind.clone()));
        view! {
            <button class="menu-item" class:is-on=place == chosen role="option" type="button" tabindex="-1"
                aria-selected=(place == chosen).to_string() on:click=move |_| take.run(place)>
                {icon(of_kind(&kind.unwrap_or_default()))}<span>{title}</span>
            </button>
        }
    };
    view! {
        <div class="island formats mentions" data-floating role="listbox" aria-label="References" style=style
            on:mousedown=|e| e.prevent_default()>
            {nodes.into_iter().enumerate().map(option).collect_view()}
        </div>
    }
}

/// A label without its keys.
fn name(label: &'static str) -> &'static str {
    label.split(" Mod ").next().unwrap_or(label)
}

#[component]
fn Background(format: Memo<Format>, run: Callback<FormatCommand>) -> impl IntoView {
    let anchor = NodeRef::<leptos::html::Button>::new();
    let is_open = RwSignal::new(false);
    let close = Callback::new(move |()| {
        is_open.set(false);
        run.run(FormatCommand::Focus);
    });
    let pick = move |color: Option<&'static str>| {
        is_open.set(false);
        run.run(FormatCommand::Mark(Mark::Background(color.map(str::to_owned))));
    };
    let menu = move || {
        let anchor = anchor.get_untracked().filter(|_| is_open.get())?;
        let color = move |(id, label): (&'static str, &'static str)| {
            view! {
                <button class="menu-item" type="button" role="menuitem" on:click=move |_| pick(Some(id))>
                    <i class="note-dot" data-n=id></i><span>{label}</span>
                </button>
            }
        };
        Some(view! {
            <Menu label="Background" anchor=anchor.into() on_close=close>
                {BACKGROUNDS.map(color).collect_view()}
                <button class="menu-item" type="button" role="menuitem" on:click=move |_| pick(None)><i class="note-dot"></i><span>"None"</span></button>
            </Menu>
        })
    };
    let current = move || format.with(|format| format.background.clone()).unwrap_or_default();
    view! {
        <button class="ib" title="Background" aria-label="Background" aria-haspopup="menu" node_ref=anchor
            aria-expanded=move || is_open.get().to_string() on:click=move |_| is_open.update(|open| *open = !*open)>
            <i class="note-dot" data-n=current></i>
        </button>
        {menu}
    }
}

#[component]
fn Link(format: Memo<Format>, run: Callback<FormatCommand>) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let is_wrong = RwSignal::new(false);
    let input = NodeRef::<leptos::html::Input>::new();
    let has_link = move || format.with(|format| format.link.is_some());
    let open = move |_| {
        if is_open.get_untracked() {
            is_open.set(false);
            return run.run(FormatCommand::Focus);
        }
        is_wrong.set(false);
        is_open.set(true);
        let link = format.with_untracked(|format| format.link.clone()).unwrap_or_default();
        dom::after_frames(1, move || {
            if let Some(input) = input.get_untracked() {
                dom::begin(&input, &link);
            }
        });
    };
    let apply = move || {
        let typed = input.get_untracked().map(|input| input.value()).unwrap_or_default();
        let typed = typed.trim().to_owned();
        let has_scheme = typed.contains(':');
        let address =
            if typed.is_empty() || has_scheme { typed } else { format!("https://{typed}") };
        if !address.is_empty() && !is_link(&address) {
            return is_wrong.set(true);
        }
        is_open.set(false);
        run.run(FormatCommand::Mark(Mark::Link((!address.is_empty()).then_some(address))));
    };
    let keys = move |e: web_sys::KeyboardEvent| {
        e.stop_propagation();
        match e.key().as_str() {
            "Enter" => {
                e.prevent_default();
                apply();
            }
            "Escape" => {
                is_open.set(false);
                run.run(FormatCommand::Focus);
            }
            _ => {}
        }
    };
    let field = move || {
        is_open.get().then(|| {
            view! {
                <div class="island link-field" data-floating>
                    <input class="field" node_ref=input type="url" placeholder="https://…" aria-label="Address of the link"
                        aria-invalid=move || is_wrong.get().to_string() on:keydown=keys />
                    <button class="btn s" on:click=move |_| apply()>"Link"</button>
                    {move || is_wrong.get().then(|| view! { <span class="says" role="alert">"An address begins with https://, http:// or mailto:."</span> })}
                </div>
            }
        })
    };
    view! {
        <button class="ib" title="Link" aria-label="Link" aria-pressed=move || has_link().to_string()
            aria-expanded=move || is_open.get().to_string() class:is-on=has_link on:click=open>{icon("link")}</button>
        {field}
    }
}

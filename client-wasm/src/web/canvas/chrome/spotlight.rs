//! Spotlight: find a kind or a model by name and place it; from a wire it holds only what fits and connects it. Also
//! finds the cards of the canvas by their words.

use crate::web::canvas::actions::open::after_adding;
use gesso_protocol::fold::fold;
use gesso_protocol::graph::{fitting_input, fitting_output};
use gesso_protocol::nodes::{self, NodeSpec, PortType};
use gesso_protocol::schema::{self, Connection};
use gesso_protocol::values::DataType;
use leptos::html;
use leptos::prelude::*;
use serde_json::json;

use crate::core::card_layout;
use crate::core::editor::{PortRef, Side};
use crate::core::find;
use crate::core::geometry::{Point, Rect};
use crate::core::icons::of_kind;
use crate::web::canvas::actions::{edit, focus};
use crate::web::canvas::store::page::{Asked, Page};
use crate::web::ui::icons::icon;

/// Something Spotlight offers.
#[derive(Clone, Debug, PartialEq)]
struct Offer {
    kind: String,
    title: String,
    /// The card on the canvas that it leads to, where it adds nothing.
    card: Option<String>,
    /// At the end of the line: the port it would be connected to, or the model's price.
    end: String,
    model: Option<String>,
    /// Why it cannot run here, and how to change that; empty where it can.
    why: String,
    /// The port of the new node that the wire goes to.
    port: Option<&'static str>,
    ty: &'static str,
    words: String,
}

fn type_of(spec: &NodeSpec) -> &'static str {
    match spec.outputs.first().map(|o| o.ty) {
        Some(PortType::Fixed(ty)) => ty.id(),
        _ => "any",
    }
}

fn wire_type(page: Page, port: &PortRef) -> Option<DataType> {
    let graph = page.graph.get_untracked();
    match port.side {
        Side::Out => graph.output_type(&port.node, &port.port),
        Side::In => graph.input_type(&port.node, &port.port),
    }
}

/// The port of a new node of a kind that the wire would go to; `Err` when none fits.
fn fitting(page: Page, asked: &Asked, spec: &NodeSpec) -> Result<Option<&'static str>, ()> {
    let Some((port, _)) = &asked.wire else { return Ok(None) };
    let ty = wire_type(page, port);
    let found = match port.side {
        Side::Out => fitting_input(spec, ty),
        Side::In => fitting_output(spec, ty),
    };
    found.map(Some).ok_or(())
}

fn offers(page: Page, asked: &Asked) -> (Vec<Offer>, Vec<Offer>) {
    let mut kinds = Vec::new();
    let mut models = Vec::new();
    let catalog = page.catalog.get();
    for spec in nodes::SPECS {
        let Ok(port) = fitting(page, asked, spec) else { continue };
        let mut end = port.map(|p| card_layout::port_label(p).to_lowercase()).unwrap_or_default();
        let runs = spec.runs() && spec.kind != nodes::NodeKind::Evaluator;
        let lack = crate::web::canvas::card::requirements::lack(
            page,
            spec.id,
            &std::collections::BTreeMap::new(),
        )
        .filter(|_| runs);
        if let Some(lack) = &lack {
            end = crate::core::words::lowered(&lack.title);
        }
        let why = lack.map(|l| l.line()).unwrap_or_default();
        kinds.push(Offer {
            kind: spec.id.to_owned(),
            title: spec.title.to_owned(),
            card: None,
            end,
            model: None,
            why,
            port,
            ty: type_of(spec),
            words: format!("{} {} {} {}", spec.title, spec.id, type_of(spec), spec.description),
        });
        for model in catalog.models_of(spec.id) {
            let missing = page.unusable.with(|u| u.get(&model.id).cloned());
            let why = page.overlays.hints.with(|h| h.get(&model.id).map(|h| h.join(" ")));
            let price = crate::core::price::credits(model.price.base);
            models.push(Offer {
                kind: spec.id.to_owned(),
                title: model.name.clone(),
                card: None,
                end: missing.map_or(price, |m| format!("needs {m}")),
                model: Some(model.id.clone()),
                why: why.unwrap_or_default(),
                port,
                ty: type_of(spec),
                words: format!(
                    "{} {} {} {}",
                    model.name,
                    model.company,
                    model.tags.join(" "),
                    spec.title
                ),
            });
        }
    }
    (kinds, models)
}

/// Most cards of the canvas that are listed beside what can be added.
const CARDS_BESIDE: usize = 5;
/// Most cards that are listed where nothing else is.
const CARDS_MAX: usize = 100;

/// The cards of the canvas that have the words.
fn cards(page: Page, query: &str, most: usize) -> Vec<Offer> {
    let rects: Vec<(String, Rect)> = {
        let core = page.core();
        let index = &core.borrow().index;
        let ids = index.bounds().map(|all| index.query(all)).unwrap_or_default();
        ids.into_iter().filter_map(|id| index.get(&id).map(|rect| (id, rect))).collect()
    };
    let found = page.read(|canvas| find::cards(canvas, rects, query));
    let offer = |card: find::Found| {
        let probe = schema::Node { kind: card.kind.clone(), ..schema::Node::default() };
        Offer {
            ty: card_layout::main_type(&probe),
            kind: card.kind,
            title: card.title,
            card: Some(card.id),
            end: card.line,
            model: None,
            why: String::new(),
            port: None,
            words: String::new(),
        }
    };
    found.into_iter().take(most).map(offer).collect()
}

/// Returns the rank of an offer for a query; lower is better, `None` when it does not match.
fn rank(offer: &Offer, query: &str) -> Option<u8> {
    let title = fold(&offer.title);
    if title.starts_with(query) {
        return Some(0);
    }
    if title.split_whitespace().any(|w| w.starts_with(query)) {
        return Some(1);
    }
    let words = fold(&offer.words);
    query.split_whitespace().all(|q| words.contains(q)).then_some(2)
}

fn matching(offers: Vec<Offer>, query: &str) -> Vec<Offer> {
    let query = fold(query.trim());
    if query.is_empty() {
        return offers;
    }
    let mut found: Vec<(u8, Offer)> =
        offers.into_iter().filter_map(|o| rank(&o, &query).map(|r| (r, o))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, offer)| offer).collect()
}

/// Places what was chosen and connects it, as one step.
fn choose(page: Page, asked: &Asked, offer: &Offer) {
    page.spotlight.set(None);
    if let Some(card) = &offer.card {
        page.select([card.clone()]);
        edit::show(page, card);
        focus::focus_card(card);
        return;
    }
    let kind = offer.kind.as_str();
    let mut node = edit::blank(kind);
    if let Some(model) = &offer.model {
        node.settings.push(("model".to_owned(), json!(model)));
    }
    let (Some((from, replaces)), Some(port)) = (&asked.wire, offer.port) else {
        let id = edit::add(page, node, asked.at);
        after_adding(page, kind, id);
        return;
    };
    let at = asked.at.unwrap_or_else(|| page.view_rect().center());
    let probe = schema::Node { kind: node.kind.clone(), ..schema::Node::default() };
    // The port of the new card comes to lie where the wire was let go, if there is space.
    let (side, x) = match from.side {
        Side::Out => (Side::In, at.x),
        Side::In => (Side::Out, at.x - card_layout::width(&probe)),
    };
    let y = at.y - card_layout::port_y(kind, side, port);
    let (w, h) = (card_layout::width(&probe), card_layout::guessed_height(&probe));
    let corner = edit::free_place(page, Rect::new(x, y, w, h));
    node.pos = [corner.x.round(), corner.y.round()];
    let (theirs, ours) =
        ((from.node.clone(), from.port.clone()), (node.id.clone(), port.to_owned()));
    let connection = match from.side {
        Side::Out => Connection { from: theirs, to: ours, items_all: false },
        Side::In => Connection { from: ours, to: theirs, items_all: false },
    };
    let id = node.id.clone();
    page.edit(|txn| {
        schema::add_node(txn, &node);
        if let Some(key) = replaces {
            schema::disconnect(txn, key);
        }
        schema::connect(txn, &connection);
    });
    page.select([id.clone()]);
    after_adding(page, kind, id);
}

/// The dialog.
#[component]
pub fn Spotlight(page: Page) -> impl IntoView {
    move || page.spotlight.get().map(|asked| view! { <Open page=page asked=asked /> })
}

#[component]
fn Open(page: Page, asked: Asked) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let query = RwSignal::new(asked.query.clone());
    let active = RwSignal::new(0usize);
    let finds_cards = asked.finds_cards;
    let asked = StoredValue::new(asked);
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            crate::web::dom::focus(&input);
            input.select();
        }
    });
    let found = Memo::new(move |_| {
        let query = query.get();
        if finds_cards {
            return [Vec::new(), Vec::new(), cards(page, &query, CARDS_MAX)];
        }
        let (kinds, models) = offers(page, &asked.get_value());
        let (kinds, mut models) = (matching(kinds, &query), matching(models, &query));
        models.truncate(6);
        let beside = !query.trim().is_empty() && asked.with_value(|asked| asked.wire.is_none());
        let cards = if beside { cards(page, &query, CARDS_BESIDE) } else { Vec::new() };
        [kinds, models, cards]
    });
    let all = move || found.get().concat();
    let close = move || page.spotlight.set(None);
    let pick = move |i: usize| {
        if let Some(offer) = untrack(all).get(i) {
            choose(page, &asked.get_value(), offer);
        }
    };
    let keys = move |e: web_sys::KeyboardEvent| {
        if crate::web::dom::is_composing(&e) {
            return;
        }
        let n = untrack(all).len();
        match e.key().as_str() {
            "ArrowDown" if n > 0 => active.update(|a| *a = (*a + 1) % n),
            "ArrowUp" if n > 0 => active.update(|a| *a = (*a + n - 1) % n),
            "Enter" => pick(active.get_untracked()),
            "Escape" => close(),
            // Focus stays in the field: the list is its own.
            "Tab" => {}
            _ => {
                e.stop_propagation();
                return;
            }
        }
        e.prevent_default();
        e.stop_propagation();
        reveal(active.get_untracked());
    };
    let changed = move |e: web_sys::Event| {
        query.set(crate::web::dom::value(&e));
        active.set(0);
    };
    let filter = asked.with_value(|a| a.wire.clone()).map(|(port, _)| wire_note(page, &port));
    let enter = match (finds_cards, filter.is_some()) {
        (true, _) => "go there",
        (false, true) => "place and connect",
        (false, false) => "place",
    };
    let row = move |i: usize, offer: Offer| {
        let why = (!offer.why.is_empty()).then(|| offer.why.clone());
        let lacks = why.is_some();
        view! {
            <button class="menu-item" class:is-lacking=lacks title=why role="option" id=format!("spot-{i}") tabindex="-1" data-type=offer.ty
                class:is-hover=move || active.get() == i
                aria-selected=move || (active.get() == i).to_string()
                on:pointermove=move |_| active.set(i)
                on:click=move |_| pick(i)>
                <span class="mark">{icon(of_kind(&offer.kind))}</span>
                {offer.title}<span class="end">{offer.end}</span>
            </button>
        }
    };
    let list = move || {
        let mut first = 0;
        let heads = [None, Some("Models"), Some("On this canvas")];
        let parts = found.get().into_iter().zip(heads).map(|(offers, head)| {
            let head = head.filter(|_| !offers.is_empty() && !finds_cards);
            let line = head.filter(|_| first > 0).map(|_| view! { <hr aria-hidden="true" /> });
            let head = head.map(|head| view! { {line}<div class="menu-note">{head}</div> });
            let from = first;
            first += offers.len();
            let rows = offers.into_iter().enumerate().map(|(i, o)| row(from + i, o)).collect_view();
            view! { {head}{rows} }
        });
        let parts = parts.collect_view();
        let none = if finds_cards {
            "No card on this canvas has these words."
        } else {
            "Nothing by that name. Try a type such as image or audio."
        };
        let nothing = (first == 0).then(|| view! { <div class="menu-note">{none}</div> });
        view! { {parts}{nothing} }
    };
    let (name, label, hint, listed) = if finds_cards {
        ("Find on this canvas", "Search cards", "Find a card by its title or text", "Cards")
    } else {
        let hint = "Add a node or a model";
        ("Add to canvas", "Search nodes and models", hint, "What can be added")
    };
    view! {
        <div class="menu-back" data-floating on:pointerdown=move |_| close()></div>
        <div class="menu spot" role="dialog" aria-modal="true" aria-label=name data-floating data-scroll
            style=place(page, asked.with_value(|a| a.at))>
            <label class="field l">
                {icon("search")}
                <input node_ref=input role="combobox" aria-expanded="true" aria-controls="spot-list"
                    aria-autocomplete="list" aria-label=label placeholder=hint
                    autocomplete="off" spellcheck="false"
                    aria-activedescendant=move || format!("spot-{}", active.get())
                    prop:value=query on:input=changed on:keydown=keys />
            </label>
            {filter}
            <div class="spot-list" id="spot-list" role="listbox" aria-label=listed>{list}</div>
            <hr />
            <div class="menu-note row"><kbd>"↑"</kbd><kbd>"↓"</kbd>" choose "<span class="grow"></span><kbd>"Enter"</kbd>{enter}</div>
        </div>
    }
}

/// The note that says which offers the wire can take.
fn wire_note(page: Page, port: &PortRef) -> impl IntoView + use<> {
    let ty = wire_type(page, port);
    let what = ty.map_or("anything", |ty| ty.article_label());
    let verb = if port.side == Side::Out { "takes" } else { "gives" };
    let what = if ty == Some(DataType::Text) {
        "text"
    } else if ty == Some(DataType::Audio) {
        "audio"
    } else {
        what
    };
    let id = ty.map_or("any", |ty| ty.id());
    view! {
        <div class="menu-note row"><span class="ty" data-type=id></span>{format!("Only what {verb} {what}")}</div>
    }
}

/// At the place it was asked for, as far as it fits; else in the upper middle.
fn place(page: Page, at: Option<Point>) -> String {
    let (w, h) = page.screen.get_untracked();
    let width = 400.0_f64.min(w - 32.0);
    let (left, top) = match at.map(|at| page.camera.get_untracked().to_screen(at)) {
        Some(p) => (p.x + 12.0, p.y - 24.0),
        None => ((w - width) / 2.0, h * 0.16),
    };
    let left = left.min(w - width - 16.0).max(16.0);
    let top = top.min(h - 540.0).max(72.0);
    format!("left:{left:.0}px;top:{top:.0}px;width:{width:.0}px")
}

fn reveal(i: usize) {
    crate::web::dom::after_frames(1, move || {
        if let Some(row) = crate::web::dom::query(&format!("#spot-{i}")) {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            row.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
}

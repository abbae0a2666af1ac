//! Cards: what a node looks like, by kind.

use crate::core::stickers::STICKERS;
use crate::web::canvas::store::card_context::Card;

use crate::core::status::NodeStatus;
use gesso_protocol::nodes::{self, NodeKind, NodeSpec};
use gesso_protocol::schema;
use leptos::prelude::*;

use crate::core::card_layout;
use crate::core::icons::of_kind;
use crate::core::rights::Right;
use crate::web::canvas::card::media::MediaBody;
use crate::web::canvas::card::ports::Ports;
use crate::web::canvas::card::rich::RichField;
use crate::web::canvas::card::status::notes;
use crate::web::canvas::live::people;
use crate::web::canvas::parts::status_mark::card_mark;
use crate::web::canvas::store::page::Page;
use crate::web::ui::icons::icon;

/// A card in the world.
#[component]
pub fn CardView(page: Page, id: String) -> impl IntoView {
    let Some(signals) = page.node(&id) else { return ().into_any() };
    let kind = signals.view.with_untracked(|v| v.node.kind.clone());
    let name = id.clone();
    let status = Memo::new(move |_| crate::web::canvas::card::status::status_of(page, &name));
    let name = id.clone();
    let selected = Memo::new(move |_| page.selection.with(|s| s.contains(&name)));
    let name = id.clone();
    let far = Memo::new(move |_| page.detailed.with(|d| !d.contains(&name)));
    let card = Card { page, id: StoredValue::new(id), signals, status, selected, far };
    match kind.as_str() {
        "sticky_note" => sticky(card).into_any(),
        "sticker" => sticker(card).into_any(),
        "group" => frame(card).into_any(),
        _ => node(card, &kind).into_any(),
    }
}

/// "Lighthouse, Image Generator, completed".
fn full_name(card: &Card) -> String {
    let state = card.status.get();
    let word = match (state.status, state.mark) {
        (NodeStatus::Completed, NodeStatus::Failed) => format!("completed, {}", state.word),
        // Without the place in the queue, and whether it was free.
        (status @ (NodeStatus::Pending | NodeStatus::Completed), _) => status.id().to_owned(),
        (status, _) if state.word.is_empty() => status.id().to_owned(),
        _ => state.word.to_lowercase(),
    };
    card.signals.view.with(|v| {
        let kind = nodes::spec(&v.node.kind).map_or(v.node.kind.as_str(), |s| s.title);
        format!("{}, {kind}, {word}", v.node.shown_title())
    })
}

fn place(card: &Card) -> impl Fn() -> String + Send + 'static + use<> {
    let signals = card.signals.clone();
    let (page, id) = (card.page, card.id);
    move || {
        let p = signals.pos.get();
        let w = signals.view.with(|v| card_layout::width(&v.node));
        let held = people::holder(page, &id.get_value());
        let color = held.map(|(_, c)| format!(";--pc:{c}")).unwrap_or_default();
        format!("--x:{}px;--y:{}px;--w:{w}px{color}", p.x, p.y)
    }
}

fn holder_tab(card: &Card) -> impl Fn() -> Option<AnyView> + Send + 'static + use<> {
    let (page, id) = (card.page, card.id);
    move || {
        let (name, _) = people::holder(page, &id.get_value())?;
        Some(view! { <span class="whose">{name}</span> }.into_any())
    }
}

fn held(card: &Card) -> impl Fn() -> bool + Send + 'static + use<> {
    let (page, id) = (card.page, card.id);
    move || people::holder(page, &id.get_value()).is_some()
}

fn node(card: Card, kind: &str) -> impl IntoView + use<> {
    let far = card.far;
    let spec = nodes::spec(kind);
    let kind_id = kind.to_owned();
    let article = NodeRef::<leptos::html::Div>::new();
    Effect::new(move |_| {
        if let Some(article) = article.get() {
            crate::web::canvas::store::heights::observe(&article);
        }
    });
    let name = {
        let card = card.clone();
        move || full_name(&card)
    };
    let ty = {
        let card = card.clone();
        move || card.signals.view.with(|v| card_layout::main_type(&v.node))
    };
    let far_height = {
        let signals = card.signals.clone();
        move || far.get().then(|| format!("{}px", signals.size.get().1))
    };
    let inner = {
        let card = card.clone();
        move || if far.get() { ().into_any() } else { full(card.clone(), spec).into_any() }
    };
    let status = card.status;
    let selected = card.selected;
    view! {
        <div
            node_ref=article
            class="node"
            class:is-selected=move || selected.get()
            class:is-theirs=held(&card)
            class:is-far=move || far.get()
            role="group"
            tabindex="0"
            aria-label=name
            data-node=card.id()
            data-kind=kind_id
            data-p="x"
            data-state=move || status.get().status.id()
            data-type=ty
            style=place(&card)
            style:height=far_height
        >
            {inner}
            {holder_tab(&card)}
            {corner(&card)}
        </div>
    }
}

/// Everything inside a card.
fn full(card: Card, spec: Option<&'static NodeSpec>) -> impl IntoView {
    let Some(spec) = spec else {
        let is_node = card.signals.view.with_untracked(|v| v.node.kind != schema::UNREADABLE);
        let about = if is_node {
            "This node is of a kind that this version of Gesso does not know. It is kept as it is."
        } else {
            "Something was written here that is no node. It can be deleted, and nothing else."
        };
        return view! {
            <Head card=card.clone() />
            <p class="prompt">{about}</p>
            <div style="height:12px"></div>
        }
        .into_any();
    };
    let body = match spec.id {
        "text" => text_body(&card).into_any(),
        "list" => crate::web::canvas::card::list::list_body(&card).into_any(),
        "upload" | "media" => {
            view! { <MediaBody card=card.clone() spec=spec /> <div style="height:6px"></div> }
                .into_any()
        }
        _ => runnable(&card, spec).into_any(),
    };
    view! {
        <Head card=card.clone() />
        {body}
        <Ports card=card spec=spec />
    }
    .into_any()
}

/// The corner by which it is resized, while it is selected and nobody fixed it in place.
fn corner(card: &Card) -> impl Fn() -> Option<AnyView> + Send + 'static + use<> {
    let (view, selected, far) = (card.signals.view.clone(), card.selected, card.far);
    let page = card.page;
    move || {
        let is_free = selected.get() && !far.get() && !view.with(|v| v.node.fixed);
        let is_free = is_free && page.can(Right::Edit);
        is_free.then(|| view! { <i class="corner" data-corner aria-hidden="true"></i> }.into_any())
    }
}

/// Says that it is fixed in place.
fn pin(card: &Card) -> impl Fn() -> Option<AnyView> + Send + 'static + use<> {
    let view = card.signals.view.clone();
    move || {
        let is_fixed = view.with(|v| v.node.fixed);
        is_fixed.then(|| {
            let word = "Fixed in place";
            view! { <span class="fixed-mark" role="img" aria-label=word title=word>{icon("pin")}</span> }
                .into_any()
        })
    }
}

/// Icon, title, state.
#[component]
fn Head(card: Card) -> impl IntoView {
    let pin = pin(&card);
    let kind = card.signals.view.with_untracked(|v| v.node.kind.clone());
    let mark = {
        let card = card.clone();
        move || head_mark(&card)
    };
    view! {
        <header class="node-head">
            {icon(of_kind(&kind))}
            <Title card=card />
            {pin}
            {mark}
        </header>
    }
}

/// The title; a double click or F2 edits it in place.
#[component]
pub fn Title(card: Card) -> impl IntoView {
    let page = card.page;
    let id = card.id;
    let view = card.signals.view.clone();
    let title = Memo::new(move |_| view.with(|v| v.node.shown_title().to_owned()));
    let editing = Memo::new(move |_| page.renaming.with(|r| r.as_deref() == Some(&id.get_value())));
    let input = NodeRef::<leptos::html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            crate::web::dom::begin(&input, &title.get_untracked());
        }
    });
    let done = move |value: &str| {
        if page.renaming.get_untracked().as_deref() == Some(&id.get_value()) {
            page.renaming.set(None);
            crate::web::canvas::actions::edit::rename(page, &id.get_value(), value);
        }
    };
    move || {
        if editing.get() {
            let keys = move |e: web_sys::KeyboardEvent| {
                e.stop_propagation();
                match e.key().as_str() {
                    "Enter" if !crate::web::dom::is_composing(&e) => {
                        done(&crate::web::dom::value(&e));
                        crate::web::canvas::actions::focus::focus_card(&id.get_value());
                    }
                    "Escape" if !crate::web::dom::is_composing(&e) => {
                        page.renaming.set(None);
                        crate::web::canvas::actions::focus::focus_card(&id.get_value());
                    }
                    _ => {}
                }
            };
            view! {
                <input
                    node_ref=input
                    class="title-in"
                    aria-label="Title"
                    on:keydown=keys
                    on:blur=move |e| done(&crate::web::dom::value(&e))
                />
            }
            .into_any()
        } else {
            let rename = move |e: web_sys::MouseEvent| {
                e.stop_propagation();
                if page.demand(Right::Edit) {
                    page.renaming.set(Some(id.get_value()));
                }
            };
            view! { <h3 on:dblclick=rename>{title}</h3> }.into_any()
        }
    }
}

/// The state at the right of the head: shape, colour and word.
fn head_mark(card: &Card) -> AnyView {
    if let Some(name) = people::typist(card.page, &card.id()) {
        return view! { <span class="st" data-s="idle">{format!("{name} is typing")}</span> }
            .into_any();
    }
    let view = card.view();
    if view.node.kind == "list" {
        let n = view.node.items.len();
        let what = match (view.node.items.first().and_then(|i| i.content.ty()), n) {
            (Some(ty), 1) => format!("1 {}", ty.id()),
            (Some(ty), n) => format!("{n} {}s", ty.id()),
            (None, _) => "Empty".to_owned(),
        };
        return view! { <span class="st" data-s="idle">{what}</span> }.into_any();
    }
    let status = card.status.get();
    if status.word.is_empty() {
        return ().into_any();
    }
    let mark = card_mark(&status);
    if status.status != NodeStatus::Paused {
        return mark;
    }
    let (page, id) = (card.page, card.id);
    let open = move |_| page.overlays.review.set(Some(id.get_value()));
    // The button in the foot is the one for keyboards and readers.
    view! { <span class="st-open" data-own title="Open the review" on:click=open>{mark}</span> }
        .into_any()
}

fn text_body(card: &Card) -> impl IntoView + use<> {
    view! {
        <div class="prompt text written">
            <RichField page=card.page node=card.id() field="text" label="Text" placeholder=nodes::text::SPEC.text_hint />
        </div>
    }
}

/// A card that runs: media, prompt, chips, foot.
fn runnable(card: &Card, spec: &'static NodeSpec) -> impl IntoView + use<> {
    let notes = {
        let card = card.clone();
        move || notes(&card)
    };
    let prompt = spec.has_text.then(|| {
        let id = card.id;
        let page = card.page;
        let is_wired = Memo::new(move |_| {
            page.graph.with(|graph| {
                spec.own_text.is_some_and(|port| graph.sources(&id.get_value(), port).next().is_some())
            })
        });
        let hint = Signal::derive(move || {
            let words = if is_wired.get() { "Add to what is connected…" } else { spec.text_hint };
            words.to_owned()
        });
        view! {
            <div class="prompt written">
                <RichField page=card.page node=card.id() field="text" label="Prompt" placeholder=hint />
            </div>
        }
    });
    view! {
        <MediaBody card=card.clone() spec=spec />
        {notes}
        <crate::web::canvas::card::requirements::Requirements card=card.clone() brief=true />
        <crate::web::canvas::card::pairing::Pairing card=card.clone() />
        {prompt}
        {(spec.kind != NodeKind::Evaluator).then(|| view! { <crate::web::canvas::card::chips::Chips card=card.clone() /> })}
        <crate::web::canvas::card::footer::Foot card=card.clone() />
    }
}

fn sticky(card: Card) -> impl IntoView {
    let note = NodeRef::<leptos::html::Div>::new();
    Effect::new(move |_| {
        if let Some(note) = note.get() {
            crate::web::canvas::store::heights::observe(&note);
        }
    });
    let name = {
        let card = card.clone();
        move || full_name(&card)
    };
    let color = {
        let card = card.clone();
        move || {
            card.signals.view.with(|v| match v.node.color.as_deref() {
                Some(c @ ("rose" | "sky" | "sage")) => c.to_owned(),
                _ => "yellow".to_owned(),
            })
        }
    };
    let title = {
        let card = card.clone();
        move || {
            let given = card.signals.view.with(|v| v.node.title.is_some());
            let renaming = card.page.renaming.with(|r| r.as_deref() == Some(&card.id()));
            (given || renaming)
                .then(|| view! { <b class="note-title"><Title card=card.clone() /></b> })
        }
    };
    let selected = card.selected;
    view! {
        <div
            node_ref=note
            class="sticky"
            class:is-selected=move || selected.get()
            class:is-theirs=held(&card)
            role="group"
            tabindex="0"
            aria-label=name
            data-node=card.id()
            data-kind="sticky_note"
            data-state="idle"
            data-p="x"
            data-n=color
            style=place(&card)
        >
            {title}
            <RichField page=card.page node=card.id() field="text" label="Note" placeholder=nodes::sticky_note::SPEC.text_hint />
            {holder_tab(&card)}
            {corner(&card)}
        </div>
    }
}

fn sticker(card: Card) -> impl IntoView {
    let name = {
        let card = card.clone();
        move || full_name(&card)
    };
    let href = {
        let card = card.clone();
        move || {
            card.signals.view.with(|v| {
                let which =
                    v.node.settings.get("sticker").and_then(|s| s.as_str()).unwrap_or_default();
                let which = STICKERS.iter().find(|s| **s == which).unwrap_or(&STICKERS[0]);
                format!("#k-{which}")
            })
        }
    };
    let selected = card.selected;
    view! {
        <div
            class="sticker"
            class:is-selected=move || selected.get()
            class:is-theirs=held(&card)
            role="group"
            tabindex="0"
            aria-label=name
            data-node=card.id()
            data-kind="sticker"
            data-state="idle"
            data-p="x"
            style=place(&card)
        >
            <svg class="stk" viewBox="0 0 64 64" aria-hidden="true"><use href=href></use></svg>
            {holder_tab(&card)}
            {corner(&card)}
        </div>
    }
}

fn frame(card: Card) -> impl IntoView {
    let page = card.page;
    let name = {
        let card = card.clone();
        move || full_name(&card)
    };
    let style = {
        let (placed, signals) = (place(&card), card.signals.clone());
        // In one: whatever sets the whole style anew would take a height that is set beside it away.
        move || format!("{};--h:{}px", placed(), signals.size.get().1)
    };
    let id = card.id;
    let members = Memo::new(move |_| {
        page.revision.track();
        let id = id.get_value();
        page.read(|c| c.nodes.values().filter(|n| n.parent.as_deref() == Some(&id)).count())
    });
    let count = move || match members.get() {
        0 => String::new(),
        1 => "1 node".to_owned(),
        n => format!("{n} nodes"),
    };
    let selected = card.selected;
    view! {
        <section
            class="frame"
            class:is-selected=move || selected.get()
            class:is-theirs=held(&card)
            role="group"
            tabindex="0"
            aria-label=name
            data-node=card.id()
            data-kind="group"
            data-state="idle"
            data-p="x"
            style=style
        >
            <div class="name"><Title card=card.clone() /><span class="muted">{count}</span>{pin(&card)}</div>
            {holder_tab(&card)}
            {corner(&card)}
        </section>
    }
}

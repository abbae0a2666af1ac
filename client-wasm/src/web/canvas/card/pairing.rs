//! The pairing of batches of different lengths: asked on the card that cannot run without knowing.

use leptos::prelude::*;
use serde_json::json;

use crate::core::pairing;
use crate::core::words::many;
use crate::web::canvas::actions::edit;
use crate::web::canvas::store::card_context::Card;
use crate::web::ui::icons::icon;

/// The question, while a run of the node would be refused over it, and the answer for as long as there is one.
#[component]
pub fn Pairing(card: Card) -> impl IntoView {
    let page = card.page;
    let id = card.id;
    let view = card.signals.view.clone();
    let asked = Memo::new(move |_| {
        page.slow_revision.track();
        let graph = page.graph.get();
        let catalog = page.catalog.get();
        let usable = page.usable();
        page.read(|c| pairing::mismatched(c, &graph, &catalog, &id.get_value(), &usable))
    });
    let chosen = Memo::new(move |_| {
        view.with(|v| v.node.settings.get("batch").and_then(|b| b.as_str()).map(str::to_owned))
    });
    let ways = Memo::new(move |_| {
        if !asked.get() && chosen.with(Option::is_none) {
            return Vec::new();
        }
        page.slow_revision.track();
        let graph = page.graph.get();
        let catalog = page.catalog.get();
        let usable = page.usable();
        page.read(|c| pairing::ways(c, &graph, &catalog, &id.get_value(), &usable))
    });
    move || {
        let ways = ways.get();
        (!ways.is_empty()).then(|| {
            let rows = ways
                .into_iter()
                .map(|way| {
                    let on = move || chosen.with(|c| c.as_deref() == Some(way.id));
                    let set = move |_| {
                        edit::set_setting(page, &id.get_value(), "batch", &json!(way.id));
                        page.complaints.set(std::sync::Arc::default());
                    };
                    let total = way.price.map(|p| format!("{} · {}", many(p.items as usize, "item"), crate::core::price::label(&p.quote)));
                    view! {
                        <button class="way" role="radio" aria-checked=move || on().to_string() class:is-on=on on:click=set>
                            <span class="grow"><b>{way.title}</b><em>{way.example}</em></span>
                            <span class="num">{total}</span>
                        </button>
                    }
                })
                .collect_view();
            let head = if asked.get() { "The lists differ in length. How do they pair?" } else { "How the lists pair" };
            view! {
                <div class="pairing" class:is-asked=move || asked.get()>
                    <div class="row">{move || asked.get().then(|| icon("warn"))}<span>{head}</span></div>
                    <div role="radiogroup" aria-label="How the lists pair">{rows}</div>
                </div>
            }
        })
    }
}

//! The settings people change most, as chips on the card. A click opens the settings.

use gesso_protocol::nodes;
use gesso_protocol::plan::model_of;
use gesso_protocol::pricing::value_key;
use gesso_protocol::schema::Node;
use leptos::prelude::*;

use crate::web::canvas::actions::run;
use crate::web::canvas::store::card_context::Card;
use crate::web::canvas::store::page::Page;

/// Returns the words on the chips of a node.
fn words(page: Page, node: &Node) -> Vec<String> {
    let catalog = page.catalog.get();
    let usable = page.usable();
    let Ok(model) = model_of(&catalog, &node.kind, &node.settings, &usable) else {
        return vec!["No model".to_owned()];
    };
    // "Studio Painter (procedural)" is too long for a chip.
    let name = model.name.split(" (").next().unwrap_or(&model.name).to_owned();
    let mut words = vec![name];
    if node.kind == "camera_angles" {
        words.extend(crate::web::canvas::card::angles::chips(node.settings.get("angles")));
    }
    for (key, param) in model.params_in_order() {
        let set = node.settings.get(key).filter(|v| !v.is_null());
        let Some(value) = set.or(param.default.as_ref()) else { continue };
        let value = value_key(value);
        match key {
            "scale" => words.push(format!("× {value}")),
            "seed" => words.push(format!("Seed {value}")),
            "mode" => words.push(crate::core::card_layout::port_label(&value)),
            "duration" => words.push(format!("{value} s")),
            "aspect_ratio" | "resolution" | "voice" | "language" | "engine" => words.push(value),
            _ => {}
        }
        if words.len() >= 4 {
            break;
        }
    }
    let count = run::count(&node.settings);
    if nodes::spec(&node.kind).is_some_and(|s| s.counted) && count > 1 {
        words.push(format!("{count} results"));
    }
    words
}

/// The chips of a card.
#[component]
pub fn Chips(card: Card) -> impl IntoView {
    let page = card.page;
    let id = card.id;
    let view = card.signals.view.clone();
    let all = Memo::new(move |_| view.with(|v| words(page, &v.node)));
    let open = move |_| page.select([id.get_value()]);
    move || {
        let chips = all
            .get()
            .into_iter()
            .map(|word| view! { <button class="chip" tabindex="-1" on:click=open>{word}</button> })
            .collect_view();
        view! { <div class="chips">{chips}</div> }
    }
}

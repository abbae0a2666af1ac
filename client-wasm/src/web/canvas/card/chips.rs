//! The settings people change most, as chips on the card. A click opens the one it shows.

use gesso_protocol::nodes;
use gesso_protocol::plan::model_of;
use gesso_protocol::pricing::value_key;
use gesso_protocol::schema::Node;
use leptos::prelude::*;

use crate::core::words::choice;
use crate::web::canvas::actions::run;
use crate::web::canvas::store::card_context::Card;
use crate::web::canvas::store::page::Page;

/// A chip: the setting it shows, and its words.
type Chip = (String, String);

/// Returns the chips of a node.
fn chips(page: Page, node: &Node) -> Vec<Chip> {
    let catalog = page.catalog.get();
    let usable = page.usable();
    let Ok(model) = model_of(&catalog, &node.kind, &node.settings, &usable) else {
        return vec![("model".to_owned(), "No model".to_owned())];
    };
    // "Studio Painter (procedural)" is too long for a chip.
    let name = model.name.split(" (").next().unwrap_or(&model.name).to_owned();
    let mut chips = vec![("model".to_owned(), name)];
    if node.kind == "camera_angles" {
        let angles = crate::web::canvas::card::angles::chips(node.settings.get("angles"));
        chips.extend(angles.into_iter().map(|words| ("angles".to_owned(), words)));
    }
    for (key, param) in model.params_in_order() {
        let set = node.settings.get(key).filter(|v| !v.is_null());
        let Some(value) = set.or(param.default.as_ref()) else { continue };
        let value = value_key(value);
        let words = match key {
            "scale" => format!("× {value}"),
            "seed" => format!("Seed {value}"),
            "duration" => format!("{value} s"),
            "mode" | "aspect_ratio" | "resolution" | "voice" | "language" | "engine" => {
                choice(&value)
            }
            _ => continue,
        };
        chips.push((key.to_owned(), words));
        if chips.len() >= 4 {
            break;
        }
    }
    let count = run::count(&node.settings);
    if nodes::spec(&node.kind).is_some_and(|s| s.counted) && count > 1 {
        chips.push(("count".to_owned(), format!("{count} results")));
    }
    chips
}

/// Selects the node and gives the control of a setting the focus.
fn open(page: Page, id: &str, setting: &str) {
    page.select([id.to_owned()]);
    page.overlays.sheet.set(true);
    let row = format!("[data-setting=\"{setting}\"]");
    crate::web::dom::once_there(row, |row| {
        row.scroll_into_view_with_bool(false);
        if let Ok(Some(control)) = row.query_selector("button, input, select, textarea") {
            crate::web::dom::focus(&control);
        }
    });
}

/// The chips of a card.
#[component]
pub fn Chips(card: Card) -> impl IntoView {
    let page = card.page;
    let id = card.id;
    let view = card.signals.view.clone();
    let all = Memo::new(move |_| view.with(|v| chips(page, &v.node)));
    move || {
        let chips = all
            .get()
            .into_iter()
            .map(|(setting, words)| {
                let open = move |_| open(page, &id.get_value(), &setting);
                view! { <button class="chip" tabindex="-1" on:click=open>{words}</button> }
            })
            .collect_view();
        view! { <div class="chips">{chips}</div> }
    }
}
